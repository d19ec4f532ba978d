import { suite } from "uvu";
import * as assert from "uvu/assert";
import { couldSee } from "#engine/infer.js";
import { mergeFindings, mergeForecasts } from "#engine/merge.js";
import { createWorld, type World } from "#engine/world.js";
import type { Verdicts } from "#model/conclusions.js";
import { evidenceIn } from "#model/evidence.js";
import type { Outcome } from "#model/finding.js";
import { refuted, slight } from "#model/rule.js";
import { code, plainText, say } from "#model/statement.js";
import { artifact, at } from "#test/rules/_facts.js";
import {
  card,
  covered,
  denies,
  finds,
  foresees,
  misses,
  moment,
  sentence,
  timesOf,
  worldOf,
  worlds,
} from "./_cards.js";

const test = suite("merging over moments");

const RULE = card("r");
const [T1, T2, T3] = ["2024-03-05T09:00:00Z", "2024-03-05T09:30:00Z", "2024-03-05T09:50:00Z"].map((t) => at(t)) as [
  ReturnType<typeof at>,
  ReturnType<typeof at>,
  ReturnType<typeof at>,
];

const only = (verdicts: readonly Verdicts[], of: readonly World[]) => {
  const merged = mergeFindings(verdicts, of);
  assert.is(merged.length, 1, `${merged.length} findings`);
  return merged[0] as (typeof merged)[number];
};
/** `m1 to m2` of the interval in which it ended, by the hour of collection. */
const end = (verdicts: readonly Verdicts[], of: readonly World[]): string | null => {
  const { ended } = only(verdicts, of);
  return ended && `${new Date(ended.after?.epochMs ?? 0).getUTCHours()} to ${new Date(ended.by.epochMs).getUTCHours()}`;
};

test("refuted and undetermined subjects are no findings", () => {
  assert.equal(mergeFindings(timesOf(RULE, [denies("x"), misses("y")]), worlds(1)), []);
});

test("what is seen too young to tell is no finding, and no end of one unless it has passed", () => {
  const hint = (open: boolean) => slight({ subject: "x", about: {}, statements: [sentence("x")], open });
  assert.equal(mergeFindings(timesOf(RULE, [hint(true)]), worlds(1)), []);
  const endOf = (open: boolean) =>
    mergeFindings(timesOf(RULE, [finds("x")], [hint(open)]), worlds(2)).map((f) => f.ended !== null);
  assert.equal([endOf(true), endOf(false)], [[false], [true]]);
});

test("other subjects and other rules stay apart, in order of rule and subject", () => {
  const verdicts = [...timesOf(card("z"), [finds("a")]), ...timesOf(card("b"), [finds("y"), finds("x")])];
  assert.equal(
    mergeFindings(verdicts, worlds(1)).map((f) => `${f.rule} ${f.subject}`),
    ["b x", "b y", "z a"],
  );
});

test("a subject seen at two moments is one finding, since the earliest and last seen at the latest", () => {
  const merged = only(
    timesOf(
      RULE,
      [finds("x", { since: T2, lastSeen: T2, about: { node: ["n1"], pod: ["p1"] } })],
      [finds("x", { since: T1, lastSeen: T3, about: { node: ["n1", "n2"] }, statements: [sentence("later")] })],
    ),
    worlds(2),
  );
  assert.equal(merged.moments, ["m1", "m2"]);
  assert.equal([merged.since, merged.lastSeen], [T1, T3]);
  assert.equal(merged.about, { node: ["n1", "n2"], pod: ["p1"] });
  assert.is(plainText(merged.statements[0] ?? sentence("none")), "later");
  assert.is(merged.ended, null);
});

test("a moment is named once, however often the rule spoke at it", () => {
  assert.equal(only(timesOf(RULE, [finds("x"), finds("x")]), worlds(1)).moments, ["m1"]);
});

test("what was over when it was seen again is told as it was while it lasted", () => {
  const merged = only(
    timesOf(
      RULE,
      [finds("x", { statements: [sentence("it lasts")] })],
      [finds("x", { over: true, lastSeen: T3, statements: [sentence("it is over")] })],
    ),
    worlds(2),
  );
  assert.is(plainText(merged.statements[0] ?? sentence("none")), "it lasts");
  assert.equal(merged.ended, { after: T3, by: moment(2).collectedAt, moment: "m2" });
});

test("a later sighting that knows the end of the same story is told instead, one that knows less of it is not", () => {
  const pods = (...names: readonly string[]) => ({ about: { node: ["n1"], pod: names, workload: ["w"] } });
  const first = finds("x", { ...pods("a", "b"), since: T1, lastSeen: T2, statements: [sentence("until T2")] });
  const later = (part: object) =>
    finds("x", { ...pods("a", "b"), over: true, since: T1, lastSeen: T3, statements: [sentence("until T3")], ...part });
  const told = (part: object) => only(timesOf(RULE, [first], [later(part)]), worlds(2)).statements.map(plainText);
  assert.equal(told({}), ["until T3"]);
  assert.equal(told({ about: { node: ["n1"], pod: ["a", "b"], workload: [] } }), ["until T3"], "their owners are gone");
  assert.equal(told(pods("a")), ["until T2"], "of one pod only");
  assert.equal(told({ lastSeen: T2 }), ["until T2"], "no longer than known");
  assert.equal(told({ since: T2 }), ["until T2"], "its begin has been lost");
  assert.equal(told({ since: null }), ["until T2"]);
});

test("what was over and came back is two findings, the later of them not over", () => {
  const verdicts = timesOf(RULE, [finds("x", { over: true, lastSeen: T1 })], [finds("x", { lastSeen: T3 })]);
  assert.equal(
    mergeFindings(verdicts, worlds(2)).map((f) => f.ended !== null),
    [true, false],
  );
});

test("a finding of the last moment has not ended", () => {
  assert.is(end(timesOf(RULE, [], [finds("x")]), worlds(2)), null);
});

test("silence where nothing was collected, or not in full, ends nothing", () => {
  for (const state of [null, "truncated", "failed", "denied"] as const)
    assert.is(end(timesOf(RULE, [finds("x")], []), worlds(2, ["complete", state])), null, String(state));
});

test("a gap ends nothing, though the rest was collected whole", () => {
  assert.is(end(timesOf(RULE, [finds("x")], [misses("x")]), worlds(2)), null);
});

test("a rule that failed says nothing of an end", () => {
  const verdicts: readonly Verdicts[] = [
    ...timesOf(RULE, [finds("x")]),
    { rule: RULE, moment: "m2", outcomes: [], failed: "TypeError" },
  ];
  assert.is(end(verdicts, worlds(2)), null);
});

test("another subject's refutation ends nothing where the first could not be seen", () => {
  assert.is(end(timesOf(RULE, [finds("x")], [denies("y")]), worlds(2, ["complete", null])), null);
});

test("a refutation ends a finding, between the last sight of it and then", () => {
  assert.is(end(timesOf(RULE, [finds("x")], [denies("x")]), worlds(2, ["complete", null])), "11 to 12");
});

test("silence where all was collected ends a finding, at the first such moment", () => {
  assert.is(end(timesOf(RULE, [finds("x")], [], []), worlds(3)), "11 to 12");
  assert.is(end(timesOf(RULE, [finds("x")], [], []), worlds(3, ["complete", null])), "11 to 13");
});

test("a rule of a node kind could see its subject only where that node was collected", () => {
  const rule = card("r", { needs: { mounts: "mount" } as never });
  const about = { node: ["n1"] };
  const on = (node: string) => worldOf(moment(1), [covered(1, "mount", "complete", node)]);
  assert.not.ok(couldSee(rule, about, worldOf(moment(1))));
  assert.not.ok(couldSee(rule, about, on("n2")));
  assert.not.ok(couldSee(rule, { pod: ["p"] }, on("n1")));
  assert.not.ok(couldSee(rule, { node: ["n1", "n2"] }, on("n1")));
  assert.ok(couldSee(rule, about, on("n1")));
});

const DUE = card("due");
const forecasts = (verdicts: readonly Verdicts[], of: readonly World[]) =>
  mergeForecasts(verdicts, of).map((f) => `${f.rule} ${f.subject} ${f.mechanism} ${f.confidence}`);

test("a forecast of the last moment stands", () => {
  assert.equal(forecasts(timesOf(DUE, [], [foresees("x", "sym:y")]), worlds(2)), ["due x sym:y established"]);
});

test("a forecast stands where a later moment could not tell", () => {
  assert.equal(forecasts(timesOf(DUE, [foresees("x", "sym:y")], []), worlds(2, ["complete", null])).length, 1);
  assert.equal(
    forecasts(timesOf(DUE, [foresees("x", "sym:y")], [misses("x")]), worlds(2, ["complete", null])).length,
    1,
  );
});

test("a gap about its own subject keeps a forecast, whatever else was collected whole", () => {
  assert.is(forecasts(timesOf(DUE, [foresees("x", "sym:y")], [misses("x")]), worlds(2)).length, 1);
});

test("a rule that failed lets no forecast lapse", () => {
  const verdicts: readonly Verdicts[] = [
    ...timesOf(DUE, [foresees("x", "sym:y")]),
    { rule: DUE, moment: "m2", outcomes: [], failed: "TypeError" },
  ];
  assert.is(forecasts(verdicts, worlds(2)).length, 1);
});

test("a forecast lapses where a later moment could tell and does not make it again", () => {
  assert.equal(forecasts(timesOf(DUE, [foresees("x", "sym:y")], []), worlds(2)), []);
  assert.equal(forecasts(timesOf(DUE, [foresees("x", "sym:y")], [finds("x")]), worlds(2, ["complete", null])), []);
});

test("what is foreseen again is foreseen once", () => {
  assert.is(forecasts(timesOf(DUE, [foresees("x", "sym:y")], [foresees("x", "sym:y")]), worlds(2)).length, 1);
});

test("the verdict of one rule lets no forecast of another lapse", () => {
  const verdicts = [
    ...timesOf(DUE, [foresees("x", "sym:y")]),
    { rule: card("other"), moment: "m2", outcomes: [finds("x")], failed: null },
  ];
  assert.is(forecasts(verdicts, worlds(2, ["complete", null])).length, 1);
});

test("what ended and came back is another finding", () => {
  const verdicts = timesOf(RULE, [finds("x")], [denies("x")], [finds("x")]);
  const merged = mergeFindings(verdicts, worlds(3));
  assert.equal(
    merged.map((f) => [f.moments, f.ended !== null]),
    [
      [["m1"], true],
      [["m3"], false],
    ],
  );
});

test("what a moment could not tell of stays one finding", () => {
  const verdicts = timesOf(RULE, [finds("x")], [misses("x")], [finds("x")]);
  assert.equal(
    mergeFindings(verdicts, worlds(3)).map((f) => f.moments),
    [["m1", "m3"]],
  );
});

test("what began anew after the last collection that saw it is another finding, whatever the moments between could tell", () => {
  const verdicts = timesOf(
    RULE,
    [finds("x", { since: T1 })],
    [misses("x")],
    [finds("x", { since: at("2024-03-05T22:00:00Z") })],
  );
  const early = mergeFindings(verdicts, worlds(3));
  assert.ok((worlds(1)[0] as World).moment.collectedAt.epochMs < at("2024-03-05T22:00:00Z").epochMs);
  assert.equal(
    early.map((f) => f.moments),
    [["m1"], ["m3"]],
  );
});

test("what says only that it did not bring about a failure ends neither a finding nor a forecast", () => {
  const noCause = refuted({ subject: "x", about: { node: ["n1"] }, statements: [sentence("x")], excludes: "cause" });
  assert.is(end(timesOf(RULE, [finds("x")], [noCause]), worlds(2)), null);
  assert.is(end(timesOf(RULE, [finds("x")], [noCause, denies("x")]), worlds(2)), "11 to 12");
  const foreseen = (later: typeof noCause) =>
    mergeForecasts(timesOf(RULE, [foresees("x", "y")], [later]), worlds(2)).length;
  assert.equal([foreseen(noCause), foreseen(denies("x"))], [1, 0]);
});

test("an end is dated by when what shows it was read, and by the end of the moment only where that has no time", () => {
  const read = (n: number, collectedAt: ReturnType<typeof at> | null) => {
    const own = covered(n, "kube.pod", "complete", null, { collectedAt });
    return createWorld({ artifacts: [own.artifact], facts: [], issues: [], coverage: [own] }, moment(n));
  };
  const shown = (bundle: string) => say`${code("seen", evidenceIn(artifact({ bundle }), { kind: "whole" }, "x"))}`;
  const denied = refuted({ subject: "x", about: { node: ["n1"] }, statements: [shown("bundle-2")] });
  const of = (collectedAt: ReturnType<typeof at> | null, ...later: readonly Outcome[]) =>
    only(timesOf(RULE, [finds("x", { lastSeen: T1 })], later), [read(1, T1), read(2, collectedAt)]).ended;
  const end = moment(2).collectedAt;
  for (const later of [[], [denied], [finds("x", { over: true, lastSeen: T1, ending: shown("bundle-2") })]]) {
    assert.equal(of(T3, ...later), { after: T1, by: T3, moment: "m2" });
    assert.equal(of(null, ...later), { after: T1, by: end, moment: "m2" });
  }
});

test.run();
