import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  API_CLOCK,
  earliest,
  formatDuration,
  formatLapse,
  formatUtc,
  fromSeconds,
  type Instant,
  lapseBetween,
  latest,
  latestOf,
  nodeClock,
  order,
  parseInstant,
} from "#model/instant.js";

const test = suite("instant");

const DAY = 86_400_000;
const parse = (text: string): Instant | null => parseInstant(text, API_CLOCK);
const on = (clock: string, text: string): Instant => parseInstant(text, clock) as Instant;
const api = (text: string): Instant => on(API_CLOCK, text);
const n1 = (text: string): Instant => on(nodeClock("n1"), text);

for (const [what, text] of [
  ["no zone", "2024-03-05T10:00:00"],
  ["no zone and no seconds", "2024-03-05T10:00"],
  ["an hour without minutes", "2024-03-05T10Z"],
  ["a date with a zone", "2024-03-05Z"],
  ["30 February", "2024-02-30"],
  ["29 February of a common year", "2023-02-29T00:00:00Z"],
  ["31 April", "2024-04-31"],
  ["month 0", "2024-00-10"],
  ["month 13", "2024-13-10"],
  ["day 0", "2024-03-00"],
  ["24:00", "2024-03-05T24:00:00Z"],
  ["minute 60", "2024-03-05T10:60:00Z"],
  ["a leap second", "2016-12-31T23:59:60Z"],
  ["year 1969", "1969-12-31T23:59:59Z"],
  ["1969 by its zone", "1970-01-01T00:30:00+01:00"],
  ["year 10000 by its zone", "9999-12-31T23:59:59-01:00"],
  ["a year of two digits, which Date takes for 1970", "0070-01-01"],
  ["year 99", "0099-12-31T00:00:00Z"],
  ["a zone that no place has", "2024-03-05T10:00:00+99:99"],
  ["a zone of more than 59 minutes", "2024-03-05T10:00:00+01:75"],
  ["a zone by name", "2024-03-05T10:00:00 CET"],
  ["text around it", " 2024-03-05"],
  ["a bare number", "1709632800"],
  ["nothing", ""],
  ["@ alone", "@"],
  ["@ and a negative number", "@-1"],
  ["@ and an exponent", "@1e9"],
  ["@ beyond year 9999", "@253402300800"],
] as const) {
  test(`rejects ${what}`, () => {
    assert.is(parse(text), null);
  });
}

for (const [text, from, precisionMs] of [
  ["2024", "2024-01-01T00:00:00.000Z", 366 * DAY],
  ["2023", "2023-01-01T00:00:00.000Z", 365 * DAY],
  ["2024-02", "2024-02-01T00:00:00.000Z", 29 * DAY],
  ["2024-12", "2024-12-01T00:00:00.000Z", 31 * DAY],
  ["2024-03-05", "2024-03-05T00:00:00.000Z", DAY],
  ["2024-03-05T10:07Z", "2024-03-05T10:07:00.000Z", 60_000],
  ["2024-03-05T10:07:09Z", "2024-03-05T10:07:09.000Z", 1_000],
  ["2024-03-05T10:07:09.5Z", "2024-03-05T10:07:09.500Z", 1],
  ["2024-03-05T10:07:09,123456789Z", "2024-03-05T10:07:09.123Z", 1],
  ["2024-03-05T10:07:09.999999999Z", "2024-03-05T10:07:09.999Z", 1],
  ["2024-03-05 10:07:09 +0000", "2024-03-05T10:07:09.000Z", 1_000],
  ["2024-03-05T00:07:09+05:45", "2024-03-04T18:22:09.000Z", 1_000],
  ["2024-03-05T23:07:09-0930", "2024-03-06T08:37:09.000Z", 1_000],
  ["@1709632800", "2024-03-05T10:00:00.000Z", 1_000],
  ["@1709632800.25", "2024-03-05T10:00:00.250Z", 1],
  ["@0", "1970-01-01T00:00:00.000Z", 1_000],
] as const) {
  test(`reads ${text} as precisely as it is written`, () => {
    const instant = parse(text);
    assert.is(instant && new Date(instant.epochMs).toISOString(), from);
    assert.is(instant?.precisionMs, precisionMs);
    assert.is(instant?.clock, API_CLOCK);
  });
}

test("every fraction of three digits keeps its millisecond", () => {
  for (let ms = 0; ms < 1000; ms += 1) {
    const fraction = String(ms).padStart(3, "0");
    assert.is(parse(`@1709632800.${fraction}`)?.epochMs, 1_709_632_800_000 + ms, fraction);
  }
});

test("what is printed reads back as the same instant, whatever its precision", () => {
  const lengths = fc.constantFrom(4, 7, 10, 16, 19);
  const moments = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
  fc.assert(
    fc.property(moments, lengths, (date, length) => {
      const cut = date.toISOString().slice(0, length);
      const text = length > 10 ? `${cut}Z` : cut;
      const instant = parse(text);
      assert.ok(instant, text);
      assert.is(formatUtc(instant), text);
      assert.equal(parse(formatUtc(instant)), instant);
    }),
  );
});

test("any text gives an instant within 1970 to 9999, or none", () => {
  const pieces = fc.constantFrom("2024", "0001", "9999", "-", "02", "30", "T", ":", "59", ".", "Z", "+", "@", " ", "7");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const instant = parse(parts.join(""));
      if (instant === null) return;
      assert.ok(instant.epochMs >= 0 && instant.epochMs < 253_402_300_800_000, parts.join(""));
      assert.ok(instant.precisionMs > 0);
    }),
    { numRuns: 2_000 },
  );
});

test("token claims are whole seconds, and nothing else is", () => {
  assert.is(fromSeconds(Number.NaN, API_CLOCK), null);
  assert.is(fromSeconds(-1, API_CLOCK), null);
  assert.is(fromSeconds(1e12, API_CLOCK), null);
  assert.equal(fromSeconds(1_709_632_800.9, API_CLOCK), api("2024-03-05T10:00:00Z"));
});

test("on one clock neighbours are apart, and what shares a second overlaps", () => {
  assert.is(order(api("2024-03-05T10:00:00Z"), api("2024-03-05T10:00:01Z")), "before");
  assert.is(order(api("2024-03-05T10:00:01Z"), api("2024-03-05T10:00:00Z")), "after");
  assert.is(order(api("2024-03-05T10:00:00Z"), api("2024-03-05T10:00:00.900Z")), "overlap");
  assert.is(order(api("2024-03-05T10:00:00Z"), api("2024-03-05T10:00:00Z")), "overlap");
});

test("a reduced time overlaps with all that lies in it", () => {
  assert.is(order(api("2024-06"), api("2024-06-30T23:59:59Z")), "overlap");
  assert.is(order(api("2024-06"), api("2024-07-01T00:00:00Z")), "before");
  assert.is(order(api("2024"), api("2023-12-31T23:59:59Z")), "after");
  assert.is(order(api("2024-03-05T10:07Z"), api("2024-03-05T10:07:59Z")), "overlap");
});

test("two clocks without a measured offset are told apart only beyond a minute", () => {
  assert.is(order(n1("2024-03-05T10:00:00Z"), api("2024-03-05T10:00:30Z")), "unknown");
  assert.is(order(n1("2024-03-05T10:00:00Z"), api("2024-03-05T10:01:00Z")), "unknown");
  assert.is(order(n1("2024-03-05T10:00:00Z"), api("2024-03-05T10:01:01Z")), "before");
  assert.is(order(api("2024-03-05T10:01:01Z"), n1("2024-03-05T10:00:00Z")), "after");
});

test("a measured offset narrows what is unknown", () => {
  assert.is(order(n1("2024-03-05T10:00:00Z"), api("2024-03-05T10:00:30Z"), 2_000), "before");
  assert.is(order(n1("2024-03-05T10:00:00Z"), api("2024-03-05T10:00:01Z"), 2_000), "unknown");
  assert.is(order(n1("2024-03-05T10:00:00Z"), api("2024-03-05T10:00:00Z"), 0), "overlap");
});

test("the order of two instants is the mirror of theirs the other way round", () => {
  const mirror = { before: "after", after: "before", overlap: "overlap", unknown: "unknown" } as const;
  const instants = fc.record({
    epochMs: fc.integer({ min: 0, max: 300_000 }),
    precisionMs: fc.constantFrom(1, 1_000, 60_000),
    clock: fc.constantFrom(API_CLOCK, nodeClock("n1")),
  });
  fc.assert(fc.property(instants, instants, (a, b) => assert.is(order(b, a), mirror[order(a, b)])));
});

test("of two times one of which is missing the other counts", () => {
  const [early, late] = [api("2024-03-05T10:00:00Z"), api("2024-03-05T10:00:05Z")];
  assert.is(earliest(null, late), late);
  assert.is(earliest(late, early), early);
  assert.is(latestOf(early, null), early);
  assert.is(latestOf(early, late), late);
  assert.is(latestOf(null, null), null);
});

test("the latest millisecond of an instant is the last one within its precision", () => {
  assert.is(new Date(latest(api("2024-02"))).toISOString(), "2024-02-29T23:59:59.999Z");
});

for (const [ms, text] of [
  [0, "under 1 s"],
  [999, "under 1 s"],
  [1_000, "1 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [61_000, "1 min 1 s"],
  [3_599_000, "59 min 59 s"],
  [13_260_000, "3 h 41 min"],
  [3_600_000 + 5_000, "1 h"],
  [51 * 3_600_000 + 59_000, "2 d 3 h"],
  [DAY + 60_000, "1 d"],
  [-61_000, "1 min 1 s"],
] as const) {
  test(`${ms} ms are ${text}`, () => {
    assert.is(formatDuration(ms), text);
  });
}

test("a lapse is no more exact than the less exact of its ends, and its bounds are rounded outwards", () => {
  const of = (from: string, to: string) => formatLapse(lapseBetween(api(from), api(to)));
  assert.is(of("2024-03-05T06:00:00Z", "2024-03-05T07:30:10Z"), "1 h 30 min");
  assert.is(of("2024-03-05T06:00Z", "2024-03-05T07:30:10Z"), "between 1 h 29 min and 1 h 31 min");
  assert.is(of("2024-03-05T06:00Z", "2024-03-05T06:00:20Z"), "at most 20 s");
  assert.is(of("2024-03-05", "2024-03-08"), "between 2 d and 4 d");
  assert.is(of("2024-03", "2024-04-02T00:00:00Z"), "between 1 d and 32 d");
  assert.is(of("2024-03-05T07:30:10Z", "2024-03-05T06:00:00Z"), "1 h 30 min", "whichever comes first");
});

test.run();
