import { isCompleted, isReady, type Pod } from "./_pods.js";

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
