import { TZDate, tzOffset } from "@date-fns/tz";
import { format } from "date-fns/format";
import type { Instant } from "#model/instant.js";
import { parseInstant } from "#model/instant.js";
import type { Review } from "#model/review.js";

/** The zone in which a review prints its times, and the date which a time without a date is of. */
export interface ReportZone {
  /** IANA name. */
  readonly name: string;
  /** `AEST`; `UTC+3` where the zone has no abbreviation in English. */
  readonly abbreviation: string;
  /** `UTC+10`, `UTC+5:30`, `UTC`. */
  readonly offset: string;
  /** YYYY-MM-DD. */
  readonly date: string;
}

export type Time = Pick<Instant, "epochMs" | "precisionMs">;

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** Each zone has its abbreviation in the English of where it is used only; elsewhere it is `GMT+10`. Fixed, so that no locale decides. */
const ENGLISHES = ["en-US", "en-GB", "en-AU", "en-NZ", "en-IN", "en-ZA"] as const;

/** The zone as it was when the incident began. */
export function reportZone(review: Review, zone: string): ReportZone {
  const noon = Date.parse(`${review.date}T12:00:00Z`);
  const epochMs = review.duration.from === null ? noon : (readTime(review.duration.from)?.epochMs ?? noon);
  return { name: zone, abbreviation: abbreviation(zone, epochMs), offset: offset(zone, epochMs), date: review.date };
}

/** `AEST — UTC+10`, or only `UTC`. */
export const zoneHeading = (zone: ReportZone): string =>
  zone.abbreviation === zone.offset ? zone.offset : `${zone.abbreviation} — ${zone.offset}`;

/** The same in a sentence: `AEST (UTC+10)`, or only `UTC`. */
export const zoneInWords = (zone: ReportZone): string =>
  zone.abbreviation === zone.offset ? zone.offset : `${zone.abbreviation} (${zone.offset})`;

/** A time as `review.json` writes it. Null for what is none. */
export const readTime = (utc: string): Time | null => parseInstant(utc, "unknown");

/**
 * `12:01:31` on the review's date, `22 May 10:15:29 AEST` on another, `14 Sep 2021` where it is years away, `14 September 2021`, `June 2024`,
 * `2021`: no finer than its precision.
 */
export function formatTime(at: Time, zone: ReportZone): string {
  if (isOfReviewsDay(at, zone)) return formatClock(at, zone);
  return isYearsAway(at, zone) ? formatDay(at, zone) : formatDated(at, zone);
}

/** The word which a time takes before it: `at` 12:01:31, `on` 22 May, `in` June 2024. */
export function prepositionOf(at: Time, zone: ReportZone): "at" | "on" | "in" {
  if (at.precisionMs > DAY) return "in";
  return isOfReviewsDay(at, zone) ? "at" : "on";
}

/** True for a time of day on the date which needs no saying. */
export const isOfReviewsDay = (at: Time, zone: ReportZone): boolean =>
  at.precisionMs <= HOUR && dateOf(at, zone) === zone.date;

/** Beyond the turn of the year next to the review the time of day says nothing that a reader needs. */
function isYearsAway(at: Time, zone: ReportZone): boolean {
  const sameYear = dateOf(at, zone).slice(0, 4) === zone.date.slice(0, 4);
  return !sameYear && Math.abs(at.epochMs - Date.parse(zone.date)) > 31 * DAY;
}

/** Date and time of day, with the zone: for what is yet to come. */
export const formatDated = (at: Time, zone: ReportZone): string =>
  at.precisionMs > HOUR
    ? formatDay(at, zone)
    : `${formatDay(at, zone)} ${digits(at, zone)} ${abbreviation(zone.name, at.epochMs)}`;

/** `12:01:31`, `12:01`; with the abbreviation where it is not the report's (summer and winter time). */
export function formatClock(at: Time, zone: ReportZone): string {
  const here = abbreviation(zone.name, at.epochMs);
  return here === zone.abbreviation ? digits(at, zone) : `${digits(at, zone)} ${here}`;
}

const digits = (at: Time, zone: ReportZone): string =>
  format(new TZDate(at.epochMs, zone.name), at.precisionMs > SECOND ? "HH:mm" : "HH:mm:ss");

/** The day, month or year of a time, as far as it is known; the year only where it is not the incident's. */
export function formatDay(at: Time, zone: ReportZone): string {
  const local = new TZDate(at.epochMs, calendarZone(at, zone));
  if (at.precisionMs > 32 * DAY) return format(local, "yyyy");
  if (at.precisionMs > DAY) return format(local, "MMMM yyyy");
  const month = at.precisionMs > HOUR ? "d MMMM" : "d MMM";
  return format(local, format(local, "yyyy") === zone.date.slice(0, 4) ? month : `${month} yyyy`);
}

/** `12:01 AEST`, with the day where it is not the review's: for the head of the review. */
export const formatMinute = (at: Time, zone: ReportZone): string =>
  isOfReviewsDay(at, zone) ? minute(at, zone) : formatDatedMinute(at, zone);

/** `24 May 08:20 AEST`: for headings. */
export const formatDatedMinute = (at: Time, zone: ReportZone): string =>
  at.precisionMs > HOUR ? formatDay(at, zone) : `${formatDay(at, zone)} ${minute(at, zone)}`;

const minute = (at: Time, zone: ReportZone): string =>
  `${format(new TZDate(at.epochMs, zone.name), "HH:mm")} ${abbreviation(zone.name, at.epochMs)}`;

/** YYYY-MM-DD in the zone. */
export const dateOf = (at: Time, zone: ReportZone): string =>
  format(new TZDate(at.epochMs, calendarZone(at, zone)), "yyyy-MM-dd");

/** `23 May 2026` from YYYY-MM-DD. */
export const longDate = (date: string): string => format(new TZDate(Date.parse(date), "UTC"), "d MMMM yyyy");

/** A bare date stands for a day of the calendar in which it was written; moving it to another zone would name the day before. */
const calendarZone = (at: Time, zone: ReportZone): string =>
  at.precisionMs > HOUR && at.epochMs % DAY === 0 ? "UTC" : zone.name;

function abbreviation(zone: string, epochMs: number): string {
  for (const english of ENGLISHES) {
    const parts = new Intl.DateTimeFormat(english, { timeZone: zone, timeZoneName: "short" }).formatToParts(epochMs);
    const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
    if (/^[A-Z]{2,5}$/.test(name) && name !== "GMT") return name;
  }
  return offset(zone, epochMs);
}

function offset(zone: string, epochMs: number): string {
  const minutes = tzOffset(zone, new Date(epochMs));
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? "" : `:${String(size % 60).padStart(2, "0")}`;
  return `UTC${minutes < 0 ? "-" : "+"}${Math.floor(size / 60)}${rest}`;
}
