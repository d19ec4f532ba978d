import { pointerToken } from "#model/evidence.js";

/** Why a text is no JSON, in own words (an engine's message quotes the text), and in which line, counted from 1. */
export interface JsonFault {
  readonly problem: string;
  readonly line: number;
}

/** What a scan of JSON text finds: the first fault, and the line of every value before it by RFC 6901 pointer. */
export interface JsonScan {
  readonly fault: JsonFault | null;
  readonly lines: ReadonlyMap<string, number>;
}

interface Cursor {
  readonly text: string;
  offset: number;
  line: number;
  readonly lines: Map<string, number>;
}

/** Null: read to its end. A text: what is wrong at the cursor. */
type Problem = string | null;

/** Bounds the recursion too. */
const MAX_DEPTH = 64;
const SCALAR = /-?(?:0|[1-9]\d{0,400})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,5})?|true|false|null/y;

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;

/**
 * Scans JSON text (RFC 8259) once, from left to right. A text nested deeper than 64 levels counts as faulty. Does not build the value:
 * `JSON.parse` does, on a text without a fault.
 */
export function scanJson(text: string): JsonScan {
  const at: Cursor = { text, offset: 0, line: 1, lines: new Map() };
  const problem = peek(at) === "" ? "the file is empty" : (value(at, "", 1) ?? trailing(at));
  return { fault: problem === null ? null : { problem, line: at.line }, lines: at.lines };
}

const trailing = (at: Cursor): Problem => (peek(at) === "" ? null : "text behind the end of the document");

/** The next character that is no white space, without taking it; empty at the end. */
function peek(at: Cursor): string {
  for (; at.offset < at.text.length; at.offset += 1) {
    const char = at.text[at.offset] ?? "";
    if (char === "\n") at.line += 1;
    else if (char !== " " && char !== "\t" && char !== "\r") return char;
  }
  return "";
}

function value(at: Cursor, pointer: string, depth: number): Problem {
  const char = peek(at);
  at.lines.set(pointer, at.line);
  if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`;
  if (char === "{") return members(at, "}", (first) => member(at, pointer, depth, first));
  if (char === "[") {
    let index = 0;
    return members(at, "]", () => value(at, `${pointer}/${index++}`, depth + 1));
  }
  if (char === '"') return string(at) === null ? BAD_STRING : null;
  SCALAR.lastIndex = at.offset;
  const found = SCALAR.exec(at.text);
  if (found === null) return char === "" ? CUT : "something that is no JSON value";
  at.offset += found[0].length;
  return null;
}

const BAD_STRING = "a text that is not closed, or holds a line end, control character or unknown escape";
const CUT = "the file ends before its JSON does";

function members(at: Cursor, close: "}" | "]", one: (first: boolean) => Problem): Problem {
  const named = close === "}" ? "brace" : "bracket";
  at.offset += 1;
  for (let first = true; ; first = false) {
    if (peek(at) === close) {
      if (!first) return `a comma before a closing ${named}`;
      at.offset += 1;
      return null;
    }
    const problem = one(first);
    if (problem !== null) return problem;
    const char = peek(at);
    at.offset += 1;
    if (char === close) return null;
    if (char !== ",") return char === "" ? CUT : `a comma or a closing ${named} is missing`;
  }
}

function member(at: Cursor, pointer: string, depth: number, first: boolean): Problem {
  const char = peek(at);
  if (char === "") return CUT;
  if (char !== '"') return first ? "a key without double quotes" : "a key without double quotes, or a comma too many";
  const key = string(at);
  if (key === null) return BAD_STRING;
  if (peek(at) !== ":") return "a colon is missing behind a key";
  at.offset += 1;
  return value(at, `${pointer}/${pointerToken(key)}`, depth + 1);
}

/** Takes a string and returns it as written, escapes and all: enough for keys, which have none where it matters. */
function string(at: Cursor): string | null {
  const start = at.offset + 1;
  for (let i = start; i < at.text.length; i += 1) {
    const code = at.text.charCodeAt(i);
    if (code < 0x20) return null;
    if (code === 0x5c) {
      ESCAPE.lastIndex = i;
      if (!ESCAPE.test(at.text)) return null;
      i = ESCAPE.lastIndex - 1;
    } else if (code === 0x22) {
      at.offset = i + 1;
      return at.text.slice(start, i);
    }
  }
  return null;
}
