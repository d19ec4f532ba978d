import { atPointer, type Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import { API_CLOCK, type Instant, parseInstant } from "#model/instant.js";
import type { FactView } from "#model/rule.js";
import type { NodeFact } from "#rules/kubelet/_node-ready.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** The taint that a cordon sets beside `spec.unschedulable`. */
const TAINT = "node.kubernetes.io/unschedulable";

/** A node that somebody closed to new pods. */
export interface Cordon {
  readonly node: NodeFact;
  /** By its taint, else by the event; null where neither tells. */
  readonly at: Instant | null;
  readonly source: "taint" | "event";
  /** What shows that it is, and what shows since when. */
  readonly evidence: Evidence;
  readonly begin: Evidence;
}

/** All of them by the node's name, once per moment: hand it to `context.derive`. */
export function cordons(view: Look): ReadonlyMap<string, Cordon> {
  const told = new Map<string, { readonly at: Instant; readonly evidence: Evidence }>();
  for (const { value } of view("kube.event").all) {
    if (value.reason !== "NodeNotSchedulable" || value.objectKind !== "Node") continue;
    for (const { name, first, last, evidence } of value.objects) {
      const at = last ?? first;
      if (at && at.epochMs >= (told.get(name)?.at.epochMs ?? 0)) told.set(name, { at, evidence });
    }
  }
  return new Map(
    view("kube.node")
      .all.filter((node) => node.value.unschedulable)
      .map((node) => [node.value.name, cordonOf(node, told.get(node.value.name))]),
  );
}

function cordonOf(node: NodeFact, told: { readonly at: Instant; readonly evidence: Evidence } | undefined): Cordon {
  const evidence = cite(node, "/spec/unschedulable");
  const index = node.value.taints.findIndex((taint) => taint.key === TAINT);
  const added = atPointer(node.json, `/spec/taints/${index}/timeAdded`);
  const at = typeof added === "string" ? parseInstant(added, API_CLOCK) : null;
  if (at) return { node, at, source: "taint", evidence, begin: cite(node, `/spec/taints/${index}`) };
  return { node, at: told?.at ?? null, source: "event", evidence, begin: told?.evidence ?? evidence };
}

/** Closed to new pods by the cordon alone. */
export const isOnlyCordoned = ({ value: { unschedulable, taints } }: NodeFact): boolean =>
  unschedulable && taints.every((t) => t.key === TAINT || (t.effect !== "NoSchedule" && t.effect !== "NoExecute"));
