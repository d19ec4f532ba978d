import { cite } from "#model/fact.js";
import { code, count, type Statement, say, stated } from "#model/statement.js";
import { ownerKey, type Pod, podName } from "#rules/kubelet/_pods.js";
import { type Blockade, conflictsIn, isBlocked, isUndecided } from "./_blockade.js";
import { blamesElse } from "./_pending.js";
import { type Budget, type Workload, workloadKey, workloadOwner } from "./_rollout.js";

/** What the pods themselves say against it: a node that is free, or a holder of the same ReplicaSet. */
export function podsAgainst(blockade: Blockade): Statement | null {
  const conflicts = conflictsIn(blockade);
  const { pod, evidence, message, said } = blockade.pending;
  if (blamesElse(message))
    return say`For ${code(podName(pod), evidence)} the scheduler gave other reasons than anti-affinity: ${code(message ?? "", said)}.`;
  if (isUndecided(blockade)) return null;
  const name = code(podName(pod), evidence);
  if (!isBlocked(blockade))
    return message === null
      ? say`Anti-affinity did not close every node to ${name}; what the scheduler said of it was not collected.`
      : say`Anti-affinity did not close every node to ${name}; the scheduler said ${code(message, said)}.`;
  const twin = conflicts.find((c) => ownerKey(c.holder) === ownerKey(pod));
  if (!twin) return null;
  const owner = cite(twin.holder, "/metadata/ownerReferences");
  return say`${code(podName(twin.holder), owner)}, which stood in the way, is of the same ReplicaSet and no older replica.`;
}

/** What the workloads say against it: a holder that is no older replica, or a rollout that may take one away. */
export function workloadsAgainst(
  blockade: Blockade,
  replicaSet: Workload,
  deployment: Workload,
  budget: Budget | null,
  byKey: ReadonlyMap<string, Workload>,
): Statement | null {
  const foreign = conflictsIn(blockade).find((c) => !isOlderSibling(c.holder, replicaSet, deployment, byKey));
  if (foreign)
    return say`${code(podName(foreign.holder), cite(foreign.holder, "/metadata/ownerReferences"))}, which stood in the way, is no older replica of ${code(deployment.value.name, deployment.evidence)}.`;
  if (!budget) return noBudget(deployment);
  if (budget.unavailable > 0)
    return say`The rollout of ${code(deployment.value.name, cite(deployment, "/spec/strategy"))} may take ${stated(count(budget.unavailable, "old replica", cite(deployment, "/spec/strategy")))} away first.`;
  return null;
}

function isOlderSibling(
  holder: Pod,
  replicaSet: Workload,
  deployment: Workload,
  byKey: ReadonlyMap<string, Workload>,
): boolean {
  const set = byKey.get(ownerKey(holder) ?? "");
  if (!set || set === replicaSet || workloadOwner(set) !== workloadKey(deployment)) return false;
  const [older, newer] = [set.value.created, replicaSet.value.created];
  return older === null || newer === null || older.epochMs <= newer.epochMs;
}

/** For strategies that set no budget. */
export const noBudget = (deployment: Workload): Statement =>
  say`The strategy of ${code(deployment.value.name, cite(deployment, "/spec/strategy"))} is no rolling update that could be computed.`;
