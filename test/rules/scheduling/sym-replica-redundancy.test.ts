import { suite } from "uvu";
import * as assert from "uvu/assert";
import rule from "#rules/scheduling/sym-replica-redundancy.js";
import { at, fact, foundBy, judge, pod, runRule, verdicts, world } from "#test/rules/_facts.js";
import { pending, set, terminating } from "./_pods.js";

const test = suite("sym:replica-redundancy");

const rs = (name: string, ready: number, more = {}) => fact("kube.workload", { name, desired: 1, ready, ...more });
const volume = (component = "jiva-replica") => ({
  labels: { "openebs.io/persistent-volume": "pvc-1", "openebs.io/component": component },
});

test("a workload scaled to zero wants nothing", () => {
  assert.equal(runRule(rule, rs("a", 0, { desired: 0 }), terminating({ owner: set("a") })), []);
});

test("fewer ready without a pod that is stuck is another matter", () => {
  assert.equal(runRule(rule, rs("a", 0), pod({ name: "crashes", owner: set("a") })), []);
});

test("a rollout of the last ten minutes is in progress", () => {
  assert.equal(runRule(rule, rs("a", 0), pending({ owner: set("a") }, "x", "2024-03-05T10:24:00Z")), []);
});

test("all ready while a pod is pending is no impact", () => {
  assert.equal(runRule(rule, rs("a", 1), pending({ owner: set("a") })), []);
});

test("a job is no workload of replicas", () => {
  const job = fact("kube.workload", { kind: "Job", name: "j", desired: 1, ready: 0 });
  assert.equal(runRule(rule, job, pending({ owner: { kind: "Job", name: "j", uid: null } })), []);
});

test("volumes are counted over their replicas, healthy ones too, and without their controller", () => {
  const [found] = foundBy(
    rule,
    rs("rep-1", 0, volume()),
    rs("rep-2", 1, volume()),
    rs("rep-3", 1, volume()),
    rs("ctrl", 1, volume("jiva-controller")),
    terminating({ owner: set("rep-1") }),
    pending({ owner: set("rep-1") }),
  );
  assert.is(found?.subject, "volumes");
  assert.equal(found?.about.volume, ["pvc-1"]);
  assert.equal(
    found?.impact.map((r) => [r.subject, r.wanted, r.available]),
    [["volume pvc-1", 3, 2]],
  );
  assert.is(found?.since?.epochMs, at("2024-03-05T10:00:30Z").epochMs);
});

test("a Deployment speaks for its ReplicaSets", () => {
  const owner = { kind: "Deployment", name: "web", uid: null };
  const [found] = foundBy(
    rule,
    fact("kube.workload", { kind: "Deployment", name: "web", desired: 2, ready: 1 }),
    rs("web-old", 1, { owner, desired: 2 }),
    rs("web-new", 0, { owner, desired: 1 }),
    terminating({ owner: set("web-old") }),
  );
  assert.equal(
    found?.impact.map((r) => [r.subject, r.wanted, r.available]),
    [["Deployment shop/web", 2, 1]],
  );
});

test("a gap only where stuck pods have owners whose list is missing", () => {
  const of = (facts: Parameters<typeof world>[0]["facts"]) => world({ facts, workloads: ["daemonsets"] });
  assert.equal(judge(rule, of([pod({ name: "a", owner: set("a") })])), []);
  assert.equal(verdicts(judge(rule, of([terminating({ owner: set("a") })]))), ["undetermined cluster"]);
  assert.equal(judge(rule, of([terminating({ owner: null })])), []);
});

test.run();
