import { suite } from "uvu";
import * as assert from "uvu/assert";
import rule from "#rules/scheduling/sym-pod-pending-unschedulable.js";
import { at, event, foundBy, judge, node, pod, runRule, world } from "#test/rules/_facts.js";
import { only, pending } from "./_pods.js";

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
  assert.equal(runRule(rule, ...NODES, pending({}, "x", "2024-03-05T10:29:30Z")), []);
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

test.run();
