import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Evidence } from "#model/evidence.js";
import { code, known, type Statement, say, time, word } from "#model/statement.js";
import { mergeNodes } from "#report/each-node.js";
import { numberEvidence } from "#report/number.js";
import { reportZone } from "#report/report-zone.js";
import { paragraph } from "#report/sentence.js";
import { at, makeDraft, piece } from "#test/report/draft.js";

const test = suite("each node");

const NODES = ["n1", "n2", "n3"];

const on = (node: string | null): Evidence => ({ ...piece(`member-${node}`, "x"), node });

/** The sentences as printed, after merging. */
function merged(examined: Statement[]): readonly string[] {
  const draft = makeDraft();
  const moments = draft.moments.map((m) => ({ ...m, nodes: NODES }));
  const empty = { chains: [], summary: [], timeline: [], findings: [], hypotheses: [], forecasts: [], links: [] };
  const review = numberEvidence({ ...draft, ...empty, moments, examined });
  const zone = reportZone(review, "UTC");
  return mergeNodes(review.examined, review).map((s) => paragraph([s], zone).replace(/ \[E[^\]]*\]/, " [E]"));
}

test("where only the node differs, all stand in its place", () => {
  assert.equal(merged(NODES.map((n) => say`The kubelet of ${code(n, on(n))} posted ${code("Ready=True", on(n))}`)), [
    "The kubelet of each of `n1`, `n2` and `n3` posted `Ready=True` [E].",
  ]);
  assert.equal(merged(NODES.slice(1).map((n) => say`On ${code(n, on(n))} it is a link`)), [
    "On each of `n2` and `n3` it is a link [E].",
  ]);
});

test("where a name differs with it, each node has its own", () => {
  assert.equal(merged(NODES.map((n) => say`The agent of ${code(n, on(n))}, ${code(`agent-${n}`, on(n))}, is ready.`)), [
    "The agent of `n1`, `agent-n1`, is ready; likewise of `n2` (`agent-n2`) and `n3` (`agent-n3`) [E].",
  ]);
  const seen = (n: string) => time(at(`2026-05-23T02:0${n.slice(1)}:00Z`), on(n));
  assert.equal(merged(NODES.slice(1).map((n) => say`The node ${code(n, on(n))} was seen at ${seen(n)}`)), [
    "The node `n2` was seen at 02:02:00; likewise `n3` (02:03:00) [E].",
  ]);
});

test("a sentence that names no node is of the one that its evidence is from", () => {
  assert.equal(merged(NODES.map((n) => say`The directory in ${code(`agent-${n}`, on(n))} is in place`)), [
    "The directory in each of `agent-n1`, `agent-n2` and `agent-n3` is in place [E].",
  ]);
});

test("a sentence without any difference is told once, with what shows it on each node", () => {
  const told = merged(NODES.map((n) => say`The refusal is ${code("401", on(n))}, so it was the token.`));
  assert.equal(told, ["The refusal is `401`, so it was the token [E]."]);
  const keys = merged(NODES.map((n, i) => say`The key id ${code(i < 2 ? "a" : "b", on(n))} is published.`));
  assert.equal(keys, ["The key id `a` is published; likewise `b` [E]."]);
  const one = NODES.map((n) => on(n));
  const review = numberEvidence({
    ...makeDraft(),
    ...{ chains: [], summary: [], timeline: [], findings: [], hypotheses: [], forecasts: [], links: [] },
    examined: one.map((e) => say`The key id ${code("k", e)} is published`),
  });
  const moments = review.moments.map((m) => ({ ...m, nodes: NODES }));
  const [row, ...more] = mergeNodes(review.examined, { ...review, moments });
  assert.equal([row?.evidence.length, more.length], [3, 0], "none of the citations is lost");
});

test("other words, the same node again, the cluster, and what is known stay apart", () => {
  const apart = [
    say`${word("3 paths", on("n1"))} on ${code("n1", on("n1"))}`,
    say`${word("4 paths", on("n2"))} on ${code("n2", on("n2"))}`,
    say`A link at ${code("/a", on("n1"))} on ${code("n1", on("n1"))}`,
    say`A link at ${code("/b", on("n1"))} on ${code("n1", on("n1"))}`,
    say`The pod ${code("a", on(null))} exists`,
    say`The pod ${code("b", on(null))} exists`,
    known("A link is followed", { source: "x", version: "1" }),
  ];
  assert.is(merged(apart).length, apart.length);
});

test("two moments are two lines", () => {
  const draft = makeDraft();
  const later = { ...on("n2"), bundle: "c".repeat(64) };
  const statements = [say`A link on ${code("n1", on("n1"))}`, say`A link on ${code("n2", later)}`];
  const [moment] = draft.moments;
  if (moment === undefined) throw new Error("no moment");
  const moments = [
    { ...moment, nodes: NODES },
    { ...moment, id: "m2", bundles: ["c".repeat(64)], nodes: NODES },
  ];
  const review = numberEvidence({ ...draft, moments, examined: statements });
  assert.is(mergeNodes(review.examined, review).length, 2);
});

test.run();
