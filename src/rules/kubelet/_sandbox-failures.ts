import type { Evidence } from "#model/evidence.js";
import type { Fact, FactKind } from "#model/fact.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import type { Pod } from "./_pods.js";
import { pluginsNamed, refusedRequest, sandboxErrorClass, saysApiServer } from "./_sandbox-error.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** What happened to one pod's sandbox again and again. */
export interface Occurrence {
  readonly uid: string | null;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly message: string;
  readonly first: Instant | null;
  readonly last: Instant | null;
  /** When it was last seen cannot be read, so it may have been later than told, and nobody knows how long ago. */
  readonly isOpenEnded: boolean;
  /** When what shows the last time was read; null where that is not known. */
  readonly lastRead: Instant | null;
  /** A lower bound. */
  readonly count: number;
  /** The pod as collected; null where it is not among those collected, or not known. */
  readonly pod: Pod | null;
  readonly source: "event" | "log";
  /** What shows the first time, and what shows the last: the same unless several events or lines tell of one pod. */
  readonly evidence: Evidence;
  readonly lastEvidence: Evidence;
}

/** Failures of one kind on one node. */
export interface SandboxFailures {
  readonly node: string | null;
  readonly errorClass: string;
  readonly occurrences: readonly [Occurrence, ...Occurrence[]];
  /** Objects that the series counts beyond those it names. */
  readonly more: number;
  /** The longest series of log lines that tell the same, beside events. */
  readonly logged: Fact<"log"> | null;
  /** Every text that tells of them, each once: those of one pod are one occurrence, and may differ. */
  readonly messages: readonly string[];
  /** An API server gave the answer that all of them end in: so their words show, or the plugin that they name, which is given a kubeconfig. */
  readonly byApiServer: boolean;
}

/** Which events and which log lines tell of the failure. */
export interface FailureKind {
  readonly reason: string;
  /** What failed, in words, for lines that do not carry the reason. */
  readonly noun: string;
  readonly event: RegExp;
  readonly log: RegExp;
}

const UID =
  /\bfor \\*"([0-9a-f]{8}-[0-9a-f-]{27,28})\\*"|podUID=\\*"?([0-9a-f]{8}-[0-9a-f-]{27,28})|\bUid:([0-9a-f]{8}-[0-9a-f-]{27,28})/;

/** All failures of a kind by node and error class. Logs speak only where events of that node and class are missing: they count the same thing. */
export function sandboxFailures(
  kind: FailureKind,
  view: Look,
  pods: ReadonlyMap<string, Pod>,
): readonly SandboxFailures[] {
  const groups = new Map<
    string,
    { node: string | null; errorClass: string; occurrences: Occurrence[]; more: number; messages: Set<string> }
  >();
  const add = (node: string | null, occurrence: Occurrence, more: number): void => {
    const errorClass = sandboxErrorClass(occurrence.message);
    const key = failureSubject(node, errorClass);
    const group = groups.get(key) ?? { node, errorClass, occurrences: [], more: 0, messages: new Set() };
    group.occurrences.push(occurrence);
    group.messages.add(occurrence.message);
    group.more += more;
    groups.set(key, group);
  };
  for (const series of view("kube.event").all) {
    if (series.value.reason !== kind.reason || !kind.event.test(series.value.message)) continue;
    series.value.objects.forEach((object, i) => {
      const pod = object.uid === null ? null : (pods.get(object.uid) ?? null);
      add(
        series.value.node ?? series.node ?? pod?.value.node ?? null,
        {
          ...object,
          namespace: series.value.namespace,
          count: object.count ?? 1,
          pod,
          source: "event",
          // Where no later time is told, the parser takes the first for the last: none at all is one that cannot be read.
          isOpenEnded: object.last === null,
          lastRead: series.artifact.collectedAt,
          lastEvidence: object.evidence,
        },
        i === 0 ? series.value.moreObjects : 0,
      );
    });
  }
  const told = addLogs(view("log").all, kind, groups, (line) => add(line.node, occurrenceOf(line, pods), 0));
  return [...groups.entries()].map(([key, g]) => {
    const logged = told.get(key) ?? null;
    const texts = [...g.messages, ...(logged ? [logged.value.sample] : [])];
    return {
      ...g,
      occurrences: perPod(g.occurrences),
      logged,
      messages: [...g.messages],
      byApiServer: g.errorClass === "403" || texts.every((text) => isOfApiServer(text, g.node, view)),
    };
  });
}

/** A plugin that takes no kubeconfig may ask any server, and one that takes one may ask others beside. */
function isOfApiServer(message: string, node: string | null, view: Look): boolean {
  if (saysApiServer(message)) return true;
  const named = pluginsNamed(message).at(-1);
  if (node === null) return false;
  const given = view("cni.netconf")
    .on(node)
    .some((n) => n.value.plugins.some((p) => p.type === named && p.kubeconfig !== null));
  const host = refusedRequest(message)?.host ?? null;
  const servers = view("kubeconfig")
    .on(node)
    .flatMap((k) => k.value.server ?? []);
  return given && (host === null || servers.some((server) => serverHost(server) === host));
}

/** The host of the server that a kubeconfig names, in lower case; what is no URL as it is. */
export function serverHost(server: string): string {
  try {
    return new URL(server).hostname;
  } catch {
    return server;
  }
}

/** Lines that events tell already are kept beside them, by subject; the others are occurrences of their own. */
function addLogs(
  lines: readonly Fact<"log">[],
  kind: FailureKind,
  groups: ReadonlyMap<string, { readonly node: string | null }>,
  add: (line: Fact<"log">) => void,
): ReadonlyMap<string, Fact<"log"> | null> {
  const told = new Map([...groups.keys()].map((key) => [key, null as Fact<"log"> | null]));
  const nodes = new Set([...groups.values()].map((g) => g.node));
  for (const line of lines) {
    if (line.value.kind === "podlog" || !kind.log.test(line.value.sample)) continue;
    const errorClass = sandboxErrorClass(line.value.sample);
    const key = failureSubject(line.node, errorClass);
    if (told.has(key)) told.set(key, longer(told.get(key) ?? null, line));
    // Beside events, a line whose error is cut off or not there would only be the same failure under another name.
    else if (!errorClass.startsWith("other:") || !nodes.has(line.node)) add(line);
  }
  return told;
}

/** One occurrence for each pod: messages that differ by sandbox make events of their own, and their counts add up. */
function perPod(occurrences: readonly Occurrence[]): readonly [Occurrence, ...Occurrence[]] {
  const merged = new Map<string, Occurrence>();
  occurrences.forEach((o, i) => {
    const key = o.uid ?? (o.name === null ? `#${i}` : `${o.namespace ?? ""}/${o.name}`);
    const before = merged.get(key);
    merged.set(key, before ? joinTwo(before, o) : o);
  });
  return [...merged.values()] as unknown as readonly [Occurrence, ...Occurrence[]];
}

/** Of one pod: each time with the evidence that shows it. */
function joinTwo(a: Occurrence, b: Occurrence): Occurrence {
  const first = earliest(a.first, b.first);
  const last = latestOf(a.last, b.last);
  return {
    ...a,
    first,
    last,
    isOpenEnded: a.isOpenEnded || b.isOpenEnded,
    lastRead: latestOf(a.lastRead, b.lastRead),
    count: a.count + b.count,
    evidence: first === a.first ? a.evidence : b.evidence,
    lastEvidence: last === a.last ? a.lastEvidence : b.lastEvidence,
  };
}

const longer = (a: Fact<"log"> | null, b: Fact<"log">): Fact<"log"> => (a && a.value.count >= b.value.count ? a : b);

function occurrenceOf(line: Fact<"log">, pods: ReadonlyMap<string, Pod>): Occurrence {
  const { sample, first, last, lastEvidence, count } = line.value;
  const found = UID.exec(sample);
  const uid = found?.[1] ?? found?.[2] ?? found?.[3] ?? null;
  const pod = uid === null ? null : (pods.get(uid) ?? null);
  const { evidence } = line;
  return {
    uid,
    namespace: pod?.value.namespace ?? null,
    name: pod?.value.name ?? null,
    message: sample,
    first,
    last,
    count,
    pod,
    source: "log",
    isOpenEnded: false,
    lastRead: line.artifact.collectedAt,
    evidence,
    lastEvidence: lastEvidence ?? evidence,
  };
}

/** The subject of a finding on them, the same at every moment. */
export const failureSubject = (node: string | null, errorClass: string): string =>
  `${node ?? "unknown node"}|${errorClass}`;

export const firstSeen = (of: readonly Occurrence[]): Instant | null => of.map((o) => o.first).reduce(earliest, null);

/** At least: of one whose last time cannot be read it is the first. */
export const lastSeen = (of: readonly Occurrence[]): Instant | null =>
  of.map((o) => latestOf(o.last, o.first)).reduce(latestOf, null);

/** From the first to the last; 0 where times are missing. */
export function lastedMs({ first, last }: Occurrence): number {
  return first && last ? last.epochMs - first.epochMs : 0;
}

/** A series of log lines may be of many pods: two of them far apart are two accidents. */
const LASTING_LINES = 5;

/** Did it last for one pod? Accidents of different pods, each healed at once, are no lasting failure of their node. */
export const hasLasted = (of: readonly Occurrence[], ms: number): boolean =>
  of.some((o) => lastedMs(o) > ms && (o.source === "event" || o.count >= LASTING_LINES));

/** The kubelet retries each 10 to 15 s: a log that goes on for so long without a failure has none to tell. */
export const SILENT_MS = 600_000;

/** Until when the logs of each node go; once per moment: hand it to `context.derive`. */
export function logEnds(view: Look): ReadonlyMap<string | null, LogEnd> {
  const ends = new Map<string | null, LogEnd>();
  for (const { node, value, evidence } of view("log").all) {
    const at = value.kind === "podlog" ? null : latestOf(value.first, value.last);
    if (!at || at.epochMs <= (ends.get(node)?.at.epochMs ?? Number.NEGATIVE_INFINITY)) continue;
    ends.set(node, { at, evidence: (at === value.last ? value.lastEvidence : null) ?? evidence });
  }
  return ends;
}

export interface LogEnd {
  readonly at: Instant;
  readonly evidence: Evidence;
}

/** Only lines tell of it, and the logs of its node go on without them. Events cannot tell: their last time lags and they are kept for long. */
export const isSilent = (of: SandboxFailures, context: MatchContext): boolean =>
  of.occurrences.every((o) => o.source === "log") &&
  (lastSeen(of.occurrences)?.epochMs ?? 0) + SILENT_MS < (context.derive(logEnds).get(of.node)?.at.epochMs ?? 0);

/** Lines of a log tell again and again of a failure, and name none of the pods that show it. */
export const isUnnamed = (of: SandboxFailures, pods: readonly Pod[], context: MatchContext): boolean =>
  of.occurrences.every((o) => o.source === "log") &&
  of.occurrences.some((o) => o.uid === null || o.count > 1) &&
  !isSilent(of, context) &&
  !pods.some((pod) => of.occurrences.some((o) => o.uid === pod.value.uid));

/** (last − first) / (count − 1) of each that has a count to divide by: the true cadence, since the client counts what it does not write. */
export const cadencesMs = (of: readonly Occurrence[]): readonly number[] =>
  of.flatMap((o) => (o.first && o.last && o.count > 2 ? [(o.last.epochMs - o.first.epochMs) / (o.count - 1)] : []));
