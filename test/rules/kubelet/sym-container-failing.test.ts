import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FactKinds } from "#model/fact.js";
import type { Rule } from "#model/rule.js";
import start from "#rules/kubelet/sym-container-start.js";
import crash from "#rules/kubelet/sym-crash-loop.js";
import image from "#rules/kubelet/sym-image-pull.js";
import { at, event, fact, foundBy, pod, runRule, slights, texts, verdicts } from "#test/rules/_facts.js";

const test = suite("containers that do not run");

const OLD = "2024-03-05T08:00:00Z";

const having = (state: string, restarts = 0, more: Partial<FactKinds["kube.pod"]> = {}) =>
  pod({
    name: "a",
    namespace: "kube-system",
    created: at(OLD),
    startedAt: at(OLD),
    owner: { kind: "ReplicaSet", name: "a-1", uid: null },
    containers: [{ name: "c", image: null, init: false, ready: false, restarts, state, startedAt: null }],
    ...more,
  });

/** All three cards: each has one class. */
const all = (...facts: Parameters<typeof runRule>[1][]) =>
  [start, crash, image].flatMap((rule) => runRule(rule, ...facts));

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
    assert.equal(all(quiet), []);
});

test("ten minutes, or few restarts of what was ready before, are too short to tell", () => {
  const young = { created: at("2024-03-05T10:25:00Z"), startedAt: at("2024-03-05T10:25:00Z") };
  assert.equal(slights(all(having("waiting:CrashLoopBackOff", 5, young))), [
    "One pod (kube-system/a) had a container that waited with CrashLoopBackOff: too short, or too few restarts, to tell it from a start",
  ]);
  const lately = unready("2024-03-05T10:28:00Z");
  assert.equal(verdicts(all(having("waiting:CrashLoopBackOff", 1, lately))), ["slight young"]);
  assert.equal(verdicts(all(having("waiting:ErrImagePull", 0, young))), ["slight young"]);
});

test("an image that cannot be pulled, with what the kubelet said", () => {
  const said = (reason: string, message: string) => event({ reason, message, objects: [{ uid: "uid-a" }] });
  const [found] = foundBy(
    image,
    having("waiting:ImagePullBackOff", 0, { phase: "Pending" }),
    said("BackOff", "Back-off pulling image"),
    said("Failed", "Failed to pull image: not found"),
  );
  assert.is(found?.subject, "image");
  assert.is(found?.since?.epochMs, at(OLD).epochMs);
  assert.equal(found?.about.workload, ["ReplicaSet/kube-system/a-1"]);
  assert.equal(texts(found?.statements ?? []), [
    "One pod (kube-system/a) did not start for want of its image: it was in ImagePullBackOff at 2024-03-05T10:30:00Z.",
    "The container c of kube-system/a on n1 was in ImagePullBackOff.",
    "An event with the reason Failed says Failed to pull image: not found.",
    "An event with the reason BackOff says Back-off pulling image.",
  ]);
  assert.equal(found?.missing, []);
});

test("a container that ends again and again has no begin in evidence, and its log is missing unless it was collected", () => {
  const crashing = having("waiting:CrashLoopBackOff", 40);
  const [found] = foundBy(crash, crashing);
  assert.is(found?.subject, "crash");
  assert.is(found?.since, null);
  assert.is(found?.missing[0]?.command, "kubectl -n kube-system logs a -c c --previous");
  const log = fact("log", { kind: "podlog", source: "kube-system/a/c", sample: "panic" }, "n1");
  assert.equal(foundBy(crash, crashing, log)[0]?.missing, []);
  // Between two starts the state is that of the last end.
  assert.is(foundBy(crash, having("terminated:Completed", 40)).length, 1);
});

test("a container that cannot be made is another class", () => {
  assert.is(foundBy(start, having("waiting:CreateContainerConfigError"))[0]?.subject, "start");
});

test("an application that fails by itself is told and is no finding; a part of the cluster is one", () => {
  const of = (more: Partial<FactKinds["kube.pod"]>) =>
    verdicts(runRule(crash, having("waiting:CrashLoopBackOff", 40, more)));
  const template = { containers: [], hostPaths: [], serviceAccount: null, hostNetwork: true };
  assert.equal(of({ namespace: "shop" }), ["slight alone"]);
  assert.equal(of({ namespace: "kubeapps" }), ["slight alone"]);
  assert.equal(of({ namespace: "calico-system" }), ["found crash"]);
  assert.equal(of({ namespace: "shop", owner: { kind: "DaemonSet", name: "a", uid: null } }), ["found crash"]);
  assert.equal(of({ namespace: "shop", template }), ["found crash"]);
  assert.equal(slights(runRule(crash, having("waiting:CrashLoopBackOff", 40, { namespace: "shop" }))), [
    "One pod (shop/a) did not stay up: it was in CrashLoopBackOff at 2024-03-05T10:30:00Z",
  ]);
  const both: readonly [Rule, string][] = [
    [image, "ImagePullBackOff"],
    [start, "CreateContainerError"],
  ];
  for (const [rule, reason] of both)
    assert.equal(verdicts(runRule(rule, having(`waiting:${reason}`, 0, { namespace: "shop" }))), ["slight alone"]);
});

test.run();
