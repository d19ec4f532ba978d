import type { Evidence } from "#model/evidence.js";
import type { Instant } from "#model/instant.js";
import { formatUtc } from "#model/instant.js";
import type { MatchContext } from "#model/rule.js";
import { citing, code, lapse, type Quoted, type Statement, say, time, word } from "#model/statement.js";
import { KILL_FAILURES } from "./_failure-kinds.js";
import { CITED, type Cited, cadence, either, extent, number, oneOf, some, words } from "./_pods.js";
import { sandboxErrorTail, sandboxErrorWords } from "./_sandbox-error.js";
import { cadencesMs, lastSeen, logEnds, type Occurrence, type SandboxFailures } from "./_sandbox-failures.js";

/** What the kubelet tried, in words: of the network where the message names it, else of the sandbox. */
export interface Attempt {
  readonly network: string;
  readonly sandbox: string;
  /** What was over for each pod within this time is no symptom. */
  readonly lastingMs: number;
}

/** The evidence of the first dozen. */
export function citeOccurrences(of: SandboxFailures): Cited {
  const [first, ...rest] = of.occurrences;
  return [first.evidence, first.lastEvidence, ...rest.slice(0, CITED - 1).flatMap((o) => [o.evidence, o.lastEvidence])];
}

const isLogged = (of: SandboxFailures): boolean => of.occurrences.some((o) => o.source === "log");

/** Begin, end as far as known, what was tried for how many pods, and the error. */
export const headline = (of: SandboxFailures, attempt: Attempt): Statement => say`${failed(of, attempt)}.`;

/** The same of failures that are no symptom: none lasted. */
export const tooShort = (of: SandboxFailures, attempt: Attempt, limitMs: number): Statement =>
  say`${failed(of, attempt)}; no pod was seen to fail for longer than ${lapse(limitMs, ...citeOccurrences(of))}, too short to tell`;

function failed(of: SandboxFailures, attempt: Attempt): Quoted {
  const [{ message }] = of.occurrences;
  const evidence = citeOccurrences(of);
  const one = of.occurrences.length + of.more === 1;
  const what = /\bnetwork\b/.test(message)
    ? `${attempt.network} the network of `
    : `${attempt.sandbox} the sandboxes of `;
  const pods = isLogged(of) ? words("pods", ...evidence) : number(of.occurrences.length + of.more, "pod", ...evidence);
  const where = of.node === null ? citing(...evidence) : say` on ${code(of.node, ...evidence)}`;
  const error = sandboxErrorWords(of.errorClass, message, ...evidence);
  const answered = !/^40[13]$/.test(of.errorClass)
    ? error
    : of.byApiServer
      ? say`the API server answered ${error}`
      : say`${error}; which server answered so is not said`;
  return say`${period(of)} the kubelet's attempts to ${words(one ? what.replace("sandboxes", "sandbox") : what, ...evidence)}${pods}${where} failed: ${answered}`;
}

/** `From T until at least U`. */
function period(of: SandboxFailures): Quoted {
  const first = of.occurrences.filter((o) => o.first).reduce<Occurrence | null>(earlier, null);
  const last = of.occurrences.filter((o) => o.last ?? o.first).reduce<Occurrence | null>(later, null);
  const evidence = citeOccurrences(of);
  if (!first?.first || !last) return words("Again and again", ...evidence);
  const end = last.last ?? last.first;
  const from = time(first.first, first.evidence);
  if (!end) return say`From ${from} on`;
  const once = formatUtc(end) === formatUtc(first.first);
  if (once && of.occurrences.some((o) => o.isOpenEnded)) return say`From ${from} on`;
  return once ? say`At ${from}` : say`From ${from} until at least ${time(end, last.lastEvidence)}`;
}

const earlier = (a: Occurrence | null, b: Occurrence): Occurrence =>
  a?.first && b.first && a.first.epochMs <= b.first.epochMs ? a : b;

const endMs = (o: Occurrence): number => (o.last ?? o.first)?.epochMs ?? 0;
const later = (a: Occurrence | null, b: Occurrence): Occurrence => (a && endMs(a) >= endMs(b) ? a : b);

/** That the log went on without them: what shows their end where the list of pods is older than they are. Null where no log does. */
export function silentSince(of: SandboxFailures, context: MatchContext): Statement | null {
  const end = context.derive(logEnds).get(of.node);
  const last = lastSeen(of.occurrences);
  const shown = of.occurrences.reduce<Occurrence | null>(later, null);
  if (!end || !last || !shown) return null;
  const ago = lapse(end.at.epochMs - last.epochMs, end.evidence, shown.lastEvidence);
  const where = of.node === null ? citing(end.evidence) : say` of ${code(of.node, end.evidence)}`;
  return say`The log${where} goes on until ${time(end.at, end.evidence)}, for ${ago} without another of these lines`;
}

/** What every failure of sandboxes is told with, after its headline: the text, the pods, the counts, the cadence, the log. */
export function failureDetails(of: SandboxFailures): readonly Statement[] {
  const [first] = of.occurrences;
  return [
    say`The innermost error is ${code(sandboxErrorTail(first.message), first.evidence)}.`,
    ...nameStatement(of),
    ...countStatement(of),
    ...cadenceStatement(of),
    ...logStatement(of),
  ];
}

/** The evidence of a series of lines is its first line: what is told of the log stands there. */
function logStatement({ logged }: SandboxFailures): readonly Statement[] {
  if (!logged || logged.value.count < 2 || !logged.value.first) return [];
  const { source, first } = logged.value;
  return [
    say`The log ${code(source, logged.evidence)} has lines with the same error, the first at ${time(first, logged.evidence)}.`,
  ];
}

function nameStatement(of: SandboxFailures): readonly Statement[] {
  const names = [
    ...new Set(of.occurrences.flatMap((o) => (o.namespace && o.name ? `${o.namespace}/${o.name}` : o.name) ?? [])),
  ];
  const evidence = citeOccurrences(of);
  if (names.length === 0) return [];
  return isLogged(of)
    ? [say`The first line is of the pod ${oneOf(names, ...evidence)}.`]
    : [say`${either(names.length, "The pod is", "The pods are", ...evidence)} ${oneOf(names, ...evidence)}.`];
}

function countStatement(of: SandboxFailures): readonly Statement[] {
  const [low, high] = extent(of.occurrences.map((o) => o.count));
  if (isLogged(of) || high < 2) return [];
  const evidence = citeOccurrences(of);
  const times = low === high ? word(low, ...evidence) : word(`${low} to ${high}`, ...evidence);
  return of.occurrences.length === 1
    ? [say`The event counts at least ${times} failures.`]
    : [say`The events count at least ${times} failures for each pod.`];
}

function cadenceStatement(of: SandboxFailures): readonly Statement[] {
  const cadences = some(cadencesMs(of.occurrences.filter((o) => o.source === "event")).filter((ms) => ms > 0));
  const evidence = citeOccurrences(of);
  const each = either(of.occurrences.length + of.more, "", " for each pod", ...evidence);
  return cadences ? [say`That is one about ${cadence(cadences, ...evidence)}${each}.`] : [];
}

/** An event list that stood still while its pod stayed, for who takes silence for an end. `pod` shows that it did; null below `quietMs`. */
export function quietEvents(of: SandboxFailures, now: Instant, pod: Evidence, quietMs: number): Statement | null {
  const isUndated = isLogged(of) || of.occurrences.some((o) => o.isOpenEnded);
  const end = isUndated ? null : lastSeen(of.occurrences);
  const last = of.occurrences.reduce<Occurrence | null>(later, null);
  if (!end || !last || now.epochMs - end.epochMs < quietMs) return null;
  const where = of.node === null ? citing(last.lastEvidence) : say` of ${code(of.node, last.lastEvidence)}`;
  const age = lapse(now.epochMs - end.epochMs, last.lastEvidence, pod);
  return say`At ${time(now, pod)} the latest ${code(KILL_FAILURES.reason, last.lastEvidence)} event${where} was ${age} old, and the pod still existed: events that stand still are no sign of an end.`;
}
