import type { Artifact, ArtifactKind, ContentForm, Coverage } from "#model/artifact.js";
import { type Instant, nodeClock, parseInstant } from "#model/instant.js";
import { visible } from "#model/visible.js";
import { COLLECTOR, type CollectorRecord } from "./collector.js";
import type { Inventory, Member } from "./inventory.js";
import type { Ledger } from "./ledger.js";
import { INDEX, MANIFEST, type Verdict, withoutRoot } from "./manifest.js";
import { redact } from "./redact.js";
import { countNames, faultOf, LAYOUT_COLUMNS, type Lost, lostOf } from "./salvage.js";
import { type Row, readTable } from "./table.js";

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

/** What index.tsv tells: rows that can be used, and what rows would have told of that cannot. */
export interface Index {
  readonly rows: readonly Row[];
  readonly lost: readonly Lost[];
}

/**
 * The rows of index.tsv which can be used. A bad row costs that row. Where the whole is not as the manifest says, nobody knows which rows are
 * bad: then each is used only as far as the rest of the archive bears it out.
 */
export function readIndex(inventory: Inventory, verdict: Verdict, record: CollectorRecord, ledger: Ledger): Index {
  const bytes = inventory.meta(INDEX);
  if (bytes === null) {
    ledger.note("W_INDEX", INDEX, "missing: no member can be attributed");
    return { rows: [], lost: [] };
  }
  const trusted = verdict.trusted(INDEX);
  const hit = (rule: string): void => ledger.secret(INDEX, rule);
  const table = readTable(
    bytes.toString("utf8"),
    (cell) => visible(redact(cell, hit)),
    trusted ? null : LAYOUT_COLUMNS,
  );
  const missing = NEEDED.filter((column) => !table.columns.includes(column));
  if (missing.length > 0) {
    ledger.note("W_INDEX", INDEX, `has no column ${missing.join(", ")}: not used`);
    return { rows: [], lost: trusted ? [] : unnamed([], inventory) };
  }
  const lose = (line: number, why: string): void => ledger.note("W_INDEX", INDEX, `line ${line} is not used: ${why}`);
  for (const line of table.damagedLines) lose(line, "it has not as many fields as the header, or no line end");
  const rows = table.rows.filter((row) => {
    if (isKnown(row)) return true;
    lose(row.line, "its kind or coverage is none that this version knows, or it has no origin");
    return false;
  });
  return trusted ? { rows, lost: [] } : salvage(rows, inventory, verdict, record, lose);
}

function salvage(
  rows: readonly Row[],
  inventory: Inventory,
  verdict: Verdict,
  record: CollectorRecord,
  lose: (line: number, why: string) => void,
): Index {
  const named = countNames(rows);
  const lost: Lost[] = [];
  const borne = (list: readonly Row[], origins: ReadonlySet<string>): readonly Row[] =>
    list.filter((row) => {
      const fault = faultOf(row, kindOf(row), named, inventory, verdict, record, origins);
      if (fault === null) return true;
      lose(row.line, fault);
      lost.push({ kind: kindOf(row), origin: row.cell("origin") });
      return false;
    });
  // Command lines name files: those are looked at first.
  const files = borne(
    rows.filter((row) => row.cell("kind") !== "command"),
    new Set(),
  );
  const origins = new Set(files.flatMap((row) => row.cell("origin") ?? []));
  const commands = borne(
    rows.filter((row) => row.cell("kind") === "command"),
    origins,
  );
  const sound = new Set([...files, ...commands]);
  const kept = rows.filter((row) => sound.has(row));
  return { rows: kept, lost: [...lost, ...unnamed(kept, inventory)] };
}

/** What the archive holds that no usable row tells of. */
function unnamed(rows: readonly Row[], inventory: Inventory): readonly Lost[] {
  const named = countNames(rows);
  return [...inventory.members.values()].filter((m) => !named.has(m.name)).flatMap((m) => lostOf(m) ?? []);
}

const kindOf = (row: Row): ArtifactKind => KINDS.find((known) => known === row.cell("kind")) ?? "file";

const isKnown = (row: Row): boolean =>
  KINDS.some((kind) => kind === row.cell("kind")) &&
  COVERAGES.some((coverage) => coverage === row.cell("coverage")) &&
  row.cell("origin") !== null;

/** Whether the rows tell of the node's part, of the cluster's, or both. */
export function partsOf({ rows, lost }: Index, inventory: Inventory): readonly ("node" | "cluster")[] {
  const kinds = [...rows.map(kindOf), ...lost.map((l) => l.kind)];
  const node = kinds.some((kind) => !CLUSTER.includes(kind)) || inventory.members.has(PATHS);
  const cluster = kinds.some((kind) => CLUSTER.includes(kind));
  return [...(node ? ["node" as const] : []), ...(cluster ? ["cluster" as const] : [])];
}

/**
 * Artifacts in the order collector.json, paths.tsv, rows of the index. A member belongs to one row; what a
 * row lacks (no member, damaged, cut off) shows in its coverage. Members without a row are noted and not read.
 */
export function listArtifacts(
  { rows, lost }: Index,
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
  artifacts.push(...failed(lost, artifacts, owner, verdict));
  const unlisted = [...inventory.members.keys()].filter((name) => !taken.has(name));
  for (const name of unlisted) ledger.note("W_UNLISTED", name, "not in index.tsv: not read");
  return artifacts;
}

/** Of what was lost something is known all the same: that somebody looked. It must not read as if nothing else had been there. */
function failed(
  lost: readonly Lost[],
  known: readonly Artifact[],
  owner: Owner,
  verdict: Verdict,
): readonly Artifact[] {
  const key = (kind: ArtifactKind, origin: string): string => `${kind} ${origin}`;
  const told = new Set(known.map((artifact) => key(artifact.kind, artifact.origin)));
  return lost.flatMap(({ kind, origin }) => {
    if (origin === null || told.has(key(kind, origin))) return [];
    told.add(key(kind, origin));
    const note = "the row of index.tsv that tells of it is damaged";
    return [describe(null, { kind, origin, coverage: "lost", form: formOf(kind, origin, ""), note }, owner, verdict)];
  });
}

function fromRow(
  row: Row,
  owner: Owner,
  inventory: Inventory,
  verdict: Verdict,
  taken: Set<string>,
  ledger: Ledger,
): Artifact {
  const kind = kindOf(row);
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
    return describe(null, { ...claimed, coverage: "lost" }, owner, verdict);
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
  if (!verdict.trusted(member.name)) return "lost";
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
