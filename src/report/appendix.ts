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
    manifest: MANIFEST[entry.manifest],
    sha256: entry.sha256.slice(0, SHOWN_HEX),
  }));
  return { rows, issues: rows.flatMap((row) => row.issues.map((issue) => ({ ...issue, name: row.name }))) };
}

function bundleName(bundle: string, review: Review): string {
  const at = review.custody.findIndex((entry) => entry.sha256 === bundle || entry.id === bundle);
  return at < 0 ? "—" : `B${at + 1}`;
}
