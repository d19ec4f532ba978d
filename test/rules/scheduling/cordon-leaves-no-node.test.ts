import { suite } from "uvu";
import * as assert from "uvu/assert";
import rule from "#rules/scheduling/cordon-leaves-no-node.js";
import cordonRows from "#rules/timeline/cordons.js";
import { at, event, foundBy, judge, node, pod, rows, runRule, texts, verdicts, world } from "#test/rules/_facts.js";
import { apart, pending, set, terminating } from "./_pods.js";

const test = suite("cordon-leaves-no-node");

const TAINT = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
const cordoned = node("n2", { unschedulable: true, taints: [TAINT] });
const told = event({
  reason: "NodeNotSchedulable",
  type: "Normal",
  objectKind: "Node",
  objects: [{ name: "n2", first: at("2024-03-05T09:58:00Z"), last: at("2024-03-05T09:58:00Z") }],
});
const MESSAGE =
  "0/2 nodes are available: 1 node(s) were unschedulable, 1 node(s) didn't match pod anti-affinity rules.";
const db = { ...apart("db"), owner: set("db-1") };
const waiting = pending(db, MESSAGE);
const stays = pod({ name: "stays", ...db });

test("a pod that would have a place but for the cordon, with its time", () => {
  const [found] = foundBy(rule, node("n1"), cordoned, told, waiting, stays);
  assert.is(found?.subject, "n2");
  assert.equal(texts(found?.statements ?? []).slice(0, 2), [
    "n2 is cordoned since 2024-03-05T09:58:00Z: but for that one pending pod would have a place there.",
    "On n1 required anti-affinity keeps shop/new from one pod that stays.",
  ]);
  assert.is(found?.unverified.length, 1);
});

test("no place there, another taint, none cordoned, or other words of the scheduler refute", () => {
  const beside = pod({ name: "beside", node: "n2", ...db });
  const tainted = node("n2", { unschedulable: true, taints: [TAINT, { key: "gpu", effect: "NoSchedule" }] });
  const elsewhere = pending(db, "0/2 nodes are available: 2 Insufficient cpu.");
  for (const facts of [
    [node("n1"), cordoned, waiting, stays, beside],
    [node("n1"), tainted, waiting, stays],
    [node("n1"), node("n2"), waiting, stays],
    [node("n1"), cordoned, elsewhere, stays],
    // A free node, and one that is about to be.
    [node("n1"), cordoned, waiting],
    [node("n1"), cordoned, waiting, terminating({ ...db, deletion: at("2024-03-05T10:31:00Z"), graceSeconds: 3_600 })],
    // It had waited before.
    [node("n1"), cordoned, told, pending(db, MESSAGE, "2024-03-05T09:00:00Z"), stays],
  ])
    assert.match(verdicts(runRule(rule, ...facts)).join(), /^refuted /);
});

test("beside a deleted pod that does not go it is open whether a cordoned node would do; of one that is no way out it is not", () => {
  const judged = (...facts: Parameters<typeof runRule>[1][]) =>
    verdicts(runRule(rule, node("n1"), cordoned, waiting, terminating(db), ...facts));
  assert.equal(judged(), ["undetermined none of any node"]);
  assert.equal(judged(pod({ name: "beside", node: "n2", ...db })), ["refuted none of any node"]);
});

test("where the scheduler refuses the others for want of room, the cordon still closes its own", () => {
  const full = pending(db, "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.");
  assert.is(foundBy(rule, node("n1"), cordoned, full).length, 1);
});

test("without the nodes it is undetermined, and a cordon nobody waits for is none", () => {
  const of = world({ facts: [waiting], coverage: { "kube.pod": "complete" } });
  assert.equal(verdicts(judge(rule, of)), ["undetermined cluster"]);
  assert.equal(runRule(rule, node("n1"), cordoned, told, stays), []);
});

test("the time line has it, by the taint where that tells", () => {
  const by = (json: unknown) => rows(cordonRows, world({ facts: [{ ...cordoned, json }, told] }));
  assert.equal(by(undefined), ["2024-03-05T09:58:00.000Z n2 is cordoned (NodeNotSchedulable)."]);
  const spec = { unschedulable: true, taints: [{ ...TAINT, timeAdded: "2024-03-05T09:57:59Z" }] };
  assert.equal(by({ spec }), ["2024-03-05T09:57:59.000Z n2 is cordoned (node.kubernetes.io/unschedulable)."]);
  assert.equal(rows(cordonRows, world({ facts: [node("n2"), told] })), []);
});

test.run();
