import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import { formatDuration, formatUtc, latestOf } from "#model/instant.js";
import type { FactView, Moment } from "#model/rule.js";
import { citing, code, counted, type Quoted, time } from "#model/statement.js";

export type Pod = Fact<"kube.pod">;
export type Cited = readonly [Evidence, ...Evidence[]];
type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** At most so many objects are cited for one sentence: enough to check it, few enough to read. */
export const CITED = 12;

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

/** When a pod that is ready became so: by its condition, and not before the last of its containers started. */
export function readyAt(pod: Pod): { readonly at: Instant; readonly evidence: Evidence } | null {
  const index = pod.value.conditions.findIndex((c) => c.type === "Ready" && c.status === "True");
  if (index < 0) return null;
  const since = pod.value.conditions[index]?.since ?? null;
  const started = pod.value.containers
    .filter((c) => !c.init)
    .map((c) => c.startedAt)
    .reduce(latestOf, null);
  if (since && (!started || since.epochMs >= started.epochMs))
    return { at: since, evidence: cite(pod, `/status/conditions/${index}`) };
  return started && { at: started, evidence: cite(pod, "/status/containerStatuses") };
}

/** Derivation, once per moment: hand it to `context.derive`. */
export const podsByUid = (view: Look): ReadonlyMap<string, Pod> =>
  new Map(view("kube.pod").all.map((pod) => [pod.value.uid, pod]));

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

/** One name as an example, since they are long and alike; the rest is counted. */
export function oneOf(names: readonly string[], ...evidence: Cited): Quoted {
  const [first = "", ...rest] = names;
  const shown = code(first, ...evidence);
  if (rest.length === 0) return shown;
  const more = counted(words(` and ${rest.length} more`, ...evidence));
  return { parts: [...shown.parts, ...more.parts], evidence };
}

export const podNames = (pods: readonly [Pod, ...Pod[]]): Quoted =>
  oneOf(pods.map(podName), ...citeEach(pods, "/metadata/name"));

const WORDS = "no one two three four five six seven eight nine ten eleven twelve".split(" ");

/** Numbers up to twelve in words. */
export const inWords = (n: number): string => WORDS[n] ?? `${n}`;

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `six pods`, `one pod`, `14 pods`: so many were found in what is cited. */
export const number = (n: number, noun: string, ...evidence: Cited): Quoted =>
  counted(words(`${inWords(n)} ${noun}${n === 1 ? "" : "s"}`, ...evidence));

/** The same at the beginning of a sentence. */
export function firstNumber(n: number, noun: string, ...evidence: Cited): Quoted {
  return counted(words(capitalised(`${inWords(n)} ${noun}${n === 1 ? "" : "s"}`), ...evidence));
}

/** `at T`, or `between A and B` where the times differ as they are shown. */
export function span(times: readonly Instant[], ...evidence: Cited): Quoted {
  const sorted = [...times].sort((a, b) => a.epochMs - b.epochMs);
  const [from, to] = [sorted[0], sorted.at(-1)];
  if (!from || !to) return citing(...evidence);
  if (formatUtc(from) === formatUtc(to)) return prefix("at ", time(from, ...evidence));
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

/** `every 13 s`, or `every 11 s to 16 s` where whole seconds leave a difference: rounded to the nearest; `every second or more often`. */
export function cadence(values: readonly number[], ...evidence: Cited): Quoted {
  const [least, most] = extent(values).map((ms) => Math.round(ms / 1_000) * 1_000) as [number, number];
  const [low, high] = [formatDuration(least), formatDuration(most)];
  if (least === 0) return words(`every ${most === 0 ? "second" : high} or more often`, ...evidence);
  return words(low === high ? `every ${low}` : `every ${low} to ${high}`, ...evidence);
}

/** Least and greatest; a spread into Math.min would fail on very many. */
export const extent = (values: readonly number[]): readonly [number, number] => [
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
];
