import { suite } from "uvu";
import * as assert from "uvu/assert";
import rule from "#rules/kubelet/finalizer-stuck.js";
import { at, event, foundBy, node, pod, runRule, verdicts } from "#test/rules/_facts.js";

const test = suite("finalizer-stuck");

const deleted = (more = {}) => pod({ name: "a", deletion: at("2024-03-05T10:00:30Z"), graceSeconds: 30, ...more });
const held = { finalizers: ["example.com/backup"] };

test("a pod without finalizers refutes", () => {
  assert.equal(verdicts(runRule(rule, deleted())), ["refuted n1"]);
});

test("a pod that the kubelet fails on refutes: its finalizer is not what it waits for", () => {
  const failure = event({
    reason: "FailedKillPod",
    message: "error killing pod",
    count: 9,
    objects: [{ uid: "uid-a" }],
  });
  assert.equal(verdicts(runRule(rule, deleted(held), failure)), ["refuted n1"]);
});

test("a pod that is not being deleted may have finalizers", () => {
  assert.equal(runRule(rule, pod({ name: "a", ...held })), []);
});

const RUNNING = {
  name: "c",
  image: null,
  init: false,
  ready: true,
  restarts: 0,
  state: "running",
  startedAt: null,
};

test("pods of a node whose kubelet is silent do not wait for their finalizer", () => {
  const unknown = {
    type: "Ready",
    status: "Unknown",
    reason: "NodeStatusUnknown",
    message: null,
    since: at("2024-03-05T09:50:45Z"),
    heartbeat: null,
  };
  assert.equal(verdicts(runRule(rule, deleted(held), node("n1", { conditions: [unknown] }))), ["refuted n1"]);
  assert.equal(verdicts(runRule(rule, deleted(held), node("n1", { conditions: [{ ...unknown, status: "True" }] }))), [
    "found n1",
  ]);
});

test("a Job's finalizer waits for the containers, not they for it", () => {
  const tracking = { finalizers: ["batch.kubernetes.io/job-tracking"] };
  assert.equal(verdicts(runRule(rule, deleted({ ...tracking, containers: [RUNNING] }))), ["refuted n1"]);
  assert.equal(
    verdicts(runRule(rule, deleted({ ...tracking, containers: [{ ...RUNNING, state: "terminated:Completed" }] }))),
    ["found n1"],
  );
  assert.is(foundBy(rule, deleted({ finalizers: [...tracking.finalizers, "x/y"], containers: [RUNNING] })).length, 1);
});

test("a stuck pod with a finalizer is found", () => {
  const [found] = foundBy(rule, deleted(held));
  assert.is(found?.value["finalizers"], "example.com/backup");
  assert.equal(found?.unverified, []);
});

test("while containers run, one premise stays unverified", () => {
  assert.is(foundBy(rule, deleted({ ...held, containers: [RUNNING] }))[0]?.unverified.length, 1);
});

test("commands quote the names", () => {
  const finding = foundBy(rule, deleted({ ...held, name: "a'; rm -rf /" }))[0];
  const { fix } = rule.consequence({ ...(finding as object), value: finding?.value, about: finding?.about } as never);
  assert.ok(fix[0]?.commands[0]?.run.includes(`'a'\\''; rm -rf /'`), fix[0]?.commands[0]?.run);
});

test.run();
