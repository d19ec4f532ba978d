import { constants, type Dirent } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, constants as zlib } from "node:zlib";
import type { InquestError } from "#model/error.js";
import { ROOT } from "./names.js";
import { refuser } from "./refuse.js";
import { isTarStart } from "./sniff.js";

const START_BYTES = 4_096;

/** Whether a file begins as a bundle does, whatever it is called. False for what cannot be read: nothing shows that it is one. */
export async function beginsAsBundle(file: string): Promise<boolean> {
  const start = inflated(await startOf(file));
  return start.toString("latin1", 0, ROOT.length) === ROOT && isTarStart(start);
}

/** Opened without waiting, so that what has become a FIFO by now stops nobody. */
async function startOf(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return Buffer.alloc(0);
  try {
    if (!(await handle.stat()).isFile()) return Buffer.alloc(0);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return Buffer.alloc(0);
  } finally {
    await handle.close();
  }
}

/** Of gzip as much as its beginning gives: 4 KiB inflate to 4 MiB at most. Anything else as it is. */
function inflated(start: Buffer): Buffer {
  if (start[0] !== 0x1f || start[1] !== 0x8b) return start;
  try {
    return gunzipSync(start, { finishFlush: zlib.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

/** How far is looked below a folder: bundles lie there by mistake, not by the thousand. */
const LEVELS = 6;
const ENTRIES = 20_000;

/** One remark for each folder below `folder` that holds bundles by what `isBundle` says of name and path. Follows no link, opens no file. */
export async function bundlesBelow(
  folder: string,
  isBundle: (name: string, path: string) => boolean,
): Promise<readonly InquestError[]> {
  const told: InquestError[] = [];
  let room = ENTRIES;
  const look = async (path: string, level: number): Promise<void> => {
    const entries = (await readdir(path, { withFileTypes: true }).catch((): Dirent[] => [])).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    room -= entries.length;
    const named = level === 0 ? 0 : entries.filter((e) => e.isFile() && isBundle(e.name, join(path, e.name))).length;
    if (named > 0) told.push(refuser(path)("E_NOT_FILE", unread(named)));
    if (level === LEVELS) return;
    for (const entry of entries) if (entry.isDirectory() && room > 0) await look(join(path, entry.name), level + 1);
  };
  await look(folder, 0);
  if (room <= 0)
    told.push(
      refuser(folder)("E_NOT_FILE", `more than ${ENTRIES} things lie below: not all looked through for bundles`),
    );
  return told;
}

const unread = (named: number): string =>
  named === 1
    ? "a file below the folder that was named is called as bundles are: not read, name this folder too"
    : `${named} files below the folder that was named are called as bundles are: not read, name this folder too`;
