import type { ReadMoment } from "#model/conclusions.js";
import { type Evidence, memberKey } from "#model/evidence.js";
import type { Finding, Forecast, Gap } from "#model/finding.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import { shellWord } from "#model/rule.js";
import type { Brief } from "./inquest.js";

/** The mechanisms of which no collection showed an end, once all that failed was over. */
export interface Lasting {
  /** What shows them was read when what failed was known to be over. */
  readonly left: readonly Finding[];
  /** Last read before that: whether they still hold was not collected. */
  readonly unlooked: readonly Finding[];
  /** What is foreseen from what was read when it was over. */
  readonly coming: readonly Forecast[];
}

/**
 * No cause is left or unlooked at where nothing failed, and while a failure goes on that it brings about. The failures ended at some time after
 * their last sign and before the list was read that shows it: what was read earlier than that list, be it of the same moment, may have been put
 * right between. What brought no failure about is judged by the end of all of them.
 */
export function lastingOf(b: Brief): Lasting {
  const symptoms = b.findings.filter(b.isSymptom);
  const whole = endOf(symptoms);
  // A trigger happened once: there is nothing in it that could still hold.
  const open = b.findings.filter(
    (f) => f.ended === null && f.role !== "trigger" && b.rule(f.rule).kind === "mechanism",
  );
  const judged = open.flatMap((finding) => {
    const own = symptoms.filter((s) => effectsOf(b, finding).has(s.id));
    const end = own.length > 0 ? endOf(own) : whole;
    return end === null ? [] : [{ finding, isLeft: readings(b, finding, end).some((at) => isSince(at, end)) }];
  });
  const last = b.worlds.at(-1);
  const isFresh = (f: Forecast): boolean =>
    whole === null || (last !== undefined && isSince(readingOf(last, f.statements[0]?.evidence ?? [], whole), whole));
  return {
    left: judged.filter((j) => j.isLeft).map((j) => j.finding),
    unlooked: judged.filter((j) => !j.isLeft).map((j) => j.finding),
    coming: b.forecasts.filter(isFresh),
  };
}

/** When the last of them was known to be over; null where there are none, or one goes on. */
const endOf = (symptoms: readonly Finding[]): Instant | null =>
  symptoms.some((s) => s.ended === null) ? null : symptoms.map((s) => s.ended?.by ?? null).reduce(latestOf, null);

const isSince = (at: Instant | null, end: Instant): boolean => at !== null && at.epochMs >= end.epochMs;

/** All that it brings about, through whatever lies between. */
function effectsOf(b: Brief, cause: Finding): ReadonlySet<string> {
  const seen = new Set([cause.id]);
  // a set grows while it is gone through
  for (const id of seen) for (const link of b.links) if (link.cause === id) seen.add(link.effect);
  return seen;
}

/** When what shows a finding was read, at each moment that saw it. */
function readings(b: Brief, finding: Finding, end: Instant): readonly (Instant | null)[] {
  return finding.activeAt.flatMap((moment) => {
    const world = b.worlds.find((w) => w.context.moment.id === moment);
    const outcomes = b.verdicts
      .filter((v) => v.rule.id === finding.rule && v.moment === moment)
      .flatMap((v) => v.outcomes.flatMap((o) => (o.outcome === "found" && o.subject === finding.subject ? [o] : [])));
    return world ? outcomes.map((o) => earliest(readingOf(world, o.statements[0].evidence, end), o.lastSeen)) : [];
  });
}

/**
 * When the first of these was read: all of them are needed. Events and logs tell of the time before, whenever they are read. Where no reading has
 * a time, the end is the moment's, and so is this: one look.
 */
function readingOf(world: ReadMoment, evidence: readonly Evidence[], end: Instant): Instant | null {
  const past = recordsOf(world, evidence);
  const { moment } = world.context;
  const isOneLook = end.epochMs === moment.collectedAt.epochMs;
  const read = world.readFrom(evidence.filter((e) => !past.has(memberKey(e))));
  return read ?? (isOneLook ? moment.collectedAt : moment.startedAt);
}

/** What tells of the past, of the cluster and of the nodes that this is of. */
function recordsOf(world: ReadMoment, evidence: readonly Evidence[]): ReadonlySet<string> {
  const logs = [...new Set(evidence.map((e) => e.node))].map((node) => world.view("log").coverage(node ?? undefined));
  const lists = [world.view("kube.event").coverage(), ...logs];
  return new Set(lists.flatMap((list) => list.searched("").map(memberKey)));
}

/**
 * May what failed come back by a mechanism that brings it about through another, and so lies there unnoticed, of which the last collection
 * decides nothing? It was undetermined on a node concerned, or the part of that node was not collected.
 */
export function mayReturn(b: Brief): boolean {
  const last = b.moments.at(-1);
  const verdicts = b.verdicts.filter((v) => v.moment === last?.id);
  return b.findings.filter(b.isSymptom).some((symptom) => {
    const nodes = symptom.about.node ?? [];
    const isHere = (node: readonly string[]): boolean => node.length === 0 || node.some((n) => nodes.includes(n));
    const rules = b.rules.filter((r) => r.kind === "mechanism" && laysGround(b, r.id, symptom.rule));
    const isOpen = (id: string): boolean =>
      verdicts.some(
        (v) => v.rule.id === id && v.outcomes.some((o) => o.outcome === "undetermined" && isHere(o.about.node ?? [])),
      );
    const isUnseen = rules.some((r) => Object.values(r.needs).some((kind) => !kind.startsWith("kube.")));
    return rules.some((r) => isOpen(r.id)) || (isUnseen && nodes.some((n) => !last?.nodes.includes(n)));
  });
}

/** Does a mechanism bring about a symptom through at least one other mechanism? */
function laysGround(b: Brief, mechanism: string, symptom: string, seen: ReadonlySet<string> = new Set()): boolean {
  if (seen.has(mechanism)) return false;
  const rule = b.rules.find((r) => r.id === mechanism);
  return (rule?.explains ?? []).some(({ rule: next }) => {
    const through = b.rules.find((r) => r.id === next);
    if (through?.kind !== "mechanism") return false;
    const isDirect = through.explains.some((e) => e.rule === symptom);
    return isDirect || laysGround(b, next, symptom, new Set([...seen, mechanism]));
  });
}

/** The parts of nodes that the last collection lacks, or read too early, and that would tell whether what was found there still holds. */
export function unlookedGaps(b: Brief): readonly Gap[] {
  const last = b.moments.at(-1);
  const { unlooked } = lastingOf(b);
  const nodes = [...new Set(unlooked.flatMap((f) => f.about.node ?? []))];
  return nodes.sort().map((node) => {
    const here = unlooked.filter((f) => (f.about.node ?? []).includes(node));
    return {
      kind: "path",
      node,
      what: `files, processes and logs of ${node} after what failed there was over`,
      why: last?.nodes.includes(node)
        ? "read before it was known to be over, and not again"
        : "not attempted at the last collection",
      command: `sh collect.sh --no-cluster --node ${shellWord(node)}   # on ${shellWord(node) === node ? node : "that node"}, as root`,
      blocks: [...new Set(here.map((f) => f.rule))].sort(),
      concerns: [node],
    };
  });
}
