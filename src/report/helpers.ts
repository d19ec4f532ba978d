import type { Review, ReviewStatement } from "#model/review.js";
import { jsonText } from "./json.js";
import { codeSpan, fence, lineStart, type Place, prose } from "./markdown-text.js";
import { formatDated, formatTime, type ReportZone, readTime } from "./report-zone.js";
import { cellSentence, citation, paragraph } from "./sentence.js";
import { rowTime, type TimelineRow } from "./timeline.js";

type Command = Review["resolution"]["verification"][number];

/** What a template may show as text: a plain string or number, or sentences with their sources. */
type Shown = string | number | null | ReviewStatement | readonly ReviewStatement[];

/** The only ways from the review into Markdown: a template has no bare value. Each returns Markdown that is inert wherever it says. */
export interface Helpers {
  /** A paragraph, or the text of a heading or list item. */
  readonly text: (shown: Shown) => string;
  /** The inside of a table cell, one line, without a final full stop. */
  readonly cell: (shown: Shown) => string;
  /** A code span in a paragraph, and in a table cell. */
  readonly code: (text: string) => string;
  readonly cellCode: (text: string) => string;
  /** A fenced block. */
  readonly verbatim: (text: string) => string;
  /** A fenced block of commands with what each should print. */
  readonly commands: (commands: readonly Command[]) => string;
  /** A time of the review in its zone; a dash where there is none. */
  readonly time: (utc: string | null) => string;
  /** The same with its date in any case. */
  readonly dated: (utc: string) => string;
  /** The time of a row of the timeline. */
  readonly clock: (row: TimelineRow) => string;
  /** ` [E1, E2]`. */
  readonly cite: (ids: readonly string[]) => string;
  /** A scalar of the front matter; a dash for what could be taken for markup there. */
  readonly yaml: (text: string) => string;
}

/** The helpers for one review. */
export function helpersFor(zone: ReportZone): Helpers {
  return {
    text: (shown) => lineStart(inText(shown, zone)),
    cell: (shown) => inCell(shown, zone),
    code: (text) => codeSpan(text),
    cellCode: (text) => codeSpan(text, "cell"),
    verbatim: (text) => fence(text, "text"),
    commands: (commands) => fence(commands.map(commandText).join("\n\n"), "sh"),
    time: (utc) => (utc === null ? "—" : shownTime(utc, zone, formatTime)),
    dated: (utc) => shownTime(utc, zone, formatDated),
    clock: (row) => prose(rowTime(row, zone), "cell"),
    cite: citation,
    yaml: yamlScalar,
  };
}

/** Nothing between two marks of emphasis would be a rule across the page. */
const isBlank = (shown: Shown): boolean => typeof shown === "string" && shown.trim() === "";

function inText(shown: Shown, zone: ReportZone): string {
  if (shown === null || isBlank(shown)) return "—";
  if (typeof shown !== "object") return prose(String(shown));
  return paragraph("parts" in shown ? [shown] : shown, zone);
}

function inCell(shown: Shown, zone: ReportZone): string {
  if (shown === null || isBlank(shown)) return "—";
  const place: Place = "cell";
  if (typeof shown !== "object") return prose(String(shown), place);
  const statements = "parts" in shown ? [shown] : shown;
  return statements.map((statement) => cellSentence(statement, zone)).join("; ");
}

/** A time that cannot be read is shown as it is. */
function shownTime(utc: string, zone: ReportZone, format: typeof formatTime): string {
  const at = readTime(utc);
  return at === null ? codeSpan(utc, "cell") : format(at, zone);
}

function commandText(command: Command): string {
  const expected = command.expect === null ? [] : command.expect.split("\n").map((line) => `# → ${line}`);
  return [command.run, ...expected].join("\n");
}

const PLAIN_SCALAR = /^[a-z][a-z0-9-]*$/;
const YAML_KEYWORD = /^(?:true|false|null|yes|no|on|off|y|n)$/;

/** Where front matter is shown as text, no quotes hold what stands between them. */
const INERT = /^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/;

function yamlScalar(text: string): string {
  if (!INERT.test(text)) return '"-"';
  return PLAIN_SCALAR.test(text) && !YAML_KEYWORD.test(text) ? text : jsonText(text);
}
