/**
 * A point in time as far as it is known: the true time lies in [epochMs, epochMs + precisionMs).
 * `clock` says whose clock gave it: `api` (API server and what it stamps: objects, events, tokens), `node:<name>` or `unknown`.
 */
export interface Instant {
  readonly epochMs: number;
  readonly precisionMs: number;
  readonly clock: string;
}

export type Order = "before" | "after" | "overlap" | "unknown";

export const API_CLOCK = "api";
export const nodeClock = (node: string): string => `node:${node}`;

/** Two clocks without a measured offset are trusted to agree within this: the leeway which the API server itself grants tokens (go-jose jwt.DefaultLeeway). */
export const UNMEASURED_SKEW_MS = 60_000;

/**
 * A clock that is this far ahead takes the API server's certificate for expired, and what it says does not get there any more: such a date
 * was made up, and measures nothing.
 */
export const MADE_UP_MS = 10 * 365 * 86_400_000;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const REDUCED =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2}))?)?)?$/;

/**
 * Reads ISO 8601 / RFC 3339, also cut to the minute, day, month or year (then taken as UTC), and `@seconds[.fraction]`.
 * A time of day needs a zone. Returns null for anything else, and for years outside 1970 to 9999.
 */
export function parseInstant(text: string, clock: string): Instant | null {
  if (text.startsWith("@")) return parseEpoch(text.slice(1), clock);
  const found = REDUCED.exec(text);
  if (!found) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = found;
  const ms = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  const monthIndex = month === undefined ? 0 : Number(month) - 1;
  const dayOfMonth = day === undefined ? 1 : Number(day);
  const local = Date.UTC(
    Number(year),
    monthIndex,
    dayOfMonth,
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
    ms,
  );
  if (
    // Date takes the years 0 to 99 for 1900 to 1999.
    Number(year) < 1970 ||
    !isCalendarDate(local, monthIndex, dayOfMonth) ||
    Number(hour ?? 0) > 23 ||
    Number(minute ?? 0) > 59 ||
    Number(second ?? 0) > 59
  )
    return null;
  const epochMs = local - zoneMs(zone);
  if (!inRange(epochMs)) return null;
  return { epochMs, precisionMs: precisionOf({ month, day, hour, second, fraction }, local), clock };
}

function parseEpoch(text: string, clock: string): Instant | null {
  const found = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text);
  if (!found) return null;
  const [, seconds, fraction] = found;
  const epochMs = Number(seconds) * SECOND + (fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000));
  return inRange(epochMs) ? { epochMs, precisionMs: fraction === undefined ? SECOND : 1, clock } : null;
}

function precisionOf(
  part: Readonly<Record<"month" | "day" | "hour" | "second" | "fraction", string | undefined>>,
  local: number,
): number {
  const date = new Date(local);
  if (part.month === undefined) return Date.UTC(date.getUTCFullYear() + 1, 0, 1) - local;
  if (part.day === undefined) return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) - local;
  if (part.hour === undefined) return DAY;
  if (part.second === undefined) return MINUTE;
  return part.fraction === undefined ? SECOND : 1;
}

function isCalendarDate(local: number, monthIndex: number, dayOfMonth: number): boolean {
  if (Number.isNaN(local)) return false;
  const date = new Date(local);
  return date.getUTCMonth() === monthIndex && date.getUTCDate() === dayOfMonth;
}

/** NaN for what is no zone (RFC 3339: at most 23:59). */
function zoneMs(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (zone.startsWith("-") ? -1 : 1) * (hours * HOUR + minutes * MINUTE);
}

const inRange = (epochMs: number): boolean => epochMs >= 0 && epochMs <= 253_402_300_799_999;

/** An instant given in whole epoch seconds, as token claims are. Null for what is no such number. */
export function fromSeconds(seconds: number, clock: string): Instant | null {
  return Number.isFinite(seconds) && inRange(seconds * SECOND)
    ? { epochMs: Math.floor(seconds) * SECOND, precisionMs: SECOND, clock }
    : null;
}

/** The latest epoch millisecond which the instant may be. */
export const latest = (i: Instant): number => i.epochMs + i.precisionMs - 1;

/**
 * How `a` lies to `b`. On one clock: before or after where the intervals are apart, else overlap. On two clocks the gap must
 * also exceed `skewMs`, else the order is unknown.
 */
export function order(a: Instant, b: Instant, skewMs: number = UNMEASURED_SKEW_MS): Order {
  const slack = a.clock === b.clock ? 0 : skewMs;
  if (latest(a) + slack < b.epochMs) return "before";
  if (latest(b) + slack < a.epochMs) return "after";
  return slack === 0 ? "overlap" : "unknown";
}

/** The earlier of two by its start; either may be null. */
export function earliest(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null || b === null) return a ?? b;
  return b.epochMs < a.epochMs ? b : a;
}

/** The later of two by its start; either may be null. */
export function latestOf(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null || b === null) return a ?? b;
  return b.epochMs > a.epochMs ? b : a;
}

/** When both had come: the later one; of two that may be either way round the less exact, which is all that is known. Either may be null. */
export function whenBoth(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null || b === null || order(a, b, 0) !== "overlap") return latestOf(a, b);
  return a.precisionMs === b.precisionMs ? latestOf(a, b) : a.precisionMs > b.precisionMs ? a : b;
}

/** `2026-05-23T02:01:31Z`, cut where the precision ends. UTC. */
export function formatUtc(i: Pick<Instant, "epochMs" | "precisionMs">): string {
  const iso = new Date(i.epochMs).toISOString();
  if (i.precisionMs > 32 * DAY) return iso.slice(0, 4);
  if (i.precisionMs > DAY) return iso.slice(0, 7);
  if (i.precisionMs > HOUR) return iso.slice(0, 10);
  if (i.precisionMs > SECOND) return `${iso.slice(0, 16)}Z`;
  return `${iso.slice(0, 19)}Z`;
}

/** `3 h 41 min`, `59 min`, `45 s`, `2 d 3 h`: two units at most, rounded down. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / SECOND);
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = units.findIndex(([n]) => n > 0);
  if (first < 0) return "under 1 s";
  const shown = units.slice(first, first + 2).filter(([n]) => n > 0);
  return shown.map(([n, unit]) => `${n} ${unit}`).join(" ");
}

/** How long it was between two times: at least and at most, in milliseconds. Equal where both are known to the second. */
export interface Lapse {
  readonly least: number;
  readonly most: number;
}

/** The lapse between two times, whichever comes first. */
export function lapseBetween(a: Instant, b: Instant): Lapse {
  const [from, to] = b.epochMs < a.epochMs ? [b, a] : [a, b];
  const ms = to.epochMs - from.epochMs;
  return { least: Math.max(0, ms - slack(from)), most: ms + slack(to) };
}

/** What is known to the second is taken as it is written. */
const slack = (i: Instant): number => (i.precisionMs > SECOND ? i.precisionMs : 0);

/** `3 h 41 min`; `between 2 d 9 h and 3 d 9 h`, `at most 9 h` where an end is not known to the second. */
export function formatLapse({ least, most }: Lapse): string {
  if (least === most) return formatDuration(most);
  const unit = most >= DAY ? HOUR : most >= HOUR ? MINUTE : SECOND;
  const upper = formatDuration(Math.ceil(most / unit) * unit);
  return least < unit ? `at most ${upper}` : `between ${formatDuration(least)} and ${upper}`;
}
