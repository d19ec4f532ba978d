import type { Evidence } from "#model/evidence.js";
import { type Finding, REPLACED, type Trace } from "#model/finding.js";
import { formatUtc, type Instant, latestOf, order } from "#model/instant.js";
import type { Draft } from "#model/review.js";
import { codes, type Statement, say, word } from "#model/statement.js";
import { type Brief, headline, phrase } from "./inquest.js";
import { affectedNodes, label } from "./name.js";
import { firstSymptom } from "./status.js";

/**
 * What a single collection shows of the way out: what was written on the nodes concerned after the last failure that was seen, and
 * what had waited there and got on. Empty where a failure goes on, and where two moments tell it as changes. That one followed on the
 * other is all that is claimed.
 */
export const tracesOf = (b: Brief, kind: Trace["kind"]): readonly Statement[] =>
  observed(b, kind).map(({ trace }) => trace.statement);

/** The same with their times, in order, each once: what stands for a fix where nobody saw before and after. */
export const tellTraces = (b: Brief): NonNullable<Draft["resolution"]["traces"]> => {
  const rows = (["written", "recovered"] as const)
    .flatMap((kind) => observed(b, kind))
    .sort((x, y) => x.at.epochMs - y.at.epochMs)
    .map(({ at, trace }) => ({ kind: trace.kind, at: formatUtc(at), statements: [trace.statement] }));
  return [...new Map(rows.map((row) => [JSON.stringify(row.statements.map((s) => s.parts)), row])).values()];
};

function observed(b: Brief, kind: Trace["kind"]): readonly { readonly at: Instant; readonly trace: Trace }[] {
  const symptoms = b.findings.filter(b.isSymptom);
  const isTold = b.changes.some((c) => c.kind === "repair" || c.kind === "recovery");
  if (symptoms.length === 0 || isTold || symptoms.some((f) => f.ended === null)) return [];
  const nodes = affectedNodes(b);
  const from = kind === "written" ? lastFailure(symptoms) : (firstSymptom(b)?.since ?? null);
  if (!from) return [];
  return [...b.observations]
    .sort((x, y) => x.at.epochMs - y.at.epochMs)
    .flatMap(({ at, trace }) =>
      trace?.kind === kind && nodes.includes(trace.node) && order(at, from) === "after" ? [{ at, trace }] : [],
    );
}

const lastFailure = (symptoms: readonly Finding[]): Instant | null =>
  symptoms.map((f) => f.lastSeen).reduce(latestOf, null);

/** What became of the objects that a failure was of, as the last collection shows it. A recovery that was seen to happen says more. */
export const endingsOf = (b: Brief, finding: Finding): readonly Statement[] =>
  finding.ending && finding.ended && !b.changes.some((c) => c.kind === "recovery") ? [finding.ending] : [];

/** Of each chain that ends in what failed: that its cause is not decided, or cannot be shown any more. */
export function undecided(b: Brief): readonly Statement[] {
  const ends = [...new Set(b.chains.flatMap((c) => c.at(-1) ?? []))].map(b.finding).filter(b.isSymptom);
  return ends.flatMap((end) => {
    const open = b.hypotheses.filter((h) => h.status === "open" && h.of.includes(end.id));
    const [first, ...rest] = headline(end).evidence;
    if (!first) return [];
    const ruledOut = b.hypotheses.filter((h) => h.status === "refuted" && h.of.includes(end.id));
    if (open.length === 0 && ruledOut.length === 0) return [];
    const cause = phrase(`The cause of ${label(b, end)}`, first, ...rest);
    const explanations = word(`${open.length} explanation${open.length === 1 ? "" : "s"}`, first);
    if (open.length === 0)
      return [
        say`${cause} is not decided: ${word(`${ruledOut.length} explanation${ruledOut.length === 1 ? "" : "s"}`, first)} that this version knows ${phrase(ruledOut.length === 1 ? "is" : "are", first)} ruled out, and no other is shown`,
      ];
    const { nodes, evidence } = replaced(b, end);
    const [written, ...more] = evidence;
    if (!written || nodes.length === 0)
      return [
        say`${cause} is not decided: ${explanations} ${phrase(open.length === 1 ? "stays" : "stay", first)} open`,
      ];
    return [
      say`${cause} can no longer be shown from what was collected: what was found in force on ${codes(nodes, 8, written, ...more)} was put there after the last failure that was seen; ${explanations} ${phrase(open.length === 1 ? "stays" : "stay", first)} open`,
    ];
  });
}

/** The nodes of which only a later state was found than the one in which it failed, and what shows when that state came. */
export function replaced(
  b: Brief,
  of?: Finding,
): { readonly nodes: readonly string[]; readonly evidence: readonly Evidence[] } {
  const open = b.hypotheses.filter((h) => h.status === "open" && (of === undefined || h.of.includes(of.id)));
  const missing = open.flatMap((h) => h.missing).filter((m) => m.why === REPLACED);
  return {
    nodes: [...new Set(missing.flatMap((m) => m.node ?? []))],
    evidence: tracesOf(b, "written").flatMap((s) => s.evidence),
  };
}
