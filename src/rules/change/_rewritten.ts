import type { Fact } from "#model/fact.js";
import type { ComparedMoment } from "#model/rule.js";
import { cniFiles } from "#rules/timeline/_cni-paths.js";

export type PathFact = Fact<"path">;

/** One path at both moments. */
export interface Pair {
  readonly was: PathFact;
  readonly now: PathFact;
}

export const pathKey = (path: PathFact): string => `${path.node ?? ""}\n${path.value.path}`;

/** Paths that could be looked at at both moments. */
export function pairsOf(earlier: ComparedMoment, later: ComparedMoment): readonly Pair[] {
  const before = new Map(earlier.view("path").all.map((p) => [pathKey(p), p]));
  return later.view("path").all.flatMap((now) => {
    const was = before.get(pathKey(now));
    return was && was.value.type !== "denied" && now.value.type !== "denied" ? [{ was, now }] : [];
  });
}

export const filesOf = (earlier: ComparedMoment, later: ComparedMoment): ReadonlySet<string> =>
  new Set([...earlier.context.derive(cniFiles), ...later.context.derive(cniFiles)]);

/** Files of the CNI that were written anew: their times differ by more than either is uncertain. */
export function rewrittenFiles(earlier: ComparedMoment, later: ComparedMoment): readonly Pair[] {
  const files = filesOf(earlier, later);
  return pairsOf(earlier, later).filter((pair) => files.has(pathKey(pair.now)) && isRewritten(pair));
}

function isRewritten({ was, now }: Pair): boolean {
  const [before, after] = [was.value.mtime, now.value.mtime];
  if (was.value.type !== "f" || now.value.type !== "f" || !before || !after) return false;
  return Math.abs(after.epochMs - before.epochMs) >= Math.max(before.precisionMs, after.precisionMs);
}
