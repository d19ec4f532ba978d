import type { Slight } from "#model/finding.js";
import type { Rule } from "#model/rule.js";
import type { Statement } from "#model/statement.js";
import { type Brief, distinct } from "./inquest.js";

const isUndecided = (b: Brief, rule: Rule): boolean =>
  b.verdicts.some((v) => v.rule === rule && v.outcomes.some((o) => o.outcome === "undetermined"));

/** Mechanisms that were tested and excluded, with one sentence on each subject. */
export function excludedMechanisms(
  b: Brief,
): readonly { readonly name: string; readonly statements: readonly Statement[] }[] {
  return b.rules.flatMap((rule) => {
    const outcomes = b.verdicts.filter((v) => v.rule === rule).flatMap((v) => v.outcomes);
    const statements = outcomes.flatMap((o) => (o.outcome === "refuted" ? [o.statements[0]] : []));
    const clean =
      rule.kind === "mechanism" && outcomes.every((o) => o.outcome !== "found" && o.outcome !== "undetermined");
    return clean && statements.length > 0 ? [{ name: rule.label ?? rule.title, statements: distinct(statements) }] : [];
  });
}

/** Mechanisms that could not be decided on at least one subject. */
export const undecidedMechanisms = (b: Brief): readonly Rule[] =>
  b.rules.filter((rule) => rule.kind === "mechanism" && isUndecided(b, rule));

/** What of each symptom was seen, and was too short or too young to be one: once, as the last moment that saw it tells it. */
export function slightOutcomes(b: Brief): readonly { readonly rule: Rule; readonly outcome: Slight }[] {
  const seen = new Map<string, { readonly rule: Rule; readonly outcome: Slight }>();
  for (const { rule, outcomes } of b.verdicts)
    for (const outcome of outcomes)
      if (outcome.outcome === "slight") seen.set(`${rule.id}\n${outcome.subject}`, { rule, outcome });
  return [...seen.values()];
}

/** Symptoms of which the last moment does not say whether they are there. */
export const undecidedNow = (b: Brief): readonly Rule[] =>
  atLast(b).flatMap((v) =>
    v.rule.kind === "symptom" && v.outcomes.some((o) => o.outcome === "undetermined") ? [v.rule] : [],
  );

/** What holds at the last moment, and only a later one could say whether it passes. */
export const youngNow = (b: Brief): readonly { readonly rule: Rule; readonly outcome: Slight }[] =>
  atLast(b).flatMap(({ rule, outcomes }) =>
    outcomes.flatMap((outcome) => (outcome.outcome === "slight" && outcome.open ? [{ rule, outcome }] : [])),
  );

export const holdsYet = (b: Brief): boolean => youngNow(b).length > 0;

/** Is something of workloads alone told of the last moment? */
export const isApart = (b: Brief): boolean =>
  atLast(b).some((v) => v.outcomes.some((o) => o.outcome === "slight" && o.apart));

const atLast = (b: Brief): Brief["verdicts"] => b.verdicts.filter((v) => v.moment === b.moments.at(-1)?.id);
