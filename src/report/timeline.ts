import type { Review } from "#model/review.js";
import { formatClock, formatDay, isOfReviewsDay, type ReportZone, readTime } from "./report-zone.js";

export type TimelineRow = Review["timeline"][number];

const SECOND = 1_000;
const HOUR = 3_600_000;

/**
 * `22 May ~08:20`, `12:01:31`, `June 2024`: a row without a date is of the review's day. `~` stands where the row is approximate or its
 * time is no finer than a minute; a day, month or year says that itself.
 */
export function rowTime(row: TimelineRow, zone: ReportZone): string {
  const at = readTime(row.at);
  if (at === null) return row.at;
  if (at.precisionMs > HOUR) return `${row.approximate ? "~" : ""}${formatDay(at, zone)}`;
  const about = row.approximate || at.precisionMs > SECOND ? "~" : "";
  const clock = `${about}${formatClock(at, zone)}`;
  return isOfReviewsDay(at, zone) ? clock : `${formatDay(at, zone)} ${clock}`;
}
