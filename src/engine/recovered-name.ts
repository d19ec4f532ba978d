import type { Custody } from "#model/artifact.js";
import type { Foreseen, Found, Outcome } from "#model/finding.js";
import type { Rule } from "#model/rule.js";

/** Adds to what was concluded from bundles whose node's name was recovered that this name is a premise. */
export type Doubt = (outcomes: readonly Outcome[], kind: Rule["kind"]) => readonly Outcome[];

/**
 * The record of a bundle says which node it is of; where it has lost the name, what else names the machine does (model/nameless.ts). Whatever
 * is then said of that node, and joined by its name with what the cluster says of it, rests on a premise that nobody saw.
 */
export function doubtRecovered(custody: readonly Custody[]): Doubt {
  const premises = new Map(
    custody.flatMap(({ sha256, node, nodeBy }) =>
      node === null || nodeBy === undefined
        ? []
        : [[sha256, `that the bundle which lost its node's name is of ${node} (by ${nodeBy})`] as const],
    ),
  );
  if (premises.size === 0) return (outcomes) => outcomes;
  return (outcomes, kind) =>
    outcomes.map((o) => (o.outcome === "found" || o.outcome === "foreseen" ? withPremises(o, kind, premises) : o));
}

function withPremises<T extends Found | Foreseen>(of: T, kind: Rule["kind"], premises: ReadonlyMap<string, string>): T {
  // What was observed is the headline; lines of a log that say the same beside a list make it no less so.
  const telling = kind === "mechanism" ? of.statements : of.statements.slice(0, 1);
  // What the API server said stands under its own names, whichever bundle brought it.
  const own = telling.flatMap((s) => s.evidence).filter((e) => e.node !== null);
  const added = own.flatMap((e) => premises.get(e.bundle) ?? []);
  return { ...of, unverified: [...new Set([...of.unverified, ...added])] };
}
