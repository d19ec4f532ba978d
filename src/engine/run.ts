import type { Custody } from "#model/artifact.js";
import { machineGaps } from "#model/cluster.js";
import type { Conclusions, Verdicts } from "#model/conclusions.js";
import { type Change, type Gap, type Missing, ONLY_THEN, type Outcome } from "#model/finding.js";
import type { Intake } from "#model/intake.js";
import { type Rule, shellWord } from "#model/rule.js";
import { unlisted, unvisited } from "#model/visited.js";
import { judgeAlarms } from "./benign.js";
import { findChains } from "./chain.js";
import { failure, infer } from "./infer.js";
import { findHypotheses, linkFindings, type Numbered, roleOf } from "./link.js";
import type { Rulebook } from "./load.js";
import { lowerBounds } from "./lower-bound.js";
import { mergeFindings, mergeForecasts } from "./merge.js";
import { groupMoments } from "./moments.js";
import { doubtRecovered } from "./recovered-name.js";
import { createWorld, type World } from "./world.js";

/** Facts to conclusions: pure, and the same for the same input. */
export function conclude(book: Rulebook, intake: Intake, custody: readonly Custody[], gapMs?: number): Conclusions {
  const moments = groupMoments(custody, gapMs);
  const settle = lowerBounds(intake.coverage);
  const doubt = doubtRecovered(custody);
  const worlds = moments.map((m) => createWorld(intake, m, settle, doubt));
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
    hypotheses: findHypotheses(merged, links, book.rules, verdicts, worlds),
    forecasts,
    changes: settle(compareMoments(book, worlds)),
    observations: settle(worlds.flatMap((w) => book.timelines.flatMap((t) => [...t.observe(w)]))),
    survey: settle(worlds.flatMap((w) => book.surveys.flatMap((s) => [...s.survey(w)]))),
    gaps: [
      ...collectGaps(verdicts),
      ...unlistedGaps(book.rules, worlds),
      ...unvisitedGaps(book.rules, worlds),
      ...machineGaps(custody, joining(book.rules)),
    ],
    rules: book.rules,
    verdicts,
    alarms: judgeAlarms(book.benign, worlds),
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
      for (const m of missing) if (m.command !== ONLY_THEN) note(verdict.rule.id, m, outcome.about.node ?? []);
    }
    if (verdict.failed !== null) note(verdict.rule.id, failure(verdict), []);
  }
  return [...gaps.keys()].sort().flatMap((key) => {
    const gap = gaps.get(key);
    return gap ? [{ ...gap.missing, blocks: [...gap.blocks].sort(), concerns: [...gap.nodes].sort() }] : [];
  });
}

/** Nodes with a row of their own, and names in the row of the rest. */
const OWN_ROWS = 5;
const SHOWN_NODES = 8;

/** Nodes that the cluster lists and of which no bundle holds the node's own part: whoever goes there must know which command belongs where. */
function unvisitedGaps(rules: readonly Rule[], worlds: readonly World[]): readonly Gap[] {
  const nodes = unvisited(worlds);
  const blocks = rules.filter((r) => Object.values(r.needs).some((k) => !k.startsWith("kube."))).map((r) => r.id);
  const own = nodes.slice(0, OWN_ROWS).map(
    (node): Gap => ({
      kind: "path",
      node,
      what: `files, processes and logs of ${node}`,
      why: "not attempted",
      command: `sh collect.sh --no-cluster --node ${shellWord(node)}   # on ${shellWord(node) === node ? node : "that node"}, as root`,
      blocks,
      concerns: [node],
    }),
  );
  const rest = nodes.slice(OWN_ROWS);
  if (rest.length === 0) return own;
  const more = rest.length > SHOWN_NODES ? ` and ${rest.length - SHOWN_NODES} more` : "";
  const others: Gap = {
    kind: "path",
    node: null,
    what: `files, processes and logs of ${rest.slice(0, SHOWN_NODES).join(", ")}${more}`,
    why: "not attempted",
    command:
      'sh collect.sh --no-cluster --node "$NODE"   # on each of these nodes, as root; NODE: its name in kubectl get nodes',
    blocks,
    concerns: rest,
  };
  return [...own, others];
}

/** Rules that join what the cluster says of a node with what the node itself shows. */
const joining = (rules: readonly Rule[]): readonly string[] =>
  rules
    .filter(({ needs }) => {
      const kinds = Object.values(needs);
      return kinds.some((k) => k.startsWith("kube.")) && kinds.some((k) => !k.startsWith("kube."));
    })
    .map((rule) => rule.id);

/** Machines whose name is no node's: nothing that the cluster says of a node can be joined with what they show. */
function unlistedGaps(rules: readonly Rule[], worlds: readonly World[]): readonly Gap[] {
  return unlisted(worlds).map((machine) => ({
    kind: "kube.node",
    node: machine,
    what: `which node ${machine} is: the cluster lists none of that name, or more than one with its first label`,
    why: "looked for, and not there",
    command:
      "sh collect.sh --no-cluster --node NAME   # on that machine, as root; NAME: what kubectl get nodes calls it",
    blocks: joining(rules),
    concerns: [],
  }));
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
  return (
    others.some((o) => o.outcome === "refuted" && o.excludes === "condition") &&
    !others.some((o) => o.outcome === "found")
  );
}
