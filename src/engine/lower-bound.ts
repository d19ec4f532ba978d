import type { Coverage } from "#model/artifact.js";
import { type Evidence, memberKey } from "#model/evidence.js";
import type { CoverageEntry } from "#model/fact.js";
import { asLeast, type Part, type Statement } from "#model/statement.js";

/** Says "at least" wherever a sentence counts what a list or log held that was not had in full, and marks what is cited from such a one. */
export type Settle = <T>(value: T) => T;

/** What is there of these is true; what is not there may exist. */
const PARTIAL: ReadonlySet<Coverage> = new Set(["truncated", "failed", "lost", "denied"]);

/**
 * The one place where a count becomes a lower bound: rules count what they see and need not ask whether it was all. `coverage` is that of
 * all bundles, as it stands after reading.
 */
export function lowerBounds(coverage: readonly CoverageEntry[]): Settle {
  const cut = cutMembers(coverage);
  return (value) => settle(value, cut) as typeof value;
}

function cutMembers(coverage: readonly CoverageEntry[]): ReadonlySet<string> {
  const partial = coverage.filter((entry) => PARTIAL.has(entry.coverage));
  // Two API groups list the same events: where one list is cut, what the other counts is less than all, too.
  const events = new Set(partial.filter((entry) => entry.kind === "kube.event").map((entry) => entry.artifact.bundle));
  const beside = coverage.filter((entry) => entry.kind === "kube.event" && events.has(entry.artifact.bundle));
  return new Set([...partial, ...beside].map((entry) => memberKey(entry.artifact)));
}

/** Plain data in, plain data out: nothing that a rule concludes holds anything else. */
function settle(value: unknown, cut: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((entry) => settle(entry, cut));
  if (typeof value !== "object" || value === null) return value;
  if (isEvidence(value)) return cut.has(memberKey(value)) ? { ...value, cut: true } : value;
  if ("counted" in value) return settlePart(value as CountedPart, cut);
  const settled = Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, settle(entry, cut)]));
  return isStatement(settled) ? begun(settled) : settled;
}

const isStatement = (value: object): value is Statement => "parts" in value && "source" in value;

/** `27 pods at …` may begin a sentence, `at least 27 pods` not. */
function begun(statement: Statement): Statement {
  const [first, ...rest] = statement.parts;
  return first?.kind === "word" && first.text.startsWith("at least ")
    ? { ...statement, parts: [{ ...first, text: `At${first.text.slice(2)}` }, ...rest] }
    : statement;
}

const isEvidence = (value: object): value is Evidence => "locator" in value && "excerpt" in value;

type CountedPart = Part & { readonly counted: readonly string[] };

function settlePart({ counted, ...part }: CountedPart, cut: ReadonlySet<string>): Part {
  return counted.some((key) => cut.has(key)) && part.kind !== "time" ? { ...part, text: asLeast(part.text) } : part;
}
