import { infer } from "#engine/infer.js";
import type { Numbered } from "#engine/link.js";
import { mergeFindings } from "#engine/merge.js";
import { createWorld, type World } from "#engine/world.js";
import type { Artifact, Coverage, Custody } from "#model/artifact.js";
import type { Verdicts } from "#model/conclusions.js";
import { evidenceIn } from "#model/evidence.js";
import type { CoverageEntry, Fact, FactKind } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { latest } from "#model/instant.js";
import {
  defineRule,
  effect,
  foreseen,
  found,
  type Moment,
  NO_CONSEQUENCE,
  type Rule,
  type RuleCard,
  refuted,
  undetermined,
} from "#model/rule.js";
import { code, type Statement, say } from "#model/statement.js";
import { artifact, at } from "#test/rules/_facts.js";

/** A sentence with evidence of its own. */
export const sentence = (text: string): Statement =>
  say`${code(text, evidenceIn(artifact(), { kind: "whole" }, text))}`;

const NEEDS = { pods: "kube.pod" } as const;

/** A rule that says what it is given, whatever the facts. */
export const card = (id: string, part: Partial<RuleCard<typeof NEEDS>> = {}): Rule =>
  defineRule({
    id,
    title: `title of ${id}`,
    asks: `How did ${id} come about?`,
    kind: "mechanism",
    needs: NEEDS,
    explains: [],
    match: () => [],
    known: [],
    consequence: () => NO_CONSEQUENCE,
    references: [],
    falsePositives: [],
    examples: { found: [], refuted: [], undetermined: [] },
    tags: [],
    ...part,
  });

export const explains = (...effects: readonly ReturnType<typeof effect>[]) => ({ explains: effects });
export const onNode = (rule: string) => effect(rule, ["node"], "propagates");

export const finds = (subject: string, part: Partial<Found> = {}): Outcome =>
  found({
    subject,
    about: { node: ["n1"] },
    since: null,
    lastSeen: null,
    statements: [sentence(`${subject} found`)],
    ...part,
  });

export const denies = (subject: string, about: Outcome["about"] = { node: ["n1"] }): Outcome =>
  refuted({ subject, about, statements: [sentence(`${subject} refuted`)] });

export const misses = (
  subject: string,
  what = "the list of pods",
  about: Outcome["about"] = { node: ["n1"] },
): Outcome =>
  undetermined({
    subject,
    about,
    missing: [{ kind: "kube.pod", node: null, what, why: "not attempted", command: "kubectl get pods" }],
  });

export const foresees = (subject: string, mechanism: string): Outcome =>
  foreseen({
    subject,
    about: { node: ["n1"] },
    mechanism,
    node: "n1",
    at: null,
    on: "the next call",
    unless: "it is repaired",
    statements: [sentence(`${subject} foreseen`)],
  });

export const moment = (n: number, part: Partial<Moment> = {}): Moment => ({
  id: `m${n}`,
  startedAt: at("2024-03-05T10:00:00Z"),
  collectedAt: at(`2024-03-05T1${Math.min(n, 9)}:00:00Z`),
  bundles: [`bundle-${n}`],
  nodes: ["n1"],
  ...part,
});

/** Coverage of a kind by one artifact of the bundle of moment `n`. */
export function covered(
  n: number,
  kind: FactKind,
  coverage: Coverage,
  node: string | null = null,
  part: Partial<Artifact> = {},
): CoverageEntry {
  const own = artifact({ bundle: `bundle-${n}`, node, coverage, ...part });
  return { kind, node, artifact: own, coverage, facts: 0 };
}

export const worldOf = (of: Moment, coverage: readonly CoverageEntry[] = [], facts: readonly Fact[] = []): World =>
  createWorld({ artifacts: [], facts, issues: [], coverage }, of);

/** Three moments at each of which the list of pods is complete. */
export const worlds = (count: number, pods: readonly (Coverage | null)[] = []): readonly World[] =>
  Array.from({ length: count }, (_, i) => {
    const state = pods[i] === undefined ? "complete" : pods[i];
    return worldOf(moment(i + 1), state ? [covered(i + 1, "kube.pod", state)] : []);
  });

/** What one rule says at each moment in turn. */
export function timesOf(rule: Rule, ...said: readonly (readonly Outcome[])[]): readonly Verdicts[] {
  return said.map((outcomes, i) => ({ rule, moment: `m${i + 1}`, outcomes, failed: null }));
}

/** Rules that each say one set of outcomes, at one moment, merged and numbered in order of rule and subject. */
export function numbered(...said: readonly (readonly [Rule, ...Outcome[]])[]): readonly Numbered[] {
  const verdicts = said.map(([rule, ...outcomes]) => ({ rule, moment: "m1", outcomes, failed: null }));
  return mergeFindings(verdicts, worlds(1)).map((f, i) => ({ ...f, id: `f${i + 1}` }));
}

export const run = (rules: readonly Rule[], world: World) => infer(rules, world);

/** A bundle of a node, collected in ten seconds from `from` on. */
export function bundle(sha256: string, from: string, part: Partial<Custody> = {}): Custody {
  const startedAt = at(from);
  return {
    file: `/somewhere/${sha256}.tar.gz`,
    sha256,
    bytes: 1,
    schema: "x",
    collector: "collect.sh 1",
    collectorSha256: null,
    node: "n1",
    hostname: null,
    machineIdSha256: null,
    bootId: null,
    kernel: null,
    os: null,
    parts: ["node"],
    state: "complete",
    startedAt,
    endedAt: { ...startedAt, epochMs: latest(startedAt) + 9_001 },
    zone: "UTC",
    synchronised: "yes",
    apiOffsetS: null,
    apiOffsetErrorS: null,
    members: 1,
    manifest: "verified",
    sums: null,
    caseId: null,
    operator: null,
    issues: [],
    ...part,
  };
}
