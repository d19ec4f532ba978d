import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { refuser } from "./refuse.js";

const BUNDLE_NAME = /^[^.].*\.(?:tar|tar\.gz|tgz)$/s;

/**
 * Turns files and folders into bundle files: a file as it is, a folder as its `*.tar`, `*.tar.gz` and `*.tgz` directly inside, sorted by
 * code unit. In the order given, each path once. Does not look into the files.
 *
 * @throws InquestError E_OPEN, E_NOT_FILE; E_NO_BUNDLE for no path at all and for a folder without bundles
 */
export async function findBundles(paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) throw refuser("")("E_NO_BUNDLE", "no bundle was named");
  const found = new Set<string>();
  for (const path of paths) for (const file of await expand(path)) found.add(file);
  return [...found];
}

async function expand(path: string): Promise<readonly string[]> {
  const refuse = refuser(path);
  const stats = await look(path);
  if (stats.isFile()) return [path];
  if (!stats.isDirectory()) throw refuse("E_NOT_FILE", "this is neither a regular file nor a folder");
  const bundles: string[] = [];
  for (const name of (await entries(path)).filter((entry) => BUNDLE_NAME.test(entry)).sort()) {
    const file = join(path, name);
    if ((await look(file)).isFile()) bundles.push(file);
  }
  if (bundles.length === 0) throw refuse("E_NO_BUNDLE", "the folder holds no bundle");
  return bundles;
}

async function look(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch {
    throw refuser(path)("E_OPEN", "the path does not exist or cannot be read");
  }
}

async function entries(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch {
    throw refuser(path)("E_OPEN", "the folder cannot be read");
  }
}
