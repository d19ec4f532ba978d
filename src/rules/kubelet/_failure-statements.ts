import type { Quoted, Statement } from "#model/statement.js";
import { code, codes, count, say, time, word } from "#model/statement.js";
import { CITED, type Cited, either, extent, lapseRange, some, span, words } from "./_pods.js";
import { sandboxErrorTail } from "./_sandbox-error.js";
import { cadencesMs, lastSeen, type Occurrence, type SandboxFailures } from "./_sandbox-failures.js";

/** The evidence of the first dozen. */
export function citeOccurrences(of: SandboxFailures): Cited {
  const [first, ...rest] = of.occurrences;
  return [first.evidence, ...rest.slice(0, CITED - 1).map((o) => o.evidence)];
}

/** What every failure of sandboxes is told with, after its headline: the text, the times, the counts, the cadence. */
export function failureDetails(of: SandboxFailures): readonly Statement[] {
  const [first] = of.occurrences;
  const evidence = citeOccurrences(of);
  const firsts = of.occurrences.flatMap((o) => o.first ?? []);
  const last = lastSeen(of.occurrences);
  return [
    say`The innermost error is ${code(sandboxErrorTail(first.message), first.evidence)}.`,
    ...(firsts.length > 0 && last
      ? [say`It was first reported ${span(firsts, ...evidence)}, and last ${span([last], ...evidence)}.`]
      : []),
    ...countStatement(of, evidence),
    ...cadenceStatement(of, evidence),
    ...logStatement(of),
  ];
}

/** Events lag behind what the kubelet does; its log does not. */
function logStatement({ logged }: SandboxFailures): readonly Statement[] {
  if (!logged || logged.value.count < 2) return [];
  const lines = count(logged.value.count, "line", logged.evidence);
  return [
    logged.value.last
      ? say`The log of the node holds ${lines} of it, the last of ${time(logged.value.last, logged.evidence)}.`
      : say`The log of the node holds ${lines} of it.`,
  ];
}

function countStatement(of: SandboxFailures, evidence: Cited): readonly Statement[] {
  const counts = of.occurrences.map((o) => o.count);
  const [low, high] = extent(counts);
  const times = low === high ? word(low, ...evidence) : word(`${low} to ${high}`, ...evidence);
  if (of.occurrences.some((o) => o.source === "log"))
    return [
      say`The log holds ${count(
        of.occurrences.reduce((sum, o) => sum + o.count, 0),
        "line",
        ...evidence,
      )} of it.`,
    ];
  if (high < 2) return [];
  return of.occurrences.length === 1
    ? [say`The event counts at least ${times} failures.`]
    : [say`The events count at least ${times} failures for each pod.`];
}

function cadenceStatement(of: SandboxFailures, evidence: Cited): readonly Statement[] {
  const cadences = some(cadencesMs(of.occurrences.filter((o) => o.source === "event")));
  if (!cadences) return [];
  const lasting = of.occurrences.filter((o: Occurrence) => o.first && o.last && o.last.epochMs > o.first.epochMs);
  if (lasting.length === 0) return [];
  return [say`That is one failure each ${lapseRange(cadences, ...evidence)} for a pod.`];
}

/** `the sandboxes of 3 pods`: those named and those only counted. A log line stands for many pods and names one. */
export function countSandboxes(of: SandboxFailures): Quoted {
  if (of.occurrences.some((o) => o.source === "log")) return words("Sandboxes", ...citeOccurrences(of));
  const pods = of.occurrences.length + of.more;
  const evidence = citeOccurrences(of);
  return say`${either(pods, "The sandbox", "The sandboxes", ...evidence)} of ${count(pods, "pod", ...evidence)}`;
}

/** The names of the pods concerned, where any is known. */
export function nameStatement(of: SandboxFailures): readonly Statement[] {
  const names = [...new Set(of.occurrences.flatMap((o) => o.name ?? []))];
  if (names.length === 0) return [];
  return [
    of.occurrences[0].source === "log"
      ? say`The first line names the pod ${codes(names, 3, ...citeOccurrences(of))}.`
      : say`${either(names.length, "The pod is", "The pods are", ...citeOccurrences(of))} ${codes(names, 1, ...citeOccurrences(of))}.`,
  ];
}
