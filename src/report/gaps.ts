import type { Review } from "#model/review.js";

type Gap = Review["gaps"][number];
type Missing = Omit<Gap, "blocks" | "decides">;

/** One thing that is missing, on all nodes on which it is for one reason. */
export interface MissingRow<T extends Missing = Missing> {
  /** In words; `each node` stands where the name of one stood that has others beside it. */
  readonly what: string;
  readonly nodes: readonly string[];
  readonly why: string;
  readonly command: string;
  readonly entries: readonly T[];
}

/** A row of the table of gaps. */
export interface GapRow extends MissingRow<Gap> {
  readonly number: number;
  /** Mechanisms that it would decide. */
  readonly blocks: readonly string[];
}

/** Gaps as rows of the table, those first that an explanation still open waits for. */
export function gapRows(review: Review): readonly GapRow[] {
  const open = new Set(review.hypotheses.filter((h) => h.status === "open").map((h) => h.mechanism));
  const rows = mergeMissing(review.gaps).map((row) => ({ ...row, blocks: row.entries[0]?.blocks ?? [] }));
  const isAwaited = (row: { readonly blocks: readonly string[] }) => row.blocks.some((b) => open.has(b));
  return [...rows.filter(isAwaited), ...rows.filter((row) => !isAwaited(row))].map((row, i) => ({
    ...row,
    number: i + 1,
  }));
}

/** The number of the row in which a thing that is missing stands. Null where it is in none. */
export const gapNumber = (missing: Missing, rows: readonly GapRow[]): number | null =>
  rows.find((row) =>
    row.entries.some((e) => e.kind === missing.kind && e.node === missing.node && e.what === missing.what),
  )?.number ?? null;

/** To be run on the very machine that it names: given once for all nodes it would say of none of them what to run there. */
const ON_ITS_NODE = /^sh collect\.sh (?:.* )?--node /;

/** Entries that differ in their node only as one row, at the place of the first. */
export function mergeMissing<T extends Missing>(entries: readonly T[]): readonly MissingRow<T>[] {
  const rows = new Map<string, T[]>();
  for (const entry of entries) {
    const { node, what, command, ...rest } = entry;
    const place = ON_ITS_NODE.test(command) ? node : node === null;
    const key = JSON.stringify([without(what, node), without(command, node), Object.entries(rest), place]);
    rows.set(key, [...(rows.get(key) ?? []), entry]);
  }
  return [...rows.values()].map(rowOf);
}

function rowOf<T extends Missing>(entries: readonly T[]): MissingRow<T> {
  const first = entries[0] as T;
  const nodes = [...new Set(entries.flatMap((e) => e.node ?? []))].sort();
  const isOne = nodes.length < 2;
  return {
    what: isOne ? first.what : without(first.what, first.node, "each node"),
    nodes,
    why: first.why,
    command: isOne ? first.command : without(first.command, first.node, "<node>"),
    entries,
  };
}

/** `the mount table of the agent on n1`, `the offset … (n1, n2)`: with its nodes, where it does not name them itself. */
export function placed(row: MissingRow): string {
  const [only] = row.nodes;
  if (only === undefined) return row.what;
  if (row.nodes.length > 1) return `${row.what} (${row.nodes.join(", ")})`;
  return without(row.what, only) === row.what ? `${row.what} on ${only}` : row.what;
}

/** A text in which the name of the node, as a whole word, is replaced. */
function without(text: string, node: string | null, by = "\u0000"): string {
  if (node === null || node === "") return text;
  const name = node.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return text.replace(new RegExp(`(?<![\\w.-])${name}(?![\\w-]|\\.\\w)`, "g"), () => by);
}
