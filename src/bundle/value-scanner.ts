/** The bytes of one JSON value between two separators. */
export interface ScannedValue {
  /** Nothing but white space. */
  readonly empty: boolean;
  /** Longer than the scanner's limit: the bytes are not kept. */
  readonly tooLong: boolean;
  /** Levels of brackets. */
  readonly depth: number;
  readonly bytes: () => Buffer;
}

export interface ValueScanner {
  /**
   * Reads on from `from` to the `,`, `]` or `}` that ends the value, and returns its position, or the chunk's length where the
   * value goes on. Keeps the bytes if `keep`. Knows strings and brackets only; whether the value is JSON is not asked.
   */
  readonly scan: (chunk: Buffer, from: number, keep: boolean) => number;
  /** The value that has ended; the scanner starts anew. */
  readonly take: () => ScannedValue;
}

interface Nesting {
  depth: number;
  deepest: number;
  quoted: boolean;
  escaped: boolean;
}

/** Scans values across chunk borders, with a counter where a parser would have a stack. */
export function createValueScanner(limitBytes: number): ValueScanner {
  const nesting: Nesting = { depth: 0, deepest: 0, quoted: false, escaped: false };
  let pieces: Buffer[] = [];
  let bytes = 0;
  return {
    scan: (chunk, from, keep) => {
      const stop = findEnd(nesting, chunk, from);
      bytes += stop - from;
      if (bytes > limitBytes) pieces = [];
      else if (keep && stop > from) pieces.push(chunk.subarray(from, stop));
      return stop;
    },
    take: () => {
      const [first] = pieces;
      const joined = pieces.length === 1 && first ? first : Buffer.concat(pieces);
      const tooLong = bytes > limitBytes;
      const value = { tooLong, depth: nesting.deepest, empty: !tooLong && joined.every(isBlank), bytes: () => joined };
      pieces = [];
      bytes = 0;
      nesting.deepest = 0;
      return value;
    },
  };
}

function findEnd(nesting: Nesting, chunk: Buffer, from: number): number {
  // Locals: this loop sees every byte of every list.
  let { depth, deepest, quoted, escaped } = nesting;
  let at = from;
  for (; at < chunk.length; at++) {
    const byte = chunk[at];
    if (quoted) {
      if (escaped) escaped = false;
      else if (byte === 0x5c) escaped = true;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) break;
      depth -= 1;
    } else if (byte === 0x2c && depth === 0) break;
  }
  nesting.depth = depth;
  nesting.deepest = deepest;
  nesting.quoted = quoted;
  nesting.escaped = escaped;
  return at;
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
