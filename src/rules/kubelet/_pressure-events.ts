import type { Evidence } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import type { FactView } from "#model/rule.js";
import { code, count, type Quoted, type Statement, say, stated, time } from "#model/statement.js";
import { CITED, type Cited, number, oneOf, some, span, words } from "./_pods.js";

/** What a kubelet told, in one event of one object, of what it did while it was short of something. */
interface Deed {
  readonly reason: string;
  readonly message: string;
  /** `namespace/name` of the pod that it evicted, with its uid; null for what is told of the node. */
  readonly pod: { readonly name: string; readonly uid: string | null } | null;
  readonly first: Instant | null;
  readonly last: Instant | null;
  readonly count: number;
  readonly evidence: Evidence;
  readonly series: Evidence;
}

type Deeds = readonly [Deed, ...Deed[]];

/** `DiskPressure` by node and condition: `n1 DiskPressure`. */
const keyOf = (node: string, type: string): string => `${node} ${type}`;

/** Of what the texts name (kubernetes pkg/kubelet/eviction/helpers.go), the condition that it belongs to. */
const LOW = /^(?:The node was low on resource: |The node had condition: \[|Attempting to reclaim )\[?([A-Za-z-]+)/;
const CONDITION: Readonly<Record<string, string>> = {
  "ephemeral-storage": "DiskPressure",
  inodes: "DiskPressure",
  nodefs: "DiskPressure",
  imagefs: "DiskPressure",
  containerfs: "DiskPressure",
  DiskPressure: "DiskPressure",
  memory: "MemoryPressure",
  MemoryPressure: "MemoryPressure",
  pids: "PIDPressure",
  PIDPressure: "PIDPressure",
};
/** Told of a node's disk only. */
const OF_DISK = new Set(["FreeDiskSpaceFailed", "ImageGCFailed"]);

function conditionOf(reason: string, message: string): string | null {
  if (OF_DISK.has(reason)) return "DiskPressure";
  if (reason !== "Evicted" && reason !== "EvictionThresholdMet") return null;
  const of = LOW.exec(message)?.[1] ?? "";
  return Object.hasOwn(CONDITION, of) ? (CONDITION[of] ?? null) : null;
}

/** All of them, by node and condition; once per moment: hand it to `context.derive`. */
export function pressureDeeds(
  view: <K extends FactKind>(kind: K) => FactView<K>,
): ReadonlyMap<string, readonly Deed[]> {
  const deeds = new Map<string, Deed[]>();
  for (const { value, evidence } of view("kube.event").all) {
    const { reason, objectKind, namespace } = value;
    for (const o of value.objects) {
      const type = conditionOf(reason, o.message);
      const isNode = objectKind === "Node";
      const node = isNode ? o.name : value.node;
      if (type === null || node === null || (!isNode && reason !== "Evicted")) continue;
      const key = keyOf(node, type);
      const deed = {
        reason,
        message: o.message,
        pod: isNode ? null : { name: `${namespace}/${o.name}`, uid: o.uid },
        first: o.first,
        last: o.last,
        count: Math.max(1, o.count ?? 1),
        evidence: o.evidence,
        series: evidence,
      };
      const known = deeds.get(key);
      if (known) known.push(deed);
      else deeds.set(key, [deed]);
    }
  }
  return deeds;
}

/** A threshold is met a moment before the condition says so. */
const BEFORE_MS = 60_000;

/** What belongs to a condition that holds since then. */
export const deedsOf = (
  deeds: ReadonlyMap<string, readonly Deed[]>,
  node: string,
  type: string,
  since: Instant | null,
): readonly Deed[] =>
  (deeds.get(keyOf(node, type)) ?? []).filter(({ first, last }) => {
    const at = last ?? first;
    return at !== null && (since === null || at.epochMs >= since.epochMs - BEFORE_MS);
  });

export const evictedUids = (deeds: readonly Deed[]): readonly string[] => [
  ...new Set(deeds.flatMap((d) => d.pod?.uid ?? [])),
];

export function deedStatements(deeds: readonly Deed[]): readonly Statement[] {
  const evictions = some(deeds.filter((d) => d.pod !== null));
  const others = deeds.filter((d) => d.pod === null);
  return [
    ...(evictions ? [evictionStatement(evictions)] : []),
    ...[...new Set(others.map((d) => d.reason))].sort().flatMap((reason) => {
      const list = some(others.filter((d) => d.reason === reason));
      return list ? [nodeStatement(reason, list)] : [];
    }),
  ];
}

/** Each event that is told of; of many, the first dozen and their series. */
function evidenceOf([first, ...rest]: Deeds): Cited {
  const shown = [first, ...rest].slice(0, CITED);
  const series = rest.length >= CITED ? [...new Set([first, ...rest].map((d) => d.series))].slice(0, CITED) : [];
  return [first.evidence, ...shown.slice(1).map((d) => d.evidence), ...series];
}

const timesOf = (deeds: Deeds): readonly Instant[] => deeds.flatMap((d) => [d.first ?? [], d.last ?? []].flat());

function evictionStatement(deeds: Deeds): Statement {
  const evidence = evidenceOf(deeds);
  const names = [...new Set(deeds.map((d) => d.pod?.name ?? ""))];
  return say`Its kubelet evicted ${number(names.length, "pod", ...evidence)} (${oneOf(names, ...evidence)}), ${span(timesOf(deeds), ...evidence)}: ${said(deeds, evidence)}.`;
}

/** The same as a row of the time line. */
export function evictionRow(
  node: string,
  deeds: readonly Deed[],
): { readonly at: Instant; readonly statement: Statement } | null {
  const evictions = some(deeds.filter((d) => d.pod !== null));
  const [at, ...later] = evictions ? [...timesOf(evictions)].sort((a, b) => a.epochMs - b.epochMs) : [];
  if (!evictions || !at) return null;
  const evidence = evidenceOf(evictions);
  const last = later.at(-1) ?? at;
  const until = last.epochMs > at.epochMs ? say`, until ${time(last, ...evidence)}` : words("", ...evidence);
  const pods = number(new Set(evictions.map((d) => d.pod?.name)).size, "pod", ...evidence);
  return { at, statement: say`The kubelet of ${code(node, ...evidence)} evicts ${pods}${until}.` };
}

function nodeStatement(reason: string, deeds: Deeds): Statement {
  const evidence = evidenceOf(deeds);
  const times = deeds.reduce((sum, d) => sum + d.count, 0);
  return say`Its kubelet told of it (${code(reason, ...evidence)}) at least ${stated(count(times, "time", ...evidence))}, ${span(timesOf(deeds), ...evidence)}: ${said(deeds, evidence)}.`;
}

/** What it said; figures and names of containers differ from one to the next. */
function said([first, ...rest]: Deeds, evidence: Cited): Quoted {
  const message = code(first.message, first.evidence);
  return rest.every((d) => d.message === first.message)
    ? message
    : say`${message}${words(" and the like", ...evidence)}`;
}
