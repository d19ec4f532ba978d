import type { ScenarioLine } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { derivedInteger } from "./seed.js";
import type { EpochUs } from "./time.js";

/** One line as it was written at its own time. */
export interface WrittenLine {
  readonly at: EpochUs | undefined;
  readonly text: string;
  readonly source: ScenarioLine;
}

/** More than this is a slip of the pen in `every`. */
const mostRepetitions = 200_000;

/**
 * All lines with their repetitions, in the scenario's order.
 * @param seed what the gaps of a range derive from; the moment is not part of it, so that two moments show the same past
 * @throws ScenarioError where a line repeats too often
 */
export function writtenLines(lines: readonly ScenarioLine[], seed: readonly string[]): readonly WrittenLine[] {
  return lines.flatMap((line) => repetitions(line, seed));
}

/** Lines in the order of their times; lines of one time, and those without, stay where they are. */
export function inOrderOfTime(lines: readonly WrittenLine[]): readonly WrittenLine[] {
  let last = Number.NEGATIVE_INFINITY;
  const placed = lines.map((line) => {
    if (line.at !== undefined) last = line.at;
    return { line, at: last };
  });
  return placed.sort((one, other) => (one.at === other.at ? 0 : one.at - other.at)).map(({ line }) => line);
}

function repetitions(line: ScenarioLine, seed: readonly string[]): readonly WrittenLine[] {
  const { at, every, until, text } = line;
  if (at === undefined || every === undefined) {
    return Array.from({ length: line.repeat ?? 1 }, () => ({ at, text, source: line }));
  }
  const most = line.repeat ?? Number.POSITIVE_INFINITY;
  const end = until ?? Number.POSITIVE_INFINITY;
  const written: WrittenLine[] = [];
  for (let time = at, nth = 0; nth < most && time <= end; nth++) {
    if (nth >= mostRepetitions) fail("value", line.place, `it repeats more than ${mostRepetitions} times`);
    written.push({ at: time, text: shiftStamp(text, time - at, at), source: line });
    // Whole milliseconds, so that a drawn gap has no more digits than a log would show.
    time += 1000 * derivedInteger(Math.ceil(every.least / 1000), Math.floor(every.most / 1000), ...seed, text, at, nth);
  }
  return written;
}

/** Moves a leading klog stamp or `time="…"` by as much as the line itself was moved; anything else is literal. */
function shiftStamp(text: string, by: number, base: EpochUs): string {
  if (by === 0) return text;
  const klog = /^([IWEF])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6})/.exec(text);
  if (klog !== null) {
    const [month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0] = klog.slice(2).map(Number);
    const year = new Date(base / 1000).getUTCFullYear();
    const moved = isoAt(Date.UTC(year, month - 1, day, hour, minute, second) * 1000 + micros + by, 6);
    return `${klog[1]}${moved.slice(5, 7)}${moved.slice(8, 10)} ${moved.slice(11)}${text.slice(klog[0].length)}`;
  }
  const logrus = /^time="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)"/.exec(text);
  if (logrus === null) return text;
  const digits = logrus[2] ?? "";
  const from = Date.parse(`${logrus[1]}Z`) * 1000 + Number(digits.padEnd(6, "0").slice(0, 6));
  return `time="${isoAt(from + by, digits.length)}${logrus[3]}"${text.slice(logrus[0].length)}`;
}

/** Local ISO time with as many digits of a second as the original had. */
function isoAt(us: EpochUs, digits: number): string {
  const seconds = new Date(Math.floor(us / 1e6) * 1000).toISOString().slice(0, 19);
  const fraction = String(us % 1e6)
    .padStart(6, "0")
    .padEnd(digits, "0")
    .slice(0, digits);
  return digits === 0 ? seconds : `${seconds}.${fraction}`;
}
