import { visibleLine, visibleLines, withoutSnippets } from "./visible.js";

/** Where a text will stand. In a table cell a `|` would end the cell, in a code span too. */
export type Place = "line" | "cell";

/** What a renderer turns into a link by itself: addresses, mentions, issue numbers, commits, host names (`collect.sh` is one). */
const LINK = /@|#|:\/\/|[a-z0-9]\.[a-z]{2}|\b(?:mailto|xmpp|javascript|data):|^(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}$/i;
const ISSUE = /^(?!UTC-)[A-Z][A-Z0-9]*-\d+$/;

/**
 * What some renderer gives a meaning to wherever it stands: HTML, attribute lists, footnotes, math, emoji, highlighting. A backslash
 * is not enough for all of them (GitHub links mentions in the rendered text); a code span is.
 */
const MARKUP = /[`\\[\]{}|$]|<[a-z!/?]|&[a-z#]|:[a-z_+-][\w+-]*:|[=^+~]{2}/i;

/** A rooted path reads better as code. */
const PATH = /^\/[\w.-]/;

const OPENING = "\"'(";
const CLOSING = ".,;:!?\"')";

/** Marks which open or close something. `~59` stays: nothing can close behind it. `a_b` stays: no renderer in use splits words. */
const MARK = /[*<>&]|~(?!\d)|(?<=.)~|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;

/** Inline marks and what shows them literally in CommonMark and Python-Markdown alike. */
const MARKS: Readonly<Record<string, string>> = {
  "*": "\\*",
  _: "\\_",
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  "~": "&#126;",
};

/** Bundle text as a code span which no renderer can leave: its fence is longer than any run inside. */
export function codeSpan(text: string, place: Place = "line"): string {
  const shown = withoutSnippets(visibleLine(text === "" ? "(empty)" : text));
  const inside = place === "cell" ? shown.replaceAll("|", "\\u{7c}") : shown;
  const fence = "`".repeat(longestRun(inside) + 1);
  const padded = inside.startsWith("`") || inside.endsWith("`") || (inside.startsWith(" ") && inside.endsWith(" "));
  return padded ? `${fence} ${inside} ${fence}` : `${fence}${inside}${fence}`;
}

/** Bundle text as a fenced block, verbatim but for hidden characters. `language` is a constant of the caller. */
export function fence(text: string, language: string): string {
  const inside = withoutSnippets(visibleLines(text)).trimEnd();
  const mark = "`".repeat(Math.max(3, longestRun(inside) + 1));
  return `${mark}${language}\n${inside}\n${mark}`;
}

/**
 * Prose that may hold names from a bundle, on one line. Backtick pairs stay code; a word that any renderer would act on becomes code;
 * what is left is escaped. Does not guard the start of a line: see `lineStart`.
 */
export function prose(text: string, place: Place = "line"): string {
  const line = visibleLine(text.replaceAll(/[\t\n]+/g, " "));
  const pieces: string[] = [];
  let from = 0;
  for (const found of line.matchAll(/`([^`]+)`/g)) {
    pieces.push(...words(line.slice(from, found.index), place), codeSpan(found[1] ?? "", place));
    from = found.index + found[0].length;
  }
  pieces.push(...words(line.slice(from), place));
  return joinInline(pieces);
}

const words = (text: string, place: Place): string[] => text.split(/( +)/).map((token) => word(token, place));

function word(token: string, place: Place): string {
  let from = 0;
  let to = token.length;
  while (from < to && OPENING.includes(token.charAt(from))) from += 1;
  while (to > from && CLOSING.includes(token.charAt(to - 1))) to -= 1;
  const core = token.slice(from, to);
  if ([LINK, ISSUE, MARKUP, PATH].some((pattern) => pattern.test(core)))
    return `${token.slice(0, from)}${codeSpan(core, place)}${token.slice(to)}`;
  return token.replace(MARK, (mark) => MARKS[mark] ?? mark);
}

/** Joins rendered pieces; two code spans that touch would become one, so a space parts them. */
export function joinInline(pieces: readonly string[]): string {
  let joined = "";
  for (const piece of pieces) joined += joined.endsWith("`") && piece.startsWith("`") ? ` ${piece}` : piece;
  return joined;
}

/** Guards the start of a paragraph or list item against being read as a heading, list, admonition, tab or definition. */
export function lineStart(rendered: string): string {
  const trimmed = rendered.trimStart();
  if (/^(?:#|[-+](?:\s|$)|---|!!!)/.test(trimmed)) return `\\${trimmed}`;
  if (/^(?:[=:|]|\?\?\?)/.test(trimmed)) return `&#${trimmed.charCodeAt(0)};${trimmed.slice(1)}`;
  return trimmed.replace(/^(\d{1,9})([.)])(?=\s|$)/, "$1\\$2");
}

function longestRun(text: string): number {
  let longest = 0;
  for (const run of text.matchAll(/`+/g)) longest = Math.max(longest, run[0].length);
  return longest;
}
