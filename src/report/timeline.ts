import type { Review } from "#model/review.js";
import { dateOf, formatClock, formatDay, type ReportZone, readTime } from "./report-zone.js";

/** A row with whether its day differs from that of the row above. */
export type TimelineRow = Review["timeline"][number] & { readonly newDay: boolean };

const SECOND = 1_000;
const HOUR = 3_600_000;

/** Rows as printed; the date stands where the day changes, so a row without one is of the day above. */
export function timelineOf(review: Review, zone: ReportZone): readonly TimelineRow[] {
  let day = "";
  return review.timeline.map((row) => {
    const at = readTime(row.at);
    const date = at === null || at.precisionMs > HOUR ? "" : dateOf(at, zone);
    const newDay = date === "" || date !== day;
    day = date;
    return { ...row, newDay };
  });
}

/**
 * `22 May ~08:20`, `12:01:31`, `June 2024`. `~` stands where the row is approximate or its time is no finer than a minute; a day, month or
 * year says that itself.
 */
export function rowTime(row: TimelineRow, zone: ReportZone): string {
  const at = readTime(row.at);
  if (at === null) return row.at;
  if (at.precisionMs > HOUR) return `${row.approximate ? "~" : ""}${formatDay(at, zone)}`;
  const about = row.approximate || at.precisionMs > SECOND ? "~" : "";
  const clock = `${about}${formatClock(at, zone)}`;
  return row.newDay ? `${formatDay(at, zone)} ${clock}` : clock;
}
