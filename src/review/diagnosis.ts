import type { Finding } from "#model/finding.js";
import type { Draft } from "#model/review.js";
import { type Statement, say } from "#model/statement.js";
import { type Brief, distinctEvidence, headline, hedgedHeadline, phrase } from "./inquest.js";
import { placesOf } from "./place.js";

type Step = NonNullable<Draft["resolution"]["diagnosis"]>[number];

/**
 * The way by which the evidence itself leads from what failed to what caused it, in the order of the chains: where each step was looked up, and
 * what stood there; then what ruled the rivals out. What people did is not in a bundle, and nothing here says it.
 */
export function tellDiagnosis(b: Brief): Step[] {
  const told = [...new Set(b.chains.flat())].map(b.finding).map(stepOf);
  const ruledOut = rivals(b);
  return ruledOut ? [...told, ruledOut] : told;
}

const stepOf = (finding: Finding): Step => ({
  finding: finding.id,
  looked: placesOf(headline(finding).evidence),
  statements: [hedgedHeadline(finding)],
});

/** All rivals in one sentence: each has its own, with its evidence, in their table. */
function rivals(b: Brief): Step | null {
  // Ruled out of one finding, a rival may be open of another, or the cause of a third: then it is not ruled out as such.
  const live = new Set([
    ...b.findings.map((f) => f.rule),
    ...b.hypotheses.flatMap((h) => (h.status === "open" ? [h.mechanism] : [])),
  ]);
  const refuted = b.hypotheses.filter((h) => h.status === "refuted" && !live.has(h.mechanism));
  const [first, ...rest] = distinctEvidence(refuted.flatMap((h) => h.statements.flatMap((s) => s.evidence)));
  if (!first) return null;
  const names = [...new Set(refuted.map((h) => b.rule(h.mechanism).label ?? h.title))];
  const statement: Statement = say`Looked at as well, and ruled out: ${phrase(names.join("; "), first, ...rest)}`;
  return { finding: null, looked: placesOf([first, ...rest]), statements: [statement] };
}
