import type { Feeder, FeederNotes } from "./feeder.js";
import { parseItem } from "./item.js";
import type { Limits } from "./limits.js";
import { createValueScanner } from "./value-scanner.js";

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

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Splits the top-level `items` of a kubectl List while it streams and hands over element by element. Of the rest of the
 * document only brackets and strings are looked at. What is wrong inside an element costs that element.
 */
export function itemFeeder(item: (item: unknown, index: number) => void, limits: Limits, notes: FeederNotes): Feeder {
  const scanner = createValueScanner(limits.itemBytes);
  let state: State = "start";
  let name = "";
  let escaped = false;
  let lists = 0;
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
  const afterValue = (byte: number): State => (byte === COMMA ? "key" : byte === CLOSE_OBJECT ? "done" : "bad");
  const beginValue = (byte: number): State => {
    if (name !== "items") return "skip";
    lists += 1;
    // Twice the same key: JSON.parse would silently drop the first list.
    if (lists > 1) return "bad";
    return byte === OPEN_ARRAY ? "element" : "null";
  };
  const nameByte = (byte: number): State => {
    if (!escaped && byte === QUOTE) return "colon";
    escaped = !escaped && byte === BACKSLASH;
    if (name.length < KEY_CHARS) name += String.fromCharCode(byte);
    return "name";
  };
  const structural = (byte: number): State => {
    if (state === "name") return nameByte(byte);
    if (isSpace(byte)) return state;
    if (state === "start") return byte === OPEN_OBJECT ? "key" : "bad";
    if (state === "colon") return byte === COLON ? "value" : "bad";
    if (state !== "key") return "bad";
    name = "";
    return byte === QUOTE ? "name" : byte === CLOSE_OBJECT ? "done" : "bad";
  };
  const terminated = (byte: number): State => {
    if (state === "skip") {
      scanner.take();
      return afterValue(byte);
    }
    if (state === "null") return scanner.take().bytes().toString("latin1").trim() === "null" ? afterValue(byte) : "bad";
    if (byte === CLOSE_OBJECT) return "bad";
    element(byte === CLOSE_ARRAY);
    return byte === COMMA ? "element" : "skip";
  };
  /** Takes one byte, or the rest of a value; returns where to go on. */
  const step = (chunk: Buffer, at: number): number => {
    if (state === "value") {
      const byte = chunk[at] ?? 0;
      if (isSpace(byte)) return at + 1;
      state = beginValue(byte);
      return state === "element" ? at + 1 : at;
    }
    if (state === "skip" || state === "null" || state === "element") {
      const stop = scanner.scan(chunk, at, state !== "skip");
      if (stop < chunk.length) state = terminated(chunk[stop] ?? 0);
      return stop + 1;
    }
    state = structural(chunk[at] ?? 0);
    return at + 1;
  };
  return {
    data: (chunk) => {
      for (let at = 0; at < chunk.length && state !== "bad"; ) at = step(chunk, at);
    },
    end: (complete) => {
      if (state === "done" && lists === 1) return lost === 0 ? "all" : "part";
      if (complete || state === "bad")
        notes.note("W_JSON", lists === 0 ? "not a List" : "the List is damaged, or ends early");
      return lists === 0 && (state === "done" || state === "bad") ? "none" : "part";
    },
  };
}
