import type { Change, Finding } from "#model/finding.js";
import { citing, lapse, type Statement, say, time, word } from "#model/statement.js";
import { type Brief, headline } from "./inquest.js";
import { courseOf } from "./status.js";

/** Paragraphs of prose that stand alone: what was seen, what caused it, what changed it, what comes. */
export function summarise(b: Brief): Statement[][] {
  if (b.findings.length + b.forecasts.length === 0) return nothingFound(b);
  const paragraphs = [
    [...bySince(b.findings.filter(b.isSymptom)).map(headline), ...of(b, "impact").map(headline)],
    [...causes(b).map(headline), ...dormancy(b)],
    changesTold(b),
    b.forecasts.flatMap((f) => [...f.statements]),
  ];
  return paragraphs.filter((p) => p.length > 0).map(distinct);
}

/** A review without a finding is worth what was looked at: how much, and what of it excludes which mechanism. */
function nothingFound(b: Brief): Statement[][] {
  const [first, ...rest] = b.survey.filter((s) => s.section === "examined").flatMap((s) => s.statement.evidence);
  if (!first) return [];
  const excluded = excludedMechanisms(b);
  const symptoms = b.rules.filter((r) => r.kind === "symptom").length;
  const open =
    b.gaps.length > 0
      ? `; ${b.gaps.length} thing${b.gaps.length === 1 ? "" : "s"} that would say more ${b.gaps.length === 1 ? "was" : "were"} not collected (see Gaps)`
      : "";
  return [
    [
      say`In what was collected none of the ${word(symptoms, first, ...rest)} symptoms was found that this version of inquest knows${citing(first)}`,
      say`The evidence excludes ${word(excluded.length, first)} of the ${word(b.rules.filter((r) => r.kind === "mechanism").length, first)} mechanisms that it knows${{ parts: [{ kind: "text", text: open }], evidence: [first] }}`,
    ],
  ];
}

/** Mechanisms that were tested and excluded, with one sentence on each subject. */
export function excludedMechanisms(
  b: Brief,
): readonly { readonly title: string; readonly statements: readonly Statement[] }[] {
  return b.rules.flatMap((rule) => {
    const outcomes = b.verdicts.filter((v) => v.rule === rule).flatMap((v) => v.outcomes);
    const statements = outcomes.flatMap((o) => (o.outcome === "refuted" ? [o.statements[0]] : []));
    const clean =
      rule.kind === "mechanism" && outcomes.every((o) => o.outcome !== "found" && o.outcome !== "undetermined");
    return clean && statements.length > 0 ? [{ title: rule.title, statements: distinct(statements) }] : [];
  });
}

const of = (b: Brief, kind: "impact" | "mechanism"): readonly Finding[] =>
  b.findings.filter((f) => b.rule(f.rule).kind === kind);

/** Mechanisms in the order of the chains, each once; one that a forecast tells is told there. */
function causes(b: Brief): readonly Finding[] {
  const foretold = new Set(b.forecasts.flatMap((f) => f.statements.map((s) => JSON.stringify(s.parts))));
  const chained = [...new Set(b.chains.flat())].map(b.finding).filter((f) => b.rule(f.rule).kind === "mechanism");
  return chained.filter((f) => !foretold.has(JSON.stringify(headline(f).parts)));
}

/** Repairs before what came back after them, each in order of time; what has no time of its own comes last. */
const changesTold = (b: Brief): readonly Statement[] => {
  const timed = inOrder(b.changes.filter((c) => c.kind !== "change"));
  return [...timed.filter((c) => c.kind !== "recovery"), ...timed.filter((c) => c.kind === "recovery")].map(
    (c) => c.statements[0],
  );
};

export const inOrder = (changes: readonly Change[]): readonly Change[] =>
  [...changes].sort(
    (x, y) =>
      (x.at?.epochMs ?? Number.MAX_SAFE_INTEGER) - (y.at?.epochMs ?? Number.MAX_SAFE_INTEGER) ||
      (x.subject < y.subject ? -1 : 1),
  );

export const bySince = (findings: readonly Finding[]): readonly Finding[] =>
  [...findings].sort(
    (x, y) =>
      (x.since?.epochMs ?? Number.POSITIVE_INFINITY) - (y.since?.epochMs ?? Number.POSITIVE_INFINITY) ||
      (x.id < y.id ? -1 : 1),
  );

/** How long the fault lay before the first symptom. */
export function dormancy(b: Brief): readonly Statement[] {
  const { from, laid } = courseOf(b);
  const trigger = b.findings.find((f) => f.role === "trigger" && f.since === laid);
  const first = bySince(b.findings.filter(b.isSymptom))[0];
  if (!from || !laid || !trigger || !first || from.epochMs <= laid.epochMs) return [];
  const [a, c] = [headline(trigger).evidence[0], headline(first).evidence[0]];
  if (!a || !c) return [];
  return [
    say`The fault lay for ${lapse(from.epochMs - laid.epochMs, a, c)} before the first symptom, from ${time(laid, a)} to ${time(from, c)} ${citing(a)}`,
  ];
}

/** One sentence once. */
function distinct(statements: readonly Statement[]): Statement[] {
  return [...new Map(statements.map((s) => [JSON.stringify(s.parts), s])).values()];
}
