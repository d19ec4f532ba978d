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

function noteMasked(masked: Review, review: Review, keyIds: ReadonlySet<string>): Review {
  const counts = new Map<string, Map<string, number>>();
  for (const { bundle, member, excerpt } of Object.values(review.evidence)) {
    let n = 0;
    mask(excerpt, keyIds, () => {
      n += 1;
    });
    if (n === 0) continue;
    const members = counts.get(bundle) ?? new Map<string, number>();
    members.set(member, (members.get(member) ?? 0) + n);
    counts.set(bundle, members);
  }
  if (counts.size === 0) return masked;
  const custody = masked.custody.map((entry, i) => {
    const own = counts.get(review.custody[i]?.sha256 ?? "") ?? counts.get(review.custody[i]?.id ?? "") ?? new Map();
    const issues = [...own].map(([member, n]: [string, number]) => ({
      code: "W_SECRET",
      member: mask(member, keyIds),
      message: `${n} value${n === 1 ? "" : "s"} that look${n === 1 ? "s" : ""} like a secret masked on printing; the bundle itself still holds ${n === 1 ? "it" : "them"}`,
    }));
    return { ...entry, issues: [...entry.issues, ...issues] };
  });
  return { ...masked, custody };
}
