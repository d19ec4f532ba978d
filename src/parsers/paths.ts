import { evidenceIn } from "#model/evidence.js";
import type { PathValue } from "#model/fact.js";
import { type Instant, nodeClock, parseInstant } from "#model/instant.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";

const TYPES: ReadonlySet<string> = new Set(["f", "d", "l", "c", "b", "p", "s", "absent", "denied"]);
const LISTINGS: ReadonlySet<string> = new Set(["complete", "truncated", "denied"]);

/**
 * `paths.tsv`: one row for each path which the collector looked at (bundle layout, "Tab-separated files").
 *
 * ```
 * path	type	mode	uid	gid	owner	group	size	mtime	ctime	btime	target	listing
 * /etc/cni/net.d	l	0777	0	0	root	root	40	@1631607331.5	-	-	/var/snap/microk8s/current/args/cni-network	-
 * ```
 *
 * Columns are found by their header name. Times are of the node's clock, as precise as written. Does not resolve links.
 */
export const paths: Parser = {
  id: "paths",
  kinds: ["path"],
  accepts: (artifact) => artifact.kind === "paths",
  open: (artifact, emit) => {
    const clock = artifact.node === null ? "unknown" : nodeClock(artifact.node);
    let columns: ReadonlyMap<string, number> | null = null;
    const sink = {
      line: (text: string, line: number): void => {
        if (columns === null) {
          columns = columnsOf(text);
          if (!columns.has("path") || !columns.has("type"))
            emit.issue("W_TABLE", "the header names no column `path`, or none `type`", line);
          return;
        }
        if (text === "") return;
        const value = readRow(text.split("\t"), columns, clock);
        if (value === null) emit.issue("W_ROW", "a row without path, or of an unknown type of file", line);
        else {
          const evidence = evidenceIn(artifact, { kind: "row", line }, visible(text, "\t"));
          emit.fact({ kind: "path", node: artifact.node, value, artifact, evidence });
        }
      },
      end: (): void => {},
    };
    return { ...sink, whole: (text) => text.split("\n").forEach((row, i) => void sink.line(row, i + 1)) };
  },
};

function columnsOf(header: string): ReadonlyMap<string, number> {
  return new Map(header.split("\t").map((name, i) => [name, i]));
}

function readRow(cells: readonly string[], columns: ReadonlyMap<string, number>, clock: string): PathValue | null {
  const cell = (name: string): string | null => {
    const raw = cells[columns.get(name) ?? -1];
    return raw === undefined || raw === "-" || raw === "" ? null : unescapeField(raw);
  };
  const time = (name: string): Instant | null => parseInstant(cell(name) ?? "", clock);
  const path = cell("path");
  const type = cell("type");
  if (path === null || !path.startsWith("/") || type === null || !isType(type)) return null;
  const listing = cell("listing");
  return {
    path,
    type,
    mode: cell("mode"),
    owner: cell("owner"),
    group: cell("group"),
    size: sizeOf(cell("size")),
    mtime: time("mtime"),
    ctime: time("ctime"),
    btime: time("btime"),
    target: cell("target"),
    listing: listing !== null && isListing(listing) ? listing : null,
  };
}

const isType = (text: string): text is PathValue["type"] => TYPES.has(text);
const isListing = (text: string): text is NonNullable<PathValue["listing"]> => LISTINGS.has(text);
const sizeOf = (text: string | null): number | null => (text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null);

/** What the letter behind a backslash stands for. */
const ESCAPED: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", "\\": "\\" };

/**
 * Undoes the escapes of a field. Control characters come out visible, as `\u{a}`. Bytes from 0x80 stay written as `\xHH`: they are no
 * UTF-8, and two names that differ must not become the same replacement character.
 */
export function unescapeField(field: string): string {
  return field.replace(/\\([tnr\\]|x[0-7][0-9A-Fa-f])/g, (_, code: string) => {
    const char = ESCAPED[code] ?? String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return shown(char);
  });
}

const shown = (char: string): string => (char === "\t" ? "\\u{9}" : visible(char));
