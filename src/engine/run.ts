import type { Custody } from "#model/artifact.js";
import type { Conclusions, Verdicts } from "#model/conclusions.js";
import { HOW_TO_COLLECT } from "#model/fact.js";
import type { Change, Gap, Missing, Outcome } from "#model/finding.js";
import type { Intake } from "#model/intake.js";
import type { Rule } from "#model/rule.js";
import { unvisited } from "#model/visited.js";
import { findChains } from "./chain.js";
import { infer } from "./infer.js";
import { findHypotheses, linkFindings, type Numbered, roleOf } from "./link.js";
import type { Rulebook } from "./load.js";
import { lowerBounds } from "./lower-bound.js";
import { mergeFindings, mergeForecasts } from "./merge.js";
import { groupMoments } from "./moments.js";
import { createWorld, type World } from "./world.js";

/** Facts to conclusions: pure, and the same for the same input. */
export function conclude(book: Rulebook, intake: Intake, custody: readonly Custody[], gapMs?: number): Conclusions {
  const moments = groupMoments(custody, gapMs);
  const settle = lowerBounds(intake.coverage);
  const worlds = moments.map((m) => createWorld(intake, m, settle));
  const verdicts = worlds.flatMap((w) => infer(book.rules, w));
  const merged: readonly Numbered[] = mergeFindings(verdicts, worlds).map((f, i) => ({ ...f, id: `f${i + 1}` }));
  const links = linkFindings(merged);
  const byId = new Map(merged.map((f) => [f.id, f]));
  const forecasts = mergeForecasts(verdicts, worlds);
  return {
    moments,
    worlds,
    findings: merged.map(({ of: _, ...f }, i) => ({ ...f, role: roleOf(merged[i] as Numbered, links, byId) })),
    links,
    chains: findChains(merged, links),
    hypotheses: findHypotheses(merged, links, book.rules, verdicts),
    forecasts,
    changes: settle(compareMoments(book, worlds)),
    observations: settle(worlds.flatMap((w) => book.timelines.flatMap((t) => [...t.observe(w)]))),
    survey: settle(worlds.flatMap((w) => book.surveys.flatMap((s) => [...s.survey(w)]))),
    gaps: [...collectGaps(verdicts), ...unvisitedGap(book.rules, worlds)],
    rules: book.rules,
    verdicts,
  };
}

function compareMoments(book: Rulebook, worlds: readonly World[]): readonly Change[] {
  return worlds.flatMap((later, i) => {
    const earlier = worlds[i - 1];
    return earlier ? book.changes.flatMap((c) => [...c.compare(earlier, later)]) : [];
  });
}

/** What rules could not decide for want of, once each, with the rules it blocks and the nodes it is about. */
function collectGaps(verdicts: readonly Verdicts[]): readonly Gap[] {
  const gaps = new Map<
    string,
    { readonly missing: Missing; readonly blocks: Set<string>; readonly nodes: Set<string> }
  >();
  const note = (rule: string, missing: Missing, nodes: readonly string[]): void => {
    const key = `${missing.node ?? ""}\n${missing.what}\n${missing.command}`;
    const gap = gaps.get(key) ?? { missing, blocks: new Set<string>(), nodes: new Set<string>() };
    gap.blocks.add(rule);
    for (const node of nodes) gap.nodes.add(node);
    gaps.set(key, gap);
  };
  for (const verdict of verdicts) {
    for (const outcome of verdict.outcomes) {
      const missing = missingOf(outcome, verdict, verdicts);
      for (const m of missing) note(verdict.rule.id, m, outcome.about.node ?? []);
    }
    if (verdict.failed !== null) note(verdict.rule.id, failure(verdict), []);
  }
  return [...gaps.keys()].sort().flatMap((key) => {
    const gap = gaps.get(key);
    return gap ? [{ ...gap.missing, blocks: [...gap.blocks].sort(), concerns: [...gap.nodes].sort() }] : [];
  });
}

const SHOWN_NODES = 8;

/** Nodes that the cluster lists and of which no bundle holds the node's own part. */
function unvisitedGap(rules: readonly Rule[], worlds: readonly World[]): readonly Gap[] {
  const nodes = unvisited(worlds);
  if (nodes.length === 0) return [];
  const more = nodes.length > SHOWN_NODES ? ` and ${nodes.length - SHOWN_NODES} more` : "";
  return [
    {
      kind: "path",
      node: null,
      what: `files, processes and logs of ${nodes.slice(0, SHOWN_NODES).join(", ")}${more}`,
      why: "not attempted",
      command: HOW_TO_COLLECT.path,
      blocks: rules.filter((r) => Object.values(r.needs).some((k) => !k.startsWith("kube."))).map((r) => r.id),
      concerns: nodes,
    },
  ];
}

function missingOf(outcome: Outcome, verdict: Verdicts, verdicts: readonly Verdicts[]): readonly Missing[] {
  if (outcome.outcome === "found") return outcome.missing;
  return outcome.outcome === "undetermined" && !excludedElsewhere(verdict, outcome, verdicts) ? outcome.missing : [];
}

/** Another moment refuted it, and none found it: that nothing more is known now does not matter. */
function excludedElsewhere(verdict: Verdicts, outcome: Outcome, verdicts: readonly Verdicts[]): boolean {
  const others = verdicts
    .filter((v) => v.rule === verdict.rule && v.moment !== verdict.moment)
    .flatMap((v) => v.outcomes.filter((o) => o.subject === outcome.subject));
  return others.some((o) => o.outcome === "refuted") && !others.some((o) => o.outcome === "found");
}

const failure = (verdict: Verdicts): Missing => ({
  kind: "kube.object",
  node: null,
  what: `the verdict of the rule ${verdict.rule.id}`,
  why: `the rule failed on this input (${verdict.failed})`,
  command: "report this bundle's shape to the maintainers of inquest",
});
