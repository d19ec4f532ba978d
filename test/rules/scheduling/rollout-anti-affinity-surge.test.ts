import { suite } from "uvu";
import * as assert from "uvu/assert";
import { budgetOf } from "#rules/scheduling/_rollout.js";
import rule from "#rules/scheduling/rollout-anti-affinity-surge.js";
import { at, fact, foundBy, judge, node, pod, runRule, verdicts, world } from "#test/rules/_facts.js";
import { apart, pending, set, terminating, volume } from "./_pods.js";

const test = suite("rollout-anti-affinity-surge");

const NODES = [node("n1"), node("n2")];
const deployment = (maxSurge: string | null, maxUnavailable: string | null, desired = 2) =>
  fact("kube.workload", {
    kind: "Deployment",
    name: "front",
    desired,
    strategy: { type: "RollingUpdate", maxSurge, maxUnavailable },
  });
const OWNER = { kind: "Deployment", name: "front", uid: null };
const SETS = [
  fact("kube.workload", { name: "front-old", owner: OWNER, created: at("2024-02-01T00:00:00Z") }),
  fact("kube.workload", { name: "front-new", owner: OWNER, created: at("2024-03-05T10:00:00Z") }),
];
const old = (on: string) => pod({ name: `old-${on}`, node: on, owner: set("front-old"), ...apart("front") });
const fresh = pending({ owner: set("front-new"), ...apart("front") });

const BUDGETS: readonly (readonly [string | null, string | null, number, number, number])[] = [
  ["25%", "25%", 3, 1, 0],
  ["25%", "25%", 4, 1, 1],
  [null, null, 2, 1, 0],
  ["0", "0", 3, 0, 1],
  ["0%", "0%", 3, 0, 1],
  ["1", "0", 3, 1, 0],
];
for (const [surge, unavailable, replicas, more, fewer] of BUDGETS) {
  test(`surge ${surge} and unavailable ${unavailable} of ${replicas} are ${more} more and ${fewer} fewer`, () => {
    const budget = budgetOf(deployment(surge, unavailable, replicas));
    assert.equal([budget?.surge, budget?.unavailable], [more, fewer]);
  });
}

test("old replicas that are being deleted refute", () => {
  const going = terminating({ node: "n1", owner: set("front-old"), ...apart("front") });
  const outcomes = runRule(rule, ...NODES, ...SETS, deployment("25%", "25%"), going, old("n2"), fresh);
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("a rollout that may take one away refutes", () => {
  const outcomes = runRule(rule, ...NODES, ...SETS, deployment("0", "1"), old("n1"), old("n2"), fresh);
  assert.equal(verdicts(outcomes), ["refuted Deployment/shop/front"]);
});

test("a free node refutes", () => {
  const outcomes = runRule(rule, ...NODES, ...SETS, deployment("25%", "25%"), old("n1"), fresh);
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("replicas of another Deployment refute", () => {
  const other = ["n1", "n2"].map((on) => pod({ name: `b-${on}`, node: on, owner: set("back"), ...apart("front") }));
  const outcomes = runRule(rule, ...NODES, ...SETS, deployment("25%", "25%"), ...other, fresh);
  assert.equal(verdicts(outcomes), ["refuted Deployment/shop/front"]);
});

test("a scale-up beyond the nodes is no rollout", () => {
  const twins = ["n1", "n2"].map((on) =>
    pod({ name: `t-${on}`, node: on, owner: set("front-new"), ...apart("front") }),
  );
  const outcomes = runRule(rule, ...NODES, ...SETS, deployment("25%", "25%"), ...twins, fresh);
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("an old replica on every node and none to spare is found", () => {
  const [found] = foundBy(rule, ...NODES, ...SETS, deployment("25%", "25%"), old("n1"), old("n2"), fresh);
  assert.is(found?.subject, "Deployment/shop/front");
  assert.equal(found?.about.pod, ["uid-new"]);
});

test("without Deployments it is undetermined", () => {
  const of = world({ facts: [...NODES, old("n1"), old("n2"), fresh], workloads: ["daemonsets"] });
  assert.equal(verdicts(judge(rule, of)), ["undetermined cluster"]);
});

test("a node that only looks free, with a volume in the scheduler's words, refutes nothing", () => {
  const message =
    "0/2 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 1 node(s) had volume node affinity conflict.";
  const tied = { ...apart("front"), claims: ["data"] };
  const waiting = pending({ owner: set("front-new"), ...tied }, message);
  const one = [...NODES, ...SETS, deployment("25%", "25%", 1), old("n1"), waiting];
  assert.equal(verdicts(runRule(rule, ...one)), ["undetermined ReplicaSet/shop/front-new"]);
  assert.equal(verdicts(runRule(rule, ...one, volume("data", "n1"))), ["found Deployment/shop/front"]);
});

test.run();
