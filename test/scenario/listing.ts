import type { ScenarioLine } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { isPathTime } from "./time.js";

/** One line of an `ls`. */
export interface Entry {
  readonly place: string;
  /** Relative to the listed directory. */
  readonly name: string;
  /** As in find(1), or `absent`. */
  readonly type: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly group?: string;
  readonly size?: string;
  readonly mtime?: string;
  readonly target?: string;
}

const form = "MODE OWNER GROUP [SIZE] TIME NAME[ -> TARGET], or NAME: absent";
const entryPattern = /^([-dlcbps])([-rwxsStT]{9})[.+@]? +(\S+) +(\S+) +(?:(\d+) +)?(\d{4}-\d\d\S*|-) +(.+)$/;

/**
 * Reads a line of an `ls`.
 * @throws ScenarioError where it has another form
 */
export function parseEntry(line: ScenarioLine): Entry {
  const { place, text } = line;
  const absent = /^(\S.*): absent$/.exec(text);
  if (absent !== null) return { place, name: absent[1] ?? "", type: "absent" };
  const match = entryPattern.exec(text);
  if (match === null) return fail("value", place, `"${text.slice(0, 80)}" is no line of a listing; allowed is ${form}`);
  const [letter = "", permissions = "", owner = "", group = "", size, time = "", rest = ""] = match.slice(1);
  if (time !== "-" && !isPathTime(time)) {
    fail(
      "value",
      place,
      `TIME is "${time}"; allowed is UTC precise to the month, day, minute or second: 2024-06, 2024-06-12, 2024-06-12T08:42Z`,
    );
  }
  const [name = "", target] = letter === "l" ? splitTarget(rest, place) : [rest];
  return {
    place,
    name: name.replace(/(?<=.)\/$/, ""),
    type: letter === "-" ? "f" : letter,
    mode: octalMode(permissions),
    owner,
    group,
    ...(size === undefined ? {} : { size }),
    ...(time === "-" ? {} : { mtime: time }),
    ...(target === undefined ? {} : { target }),
  };
}

function splitTarget(rest: string, place: string): readonly [string, string] {
  const at = rest.indexOf(" -> ");
  if (at < 0) return fail("value", place, `a link needs its target; allowed is ${form}`);
  return [rest.slice(0, at), rest.slice(at + 4)];
}

/** `rwsr-xr-t` as four octal digits. */
function octalMode(permissions: string): string {
  const groups = [0, 3, 6].map((at) => permissions.slice(at, at + 3));
  const special = groups
    .map((group, at) => (/[sStT]$/.test(group) ? [4, 2, 1][at] : 0))
    .reduce((sum: number, bit) => sum + (bit ?? 0), 0);
  const plain = groups.map(
    (group) => (group[0] === "r" ? 4 : 0) + (group[1] === "w" ? 2 : 0) + (/[xst]$/.test(group) ? 1 : 0),
  );
  return `${special}${plain.join("")}`;
}
