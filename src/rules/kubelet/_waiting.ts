import type { FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { say } from "#model/statement.js";
import { citeEach, isCompleted, isReady, type Pod, podNames, seenAt, words } from "./_pods.js";
import type { Due } from "./_silence.js";

/** Images are pulled after ContainerCreating has been shown for a while: below this a slow start is no symptom. */
export const WAITING_MS = 300_000;

const NO_SANDBOX = /^waiting:(ContainerCreating|PodInitializing)?$/;

/** Containers that wait for their pod's sandbox, volumes or init containers. */
export const creatingContainers = (pod: Pod): readonly string[] =>
  pod.value.containers.filter((c) => c.state === "waiting:ContainerCreating").map((c) => c.name);

/**
 * The pod has a node and no container of it has begun. A pod that is being deleted looks the same while its sandbox goes, and is
 * not meant; one whose init container has begun has a sandbox.
 */
export const waitsForSandbox = (pod: Pod): boolean =>
  pod.value.node !== null &&
  pod.value.deletion === null &&
  !isCompleted(pod) &&
  !isReady(pod) &&
  pod.value.containers.every((c) => c.state === "unknown" || NO_SANDBOX.test(c.state));

export const startOf = (pod: Pod): Instant | null => pod.value.startedAt ?? pod.value.created;

/** When the containers of a pod ought to have begun. */
export const BEGUN: Due = {
  end: startOf,
  slackMs: WAITING_MS,
  told: (pods) => say`${podNames(pods)}${words(" had been waiting for", ...BEGUN.cited(pods))}`,
  cited: (pods) => citeEach(pods, "/status/startTime"),
};

/** Pods in ContainerCreating, once per moment: hand it to `context.derive`. */
export const creatingPods = (view: <K extends FactKind>(kind: K) => FactView<K>): readonly Pod[] =>
  view("kube.pod").all.filter((pod) => creatingContainers(pod).length > 0 && waitsForSandbox(pod));

/** Has it been so for longer than a slow start? */
export function isWaiting(pod: Pod, context: MatchContext): boolean {
  const since = startOf(pod);
  return since !== null && seenAt(pod, context.moment).epochMs - since.epochMs > WAITING_MS;
}
