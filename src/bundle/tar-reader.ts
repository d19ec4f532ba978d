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

/**
 * Walks a tar archive as a stream. `member` is asked for a reader at every header, in the archive's order; null skips the content.
 * Everything is synchronous. Nothing of a member leaves before its header passed every check, so no member can
 * be smuggled in inside another's body.
 *
 * @throws InquestError from `write`: E_ENTRIES, E_TAR, E_TRAILING, and those of the header check
 */
export function createTarReader(
  limits: Limits,
  refuse: Refuse,
  member: (header: TarHeader) => MemberReader | null,
): TarReader {
  let carry: Buffer = Buffer.alloc(0);
  let reader: MemberReader = IGNORE;
  let body = 0;
  let padding = 0;
  let members = 0;
  let zeros = 0;

  const open = (block: Buffer): void => {
    if (zeros === 1) throw refuse("E_TAR", "a single zero block stands between two members");
    members += 1;
    if (members > limits.members)
      throw refuse("E_ENTRIES", `it has more than ${limits.members} members, the limit members`);
    const header = readHeader(block, limits, refuse);
    reader = member(header) ?? IGNORE;
    body = header.size;
    padding = (BLOCK - (body % BLOCK)) % BLOCK;
    if (body === 0) close(true);
  };
  const close = (complete: boolean): void => {
    const closing = reader;
    reader = IGNORE;
    closing.end(complete);
  };
  const content = (piece: Buffer): number => {
    const used = Math.min(body, piece.length);
    if (used > 0) reader.data(piece.subarray(0, used));
    body -= used;
    if (body === 0 && used > 0) close(true);
    const skipped = body === 0 ? Math.min(padding, piece.length - used) : 0;
    padding -= skipped;
    return used + skipped;
  };
  const step = (piece: Buffer): number => {
    if (body + padding > 0) return content(piece);
    if (zeros >= 2) {
      requireZeros(piece, refuse);
      return piece.length;
    }
    if (piece.length < BLOCK) return 0;
    const block = piece.subarray(0, BLOCK);
    if (block.equals(ZERO)) zeros += 1;
    else open(block);
    return BLOCK;
  };
  return {
    write: (piece) => {
      let rest = carry.length === 0 ? piece : Buffer.concat([carry, piece]);
      for (let used = -1; rest.length > 0 && used !== 0; rest = rest.subarray(used)) used = step(rest);
      carry = rest;
    },
    finish: () => {
      if (members === 0) throw refuse("E_TAR", "the archive holds no member");
      const inside = body + padding > 0;
      if (body > 0) close(false);
      if (inside || carry.some((byte) => byte !== 0)) return "cut";
      return zeros >= 2 ? "whole" : "no-mark";
    },
  };
}

function requireZeros(piece: Buffer, refuse: Refuse): void {
  for (let at = 0; at < piece.length; at += BLOCK) {
    const part = piece.subarray(at, at + BLOCK);
    if (!part.equals(ZERO.subarray(0, part.length)))
      throw refuse("E_TRAILING", "data follows the end mark of the archive");
  }
}
