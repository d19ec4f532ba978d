import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainText } from "#model/statement.js";
import rule from "#rules/scheduling/sym-replica-redundancy.js";
import {
  at,
  event,
  fact,
  foundBy,
  judge,
  node,
  pod,
  runRule,
  slights,
  texts,
  verdicts,
  world,
} from "#test/rules/_facts.js";
import { apart, pending, set, terminating } from "./_pods.js";

const test = suite("sym:replica-redundancy");

const rs = (name: string, ready: number, more = {}) => fact("kube.workload", { name, desired: 1, ready, ...more });
const UNREADY = { type: "Ready", status: "False", reason: null, message: null, heartbeat: null };
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

test("the time is told by what shows it: the condition, else the end of the grace period", () => {
  const told = (since: string | null) => {
    const conditions = since === null ? [] : [{ ...UNREADY, since: at(since) }];
    const [found] = foundBy(
      rule,
      rs("a", 0),
      terminating({ owner: set("a"), conditions }),
      pending({ owner: set("a") }),
    );
    return texts(found?.statements ?? []).slice(1);
  };
  const waits = "One pod that would replace it was Pending.";
  const deadline = "One of its deleted pods had a grace period that ended at 2024-03-05T10:00:30Z.";
  assert.equal(told(null), [deadline, waits]);
  // It had not been ready for another reason before it was deleted.
  assert.equal(told("2024-03-05T09:00:00Z"), [deadline, waits]);
  assert.equal(told("2024-03-05T10:00:02Z"), [
    "One of its deleted pods stopped being ready at 2024-03-05T10:00:02Z.",
    waits,
  ]);
});

test("a headline that counts replicas cites every workload that it counts", () => {
  const facts = ["a", "b"].flatMap((name) => [
    rs(`${name}-1`, 0, { labels: { ...volume().labels, "openebs.io/persistent-volume": name } }),
    rs(`${name}-2`, 1, { labels: { ...volume().labels, "openebs.io/persistent-volume": name } }),
    terminating({ name: `old-${name}`, owner: set(`${name}-1`) }),
  ]);
  const [found] = foundBy(rule, ...facts);
  const headline = found?.statements[0];
  assert.is(headline && plainText(headline), "Two volumes had one of two replicas ready.");
  const none = foundBy(rule, rs("a", 0), terminating({ owner: set("a") }))[0]?.statements[0];
  assert.is(none && plainText(none), "One workload had no replica ready, of one wanted.");
  const cited = new Set(headline?.evidence.map((e) => JSON.stringify(e.locator)));
  for (const fact of facts.filter((f) => f.kind === "kube.workload"))
    assert.ok(cited.has(JSON.stringify(fact.evidence.locator)));
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

test("without ReplicaSets a pod's Deployment is not known, but for those that have all that they want", () => {
  const owner = set("web-5d8f67");
  const stuck = terminating({ owner });
  const deployment = (name: string, ready: number | null, more = {}) =>
    fact("kube.workload", { kind: "Deployment", name, desired: 2, ready, ...more });
  const said = (workloads: readonly string[], ...facts: Parameters<typeof world>[0]["facts"]) =>
    verdicts(judge(rule, world({ facts: [stuck, ...facts], workloads: [...workloads] })));
  const open = ["undetermined cluster"];
  assert.equal(said(["deployments"], deployment("web", 1)), open, "it has lost one");
  assert.equal(said(["deployments"], deployment("web", null)), open, "it does not say");
  assert.equal(said(["deployments"], deployment("other", 2)), open, "its own is not there");
  assert.equal(said(["deployments"], deployment("web", 2, { namespace: "test" })), open, "another namespace");
  assert.equal(
    said(["deployments"], deployment("web", 2), deployment("web-5d8f67", 0)),
    [],
    "no name of its ReplicaSets",
  );
  assert.equal(said(["deployments"], deployment("web", 2)), []);
  assert.equal(said(["replicasets"], rs("web-5d8f67", 1)), [], "each ReplicaSet counts");
  const [gap] = judge(rule, world({ facts: [stuck], workloads: ["deployments"] })).flatMap((o) =>
    o.outcome === "undetermined" ? o.missing : [],
  );
  assert.is(gap?.why, "not attempted");
});

const OLD = at("2024-03-05T08:00:00Z");
const having = (state: string, restarts: number, more = {}) =>
  pod({
    name: "a-x",
    owner: set("a"),
    created: OLD,
    startedAt: OLD,
    containers: [{ name: "c", image: null, init: false, ready: false, restarts, state, startedAt: null }],
    ...more,
  });

/** Of the cluster itself: an application that fails by itself is told, and is none. */
const OWN = { namespace: "kube-system" };

test("replicas whose containers fail are missing, with what they wait with", () => {
  const [found] = foundBy(
    rule,
    rs("a", 0, OWN),
    rs("b", 0, OWN),
    having("waiting:CrashLoopBackOff", 40, OWN),
    having("waiting:ImagePullBackOff", 0, { ...OWN, name: "b-x", uid: "uid-b-x", owner: set("b"), phase: "Pending" }),
  );
  assert.equal(
    found?.impact.map((r) => [r.subject, plainText(r.effect), r.since?.epochMs ?? null]),
    [
      ["ReplicaSet kube-system/a", "0 of 1 replica ready: CrashLoopBackOff", null],
      ["ReplicaSet kube-system/b", "0 of 1 replica ready: ImagePullBackOff", OLD.epochMs],
    ],
  );
  assert.ok(
    texts(found?.statements ?? []).includes(
      "Two pods have containers that were in CrashLoopBackOff and ImagePullBackOff.",
    ),
  );
});

test("a pod that is not ready for ten minutes counts, and one whose rollout is within its deadline does not", () => {
  const slow = (since: string) => having("running", 0, { ...OWN, conditions: [{ ...UNREADY, since: at(since) }] });
  assert.equal(runRule(rule, rs("a", 0, OWN), slow("2024-03-05T10:25:00Z")), []);
  const [found] = foundBy(rule, rs("a", 0, OWN), slow("2024-03-05T10:00:00Z"));
  assert.is(texts(found?.statements ?? [])[1], "One of its pods turned not ready at 2024-03-05T10:00:00Z.");
  const rolling = (reason: string, status = "True") => ({
    ...rs("a", 0, OWN),
    json: { status: { conditions: [{ type: "Progressing", status, reason }] } },
  });
  assert.equal(runRule(rule, rolling("ReplicaSetUpdated"), slow("2024-03-05T10:00:00Z")), []);
  assert.is(foundBy(rule, rolling("NewReplicaSetAvailable"), slow("2024-03-05T10:00:00Z")).length, 1);
  assert.is(foundBy(rule, rolling("ProgressDeadlineExceeded", "False"), slow("2024-03-05T10:00:00Z")).length, 1);
  // What fails is no part of a rollout that takes its time.
  assert.is(foundBy(rule, rolling("ReplicaSetUpdated"), having("waiting:CrashLoopBackOff", 40, OWN)).length, 1);
});

test("an application whose pods fail or are unready by themselves is told and is no impact; one whose pods are stuck is", () => {
  const mine = [rs("a", 0), having("waiting:CrashLoopBackOff", 40)];
  assert.equal(slights(runRule(rule, ...mine)), [
    "ReplicaSet shop/a has fewer replicas ready than wanted, by pods of its own that do not run or are not ready",
  ]);
  const slow = having("running", 0, { conditions: [{ ...UNREADY, since: at("2024-03-05T10:00:00Z") }] });
  assert.equal(verdicts(runRule(rule, rs("a", 0), slow)), ["slight alone"]);
  assert.is(foundBy(rule, ...mine, terminating({ owner: set("a") })).length, 1);
  // A volume's replica is no application.
  assert.is(foundBy(rule, rs("a", 0, volume()), having("waiting:CrashLoopBackOff", 40)).length, 1);
});

test("a workload that may make no pods says why", () => {
  const json = { status: { conditions: [{ type: "ReplicaFailure", status: "True", message: "exceeded quota" }] } };
  const [found] = foundBy(rule, { ...rs("a", 0), json });
  assert.is(texts(found?.statements ?? [])[1], "A controller could not make pods: exceeded quota.");
});

const DENIED = 'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: violates PodSecurity';
const denied = (first: string, last: string, more = {}) =>
  event({
    reason: "FailedCreate",
    objectKind: "StatefulSet",
    namespace: "shop",
    message: DENIED,
    objects: [{ name: "db", first: at(`2024-03-05T${first}:00Z`), last: at(`2024-03-05T${last}:00Z`), count: 22 }],
    ...more,
  });
const db = (more = {}) =>
  fact("kube.workload", {
    kind: "StatefulSet",
    name: "db",
    desired: 3,
    ready: 0,
    created: at("2024-03-05T08:00:00Z"),
    ...more,
  });

test("a StatefulSet whose pods are refused has no condition that says so: its events do", () => {
  const [found] = foundBy(rule, db(), denied("08:00", "10:25"));
  assert.equal(texts(found?.statements ?? []), [
    "StatefulSet shop/db had none of three replicas ready: its controller could not make pods.",
    `Between 2024-03-05T08:00:00Z and 2024-03-05T10:25:00Z the attempts to make a pod of StatefulSet shop/db failed at least 22 times: ${DENIED}.`,
  ]);
  assert.is(found?.since?.epochMs, at("2024-03-05T08:00:00Z").epochMs);
  assert.equal(
    found?.impact.map((r) => [r.subject, r.wanted, r.available]),
    [["StatefulSet shop/db", 3, 0]],
  );
  const daemons = db({ kind: "DaemonSet" });
  assert.is(foundBy(rule, daemons, denied("08:00", "10:25", { objectKind: "DaemonSet" })).length, 1);
});

test("it is none where it is young, wants none, has its pods, was made anew, or made one since; nor for an old refusal", () => {
  const own = (name: string, created: string) =>
    pod({ name, owner: { kind: "StatefulSet", name: "db", uid: null }, created: at(`2024-03-05T${created}:00Z`) });
  const refused = denied("08:00", "10:25");
  for (const [why, ...facts] of [
    ["no event", db()],
    ["scaled to none", db({ desired: 0 }), refused],
    ["all ready", db({ ready: 3 }), refused],
    ["fresh", db({ created: at("2024-03-05T10:22:00Z") }), denied("10:22", "10:29")],
    ["scaled up lately", db(), denied("10:22", "10:29")],
    ["made anew since", db({ created: at("2024-03-05T10:27:00Z") }), refused],
    ["an old refusal", db(), denied("08:00", "09:30")],
    ["all pods made", db(), refused, own("db-0", "10:20"), own("db-1", "10:20"), own("db-2", "10:20")],
    ["made one since", db(), refused, own("db-0", "10:26")],
    ["another one's", db({ name: "cache" }), refused],
    ["another namespace", db({ namespace: "test" }), refused],
    ["another kind", db({ kind: "DaemonSet" }), refused],
  ] as const)
    assert.equal(foundBy(rule, ...facts), [], why);
  assert.is(foundBy(rule, db({ ready: 1 }), refused, own("db-0", "10:20")).length, 1, "one of three was made before");
  const cut = world({ facts: [db(), refused], coverage: { "kube.workload": "complete", "kube.pod": "truncated" } });
  assert.equal(judge(rule, cut), [], "pods may be there");
});

test("a replica that waits for a predecessor within its grace period is missing, and says so", () => {
  const db = { ...apart("db"), owner: set("a") };
  const going = terminating({ ...db, deletion: at("2024-03-05T10:40:00Z"), graceSeconds: 3_600 });
  const [found] = foundBy(rule, node("n1"), rs("a", 0), pending(db), going);
  assert.ok(
    texts(found?.statements ?? []).includes(
      "One pod waits for the place of shop/old, deleted, with a grace period until 2024-03-05T10:40:00Z.",
    ),
  );
});

test.run();
