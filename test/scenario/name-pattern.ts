import { fail } from "./scenario-error.js";
import { derivedInteger } from "./seed.js";

type Part =
  | { readonly kind: "set"; readonly characters: string }
  | { readonly kind: "group"; readonly branches: readonly (readonly Repeated[])[] };

interface Repeated {
  readonly part: Part;
  readonly least: number;
  readonly most: number;
}

interface Cursor {
  readonly source: string;
  at: number;
}

const letters = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
const escapes: Readonly<Record<string, string>> = { d: digits, w: letters + digits };

/**
 * Distinct names that match a simple regular expression: literals, classes, `\d \w .`, groups with `|`, and `? * + {n} {n,m}`.
 * @param seed what the names derive from; the same seed gives the same names
 * @throws ScenarioError where the expression is not a simple one, or has fewer than `count` matches
 */
export function namesMatching(
  pattern: string,
  count: number,
  seed: readonly string[],
  place: string,
): readonly string[] {
  const source = pattern.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
  const cursor: Cursor = { source, at: 0 };
  const branches = readBranches(cursor, place);
  if (cursor.at < source.length) fail("value", place, `name_re "${pattern}" has a ")" too many`);
  const whole = new RegExp(`^(?:${source})$`);
  const names = new Set<string>();
  for (let attempt = 0; names.size < count && attempt < count * 50; attempt++) {
    let draws = 0;
    const draw = (high: number) => derivedInteger(0, high, ...seed, pattern, attempt, draws++);
    const name = writeGroup(branches, draw);
    if (whole.test(name)) names.add(name);
  }
  if (names.size < count) fail("value", place, `name_re "${pattern}" does not give ${count} different names`);
  return [...names];
}

function readBranches(cursor: Cursor, place: string): readonly (readonly Repeated[])[] {
  const branches: Repeated[][] = [[]];
  while (cursor.at < cursor.source.length && cursor.source[cursor.at] !== ")") {
    if (cursor.source[cursor.at] === "|") {
      cursor.at++;
      branches.push([]);
    } else {
      const part = readPart(cursor, place);
      branches.at(-1)?.push({ part, ...readQuantifier(cursor, place) });
    }
  }
  return branches;
}

function readPart(cursor: Cursor, place: string): Part {
  const character = cursor.source[cursor.at++] ?? "";
  if (character === "(") {
    const rest = cursor.source.slice(cursor.at);
    if (rest.startsWith("?:")) cursor.at += 2;
    const branches = readBranches(cursor, place);
    if (cursor.source[cursor.at++] !== ")")
      fail("value", place, `name_re "${cursor.source}" has a group without an end`);
    return { kind: "group", branches };
  }
  if (character === "[") return { kind: "set", characters: readClass(cursor, place) };
  if (character === ".") return { kind: "set", characters: letters + digits };
  if (character !== "\\") return { kind: "set", characters: character };
  const escaped = cursor.source[cursor.at++] ?? "";
  return { kind: "set", characters: escapes[escaped] ?? escaped };
}

function readClass(cursor: Cursor, place: string): string {
  const end = cursor.source.indexOf("]", cursor.at);
  const body = cursor.source.slice(cursor.at, end);
  if (end < 0 || body === "" || body.startsWith("^")) {
    fail(
      "value",
      place,
      `name_re "${cursor.source}" has a class which cannot be drawn from; allowed is [a-z0-9] and the like`,
    );
  }
  cursor.at = end + 1;
  const spelt = body.replace(/\\([dw])/g, (_, letter: string) => escapes[letter] ?? "");
  return spelt.replace(/(.)-(.)/g, (_, from: string, to: string) => {
    const length = to.charCodeAt(0) - from.charCodeAt(0) + 1;
    return Array.from({ length: Math.max(length, 0) }, (_empty, step) =>
      String.fromCharCode(from.charCodeAt(0) + step),
    ).join("");
  });
}

function readQuantifier(cursor: Cursor, place: string): { readonly least: number; readonly most: number } {
  const match = /^(?:([?*+])|\{(\d+)(?:(,)(\d*))?\})/.exec(cursor.source.slice(cursor.at));
  if (match === null) return { least: 1, most: 1 };
  cursor.at += match[0].length;
  if (match[1] === "?") return { least: 0, most: 1 };
  if (match[1] !== undefined) return { least: match[1] === "+" ? 1 : 0, most: 5 };
  const least = Number(match[2]);
  const most =
    match[3] === undefined ? least : match[4] === "" || match[4] === undefined ? least + 5 : Number(match[4]);
  if (most < least || most > 253)
    fail("value", place, `name_re "${cursor.source}" repeats ${match[0]}; allowed is 0 to 253`);
  return { least, most };
}

function writeGroup(branches: readonly (readonly Repeated[])[], draw: (high: number) => number): string {
  const branch = branches[draw(branches.length - 1)] ?? [];
  let text = "";
  for (const { part, least, most } of branch) {
    const times = least + draw(most - least);
    for (let time = 0; time < times; time++) {
      text +=
        part.kind === "group"
          ? writeGroup(part.branches, draw)
          : part.characters.charAt(draw(part.characters.length - 1));
    }
  }
  return text;
}
