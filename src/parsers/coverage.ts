import type { Artifact, Coverage } from "#model/artifact.js";
import type { CoverageEntry, FactKind } from "#model/fact.js";
import type { Parser } from "#model/intake.js";

/** What became of an artifact's content: never handed to a parser, read whole, cut on the way, partly left out, or not to be read. */
export type Reading = "unread" | "whole" | "partial" | "unreadable";

/** Issues after which something may be missing that the artifact holds. */
const PARTIAL: ReadonlySet<string> = new Set(["W_LIMIT", "W_ITEM", "W_ROW"]);
const UNREADABLE: ReadonlySet<string> = new Set(["W_PARSER", "W_UNREADABLE", "W_TABLE"]);

/** What an issue does to a reading; a reading never gets better. */
export function worsened(reading: Reading, code: string): Reading {
  if (reading === "unreadable" || UNREADABLE.has(code)) return "unreadable";
  return PARTIAL.has(code) ? "partial" : reading;
}

/**
 * How far a kind of fact is known from an artifact. What the collector got whole but no parser could read whole is not complete: its
 * silence proves nothing.
 */
export function coverageOf(artifact: Artifact, reading: Reading): Coverage {
  if (artifact.coverage !== "complete" && artifact.coverage !== "truncated") return artifact.coverage;
  if (reading === "unreadable") return "lost";
  if (reading === "unread") return artifact.member === null ? artifact.coverage : "lost";
  return reading === "partial" ? "truncated" : artifact.coverage;
}

/** One entry for each kind that `parser` could yield from the artifact; the node is null for the cluster's part. */
export function coverageEntries(
  artifact: Artifact,
  parser: Parser,
  reading: Reading,
  found: (kind: FactKind) => number,
): readonly CoverageEntry[] {
  const coverage = coverageOf(artifact, reading);
  return parser.kinds.map((kind) => ({ kind, node: artifact.node, artifact, coverage, facts: found(kind) }));
}
