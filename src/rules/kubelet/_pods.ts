import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import { formatDuration } from "#model/instant.js";
import type { FactView, MatchContext, Moment } from "#model/rule.js";
import { citing, codes, type Quoted, time } from "#model/statement.js";

export type Pod = Fact<"kube.pod">;
export type Cited = readonly [Evidence, ...Evidence[]];
type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** At most so many objects are cited for one sentence: enough to check it, few enough to read. */
export const CITED = 12;

/** A pod is stuck when it is still there so long after its deletionTimestamp, which has the grace period in it already. */
export const STUCK_AFTER_MS = 60_000;

export const WHAT_PODS = "the pods of the cluster";
export const WHAT_NODES = "the nodes of the cluster";
export const WHAT_WORKLOADS = "the replicas that workloads want and have";

export const podName = (pod: Pod): string => `${pod.value.namespace}/${pod.value.name}`;

/** `ReplicaSet/<namespace>/<name>`: how findings name a workload. Null for a pod without an owner. */
export const ownerKey = (pod: Pod): string | null =>
  pod.value.owner ? `${pod.value.owner.kind}/${pod.value.namespace}/${pod.value.owner.name}` : null;

export const ownersOf = (pods: readonly Pod[]): readonly string[] => [
  ...new Set(pods.flatMap((pod) => ownerKey(pod) ?? [])),
];

export const uidsOf = (pods: readonly Pod[]): readonly string[] => [...new Set(pods.map((pod) => pod.value.uid))];

/** When the list that holds the object was asked for. */
export const seenAt = (fact: Fact, moment: Moment): Instant => fact.artifact.collectedAt ?? moment.collectedAt;

/**
 * When the deletion was requested: deletionTimestamp is that time plus the grace period (apiserver pkg/registry/rest/delete.go). Where
 * the object does not say how long that is, its deadline, which is later.
 */
export function requestedAt(pod: Pod): Instant | null {
  const { deletion, graceSeconds } = pod.value;
  return deletion && { ...deletion, epochMs: deletion.epochMs - (graceSeconds ?? 0) * 1_000 };
}

/** Milliseconds by which the object has outlived its deadline; negative before it; null where it is not being deleted. */
export const overdueMs = (pod: Pod, moment: Moment): number | null =>
  pod.value.deletion && seenAt(pod, moment).epochMs - pod.value.deletion.epochMs;

export const isReady = (pod: Pod): boolean =>
  pod.value.conditions.some((c) => c.type === "Ready" && c.status === "True");

export const isCompleted = (pod: Pod): boolean => pod.value.phase === "Succeeded" || pod.value.phase === "Failed";

/** Derivations, once per moment: hand them to `context.derive`. */
export const podsByUid = (view: Look): ReadonlyMap<string, Pod> =>
  new Map(view("kube.pod").all.map((pod) => [pod.value.uid, pod]));

export const stuckPods = (view: Look, context: MatchContext): readonly Pod[] =>
  view("kube.pod").all.filter((pod) => (overdueMs(pod, context.moment) ?? 0) > STUCK_AFTER_MS);

/** Groups in order of first appearance. */
export function groupBy<T>(list: readonly T[], key: (of: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const at = key(one);
    const group = groups.get(at);
    if (group) group.push(one);
    else groups.set(at, [one]);
  }
  return groups;
}

/** One field of each, of the first dozen only. */
export function citeEach(facts: readonly [Fact, ...Fact[]], pointer: string): Cited {
  const [first, ...rest] = facts;
  return [cite(first, pointer), ...rest.slice(0, CITED - 1).map((fact) => cite(fact, pointer))];
}

/** The list as a non-empty one, or null. */
export const some = <T>(list: readonly T[]): readonly [T, ...T[]] | null =>
  list.length > 0 ? (list as readonly [T, ...T[]]) : null;

/** Names of pods as code: three at most, the rest counted. */
export const podNames = (pods: readonly [Pod, ...Pod[]]): Quoted =>
  codes(pods.map(podName), 3, ...citeEach(pods, "/metadata/name"));

/** `at T`, or `between A and B` where the times differ. */
export function span(times: readonly Instant[], ...evidence: Cited): Quoted {
  const sorted = [...times].sort((a, b) => a.epochMs - b.epochMs);
  const [from, to] = [sorted[0], sorted.at(-1)];
  if (!from || !to) return citing(...evidence);
  if (from.epochMs === to.epochMs) return prefix("at ", time(from, ...evidence));
  const later = time(to, ...evidence);
  return {
    parts: [
      { kind: "text", text: "between " },
      ...time(from, ...evidence).parts,
      { kind: "text", text: " and " },
      ...later.parts,
    ],
    evidence,
  };
}

const prefix = (text: string, quoted: Quoted): Quoted => ({
  parts: [{ kind: "text", text }, ...quoted.parts],
  evidence: quoted.evidence,
});

/** Words of our own between quoted values, where a sentence's form depends on the facts. */
export const words = (text: string, ...evidence: Cited): Quoted => ({ parts: [{ kind: "text", text }], evidence });

/** The form of our own words that the number asks for. */
export const either = (n: number, one: string, many: string, ...evidence: Cited): Quoted =>
  words(n === 1 ? one : many, ...evidence);

/** `12 s`, or `11 s to 16 s` where rounding leaves a difference. */
export function lapseRange(values: readonly number[], ...evidence: Cited): Quoted {
  const [low, high] = extent(values).map((ms) => formatDuration(ms));
  return words(low === high ? `${low}` : `${low} to ${high}`, ...evidence);
}

/** Least and greatest; a spread into Math.min would fail on very many. */
export const extent = (values: readonly number[]): readonly [number, number] => [
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
];
