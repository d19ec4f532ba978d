import type { Review, ReviewStatement } from "#model/review.js";

type Part = ReviewStatement["parts"][number];

/** A sentence with the one node that it is about. */
interface Placed {
  readonly statement: ReviewStatement;
  readonly node: string;
}

const PREPOSITION = /(?:^|[\s(])(at|for|from|in|of|on|to|with) $/i;

/**
 * Sentences of which each node has its own, told once with all nodes and citations; the others as they are, in their order. Sentences are
 * alike where their words are: only the node may differ, and names and times that come with it.
 */
export function mergeNodes(statements: readonly ReviewStatement[], review: Review): readonly ReviewStatement[] {
  const nodes = nodesOf(review);
  const placed = statements.map((statement) => ({ statement, node: nodeOf(statement, nodes, review) }));
  const rows: Placed[][] = [];
  const open = new Map<string, Placed[]>();
  const join = (entry: Placed, key: string) => {
    const row = open.get(key);
    if (row !== undefined && !row.some((other) => other.node === entry.node)) row.push(entry);
    else {
      const fresh = [entry];
      rows.push(fresh);
      open.set(key, fresh);
    }
  };
  for (const { statement, node } of placed)
    if (node === null) rows.push([{ statement, node: "" }]);
    else join({ statement, node }, likeness(statement, review));
  return rows.map((row) =>
    mergeRow(
      row.map((entry) => entry.statement),
      nodes,
    ),
  );
}

const nodesOf = (review: Review): ReadonlySet<string> =>
  new Set([
    ...review.moments.flatMap((m) => m.nodes),
    ...review.findings.flatMap((f) => f.nodes),
    ...review.custody.flatMap((c) => c.node ?? []),
  ]);

/** The node that it names, else the one that its evidence is from. Null for none, and for more than one. */
function nodeOf(statement: ReviewStatement, nodes: ReadonlySet<string>, review: Review): string | null {
  if (statement.source.kind !== "evidence") return null;
  const named = statement.parts.filter((p) => p.kind === "code" && nodes.has(p.text)).map((p) => textOf(p));
  const cited = statement.evidence.flatMap((id) => review.evidence[id]?.node ?? []);
  const found = new Set(named.length > 0 ? named : cited);
  return found.size === 1 ? ([...found][0] ?? null) : null;
}

/** Words and kinds of the parts, and the moments from which it is told: a time in words is the same for all. */
function likeness(statement: ReviewStatement, review: Review): string {
  const words = statement.parts.map((p) => (p.kind === "text" || p.kind === "word" ? `${p.kind}:${p.text}` : p.kind));
  const bundles = new Set(statement.evidence.map((id) => review.evidence[id]?.bundle ?? ""));
  const moments = review.moments.filter((m) => m.bundles.some((b) => bundles.has(b) || bundles.has(hashOf(b, review))));
  return JSON.stringify([words, moments.map((m) => m.id)]);
}

const hashOf = (bundle: string, review: Review): string =>
  review.custody.find((c) => c.id === bundle)?.sha256 ?? bundle;

/** A sentence that is the same of several names no node: it is told once, and only those that differ beside it. */
function mergeRow(row: readonly ReviewStatement[], nodes: ReadonlySet<string>): ReviewStatement {
  const told = [...new Map(row.map((s) => [JSON.stringify(s.parts.map(textOf)), s])).values()];
  const [first, ...others] = told as [ReviewStatement, ...ReviewStatement[]];
  const evidence = [...new Set(row.flatMap((s) => s.evidence))];
  if (others.length === 0) return { ...first, evidence };
  const differing = first.parts.flatMap((part, i) =>
    others.some((other) => textOf(other.parts[i]) !== textOf(part)) ? [i] : [],
  );
  const columns = new Set(differing.map((i) => JSON.stringify(told.map((s) => textOf(s.parts[i])))));
  const stand = differing.every((i) => PREPOSITION.test(textOf(first.parts[i - 1])) || i === 0);
  const parts = columns.size === 1 && stand ? eachOf(told, new Set(differing)) : likewise(told, differing, nodes);
  return { ...first, parts, text: parts.map(textOf).join(""), evidence };
}

/** `On each of A, B and C …`. */
const eachOf = (row: readonly ReviewStatement[], at: ReadonlySet<number>): Part[] =>
  (row[0]?.parts ?? []).flatMap((part, i) =>
    at.has(i) ? [text("each of "), ...listed(row.map((s) => [s.parts[i] ?? part]))] : [part],
  );

/** `On A … x; likewise on B (y) and C (z)`. */
function likewise(row: readonly ReviewStatement[], at: readonly number[], nodes: ReadonlySet<string>): Part[] {
  const [first, ...others] = row as [ReviewStatement, ...ReviewStatement[]];
  const lead = at.find((i) => nodes.has(textOf(first.parts[i]))) ?? at[0] ?? 0;
  const before = PREPOSITION.exec(textOf(first.parts[lead - 1]))?.[1];
  const entries = others.map((s): Part[] => {
    const shown = new Set([textOf(s.parts[lead])]);
    const rest = at.flatMap((i) => {
      const part = s.parts[i];
      if (part === undefined || shown.has(textOf(part))) return [];
      shown.add(textOf(part));
      return [part];
    });
    const bracket =
      rest.length === 0 ? [] : [text(" ("), ...rest.flatMap((p, i) => (i === 0 ? [p] : [text(", "), p])), text(")")];
    return [...(s.parts[lead] === undefined ? [] : [s.parts[lead]]), ...bracket];
  });
  const told = before === undefined ? "; likewise " : `; likewise ${before.toLowerCase()} `;
  return [...withoutStop(first.parts), text(told), ...listed(entries)];
}

const withoutStop = (parts: readonly Part[]): Part[] =>
  parts.map((p, i) => (i === parts.length - 1 && p.kind === "text" ? text(p.text.replace(/\.\s*$/, "")) : p));

/** Entries with commas, and "and" before the last. */
const listed = (entries: readonly (readonly Part[])[]): Part[] =>
  entries.flatMap((entry, i) => (i === 0 ? [...entry] : [text(i === entries.length - 1 ? " and " : ", "), ...entry]));

const text = (words: string): Part => ({ kind: "text", text: words });

const textOf = (part: Part | undefined): string =>
  part === undefined ? "" : part.kind === "time" ? `${part.epochMs}/${part.precisionMs}` : part.text;
