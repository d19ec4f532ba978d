import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FactKinds } from "#model/fact.js";
import rule from "#rules/kubelet/sym-container-failing.js";
import { at, event, fact, foundBy, pod, runRule, slights, texts, verdicts } from "#test/rules/_facts.js";

const test = suite("sym:container-failing");

const OLD = "2024-03-05T08:00:00Z";

const having = (state: string, restarts = 0, more: Partial<FactKinds["kube.pod"]> = {}) =>
  pod({
    name: "a",
    created: at(OLD),
    startedAt: at(OLD),
    owner: { kind: "ReplicaSet", name: "a-1", uid: null },
    containers: [{ name: "c", image: null, init: false, ready: false, restarts, state, startedAt: null }],
    ...more,
  });

const unready = (since: string) => ({
  conditions: [
    { type: "Ready", status: "False", reason: null, message: null, since: at(since), heartbeat: null } as const,
  ],
});

test("what waits before its start, has done its work, is ready, goes or has no node is not meant", () => {
  const ready = unready(OLD).conditions.map((c) => ({ ...c, status: "True" }));
  for (const quiet of [
    having("waiting:ContainerCreating"),
    having("waiting:PodInitializing"),
    having("running"),
    having("terminated:Completed"),
    having("terminated:Error", 2),
    having("waiting:CrashLoopBackOff", 40, { phase: "Failed" }),
    having("waiting:CrashLoopBackOff", 40, { conditions: ready }),
    having("waiting:CrashLoopBackOff", 40, { deletion: at("2024-03-05T10:10:00Z") }),
    having("waiting:ImagePullBackOff", 0, { node: null }),
  ])
    assert.equal(runRule(rule, quiet), []);
});

test("ten minutes, or few restarts of what was ready before, are too short to tell", () => {
  const young = { created: at("2024-03-05T10:25:00Z"), startedAt: at("2024-03-05T10:25:00Z") };
  assert.equal(slights(runRule(rule, having("waiting:CrashLoopBackOff", 5, young))), [
    "One pod (shop/a) had a container that waited with CrashLoopBackOff: too short, or too few restarts, to tell it from a start",
  ]);
  const lately = unready("2024-03-05T10:28:00Z");
  assert.equal(verdicts(runRule(rule, having("waiting:CrashLoopBackOff", 1, lately))), ["slight young"]);
  assert.equal(verdicts(runRule(rule, having("waiting:ErrImagePull", 0, young))), ["slight young"]);
});

test("an image that cannot be pulled, with what the kubelet said", () => {
  const said = (reason: string, message: string) => event({ reason, message, objects: [{ uid: "uid-a" }] });
  const [found] = foundBy(
    rule,
    having("waiting:ImagePullBackOff", 0, { phase: "Pending" }),
    said("BackOff", "Back-off pulling image"),
    said("Failed", "Failed to pull image: not found"),
  );
  assert.is(found?.subject, "image");
  assert.is(found?.since?.epochMs, at(OLD).epochMs);
  assert.equal(found?.about.workload, ["ReplicaSet/shop/a-1"]);
  assert.equal(texts(found?.statements ?? []), [
    "One pod (shop/a) did not start for want of its image: it was in ImagePullBackOff at 2024-03-05T10:30:00Z.",
    "The container c of shop/a on n1 was in ImagePullBackOff.",
    "An event with the reason Failed says Failed to pull image: not found.",
    "An event with the reason BackOff says Back-off pulling image.",
  ]);
  assert.equal(found?.missing, []);
});

test("a container that ends again and again has no begin in evidence, and its log is missing unless it was collected", () => {
  const crashing = having("waiting:CrashLoopBackOff", 40);
  const [found] = foundBy(rule, crashing);
  assert.is(found?.subject, "crash");
  assert.is(found?.since, null);
  assert.is(found?.missing[0]?.command, "kubectl -n shop logs a -c c --previous");
  const log = fact("log", { kind: "podlog", source: "shop/a/c", sample: "panic" }, "n1");
  assert.equal(foundBy(rule, crashing, log)[0]?.missing, []);
  // Between two starts the state is that of the last end.
  assert.is(foundBy(rule, having("terminated:Completed", 40)).length, 1);
});

test("a container that cannot be made is another class", () => {
  assert.is(foundBy(rule, having("waiting:CreateContainerConfigError"))[0]?.subject, "start");
});

test.run();
