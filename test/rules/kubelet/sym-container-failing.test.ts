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

const crashing = having("waiting:CrashLoopBackOff", 40);
const written = (sample: string, line: number, last = "2024-03-05T10:20:00Z", more: Partial<FactKinds["log"]> = {}) => {
  const when = { first: at(last), last: at(last) };
  const log = fact("log", { kind: "podlog", source: "kube-system/a/c", sample, ...when, ...more });
  return { ...log, evidence: { ...log.evidence, locator: { kind: "lines", from: line, to: line } as const } };
};
const ended = (...logs: ReturnType<typeof written>[]) => {
  const [found] = foundBy(crash, crashing, ...logs);
  const { stops } = crash.consequence({ ...found, ended: null } as never);
  return { texts: texts(found?.statements ?? []).slice(2), missing: found?.missing ?? [], stops };
};

test("the last error in its log is quoted with its time, and the chain says that nobody knows what is behind it", () => {
  for (const [line, quoted] of [
    ['E0305 10:20:00.123456       1 main.go:332] failed to acquire lease: node "n1" pod cidr not assigned'],
    ["FATA: 2024/03/05 10:20:00.000000 Existing bridge type is different than requested"],
    ['time="2024-03-05T10:20:00Z" level=fatal msg="no route"'],
    ['{"level":"error","msg":"no route"}'],
    ["2024-03-05 10:20:00.123 [ERROR][1] startup/x.go 1: no route", "[ERROR][1] startup/x.go 1: no route"],
    ["panic: runtime error: index out of range"],
  ] as const) {
    const said = (quoted ?? line).replace(/^E0305.*?\] /, "");
    const { texts, missing, stops } = ended(
      written('I0305 10:19:59.000000       1 main.go:1] "no ERROR yet"', 1, "2024-03-05T10:19:59Z"),
      written(`2024-03-05T10:20:00.1Z ${line}`, 2),
    );
    assert.equal(texts, [`The last error in the log of c of kube-system/a is of 2024-03-05T10:20:00Z: ${said}.`]);
    assert.equal(missing, []);
    assert.is(stops, "the last words of the container's log are quoted; this version knows no mechanism behind them");
  }
});

test("the run before comes first, of one that the node keeps the newest, and what follows an error is told as well", () => {
  const [now, before] = [
    written("panic: now", 1),
    written("panic: before", 1, undefined, { source: "kube-system/a/c#previous" }),
  ];
  assert.match(ended(now, before).texts[0] ?? "", /panic: before/);
  const kept = (run: number, text: string, uid = "uid-a") =>
    written(text, 1, undefined, { source: `/var/log/pods/kube-system_a_${uid}/c/${run}.log` });
  assert.match(ended(kept(9, "panic: nine"), kept(10, "panic: ten")).texts[0] ?? "", /panic: ten/);
  assert.is(ended(kept(3, "panic: x", "uid-other")).texts.length, 0, "another pod of that name");
  const rotated = written("panic: old", 1, undefined, {
    source: "/var/log/pods/kube-system_a_uid-a/c/3.log.20240305-101500",
  });
  assert.is(ended(rotated).texts.length, 0, "what was rotated away is no end");
  const { texts } = ended(written("panic: x", 1), written("goroutine 1 [running]:", 2));
  assert.is(texts[1], "That log ends with goroutine 1 [running]:.");
});

test("near misses: a harmless end is no error, and what another wrote, an older pod or nobody is not quoted", () => {
  const { texts, missing, stops } = ended(
    written("E0305 09:00:00.000000       1 x.go:1] retried", 1, "2024-03-05T07:59:00Z"),
    written("received SIGTERM, shutting down", 9),
  );
  assert.equal(texts, [
    "The log of c of kube-system/a ends at 2024-03-05T10:20:00Z with received SIGTERM, shutting down, and no line that was collected of it is marked as an error.",
  ]);
  assert.equal(missing, []);
  assert.match(stops ?? "", /ends without an error/);
  for (const other of [
    written("panic: x", 1, "2024-03-05T07:59:00Z"),
    written("panic: x", 1, undefined, { source: "kube-system/b/c" }),
    written("panic: x", 1, undefined, { source: "kube-system/a/d" }),
    written("panic: x", 1, undefined, { kind: "journal", source: "kubelet" }),
  ]) {
    const { texts, missing, stops } = ended(other);
    assert.equal([texts.length, missing.length, stops], [0, 1, null]);
  }
  const runs = pod({ name: "a", namespace: "kube-system", containers: [] });
  assert.equal(foundBy(crash, runs, written("panic: x", 1)), []);
});

test("a line is quoted up to a sane length", () => {
  const [text = ""] = ended(written(`panic: ${"x".repeat(9_000)}`, 1)).texts;
  assert.ok(text.length < 400 && text.endsWith("…."), text);
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
