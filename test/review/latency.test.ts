import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Draft } from "#model/review.js";
import { effect } from "#model/rule.js";
import { plainText } from "#model/statement.js";
import { finds, onNode } from "#test/engine/_cards.js";
import { at } from "#test/rules/_facts.js";
import { review, type Said, saying, told } from "./_inquests.js";

const test = suite("how long a fault lay");

const T = (clock: string) => at(`2024-03-05T${clock}:00Z`);
const symptom = (id: string, said: Said, part = {}) => saying(id, said, { kind: "symptom", ...part });
const on = (node: string, since: string, pod?: string) =>
  finds(`${node} ${since}`, {
    about: { node: [node], ...(pod === undefined ? {} : { pod: [pod] }) },
    since: T(since),
    lastSeen: T("10:00"),
  });
const token = (said: Said) => saying("cause", said, { explains: [onNode("sym:s")], label: "a dead token" });

const layIn = (draft: Draft): readonly string[] => [
  ...draft.summary.flatMap(told).filter((s) => s.includes(" lay for ")),
  ...told(draft.lessons.badly).filter((s) => s.includes(" lay for ")),
  ...draft.impact.intervals.filter((i) => i.name.startsWith("Fault laid")).map((i) => plainText(i.statement)),
];

test("what failed before on another node is no sign of it", () => {
  const draft = review({
    rules: [
      symptom("sym:other", [[on("n2", "09:00")]]),
      symptom("sym:s", [[on("n1", "09:30")]]),
      token([[on("n1", "08:50")]]),
    ],
  });
  assert.equal(layIn(draft), [
    "The fault (a dead token on n1) lay for 40 min before its first symptom, from 2024-03-05T08:50:00Z to 2024-03-05T09:30:00Z",
    "The fault (a dead token on n1) lay for 40 min, and its first sign in what was collected is what failed at 2024-03-05T09:30:00Z",
    "40 min: the fault (a dead token on n1)",
  ]);
  assert.is(draft.duration.from, "2024-03-05T09:00:00Z");
  assert.is(draft.duration.latentMs, null, "the whole did not begin with it");
});

test("nor is what failed before on the same node without a link to it", () => {
  const draft = review({
    rules: [
      symptom("sym:other", [[on("n1", "09:00", "a")]]),
      symptom("sym:s", [[on("n1", "09:30", "b")]]),
      token([[on("n1", "08:50")]]),
    ],
  });
  assert.match(layIn(draft)[0] ?? "", /lay for 40 min before its first symptom/);
  const alone = review({ rules: [symptom("sym:other", [[on("n1", "09:00")]]), token([[on("n1", "08:50")]])] });
  assert.equal(layIn(alone), []);
  assert.is(alone.duration.latentMs, null);
});

test("of its own symptoms the first is its sign, and what they led to is none earlier", () => {
  const later = symptom("sym:t", [[on("n1", "09:10")]]);
  const first = symptom("sym:s", [[on("n1", "09:30")]], {
    explains: [effect("sym:t", ["node"], "prevents-recovery")],
  });
  const draft = review({ rules: [later, first, token([[on("n1", "08:50")]])] });
  assert.equal(layIn(draft).slice(0, 1), [
    "The fault lay for 40 min before the first symptom, from 2024-03-05T08:50:00Z to 2024-03-05T09:30:00Z",
  ]);
  assert.is(draft.duration.latentMs, 40 * 60_000);
});

test("two chains have each their own; alike on two nodes they are one sentence", () => {
  const both = (second: string) =>
    review({
      rules: [
        symptom("sym:s", [[on("n1", "09:30"), on("n2", second)]]),
        token([[on("n1", "08:50"), on("n2", "08:50")]]),
      ],
    });
  assert.equal(layIn(both("09:30")), [
    "The fault lay for 40 min before the first symptom, from 2024-03-05T08:50:00Z to 2024-03-05T09:30:00Z",
    "The fault lay for 40 min, and its first sign in what was collected is what failed at 2024-03-05T09:30:00Z",
    "40 min",
  ]);
  const apart = both("09:20");
  assert.equal(
    apart.summary.flatMap(told).filter((s) => s.includes(" lay for ")),
    [
      "The fault (a dead token on n2) lay for 30 min before its first symptom, from 2024-03-05T08:50:00Z to 2024-03-05T09:20:00Z",
      "The fault (a dead token on n1) lay for 40 min before its first symptom, from 2024-03-05T08:50:00Z to 2024-03-05T09:30:00Z",
    ],
  );
  assert.is(apart.duration.latentMs, 30 * 60_000);
});

test("what a failure led to did not lie before it", () => {
  const deadlock = saying("deadlock", [[on("n1", "09:00")]], {
    explains: [effect("sym:t", ["node"], "propagates")],
  });
  const stuck = symptom("sym:s", [[on("n1", "08:30")]], { explains: [onNode("deadlock")] });
  const draft = review({ rules: [stuck, deadlock, symptom("sym:t", [[on("n1", "09:20")]])] });
  assert.equal(layIn(draft), []);
});

test("how the pods of a fault themselves look, since nobody knows when, is no failure before it", () => {
  const agent = saying("agent", [[on("n1", "09:00", "a")]], { explains: [onNode("sym:t")] });
  const late = symptom("sym:t", [[on("n1", "09:20")]]);
  const looping = (pod: string, since: ReturnType<typeof at> | null) => {
    const said = { about: { node: ["n1"], pod: [pod] }, since, lastSeen: T("10:00") };
    return symptom("sym:s", [[finds("loop", said)]], { explains: [onNode("agent")] });
  };
  const latent = (loop: ReturnType<typeof looping>) => review({ rules: [loop, agent, late] }).duration.latentMs;
  assert.is(latent(looping("a", null)), 20 * 60_000);
  // of another pod, or begun before it
  assert.is(latent(looping("b", null)), null);
  assert.is(latent(looping("a", T("08:30"))), null);
});

test.run();
