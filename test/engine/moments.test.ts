import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { groupMoments } from "#engine/moments.js";
import type { Custody } from "#model/artifact.js";
import { bundle } from "./_cards.js";

const test = suite("moments");

/** The bundles of each moment. */
const groups = (custody: readonly Custody[], gapMs?: number): readonly string[] =>
  groupMoments(custody, gapMs).map((m) => `${m.id} ${m.bundles.join(" ")}`);
const node = (name: string) => ({ node: name, parts: ["node"] as const });

test("no bundle makes no moment", () => {
  assert.equal(groupMoments([]), []);
});

test("one bundle is one moment, from its start to its end", () => {
  const [only, ...more] = groupMoments([bundle("a", "2024-03-05T10:00:00Z")]);
  assert.equal(more, []);
  assert.is(only?.startedAt.epochMs, Date.UTC(2024, 2, 5, 10, 0, 0));
  assert.is(only?.collectedAt.epochMs, Date.UTC(2024, 2, 5, 10, 0, 10));
  assert.equal(only?.nodes, ["n1"]);
});

test("four bundles of one capture, seconds apart, are one moment that ends with the last of them", () => {
  const capture = [
    bundle("d", "2024-03-05T10:00:30Z", { node: null, parts: ["cluster"] }),
    bundle("a", "2024-03-05T10:00:02Z", node("n3")),
    bundle("b", "2024-03-05T10:00:09Z", node("n1")),
    bundle("c", "2024-03-05T10:00:21Z", { ...node("n2"), endedAt: bundle("x", "2024-03-05T10:09:00Z").endedAt }),
  ];
  assert.equal(groups(capture), ["m1 a b c d"]);
  const [moment] = groupMoments(capture);
  assert.is(moment?.startedAt.epochMs, Date.UTC(2024, 2, 5, 10, 0, 2));
  assert.is(moment?.collectedAt.epochMs, Date.UTC(2024, 2, 5, 10, 9, 10));
  assert.equal(moment?.nodes, ["n1", "n2", "n3"]);
});

test("a bundle of the cluster alone adds no node, whoever ran it", () => {
  assert.equal(groupMoments([bundle("a", "2024-03-05T10:00:00Z", { node: "n9", parts: ["cluster"] })])[0]?.nodes, []);
});

test("other nodes thirteen minutes later still belong together", () => {
  assert.equal(
    groups([bundle("a", "2024-03-05T10:00:00Z", node("n1")), bundle("b", "2024-03-05T10:13:00Z", node("n2"))]),
    ["m1 a b"],
  );
});

test("during and after, thirteen minutes apart, are two moments", () => {
  const both = [
    bundle("a1", "2024-03-05T10:00:00Z", node("n1")),
    bundle("a2", "2024-03-05T10:00:40Z", node("n2")),
    bundle("a3", "2024-03-05T10:01:10Z", { node: null, parts: ["cluster"] }),
    bundle("b1", "2024-03-05T10:13:00Z", node("n1")),
    bundle("b2", "2024-03-05T10:13:30Z", node("n2")),
    bundle("b3", "2024-03-05T10:14:10Z", { node: null, parts: ["cluster"] }),
  ];
  assert.equal(groups(both), ["m1 a1 a2 a3", "m2 b1 b2 b3"]);
});

test("the same node twice is two moments, however close", () => {
  assert.equal(groups([bundle("a", "2024-03-05T10:00:00Z"), bundle("b", "2024-03-05T10:00:01Z")]), ["m1 a", "m2 b"]);
  assert.equal(groups([bundle("b", "2024-03-05T10:00:00Z"), bundle("a", "2024-03-05T10:00:00Z")]), ["m1 a", "m2 b"]);
});

test("a node collected twice in one go leaves the others with the cluster's part", () => {
  const capture = [
    bundle("c", "2024-03-05T10:00:00Z", { node: null, parts: ["cluster"] }),
    bundle("a", "2024-03-05T10:00:08Z", node("n1")),
    bundle("b", "2024-03-05T10:00:10Z", node("n1")),
    bundle("d", "2024-03-05T10:00:20Z", node("n2")),
  ];
  assert.equal(groups(capture), ["m1 c a d", "m2 b"]);
  // a pause says that it was meant
  const before = capture.filter((c) => c.sha256 !== "b");
  assert.equal(groups([...before, bundle("b", "2024-03-05T10:02:00Z", node("n1"))]), ["m1 c a d", "m2 b"]);
});

test("the cluster's part twice is two moments, on different nodes too", () => {
  const parts = ["node", "cluster"] as const;
  assert.equal(
    groups([
      bundle("a", "2024-03-05T10:00:00Z", { node: "n1", parts }),
      bundle("b", "2024-03-05T10:02:00Z", { node: "n2", parts }),
    ]),
    ["m1 a", "m2 b"],
  );
});

test("what spans more than a quarter of an hour is split where the gap is widest", () => {
  assert.equal(
    groups([
      bundle("a", "2024-03-05T10:00:00Z", node("n1")),
      bundle("b", "2024-03-05T10:02:00Z", node("n2")),
      bundle("c", "2024-03-05T10:12:00Z", node("n3")),
      bundle("d", "2024-03-05T10:16:00Z", node("n4")),
    ]),
    ["m1 a b", "m2 c d"],
  );
});

test("a gap that is asked for overrides the quarter of an hour, both ways", () => {
  const two = [bundle("a", "2024-03-05T10:00:00Z", node("n1")), bundle("b", "2024-03-05T10:30:00Z", node("n2"))];
  assert.equal(groups(two), ["m1 a", "m2 b"]);
  assert.equal(groups(two, 30 * 60_000), ["m1 a b"]);
  const close = [bundle("a", "2024-03-05T10:00:00Z", node("n1")), bundle("b", "2024-03-05T10:01:00Z", node("n2"))];
  assert.equal(groups(close, 0), ["m1 a", "m2 b"]);
});

test("the order of the bundles given does not matter, and each lands in one moment", () => {
  const nodes = fc.constantFrom("n1", "n2", "n3");
  const seconds = fc.integer({ min: 0, max: 3_000 });
  const sets = fc.uniqueArray(fc.tuple(fc.constantFrom(..."abcdefgh"), nodes, seconds), { selector: ([sha]) => sha });
  fc.assert(
    fc.property(sets, (drawn) => {
      const custody = drawn.map(([sha, on, s]) =>
        bundle(sha, new Date(Date.UTC(2024, 2, 5) + s * 1000).toISOString(), node(on)),
      );
      const result = groups(custody);
      assert.equal(groups([...custody].reverse()), result);
      assert.is(groupMoments(custody).flatMap((m) => m.bundles).length, custody.length);
      for (const m of groupMoments(custody)) assert.is(m.nodes.length, m.bundles.length);
    }),
  );
});

test.run();
