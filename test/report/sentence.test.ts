import { suite } from "uvu";
import * as assert from "uvu/assert";
import { say, time } from "#model/statement.js";
import { numberEvidence } from "#report/number.js";
import { reportZone } from "#report/report-zone.js";
import { cellSentence, paragraph } from "#report/sentence.js";
import { at, makeDraft, piece } from "#test/report/draft.js";

const test = suite("sentence");

const source = piece("x", "x");
const zone = reportZone(numberEvidence(makeDraft()), "Australia/Brisbane");

const told = (utc: string, word: "at" | "on" | "since" | "format") => {
  const t = time(at(utc), source);
  const statement = {
    at: say`It was written at ${t} by hand`,
    on: say`It was written on ${t} by hand`,
    since: say`It is there since ${t}`,
    format: say`It has the format ${t}`,
  }[word];
  const review = numberEvidence({ ...makeDraft(), summary: [[statement]] });
  return paragraph(review.summary[0] ?? [], zone);
};

for (const [utc, word, shown] of [
  ["2026-05-23T02:01:31Z", "at", "It was written at 12:01:31 by hand [E1]."],
  ["2026-05-23T02:01:31Z", "on", "It was written at 12:01:31 by hand [E1]."],
  ["2026-05-22T00:15:29Z", "at", "It was written on 22 May 10:15:29 AEST by hand [E1]."],
  ["2026-05-22T00:15:29Z", "on", "It was written on 22 May 10:15:29 AEST by hand [E1]."],
  ["2026-05-22T00:15:29Z", "since", "It is there since 22 May 10:15:29 AEST [E1]."],
  ["2021-09-14T00:00:00Z", "at", "It was written on 14 Sep 2021 by hand [E1]."],
  ["2021-09-14", "at", "It was written on 14 September 2021 by hand [E1]."],
  ["2024-06", "at", "It was written in June 2024 by hand [E1]."],
  ["2021", "on", "It was written in 2021 by hand [E1]."],
  ["2024-06", "format", "It has the format June 2024 [E1]."],
] as const)
  test(`a time takes its own preposition: ${word} ${utc}`, () => assert.is(told(utc, word), shown));

test("a preposition before anything else stays", () => {
  const review = numberEvidence({
    ...makeDraft(),
    summary: [[say`Started at ${{ parts: [], evidence: [source] }} once`]],
  });
  const [statement] = review.summary[0] ?? [];
  assert.match(statement === undefined ? "" : cellSentence(statement, zone), "Started at once");
});

test.run();
