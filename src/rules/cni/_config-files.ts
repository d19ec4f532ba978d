import type { Coverage } from "#model/artifact.js";
import type { Evidence } from "#model/evidence.js";
import type { Fact, FactKind } from "#model/fact.js";
import { type FileTree, fileTree } from "#model/file-tree.js";
import type { FactView } from "#model/rule.js";

export type View = <K extends FactKind>(kind: K) => FactView<K>;
type ConfigKind = "runtime.config" | "crio.config";

/**
 * What is known of the configuration files behind a path or pattern. `read`: all that there are were read, or none exists. `unread`: one
 * exists that was not read whole. `unseen`: nobody looked.
 */
export interface Files<K extends ConfigKind> {
  readonly state: "read" | "unread" | "unseen";
  /** Those that were read, in ASCII order of their paths. */
  readonly facts: readonly Fact<K>[];
  /** What shows that there is none; null where there is one, or nothing shows it. */
  readonly absence: Evidence | null;
}

export const UNREAD: ReadonlySet<Coverage> = new Set(["failed", "lost", "denied", "truncated"]);

export const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
export const exactly = (path: string): RegExp => new RegExp(`^${escaped(path)}$`);

/** `*` within one path component, as Go's filepath.Glob; nothing else is used in practice. */
export const globOf = (absolute: string): RegExp => new RegExp(`^${absolute.split("/").map(component).join("/")}$`);

/** Of several `*` the text between them does not count: an expression with many would be slow on purpose. */
function component(pattern: string): string {
  const pieces = pattern.split("*");
  const [first, last] = [pieces[0] ?? "", pieces.at(-1) ?? ""];
  return pieces.length === 1 ? escaped(pattern) : `${escaped(first)}[^/]*${escaped(last)}`;
}

/** The configuration file at an absolute path, which may be a link: a file is recorded where it really lies. */
export function fileAt<K extends ConfigKind>(kind: K, path: string, node: string, view: View): Files<K> {
  const tree = fileTree(view("path").on(node));
  const { state, real, hops } = tree.resolve(path);
  const facts = filesOf(kind, node, view).filter((c) => c.value.path === path || c.value.path === real);
  const report = view(kind).coverage(node, new RegExp(`${exactly(path).source}|${exactly(real).source}`));
  if (UNREAD.has(report.state) || facts.some((c) => !c.value.valid)) return { state: "unread", facts, absence: null };
  if (facts.length > 0) return { state: "read", facts, absence: null };
  const [searched] = report.state === "absent" ? report.searched(path) : [];
  const absence = (state === "absent" ? hops.at(-1)?.evidence : undefined) ?? searched ?? null;
  if (state === "resolved" && hops.length > 0) return { state: "unread", facts, absence: null };
  return { state: absence === null ? "unseen" : "read", facts, absence };
}

/** The configuration files that a pattern such as `/etc/crio/crio.conf.d/*` means. What a listing shows and nobody read is unread. */
export function filesLike<K extends ConfigKind>(kind: K, pattern: string, node: string, view: View): Files<K> {
  const fits = globOf(pattern);
  const tree = fileTree(view("path").on(node));
  const folder = pattern.slice(0, pattern.lastIndexOf("/")) || "/";
  // Of a folder that is a pattern itself no listing tells.
  const directory = folder.includes("*") ? null : tree.resolve(folder);
  const listed = directory?.state === "resolved" ? entriesLike(tree, directory.real, pattern) : [];
  const reals = new Set(listed.map((path) => tree.resolve(path).real));
  const facts = filesOf(kind, node, view)
    .filter((c) => fits.test(c.value.path) || reals.has(c.value.path))
    .sort((a, b) => (a.value.path < b.value.path ? -1 : 1));
  const read = new Set(facts.map((c) => c.value.path));
  const report = view(kind).coverage(node, fits);
  if (UNREAD.has(report.state) || facts.some((c) => !c.value.valid) || [...reals].some((path) => !read.has(path)))
    return { state: "unread", facts, absence: null };
  if (facts.length > 0) return { state: "read", facts, absence: null };
  const row = directory?.hops.at(-1)?.evidence ?? null;
  const whole = directory?.state === "resolved" && tree.at(directory.real)?.value.listing === "complete";
  const none = directory?.state === "absent" || whole;
  const absence = (none ? row : null) ?? (report.state === "absent" ? (report.searched(pattern)[0] ?? null) : null);
  return { state: none || absence !== null ? "read" : "unseen", facts, absence };
}

function entriesLike(tree: FileTree, directory: string, pattern: string): readonly string[] {
  const name = globOf(pattern.slice(pattern.lastIndexOf("/") + 1));
  return tree
    .entries(directory)
    .map((e) => e.value.path)
    .filter((path) => name.test(path.slice(path.lastIndexOf("/") + 1)));
}

const filesOf = <K extends ConfigKind>(kind: K, node: string, view: View): readonly Fact<K>[] =>
  view(kind)
    .on(node)
    .filter((c) => c.value.source === "file");
