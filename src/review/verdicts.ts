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
