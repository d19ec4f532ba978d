import type { Evidence } from "#model/evidence.js";
import type { Condition, FactKind } from "#model/fact.js";
import { cite, type Fact } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import type { FactView } from "#model/rule.js";

export type NodeFact = Fact<"kube.node">;

/** The Ready condition of a node with what to cite for it; null where it has none. */
export function readyOf(node: NodeFact): { readonly condition: Condition; readonly evidence: Evidence } | null {
  const at = node.value.conditions.findIndex((c) => c.type === "Ready");
  const condition = node.value.conditions[at];
  return condition ? { condition, evidence: cite(node, `/status/conditions/${at}`) } : null;
}

/** The controller writes Unknown where the kubelet has posted nothing for its grace period; a kubelet never says so itself. */
export const isSilent = (condition: Condition): boolean => condition.status === "Unknown";

/** A kubelet that posts this cannot end containers or learn that they ended. */
export const cannotEndPods = (condition: Condition): boolean =>
  condition.status === "False" &&
  /PLEG is not healthy|container runtime is down|container runtime status check may not have completed/.test(
    condition.message ?? "",
  );

/** Something that a kubelet told at a time. */
export interface Sign {
  readonly at: Instant;
  /** Reason of the event. */
  readonly reason: string;
  readonly evidence: Evidence;
}

/** The latest event of the kubelet of each node; once per moment: hand it to `context.derive`. */
export function lastSigns(view: <K extends FactKind>(kind: K) => FactView<K>): ReadonlyMap<string, Sign> {
  const signs = new Map<string, Sign>();
  for (const { value } of view("kube.event").all) {
    if (value.component !== "kubelet" || value.node === null) continue;
    for (const { first, last, evidence } of value.objects) {
      const at = last ?? first;
      if (at && at.epochMs > (signs.get(value.node)?.at.epochMs ?? 0))
        signs.set(value.node, { at, reason: value.reason, evidence });
    }
  }
  return signs;
}
