import type { Fact } from "./fact.js";

/** What following a path through its links came to. */
export interface Resolution {
  readonly asked: string;
  /** `resolved`: every hop is known. `absent`: a component does not exist. `unknown`: a component was not looked at. */
  readonly state: "resolved" | "absent" | "unknown" | "denied" | "loop";
  /** The path without links; where the way ended, the path up to there. */
  readonly real: string;
  /** Links that were followed, in order, then the row of the final path (or of the component where the way ended), if it has one. */
  readonly hops: readonly Fact<"path">[];
}

/** The paths of one node at one moment. Reads rows only; nothing is ever opened. */
export interface FileTree {
  readonly at: (path: string) => Fact<"path"> | undefined;
  readonly resolve: (path: string) => Resolution;
  /** Direct entries of a directory given by its real path, in ASCII order of name. */
  readonly entries: (realPath: string) => readonly Fact<"path">[];
}

/** As many links as Linux follows (path_resolution(7)). */
const MAX_LINKS = 40;

export function fileTree(facts: readonly Fact<"path">[]): FileTree {
  const byPath = new Map<string, Fact<"path">>();
  const children = new Map<string, Fact<"path">[]>();
  const parents = new Set<string>();
  /** Directories that something lies in; those above an absent path alone may be absent as well. */
  const inhabited = new Set<string>();
  for (const fact of facts) {
    const { path } = fact.value;
    byPath.set(path, fact);
    if (fact.value.type !== "absent") push(children, parentOf(path), fact);
    addAbove(path, parents);
    if (fact.value.type !== "absent") addAbove(path, inhabited);
  }
  const at = (path: string): Fact<"path"> | undefined => byPath.get(path);
  return {
    at,
    resolve: (path) => follow(path, at, parents, inhabited),
    entries: (realPath) => [...(children.get(realPath) ?? [])].sort((a, b) => (a.value.path < b.value.path ? -1 : 1)),
  };
}

/** Directory part; `/` for the root's own entries. */
export const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0)) || "/";
export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** A directory and a name in it. */
export const joinPath = (directory: string, name: string): string =>
  directory === "/" ? `/${name}` : `${directory.replace(/\/$/, "")}/${name}`;

function addAbove(path: string, above: Set<string>): void {
  for (let p = parentOf(path); p !== "/" && !above.has(p); p = parentOf(p)) above.add(p);
}

function push(map: Map<string, Fact<"path">[]>, key: string, fact: Fact<"path">): void {
  const list = map.get(key);
  if (list) list.push(fact);
  else map.set(key, [fact]);
}

function follow(
  asked: string,
  at: (path: string) => Fact<"path"> | undefined,
  parents: ReadonlySet<string>,
  inhabited: ReadonlySet<string>,
): Resolution {
  const hops: Fact<"path">[] = [];
  let left = components(asked);
  let real = "/";
  let links = 0;
  const end = (state: Resolution["state"], path: string, last?: Fact<"path">): Resolution => ({
    asked,
    state,
    real: path,
    hops: last ? [...hops, last] : hops,
  });
  while (left.length > 0) {
    const [name, ...rest] = left;
    if (name === "..") {
      real = parentOf(real);
      left = rest;
      continue;
    }
    const path = joinPath(real, name ?? "");
    const fact = at(path);
    if (!fact) {
      if (parents.has(path)) {
        real = path;
        left = rest;
        continue;
      }
      const parent = at(real);
      return end(parent?.value.listing === "complete" ? "absent" : "unknown", path, parent);
    }
    if (fact.value.type === "absent" || fact.value.type === "denied") return end(fact.value.type, path, fact);
    if (fact.value.type === "l") {
      links += 1;
      if (links > MAX_LINKS) return end("loop", path, fact);
      hops.push(fact);
      const target = fact.value.target ?? "";
      if (target.startsWith("/")) real = "/";
      left = [...components(target), ...rest];
      continue;
    }
    real = path;
    left = rest;
  }
  const last = at(real);
  return end(last || inhabited.has(real) || real === "/" ? "resolved" : "unknown", real, last);
}

const components = (path: string): readonly string[] => path.split("/").filter((part) => part !== "" && part !== ".");
