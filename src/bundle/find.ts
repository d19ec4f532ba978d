import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { InquestError } from "#model/error.js";
import { beginsAsBundle, bundlesBelow } from "./overlooked.js";
import { refuser } from "./refuse.js";
import { readSums, SUMS } from "./sums.js";

const BUNDLE_NAME = /^[^.].*\.(?:tar|tar\.gz|tgz)$/s;
/** Of things in one folder that are passed over, as many are named. */
const SHOWN = 10;
const UNNAMED = "begins as a bundle does, but is not called *.tar.gz, *.tgz or *.tar: not read, name the file itself";

/** What was found to read, and what was passed over and must not be passed over in silence. */
export interface Found {
  readonly files: readonly string[];
  readonly passedOver: readonly InquestError[];
}

/**
 * Turns files and folders into bundle files: a file as it is, a folder as its `*.tar`, `*.tar.gz` and `*.tgz` directly inside, sorted by
 * code unit. In the order given, each path once. What is a FIFO, a socket or a device is told by its kind and not opened. In a folder such
 * things are passed over, whatever their name, as is a bundle's name that leads nowhere, one that the folder's SHA256SUMS names and that is
 * not there, a file that begins as a bundle and is not called so, and bundles in folders below.
 *
 * @throws InquestError E_OPEN, E_NOT_FILE; E_NO_BUNDLE for no path at all and for a folder without bundles
 */
export async function findBundles(paths: readonly string[]): Promise<Found> {
  if (paths.length === 0) throw refuser("")("E_NO_BUNDLE", "no bundle was named");
  const files = new Set<string>();
  const passedOver: InquestError[] = [];
  const given = new Set(paths.map((path) => resolve(path)));
  for (const path of paths) for (const file of await expand(path, passedOver, given)) files.add(file);
  const [first] = passedOver;
  if (files.size === 0 && first) throw first;
  return { files: [...files], passedOver };
}

async function expand(
  path: string,
  passedOver: InquestError[],
  given: ReadonlySet<string>,
): Promise<readonly string[]> {
  const refuse = refuser(path);
  const stats = await look(path);
  if (stats.isFile()) return [path];
  if (!stats.isDirectory()) throw refuse("E_NOT_FILE", `this is ${kindOf(stats)}: not opened`);
  const bundles: string[] = [];
  const odd: InquestError[] = [];
  const names = (await entries(path)).sort();
  const lost = [...(await readSums(path)).of.keys()].filter((name) => BUNDLE_NAME.test(name) && !names.includes(name));
  for (const name of lost.sort())
    odd.push(refuser(join(path, name))("E_OPEN", `${SUMS} in this folder names it, but it is not there`));
  for (const name of names) {
    const file = join(path, name);
    const named = BUNDLE_NAME.test(name);
    const of = await stat(file).catch(() => null);
    if (of === null) {
      if (named) odd.push(refuser(file)("E_OPEN", "the path leads nowhere or cannot be read"));
    } else if (of.isFile()) {
      if (named) bundles.push(file);
      else if (!given.has(resolve(file)) && (await beginsAsBundle(file)))
        odd.push(refuser(file)("E_NOT_FILE", UNNAMED));
    } else if (!of.isDirectory()) odd.push(refuser(file)("E_NOT_FILE", `this is ${kindOf(of)}: not opened`));
  }
  // What was named beside this folder is read.
  const isGiven = (file: string): boolean => given.has(resolve(file)) || given.has(dirname(resolve(file)));
  odd.push(...(await bundlesBelow(path, (name, file) => BUNDLE_NAME.test(name) && !isGiven(file))));
  passedOver.push(...odd.slice(0, SHOWN));
  if (odd.length > SHOWN)
    passedOver.push(
      refuse("E_NOT_FILE", `${odd.length - SHOWN} more things in this folder were passed over: not read`),
    );
  if (bundles.length === 0 && odd.length === 0) throw refuse("E_NO_BUNDLE", "the folder holds no bundle");
  return bundles;
}

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return "a FIFO";
  if (stats.isSocket()) return "a socket";
  return stats.isBlockDevice() || stats.isCharacterDevice() ? "a device" : "neither a regular file nor a folder";
}

async function look(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch {
    throw refuser(path)("E_OPEN", "the path does not exist or cannot be read");
  }
}

async function entries(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    throw refuser(path)("E_OPEN", "the folder cannot be read");
  }
}
