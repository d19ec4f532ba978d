import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import type { ContainerValue } from "#model/kube-value.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { isCompleted, isReady, type Pod, seenAt } from "./_pods.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** A rollout has ten minutes by default (progressDeadlineSeconds): so long a pod may try. */
const TRYING_MS = 600_000;

/** Restarts that are no slow start any more: their waits add up to five minutes. */
const MANY_RESTARTS = 5;

export type FailureClass = "image" | "crash" | "start";

/** A pod on a node of which a container is not running and says why. */
export interface FailingPod {
  readonly pod: Pod;
  readonly container: ContainerValue;
  /** `ImagePullBackOff`, `CrashLoopBackOff`, `Completed`, … */
  readonly reason: string;
  readonly kind: FailureClass;
  readonly evidence: Evidence;
  /** Long enough, or often enough, to be no start. */
  readonly lasting: boolean;
  /** Of an application: nothing but its own container shows in it. */
  readonly apart: boolean;
}

const IMAGE = /Image|^Registry/;
/** A wait for what comes before a container's start: another symptom. */
const BEFORE_START = new Set(["", "ContainerCreating", "PodInitializing"]);

/** All of them, once per moment: hand it to `context.derive`. */
export const failingPods = (view: Look, context: MatchContext): readonly FailingPod[] =>
  view("kube.pod").all.flatMap((pod) => failingOf(pod, context) ?? []);

function failingOf(pod: Pod, context: MatchContext): FailingPod | null {
  if (pod.value.node === null || pod.value.deletion !== null || isCompleted(pod) || isReady(pod)) return null;
  for (const container of pod.value.containers) {
    const reason = reasonOf(container);
    if (reason === null) continue;
    const kind = IMAGE.test(reason) ? "image" : container.restarts > 0 ? "crash" : "start";
    const evidence = cite(pod, container.init ? "/status/initContainerStatuses" : "/status/containerStatuses");
    return {
      pod,
      container,
      reason,
      kind,
      evidence,
      lasting: isLasting(pod, container, context),
      apart: !isOfCluster(pod),
    };
  }
  return null;
}

/** What makes the cluster work, by the conventions of its distributions: namespaces of their own, a pod on each node, or the node's network. */
export const isOfCluster = ({ value }: Pod): boolean =>
  /^kube-|-system$/.test(value.namespace) || value.owner?.kind === "DaemonSet" || value.template.hostNetwork;

/** One that has ended is meant where it was started again and again: else it may have done its work. */
function reasonOf({ state, restarts }: ContainerValue): string | null {
  const [of, reason = ""] = state.split(":");
  if (of === "waiting") return BEFORE_START.has(reason) ? null : reason;
  return of === "terminated" && restarts >= MANY_RESTARTS && reason !== "" ? reason : null;
}

function isLasting(pod: Pod, { restarts }: ContainerValue, context: MatchContext): boolean {
  const now = seenAt(pod, context.moment).epochMs;
  const { created, startedAt, conditions } = pod.value;
  const born = created ?? startedAt;
  if (born && now - born.epochMs <= TRYING_MS) return false;
  const unready = conditions.find((c) => c.type === "Ready" && c.status !== "True")?.since ?? born;
  return restarts >= MANY_RESTARTS || (unready !== null && now - unready.epochMs > TRYING_MS);
}
