import type { Review, ReviewStatement } from "#model/review.js";
import { custodyOf, evidenceOf } from "./appendix.js";
import { chainsOf, inToldOrder, placeOf, rivalsOf, titleOf, type UntoldFinding, untoldFindings } from "./causes.js";
import { mergeNodes } from "./each-node.js";
import { forecastsOf, summaryOf } from "./forecast.js";
import { gapRows } from "./gaps.js";
import { headOf } from "./head.js";
import { impactGroups } from "./impact.js";
import { formatTime, type ReportZone, readTime, zoneHeading } from "./report-zone.js";

/** What the templates see: the review, with what they cannot compute (numbers, places, groups). Still plain data: helpers escape it. */
export function viewOf(review: Review, zone: ReportZone): object {
  const untold = untoldFindings(review);
  return {
    ...review,
    head: headOf(review, zone),
    zoneHeading: zoneHeading(zone),
    chains: chainsOf(review),
    rivals: rivalsOf(review, zone),
    untold: untold.others,
    hasCauses: review.chains.length + review.hypotheses.length + untold.others.length > 0,
    summary: summaryOf(review),
    forecasts: forecastsOf(review, zone),
    impact: impactOf(review, untold.impacts),
    resolution: resolutionOf(review),
    lessons: { ...review.lessons, any: Object.values(review.lessons).some((part) => part.length > 0) },
    actions: actionsOf(review),
    gaps: gapsOf(review),
    technical: technicalOf(review),
    examined: examinedOf(review),
    evidence: evidenceOf(review),
    custody: custodyOf(review, (utc) => timeText(utc, zone)),
  };
}

function timeText(utc: string, zone: ReportZone): string {
  const at = readTime(utc);
  return at === null ? utc : formatTime(at, zone);
}

function impactOf(review: Review, findings: readonly UntoldFinding[]): object {
  const { intervals, scope } = review.impact;
  const parts = { findings, ...impactGroups(review), intervals, scope: mergeNodes(scope, review) };
  return { ...parts, any: Object.values(parts).some((part) => part.length > 0) };
}

function resolutionOf(review: Review): object {
  const repairs = review.resolution.changes.filter((c) => c.kind === "repair" || c.kind === "recovery");
  const others = review.resolution.changes.filter((c) => c.kind === "regression" || c.kind === "change");
  const traces = review.resolution.traces ?? [];
  const steps = proceduresOf(review, true).map((fix) => {
    const word = sureness(fix.finding, review, ", ", "");
    return { ...fix, step: stepOf(fix), against: word === "" ? "" : `${placeOf(fix.finding, review)}${word}` };
  });
  const outstanding = steps.filter((fix) => !isUnlooked(fix, review));
  const unlooked = steps.filter((fix) => isUnlooked(fix, review));
  const diagnosis = diagnosisOf(review);
  return {
    diagnosis,
    open: openExplanations(review),
    // Before anything failed there is nothing that people can have found out.
    asksPeople: review.questions.length > 0 && review.findings.some((f) => f.role === "symptom"),
    repairs: numbered(repairs),
    traces: numbered(traces),
    others: numbered(others),
    outstanding: numbered(outstanding),
    unlooked: numbered(unlooked),
    any: diagnosis.length + repairs.length + traces.length + others.length + steps.length > 0,
    verification: review.resolution.verification,
  };
}

/** Its steps, each with the places by node: those of the cluster first. */
function diagnosisOf(review: Review) {
  return numbered(
    (review.resolution.diagnosis ?? []).map((step) => {
      const nodes = [...new Set(step.looked.map((place) => place.node))].sort((x, y) =>
        (x ?? "") < (y ?? "") ? -1 : 1,
      );
      return {
        ...step,
        looked: nodes.map((node) => ({ node, places: step.looked.filter((place) => place.node === node) })),
      };
    }),
  );
}

/** `8 explanations`; null where every one was decided. */
function openExplanations(review: Review): string | null {
  const open = new Set(review.hypotheses.filter((h) => h.status === "open").map((h) => h.mechanism)).size;
  return open === 0 ? null : `${open} explanation${open === 1 ? "" : "s"}`;
}

const numbered = <T extends object>(list: readonly T[]): readonly (T & { readonly number: number })[] =>
  list.map((entry, i) => ({ ...entry, number: i + 1 }));

/** A fix is outstanding while its finding was not seen to end; else it is a procedure for the next time. */
function proceduresOf(review: Review, outstanding: boolean): Review["resolution"]["fix"] {
  const isOutstanding = ({ finding }: Fix): boolean =>
    (review.findings.find((f) => f.id === finding)?.endedBy ?? null) === null;
  const open = distinct(review.resolution.fix.filter(isOutstanding));
  if (outstanding) return open;
  const still = new Set(open.map(keyOf));
  return distinct(review.resolution.fix.filter((fix) => !still.has(keyOf(fix))));
}

type Fix = Review["resolution"]["fix"][number];

/** What it repairs was last seen before what failed was over. */
const isUnlooked = (fix: Pick<Fix, "finding">, review: Review): boolean =>
  review.findings.find((f) => f.id === fix.finding)?.unlooked === true;

/** A step that tells a time is printed in the review's zone. */
const stepOf = ({ step, parts }: Fix): string | ReviewStatement =>
  parts === undefined ? step : { text: step, parts, evidence: [], source: { kind: "evidence" } };

/** A step which several findings ask for, once. */
const distinct = (fixes: readonly Fix[]): Fix[] => [...new Map(fixes.map((fix) => [keyOf(fix), fix])).values()];

const keyOf = (fix: Fix): string => JSON.stringify([fix.step, fix.commands]);

/** The word of a finding that is less than established, in the marks given. */
function sureness(id: string, review: Review, before: string, after: string): string {
  const confidence = review.findings.find((f) => f.id === id)?.confidence;
  return confidence === "probable" || confidence === "possible" ? `${before}${confidence}${after}` : "";
}

function actionsOf(review: Review): object {
  const all = review.actions.map((action, i) => ({
    ...action,
    number: i + 1,
    places: once(
      inToldOrder(action.covers, review).map((id) => `${placeOf(id, review)}${sureness(id, review, " (", ")")}`),
    ),
    against: once(
      inToldOrder(action.covers, review).map(
        (id) => `${review.findings.find((f) => f.id === id)?.title ?? id}${sureness(id, review, " (", ")")}`,
      ),
    ),
  }));
  return {
    all,
    immediate: all.filter((a) => a.priority === "Urgent" || a.priority === "High"),
    longer: all.filter((a) => a.priority === "Medium" || a.priority === "Low"),
  };
}

/** Two findings of one rule go by one title. */
const once = (texts: readonly string[]): string => [...new Set(texts)].join("; ");

/** Gaps with their numbers, and each command once with the numbers which it closes. */
function gapsOf(review: Review): object {
  const rows = gapRows(review).map((row) => ({
    ...row,
    nodes: row.nodes.join(", "),
    decides: (row.entries[0]?.decides ?? []).join("; "),
  }));
  const closes = new Map<string, number[]>();
  for (const row of rows) closes.set(row.command, [...(closes.get(row.command) ?? []), row.number]);
  const commands = [...closes].map(([run, numbers]) => ({
    run: `# ${numbers.length === 1 ? "gap" : "gaps"} ${numbers.join(", ")}\n${run}`,
    expect: null,
  }));
  return { rows, commands };
}

/** Error texts under the title of what they are the sign of; fixes for the next time. */
function technicalOf(review: Review): object {
  const signatures = review.technical.signatures.map((s) => ({ ...s, title: titleOf(s.title, review) ?? s.title }));
  const procedures = proceduresOf(review, false);
  const open = proceduresOf(review, true);
  const outstanding = open.filter((fix) => !isUnlooked(fix, review));
  const unlooked = open.filter((fix) => isUnlooked(fix, review));
  const parts = { environment: review.technical.environment, signatures, procedures, outstanding, unlooked };
  return {
    ...parts,
    any: Object.values(parts).some((part) => part.length > 0),
    hasProcedures: procedures.length + open.length > 0,
  };
}

/** A review that found nothing is worth what it looked at, so that comes before what is missing. */
function examinedOf(review: Review): object {
  const statements = mergeNodes(review.examined, review);
  return review.findings.length === 0 ? { first: statements, last: [] } : { first: [], last: statements };
}
