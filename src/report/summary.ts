import type { Review, ReviewStatement } from "#model/review.js";
import { whenOf } from "./forecast.js";
import { gapRows, placed } from "./gaps.js";
import { durationLine } from "./head.js";
import { type ReportZone, reportZone, zoneHeading } from "./report-zone.js";
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

/** The first chain, then each that ends in another root; the rest are the same story from another side, and only counted. */
function chainLines(review: Review, zone: ReportZone, paint: Paint): readonly string[] {
  const roots = new Set<string>();
  const own = review.chains.filter((chain, i) => {
    const root = chain.steps.at(-1) ?? "";
    const isOwn = i === 0 || !roots.has(root);
    roots.add(root);
    return isOwn;
  });
  const shown = own.slice(0, CHAINS).flatMap((chain) => chainLine(chain, review, zone, paint));
  return [...shown, ...more(review.chains.length - Math.min(own.length, CHAINS), "chain")];
}

function chainLine(chain: Review["chains"][number], review: Review, zone: ReportZone, paint: Paint): readonly string[] {
  const first = review.findings.find((finding) => finding.id === chain.steps[0]);
  const root = review.findings.find((finding) => finding.id === chain.steps.at(-1));
  const cause = root === undefined ? null : `(${root.confidence}) ${headline(root.statements, zone) ?? root.title}`;
  const rootLine = field("Root", cause, paint, "yellow");
  // A chain of one condition has caused nothing yet: there is nothing that failed, and it may be what is left of a fault that has.
  const isLeft = review.chains[0] !== chain && root?.endedBy === null;
  if (root !== undefined && root === first && !isEffect(root)) {
    return isLeft ? field("Still", cause, paint, "yellow") : rootLine;
  }
  const failed = field("Failed", headline(first?.statements, zone) ?? chain.title, paint);
  if (root === undefined || !isEffect(root)) return root === first ? failed : [...failed, ...rootLine];
  const undecided = undecidedOf(root, review);
  if (root === first) return [...failed, ...field("Cause", undecided, paint, "yellow")];
  const end = `(cause ${undecided}) ${headline(root.statements, zone) ?? root.title}`;
  return [...failed, ...field("Ends at", end, paint, "yellow")];
}

type Finding = Review["findings"][number];

/** What failed or was felt is no cause: where a chain ends in it, nothing that was found explains it. */
const isEffect = (finding: Finding): boolean => finding.role === "symptom" || finding.role === "impact";

function undecidedOf(finding: Finding, review: Review): string {
  const open = review.hypotheses.filter((h) => h.status === "open" && h.of.includes(finding.id)).length;
  return open === 0 ? "undecided" : `undecided, ${open} explanation${open === 1 ? "" : "s"} open`;
}

function forecastLines(review: Review, zone: ReportZone, paint: Paint): readonly string[] {
  const shown = review.forecasts.slice(0, FORECASTS).flatMap((forecast) => {
    const what = (forecast.at === null ? headline(forecast.statements, zone) : null) ?? forecast.title;
    const text = `${whenOf(forecast, zone)}, ${forecast.node} (${forecast.confidence}): ${what}`;
    return [...field("Next", text, paint, "red"), ...field("Unless", forecast.unless, paint)];
  });
  return [...shown, ...more(review.forecasts.length - FORECASTS, "forecast")];
}

function unknownLines(review: Review, paint: Paint): readonly string[] {
  const open = review.hypotheses.filter((h) => h.status === "open").map((h) => `still open: ${h.title}`);
  const gaps = gapRows(review).map((row) => `missing: ${placed(row)} — ${row.why}`);
  return several("Unknown", [...new Set(open), ...gaps], UNKNOWNS, paint);
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
