import type { ReviewStatement } from "#model/review.js";
import { codeSpan, joinInline, lineStart, type Place, prose } from "./markdown-text.js";
import { formatTime, prepositionOf, type ReportZone } from "./report-zone.js";

/** Sentences as one paragraph, each with its citation before its full stop. */
export const paragraph = (statements: readonly ReviewStatement[], zone: ReportZone): string =>
  lineStart(statements.map((statement) => sentence(statement, zone)).join(" "));

/** `Text [E1, E2].`, `Text *(known: source, version)*.` */
function sentence(statement: ReviewStatement, zone: ReportZone): string {
  const { body, stop } = split(parts(statement, zone, "line"));
  return `${body}${sourceOf(statement, "line")}${stop}`;
}

/** The same without a full stop, on the inside of a table cell. */
export function cellSentence(statement: ReviewStatement, zone: ReportZone): string {
  const { body, stop } = split(parts(statement, zone, "cell"));
  return `${body}${stop === "." ? "" : stop}${sourceOf(statement, "cell")}`;
}

/** ` [E1, E2]`, ` [E1, E4–E9]`: sorted, three or more in a row as a range. Empty without evidence. */
export function citation(ids: readonly string[]): string {
  const numbers = [...new Set(ids.map((id) => Number(id.slice(1))))].sort((a, b) => a - b);
  const runs: { readonly from: number; to: number }[] = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last.to === n - 1) last.to = n;
    else runs.push({ from: n, to: n });
  }
  return runs.length === 0 ? "" : ` [${runs.map(shownRun).join(", ")}]`;
}

function shownRun({ from, to }: { readonly from: number; readonly to: number }): string {
  if (from === to) return `E${from}`;
  return to === from + 1 ? `E${from}, E${to}` : `E${from}–E${to}`;
}

const parts = (statement: ReviewStatement, zone: ReportZone, place: Place): string =>
  joinInline(inWords(statement.parts, zone).map((part) => shownPart(part, place))).trim();

/** A part whose time is told. */
interface Told {
  readonly kind: Part["kind"];
  readonly text: string;
}

type Part = ReviewStatement["parts"][number];

/** Parts with their times as the review tells them. A rule writes "at" before any time; what a date takes is "on", and a month "in". */
export function inWords(parts: readonly Part[], zone: ReportZone): readonly Told[] {
  return parts.map((part, i) => {
    if (part.kind === "time") return { kind: part.kind, text: formatTime(part, zone) };
    const next = parts[i + 1];
    if (part.kind !== "text" || next?.kind !== "time") return part;
    const preposition = prepositionOf(next, zone);
    const text = part.text.replace(/(?<![\w-])(?:at|on|in) $/, `${preposition} `);
    return { kind: part.kind, text };
  });
}

function shownPart(part: Told, place: Place): string {
  switch (part.kind) {
    case "code":
      return codeSpan(part.text, place);
    case "time":
      return part.text;
    case "text":
    case "word":
      return prose(part.text, place);
  }
}

/** The mark that ends the sentence stands behind the citation. */
function split(text: string): { readonly body: string; readonly stop: string } {
  const last = text.at(-1) ?? "";
  if (last === "." || last === "?" || last === "!") return { body: text.slice(0, -1), stop: last };
  return { body: text, stop: "." };
}

function sourceOf(statement: ReviewStatement, place: Place): string {
  const cited = citation(statement.evidence);
  switch (statement.source.kind) {
    case "evidence":
      return cited;
    case "known": {
      const { source, version } = statement.source.reference;
      return `${cited} *(known: ${prose(version === "" ? source : `${source}, ${version}`, place)})*`;
    }
    case "told":
      return `${cited} *(told by ${prose(statement.source.by, place)})*`;
  }
}
