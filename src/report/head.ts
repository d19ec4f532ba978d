import { formatDuration } from "#model/instant.js";
import type { Review } from "#model/review.js";
import { formatMinute, longDate, type ReportZone, readTime, zoneHeading } from "./report-zone.js";

/** The bold keys at the top; a key without a value is null and left out. */
export interface Head {
  readonly date: string;
  readonly duration: string | null;
  readonly severity: string | null;
  readonly reason: string;
  readonly zone: string;
}

/** What stands at the top of the review. */
export function headOf(review: Review, zone: ReportZone): Head {
  return {
    date: longDate(review.date),
    duration: durationLine(review, zone),
    severity: review.severity.proposed === "None" ? null : review.severity.proposed,
    reason: withoutStop(review.severity.reason),
    zone: `${zone.name} (${zoneHeading(zone)})`,
  };
}

/** `~59 min active (12:01 AEST → 13:00 AEST), after 3 h 41 min latent`. Null where the evidence has no times. */
export function durationLine(review: Review, zone: ReportZone): string | null {
  const { from, to, activeMs, latentMs } = review.duration;
  const span = `${moment(from, zone) ?? "begin not in evidence"} → ${moment(to, zone) ?? "end not in evidence"}`;
  const hasSpan = from !== null || to !== null;
  const active =
    activeMs === null ? (hasSpan ? span : null) : `~${formatDuration(activeMs)} active${hasSpan ? ` (${span})` : ""}`;
  const latent = latentMs === null ? null : `${formatDuration(latentMs)} latent`;
  if (active === null) return latent === null ? null : `~${latent}`;
  return latent === null ? active : `${active}, after ~${latent}`;
}

function moment(utc: string | null, zone: ReportZone): string | null {
  const at = utc === null ? null : readTime(utc);
  return at === null ? null : formatMinute(at, zone);
}

const withoutStop = (text: string): string => text.trimEnd().replace(/\.$/, "");
