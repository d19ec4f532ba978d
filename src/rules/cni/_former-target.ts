import type { Evidence } from "#model/evidence.js";
import type { Fact } from "#model/fact.js";
import { baseName, type FileTree, joinPath, type Resolution } from "#model/file-tree.js";
import { type Instant, order } from "#model/instant.js";
import { code, type Statement, say, time } from "#model/statement.js";

/** The directory to which a path led when a container with it started, where that still exists and the path leads elsewhere by now. */
export interface FormerTarget {
  /** `revision`: of the same snap; `link`: another directory, shown by its listing. */
  readonly kind: "revision" | "link";
  /** The kubeconfig in it, where it was listed. */
  readonly file: Fact<"path"> | null;
}

/** The kubeconfig that the plugin reads, or is taken to read. */
interface Read {
  readonly real: string;
  readonly file: Fact<"path"> | null;
}

/**
 * Undefined where the mount may be of the directory that is there. Its root is a path within the mounted file system, so another text alone
 * parts no two directories: what lies in them does.
 */
export function formerTarget(
  mount: Fact<"mount">,
  target: Resolution,
  tree: FileTree,
  read: Read,
  started: Instant | null,
): FormerTarget | undefined {
  const { root, deleted } = mount.value;
  if (deleted) return undefined;
  const there = tree.at(joinPath(root, baseName(read.real)));
  const file = there?.value.type === "f" ? there : null;
  if (isOlderRevision(root, target.real)) return { kind: "revision", file };
  if (target.state !== "resolved" || root === target.real || ledSince(target, started) === null) return undefined;
  const former = tree.resolve(root);
  const isThere = former.state === "resolved" && former.real === root && tree.at(root)?.value.type === "d";
  return isThere && file && isAnother(file, read.file) ? { kind: "link", file } : undefined;
}

/** Snap revisions: the mount stays on the one that `current` named when the container started (microk8s issue 5583). */
function isOlderRevision(root: string, real: string): boolean {
  const parts = (path: string) => /\/snap\/([a-z0-9-]+)\/(\d+)\/(.*)$/.exec(path)?.slice(1) ?? [];
  const [snap, revision, rest] = parts(root);
  const [name, present, below] = parts(real);
  return snap !== undefined && snap === name && rest === below && revision !== present;
}

const isAnother = (one: Fact<"path">, other: Fact<"path"> | null): boolean => {
  const [a, b] = [one.value.mtime, other?.value.mtime ?? null];
  return a !== null && b !== null && (order(a, b) === "after" || order(a, b) === "before");
};

/** The link on the way that was made last, where that was after the start of the container: a link's own time is that of its making. */
export function ledSince(
  target: Resolution,
  started: Instant | null,
): { readonly link: Fact<"path">; readonly at: Instant } | null {
  if (!started) return null;
  const younger = target.hops.flatMap((link) => {
    const at = link.value.type === "l" ? link.value.mtime : null;
    return at !== null && order(at, started) === "after" ? [{ link, at }] : [];
  });
  return younger.reduce<(typeof younger)[number] | null>((a, b) => (a && a.at.epochMs >= b.at.epochMs ? a : b), null);
}

/** Where the links on the way lead now, and since when. */
export function led(target: Resolution, started: Instant | null): readonly Statement[] {
  const since = ledSince(target, started);
  if (!since) return [];
  const { link, at } = since;
  return [
    say`The link ${code(link.value.path, link.evidence)} has led to ${code(link.value.target ?? "", link.evidence)} since ${time(at, link.evidence)}, when that pod was running already`,
  ];
}

/** That the former directory exists, and when its kubeconfig was written. */
export function stillThere(former: FormerTarget | null, { real }: Pick<Read, "real">): readonly Statement[] {
  const file = former?.file;
  const at = file?.value.mtime;
  if (!file || !at) return [];
  const directory = file.value.path.slice(0, -baseName(real).length - 1);
  return [
    say`${code(directory, file.evidence)} is still there: ${code(baseName(file.value.path), file.evidence)} in it was last written at ${time(at, file.evidence)}`,
  ];
}

/** The links on the way, else what shows the mount. */
export function wayTo(target: Resolution, or: Evidence): readonly [Evidence, ...Evidence[]] {
  const [first, ...rest] = target.hops.filter((h) => h.value.type === "l").map((h) => h.evidence);
  return first ? [first, ...rest] : [or];
}
