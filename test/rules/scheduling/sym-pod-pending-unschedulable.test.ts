import { suite } from "uvu";
import * as assert from "uvu/assert";
import rule from "#rules/scheduling/sym-pod-pending-unschedulable.js";
import { at, event, foundBy, judge, node, pod, runRule, slights, texts, verdicts, world } from "#test/rules/_facts.js";
import { apart, only, pending, set, terminating } from "./_pods.js";

const test = suite("sym:pod-pending-unschedulable");

const NODES = [node("n1"), node("n2")];

test("FailedScheduling of a pod that runs is nothing", () => {
  const told = event({
    reason: "FailedScheduling",
    message: "0/2 nodes are available: 2 x.",
    objects: [{ uid: "uid-a" }],
  });
  assert.equal(runRule(rule, ...NODES, told, pod({ name: "a" })), []);
});

test("a minute is nothing", () => {
  assert.equal(slights(runRule(rule, ...NODES, pending({}, "x", "2024-03-05T10:29:30Z"))), [
    "One pod (shop/new) was without a node for no more than 1 min: too young to tell",
  ]);
});

test("a pod for which an autoscaler adds a node waits for that, as long as a machine takes to come", () => {
  const waits = pending({ owner: set("db-1") }, "0/2 nodes are available: 2 Insufficient cpu.", "2024-03-05T10:20:00Z");
  const adds = (last: string, uid = waits.value.uid, reason = "TriggeredScaleUp") =>
    event({ reason, first: at(last), last: at(last), objects: [{ uid }] });
  assert.equal(slights(runRule(rule, ...NODES, waits, adds("2024-03-05T10:20:10Z"))), [
    "One pod (shop/new) was without a node, and an autoscaler had said no more than 15 min before that it adds one, at 2024-03-05T10:20:10Z: too young to tell",
  ]);
  const other = pending(
    { name: "other", owner: set("db-2") },
    "0/2 nodes are available: 2 Insufficient cpu.",
    "2024-03-05T10:21:00Z",
  );
  const [both] = slights(
    runRule(rule, ...NODES, waits, other, adds("2024-03-05T10:20:10Z"), adds("2024-03-05T10:21:10Z", other.value.uid)),
  );
  assert.match(both ?? "", "adds one, between 2024-03-05T10:20:10Z and 2024-03-05T10:21:10Z: too young to tell");
  assert.is(foundBy(rule, ...NODES, waits, adds("2024-03-05T10:14:00Z")).length, 1, "it did not come");
  assert.is(foundBy(rule, ...NODES, waits, adds("2024-03-05T10:20:10Z", "another")).length, 1);
  assert.is(
    foundBy(rule, ...NODES, waits, adds("2024-03-05T10:20:10Z", waits.value.uid, "NotTriggerScaleUp")).length,
    1,
  );
  const holder = terminating({ owner: set("db-1"), deletion: at("2024-03-05T10:00:30Z") });
  assert.is(
    foundBy(rule, ...NODES, waits, holder, adds("2024-03-05T10:20:10Z")).length,
    1,
    "what it replaces does not go",
  );
});

test("seconds are a symptom only where the pod replaces one that does not go", () => {
  const young = pending({ owner: set("db-1") }, "x", "2024-03-05T10:29:30Z");
  const holder = (owner: string, deletion = "2024-03-05T10:00:30Z") =>
    terminating({ owner: set(owner), deletion: at(deletion) });
  assert.equal(verdicts(runRule(rule, ...NODES, young, holder("other"))), ["slight young"]);
  assert.equal(verdicts(runRule(rule, ...NODES, young, holder("db-1", "2024-03-05T10:30:20Z"))), ["slight young"]);
  assert.is(foundBy(rule, ...NODES, young, holder("db-1")).length, 1);
});

test("the headline has numbers in words, begin and collection; the message is kept", () => {
  const pods = ["a", "b"].map((name) => pending({ name, ...only("n1") }));
  const [found] = foundBy(rule, ...NODES, ...pods);
  assert.is(
    texts(found?.statements ?? [])[0],
    "Two pods that may run on n1 only stayed Pending from 2024-03-05T10:00:01Z on, still at 2024-03-05T10:30:00Z: the scheduler found no node.",
  );
  assert.ok(String(found?.value["message"]).startsWith("0/2 nodes are available"));
});

test("a pod that is being deleted waits for no node", () => {
  assert.equal(runRule(rule, ...NODES, pending({ deletion: at("2024-03-05T10:20:00Z") })), []);
});

test("a pod without a condition is another symptom", () => {
  assert.equal(runRule(rule, ...NODES, pending({ conditions: [] })), []);
});

test("one finding for each picture", () => {
  const found = foundBy(
    rule,
    ...NODES,
    pending({ name: "a", ...only("n1") }),
    pending({ name: "b", ...only("n1") }),
    pending({ name: "c", ...only("n2") }),
    pending({ name: "d" }, "0/2 nodes are available: 2 Insufficient cpu."),
  );
  assert.is(found.length, 3);
  assert.equal(found[0]?.about.pod, ["uid-a", "uid-b"]);
  assert.equal(found[0]?.about.node, ["n1"]);
  assert.is(found[2]?.about.node, undefined);
});

test("without the nodes it claims none", () => {
  const of = world({ facts: [pending(only("n1"))], coverage: { "kube.pod": "complete" } });
  const [found] = judge(rule, of);
  assert.is(found?.outcome, "found");
  assert.is(found?.about.node, undefined);
});

test("a pod that waits for one which has its grace period still is told, and is no symptom", () => {
  const db = { ...apart("db"), owner: set("db-1"), ...only("n1") };
  const going = (deletion: string) => terminating({ ...db, deletion: at(deletion), graceSeconds: 3_600 });
  assert.equal(slights(runRule(rule, ...NODES, pending(db), going("2024-03-05T10:31:00Z"))), [
    "One pod (shop/new) was without a node, and waited for the place of shop/old, which was deleted and has its grace period until 2024-03-05T10:31:00Z: so it is meant",
  ]);
  // Its grace is over; another pod stays there; a node is free; the scheduler names something else.
  const found = (...facts: Parameters<typeof runRule>[1][]) => foundBy(rule, ...NODES, ...facts).length;
  assert.is(found(pending(db), going("2024-03-05T10:29:30Z")), 1);
  assert.is(found(pending(db), going("2024-03-05T10:31:00Z"), pod({ name: "stays", ...db })), 1);
  assert.is(found(pending({ ...db, ...only("n1", "n2") }), going("2024-03-05T10:31:00Z")), 1);
  assert.is(found(pending(db, "0/2 nodes are available: 2 Insufficient cpu."), going("2024-03-05T10:31:00Z")), 1);
});

test.run();
