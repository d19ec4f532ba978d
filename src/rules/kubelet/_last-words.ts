import type { Evidence } from "#model/evidence.js";
import type { Fact, FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import type { ContainerValue } from "#model/kube-value.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, lapse, type Statement, say, time } from "#model/statement.js";
import { endOf } from "./_container-end.js";
import { messageOf } from "./_kubelet-log.js";
import type { Pod } from "./_pods.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;
type Log = Fact<"log">;

/** A line of a container's log. */
interface Line {
  readonly at: Instant | null;
  readonly text: string;
  readonly evidence: Evidence;
}

/** The end of the log of a container that does not stay up. */
export interface LastWords {
  /** The last line that is marked as an error; null where none is. */
  readonly error: Line | null;
  readonly last: Line;
}

/** A line is quoted up to this. */
const MOST = 300;

/** One container's log as the node keeps it, by its run: `/var/log/pods/<ns>_<pod>_<uid>/<container>/<run>.log`. */
const KEPT = /\/var\/log\/pods\/([^_/]+)_([^_/]+)_([^_/]+)\/([^/]+)\/(\d{1,9})\.log$/;

/** A level that is below an error, where a line begins with it: what follows may speak of errors. */
const MILD =
  /^(?:\W{0,2}(?:INFO|WARN(?:ING)?|DEBU?G?|NOTICE|TRACE)\b|[IWD]\d{4} \d\d:)|\blevel=(?:info|warn|debug|trace)|"level":\s?"(?:info|warn|debug|trace)/i;
/** klog's letter, logrus' and zap's level, the words of others, and what Go and a shell write where a program ends by itself. */
const GRAVE =
  /^[EF]\d{4} \d\d:|\blevel=(?:error|fatal|panic)\b|"level":\s?"(?:error|fatal|d?panic)"|\b(?:ERROR|ERRO|FATAL|FATA|PANIC|CRITICAL)\b|^(?:panic|fatal error|[Ee]rror|[Ff]atal): /;

/** What it was written with in front: a time, and the stream that a runtime notes. */
const STAMP =
  /^(?:\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})? (?:std(?:out|err) [FP] )?){1,3}/;

/** By `<ns>/<pod>/<container>`, of the run before first; once per moment. */
function containerLogs(view: Look): ReadonlyMap<string, readonly (readonly Log[])[]> {
  const bySource = new Map<string, { readonly key: string; readonly rank: number; readonly logs: Log[] }>();
  for (const log of view("log").all) {
    if (log.value.kind !== "podlog") continue;
    const named = nameOf(log.value.source);
    if (!named) continue;
    const one = bySource.get(log.value.source) ?? { ...named, logs: [] };
    one.logs.push(log);
    bySource.set(log.value.source, one);
  }
  const byKey = new Map<string, (readonly Log[])[]>();
  for (const { key, logs } of [...bySource.values()].sort((a, b) => a.rank - b.rank))
    byKey.set(key, [...(byKey.get(key) ?? []), logs]);
  return byKey;
}

/** Where a log belongs: through the API by the pod's name, on the node by its uid as well. Of the latter the newest run comes first. */
function nameOf(source: string): { readonly key: string; readonly rank: number } | null {
  const kept = KEPT.exec(source);
  if (kept) return { key: `${kept[1]}/${kept[2]}/${kept[4]} ${kept[3]}`, rank: 3 - Number(kept[5]) / 1e10 };
  const [path = "", run] = source.split("#");
  return path.split("/").length === 3 ? { key: path, rank: run === "previous" ? 0 : 1 } : null;
}

/** What a container that ended wrote last, where its log was collected. What is older than its pod another of its name wrote. */
export function lastWordsOf({ value }: Pod, { name }: ContainerValue, context: MatchContext): LastWords | null {
  const logs = context.derive(containerLogs);
  const key = `${value.namespace}/${value.name}/${name}`;
  const born = value.created ?? value.startedAt;
  const own = [...(logs.get(key) ?? []), ...(logs.get(`${key} ${value.uid}`) ?? [])]
    .map((series) => wordsOf(series, born))
    .filter((words) => words !== null);
  return own.find(({ error }) => error !== null) ?? own[0] ?? null;
}

/** The collected lines of a container's log, one of each kind: the last. `from`: when the first of its kind was written. */
export function linesOf(
  { value }: Pod,
  { name }: ContainerValue,
  context: MatchContext,
): readonly (Line & { readonly from: Instant | null })[] {
  const logs = context.derive(containerLogs);
  const key = `${value.namespace}/${value.name}/${name}`;
  const born = value.created ?? value.startedAt;
  return [...(logs.get(key) ?? []), ...(logs.get(`${key} ${value.uid}`) ?? [])]
    .flat()
    .map((log) => ({ ...lastLine(log), from: log.value.first }))
    .filter(({ at }) => isOfPod(at, born));
}

/** What is older than its pod another of its name wrote. */
const isOfPod = (at: Instant | null, born: Instant | null): boolean =>
  at === null || born === null || at.epochMs >= born.epochMs;

function wordsOf(series: readonly Log[], born: Instant | null): LastWords | null {
  const lines = series.map(lastLine).filter(({ at }) => isOfPod(at, born));
  const latest = (of: readonly Line[]): Line | null =>
    of.reduce<Line | null>((a, b) => (a === null || lineOf(b) > lineOf(a) ? b : a), null);
  const last = latest(lines);
  return last && { last, error: latest(lines.filter(({ text }) => isGrave(text))) };
}

const lastLine = ({ value, evidence }: Log): Line => {
  const shown = value.lastEvidence ?? evidence;
  const text = value.lastEvidence ? value.lastEvidence.excerpt : value.sample;
  return { at: value.last, text: text.replace(STAMP, "").trim(), evidence: shown };
};

const lineOf = ({ evidence: { locator } }: Line): number => (locator.kind === "lines" ? locator.to : 0);

const isGrave = (text: string): boolean => !MILD.test(text) && GRAVE.test(text);

const shown = (text: string): string => {
  const message = messageOf(text);
  const chars = [...message];
  return chars.length <= MOST ? message : `${chars.slice(0, MOST - 1).join("")}…`;
};

/** An error is what a program ended with where it wrote nothing later than this after it, or ended within it. */
const AT_THE_END_MS = 5_000;
/** What ended so long after its last error did not end with it, even where it wrote nothing more. */
const LONG_BEFORE_MS = 120_000;
/** What a program that ends by itself writes where it gives no time to tell by. */
const ENDING =
  /^F\d{4} \d\d:|\blevel=(?:fatal|panic)\b|"level":\s?"(?:fatal|d?panic)"|\b(?:FATAL?|PANIC)\b|^(?:panic|fatal error): /;

/** Is the last error what the container ended with? What was ended from outside, or without an error code, did not end with what it wrote. */
export function isEndedWith({ error, last }: LastWords, container: ContainerValue): boolean {
  if (!error) return false;
  const end = endOf(container);
  if (end !== null && end !== "failed") return false;
  const before = beforeEnd(error, container);
  if (before !== null && before > LONG_BEFORE_MS) return false;
  if (before !== null && before <= AT_THE_END_MS) return true;
  if (lineOf(last) === lineOf(error)) return true;
  if (error.at === null || last.at === null) return ENDING.test(error.text);
  return last.at.epochMs - error.at.epochMs <= AT_THE_END_MS;
}

/** Milliseconds from a line to the end of the run; null where either has no time, or the line is of a later run. */
const beforeEnd = ({ at }: Line, { ended }: ContainerValue): number | null => {
  const ms = at && ended?.at ? ended.at.epochMs - at.epochMs : null;
  return ms === null || ms < -AT_THE_END_MS ? null : Math.max(ms, 0);
};

/** No more is said of them than that they are there: what they mean no mechanism tells. */
export function lastWordsStatements(
  pod: string,
  container: ContainerValue,
  { error, last }: LastWords,
): readonly Statement[] {
  const quoted = error ?? last;
  const name = code(container.name, quoted.evidence);
  const of = code(pod, quoted.evidence);
  const text = code(shown(quoted.text), quoted.evidence);
  const at = quoted.at;
  if (!error)
    return [
      at
        ? say`The log of ${name} of ${of} ends at ${time(at, quoted.evidence)} with ${text}, and no line that was collected of it is marked as an error.`
        : say`The log of ${name} of ${of} ends with ${text}, and no line that was collected of it is marked as an error.`,
    ];
  const before = beforeEnd(error, container);
  return [
    at && before !== null && before > AT_THE_END_MS
      ? say`The last error in the log of ${name} of ${of} is of ${time(at, quoted.evidence)}, ${lapse(before, quoted.evidence)} before that end: ${text}.`
      : at
        ? say`The last error in the log of ${name} of ${of} is of ${time(at, quoted.evidence)}: ${text}.`
        : say`The last error in the log of ${name} of ${of} is ${text}.`,
    ...(last === error || lineOf(last) === lineOf(error)
      ? []
      : [say`That log ends with ${code(shown(last.text), last.evidence)}.`]),
  ];
}
