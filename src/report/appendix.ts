import type { Review } from "#model/review.js";

const SHOWN_HEX = 12;

const MANIFEST = {
  verified: "hashes match the manifest",
  missing: "no manifest",
  mismatch: "hashes differ from the manifest",
} as const;

/** Evidence in the order of its numbers, with the short name of its bundle; excerpts of several lines apart, since a cell has one. */
export function evidenceOf(review: Review): object {
  const rows = Object.entries(review.evidence).map(([id, entry]) => ({
    ...entry,
    id,
    bundle: bundleName(entry.bundle, review),
    sha256: entry.sha256.slice(0, SHOWN_HEX),
    long: entry.excerpt.trim().includes("\n"),
  }));
  return { rows, long: rows.filter((row) => row.long) };
}

/** What reading found wrong with an archive as a whole, in words, worst first; issues that say the same stand once. */
const DAMAGE: readonly (readonly [RegExp, string])[] = [
  [/^W_(?:GZ_TRUNCATED|PARTIAL)$/, "archive cut short"],
  [/^W_NO_EOF$/, "archive without its end mark"],
  [/^W_MANIFEST_MISMATCH$/, "members differ from the manifest"],
  [/^W_(?:MANIFEST_MISSING|MISSING)$/, "members missing"],
  [/^W_(?:LIMIT|JSON|SINK)$/, "members not read in full"],
];

/**
 * `run complete; archive cut short`: what the collector says of its own run, and what became of the archive since. The first says nothing
 * of the second: a run may have ended well whose archive was cut on the way.
 */
function stateOf({ state, issues }: Review["custody"][number]): string {
  const damage = DAMAGE.filter(([code]) => issues.some((issue) => code.test(issue.code))).map(([, words]) => words);
  return [`run ${state}`, ...damage].join("; ");
}

const SUMS = { verified: "sum as in SHA256SUMS", mismatch: "sum differs from SHA256SUMS" };

/** Bundles as received, and what is wrong with them. */
export function custodyOf(review: Review, time: (utc: string) => string): object {
  const rows = review.custody.map((entry, i) => ({
    ...entry,
    name: `B${i + 1}`,
    moments: review.moments
      .filter((m) => m.bundles.includes(entry.id) || m.bundles.includes(entry.sha256))
      .map((m) => m.id)
      .join(", "),
    collected: [...new Set([time(entry.collectedFrom), time(entry.collectedTo)])].join(" – "),
    state: stateOf(entry),
    manifest: [MANIFEST[entry.manifest], ...(entry.sums ? [SUMS[entry.sums]] : [])].join("; "),
    sha256: entry.sha256.slice(0, SHOWN_HEX),
  }));
  const said = rows
    .filter((row) => row.case !== undefined || row.operator !== undefined)
    .map((row) => ({ name: row.name, case: row.case ?? null, operator: row.operator ?? null }));
  return { rows, said, issues: rows.flatMap((row) => row.issues.map((issue) => ({ ...issue, name: row.name }))) };
}

function bundleName(bundle: string, review: Review): string {
  const at = review.custody.findIndex((entry) => entry.sha256 === bundle || entry.id === bundle);
  return at < 0 ? "—" : `B${at + 1}`;
}
