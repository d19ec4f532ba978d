import { setImmediate } from "node:timers/promises";
import { createGunzip, type Gunzip } from "node:zlib";
import type { Refuse } from "./refuse.js";

/** `cut`: the compressed data ends before gzip does. */
export type GzipEnd = "whole" | "cut";

const OUTPUT_CHUNK = 256 * 1024;

/**
 * Inflates chunk by chunk and hands every piece to `take` synchronously; whatever `take` throws ends the work and is thrown.
 * Node's zlib stops without a word at a zero byte behind a gzip member, and would drop a second member there: hence the
 * count of the bytes that it used. Zeros to the end of the file are padding and fine.
 *
 * @throws InquestError E_GZIP for damaged data, E_TRAILING for anything but zeros behind the end
 */
export async function inflate(
  compressed: AsyncIterable<Buffer>,
  take: (piece: Buffer) => void,
  refuse: Refuse,
): Promise<GzipEnd> {
  const gunzip = createGunzip({ chunkSize: OUTPUT_CHUNK });
  const outcome = watch(gunzip, take);
  try {
    let fed = 0;
    let ended = false;
    for await (const chunk of compressed) {
      if (ended) {
        requireZeros(chunk, refuse);
        continue;
      }
      fed += chunk.length;
      await Promise.race([written(gunzip, chunk), outcome.closed]);
      outcome.check(refuse);
      const unused = fed - gunzip.bytesWritten;
      ended = unused > 0;
      requireZeros(chunk.subarray(chunk.length - unused), refuse);
    }
    return ended ? "whole" : await finish(gunzip, outcome, refuse);
  } finally {
    gunzip.destroy();
  }
}

interface Outcome {
  readonly closed: Promise<void>;
  readonly cut: () => boolean;
  /** Throws what went wrong so far. */
  readonly check: (refuse: Refuse) => void;
}

function watch(gunzip: Gunzip, take: (piece: Buffer) => void): Outcome {
  let thrown: { readonly error: unknown } | null = null;
  let damage: string | null = null;
  gunzip.on("data", (piece: Buffer) => {
    if (thrown !== null) return;
    try {
      take(piece);
    } catch (error) {
      thrown = { error };
      gunzip.destroy();
    }
  });
  gunzip.on("error", (error: NodeJS.ErrnoException) => {
    damage = error.code ?? "unknown";
  });
  return {
    closed: new Promise((resolve) => gunzip.once("close", resolve)),
    // zlib reports "needs more input" as Z_BUF_ERROR, and only where the input has ended.
    cut: () => damage === "Z_BUF_ERROR",
    check: (refuse) => {
      if (thrown !== null) throw thrown.error;
      if (damage !== null && damage !== "Z_BUF_ERROR")
        throw refuse("E_GZIP", `the gzip data is damaged (${damage}), or something follows its end`);
    },
  };
}

const written = (gunzip: Gunzip, chunk: Buffer): Promise<void> =>
  new Promise((resolve) => {
    gunzip.write(chunk, () => resolve());
  });

async function finish(gunzip: Gunzip, outcome: Outcome, refuse: Refuse): Promise<GzipEnd> {
  // An error discards what the stream still buffers: let it flow out before the end can be found missing.
  while (gunzip.readableLength > 0 && !gunzip.destroyed) await setImmediate();
  gunzip.end();
  await outcome.closed;
  outcome.check(refuse);
  return outcome.cut() ? "cut" : "whole";
}

function requireZeros(tail: Buffer, refuse: Refuse): void {
  if (tail.some((byte) => byte !== 0)) throw refuse("E_TRAILING", "data follows the end of the gzip stream");
}
