import type { Limits } from "./limits.js";
import type { Refuse } from "./refuse.js";
import { BLOCK, readHeader, type TarHeader } from "./tar-header.js";

/** Takes one member's content. `end` comes once, with `false` where the archive ends inside it. */
export interface MemberReader {
  readonly data: (piece: Buffer) => void;
  readonly end: (complete: boolean) => void;
}

/** `whole`: with its end mark; `no-mark`: ends between two members; `cut`: ends inside a header, a body or its padding. */
export type TarEnd = "whole" | "no-mark" | "cut";

export interface TarReader {
  /** Takes the archive in pieces of any size. */
  readonly write: (piece: Buffer) => void;
  /** To be called once, behind the last piece. */
  readonly finish: () => TarEnd;
}

const ZERO = Buffer.alloc(BLOCK);
const IGNORE: MemberReader = { data: () => undefined, end: () => undefined };

/** Where in the archive the reader is. */
interface Position {
  reader: MemberReader;
  /** Bytes that the member's content still lacks, then those of its padding. */
  body: number;
  padding: number;
  members: number;
  /** Zero blocks seen in a row; two are the end mark. */
  zeros: number;
}

/**
 * Walks a tar archive as a stream. `member` is asked for a reader at every header, in the archive's order; null skips the content.
 * Everything is synchronous. Nothing of a member leaves before its header passed every check, so no member can
 * be smuggled in inside another's body.
 *
 * @throws InquestError from `write`: E_ENTRIES, E_TAR, E_TRAILING, and those of the header check; from `finish`: E_TAR for no member
 */
export function createTarReader(
  limits: Limits,
  refuse: Refuse,
  member: (header: TarHeader) => MemberReader | null,
): TarReader {
  const position: Position = { reader: IGNORE, body: 0, padding: 0, members: 0, zeros: 0 };
  let carry: Buffer = Buffer.alloc(0);
  const begin = (block: Buffer): void => {
    if (position.zeros === 1) throw refuse("E_TAR", "a single zero block stands between two members");
    position.members += 1;
    if (position.members > limits.members)
      throw refuse("E_ENTRIES", `it has more than ${limits.members} members, the limit members`);
    const header = readHeader(block, limits, refuse);
    position.reader = member(header) ?? IGNORE;
    position.body = header.size;
    position.padding = (BLOCK - (header.size % BLOCK)) % BLOCK;
    if (header.size === 0) endMember(position, true);
  };
  return {
    write: (piece) => {
      let rest = carry.length === 0 ? piece : Buffer.concat([carry, piece]);
      for (let used = -1; rest.length > 0 && used !== 0; rest = rest.subarray(used))
        used = step(position, rest, begin, refuse);
      carry = rest;
    },
    finish: () => {
      if (position.members === 0) throw refuse("E_TAR", "the archive holds no member");
      const inside = position.body + position.padding > 0;
      if (position.body > 0) endMember(position, false);
      if (inside || carry.some((byte) => byte !== 0)) return "cut";
      return position.zeros >= 2 ? "whole" : "no-mark";
    },
  };
}

/** Returns how many bytes were used: 0 where a header needs more. */
function step(position: Position, piece: Buffer, begin: (block: Buffer) => void, refuse: Refuse): number {
  if (position.body + position.padding > 0) return takeContent(position, piece);
  if (position.zeros >= 2) {
    requireZeros(piece, refuse);
    return piece.length;
  }
  if (piece.length < BLOCK) return 0;
  const block = piece.subarray(0, BLOCK);
  if (block.equals(ZERO)) position.zeros += 1;
  else begin(block);
  return BLOCK;
}

function takeContent(position: Position, piece: Buffer): number {
  const used = Math.min(position.body, piece.length);
  if (used > 0) {
    position.reader.data(piece.subarray(0, used));
    position.body -= used;
    if (position.body === 0) endMember(position, true);
  }
  const skipped = position.body === 0 ? Math.min(position.padding, piece.length - used) : 0;
  position.padding -= skipped;
  return used + skipped;
}

function endMember(position: Position, complete: boolean): void {
  const ended = position.reader;
  position.reader = IGNORE;
  ended.end(complete);
}

function requireZeros(piece: Buffer, refuse: Refuse): void {
  for (let at = 0; at < piece.length; at += BLOCK) {
    const part = piece.subarray(at, at + BLOCK);
    if (!part.equals(ZERO.subarray(0, part.length)))
      throw refuse("E_TRAILING", "data follows the end mark of the archive");
  }
}
