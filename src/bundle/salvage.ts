import type { ArtifactKind } from "#model/artifact.js";
import type { CollectorRecord } from "./collector.js";
import type { Inventory, Member } from "./inventory.js";
import { type Verdict, withoutRoot } from "./manifest.js";
import type { Row } from "./table.js";

/** Columns as the layout orders them: what a damaged header must have said. */
export const LAYOUT_COLUMNS = "seq start seconds exit coverage bytes redactions kind member origin note".split(" ");

/** What a row that cannot be used would have told of. `origin`: null where nobody can say. */
export interface Lost {
  readonly kind: ArtifactKind;
  readonly origin: string | null;
}

/**
 * Why a row of an index that is not as its manifest says cannot be used; null where what else the archive holds bears it out: its member is
 * there, hashes to the manifest, is as long as the row says, is named by no other row, and is called what the layout calls a thing of that
 * origin. A row without a member claims little (nobody could read it, or it is not there) and needs only to be well-formed.
 */
export function faultOf(
  row: Row,
  kind: ArtifactKind,
  named: ReadonlyMap<string, number>,
  inventory: Inventory,
  verdict: Verdict,
  record: CollectorRecord,
  origins: ReadonlySet<string>,
): string | null {
  const coverage = row.cell("coverage");
  const origin = row.cell("origin") ?? "";
  if (!COUNTS.every((column) => /^\d{1,15}$/.test(row.cell(column) ?? "0"))) return "a count is no number";
  if (!/^-?\d{1,3}$/.test(row.cell("exit") ?? "0")) return "its exit code is no number";
  if (!isWithin(row.cell("start"), record)) return "its time is not within that of the collection";
  const cell = row.cell("member");
  if (cell === null) return coverage === "complete" || coverage === "truncated" ? "it names no member" : null;
  const name = withoutRoot(cell);
  const member = inventory.members.get(name);
  if (!member) return "there is no member of that name";
  if ((named.get(name) ?? 0) > 1) return "another row names the same member";
  if (!verdict.trusted(name)) return "its member is not as the manifest says";
  if (row.cell("bytes") !== String(member.bytes)) return "its member is not as long as it says";
  return isCalled(kind, origin, name, origins)
    ? null
    : "its member is not called what the layout calls a thing of that origin";
}

const COUNTS = ["seq", "bytes", "redactions"] as const;

/** How often each member is named. */
export function countNames(rows: readonly Row[]): ReadonlyMap<string, number> {
  const named = new Map<string, number>();
  for (const row of rows) {
    const cell = row.cell("member");
    if (cell !== null) named.set(withoutRoot(cell), (named.get(withoutRoot(cell)) ?? 0) + 1);
  }
  return named;
}

const SECOND = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** Times of this one format compare as texts; a record that has another, or none, bounds nothing. */
function isWithin(start: string | null, { start: from, end: to }: CollectorRecord): boolean {
  if (start === null || !SECOND.test(start)) return false;
  return from === null || to === null || !SECOND.test(from) || !SECOND.test(to) || (start >= from && start <= to);
}

const RAW: Readonly<Record<string, string>> = {
  "/version": "cluster/version.json",
  "/openid/v1/jwks": "cluster/jwks.json",
  "/.well-known/openid-configuration": "cluster/openid-configuration.json",
};

function isCalled(kind: ArtifactKind, origin: string, member: string, origins: ReadonlySet<string>): boolean {
  switch (kind) {
    case "file":
      return member === `node/fs${origin}`;
    case "proc":
      return member === `node${origin}`;
    case "journal":
      return member === `node/journal/${origin}.log`;
    case "api":
      return member === (RAW[origin] ?? `cluster/${origin}.json`);
    case "podlog":
      return member === `cluster/logs/${origin.replaceAll("/", "_").replace("#", ".")}.log`;
    case "command":
      return isCommand(origin, /^node\/cmd\/([A-Za-z0-9-]+)(?:\.2)?\.txt$/.exec(member)?.[1] ?? "", origins);
    case "paths":
    case "collector":
      return false;
  }
}

/** Words of the collector's command lines that are not in their slugs. */
const OPTIONS: ReadonlySet<string> = new Set(
  "a n k8s io config eo o pid ppid stat pcpu lstart time args net ipv4 show all list".split(" "),
);

/** Has the command line the words of the slug in their order, none beside them but known options, and no path but of files in the bundle? */
function isCommand(line: string, slug: string, origins: ReadonlySet<string>): boolean {
  const words = line.split(" ");
  const paths = words.filter((word) => word.startsWith("/"));
  if (paths.some((path) => !origins.has(path) && !path.endsWith(".sock"))) return false;
  const sought = slug.split("-");
  for (const word of words.filter((w) => !w.startsWith("/")).flatMap((w) => w.split(/[^A-Za-z0-9]+/))) {
    if (word === sought[0]) sought.shift();
    else if (word !== "" && !OPTIONS.has(word)) return false;
  }
  return sought.length === 0 || sought.join() === "tail";
}

/** What a member that no row tells of any more is of, by its name. */
export function lostOf({ name }: Member): Lost | null {
  const of = (kind: ArtifactKind, pattern: RegExp, origin = (text: string): string | null => text): Lost | null => {
    const found = pattern.exec(name);
    return found ? { kind, origin: origin(found[1] ?? "") } : null;
  };
  return (
    of("file", /^node\/fs(\/.+)$/, (path) => (/^\/_\d{4}$/.test(path) ? null : path)) ??
    of("proc", /^node(\/proc\/.+)$/) ??
    of("journal", /^node\/journal\/(.+)\.log$/) ??
    of("command", /^node\/cmd\/(.+)\.txt$/, (slug) => slug.replaceAll("-", " ")) ??
    of("podlog", /^cluster\/logs\/(.+)\.log$/) ??
    of("api", /^cluster\/(.+)\.json$/, (plural) => Object.keys(RAW).find((url) => RAW[url] === name) ?? plural)
  );
}
