import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Ended, Fact, FactKinds } from "#model/fact.js";
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

const END = "2024-03-05T10:20:00Z";
/** A container that last ended so, with a log. */
const endedSo = (end: Partial<Ended>, logs: ReturnType<typeof written>[] = [], limit = {}, events: Fact[] = []) => {
  const [c] = crashing.value.containers;
  const last = { reason: "Error", exitCode: 1, signal: null, at: at(END), ...end };
  const down = having("waiting:CrashLoopBackOff", 40, {
    containers: [{ ...(c as NonNullable<typeof c>), ended: last, ...limit }],
  });
  const [found] = foundBy(crash, down, ...logs, ...events);
  const { stops } = crash.consequence({ ...found, ended: null } as never);
  return { texts: texts(found?.statements ?? []).slice(2), stops: stops ?? "" };
};

test("how it last ended is told, for want of memory with the limit, and what its log says is not what ended it", () => {
  const oom = { reason: "OOMKilled", exitCode: 137 };
  const { texts, stops } = endedSo(oom, [written("ERROR retried", 1), written("INFO fine", 2)], {
    memoryLimit: "128Mi",
  });
  assert.is(
    texts[0],
    `The container c of kube-system/a last ended at ${END} with the reason OOMKilled and the exit code 137; its memory limit was 128Mi.`,
  );
  assert.match(stops, /^the container was ended for want of memory/);
  assert.match(endedSo(oom).texts[0] ?? "", /exit code 137; its spec sets no memory limit\.$/);
  assert.match(endedSo({}).texts[0] ?? "", /with the reason Error and the exit code 1\.$/);
});

test("a kill, a request to end and an end without an error are no error of its own; an end that nobody saw is none of them", () => {
  const of = (end: Partial<Ended>) => endedSo(end, [written("panic: x", 1)]).stops;
  assert.match(of({ exitCode: 137 }), /^the container was killed, and not for want of memory/);
  assert.match(of({ exitCode: null, signal: 9 }), /^the container was killed/);
  assert.match(of({ exitCode: 143 }), /^the container was asked to end/);
  assert.match(of({ exitCode: 0, reason: "Completed" }), /^the container ended by itself and without an error code/);
  for (const own of [{ exitCode: 1 }, { exitCode: 139 }, { exitCode: 255 }])
    assert.match(of(own), /^the last words of the container's log are quoted/);
  for (const unseen of [
    { exitCode: 137, reason: "ContainerStatusUnknown" },
    { exitCode: 255, reason: "Unknown" },
  ])
    assert.match(of(unseen), /^the last words/);
});

test("who killed it is told where an event of its own says it", () => {
  const said = (reason: string, message: string, uid = "uid-a") =>
    event({ reason, message, type: "Normal", objects: [{ uid }] });
  const probe = "Container c failed liveness probe, will be restarted";
  const told = (...events: Fact[]) => endedSo({ exitCode: 137 }, [], {}, events).texts.join(" ");
  assert.match(
    told(said("Killing", probe)),
    /An event with the reason Killing.* says Container c failed liveness probe/,
  );
  for (const near of [said("Killing", "Stopping container c"), said("Killing", probe, "uid-b")])
    assert.not.match(told(near), /Killing/);
  assert.not.match(endedSo({}, [], {}, [said("Killing", probe)]).texts.join(), /Killing/);
});

test("an error that it wrote long before its end, or wrote on after, is not what it ended with", () => {
  const error = (last: string) => written("ERROR no route", 1, last);
  const near = endedSo({}, [error("2024-03-05T10:19:58Z"), written("INFO bye", 2)]);
  assert.match(near.stops, /^the last words/);
  const on = endedSo({}, [error("2024-03-05T10:18:30Z"), written("INFO fine", 2, "2024-03-05T10:19:59Z")]);
  assert.match(on.stops, /was not its last word, or was long before its end/);
  assert.match(on.texts[1] ?? "", /is of 2024-03-05T10:18:30Z, 1 min 30 s before that end: ERROR no route/);
  assert.match(endedSo({}, [error("2024-03-05T10:18:30Z")]).stops, /^the last words/, "it wrote nothing after");
  assert.match(endedSo({}, [error("2024-03-05T09:00:00Z")]).stops, /was not its last word, or was long before its end/);
  // Without times only the last line, or a word for an end, tells.
  const untimed = (text: string) => written(text, 1, undefined, { first: null, last: null });
  const bye = written("INFO bye", 2, undefined, { first: null, last: null });
  assert.match(endedSo({}, [untimed("ERROR x")]).stops, /^the last words/);
  assert.match(endedSo({}, [untimed("panic: x"), bye]).stops, /^the last words/);
  assert.match(endedSo({}, [untimed("ERROR x"), bye]).stops, /was not its last word/);
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
