import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { InquestError } from "#model/error.js";
import { type GzipEnd, inflate } from "./gunzip.js";
import type { Limits } from "./limits.js";
import { type Refuse, refuser } from "./refuse.js";
import { isTarStart, knownFormat } from "./sniff.js";

/** One opened bundle file. Every pass reads the same file: by its handle, not by its name. */
export interface Source {
  readonly bytes: number;
  readonly refuse: Refuse;
  /**
   * Hands the archive, inflated, to `take` piece by piece. Returns the sha256 of the file as it lies there.
   *
   * @throws InquestError E_GZIP, E_TRAILING, E_BOMB, E_OPEN, and what `take` throws
   */
  readonly pump: (take: (piece: Buffer) => void) => Promise<{ readonly sha256: string; readonly end: GzipEnd }>;
  readonly close: () => Promise<void>;
}

const INPUT_CHUNK = 64 * 1024;

/**
 * Opens a bundle without ever waiting on it: a FIFO or device is refused, not read.
 *
 * @throws InquestError E_OPEN, E_NOT_FILE, E_EMPTY, E_BOMB, E_FORMAT
 */
export async function openSource(file: string, limits: Limits): Promise<Source> {
  const refuse = refuser(file);
  const handle = await openFile(file, refuse);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refuse("E_NOT_FILE", "this is not a regular file");
    if (stat.size === 0) throw refuse("E_EMPTY", "the file is empty");
    if (stat.size > limits.fileBytes)
      throw refuse("E_BOMB", `the file has ${stat.size} bytes, more than the limit fileBytes of ${limits.fileBytes}`);
    const gzip = await isGzip(handle, refuse);
    const unchanged = async (): Promise<void> => {
      const now = await handle.stat();
      if (now.size !== stat.size || now.mtimeMs !== stat.mtimeMs) throw changed(refuse);
    };
    return {
      bytes: stat.size,
      refuse,
      pump: async (take) => {
        const hash = createHash("sha256");
        const end = await pump(chunks(handle, stat.size, refuse, hash.update.bind(hash)), gzip, take, limits, refuse);
        await unchanged();
        return { sha256: hash.digest("hex"), end };
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error instanceof InquestError ? error : refuse("E_OPEN", `reading failed (${errno(error)})`);
  }
}

async function openFile(file: string, refuse: Refuse): Promise<FileHandle> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    // ENXIO: a socket cannot be opened at all.
    if (errno(error) === "ENXIO") throw refuse("E_NOT_FILE", "this is not a regular file");
    throw refuse("E_OPEN", `the file cannot be opened (${errno(error)})`);
  }
}

async function isGzip(handle: FileHandle, refuse: Refuse): Promise<boolean> {
  const buffer = Buffer.alloc(512);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
  const start = buffer.subarray(0, bytesRead);
  if (start[0] === 0x1f && start[1] === 0x8b) return true;
  if (isTarStart(start)) return false;
  const known = knownFormat(start);
  throw refuse(
    "E_FORMAT",
    known === null ? "this is neither gzip nor a ustar archive" : `this is ${known}, not a gzip or tar archive`,
  );
}

async function pump(
  input: AsyncIterable<Buffer>,
  gzip: boolean,
  take: (piece: Buffer) => void,
  limits: Limits,
  refuse: Refuse,
): Promise<GzipEnd> {
  if (!gzip) {
    for await (const chunk of input) take(chunk);
    return "whole";
  }
  let read = 0;
  let inflated = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of input) {
      read += chunk.length;
      yield chunk;
    }
  };
  const end = await inflate(
    counted(),
    (piece) => {
      inflated += piece.length;
      if (inflated > limits.inflatedBytes)
        throw refuse("E_BOMB", `it inflates to more than the limit inflatedBytes of ${limits.inflatedBytes}`);
      if (inflated > limits.ratioAfterBytes && inflated > read * limits.ratio)
        throw refuse("E_BOMB", `it inflates more than ${limits.ratio} : 1, the limit ratio`);
      take(piece);
    },
    refuse,
  );
  if (inflated === 0) throw refuse("E_EMPTY", "the gzip data holds nothing that can be read");
  return end;
}

async function* chunks(
  handle: FileHandle,
  bytes: number,
  refuse: Refuse,
  seen: (chunk: Buffer) => unknown,
): AsyncGenerator<Buffer> {
  for (let position = 0; position < bytes; ) {
    // A fresh buffer each time: whoever carries a piece over to the next chunk keeps a view of it.
    const buffer = Buffer.allocUnsafe(Math.min(INPUT_CHUNK, bytes - position));
    const bytesRead = await readAt(handle, buffer, position, refuse);
    if (bytesRead === 0) throw changed(refuse);
    position += bytesRead;
    seen(buffer.subarray(0, bytesRead));
    yield buffer.subarray(0, bytesRead);
  }
}

async function readAt(handle: FileHandle, buffer: Buffer, position: number, refuse: Refuse): Promise<number> {
  try {
    return (await handle.read(buffer, 0, buffer.length, position)).bytesRead;
  } catch (error) {
    throw refuse("E_OPEN", `reading failed (${errno(error)})`);
  }
}

const changed = (refuse: Refuse): InquestError => refuse("E_OPEN", "the file changed while it was read");

const errno = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error";
