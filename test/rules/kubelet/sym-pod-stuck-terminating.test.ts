import { suite } from "uvu";
import * as assert from "uvu/assert";
import rule from "#rules/kubelet/sym-pod-stuck-terminating.js";
import { at, event, foundBy, judge, node, pod, runRule, slights, texts, verdicts, world } from "#test/rules/_facts.js";

const test = suite("sym:pod-stuck-terminating");

const deleted = (name: string, deletion: string, more = {}) =>
  pod({ name, deletion: at(deletion), graceSeconds: 30, ...more });

test("within the grace period and a minute after it a pod is not stuck", () => {
  assert.equal(
    slights(
      runRule(rule, pod({ name: "a" }), deleted("b", "2024-03-05T10:30:20Z"), deleted("c", "2024-03-05T10:29:10Z")),
    ),
    ["One deleted pod (shop/c) was still there no more than 1 min after the grace period: too young to tell"],
  );
});

test("pods of a node that was just taken out go by the garbage collector, in its time", () => {
  const left = deleted("c", "2024-03-05T10:27:00Z", { node: "n9" });
  const removed = (last: string, name = "n9") =>
    event({ reason: "RemovingNode", objectKind: "Node", first: at(last), last: at(last), objects: [{ name }] });
  assert.equal(slights(runRule(rule, node("n1"), left, removed("2024-03-05T10:26:00Z"))), [
    "One deleted pod (shop/c) was on n9, which had been taken out of the cluster at 2024-03-05T10:26:00Z, no more than 10 min before: too young to tell",
  ]);
  const two = [left, deleted("d", "2024-03-05T10:27:00Z", { node: "n8" })];
  const both = slights(
    runRule(rule, node("n1"), ...two, removed("2024-03-05T10:26:00Z"), removed("2024-03-05T10:25:00Z", "n8")),
  );
  assert.equal(
    both.map((text) => /\(shop\/.\) was on n., .* at \S+,/.exec(text)?.[0]),
    [
      "(shop/c) was on n9, which had been taken out of the cluster at 2024-03-05T10:26:00Z,",
      "(shop/d) was on n8, which had been taken out of the cluster at 2024-03-05T10:25:00Z,",
    ],
  );
  assert.is(foundBy(rule, node("n1"), left, removed("2024-03-05T10:19:00Z")).length, 1, "it had its time");
  assert.is(foundBy(rule, node("n1"), left, removed("2024-03-05T10:26:00Z", "n8")).length, 1, "another node");
  assert.is(foundBy(rule, node("n9"), left, removed("2024-03-05T10:26:00Z")).length, 1, "it is back");
  assert.is(foundBy(rule, node("n1"), left).length, 1, "nothing tells of a removal");
});

const failing = (count: number, name = "c") =>
  event({
    reason: "FailedKillPod",
    message: 'error killing pod: failed to "KillPodSandbox" for "x" with KillPodSandboxError: "rpc error"',
    count,
    objects: [{ uid: `uid-${name}`, count }],
  });

test("seconds over its deadline a pod is stuck where its teardown failed again and again, and not within its grace", () => {
  const late = deleted("c", "2024-03-05T10:29:47Z");
  assert.equal(verdicts(runRule(rule, late, failing(2))), ["slight young"]);
  assert.equal(verdicts(runRule(rule, late, failing(5, "another"))), ["slight young"]);
  assert.equal(runRule(rule, deleted("c", "2024-03-05T10:30:20Z"), failing(5)), []);
  assert.equal(verdicts(runRule(rule, late, failing(3))), ["found n1"]);
});

test("the headline has numbers in words, the request and the collection, and no name of a pod", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const told = texts(foundBy(rule, ...names.map((n) => deleted(n, "2024-03-05T10:00:30Z")))[0]?.statements ?? []);
  assert.is(
    told[0],
    "Six deleted pods on n1 did not go: their deletion was requested at 2024-03-05T10:00:00Z, and at 2024-03-05T10:30:00Z they still existed.",
  );
  assert.ok(told.includes("They are shop/a and 5 more."), told.join("\n"));
});

test("how long the grace periods had been over is told of all of them, not of the oldest alone", () => {
  const told = (...deadlines: readonly string[]) =>
    texts(foundBy(rule, ...deadlines.map((d, i) => deleted(`p${i}`, d)))[0]?.statements ?? [])[1];
  assert.is(
    told("2024-03-05T10:00:30Z", "2024-03-05T10:20:00Z"),
    "The grace period of 30 s had been over for 10 min to 29 min 30 s.",
  );
  assert.is(
    told("2024-03-05T10:00:30Z", "2024-03-05T10:00:31Z"),
    "The grace period of 30 s had been over for 29 min 30 s.",
  );
});

test("one finding for a node, since the earliest request", () => {
  const found = foundBy(
    rule,
    deleted("a", "2024-03-05T10:00:30Z", { owner: { kind: "ReplicaSet", name: "web-1", uid: null } }),
    deleted("b", "2024-03-05T10:00:45Z"),
    deleted("c", "2024-03-05T10:01:30Z", { node: "n2" }),
  );
  assert.equal(
    found.map((f) => f.subject),
    ["n1", "n2"],
  );
  assert.is(found[0]?.since?.epochMs, at("2024-03-05T10:00:00Z").epochMs);
  assert.equal(found[0]?.about.workload, ["ReplicaSet/shop/web-1"]);
  assert.equal(found[0]?.about.pod, ["uid-a", "uid-b"]);
});

test("warnings about its end are quoted, once each; those of before, of others, and failed sandboxes are not", () => {
  const warned = (message: string, more = {}) =>
    event({
      reason: "FailedUnMount",
      message,
      last: at("2024-03-05T10:20:00Z"),
      objects: [{ uid: "uid-a" }],
      ...more,
    });
  const told = (...facts: Parameters<typeof foundBy>[1][]) =>
    texts(foundBy(rule, deleted("a", "2024-03-05T10:00:30Z"), ...facts)[0]?.statements ?? []).filter((t) =>
      t.startsWith("An event"),
    );
  assert.equal(told(warned("target is busy"), warned("target is busy")), [
    "An event with the reason FailedUnMount says target is busy, at 2024-03-05T10:20:00Z.",
  ]);
  assert.equal(told(warned("x", { last: at("2024-03-05T09:59:00Z") })), []);
  assert.equal(told(warned("x", { objects: [{ uid: "uid-b" }] })), []);
  assert.equal(told(warned("x", { type: "Normal" })), []);
  assert.equal(told(failing(5, "a")), []);
});

test("a pod that was never bound stands for itself", () => {
  const [found] = foundBy(rule, deleted("a", "2024-03-05T10:00:30Z", { node: null, finalizers: ["x/y"] }));
  assert.is(found?.subject, "unassigned");
  assert.is(found?.about.node, undefined);
  assert.ok(texts(found?.statements ?? []).some((t) => t.includes("x/y")));
});

test("without the length of the grace period nothing is said of the request", () => {
  const told = texts(foundBy(rule, deleted("a", "2024-03-05T10:00:30Z", { graceSeconds: null }))[0]?.statements ?? []);
  assert.ok(told[0]?.includes("the grace period ended at 2024-03-05T10:00:30Z"), told.join("\n"));
  assert.not.ok(told.some((t) => t.includes("requested")));
});

test("asks what deleted them at once only where they were deleted at once", () => {
  const apart = foundBy(rule, deleted("a", "2024-03-05T10:00:30Z"), deleted("b", "2024-03-05T10:10:30Z"))[0];
  assert.is(apart?.value["atOnce"], false);
  const together = foundBy(rule, deleted("a", "2024-03-05T10:00:30Z"), deleted("b", "2024-03-05T10:00:31Z"))[0];
  assert.is(together?.value["atOnce"], true);
});

test("without the pods it is undetermined", () => {
  assert.equal(verdicts(judge(rule, world({ facts: [], coverage: {} }))), ["undetermined cluster"]);
});

test.run();
