import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { InquestError } from "#model/error.js";
import type { OutputFile } from "./gate.js";

const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

/**
 * Writes the files into `folder` (made where it is missing) and returns their paths. They are written aside and renamed, so a name holds
 * a whole file or what it held before; an earlier file of that name is replaced. `inputs` are paths which must not be.
 * @throws InquestError E_OUTPUT where a file cannot be written, or would replace an input.
 */
export function writeFiles(folder: string, files: readonly OutputFile[], inputs: readonly string[]): readonly string[] {
  const targets = files.map((file) => join(folder, plainName(file.name)));
  const kept = new Set(inputs.map(realPath));
  const clash = targets.find((target) => kept.has(realPath(target)));
  if (clash !== undefined)
    throw new InquestError(
      "E_OUTPUT",
      clash,
      "is one of the bundles; it was left as it is",
      "name another folder with -o",
    );
  let aside: string | undefined;
  try {
    makeFolder(resolve(folder));
    aside = mkdtempSync(join(folder, ".inquest-"));
    const written = files.map((file, i) => writeAside(join(aside ?? folder, String(i)), file.text));
    written.forEach((path, i) => {
      renameSync(path, targets[i] ?? path);
    });
    return targets;
  } catch (error) {
    throw new InquestError(
      "E_OUTPUT",
      folder,
      `cannot write there (${reason(error)})`,
      "name a folder you may write to with -o",
    );
  } finally {
    if (aside !== undefined) rmSync(aside, { recursive: true, force: true });
  }
}

/** One level at a time: Node's own recursive mkdir never returns below /proc (Node.js 20 and 22). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder);
}

function writeAside(path: string, text: string): string {
  writeFileSync(path, text, { flag: "wx" });
  return path;
}

/** The names come from dates and slugs; anything else is a fault of ours and must not become a path. */
function plainName(name: string): string {
  if (PLAIN_NAME.test(name)) return name;
  throw new InquestError("E_INTERNAL", "output", "a file name is not plain", "report this; it is a fault of inquest");
}

/** Where a path leads; the path itself where it leads nowhere. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const reason = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
