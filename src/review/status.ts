import type { InquestError } from "#model/error.js";
import type { Change, Finding } from "#model/finding.js";
import { type Instant, latestOf, order } from "#model/instant.js";
import type { Draft } from "#model/review.js";
import { unvisited } from "#model/visited.js";
import { recoveryOf } from "./ends.js";
import type { Brief } from "./inquest.js";
import { lastingOf, mayReturn } from "./lasting.js";
import { severityByLists } from "./replicas.js";
import { excludedMechanisms, holdsYet, undecidedMechanisms, undecidedNow } from "./verdicts.js";

/** Begin and end of what was noticed. */
export interface Course {
  /** Onset of the first symptom. */
  readonly from: Instant | null;
  /** End of the last one: the recovery's own time, else the collection that no longer showed it. */
  readonly to: Instant | null;
  readonly toIsExact: boolean;
  readonly ongoing: boolean;
}

/** What failed in one go. */
export interface Outage {
  readonly first: Finding;
  readonly from: Instant;
  /** Null where it goes on, or its end is not in evidence. */
  readonly to: Instant | null;
  readonly toIsExact: boolean;
  readonly symptoms: readonly Finding[];
}

/**
 * The outages, where a proven recovery lies between what failed: all that had begun was known to be over before the next began. One that
 * has no begin may have gone on through any recovery.
 */
export function outagesOf(b: Brief): readonly Outage[] {
  const groups = spells(b, (f) => f.ended?.by ?? null);
  return groups.length < 2 ? [] : groups.flatMap((group) => outageOf(b, group));
}

/** Does a time lie between in which nothing that failed was seen to? Then nobody knows whether it went on. */
export const isBroken = (b: Brief): boolean => spells(b, (f) => f.ended?.after ?? null).length > 1;

/** Symptoms that overlap, in order of time; one group where a begin is not known. */
function spells(b: Brief, endOf: (f: Finding) => Instant | null): readonly (readonly Finding[])[] {
  const symptoms = b.findings.filter(b.isSymptom);
  const sorted = symptoms.flatMap((f) => (f.since ? [{ f, since: f.since }] : []));
  if (sorted.length < symptoms.length) return [];
  sorted.sort((x, y) => x.since.epochMs - y.since.epochMs || (x.f.id < y.f.id ? -1 : 1));
  const groups: Finding[][] = [];
  for (const { f, since } of sorted) {
    const current = groups.at(-1);
    const ends = current?.map(endOf) ?? [];
    const isOver = ends.every((end) => end !== null && order(end, since) === "before");
    if (current && !isOver) current.push(f);
    else groups.push([f]);
  }
  return groups;
}

function outageOf(b: Brief, symptoms: readonly Finding[]): readonly Outage[] {
  const first = firstSymptom(b, symptoms);
  if (!first?.since) return [];
  const { since: from } = first;
  const last = symptoms.map((f) => f.ended?.by ?? null).reduce(latestOf, null);
  const within = b.changes.filter((c) => c.at && c.at.epochMs >= from.epochMs && c.at.epochMs <= (last?.epochMs ?? 0));
  const recovery = recoveryOf(within, symptoms);
  const to = symptoms.some((f) => f.ended === null) ? null : (recovery ?? last);
  const isKnown = symptoms.some((f) => f.ended?.by === to && f.ended?.after?.epochMs === to?.epochMs);
  return [{ first, from, to, toIsExact: to !== null && (to === recovery || isKnown), symptoms }];
}

export function courseOf(b: Brief): Course {
  const symptoms = b.findings.filter(b.isSymptom);
  const ongoing = symptoms.some((f) => f.ended === null);
  const from = firstSymptom(b)?.since ?? null;
  const recovery = recoveryOf(b.changes, symptoms);
  const ended = symptoms.map((f) => f.ended?.by ?? null).reduce(latestOf, null);
  const isKnown = symptoms.some((f) => f.ended?.by === ended && f.ended?.after?.epochMs === ended?.epochMs);
  return {
    from,
    to: ongoing ? null : (recovery ?? ended),
    toIsExact: recovery !== null || isKnown,
    ongoing,
  };
}

/**
 * The symptom that began first. One that another symptom explains began with that one: the request to delete a pod is no failure, that
 * the pod could not go is.
 */
export function firstSymptom(b: Brief, among: readonly Finding[] = b.findings): Finding | undefined {
  const symptoms = among.filter((f) => b.isSymptom(f) && f.since !== null);
  const derived = (f: Finding): boolean =>
    b.links.some((l) => l.effect === f.id && symptoms.some((s) => s.id === l.cause));
  return [...symptoms.filter((f) => !derived(f))].sort(
    (x, y) => (x.since?.epochMs ?? 0) - (y.since?.epochMs ?? 0) || (x.id < y.id ? -1 : 1),
  )[0];
}

/** Whether the last collection still shows it, and did not only look elsewhere. */
export function seenLast(b: Brief, finding: Finding): boolean {
  const last = b.moments.at(-1);
  const seen = b.moments.findLast((m) => finding.activeAt.includes(m.id));
  if (!last || !seen) return false;
  // a sign from before a repair does not show that it goes on after it
  const { lastSeen, about } = finding;
  const here = (c: Change): boolean => !about.node || (c.about.node ?? []).some((n) => about.node?.includes(n));
  const repaired = b.changes
    .filter((c) => c.kind === "repair" && here(c))
    .map((c) => c.at)
    .reduce(latestOf, null);
  if (lastSeen && repaired && repaired.epochMs > lastSeen.epochMs) return false;
  if (lastSeen && last.startedAt.epochMs - lastSeen.epochMs > STALE_MS) return false;
  return seen.id === last.id || last.startedAt.epochMs - seen.collectedAt.epochMs < AT_ONCE_MS;
}

/** Clients write one event in five minutes at least, and a kubelet tries again as often: a sign so old does not show that it goes on. */
const STALE_MS = 3_600_000;

/** A node that was collected again in the same go makes no later look. */
const AT_ONCE_MS = 60_000;

export function statusOf(b: Brief): Draft["status"] {
  if (b.findings.length === 0 && b.forecasts.length > 0) return couldShow(b) ? "Latent" : "Undetermined";
  if (b.findings.length === 0) return looked(b) ? "No fault found" : "Undetermined";
  const symptoms = b.findings.filter((f) => b.isSymptom(f));
  const impacts = b.findings.filter((f) => b.rule(f.rule).kind === "impact");
  const mechanisms = b.findings.filter((f) => b.rule(f.rule).kind === "mechanism");
  const going = symptoms.filter((f) => f.ended === null);
  // what the last collection did not look at may be over: repaired or not, it cannot be said
  if (going.length > 0) return going.some((f) => seenLast(b, f)) ? "Ongoing" : "Undetermined";
  if (symptoms.length === 0 && mechanisms.every((f) => f.ended !== null))
    return impacts.some((f) => f.ended === null) ? "Ongoing" : "Resolved";
  if (symptoms.length === 0) return couldShow(b) ? "Latent" : "Undetermined";
  const { left, unlooked, coming } = lastingOf(b);
  if (left.length > 0 || coming.length > 0) return "Partially Resolved";
  return unlooked.length > 0 || b.forecasts.length > 0 || mayReturn(b) ? "Undetermined" : "Resolved";
}

/** Was anything collected in which a failure would show: events, or a log of the nodes in question? Without it a fault may have done its harm. */
function couldShow(b: Brief): boolean {
  const last = b.worlds.at(-1);
  const events = last?.view("kube.event").coverage().state;
  const nodes = [...b.findings.flatMap((f) => f.about.node ?? []), ...b.forecasts.map((f) => f.node)];
  const logs = last && nodes.length > 0 && nodes.every((node) => last.view("log").on(node).length > 0);
  return events === "complete" || events === "truncated" || logs === true;
}

/** What the word for the status leaves open, where what failed is over and no more than that is known. Null elsewhere. */
export function statusReason(b: Brief): string | null {
  const symptoms = b.findings.filter(b.isSymptom);
  if (symptoms.length === 0 && b.findings.length + b.forecasts.length > 0 && statusOf(b) === "Undetermined")
    return "there is a fault; whether it has done harm was not collected";
  if (symptoms.length === 0 || symptoms.some((f) => f.ended === null) || statusOf(b) !== "Undetermined") return null;
  return lastingOf(b).unlooked.length > 0
    ? "what failed is over; whether its cause still holds was not collected"
    : "what failed is over; what was collected does not decide whether it can come back";
}

/**
 * Was enough collected to say that nothing is wrong? At the last moment pods, nodes and events in full, of every node that the cluster
 * lists its own part, every bundle as its manifest says, no symptom of which the lists do not say whether it is there or whether it passes, and
 * of the mechanisms no more left open than excluded.
 */
function looked(b: Brief): boolean {
  const last = b.worlds.at(-1);
  return (
    last !== undefined &&
    NEEDED.every((kind) => last.view(kind).coverage().state === "complete") &&
    undecidedNow(b).length === 0 &&
    !holdsYet(b) &&
    unvisited(b.worlds).length === 0 &&
    !b.refused.some(mayHoldEvidence) &&
    b.custody.every((c) => c.manifest !== "mismatch" && c.sums !== "mismatch") &&
    undecidedMechanisms(b).length <= excludedMechanisms(b).length
  );
}

/** A socket beside the bundles holds none; what is called like a bundle was meant to be one. */
const mayHoldEvidence = ({ code, subject }: InquestError): boolean =>
  code !== "E_NOT_FILE" || /\.(?:tar|tar\.gz|tgz)$/.test(subject);

const NEEDED = ["kube.pod", "kube.node", "kube.event"] as const;

/** The guide: Critical full outage or data loss; High a service down; Medium degraded redundancy; Low near miss. A person decides. */
export function severityOf(b: Brief): Draft["severity"] {
  const rows = b.findings.flatMap((f) => f.impact);
  const down = rows.filter((r) => r.available === 0 && (r.wanted ?? 0) > 0);
  const sentences = b.findings.flatMap((f) => (f.impact.length > 0 ? f.statements : []));
  const isCut = [...sentences, ...rows.map((r) => r.effect)].some((s) => s.evidence.some((e) => e.cut));
  const reduced = rows.filter((r) => (r.available ?? 0) > 0 && (r.available ?? 0) < (r.wanted ?? 0));
  if (down.length > 0)
    return {
      proposed: "High",
      reason: isCut
        ? `at least ${down.length} ${nounOf(rows, down.length)} had no replica ready`
        : rows.length === 1
          ? `the one affected ${nounOf(rows, 1)} had no replica ready`
          : `${down.length} of ${rows.length} affected ${nounOf(rows, rows.length)} had no replica ready`,
    };
  if (reduced.length > 0)
    return {
      proposed: "Medium",
      reason: `${isCut ? "at least " : ""}${reduced.length} ${nounOf(rows, reduced.length)} ran with fewer replicas than wanted, none ${isCut ? "seen " : ""}without any`,
    };
  if (b.findings.some(b.isSymptom)) return severityByLists(b);
  if (b.findings.length + b.forecasts.length > 0)
    return {
      proposed: "Low",
      reason: couldShow(b)
        ? "a fault that has not yet shown itself"
        : "a fault; whether it has shown itself was not collected",
    };
  return { proposed: "None", reason: "no fault was found in what was collected" };
}

const nounOf = (rows: readonly { readonly subject: string }[], n: number): string =>
  `${rows.every((r) => r.subject.startsWith("volume ")) ? "volume" : "workload"}${n === 1 ? "" : "s"}`;

/** End of a finding as far as known: a recovery that shares a subject, else the collection that no longer showed it. */
export function endOf(b: Brief, finding: Finding): Instant | null {
  if (finding.ended === null) return null;
  const keys = ["pod", "workload", "volume"] as const;
  const recovered = b.changes.filter(
    (c) =>
      c.kind === "recovery" && keys.some((k) => (c.about[k] ?? []).some((v) => (finding.about[k] ?? []).includes(v))),
  );
  return recoveryOf(recovered, [finding]) ?? finding.ended.by;
}
