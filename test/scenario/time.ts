/** Whole microseconds since 1970-01-01 UTC. */
export type EpochUs = number;

const timePattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z$/;
const pathTimePattern = /^\d{4}-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z)?)?$/;
const unitUs: Readonly<Record<string, number>> = { ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9, d: 8.64e10 };

/** Reads a UTC time to the minute, second or a fraction (beyond microseconds it is cut); undefined where it is none. */
export function parseTime(text: unknown): EpochUs | undefined {
  const match = typeof text === "string" ? timePattern.exec(text) : null;
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const ms = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  const date = new Date(ms);
  if (date.getUTCMonth() + 1 !== month || date.getUTCDate() !== day || date.getUTCHours() !== hour) return undefined;
  return ms * 1000 + Number((match[7] ?? "").padEnd(6, "0").slice(0, 6));
}

/** A duration such as `15s`, `3h40m`, `2d`, or a bare number of seconds, in microseconds; undefined where it is none. */
export function parseDuration(text: unknown): number | undefined {
  if (typeof text === "number") return text >= 0 ? Math.round(text * 1e6) : undefined;
  if (typeof text !== "string") return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1e6);
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  let total = 0;
  for (const part of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    total += Number(part[1]) * (unitUs[part[2] ?? ""] ?? 0);
  return Math.round(total);
}

/** RFC 3339 in whole seconds, as Kubernetes writes `Time`. */
export function writeSeconds(at: EpochUs): string {
  return `${isoSeconds(at)}Z`;
}

/** RFC 3339 with six digits of a second, as Kubernetes writes `MicroTime`. */
export function writeMicros(at: EpochUs): string {
  return `${isoSeconds(at)}.${fraction(at)}Z`;
}

/** The time of a line of `journalctl -o short-iso-precise --utc`. */
export function writeJournalTime(at: EpochUs): string {
  return `${isoSeconds(at)}.${fraction(at)}+00:00`;
}

/** The time of a line of `dmesg --time-format iso`: util-linux separates the fraction by a comma. */
export function writeKernelTime(at: EpochUs): string {
  return `${isoSeconds(at)},${fraction(at)}+00:00`;
}

/** The time in an archive's name: `20260523T025200Z`. */
export function writeStamp(at: EpochUs): string {
  return `${isoSeconds(at).replace(/[-:]/g, "")}Z`;
}

/** Whether a text is a path's time: ISO 8601 in UTC, cut after month, day, minute, second or fraction. */
export function isPathTime(text: string): boolean {
  if (!pathTimePattern.test(text)) return false;
  const month = Number(text.slice(5, 7));
  return month >= 1 && month <= 12 && (text.length === 7 || parseTime(`${text.slice(0, 10)}T00:00:00Z`) !== undefined);
}

/** Of two times of one path the more precise one; undefined where they do not agree within the coarser. */
export function sharperTime(one: string, other: string): string | undefined {
  const [coarse, fine] = one.length <= other.length ? [one, other] : [other, one];
  return fine.startsWith(coarse.replace(/Z$/, "")) ? fine : undefined;
}

/** The offset of a zone (IANA, or itself an offset) from UTC at a moment, as `+1000`; undefined for an unknown zone. */
export function zoneOffset(zone: string, at: EpochUs): string | undefined {
  if (zone === "UTC") return "+0000";
  if (/^[+-]\d\d:?[0-5]\d$/.test(zone)) return zone.replace(":", "");
  try {
    const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(
      at / 1000,
    );
    const offset = parts
      .find((part) => part.type === "timeZoneName")
      ?.value.replace("GMT", "")
      .replace(":", "");
    return offset === "" || offset === undefined ? "+0000" : offset;
  } catch {
    return undefined;
  }
}

function isoSeconds(at: EpochUs): string {
  return new Date(Math.floor(at / 1e6) * 1000).toISOString().slice(0, 19);
}

function fraction(at: EpochUs): string {
  return String(((at % 1e6) + 1e6) % 1e6).padStart(6, "0");
}
