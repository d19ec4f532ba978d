import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Found } from "#model/finding.js";
import type { ChangeCard } from "#model/rule.js";
import { NO_CONSEQUENCE } from "#model/rule.js";
import { plainText, say } from "#model/statement.js";
import { renderMarkdown } from "#report/markdown.js";
import { numberEvidence } from "#report/number.js";
import { finds, foresees, onNode, sentence } from "#test/engine/_cards.js";
import { at } from "#test/rules/_facts.js";
import { review, type Said, saying, taken, told } from "./_inquests.js";

const test = suite("what is less than established says so wherever it is told");

const T = (clock: string) => at(`2024-03-05T${clock}:00Z`);
const unsure = { unverified: ["that it was seen"] };
const lesson = { kind: "surprise" as const, statement: sentence("learnt") };
const symptom = (said: Said) => saying("sym:s", said, { kind: "symptom", label: "pods stuck" });
const cause = (part: Partial<Found>, later: readonly Partial<Found>[] = []) =>
  saying(
    "cause",
    [part, ...later].map((p) => [finds("c", { since: T("08:00"), lessons: [lesson], ...p })]),
    {
      explains: [onNode("sym:s")],
      label: "a dead token",
      consequence: () => ({
        ...NO_CONSEQUENCE,
        fix: [{ step: "Mend it.", commands: [] }],
        actions: [{ title: "Watch it", type: "detect", priority: "High", doneWhen: "it is watched" }],
      }),
    },
  );
const during = finds("s", { since: T("09:00") });
const one = (part: Partial<Found>) => review({ rules: [symptom([[during]]), cause(part)] });

test("in the summary, the diagnosis, the lessons and the title; and an established one nowhere", () => {
  for (const [part, word] of [
    [unsure, " (probable)"],
    [{ unverified: ["a", "b"] }, " (possible)"],
    [{}, ""],
  ] as const) {
    const draft = one(part);
    const summary = draft.summary.flatMap(told);
    assert.ok(summary.includes(`c found${word}`), `${summary}`);
    assert.ok(summary.includes("s found"), `${summary}`);
    assert.ok(
      summary.some((s) => s.startsWith("The fault lay for 1 h before") && s.endsWith(`09:00:00Z${word}`)),
      `${summary}`,
    );
    assert.equal(
      (draft.resolution.diagnosis ?? []).map((s) => told(s.statements)[0]),
      ["s found", `c found${word}`],
    );
    assert.equal(told(draft.lessons.surprise), [`learnt${word}`]);
    assert.equal(told(draft.lessons.badly), [
      `The fault lay for 1 h, and its first sign in what was collected is what failed at 2024-03-05T09:00:00Z${word}`,
    ]);
    assert.is(draft.title, `n1: pods stuck — a dead token${word}`);
    assert.is(draft.slug, "n1-cause");
    assert.is(draft.duration.latentConfidence, word === "" ? undefined : word.slice(2, -1));
    const [latent] = draft.impact.intervals;
    assert.is(latent && plainText(latent.statement), `1 h${word}`);
  }
});

test("a full stop stays at the end", () => {
  const [quoted] = [sentence("c found")];
  const statements = [say`${{ parts: quoted?.parts ?? [], evidence: quoted?.evidence ?? [] }}.`] as const;
  assert.ok(
    one({ ...unsure, statements })
      .summary.flatMap(told)
      .includes("c found (probable)."),
  );
});

const repaired: ChangeCard = {
  id: "c",
  needs: {},
  compare: () => [
    { rule: "c", subject: "x", kind: "repair", about: { node: ["n1"] }, at: T("10:30"), statements: [sentence("y")] },
  ],
};

test("what is left, and what a chain's last step was, are named with their certainty", () => {
  const of = (said: Said, ...later: readonly Partial<Found>[]) =>
    review({
      rules: [symptom(said), cause(unsure, later)],
      custody: [taken(1), taken(2)],
      book: {
        changes: [repaired],
      },
    }).lessons;
  assert.match(told(of([[during], []], unsure).badly).at(-1) ?? "", /ended on n1: a dead token \(probable\), seen at/);
  const over = review({
    rules: [
      symptom([[during], []]),
      { ...cause(unsure), match: (_f, { moment }) => (moment.id === "m1" ? [finds("c", unsure)] : []) },
    ],
    custody: [taken(1), taken(2)],
    book: {
      changes: [repaired],
    },
  });
  assert.match(told(over.lessons.well).at(-1) ?? "", /its last \(a dead token, probable\) included/);
});

test("an impact that is less than observed says so in its table and its lesson", () => {
  const row = { subject: "volume a", effect: sentence("2 of 3"), wanted: 3, available: 2, since: null };
  const draft = (part: Partial<Found>) =>
    review({
      rules: [saying("impact", [[finds("i", { impact: [row], lastSeen: T("10:00"), ...part })]], { kind: "impact" })],
    });
  assert.equal(told(draft(unsure).impact.rows.map((r) => r.effect)), ["2 of 3 (probable)"]);
  assert.match(told(draft(unsure).lessons.well)[0] ?? "", /2 replicas ready \(probable\)$/);
  assert.match(told(draft({}).lessons.well)[0] ?? "", /2 replicas ready$/);
});

test("an action and a fix name what they are against with its certainty", () => {
  const text = renderMarkdown(numberEvidence(one(unsure)), { zone: "UTC" });
  assert.match(text, "| chain 1 step 2 (probable) |");
  assert.match(text, "Against: title of cause (probable)");
  assert.match(text, "**1. Mend it.** (against chain 1 step 2, probable)");
  const sure = renderMarkdown(numberEvidence(one({})), { zone: "UTC" });
  assert.match(sure, "| chain 1 step 2 |");
  assert.not.match(sure, "probable");
});

test("of a sure and an unsure forecast the unsure one says so itself", () => {
  const both = (part: object) =>
    review({ rules: [saying("a", [[foresees("x", "a")]]), saying("b", [[{ ...foresees("y", "b"), ...part }]])] });
  assert.equal(both(unsure).summary.flatMap(told), ["x foreseen", "y foreseen (probable)"]);
  assert.equal(both({}).summary.flatMap(told), ["x foreseen", "y foreseen"]);
  assert.equal(
    both(unsure).forecasts.flatMap((f) => told(f.statements)),
    both(unsure).summary.flatMap(told),
  );
});

test.run();
