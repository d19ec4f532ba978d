import type { Feeder, FeederNotes, Yield } from "./feeder.js";
import { parseItem } from "./item.js";
import type { Limits } from "./limits.js";
import { createValueScanner, type ValueScanner } from "./value-scanner.js";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const KEY_CHARS = 64;

type State = "start" | "key" | "name" | "colon" | "value" | "skip" | "null" | "element" | "done" | "bad";

/** Where in the document the reader is. */
interface Position {
  state: State;
  name: string;
  escaped: boolean;
  /** How many keys `items` there were. */
  lists: number;
}

/**
 * Splits the top-level `items` of a kubectl List while it streams and hands over element by element. Of the rest of the
 * document only brackets and strings are looked at. What is wrong inside an element costs that element.
 */
export function itemFeeder(item: (item: unknown, index: number) => void, limits: Limits, notes: FeederNotes): Feeder {
  const scanner = createValueScanner(limits.itemBytes);
  const position: Position = { state: "start", name: "", escaped: false, lists: 0 };
  let index = 0;
  let lost = 0;
  const element = (closing: boolean): void => {
    const value = scanner.take();
    if (value.empty && closing && index === 0) return;
    const parsed = parseItem(value, limits, notes.secret);
    if ("item" in parsed) item(parsed.item, index);
    else {
      lost += 1;
      notes.note(parsed.code, `/items/${index}: ${parsed.reason}: not read`);
    }
    index += 1;
  };
  return {
    data: (chunk) => {
      for (let at = 0; at < chunk.length && position.state !== "bad"; )
        at = step(position, chunk, at, scanner, element);
    },
    end: (complete) => conclude(position, complete, lost, notes),
  };
}

/** Takes one byte, or the rest of a value; returns where to go on. */
function step(
  position: Position,
  chunk: Buffer,
  at: number,
  scanner: ValueScanner,
  element: (closing: boolean) => void,
): number {
  const byte = chunk[at] ?? 0;
  switch (position.state) {
    case "value":
      if (isSpace(byte)) return at + 1;
      position.state = beginValue(position, byte);
      return position.state === "element" ? at + 1 : at;
    case "skip":
    case "null":
    case "element": {
      const stop = scanner.scan(chunk, at, position.state !== "skip");
      if (stop < chunk.length) position.state = endValue(position, chunk[stop] ?? 0, scanner, element);
      return stop + 1;
    }
    default:
      position.state = structural(position, byte);
      return at + 1;
  }
}

function structural(position: Position, byte: number): State {
  if (position.state === "name") return nameByte(position, byte);
  if (isSpace(byte)) return position.state;
  if (position.state === "start") return byte === OPEN_OBJECT ? "key" : "bad";
  if (position.state === "colon") return byte === COLON ? "value" : "bad";
  if (position.state !== "key") return "bad";
  position.name = "";
  return byte === QUOTE ? "name" : byte === CLOSE_OBJECT ? "done" : "bad";
}

function nameByte(position: Position, byte: number): State {
  if (!position.escaped && byte === QUOTE) return "colon";
  position.escaped = !position.escaped && byte === BACKSLASH;
  if (position.name.length < KEY_CHARS) position.name += String.fromCharCode(byte);
  return "name";
}

function beginValue(position: Position, byte: number): State {
  if (position.name !== "items") return "skip";
  position.lists += 1;
  // Twice the same key: JSON.parse would silently drop the first list.
  if (position.lists > 1) return "bad";
  return byte === OPEN_ARRAY ? "element" : "null";
}

function endValue(position: Position, byte: number, scanner: ValueScanner, element: (closing: boolean) => void): State {
  if (position.state === "element") {
    if (byte === CLOSE_OBJECT) return "bad";
    element(byte === CLOSE_ARRAY);
    // Behind the list: what follows up to the next comma is the (empty) rest of its value.
    return byte === COMMA ? "element" : "skip";
  }
  const value = scanner.take();
  if (position.state === "null" && value.bytes().toString("latin1").trim() !== "null") return "bad";
  return byte === COMMA ? "key" : byte === CLOSE_OBJECT ? "done" : "bad";
}

function conclude(position: Position, complete: boolean, lost: number, notes: FeederNotes): Yield {
  const { state, lists } = position;
  if (state === "done" && lists === 1) return lost === 0 ? "all" : "part";
  if (complete || state === "bad")
    notes.note("W_JSON", lists === 0 ? "not a List" : "the List is damaged, or ends early");
  return lists === 0 && (state === "done" || state === "bad") ? "none" : "part";
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
