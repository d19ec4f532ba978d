import type { Artifact, ArtifactKind, ContentForm, Coverage } from "#model/artifact.js";
import { type Instant, nodeClock, parseInstant } from "#model/instant.js";
import { visible } from "#model/visible.js";
import { COLLECTOR } from "./collector.js";
import type { Inventory, Member } from "./inventory.js";
import type { Ledger } from "./ledger.js";
import { MANIFEST, type Verdict, withoutRoot } from "./manifest.js";
import { redact } from "./redact.js";
import { type Row, readTable } from "./table.js";

const INDEX = "index.tsv";
const PATHS = "paths.tsv";
const NEEDED = ["kind", "member", "origin", "coverage"];
const KINDS: readonly ArtifactKind[] = ["file", "command", "journal", "proc", "api", "podlog"];
const COVERAGES: readonly Coverage[] = ["complete", "truncated", "failed", "denied", "absent"];
const CLUSTER: readonly ArtifactKind[] = ["api", "podlog"];

/** Whose bundle it is: what every artifact carries. `node` names the node's part; it is null only where there is none. */
export interface Owner {
  readonly bundle: string;
  readonly node: string | null;
}

/** The rows of index.tsv which can be read, before anything is known of their members. */
export function readIndex(inventory: Inventory, verdict: Verdict, ledger: Ledger): readonly Row[] {
  const bytes = inventory.meta(INDEX);
  if (bytes === null || !verdict.trusted(INDEX)) {
    ledger.note(
      "W_INDEX",
      INDEX,
      bytes === null ? "missing: no member can be attributed" : "differs from the manifest: not used",
    );
    return [];
  }
  const hit = (rule: string): void => ledger.secret(INDEX, rule);
  const table = readTable(bytes.toString("utf8"), (cell) => visible(redact(cell, hit)));
  const missing = NEEDED.filter((column) => !table.columns.includes(column));
  if (missing.length > 0) {
    ledger.note("W_INDEX", INDEX, `has no column ${missing.join(", ")}: not used`);
    return [];
  }
  const [first] = table.damagedLines;
  if (first !== undefined)
    ledger.note("W_INDEX", INDEX, `${table.damagedLines.length} damaged lines passed over, the first is line ${first}`);
  const rows = table.rows.filter(isKnown);
  if (rows.length < table.rows.length)
    ledger.note(
      "W_INDEX",
      INDEX,
      `${table.rows.length - rows.length} rows of a kind or coverage that this version does not know`,
    );
  return rows;
}

const isKnown = (row: Row): boolean =>
  KINDS.some((kind) => kind === row.cell("kind")) &&
  COVERAGES.some((coverage) => coverage === row.cell("coverage")) &&
  row.cell("origin") !== null;

/** Whether the rows tell of the node's part, of the cluster's, or both. */
export function partsOf(rows: readonly Row[], inventory: Inventory): readonly ("node" | "cluster")[] {
  const isCluster = (row: Row): boolean => CLUSTER.some((kind) => kind === row.cell("kind"));
  const node = rows.some((row) => !isCluster(row)) || inventory.members.has(PATHS);
  return [...(node ? ["node" as const] : []), ...(rows.some(isCluster) ? ["cluster" as const] : [])];
}

/**
 * Artifacts in the order collector.json, paths.tsv, rows of the index. A member belongs to one row; what a
 * row lacks (no member, damaged, cut off) shows in its coverage. Members without a row are noted and not read.
 */
export function listArtifacts(
  rows: readonly Row[],
  owner: Owner,
  inventory: Inventory,
  verdict: Verdict,
  ledger: Ledger,
): readonly Artifact[] {
  const taken = new Set<string>([INDEX, MANIFEST]);
  const artifacts: Artifact[] = [];
  for (const [name, kind, form] of [
    [COLLECTOR, "collector", "whole"],
    [PATHS, "paths", "lines"],
  ] as const) {
    taken.add(name);
    const member = inventory.members.get(name);
    if (member) artifacts.push(describe(member, { kind, form, origin: name, coverage: "complete" }, owner, verdict));
  }
  for (const row of rows) artifacts.push(fromRow(row, owner, inventory, verdict, taken, ledger));
  const unlisted = [...inventory.members.keys()].filter((name) => !taken.has(name));
  for (const name of unlisted) ledger.note("W_UNLISTED", name, "not in index.tsv: not read");
  return artifacts;
}

function fromRow(
  row: Row,
  owner: Owner,
  inventory: Inventory,
  verdict: Verdict,
  taken: Set<string>,
  ledger: Ledger,
): Artifact {
  const kind = KINDS.find((known) => known === row.cell("kind")) ?? "file";
  const coverage = COVERAGES.find((known) => known === row.cell("coverage")) ?? "failed";
  const origin = row.cell("origin") ?? "";
  const name = row.cell("member");
  const cell = name === null ? null : withoutRoot(name);
  const claimed = {
    kind,
    origin,
    coverage,
    form: formOf(kind, origin, cell ?? ""),
    exit: integer(row.cell("exit")),
    note: row.cell("note"),
    collectedAt: instant(row.cell("start"), owner),
  };
  if (cell === null) return describe(null, claimed, owner, verdict);
  const member = inventory.members.get(cell);
  if (!member || taken.has(cell)) {
    const why = member ? "named by an earlier row already" : "there is no such member that can be read";
    ledger.note("W_MISSING", cell, `line ${row.line} of index.tsv: ${why}`);
    return describe(null, { ...claimed, coverage: "failed" }, owner, verdict);
  }
  taken.add(cell);
  return describe(member, claimed, owner, verdict);
}

type Claimed = Pick<Artifact, "kind" | "origin" | "coverage" | "form"> & Partial<Artifact>;

function describe(member: Member | null, claimed: Claimed, owner: Owner, verdict: Verdict): Artifact {
  return {
    bundle: owner.bundle,
    node: CLUSTER.includes(claimed.kind) ? null : owner.node,
    member: member?.name ?? null,
    sha256: member?.sha256 ?? null,
    bytes: member?.bytes ?? null,
    exit: null,
    note: null,
    collectedAt: null,
    ...claimed,
    coverage: member === null ? claimed.coverage : effective(claimed.coverage, member, verdict),
  };
}

function effective(coverage: Coverage, member: Member, verdict: Verdict): Coverage {
  if (!verdict.trusted(member.name)) return "failed";
  return member.complete || coverage !== "complete" ? coverage : "truncated";
}

function formOf(kind: ArtifactKind, origin: string, member: string): ContentForm {
  switch (kind) {
    case "api":
      // A list that could not be fetched is still a list: the same parser answers for it.
      return !origin.startsWith("/") && (member === "" || /^cluster\/.*\.json$/.test(member)) ? "items" : "whole";
    case "journal":
    case "podlog":
    case "proc":
    case "command":
    case "paths":
      return "lines";
    case "file":
      return origin.startsWith("/var/log/") || origin.endsWith(".log") ? "lines" : "whole";
    case "collector":
      return "whole";
  }
}

const integer = (cell: string | null): number | null =>
  cell !== null && /^-?\d{1,9}$/.test(cell) ? Number(cell) : null;

/** Of the machine that ran the collector. */
export const clockOf = (owner: Owner): string => (owner.node === null ? "unknown" : nodeClock(owner.node));

const instant = (cell: string | null, owner: Owner): Instant | null =>
  cell === null ? null : parseInstant(cell, clockOf(owner));
