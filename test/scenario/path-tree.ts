import { fail } from "./scenario-error.js";
import { sharperTime } from "./time.js";

/** What is known of one path of a node; undefined is "no value". */
export interface PathRow {
  readonly type: string;
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly size?: string | undefined;
  readonly mtime?: string | undefined;
  readonly target?: string | undefined;
  readonly listing?: "complete" | "truncated" | undefined;
}

/** Links by their real path, with the target as stored. */
export type Links = ReadonlyMap<string, string>;

/** Rows by real path. */
export type PathTree = Map<string, PathRow>;

/** As Linux: a walk that meets more links than this is a loop. */
const mostLinks = 40;

/**
 * Walks a path through links.
 * @returns the real path, and every hop on the way to it, links included, in the order of the walk
 * @throws ScenarioError on a loop
 */
export function resolvePath(
  links: Links,
  path: string,
  place: string,
): { readonly real: string; readonly hops: readonly string[] } {
  let todo = path.split("/");
  let at = "";
  let met = 0;
  const hops: string[] = [];
  while (todo.length > 0) {
    const [step = "", ...rest] = todo;
    todo = rest;
    if (step === "" || step === ".") continue;
    if (step === "..") {
      at = at.slice(0, Math.max(at.lastIndexOf("/"), 0));
      continue;
    }
    const next = `${at}/${step}`;
    hops.push(next);
    const target = links.get(next);
    if (target === undefined) {
      at = next;
      continue;
    }
    if (++met > mostLinks) fail("path", place, `${path} runs in circles through the links that are listed`);
    todo = [...target.split("/"), ...todo];
    if (target.startsWith("/")) at = "";
  }
  return { real: at === "" ? "/" : at, hops };
}

/** The real path of a name in a directory: links on the way are followed, the name itself is not. */
export function resolveEntry(
  links: Links,
  directory: string,
  name: string,
  place: string,
): { readonly real: string; readonly hops: readonly string[] } {
  const whole = name.startsWith("/") ? name : `${directory}/${name}`;
  const parts = whole.split("/").filter((part) => part !== "" && part !== ".");
  const last = parts.pop();
  if (last === undefined || last === "..") return resolvePath(links, whole, place);
  const { real, hops } = resolvePath(links, `/${parts.join("/")}`, place);
  return { real: real === "/" ? `/${last}` : `${real}/${last}`, hops };
}

/**
 * Adds what one artifact says of a path to what others said.
 * @throws ScenarioError where they contradict each other
 */
export function addRow(tree: PathTree, path: string, said: PathRow, place: string): void {
  const known = tree.get(path);
  if (known === undefined) {
    tree.set(path, said);
    return;
  }
  if (known.type !== said.type)
    fail("conflict", place, `${path} is ${describe(said.type)} here and ${describe(known.type)} elsewhere`);
  tree.set(path, {
    type: known.type,
    mode: agree(path, "mode", known.mode, said.mode, place),
    owner: agree(path, "owner", known.owner, said.owner, place),
    group: agree(path, "group", known.group, said.group, place),
    size: agree(path, "size", known.size, said.size, place),
    mtime: agreeOnTime(path, known.mtime, said.mtime, place),
    target: agree(path, "target", known.target, said.target, place),
    listing:
      known.listing === "truncated" || said.listing === "truncated" ? "truncated" : (known.listing ?? said.listing),
  });
}

/** Adds the hops of a walk: links are in the tree already, anything else on the way can only be a directory. */
export function addHops(tree: PathTree, links: Links, hops: readonly string[], place: string): void {
  for (const hop of hops) {
    if (!links.has(hop)) addRow(tree, hop, { type: "d" }, place);
  }
}

function agree(
  path: string,
  what: string,
  known: string | undefined,
  said: string | undefined,
  place: string,
): string | undefined {
  if (known !== undefined && said !== undefined && known !== said) {
    fail("conflict", place, `${what} of ${path} is ${said} here and ${known} elsewhere`);
  }
  return known ?? said;
}

function agreeOnTime(
  path: string,
  known: string | undefined,
  said: string | undefined,
  place: string,
): string | undefined {
  if (known === undefined || said === undefined) return known ?? said;
  return (
    sharperTime(known, said) ??
    fail(
      "conflict",
      place,
      `time of ${path} is ${said} here and ${known} elsewhere; they must agree within the coarser`,
    )
  );
}

function describe(type: string): string {
  const names: Readonly<Record<string, string>> = { f: "a file", d: "a directory", l: "a link", absent: "absent" };
  return names[type] ?? `of type ${type}`;
}
