import { isMap, type Json, type JsonMap, numberAt, textAt } from "./json.js";
import { checkKeys, show, withoutMarks } from "./key.js";
import type { ArtifactKind, ScenarioLine } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { type EpochUs, parseDuration, parseTime } from "./time.js";

const lineKeys = ["t", "m", "repeat", "every", "until", "ext", "syn", "approx", "form", "note"];
const podlogKeys = ["pod", "container"];

/**
 * Reads and checks one line; an `ls` may also write `NAME: absent` as a map.
 * @throws ScenarioError on anything that the format does not allow
 */
export function parseLine(value: Json, kind: ArtifactKind, place: string): ScenarioLine {
  const map = typeof value === "string" ? { m: value } : value;
  if (!isMap(map)) return fail("value", place, `${show(value)} must be a map with m`);
  const said = withoutMarks(map);
  const absent = kind === "ls" ? absentName(said) : undefined;
  if (absent === undefined) checkKeys(said, kind === "podlog" ? [...lineKeys, ...podlogKeys] : lineKeys, place);
  const text = absent ?? lineText(said["m"], place);
  const line = {
    place,
    ext: map["ext"] === true,
    text,
    at: timeAt(said, "t", place),
    repeat: parseRepeat(said, place),
    every: parseEvery(said["every"], place),
    until: timeAt(said, "until", place),
    pod: textAt(said, "pod"),
    container: textAt(said, "container"),
  };
  checkRepetition(line, kind);
  return line;
}

function absentName(said: JsonMap): string | undefined {
  const [name, ...more] = Object.keys(said);
  return name !== undefined && more.length === 0 && said[name] === "absent" && name !== "m"
    ? `${name}: absent`
    : undefined;
}

function lineText(value: Json | undefined, place: string): string {
  return typeof value === "string" ? value : fail("value", place, `m is ${show(value)}; allowed is the literal text`);
}

function timeAt(said: JsonMap, key: string, place: string): EpochUs | undefined {
  const value = said[key];
  if (value === undefined) return undefined;
  return (
    parseTime(value) ?? fail("value", place, `${key} is ${show(value)}; allowed is UTC such as 2026-05-23T02:01:31Z`)
  );
}

function parseRepeat(said: JsonMap, place: string): number | undefined {
  const repeat = numberAt(said, "repeat");
  if (said["repeat"] === undefined) return undefined;
  if (repeat !== undefined && Number.isInteger(repeat) && repeat >= 1) return repeat;
  return fail("value", place, `repeat is ${show(said["repeat"])}; allowed is a whole number from 1`);
}

function parseEvery(value: Json | undefined, place: string): ScenarioLine["every"] {
  if (value === undefined) return undefined;
  const range =
    typeof value === "string" ? /^(\d+(?:\.\d+)?)(ms|[smhd])?-(\d+(?:\.\d+)?)(ms|[smhd])?$/.exec(value) : null;
  const unit = range?.[4] ?? "s";
  const least = parseDuration(range === null ? value : `${range[1]}${range[2] ?? unit}`);
  const most = parseDuration(range === null ? value : `${range[3]}${unit}`);
  if (least !== undefined && most !== undefined && least > 0 && most >= least) return { least, most };
  return fail(
    "value",
    place,
    `every is ${show(value)}; allowed are seconds, a duration such as 15s, or a range such as 40-90s`,
  );
}

function checkRepetition(line: ScenarioLine, kind: ArtifactKind): void {
  const { place, at, every, until, repeat } = line;
  if (at === undefined && kind === "journal") fail("value", place, "a line of a journal needs t");
  if (until !== undefined && every === undefined) fail("value", place, "until needs every");
  if (every !== undefined && at === undefined) fail("value", place, "every needs t");
  if (every !== undefined && until === undefined && repeat === undefined)
    fail("value", place, "every needs until or repeat");
  if (until !== undefined && at !== undefined && until < at) fail("value", place, "until is before t");
}
