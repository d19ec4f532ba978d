import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import { earliest, type Instant, order } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { type FailingPod, failingPods, isOfCluster } from "#rules/kubelet/_failing.js";
import { groupBy, isCompleted, isReady, ownerKey, type Pod, requestedAt, seenAt } from "#rules/kubelet/_pods.js";
import { stuckPods } from "#rules/kubelet/_stuck.js";
import { conditionOf, type Refused, refusedBy } from "./_refused.js";
import { type Workload, workloadKey, workloadOwner, workloadsByKey } from "./_rollout.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** Labels that name the volume whose replica a workload is. */
const VOLUME_LABELS = ["openebs.io/persistent-volume"];
/** Labels that tell a replica from its volume's controller. */
const PART_LABELS = ["openebs.io/component", "openebs.io/replica", "openebs.io/controller"];

/** Pods that are not up yet so long after their creation are no fresh rollout any more. */
export const FRESH_MS = 600_000;

/** One volume's replicas, or one workload. */
export interface Redundancy {
  readonly subject: string;
  readonly volume: string | null;
  readonly workloads: readonly [Workload, ...Workload[]];
  readonly wanted: number;
  readonly ready: number;
  /** Pods of it that are deleted and do not go, or do not come up. */
  readonly stuck: readonly Pod[];
  readonly waiting: readonly Pod[];
  /** Pods of it that were started, and whose containers fail, or that are not ready for long. */
  readonly down: readonly Pod[];
  /** Pods of it that do not run or are not ready for a reason of their own: see `FailingPod.apart`. */
  readonly apart: readonly Pod[];
  /** Of all these, what their containers wait with: `ImagePullBackOff`, `CrashLoopBackOff`, … */
  readonly failing: readonly FailingPod[];
  readonly refused: Refused | null;
  /** All pods of it. */
  readonly pods: readonly Pod[];
  /** What shows since when replicas are missing, one for each pod; the earliest gives `since`. */
  readonly losses: readonly Loss[];
  readonly since: Instant | null;
}

/** A replica that is missing: `unready` by its condition, at the latest by its `deadline`, or since its creation, never having come up; `down` by the condition of a pod that nobody deleted. */
export interface Loss {
  readonly kind: "unready" | "deadline" | "created" | "down";
  readonly at: Instant;
  readonly evidence: Evidence;
}

/** All volumes and workloads with replicas wanted, once per moment: hand it to `context.derive`. */
export function redundancies(view: Look, context: MatchContext): readonly Redundancy[] {
  const byKey = context.derive(workloadsByKey);
  const leaves = [...byKey.values()].filter((w) => counts(w, byKey));
  const pods = groupBy(view("kube.pod").all, (pod) => topKey(ownerKey(pod), byKey) ?? "");
  const stuck = new Set(context.derive(stuckPods));
  return [...groupBy(leaves, subjectOf).entries()].flatMap(([subject, group]) => {
    const [first, ...rest] = group;
    if (!first) return [];
    const own = group.flatMap((w) => pods.get(topKey(workloadKey(w), byKey) ?? "") ?? []);
    return [describe(subject, [first, ...rest], own, stuck, context)];
  });
}

/**
 * A ReplicaSet speaks for itself only where its Deployment was not collected: during a rollout two of them want replicas. What is asked of
 * a DaemonSet is only whether its pods may be made: those that there are belong to their nodes.
 */
const counts = (workload: Workload, byKey: ReadonlyMap<string, Workload>): boolean =>
  ["ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"].includes(workload.value.kind) &&
  (workload.value.desired ?? 0) > 0 &&
  !byKey.has(workloadOwner(workload) ?? "");

/** The key under which a pod's owner is counted: that of the Deployment where there is one. */
function topKey(key: string | null, byKey: ReadonlyMap<string, Workload>): string | null {
  const workload = key === null ? undefined : byKey.get(key);
  return (workload && workloadOwner(workload)) ?? key;
}

const labelOf = (workload: Workload, keys: readonly string[]): string | null =>
  keys
    .map((key) => (Object.hasOwn(workload.value.labels, key) ? workload.value.labels[key] : undefined))
    .find((v) => v) ?? null;

function subjectOf(workload: Workload): string {
  const volume = labelOf(workload, VOLUME_LABELS);
  const { namespace, name, owner, kind } = workload.value;
  if (volume !== null) {
    const part = labelOf(workload, PART_LABELS) ?? "";
    return /replica/.test(part) || part === "" ? `volume ${volume}` : `volume ${volume} (${part})`;
  }
  return owner ? `${owner.kind} ${namespace}/${owner.name}` : `${kind} ${namespace}/${name}`;
}

function describe(
  subject: string,
  workloads: readonly [Workload, ...Workload[]],
  all: readonly Pod[],
  stuckPods: ReadonlySet<Pod>,
  context: MatchContext,
): Redundancy {
  const pods = workloads[0].value.kind === "DaemonSet" ? [] : all;
  const refused = workloads.flatMap((w) => refusedBy(w, all, context, FRESH_MS) ?? [])[0] ?? null;
  const stuck = pods.filter((pod) => stuckPods.has(pod));
  const alive = pods.filter((pod) => pod.value.deletion === null && !isCompleted(pod) && !isReady(pod));
  const own = new Set(alive);
  const failing = context.derive(failingPods).filter((f) => f.lasting && own.has(f.pod));
  const fails = new Set(failing.map((f) => f.pod));
  // A rollout that its controller still waits for is none that failed; a container that fails is no part of it.
  const patient = workloads.some(isRollingOut);
  const isMeant = (pod: Pod): boolean => patient && pod.value.node !== null && !fails.has(pod);
  // A pod that replaces a stuck one waits because of it, however young it is.
  const isVolume = labelOf(workloads[0], VOLUME_LABELS) !== null;
  const isApart = (pod: Pod): boolean =>
    !isVolume && !isOfCluster(pod) && (fails.has(pod) || pod.value.phase !== "Pending");
  const troubled = alive.filter(
    (pod) =>
      fails.has(pod) ||
      (!isMeant(pod) && (pod.value.phase === "Pending" ? ageMs(pod, context) : unreadyMs(pod, context)) > FRESH_MS),
  );
  const apart = troubled.filter(isApart);
  const waiting = alive.filter(
    (pod) =>
      !apart.includes(pod) &&
      pod.value.phase === "Pending" &&
      (stuck.length > 0 || (ageMs(pod, context) > FRESH_MS && !isMeant(pod))),
  );
  const down = troubled.filter((pod) => pod.value.phase !== "Pending" && !isApart(pod));
  // What replaces a stuck pod never was up: the replica is missing since that one was lost.
  const losses =
    stuck.length > 0
      ? stuck.flatMap((pod) => lossOf(pod) ?? [])
      : [...waiting.flatMap((pod) => neverUp(pod) ?? []), ...down.flatMap((pod) => wentDown(pod) ?? [])];
  return {
    subject,
    volume: labelOf(workloads[0], VOLUME_LABELS),
    workloads,
    wanted: workloads.reduce((sum, w) => sum + (w.value.desired ?? 0), 0),
    ready: workloads.reduce((sum, w) => sum + (w.value.ready ?? 0), 0),
    stuck,
    waiting,
    down,
    apart,
    failing,
    refused,
    pods: all,
    losses,
    since: losses.map((loss) => loss.at).reduce<Instant | null>(earliest, refused?.events?.first ?? null),
  };
}

const ageMs = (pod: Pod, context: MatchContext): number =>
  pod.value.created === null ? 0 : seenAt(pod, context.moment).epochMs - pod.value.created.epochMs;

const neverUp = (pod: Pod): Loss | null =>
  pod.value.created && { kind: "created", at: pod.value.created, evidence: cite(pod, "/metadata/creationTimestamp") };

/** By its condition; one whose containers are started again and again has turned so many times. */
function wentDown(pod: Pod): Loss | null {
  const index = pod.value.conditions.findIndex((c) => c.type === "Ready" && c.status !== "True");
  const since = pod.value.conditions[index]?.since ?? null;
  if (!since || pod.value.containers.some((c) => c.restarts > 0)) return null;
  return { kind: "down", at: since, evidence: cite(pod, `/status/conditions/${index}`) };
}

function unreadyMs(pod: Pod, context: MatchContext): number {
  const since = pod.value.conditions.find((c) => c.type === "Ready" && c.status !== "True")?.since ?? null;
  return since === null ? 0 : seenAt(pod, context.moment).epochMs - since.epochMs;
}

/** Is a rollout within its progress deadline? Its controller says so, and says another reason when it is through. */
function isRollingOut(workload: Workload): boolean {
  const progress = conditionOf(workload, "Progressing");
  return progress?.status === "True" && ROLLING.has(progress.reason);
}

const ROLLING = new Set(["NewReplicaSetCreated", "FoundNewReplicaSet", "ReplicaSetUpdated"]);

/**
 * When a deleted pod stopped being ready: as its condition says, where that changed after the request. Else by its deadline at the
 * latest, when its containers are killed.
 */
function lossOf(pod: Pod): Loss | null {
  const request = requestedAt(pod);
  const index = pod.value.conditions.findIndex((c) => c.type === "Ready" && c.status !== "True");
  const unready = pod.value.conditions[index]?.since ?? null;
  if (request && unready && order(unready, request) !== "before")
    return { kind: "unready", at: unready, evidence: cite(pod, `/status/conditions/${index}`) };
  const { deletion } = pod.value;
  return deletion && { kind: "deadline", at: deletion, evidence: cite(pod, "/metadata/deletionTimestamp") };
}

const SETS = /^replicasets/;
const DEPLOYED = /^deployments/;
const STATEFUL = /^statefulsets/;

/** Was the list complete that this owner would stand in? Owners of other kinds want no replicas. */
export function isListed(key: string, workloads: FactView<"kube.workload">): boolean {
  const isWhole = (list: RegExp): boolean => workloads.coverage(undefined, list).state === "complete";
  if (key.startsWith("StatefulSet/")) return isWhole(STATEFUL);
  if (!key.startsWith("ReplicaSet/") || isWhole(SETS)) return true;
  return isWhole(DEPLOYED) && hasAll(key, workloads);
}

/**
 * A pod is joined to its Deployment by its ReplicaSet only. Where those were not listed, nothing is lost where each Deployment whose name a ReplicaSet
 * of this name can come from says itself that it has all that it wants; a ReplicaSet that comes from none is not known.
 */
function hasAll(key: string, workloads: FactView<"kube.workload">): boolean {
  const [, namespace, name = ""] = key.split("/");
  const makers = workloads.all.filter(
    ({ value }) =>
      value.kind === "Deployment" &&
      value.namespace === namespace &&
      name.startsWith(`${value.name}-`) &&
      !name.slice(value.name.length + 1).includes("-"),
  );
  const isFull = ({ value }: Workload): boolean => value.desired !== null && (value.ready ?? -1) >= value.desired;
  return makers.length > 0 && makers.every(isFull);
}

/** The first list that is wanting. */
export const listOf = (unseen: readonly string[], workloads: FactView<"kube.workload">): RegExp =>
  unseen.some((key) => key.startsWith("ReplicaSet/")) && workloads.coverage(undefined, SETS).state !== "complete"
    ? SETS
    : STATEFUL;
