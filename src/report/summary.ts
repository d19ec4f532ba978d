import type { Review, ReviewStatement } from "#model/review.js";
import { durationLine } from "./head.js";
import { formatDated, type ReportZone, readTime, reportZone, zoneHeading } from "./report-zone.js";
import { inWords } from "./sentence.js";
import { visibleLine } from "./visible.js";

export interface SummaryOptions {
  /** IANA name. */
  readonly zone: string;
  /** ANSI colours; the words are the same without. */
  readonly colour: boolean;
  /** Paths of what was written. */
  readonly files: readonly string[];
}

type Style = "bold" | "red" | "green" | "yellow" | "dim";
type Paint = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, number>> = { bold: 1, red: 31, green: 32, yellow: 33, dim: 2 };
const WIDTH = 160;
const CHAINS = 3;
const FORECASTS = 2;
const UNKNOWNS = 3;
const FILES = 4;

/**
 * What a tired person needs first, in at most 25 lines for a terminal: what failed, since when, the root and how sure that is, what is
 * not known, what will happen next, where the files are. Every line is cut to 160 characters and free of control characters.
 */
export function renderSummary(review: Review, options: SummaryOptions): string {
  const zone = reportZone(review, options.zone);
  const paint: Paint = (style, text) => (options.colour ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
  const lines = [
    paint("bold", fit(review.title, 0)),
    ...field("Status", `${review.status}${severity(review)}`, paint, review.status === "Ongoing" ? "red" : "bold"),
    ...field("When", durationLine(review, zone), paint),
    ...field("Times", zoneHeading(zone), paint),
    ...chainLines(review, zone, paint),
    ...forecastLines(review, zone, paint),
    ...unknownLines(review, paint),
    ...several("Files", options.files, FILES, paint),
  ];
  return `${lines.join("\n")}\n`;
}

const severity = (review: Review): string =>
  review.severity.proposed === "None" ? "" : `, severity ${review.severity.proposed} proposed`;

function chainLines(review: Review, zone: ReportZone, paint: Paint): readonly string[] {
  const told = new Set<string>();
  const shown = review.chains.slice(0, CHAINS).flatMap((chain) => {
    const first = review.findings.find((finding) => finding.id === chain.steps[0]);
    const root = review.findings.find((finding) => finding.id === chain.steps.at(-1));
    const failed = headline(first?.statements, zone) ?? chain.title;
    if (root === undefined || root === first || told.has(root.id)) return field("Failed", failed, paint);
    told.add(root.id);
    const cause = headline(root.statements, zone) ?? root.title;
    return [...field("Failed", failed, paint), ...field("Root", `(${root.confidence}) ${cause}`, paint, "yellow")];
  });
  return [...shown, ...more(review.chains.length - CHAINS, "chain")];
}

function forecastLines(review: Review, zone: ReportZone, paint: Paint): readonly string[] {
  const shown = review.forecasts.slice(0, FORECASTS).flatMap((forecast) => {
    const at = forecast.at === null ? null : readTime(forecast.at);
    const when = at === null ? `on ${forecast.on}` : formatDated(at, zone);
    const text = `${when}, ${forecast.node} (${forecast.confidence}): ${forecast.title}`;
    return [...field("Next", text, paint, "red"), ...field("Unless", forecast.unless, paint)];
  });
  return [...shown, ...more(review.forecasts.length - FORECASTS, "forecast")];
}

function unknownLines(review: Review, paint: Paint): readonly string[] {
  const open = review.hypotheses.filter((h) => h.status === "open").map((h) => `still open: ${h.title}`);
  const gaps = review.gaps.map((gap) => `not collected: ${gap.what}${gap.node === null ? "" : ` (${gap.node})`}`);
  return several("Unknown", [...open, ...gaps], UNKNOWNS, paint);
}

function several(name: string, texts: readonly string[], limit: number, paint: Paint): readonly string[] {
  return [...texts.slice(0, limit).flatMap((text) => field(name, text, paint)), ...more(texts.length - limit, "entry")];
}

function field(name: string, text: string | null, paint: Paint, style?: Style): readonly string[] {
  if (text === null) return [];
  const label = `${name}:`.padEnd(9);
  const shown = fit(text, label.length);
  return [`${paint("dim", label)}${style === undefined ? shown : paint(style, shown)}`];
}

const more = (n: number, noun: "chain" | "forecast" | "entry"): readonly string[] =>
  n <= 0
    ? []
    : [`${" ".repeat(9)}and ${n} more ${n === 1 ? noun : noun === "entry" ? "entries" : `${noun}s`}, see the review`];

function headline(statements: readonly ReviewStatement[] | undefined, zone: ReportZone): string | null {
  const first = statements?.[0];
  if (first === undefined) return null;
  return inWords(first.parts, zone)
    .map((part) => part.text)
    .join("");
}

function fit(text: string, used: number): string {
  const shown = visibleLine(text);
  const room = WIDTH - used;
  return shown.length <= room ? shown : `${shown.slice(0, room - 1)}…`;
}
