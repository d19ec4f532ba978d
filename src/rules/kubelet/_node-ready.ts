import type { Evidence } from "#model/evidence.js";
import type { Condition } from "#model/fact.js";
import { cite, type Fact } from "#model/fact.js";

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
