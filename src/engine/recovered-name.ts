import type { Custody } from "#model/artifact.js";
import type { Evidence } from "#model/evidence.js";
import type { Foreseen, Found, Outcome, Refuted } from "#model/finding.js";
import type { Rule } from "#model/rule.js";
import type { Statement } from "#model/statement.js";

/** Adds to what was concluded from bundles whose node's name was recovered that this name is a premise. */
export type Doubt = (outcomes: readonly Outcome[], kind: Rule["kind"]) => readonly Outcome[];

/**
 * The record of a bundle says which node it is of; where it has lost the name, what else names the machine does (model/nameless.ts). Whatever
 * is then said of that node, and joined by its name with what the cluster says of it, rests on a premise that nobody saw.
 */
export function doubtRecovered(custody: readonly Custody[]): Doubt {
  const lost = new Map(
    custody.flatMap(({ sha256, node, nodeBy }) =>
      node === null || nodeBy === undefined ? [] : [[sha256, { node, by: nodeBy }] as const],
    ),
  );
  if (lost.size === 0) return (outcomes) => outcomes;
  return (outcomes, kind) =>
    outcomes.map((o) => {
      if (o.outcome === "found" || o.outcome === "foreseen") return withPremises(o, kind, lost);
      return o.outcome === "refuted" ? withProviso(o, lost) : o;
    });
}

/** By the bundle: the node that it is taken for, and by what. */
type Lost = ReadonlyMap<string, { readonly node: string; readonly by: string }>;

/** What the API server said stands under its own names, whichever bundle brought it. */
const lostOf = (evidence: readonly Evidence[], lost: Lost) =>
  evidence.flatMap((e) => (e.node === null ? [] : (lost.get(e.bundle) ?? [])));

/** What rules a rival out is no surer than what finds one. */
const withProviso = (of: Refuted, lost: Lost): Refuted => {
  const [first, ...rest] = of.statements.map((s): Statement => {
    const [taken] = lostOf(s.evidence, lost);
    const text = ` (taking the bundle that lost its node's name for that of ${taken?.node})`;
    return taken ? { ...s, parts: [...s.parts, { kind: "text", text }] } : s;
  });
  return first ? { ...of, statements: [first, ...rest] } : of;
};

function withPremises<T extends Found | Foreseen>(of: T, kind: Rule["kind"], lost: Lost): T {
  // What was observed is the headline; lines of a log that say the same beside a list make it no less so.
  const telling = kind === "mechanism" ? of.statements : of.statements.slice(0, 1);
  const premises = telling
    .flatMap((s) => lostOf(s.evidence, lost))
    .map(({ node, by }) => `that the bundle which lost its node's name is of ${node} (by ${by})`);
  return { ...of, unverified: [...new Set([...of.unverified, ...premises])] };
}
