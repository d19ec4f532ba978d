import { suite } from "uvu";
import * as assert from "uvu/assert";
import { numberEvidence } from "#report/number.js";
import {
  formatDated,
  formatDatedMinute,
  formatMinute,
  formatTime,
  readTime,
  reportZone,
  zoneHeading,
} from "#report/report-zone.js";
import { makeDraft } from "#test/report/draft.js";

const test = suite("report zone");

const zoneOf = (zone: string, date = "2026-05-23", from: string | null = null) =>
  reportZone(
    { ...numberEvidence(makeDraft()), date, duration: { from, to: null, activeMs: null, latentMs: null } },
    zone,
  );

function timeOf(utc: string): { readonly epochMs: number; readonly precisionMs: number } {
  const at = readTime(utc);
  if (at === null) throw new Error(utc);
  return at;
}

for (const [zone, date, heading] of [
  ["Australia/Brisbane", "2026-05-23", "AEST — UTC+10"],
  ["Australia/Brisbane", "2026-01-23", "AEST — UTC+10"],
  ["Australia/Sydney", "2026-01-23", "AEDT — UTC+11"],
  ["Europe/Berlin", "2026-01-23", "CET — UTC+1"],
  ["Europe/Berlin", "2026-05-23", "CEST — UTC+2"],
  ["America/New_York", "2026-05-23", "EDT — UTC-4"],
  ["Asia/Kolkata", "2026-05-23", "IST — UTC+5:30"],
  ["America/Sao_Paulo", "2026-05-23", "UTC-3"],
  ["Europe/London", "2026-01-23", "UTC"],
  ["Etc/UTC", "2026-05-23", "UTC"],
] as const)
  test(`${zone} on ${date} is ${heading}`, () => assert.is(zoneHeading(zoneOf(zone, date)), heading));

for (const [utc, shown] of [
  ["2026-05-23T02:01:31Z", "12:01:31"],
  ["2026-05-22T14:00:00Z", "00:00:00"],
  ["2026-05-22T13:59:59Z", "22 May 23:59:59 AEST"],
  ["2026-05-22T22:20Z", "08:20"],
  ["2025-12-31T14:00Z", "1 Jan 00:00 AEST"],
  ["2025-12-31T13:00Z", "31 Dec 2025"],
  ["2026-09-14", "14 September"],
  ["2021-09-14", "14 September 2021"],
  ["2024-06", "June 2024"],
  ["2021", "2021"],
] as const)
  test(`${utc} in Brisbane is ${shown}`, () => assert.is(formatTime(timeOf(utc), zoneOf("Australia/Brisbane")), shown));

test("a bare date is not moved to the day before in the west", () => {
  assert.is(formatTime(timeOf("2021-09-14"), zoneOf("America/New_York")), "14 September 2021");
});

test("what is in the other half of the year carries its own abbreviation", () => {
  const zone = zoneOf("Europe/Berlin", "2026-05-23");
  assert.is(formatTime(timeOf("2026-01-05T08:00:00Z"), zone), "5 Jan 09:00:00 CET");
  assert.is(formatTime(timeOf("2026-05-23T08:00:00Z"), zone), "10:00:00");
});

test("at the turn of the year the time of day stays, in another year the day is enough", () => {
  const zone = zoneOf("Australia/Brisbane", "2026-01-02");
  assert.is(formatTime(timeOf("2025-12-31T13:00:00Z"), zone), "31 Dec 2025 23:00:00 AEST");
  assert.is(formatTime(timeOf("2021-09-14T00:00:00Z"), zone), "14 Sep 2021");
});

test("the hour that happens twice is told apart", () => {
  const zone = zoneOf("Europe/Berlin", "2026-10-25", "2026-10-25T00:10:00Z");
  assert.is(formatTime(timeOf("2026-10-25T00:30:00Z"), zone), "02:30:00");
  assert.is(formatTime(timeOf("2026-10-25T01:30:00Z"), zone), "02:30:00 CET");
});

test("the head and what is yet to come say the day", () => {
  const zone = zoneOf("Australia/Brisbane");
  assert.is(formatMinute(timeOf("2026-05-23T02:01:31Z"), zone), "12:01 AEST");
  assert.is(formatMinute(timeOf("2026-05-22T02:01:31Z"), zone), "22 May 12:01 AEST");
  assert.is(formatDated(timeOf("2026-05-23T02:01:31Z"), zone), "23 May 12:01:31 AEST");
  assert.is(formatDatedMinute(timeOf("2026-05-23T02:01:31Z"), zone), "23 May 12:01 AEST");
});

test.run();
