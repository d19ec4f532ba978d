import type { Evidence } from "#model/evidence.js";
import type { Condition, FactKind } from "#model/fact.js";
import { cite, type Fact } from "#model/fact.js";
import type { Missing } from "#model/finding.js";
import type { Instant } from "#model/instant.js";
import { type FactView, type MatchContext, shellWord } from "#model/rule.js";

import { seenAt } from "./_pods.js";
import { JOINING_MS, kubeletStarts, startedBefore } from "./_starts.js";

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

/** A kubelet posts False until its runtime, its network and its first syncs are there: a state so young is none to tell. */
const SETTLING_MS = 120_000;

/**
 * Not Ready as a kubelet is while it settles. That its runtime is down or its containers cannot be listed it says, too, in its first
 * seconds; of one that has not just started or joined it is no beginning but an end.
 */
export function isSettling(node: NodeFact, condition: Condition, context: MatchContext): boolean {
  // Unknown has already waited for the grace period of the controller.
  if (condition.status !== "False") return false;
  const { since } = condition;
  const now = seenAt(node, context.moment).epochMs;
  const younger = (of: Instant | null, limit: number): boolean => of !== null && now - of.epochMs < limit;
  if (younger(node.value.created, JOINING_MS)) return true;
  if (!since || !younger(since, SETTLING_MS)) return false;
  return (
    !cannotEndPods(condition) ||
    startedBefore({ first: since, last: since }, node, context.derive(kubeletStarts)) !== null
  );
}

/** The gap where a node object does not say how its node is. */
export const noReadyCondition = (node: NodeFact): Missing => ({
  kind: "kube.node",
  node: null,
  what: `the Ready condition of ${node.value.name}`,
  why: "the node object carries none",
  command: `kubectl get node ${shellWord(node.value.name)} -o json`,
});

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
