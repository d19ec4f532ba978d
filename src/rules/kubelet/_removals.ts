import type { Evidence } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { type Pod, seenAt } from "./_pods.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** A node was taken out of the cluster. */
export interface Removal {
  readonly at: Instant;
  readonly reason: string;
  readonly evidence: Evidence;
}

/** When the controllers told that they took a node out, by its name; the latest. Once per moment. */
export function removals(view: Look): ReadonlyMap<string, Removal> {
  const all = new Map<string, Removal>();
  for (const { value } of view("kube.event").all) {
    if (value.objectKind !== "Node" || !/^(?:RemovingNode|DeletingNode)$/.test(value.reason)) continue;
    for (const { name, first, last, evidence } of value.objects) {
      const at = last ?? first;
      if (at && at.epochMs > (all.get(name)?.at.epochMs ?? 0)) all.set(name, { at, reason: value.reason, evidence });
    }
  }
  return all;
}

/** The pods of a node that is no more are deleted by the garbage collector, which may be starting itself (kube-controller-manager pkg/controller/podgc). */
export const COLLECTED_AFTER_MS = 600_000;

/** The removal of a pod's node, where the cluster does not list that node any more and it was so lately that the pod may still go by itself. */
export function lateRemoval(pod: Pod, context: MatchContext): Removal | null {
  const removal = pod.value.node === null ? undefined : context.derive(removals).get(pod.value.node);
  const nodes = context.derive(listed);
  if (!removal || nodes === null || nodes.has(pod.value.node ?? "")) return null;
  const age = seenAt(pod, context.moment).epochMs - removal.at.epochMs;
  return age >= 0 && age <= COLLECTED_AFTER_MS ? removal : null;
}

/** Null where the list is not whole. */
const listed = (view: Look): ReadonlySet<string> | null =>
  view("kube.node").coverage().state === "complete"
    ? new Set(view("kube.node").all.map((node) => node.value.name))
    : null;
