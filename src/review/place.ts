import type { Evidence } from "#model/evidence.js";
import { shellWord } from "#model/rule.js";

/** Where a piece of evidence was looked up: a command that anyone can repeat, or a file on a node. */
export interface Place {
  readonly node: string | null;
  readonly kind: "command" | "file";
  readonly text: string;
}

/**
 * The place that evidence was taken from, by the layout of a bundle (bundle/layout.md). A file is named and not printed by a command: it
 * may hold a credential. Null for the collector's own record.
 */
export function placeOf({ member, origin, node, excerpt }: Evidence): Place | null {
  if (member === "collector.json" || member === "index.tsv") return null;
  if (member === "paths.tsv") return pathPlace(excerpt, node);
  if (member.startsWith("cluster/logs/")) return { node: null, kind: "command", text: logsOf(origin) };
  if (member.startsWith("cluster/")) return { node: null, kind: "command", text: getOf(origin) };
  if (member.startsWith("node/journal/"))
    return { node, kind: "command", text: `journalctl -u ${shellWord(origin)} --utc` };
  if (member.startsWith("node/cmd/")) return { node, kind: "command", text: origin };
  return { node, kind: "file", text: origin };
}

/** A row of the table of paths begins with the path; tabs are visible in an excerpt. */
function pathPlace(excerpt: string, node: string | null): Place | null {
  const [path = ""] = excerpt.split(/\t|\\t/);
  return path.startsWith("/") ? { node, kind: "command", text: `stat ${shellWord(path)}` } : null;
}

const getOf = (origin: string): string =>
  origin.startsWith("/") ? `kubectl get --raw ${shellWord(origin)}` : `kubectl get ${shellWord(origin)} -A -o json`;

/** `<ns>/<pod>/<container>`, with `#previous` for the run before. */
function logsOf(origin: string): string {
  const [path = "", previous] = origin.split("#");
  const [namespace = "", pod = "", container = ""] = path.split("/");
  const run = previous === undefined ? "" : " --previous";
  return `kubectl -n ${shellWord(namespace)} logs ${shellWord(pod)} -c ${shellWord(container)} --timestamps${run}`;
}

/** The places of several pieces of evidence, each once, in order of first citation. */
export function placesOf(evidence: readonly Evidence[]): Place[] {
  const places = evidence.flatMap((e) => placeOf(e) ?? []);
  return [...new Map(places.map((p) => [JSON.stringify([p.node, p.text]), p])).values()];
}
