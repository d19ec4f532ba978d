import { StringDecoder } from "node:string_decoder";
import type { Feeder, FeederNotes } from "./feeder.js";
import { createLineRedactor } from "./redact.js";

const LF = 0x0a;
/** Kept beyond the limit until the line is redacted, so that a credential across the limit is seen as one. */
const SLACK = 4_096;

/**
 * Splits bytes into lines. LF cannot be part of another UTF-8 character, so lines are decoded one by one. A line comes
 * without LF or CR LF, redacted, shown through `show`, and cut at `lineBytes`; a cut line makes the content incomplete.
 */
export function lineFeeder(
  line: (text: string, line: number) => void,
  show: (text: string) => string,
  lineBytes: number,
  notes: FeederNotes,
): Feeder {
  const redactLine = createLineRedactor(notes.secret);
  let held: Buffer[] = [];
  let heldBytes = 0;
  let number = 0;
  let cutLines = 0;
  const hold = (piece: Buffer): void => {
    const room = lineBytes + SLACK - heldBytes;
    if (room > 0 && piece.length > 0) held.push(piece.subarray(0, room));
    heldBytes += piece.length;
  };
  const emit = (): void => {
    number += 1;
    const tooLong = heldBytes > lineBytes;
    if (tooLong) cutLines += 1;
    const text = redactLine(decode(held, tooLong, number === 1));
    held = [];
    heldBytes = 0;
    line(show(tooLong ? cut(text, lineBytes) : text), number);
  };
  return {
    data: (chunk) => hold(eachLineEnd(chunk, hold, emit)),
    end: () => {
      if (heldBytes > 0) emit();
      if (cutLines > 0) notes.note("W_LIMIT", `${cutLines} lines longer than ${lineBytes} bytes were cut`);
      return cutLines > 0 ? "part" : "all";
    },
  };
}

/** Returns what is behind the last line end. */
function eachLineEnd(chunk: Buffer, hold: (piece: Buffer) => void, emit: () => void): Buffer {
  let at = 0;
  for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, at)) {
    hold(chunk.subarray(at, lf));
    emit();
    at = lf + 1;
  }
  return chunk.subarray(at);
}

function decode(pieces: readonly Buffer[], tooLong: boolean, first: boolean): string {
  const [only] = pieces;
  const bytes = pieces.length === 1 && only ? only : Buffer.concat(pieces);
  // A decoder that is not ended withholds the half character which the cut left.
  const text = tooLong ? new StringDecoder("utf8").write(bytes) : bytes.toString("utf8");
  const unmarked = first && text.startsWith("\uFEFF") ? text.slice(1) : text;
  return unmarked.endsWith("\r") ? unmarked.slice(0, -1) : unmarked;
}

/** Never between the halves of a surrogate pair. */
const cut = (text: string, chars: number): string => text.slice(0, chars).replace(/[\ud800-\udbff]$/, "");
