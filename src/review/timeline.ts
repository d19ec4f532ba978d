import { formatUtc } from "#model/instant.js";
import type { Draft } from "#model/review.js";
import type { Brief } from "./inquest.js";

/** Observations of all moments, each once, in order of time. */
export function tellTimeline(b: Brief): Draft["timeline"] {
  const rows = new Map<string, (typeof b.observations)[number]>();
  for (const row of b.observations) {
    const key = `${row.at.epochMs}\n${JSON.stringify(row.statement.parts)}`;
    if (!rows.has(key)) rows.set(key, row);
  }
  return [...rows.entries()]
    .sort(([k, x], [l, y]) => x.at.epochMs - y.at.epochMs || (k < l ? -1 : 1))
    .map(([, row]) => ({
      at: formatUtc(row.at),
      approximate: row.approximate,
      statement: row.statement,
      source: row.source,
    }));
}
