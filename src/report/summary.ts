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
  /** Columns of the terminal; null where there is none, or it does not say. */
  readonly width: number | null;
  /** Paths of what was written. */
  readonly files: readonly string[];
}

type Style = "bold" | "red" | "green" | "yellow" | "dim";

/** How it is printed: in which colours, in how many columns. */
interface Paper {
  readonly paint: (style: Style, text: string) => string;
  readonly width: number;
}

const CODES: Readonly<Record<Style, number>> = { bold: 1, red: 31, green: 32, yellow: 33, dim: 2 };
/** Columns where the terminal says nothing; and bounds: longer lines are hard to read, shorter ones hold no path. */
const WIDTH = 80;
const WIDEST = 100;
const NARROWEST = 48;
/** Lines of one entry: what does not fit stands in the review. */
const LINES = 3;
const LABEL = 9;
const CHAINS = 3;
const FORECASTS = 2;
const UNKNOWNS = 3;
const FILES = 4;

/**
 * What a tired person needs first, on one screen: what failed, since when, the root and how sure that is, what is not known, what will
 * happen next, where the files are. An entry takes at most three lines of the terminal's width, and none has a control character; only the
 * path of a file is never broken, so that it can be copied.
 */
export function renderSummary(review: Review, options: SummaryOptions): string {
  const zone = reportZone(review, options.zone);
  const paper: Paper = {
    paint: (style, text) => (options.colour ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text),
    width: Math.max(NARROWEST, Math.min(WIDEST, options.width || WIDTH)),
  };
  const lines = [
    ...wrap(review.title, paper.width).map((line) => paper.paint("bold", line)),
    ...field(
      "Status",
      `${review.status}${severity(review)}${review.statusReason === undefined ? "" : `: ${review.statusReason}`}`,
      paper,
      review.status === "Ongoing" ? "red" : "bold",
    ),
    ...field("When", durationLine(review, zone), paper),
    ...field("Times", zoneHeading(zone), paper),
    ...chainLines(review, zone, paper),
    ...forecastLines(review, zone, paper),
    ...unknownLines(review, paper),
    ...options.files.slice(0, FILES).map((file) => `${paper.paint("dim", labelled("Files"))}${visibleLine(file)}`),
    ...more(options.files.length - FILES, "entry"),
  ];
  return `${lines.join("\n")}\n`;
}

const severity = (review: Review): string =>
  review.severity.proposed === "None" ? "" : `, severity ${review.severity.proposed} proposed`;

/** The first chain, then each that ends in another root; the rest are the same story from another side, and only counted. */
function chainLines(review: Review, zone: ReportZone, paper: Paper): readonly string[] {
  const roots = new Set<string>();
  const own = review.chains.filter((chain, i) => {
    const root = chain.steps.at(-1) ?? "";
    const isOwn = i === 0 || !roots.has(root);
    roots.add(root);
    return isOwn;
  });
  // Two roots of one failure stand below it, which is told once.
  const isAgain = (i: number): boolean => i > 0 && own[i - 1]?.steps[0] === own[i]?.steps[0];
  const shown = own.slice(0, CHAINS).flatMap((chain, i) => chainLine(chain, isAgain(i), review, zone, paper));
  return [...shown, ...more(review.chains.length - Math.min(own.length, CHAINS), "chain")];
}

function chainLine(
  chain: Review["chains"][number],
  isAgain: boolean,
  review: Review,
  zone: ReportZone,
  paper: Paper,
): readonly string[] {
  const first = review.findings.find((finding) => finding.id === chain.steps[0]);
  const root = review.findings.find((finding) => finding.id === chain.steps.at(-1));
  const cause = root === undefined ? null : `(${root.confidence}) ${named(root, zone)}`;
  const rootLine = field("Root", cause, paper, "yellow");
  // A chain of one condition has caused nothing yet: there is nothing that failed, and it may be what is left of a fault that has.
  const isLeft = review.chains[0] !== chain && root?.endedBy === null && root.unlooked === undefined;
  if (root !== undefined && root === first && !isEffect(root)) {
    return isLeft ? field("Still", cause, paper, "yellow") : rootLine;
  }
  const what = `${sureness(first)}${headline(first?.statements, zone) ?? chain.title}`;
  const failed = isAgain ? [] : field("Failed", what, paper);
  if (root === undefined || !isEffect(root)) return root === first ? failed : [...failed, ...rootLine];
  const undecided = undecidedOf(root, review);
  if (root === first) return [...failed, ...field("Cause", undecided, paper, "yellow")];
  const end = `(cause ${undecided}) ${sureness(root)}${headline(root.statements, zone) ?? root.title}`;
  return [...failed, ...field("Ends at", end, paper, "yellow")];
}

type Finding = Review["findings"][number];

/** What failed is observed as a rule; where it is not, that comes first. */
const sureness = (finding: Finding | undefined): string =>
  finding?.confidence === "probable" || finding?.confidence === "possible" ? `(${finding.confidence}) ` : "";

/** The mechanism before the sentence: what was found must not stand behind three lines of where. */
function named({ label, title, statements }: Finding, zone: ReportZone): string {
  const said = headline(statements, zone);
  return said === null ? (label ?? title) : label === undefined ? said : `${label}: ${said}`;
}

/** What failed or was felt is no cause: where a chain ends in it, nothing that was found explains it. */
const isEffect = (finding: Finding): boolean => finding.role === "symptom" || finding.role === "impact";

function undecidedOf(finding: Finding, review: Review): string {
  const open = review.hypotheses.filter((h) => h.status === "open" && h.of.includes(finding.id)).length;
  return open === 0 ? "undecided" : `undecided, ${open} explanation${open === 1 ? "" : "s"} open`;
}

function forecastLines(review: Review, zone: ReportZone, paper: Paper): readonly string[] {
  const shown = review.forecasts.slice(0, FORECASTS).flatMap((forecast) => {
    const what = (forecast.at === null ? headline(forecast.statements, zone) : null) ?? forecast.title;
    const text = `${whenOf(forecast, zone)}, ${forecast.node} (${forecast.confidence}): ${what}`;
    return [...field("Next", text, paper, "red"), ...field("Unless", forecast.unless, paper)];
  });
  return [...shown, ...more(review.forecasts.length - FORECASTS, "forecast")];
}

function unknownLines(review: Review, paper: Paper): readonly string[] {
  const open = review.hypotheses.filter((h) => h.status === "open").map((h) => `still open: ${h.title}`);
  const gaps = gapRows(review).map((row) => `missing: ${placed(row)} — ${row.why}`);
  const warnings = unexplained(review);
  // Without a finding they are what there is to know; beside one they may be of anything.
  const first = review.findings.length === 0 ? warnings : [];
  const last = review.findings.length === 0 ? [] : warnings;
  return several("Unknown", [...first, ...new Set(open), ...gaps, ...last], UNKNOWNS, paper);
}

function unexplained({ warnings }: Review): readonly string[] {
  const n = warnings.unexplained.reduce((sum, w) => sum + w.count, warnings.more.unexplained.count);
  return n === 0 ? [] : [`${n} warning${n === 1 ? "" : "s"} that no rule explains`];
}

function several(name: string, texts: readonly string[], limit: number, paper: Paper): readonly string[] {
  return [...texts.slice(0, limit).flatMap((text) => field(name, text, paper)), ...more(texts.length - limit, "entry")];
}

function field(name: string, text: string | null, paper: Paper, style?: Style): readonly string[] {
  if (text === null) return [];
  return wrap(text, paper.width - LABEL).map((line, i) => {
    const begin = i === 0 ? paper.paint("dim", labelled(name)) : " ".repeat(LABEL);
    return `${begin}${style === undefined ? line : paper.paint(style, line)}`;
  });
}

const labelled = (name: string): string => `${name}:`.padEnd(LABEL);

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

/** Lines of at most `room` characters, broken between words; a word that is longer, behind a slash where one is near the end. */
function wrap(text: string, room: number): readonly string[] {
  const lines: string[] = [];
  let rest = visibleLine(text);
  while (rest.length > room && lines.length < LINES - 1) {
    const at = breakOf(rest, room);
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  return [...lines, rest.length <= room ? rest : `${cutAt(rest, room - 1)}…`];
}

function breakOf(text: string, room: number): number {
  const space = text.lastIndexOf(" ", room);
  const slash = text.lastIndexOf("/", room - 1) + 1;
  const least = room / 2;
  return space >= least ? space : slash >= least ? slash : cutAt(text, room).length;
}

/** Never between the halves of one character. */
const cutAt = (text: string, length: number): string => text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
