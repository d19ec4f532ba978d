import type { Artifact, Coverage } from "#model/artifact.js";
import type { ReadMoment } from "#model/conclusions.js";
import { type Evidence, evidenceIn, memberKey } from "#model/evidence.js";
import { type CoverageEntry, type Fact, type FactKind, HOW_TO_COLLECT } from "#model/fact.js";
import type { Found, Missing } from "#model/finding.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import type { Intake } from "#model/intake.js";
import type { CoverageReport, FactView, MatchContext, Moment } from "#model/rule.js";
import { lowerBounds, type Settle } from "./lower-bound.js";
import { type Doubt, doubtRecovered } from "./recovered-name.js";

/** Everything that was collected at one moment, indexed by kind and node. */
export interface World extends ReadMoment {
  readonly moment: Moment;
  /** Makes findings of earlier rules visible to the rules that use them. */
  readonly publish: (rule: string, found: readonly Found[]) => void;
  /** Applied to whatever is concluded from it. */
  readonly settle: Settle;
  readonly doubt: Doubt;
}

/** Cuts an intake down to one moment's bundles. */
export function createWorld(
  intake: Intake,
  moment: Moment,
  settle = lowerBounds(intake.coverage),
  doubt: Doubt = doubtRecovered([]),
): World {
  const bundles = new Set(moment.bundles);
  const within = (artifact: Artifact): boolean => bundles.has(artifact.bundle);
  const facts = byKind(intake.facts.filter((f) => within(f.artifact)));
  const coverage = intake.coverage.filter((c) => within(c.artifact));
  const read = readingTimes(intake.artifacts.filter(within));
  const views = new Map<FactKind, unknown>();
  const view = <K extends FactKind>(kind: K): FactView<K> => {
    if (!views.has(kind))
      views.set(kind, createView(kind, (facts.get(kind) ?? []) as readonly unknown[] as readonly Fact<K>[], coverage));
    return views.get(kind) as FactView<K>;
  };
  const published = new Map<string, readonly Found[]>();
  const derived = new Map<unknown, unknown>();
  const context: MatchContext = {
    moment,
    findings: (rule) => published.get(rule) ?? [],
    derive: (compute) => {
      if (!derived.has(compute)) derived.set(compute, compute(view, context));
      return derived.get(compute) as ReturnType<typeof compute>;
    },
  };
  return { moment, context, view, settle, doubt, ...read, publish: (rule, found) => void published.set(rule, found) };
}

/** A table without a time of its own was read after the first thing of its bundle was begun, and before the last. */
function readingTimes(artifacts: readonly Artifact[]): Pick<World, "readAt" | "readFrom"> {
  const own = new Map<string, Instant>();
  const first = new Map<string, Instant>();
  const last = new Map<string, Instant>();
  for (const artifact of artifacts) {
    const { bundle, collectedAt } = artifact;
    if (!collectedAt) continue;
    own.set(memberKey(artifact), collectedAt);
    first.set(bundle, earliest(first.get(bundle) ?? null, collectedAt) ?? collectedAt);
    last.set(bundle, latestOf(last.get(bundle) ?? null, collectedAt) ?? collectedAt);
  }
  const timeOf = (e: Evidence, other: ReadonlyMap<string, Instant>): Instant | null =>
    own.get(memberKey(e)) ?? other.get(e.bundle) ?? null;
  return {
    readAt: (evidence) => evidence.map((e) => timeOf(e, last)).reduce<Instant | null>(latestOf, null),
    readFrom: (evidence) => evidence.map((e) => timeOf(e, first)).reduce<Instant | null>(earliest, null),
  };
}

function byKind(facts: readonly Fact[]): Map<FactKind, Fact[]> {
  const groups = new Map<FactKind, Fact[]>();
  for (const fact of facts) {
    const group = groups.get(fact.kind);
    if (group) group.push(fact);
    else groups.set(fact.kind, [fact]);
  }
  return groups;
}

function createView<K extends FactKind>(
  kind: K,
  all: readonly Fact<K>[],
  coverage: readonly CoverageEntry[],
): FactView<K> {
  const byNode = new Map<string, Fact<K>[]>();
  for (const fact of all) {
    if (fact.node === null) continue;
    const group = byNode.get(fact.node);
    if (group) group.push(fact);
    else byNode.set(fact.node, [fact]);
  }
  const entries = coverage.filter((c) => c.kind === kind);
  const report = (node?: string, origin?: RegExp): CoverageReport =>
    combine(
      kind,
      entries.filter((c) => c.node === (node ?? null) && (origin === undefined || origin.test(c.artifact.origin))),
    );
  return {
    kind,
    all,
    on: (node) => byNode.get(node) ?? [],
    coverage: report,
    missing: (what, node, origin) => missingOf(kind, what, node ?? null, report(node, origin).state),
  };
}

/** The worst of several, since a fact may lie in any of them; nothing at all was not attempted. */
function combine(kind: FactKind, entries: readonly CoverageEntry[]): CoverageReport {
  const states = new Set(entries.map((c) => c.coverage));
  const worst: readonly Coverage[] = ["failed", "lost", "denied", "truncated", "complete", "absent"];
  return {
    state: worst.find((state) => states.has(state)) ?? "not-attempted",
    facts: entries.reduce((sum, c) => sum + c.facts, 0),
    searched: (query) =>
      entries.map((c) =>
        evidenceIn(
          c.artifact,
          { kind: "absence", query, searched: `${c.facts} ${kind} of ${c.artifact.origin}` },
          `no ${query} among ${c.facts} (${kind})`,
        ),
      ),
  };
}

const WHY: Readonly<Record<Coverage, string>> = {
  complete: "collected, but it does not say",
  truncated: "cut at a limit",
  failed: "collection failed",
  lost: "collected, but not readable in the bundle (see Custody)",
  denied: "permission denied",
  absent: "looked for, and not there",
  "not-attempted": "not attempted",
};

function missingOf(kind: FactKind, what: string, node: string | null, state: Coverage): Missing {
  return { kind, node, what, why: WHY[state], command: HOW_TO_COLLECT[kind] };
}
