import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** The file that collect.sh keeps beside its archives, in the format of sha256sum. */
export const SUMS = "SHA256SUMS";
const MAX_BYTES = 1024 * 1024;
const LINE = /^([0-9a-f]{64}) [ *]([^/\0]+)$/;

/** Name of an archive → its sha256, from the SHA256SUMS of one folder; empty where there is none that can be read. The last line of a name counts. */
export async function readSums(folder: string): Promise<ReadonlyMap<string, string>> {
  const text = await start(join(folder, SUMS));
  const sums = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, sum, name] = LINE.exec(line.replace(/\r$/, "")) ?? [];
    if (sum !== undefined && name !== undefined) sums.set(name, sum);
  }
  return sums;
}

/** What SHA256SUMS beside `file` says of it, or null. */
export async function sumBeside(file: string): Promise<string | null> {
  return (await readSums(dirname(file))).get(basename(file)) ?? null;
}

/** The beginning of a regular file; opened without waiting, so that a FIFO of that name stops nobody. */
async function start(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return "";
  try {
    if (!(await handle.stat()).isFile()) return "";
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return "";
  } finally {
    await handle.close();
  }
}
