import { suite } from "uvu";
import * as assert from "uvu/assert";
import rule from "#rules/scheduling/anti-affinity-terminating-deadlock.js";
import { at, foundBy, judge, node, pod, runRule, verdicts, world } from "#test/rules/_facts.js";
import { apart, only, pending, set, terminating } from "./_pods.js";

const test = suite("anti-affinity-terminating-deadlock");

const NODES = [node("n1"), node("n2")];
const db = { ...apart("db"), owner: set("db-1") };

test("a holder that is not being deleted refutes", () => {
  assert.equal(verdicts(runRule(rule, ...NODES, pending({ ...db, ...only("n1") }), pod({ name: "old", ...db }))), [
    "refuted n1|ReplicaSet/shop/db-1",
  ]);
});

test("that the scheduler does not name what is deleted is a lesson, unless it does", () => {
  const lessons = (message?: string) =>
    foundBy(rule, ...NODES, pending({ ...db, ...only("n1") }, message), terminating(db))[0]?.lessons.length;
  assert.is(
    lessons("0/2 nodes are available. preemption: not eligible due to a terminating pod on the nominated node."),
    0,
  );
  assert.is(lessons(), 1);
});

test("one free node refutes", () => {
  assert.equal(verdicts(runRule(rule, ...NODES, pending({ ...db, ...only("n1", "n2") }), terminating(db))), [
    "refuted n1,n2|ReplicaSet/shop/db-1",
  ]);
});

test("one node with a holder that stays refutes", () => {
  const stays = pod({ name: "stays", node: "n2", ...db });
  const outcomes = runRule(rule, ...NODES, pending({ ...db, ...only("n1", "n2") }), terminating(db), stays);
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("a terminating pod of another namespace is not in the way", () => {
  const outcomes = runRule(
    rule,
    ...NODES,
    pending({ ...db, ...only("n1") }),
    terminating({ ...db, namespace: "other" }),
  );
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("a holder within its grace period refutes: waiting is what is meant", () => {
  const going = terminating({ ...db, deletion: at("2024-03-05T10:31:00Z"), graceSeconds: 3_600 });
  const outcomes = runRule(rule, ...NODES, pending({ ...db, ...only("n1") }), going);
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("a completed pod is not in the way", () => {
  const outcomes = runRule(
    rule,
    ...NODES,
    pending({ ...db, ...only("n1") }),
    terminating({ ...db, phase: "Succeeded" }),
  );
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("a pod that waits for CPU is refuted, with the scheduler's words", () => {
  const outcomes = runRule(
    rule,
    ...NODES,
    pending({ owner: set("big") }, "0/2 nodes are available: 2 Insufficient cpu."),
  );
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("where the scheduler names something else for the node, anti-affinity is not what it found", () => {
  const message =
    "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
  assert.equal(verdicts(runRule(rule, ...NODES, pending({ ...db, ...only("n1") }, message), terminating(db))), [
    "refuted n1|ReplicaSet/shop/db-1",
  ]);
});

test("where the scheduler names nothing, one premise is open", () => {
  const message = "0/2 nodes are available.";
  const [found] = foundBy(rule, ...NODES, pending({ ...db, ...only("n1") }, message), terminating(db));
  assert.is(found?.unverified.length, 1);
});

const selecting = (matchLabels: Readonly<Record<string, string>>) => ({
  ...db,
  antiAffinity: [
    {
      topologyKey: "kubernetes.io/hostname",
      selector: { matchLabels: { app: "db" }, matchExpressions: [] },
      namespaces: [],
      namespaceSelector: { matchLabels, matchExpressions: [] },
    },
  ],
});

const elsewhere = { labels: { app: "db" }, namespace: "other" };

test("an empty selector of namespaces reaches all of them, one of their name that one", () => {
  for (const [labels, expected] of [
    [{}, "found n1"],
    [{ "kubernetes.io/metadata.name": "other" }, "found n1"],
    [{ "kubernetes.io/metadata.name": "third" }, "refuted n1|ReplicaSet/shop/db-1"],
  ] as const) {
    const waiting = pending({ ...selecting(labels), ...only("n1") });
    assert.equal(verdicts(runRule(rule, ...NODES, waiting, terminating(elsewhere))), [expected]);
  }
});

test("a selector of namespaces by other labels is undetermined, and nothing is said of a free node", () => {
  const waiting = pending({ ...selecting({ team: "a" }), ...only("n1") });
  assert.equal(verdicts(runRule(rule, ...NODES, waiting, terminating(elsewhere))), ["undetermined cluster"]);
  // The same for a rule of the pod that stands there.
  const theirs = terminating({ ...selecting({ team: "a" }), namespace: "other" });
  const plain = pending({ labels: { app: "db" }, owner: set("db-1"), ...only("n1") });
  assert.equal(verdicts(runRule(rule, ...NODES, plain, theirs)), ["undetermined cluster"]);
  // Nobody there whom it could mean.
  assert.equal(verdicts(runRule(rule, ...NODES, waiting)), ["refuted n1|ReplicaSet/shop/db-1"]);
});

test("a terminating holder on the only allowed node is found", () => {
  const [found] = foundBy(rule, ...NODES, pending({ ...db, ...only("n1") }), terminating(db));
  assert.is(found?.subject, "n1");
  assert.equal(found?.about.pod, ["uid-new", "uid-old"]);
  assert.equal(found?.about.node, ["n1"]);
  assert.is(found?.since?.epochMs, at("2024-03-05T10:00:30Z").epochMs);
  assert.equal(found?.unverified, []);
});

test("the deadlock begins with the end of the grace period, however long the other had waited", () => {
  const [found] = foundBy(
    rule,
    ...NODES,
    pending({ ...db, ...only("n1") }, undefined, "2024-03-05T09:00:00Z"),
    terminating(db),
  );
  assert.is(found?.since?.epochMs, at("2024-03-05T10:00:30Z").epochMs);
});

test("the holder's own rule repels as well", () => {
  const plain = pending({ labels: { app: "db" }, owner: set("db-1"), ...only("n1") });
  assert.is(foundBy(rule, ...NODES, plain, terminating(db)).length, 1);
});

test("a topology wider than a node counts holders on its other nodes", () => {
  const zoned = [
    node("n1", { labels: { zone: "a", "kubernetes.io/hostname": "n1" } }),
    node("n2", { labels: { zone: "a" } }),
  ];
  const rule2 = apart("db", "zone");
  const [found] = foundBy(rule, ...zoned, pending({ ...rule2, ...only("n1") }), terminating({ ...rule2, node: "n2" }));
  assert.is(found?.subject, "n1");
});

test("a cordoned node does not count as free, but one premise is open unless the scheduler names it", () => {
  const nodes = [node("n1"), node("n2", { unschedulable: true })];
  const [found] = foundBy(rule, ...nodes, pending({ ...db, ...only("n1", "n2") }), terminating(db));
  assert.is(found?.unverified.length, 1);
});

test("without the nodes it is undetermined", () => {
  const facts = [pending({ ...db, ...only("n1") }), terminating(db)];
  assert.equal(verdicts(judge(rule, world({ facts, coverage: { "kube.pod": "complete" } }))), ["undetermined cluster"]);
});

test("ten thousand pending pods of one specification cost little", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => pending({ ...db, ...only("n1"), name: `new-${i}` }));
  const held = Array.from({ length: 10_000 }, (_, i) => terminating({ ...db, name: `old-${i}`, node: "n1" }));
  const began = performance.now();
  const [found] = foundBy(rule, ...NODES, ...many, ...held);
  assert.is(found?.value["pending"], 10_000);
  assert.ok(performance.now() - began < 2_000, `${performance.now() - began} ms`);
});

test.run();
