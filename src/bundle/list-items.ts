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

type State = "start" | "key" | "name" | "colon" | "value" | "skip" | "meta" | "null" | "element" | "done" | "bad";

/** Where in the document the reader is. */
interface Position {
  state: State;
  name: string;
  escaped: boolean;
  /** How many keys `items` there were. */
  lists: number;
  /** Why the list does not say that it is whole; null where nothing speaks against it. */
  notWhole: string | null;
}

/**
 * Splits the top-level `items` of a kubectl List while it streams and hands over element by element. Of the rest of the
 * document only brackets and strings are looked at, and whether `metadata` calls it a page of a longer list. What is wrong inside an element
 * costs that element.
 */
export function itemFeeder(item: (item: unknown, index: number) => void, limits: Limits, notes: FeederNotes): Feeder {
  const scanner = createValueScanner(limits.itemBytes);
  const position: Position = { state: "start", name: "", escaped: false, lists: 0, notWhole: null };
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
  const metadata = (): void => {
    // Nothing of it is handed on: what is masked in it need not be counted.
    const parsed = parseItem(scanner.take(), limits, () => {});
    position.notWhole ??= "item" in parsed ? pageOf(parsed.item) : "its metadata cannot be read";
  };
  return {
    data: (chunk) => {
      for (let at = 0; at < chunk.length && position.state !== "bad"; )
        at = step(position, chunk, at, scanner, { element, metadata });
    },
    end: (complete) => conclude(position, complete, lost, notes),
  };
}

/** What becomes of the values that are kept. */
interface Take {
  readonly element: (closing: boolean) => void;
  readonly metadata: () => void;
}

/**
 * The API server answers a request with a limit by a page: `continue` leads to the next, and `remainingItemCount` says how much there is
 * (apimachinery, ListMeta). Both are left out or empty where a list is whole.
 */
function pageOf(metadata: unknown): string | null {
  if (typeof metadata !== "object" || metadata === null) return null;
  const fields = new Map<string, unknown>(Object.entries(metadata));
  const left = fields.get("remainingItemCount") ?? 0;
  if (left !== 0)
    return `the server says that there is more${typeof left === "number" ? `: ${left} objects are not in it` : ""}`;
  return (fields.get("continue") ?? "") === "" ? null : "the server says that there is more";
}

/** Takes one byte, or the rest of a value; returns where to go on. */
function step(position: Position, chunk: Buffer, at: number, scanner: ValueScanner, take: Take): number {
  const byte = chunk[at] ?? 0;
  switch (position.state) {
    case "value":
      if (isSpace(byte)) return at + 1;
      position.state = beginValue(position, byte);
      return position.state === "element" ? at + 1 : at;
    case "skip":
    case "meta":
    case "null":
    case "element": {
      const stop = scanner.scan(chunk, at, position.state !== "skip");
      if (stop < chunk.length) position.state = endValue(position, chunk[stop] ?? 0, scanner, take);
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
  if (position.name === "metadata") return "meta";
  if (position.name !== "items") return "skip";
  position.lists += 1;
  // Twice the same key: JSON.parse would silently drop the first list.
  if (position.lists > 1) return "bad";
  return byte === OPEN_ARRAY ? "element" : "null";
}

function endValue(position: Position, byte: number, scanner: ValueScanner, take: Take): State {
  if (position.state === "element") {
    if (byte === CLOSE_OBJECT) return "bad";
    take.element(byte === CLOSE_ARRAY);
    // Behind the list: what follows up to the next comma is the (empty) rest of its value.
    return byte === COMMA ? "element" : "skip";
  }
  if (position.state === "meta") take.metadata();
  else if (position.state === "null") {
    if (scanner.take().bytes().toString("latin1").trim() !== "null") return "bad";
    // Go writes null for a list that nobody filled; an API server that looked and found nothing writes [].
    position.notWhole ??= "its `items` are null, not an empty list";
  } else scanner.take();
  return byte === COMMA ? "key" : byte === CLOSE_OBJECT ? "done" : "bad";
}

function conclude(position: Position, complete: boolean, lost: number, notes: FeederNotes): Yield {
  const { state, lists, notWhole } = position;
  if (state === "done" && lists === 1) {
    if (notWhole !== null) notes.note("W_PAGE", `the list is not whole: ${notWhole}`);
    return lost === 0 && notWhole === null ? "all" : "part";
  }
  if (complete || state === "bad")
    notes.note("W_JSON", lists === 0 ? "not a List" : "the List is damaged, or ends early");
  return lists === 0 && (state === "done" || state === "bad") ? "none" : "part";
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
