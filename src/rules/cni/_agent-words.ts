import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, HOW_TO_COLLECT } from "#model/fact.js";
import { type Missing, ONLY_THEN, REPLACED } from "#model/finding.js";
import { type Instant, latestOf } from "#model/instant.js";
import type { FactView } from "#model/rule.js";
import { code, type Statement, say, time, word } from "#model/statement.js";
import { utc } from "#rules/kubelet/_list-age.js";
import { type Pod, podName } from "#rules/kubelet/_pods.js";
import { JOINING_MS } from "#rules/kubelet/_starts.js";
import { ranOn, type Served } from "./_agent-state.js";

/** Since when the pod is as it was seen: ready, and no container of it started anew. */
export const wellSince = (pod: Pod, since: Instant | null): Instant | null =>
  pod.value.containers.filter((c) => !c.init).reduce((at, c) => latestOf(at, c.startedAt), since);

/** Why it is not certain that calls fail for want of an agent that is not ready. */
export function doubts(pod: Pod, since: Instant, served: Served | null): readonly string[] {
  if (served) return [`that ${pod.value.name} became worse after ${served.pod} had got its network`];
  return ranOn(pod, since) ? [`that ${pod.value.name}, which runs on, no longer does what its plugin needs`] : [];
}

export const without = (node: string, pod: Pod, { pod: name, made, evidence }: Served): Statement =>
  say`${code(name, ...evidence)}, made on ${code(node, ...evidence)} at ${time(made, ...evidence)}, got its network while ${code(podName(pod), pod.evidence)} was not ready either`;

/** Did the node join just before? */
export const isJoined = ({ value: { created } }: Fact<"kube.node">, since: Instant): boolean =>
  created !== null && since.epochMs >= created.epochMs && since.epochMs - created.epochMs < JOINING_MS;

export const joining = (node: Fact<"kube.node">): readonly Statement[] => {
  const { created, name } = node.value;
  const evidence = cite(node, "/metadata/creationTimestamp");
  return created ? [say`The node ${code(name, evidence)} had joined at ${time(created, evidence)}`] : [];
};

export function healthy(node: string, pod: Fact<"kube.pod">, shown: Evidence) {
  const restarts = pod.value.containers.reduce((sum, c) => sum + c.restarts, 0);
  return say`The CNI agent of ${code(node, shown)}, ${code(pod.value.name, shown)}, is running and ready, with ${word(restarts, pod.evidence)} ${word(restarts === 1 ? "restart" : "restarts", pod.evidence)}`;
}

/** A node that is silent says nothing of its pods, whatever their conditions were set to. */
export const isSilent = (node: string, hosts: FactView<"kube.node">): boolean =>
  hosts.on(node).some((h) => h.value.conditions.some((c) => c.type === "Ready" && c.status === "Unknown"));

/** What the agent was like while calls failed: no list that is had now shows it. */
export function before(pod: Pod, node: string, well: Instant, timed: boolean, pods: FactView<"kube.pod">): Missing {
  const what = `${podName(pod)} as it was while calls failed`;
  if (!timed)
    return {
      ...pods.missing(what),
      why: "when calls failed for the last time is not known",
      command: HOW_TO_COLLECT["kube.event"],
    };
  return {
    kind: "kube.pod",
    node,
    what: `${what} (it has been running and ready since ${utc(well)} only)`,
    why: REPLACED,
    command: ONLY_THEN,
  };
}

/** A controller sets the pods of a silent node to not ready: without the node's own condition it is not known that its kubelet did. */
export const unheard = (node: string, hosts: FactView<"kube.node">): readonly string[] =>
  hosts.on(node).some((h) => h.value.conditions.some((c) => c.type === "Ready"))
    ? []
    : [`that the kubelet of ${node} reported so itself: no node object tells`];
