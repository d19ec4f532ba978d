import { keyIdsIn, mask } from "#model/mask.js";
import type { Review, ReviewStatement } from "#model/review.js";
import { plainText, type Statement } from "#model/statement.js";

/**
 * The review without what looks like a secret in any of its texts, in Markdown, JSON and on the terminal alike. What was masked in an excerpt
 * is said of its member, as reading says it. A review that holds none comes back equal.
 */
export function maskReview(review: Review): Review {
  const keyIds = new Set<string>();
  eachText(review, (text) => {
    for (const id of keyIdsIn(text)) keyIds.add(id);
  });
  return noteMasked(walk(review, (text) => mask(text, keyIds)) as Review, review, keyIds);
}

function eachText(value: unknown, visit: (text: string) => void): void {
  if (typeof value === "string") visit(value);
  else if (typeof value === "object" && value !== null)
    for (const entry of Object.values(value)) eachText(entry, visit);
}

function walk(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((entry) => walk(entry, change));
  if (typeof value !== "object" || value === null) return value;
  const masked = Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, walk(entry, change)]));
  // Its text is made of its parts, each of them masked by itself: a name in our own words leads to no secret in the next part.
  return isStatement(value) ? { ...masked, text: plainText(masked as unknown as Statement) } : masked;
}

const isStatement = (value: object): value is ReviewStatement =>
  "text" in value && "parts" in value && "evidence" in value && "source" in value;

const holds = (n: number): string => `the bundle itself still holds ${n === 1 ? "it" : "them"}`;
/** Notes of one bundle: hostile input must not turn into a million of them. */
const NOTED = 50;

/** Masked excerpts are told with their member; what only a sentence showed, with the bundles that it cites. */
function noteMasked(masked: Review, review: Review, keyIds: ReadonlySet<string>): Review {
  const members = new Map<string, Map<string, number>>();
  for (const { bundle, member, excerpt } of Object.values(review.evidence)) {
    const n = maskedIn(excerpt, keyIds);
    if (n === 0) continue;
    const own = members.get(bundle) ?? new Map<string, number>();
    members.set(bundle, own.set(member, (own.get(member) ?? 0) + n));
  }
  const quoting = new Set<string>();
  eachStatement(review, ({ parts, evidence }) => {
    if (parts.some((part) => "text" in part && maskedIn(part.text, keyIds) > 0))
      for (const id of evidence) quoting.add(review.evidence[id]?.bundle ?? "");
  });
  if (members.size + quoting.size === 0) return masked;
  const custody = masked.custody.map((entry, i) => {
    const { id = "", sha256 = "" } = review.custody[i] ?? {};
    const own = [...(members.get(sha256) ?? members.get(id) ?? [])].slice(0, NOTED).map(([member, n]) => ({
      code: "W_SECRET",
      member: mask(member, keyIds),
      message: `${n} value${n === 1 ? " that looks" : "s that look"} like a secret masked on printing; ${holds(n)}`,
    }));
    const quoted = own.length === 0 && (quoting.has(sha256) || quoting.has(id));
    const message = `what looks like a secret, in a text quoted from here, masked on printing; ${holds(1)}`;
    return {
      ...entry,
      issues: [...entry.issues, ...own, ...(quoted ? [{ code: "W_SECRET", member: null, message }] : [])],
    };
  });
  return { ...masked, custody };
}

function maskedIn(text: string, keyIds: ReadonlySet<string>): number {
  let n = 0;
  mask(text, keyIds, () => {
    n += 1;
  });
  return n;
}

function eachStatement(value: unknown, visit: (statement: ReviewStatement) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (isStatement(value)) visit(value);
  else for (const entry of Object.values(value)) eachStatement(entry, visit);
}
