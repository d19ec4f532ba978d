import type { Review, ReviewStatement } from "#model/review.js";

type Finding = Review["findings"][number];
type Chain = Review["chains"][number];
type Hypothesis = Review["hypotheses"][number];
type Missing = Hypothesis["missing"][number];

/** A chain as it is told: numbered, each step with the certainty of its finding. */
export interface ToldChain {
  readonly number: number;
  readonly title: string;
  readonly steps: readonly ToldStep[];
  readonly continues: { readonly number: number; readonly title: string; readonly step: number } | null;
  /** Empty where the chain goes on in another: it stops where that one does. */
  readonly stop: string;
}

export interface ToldStep {
  readonly question: string;
  readonly statements: readonly ReviewStatement[];
  /** Null where the answer is not a finding's. */
  readonly confidence: Finding["confidence"] | null;
  readonly unverified: string;
}

/** Chains in the order of the review, counted from 1. */
export const chainsOf = (review: Review): readonly ToldChain[] =>
  review.chains.map((chain, i) => ({
    number: i + 1,
    title: chain.title,
    steps: chain.answers.map((answer) => stepOf(answer, review)),
    continues: continuation(chain, review),
    stop: chain.continuesIn === null ? chain.stop : "",
  }));

function stepOf(answer: Chain["answers"][number], review: Review): ToldStep {
  const finding = review.findings.find((f) => f.id === answer.finding);
  return {
    question: answer.question,
    statements: answer.statements,
    confidence: finding?.confidence ?? null,
    unverified: finding?.unverified.join("; ") ?? "",
  };
}

function continuation(chain: Chain, review: Review): ToldChain["continues"] {
  const next = chain.continuesIn;
  if (next === null) return null;
  const at = review.chains.findIndex((other) => other.id === next.chain);
  const other = review.chains[at];
  if (other === undefined) return null;
  const shared = chain.steps[next.fromStep];
  const step = other.answers.findIndex((answer) => answer.finding === shared);
  return { number: at + 1, title: other.title, step: Math.max(step, 0) + 1 };
}

/** A finding told in one line, outside the chains. */
export type UntoldFinding = Finding & { readonly premises: string };

/** Findings that no chain tells: impacts on workloads, and conditions beside the chains. */
export function untoldFindings(review: Review): {
  readonly impacts: readonly UntoldFinding[];
  readonly others: readonly UntoldFinding[];
} {
  const told = new Set(review.chains.flatMap((chain) => [...chain.steps, ...chain.answers.map((a) => a.finding)]));
  const untold = review.findings
    .filter((finding) => !told.has(finding.id))
    .map((finding) => ({ ...finding, premises: finding.unverified.join("; ") }));
  return {
    impacts: untold.filter((finding) => finding.role === "impact"),
    others: untold.filter((finding) => finding.role !== "impact"),
  };
}

/** Where a finding is told: `chain 1 step 2`, else its title. */
export function placeOf(id: string, review: Review): string {
  for (const [i, chain] of review.chains.entries()) {
    const step = chain.answers.findIndex((answer) => answer.finding === id);
    if (step >= 0) return `chain ${i + 1} step ${step + 1}`;
  }
  return review.findings.find((finding) => finding.id === id)?.title ?? id;
}

/** The title of a mechanism where the review has one, else its id. */
export function titleOf(mechanism: string, review: Review): string {
  const named = [...review.findings, ...review.hypotheses].find((entry) => entry.mechanism === mechanism);
  return named?.title ?? mechanism;
}

/** A rival explanation as a row of the table. */
export interface Rival {
  readonly title: string;
  readonly status: Hypothesis["status"];
  readonly statements: readonly ReviewStatement[];
  readonly missing: readonly RivalMissing[];
}

interface RivalMissing {
  readonly what: string;
  readonly why: string;
  /** Number in the table of gaps; null where it is not there, and then the command stands here. */
  readonly gap: number | null;
  readonly command: string;
}

/** Rivals, those still open first: they are what a reader must know. */
export function rivalsOf(review: Review): readonly Rival[] {
  const rivals = review.hypotheses.map((hypothesis) => ({
    title: hypothesis.title,
    status: hypothesis.status,
    statements: hypothesis.statements,
    missing: hypothesis.missing.map((missing) => rivalMissing(missing, review)),
  }));
  return [...rivals.filter((r) => r.status === "open"), ...rivals.filter((r) => r.status === "refuted")];
}

function rivalMissing(missing: Missing, review: Review): RivalMissing {
  const at = review.gaps.findIndex((gap) => gap.node === missing.node && gap.what === missing.what);
  const on = missing.node === null ? "" : ` on ${missing.node}`;
  return {
    what: missing.what.endsWith(on) ? missing.what : `${missing.what}${on}`,
    why: missing.why,
    gap: at < 0 ? null : at + 1,
    command: missing.command,
  };
}
