import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Review } from "#model/review.js";
import { durationLine } from "#report/head.js";
import { numberEvidence } from "#report/number.js";
import { reportZone } from "#report/report-zone.js";
import { makeDraft } from "#test/report/draft.js";

const test = suite("head");

const FROM = "2026-05-23T02:01:31Z";

/** The line for a length in milliseconds. */
function line(duration: Partial<Review["duration"]>): string | null {
  const review = numberEvidence(makeDraft());
  const full = { from: null, to: null, activeMs: null, latentMs: null, ...duration };
  const shown = { ...review, duration: full };
  return durationLine(shown, reportZone(shown, "Australia/Brisbane"));
}

for (const [activeMs, shown] of [
  [39_000, "39 s active"],
  [39_170, "39 s active"],
  [310_000, "5 min 10 s active"],
  [600_000, "10 min active"],
  [3_552_000, "~59 min active"],
  [3_521_000, "~59 min active"],
  [3_599_000, "~1 h active"],
  [3_600_000, "1 h active"],
  [97_200_000, "1 d 3 h active"],
  [97_900_000, "~1 d 3 h active"],
] as const)
  test(`${activeMs} ms are ${shown}`, () => assert.is(line({ activeMs }), shown));

test("a time known to the minute makes an approximation, without seconds", () => {
  assert.is(line({ from: "2026-05-23T02:01Z", activeMs: 90_000 }), "~2 min active (12:01 AEST → end not in evidence)");
});

test("an end that only the later collection bounds is at most that, and never less", () => {
  const to = "2026-05-23T03:00:12Z";
  const endIsBound = true as const;
  assert.is(
    line({ from: FROM, to, endIsBound, activeMs: 3_521_000 }),
    "at most 59 min active (12:01 AEST → 13:00 AEST)",
  );
  assert.is(line({ from: FROM, to, endIsBound, activeMs: 3_541_000 }), "at most 1 h active (12:01 AEST → 13:00 AEST)");
  assert.is(line({ from: FROM, to, endIsBound, activeMs: 39_170 }), "at most 40 s active (12:01 AEST → 13:00 AEST)");
});

test("no line without times", () => assert.is(line({}), null));

test("how long it was latent has the bounds of a begin that is known coarsely, rounded outwards, and its certainty", () => {
  const HOUR = 3_600_000;
  assert.is(line({ latentBetweenMs: { least: 57 * HOUR, most: 81 * HOUR } }), "between 2 d 9 h and 3 d 9 h latent");
  assert.is(line({ latentBetweenMs: { least: 0, most: 4 * HOUR - 500 } }), "at most 4 h latent");
  assert.is(line({ latentMs: 4 * HOUR, latentConfidence: "probable" }), "4 h latent (probable)");
});

test("a latency of which only the least is known says so", () => {
  assert.is(line({ latentMs: 13_260_000, latentIsLeast: true }), "at least 3 h 41 min latent");
  assert.is(line({ latentMs: 13_260_000 }), "3 h 41 min latent");
});

test.run();
