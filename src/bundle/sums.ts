import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { visible } from "#model/visible.js";

/** The file that collect.sh keeps beside its archives, in the format of sha256sum. */
export const SUMS = "SHA256SUMS";
const MAX_BYTES = 1024 * 1024;
const LINE = /^([0-9a-f]{64}) [ *]([^/\0]+)$/;

/** The SHA256SUMS of one folder. */
export interface Sums {
  /** Name of an archive → its sha256. The last line of a name counts. */
  readonly of: ReadonlyMap<string, string>;
  /** Lines that are not as sha256sum writes them. */
  readonly unreadable: number;
}

/** Empty where there is none that can be read. */
export async function readSums(folder: string): Promise<Sums> {
  const text = await start(join(folder, SUMS));
  const of = new Map<string, string>();
  let unreadable = 0;
  for (const line of text.split("\n")) {
    const [, sum, name] = LINE.exec(line.replace(/\r$/, "")) ?? [];
    if (sum !== undefined && name !== undefined) of.set(name, sum);
    else if (line.trim() !== "") unreadable += 1;
  }
  return { of, unreadable };
}

/** What SHA256SUMS beside a file says of it. */
export interface SumVerdict {
  /** Null where it says nothing of it, or is not there. */
  readonly state: "verified" | "mismatch" | null;
  /** What whoever relies on it must know. */
  readonly notes: readonly string[];
}

/** Compares a file of that sha256 with SHA256SUMS beside it. One that was renamed is known by its sum. */
export async function compareSum(file: string, sha256: string): Promise<SumVerdict> {
  const { of, unreadable } = await readSums(dirname(file));
  const odd =
    unreadable > 0
      ? [`${unreadable} line${unreadable === 1 ? "" : "s"} of ${SUMS} beside the file cannot be read`]
      : [];
  const own = of.get(basename(file));
  if (own === sha256) return { state: "verified", notes: odd };
  if (own !== undefined)
    return {
      state: "mismatch",
      notes: [`${SUMS} beside the file says ${own}: it is not the file that was written`, ...odd],
    };
  const [former] = [...of].find(([, sum]) => sum === sha256) ?? [];
  if (former !== undefined)
    return {
      state: "verified",
      notes: [`${SUMS} beside the file has its sum under the name ${visible(former)}`, ...odd],
    };
  return of.size + unreadable === 0
    ? { state: null, notes: [] }
    : { state: null, notes: [`${SUMS} beside the file has no line of it`, ...odd] };
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
