import type { Review } from "#model/review.js";
import { custodyOf, evidenceOf } from "./appendix.js";
import { chainsOf, placeOf, rivalsOf, titleOf, type UntoldFinding, untoldFindings } from "./causes.js";
import { headOf } from "./head.js";
import { formatTime, type ReportZone, readTime, zoneHeading } from "./report-zone.js";

/** What the templates see: the review, with what they cannot compute (numbers, places, groups). Still plain data: helpers escape it. */
export function viewOf(review: Review, zone: ReportZone): object {
  const untold = untoldFindings(review);
  return {
    ...review,
    head: headOf(review, zone),
    zoneHeading: zoneHeading(zone),
    chains: chainsOf(review),
    rivals: rivalsOf(review),
    untold: untold.others,
    hasCauses: review.chains.length + review.hypotheses.length + untold.others.length > 0,
    forecasts: review.forecasts.map((forecast) => ({
      ...forecast,
      title: capital(forecast.title),
    })),
    impact: impactOf(review, untold.impacts),
    resolution: resolutionOf(review),
    lessons: { ...review.lessons, any: Object.values(review.lessons).some((part) => part.length > 0) },
    actions: actionsOf(review),
    gaps: gapsOf(review),
    technical: { ...review.technical, procedures: proceduresOf(review, false) },
    hasTechnical:
      review.technical.environment.length + review.technical.signatures.length + proceduresOf(review, false).length > 0,
    evidence: evidenceOf(review),
    custody: custodyOf(review, (utc) => timeText(utc, zone)),
  };
}

function timeText(utc: string, zone: ReportZone): string {
  const at = readTime(utc);
  return at === null ? utc : formatTime(at, zone);
}

/** Titles complete "the evidence shows that …"; as a heading they begin a sentence. */
const capital = (title: string): string => `${title.charAt(0).toUpperCase()}${title.slice(1)}`;

function impactOf(review: Review, findings: readonly UntoldFinding[]): object {
  const parts = { findings, ...review.impact };
  return { ...parts, any: Object.values(parts).some((part) => part.length > 0) };
}

function resolutionOf(review: Review): object {
  const repairs = review.resolution.changes.filter((c) => c.kind === "repair" || c.kind === "recovery");
  const others = review.resolution.changes.filter((c) => c.kind === "regression" || c.kind === "change");
  const outstanding = proceduresOf(review, true);
  return {
    repairs,
    others,
    outstanding,
    any: repairs.length + others.length + outstanding.length > 0,
    verification: review.resolution.verification,
  };
}

/** A fix is outstanding while its finding was not seen to end; else it is a procedure for the next time. */
const proceduresOf = (review: Review, outstanding: boolean): Review["resolution"]["fix"] =>
  review.resolution.fix.filter(({ finding }) => {
    const of = review.findings.find((f) => f.id === finding);
    return (of === undefined || of.endedBy === null) === outstanding;
  });

function actionsOf(review: Review): object {
  const all = review.actions.map((action, i) => ({
    ...action,
    number: i + 1,
    places: action.covers.map((id) => placeOf(id, review)).join("; "),
    against: action.covers.map((id) => review.findings.find((f) => f.id === id)?.title ?? id).join("; "),
  }));
  return {
    all,
    immediate: all.filter((a) => a.priority === "Urgent" || a.priority === "High"),
    longer: all.filter((a) => a.priority === "Medium" || a.priority === "Low"),
  };
}

/** Gaps with their numbers, and each command once with the numbers which it closes. */
function gapsOf(review: Review): object {
  const rows = review.gaps.map((gap, i) => ({
    ...gap,
    number: i + 1,
    decides: gap.blocks.map((b) => titleOf(b, review)).join("; "),
  }));
  const closes = new Map<string, number[]>();
  for (const row of rows) closes.set(row.command, [...(closes.get(row.command) ?? []), row.number]);
  const commands = [...closes].map(([run, numbers]) => ({
    run: `# ${numbers.length === 1 ? "gap" : "gaps"} ${numbers.join(", ")}\n${run}`,
    expect: null,
  }));
  return { rows, commands };
}
