import type { Fact } from "#model/fact.js";
import type { Intake } from "#model/intake.js";

/** What must hold of whatever the parsers make of whatever input: facts are plain, finite and citable, and no parser failed. */
export function sound(intake: Intake): boolean {
  return (
    intake.facts.every(soundFact) &&
    intake.issues.every((issue) => issue.code !== "W_PARSER" && issue.message.length < 400) &&
    intake.coverage.every((entry) => entry.facts >= 0)
  );
}

function soundFact(fact: Fact): boolean {
  const { locator, excerpt } = fact.evidence;
  return (
    plain(fact.value) &&
    excerpt.length < 450 &&
    (locator.kind !== "lines" || (locator.from >= 1 && locator.to >= locator.from))
  );
}

function plain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  return typeof value === "object" && Object.values(value).every(plain);
}
