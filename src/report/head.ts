import { formatDuration, formatLapse } from "#model/instant.js";
import type { Review } from "#model/review.js";
import { formatMinute, longDate, type ReportZone, readTime, zoneInWords } from "./report-zone.js";

/** The bold keys at the top; a key without a value is null and left out. */
export interface Head {
  readonly date: string;
  readonly duration: string | null;
  readonly severity: string | null;
  readonly reason: string;
  readonly zone: string;
}

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** What stands at the top of the review. */
export function headOf(review: Review, zone: ReportZone): Head {
  return {
    date: longDate(review.date),
    duration: durationLine(review, zone),
    severity: review.severity.proposed === "None" ? null : review.severity.proposed,
    reason: withoutStop(review.severity.reason),
    zone: zoneInWords(zone),
  };
}

/**
 * `~59 min active (12:01 AEST → 13:00 AEST), after 3 h 41 min latent`; `at most` where nothing bounds the end but the collection that no
 * longer showed it. Null where the evidence has no times.
 */
export function durationLine(review: Review, zone: ReportZone): string | null {
  const { from, to, activeMs, endIsBound, outages } = review.duration;
  if (outages !== undefined) return outagesLine(outages, review.duration, zone);
  const span = `${moment(from, zone) ?? "begin not in evidence"} → ${moment(to, zone) ?? "end not in evidence"}`;
  const hasSpan = from !== null || to !== null;
  const length =
    activeMs === null ? null : endIsBound ? atMost(activeMs) : about(activeMs, isCoarse(from) || isCoarse(to));
  const active = length === null ? (hasSpan ? span : null) : `${length} active${hasSpan ? ` (${span})` : ""}`;
  const latent = latency(review.duration);
  if (active === null) return latent;
  return latent === null ? active : `${active}, after ${latent}`;
}

/** `3 h 41 min latent`, `between 2 d and 3 d latent (probable)`. Null where it is not known. */
function latency({
  from,
  latentMs,
  latentBetweenMs,
  latentIsLeast,
  latentConfidence,
}: Review["duration"]): string | null {
  const between = latentBetweenMs === undefined ? null : formatLapse(latentBetweenMs);
  const span = latentMs === null ? between : about(latentMs, isCoarse(from));
  const sure = latentConfidence === undefined ? "" : ` (${latentConfidence})`;
  return span === null ? null : `${latentIsLeast ? "at least " : ""}${span} latent${sure}`;
}

/** `2 outages: at most 2 h 40 min (09:20 AEST → 12:00 AEST); 15:00 AEST → end not in evidence`: what lay between was none. */
function outagesLine(
  outages: NonNullable<Review["duration"]["outages"]>,
  duration: Review["duration"],
  zone: ReportZone,
): string {
  const told = outages.map(({ from, to, activeMs, exact }) => {
    const span = `${moment(from, zone) ?? ""} → ${moment(to, zone) ?? "end not in evidence"}`;
    if (activeMs === null) return span;
    return `${exact ? about(activeMs, isCoarse(from) || isCoarse(to)) : atMost(activeMs)} (${span})`;
  });
  const latent = latency(duration);
  return `${outages.length} outages: ${told.join("; ")}${latent === null ? "" : `; the first after ${latent}`}`;
}

/** `39 s`; from ten minutes on `~59 min`, from a day on `~2 d 3 h`: a tilde where something was rounded off. */
function about(ms: number, coarse: boolean): string {
  const unit = unitOf(ms, coarse);
  const rounded = Math.round(ms / unit) * unit;
  const isExact = !coarse && Math.abs(rounded - ms) < SECOND;
  return `${isExact ? "" : "~"}${rounded === 0 && unit > SECOND ? "1 min" : formatDuration(rounded)}`;
}

const atMost = (ms: number): string => {
  const unit = unitOf(ms, false);
  return `at most ${formatDuration(Math.ceil(ms / unit) * unit)}`;
};

function unitOf(ms: number, coarse: boolean): number {
  if (ms >= DAY) return HOUR;
  return coarse || ms >= 10 * MINUTE ? MINUTE : SECOND;
}

/** Is the time known to no more than the minute? */
const isCoarse = (utc: string | null): boolean => (utc === null ? 0 : (readTime(utc)?.precisionMs ?? 0)) > SECOND;

function moment(utc: string | null, zone: ReportZone): string | null {
  const at = utc === null ? null : readTime(utc);
  return at === null ? null : formatMinute(at, zone);
}

const withoutStop = (text: string): string => text.trimEnd().replace(/\.$/, "");
