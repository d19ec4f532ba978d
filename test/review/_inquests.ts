import type { Rulebook } from "#engine/load.js";
import { conclude } from "#engine/run.js";
import type { Artifact, Custody } from "#model/artifact.js";
import type { CoverageEntry, Fact } from "#model/fact.js";
import type { Outcome } from "#model/finding.js";
import type { Draft } from "#model/review.js";
import type { Rule, RuleCard } from "#model/rule.js";
import { plainText, type Statement } from "#model/statement.js";
import { assemble } from "#review/assemble.js";
import { bundle, card, covered } from "#test/engine/_cards.js";

/** What one rule says at the first moment, the second, … */
export type Said = readonly (readonly Outcome[])[];

/** A rule that says the same whatever it is shown. */
export const saying = (id: string, said: Said, part: Partial<RuleCard> = {}): Rule =>
  card(id, { ...(part as object), match: (_facts, { moment }) => said[Number(moment.id.slice(1)) - 1] ?? [] });

export interface Staged {
  readonly rules: readonly Rule[];
  readonly book?: Partial<Rulebook>;
  /** Bundles, two hours apart; their sha256 are `bundle-1`, `bundle-2`, … */
  readonly custody?: readonly Custody[];
  readonly coverage?: readonly CoverageEntry[];
  readonly artifacts?: readonly Artifact[];
  readonly facts?: readonly Fact[];
  readonly zone?: string;
}

/** A bundle of moment `n`, collected from `8 + 2n` o'clock on, 5 March 2024. */
export const taken = (n: number, part: Partial<Custody> = {}): Custody =>
  bundle(`bundle-${n}`, `2024-03-05T${8 + 2 * n}:00:00Z`, part);

/** Pods, nodes and events, in full, at the moments named. */
export const whole = (...moments: readonly number[]): readonly CoverageEntry[] =>
  moments.flatMap((n) => [
    covered(n, "kube.pod", "complete"),
    covered(n, "kube.node", "complete"),
    covered(n, "kube.event", "complete"),
  ]);

export function review({
  rules,
  book,
  custody = [taken(1)],
  coverage = whole(1, 2, 3),
  artifacts = [],
  facts = [],
  zone = "UTC",
}: Staged): Draft {
  const conclusions = conclude(
    { rules, changes: [], timelines: [], surveys: [], benign: [], ...book },
    { artifacts, facts, issues: [], coverage },
    custody,
  );
  return assemble({ ...conclusions, custody, refused: [] }, { zone, version: "0.0.0" });
}

export const told = (statements: readonly Statement[]): readonly string[] => statements.map((s) => plainText(s));
