import type { CausalLink, Confidence } from "#model/finding.js";
import type { Rule } from "#model/rule.js";

const SCALE: readonly Confidence[] = ["observed", "established", "probable", "possible"];

/**
 * The one rubric. observed: a symptom or impact that stands in an artifact. established: inferred, no premise unverified.
 * probable: one premise unverified. possible: more than one.
 */
export function confidenceOf(kind: Rule["kind"] | "forecast", unverified: readonly string[]): Confidence {
  if (unverified.length > 1) return "possible";
  if (unverified.length === 1) return "probable";
  return kind === "symptom" || kind === "impact" ? "observed" : "established";
}

/** The weaker of two. */
export const weaker = (a: Confidence, b: Confidence): Confidence => (SCALE.indexOf(a) >= SCALE.indexOf(b) ? a : b);

/** A link is as certain as its cause, and probable at best where the order in time could not be verified. */
export const linkConfidence = (cause: Confidence, order: CausalLink["order"]): Confidence =>
  weaker(weaker(cause, "established"), order === "verified" ? "established" : "probable");
