import { suite } from "uvu";
import * as assert from "uvu/assert";
import { judgeAlarms } from "#engine/benign.js";
import { type BenignCard, type BenignVerdict, benign, contrary, unknown } from "#model/benign.js";
import type { Fact } from "#model/fact.js";
import { known } from "#model/statement.js";
import { at, event, fact, world } from "#test/rules/_facts.js";

const test = suite("judging alarms");

const SAID = known("It is so", { source: "a book", version: "1" });

/** A rule on events of the reason `Noise`, or on lines that hold `noise.`, that says the given verdicts one after the other. */
function noise(form: "event" | "log", ...said: readonly (BenignVerdict | Error)[]): BenignCard {
  const left = [...said];
  return {
    id: `benign:noise-${form}`,
    title: "Noise",
    matches: form === "event" ? { form, reason: "Noise", message: /^loud/ } : { form, line: "noise." },
    condition: "it is quiet",
    judge: () => {
      const next = left.shift() ?? unknown("nothing more to say");
      if (next instanceof Error) throw next;
      return next;
    },
    known: SAID,
    examples: { benign: [], unexplained: [] },
  };
}

const loud = (value: Parameters<typeof event>[0] = {}): Fact<"kube.event"> =>
  event({
    reason: "Noise",
    message: "loud noise",
    first: at("2024-03-05T10:00:00Z"),
    objects: [{ uid: "u1" }],
    ...value,
  });
const line = (sample: string, kind: "journal" | "podlog" = "journal"): Fact<"log"> =>
  fact("log", { source: "kubelet", kind, sample, first: null, last: null, count: 3 }, "n1");
const judge = (cards: readonly BenignCard[], ...facts: readonly (readonly Fact[])[]) =>
  judgeAlarms(
    cards,
    facts.map((f) => world({ facts: f })),
  ).map((a) => [a.alarm.name, a.rule?.id ?? null, a.verdict, a.alarm.count]);

test("a rule judges what it matches; other Warnings have none, and Normal events are no alarm", () => {
  const quiet = loud({ message: "a quiet noise" });
  assert.equal(judge([noise("event", benign("so"))], [loud(), quiet, loud({ type: "Normal" })]), [
    ["Noise", "benign:noise-event", "benign", 1],
    ["Noise", null, "unknown", 1],
  ]);
});

test("lines are alarms only where a rule knows them; its text is no pattern, and a pod's log speaks of the pod", () => {
  assert.equal(
    judge([noise("log", benign("so"))], [line("a noise. here"), line("a noisex"), line("noise.", "podlog")]),
    [["kubelet", "benign:noise-log", "benign", 3]],
  );
  assert.equal(judge([], [line("a noise. here")]), []);
});

test("the last moment that could tell counts, whatever an earlier one said", () => {
  for (const [said, verdict] of [
    [[benign("a"), unknown("b")], "benign"],
    [[unknown("a"), benign("b")], "benign"],
    [[benign("a"), contrary("b")], "contrary"],
    [[contrary("a"), benign("b")], "benign"],
    [[unknown("a"), unknown("b")], "unknown"],
  ] as const) {
    assert.equal(judge([noise("event", ...said)], [loud()], [loud()]), [["Noise", "benign:noise-event", verdict, 1]]);
  }
});

test("an alarm of another time or object is another one", () => {
  const facts = [loud(), loud({ first: at("2024-03-05T10:05:00Z") }), loud({ objects: [{ uid: "u2" }] })];
  assert.is(judge([noise("event")], facts).length, 3);
});

test("a rule that fails says nothing, and that it failed", () => {
  const [only] = judgeAlarms([noise("event", new TypeError("secret"))], [world({ facts: [loud()] })]);
  assert.equal([only?.verdict, only?.reason], ["unknown", "the rule failed on it (TypeError)"]);
});

test("objects that a series only counts cannot be judged", () => {
  const [first, rest] = judge([noise("event", benign("so"))], [loud({ count: 700, moreObjects: 40 })]);
  assert.equal(first, ["Noise", "benign:noise-event", "benign", 700]);
  assert.equal(rest, ["Noise", "benign:noise-event", "unknown", 40]);
});

test.run();
