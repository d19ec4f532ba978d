import { suite } from "uvu";
import * as assert from "uvu/assert";
import rule from "#rules/scheduling/anti-affinity-terminating-deadlock.js";
import { at, foundBy, judge, node, pod, runRule, texts, verdicts, world } from "#test/rules/_facts.js";
import { apart, only, pending, set, terminating, volume } from "./_pods.js";

const test = suite("anti-affinity-terminating-deadlock");

const NODES = [node("n1"), node("n2")];
const db = { ...apart("db"), owner: set("db-1") };

test("a holder that is not being deleted refutes", () => {
  assert.equal(verdicts(runRule(rule, ...NODES, pending({ ...db, ...only("n1") }), pod({ name: "old", ...db }))), [
    "refuted n1|ReplicaSet/shop/db-1",
  ]);
});

test("that the scheduler does not name what is deleted is a lesson, unless it does", () => {
  const lessons = (message?: string) =>
    foundBy(rule, ...NODES, pending({ ...db, ...only("n1") }, message), terminating(db))[0]?.lessons.length;
  assert.is(
    lessons("0/2 nodes are available. preemption: not eligible due to a terminating pod on the nominated node."),
    0,
  );
  assert.is(lessons(), 1);
});

test("one free node refutes", () => {
  assert.equal(verdicts(runRule(rule, ...NODES, pending({ ...db, ...only("n1", "n2") }), terminating(db))), [
    "refuted n1,n2|ReplicaSet/shop/db-1",
  ]);
});

const AFFINITY = "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.";
const stays = pod({ name: "stays", node: "n2", ...db });

test("a sibling that stays closes its own node only: the one that would open is held by the deleted pod", () => {
  const [found] = foundBy(rule, ...NODES, pending(db, AFFINITY), terminating(db), stays);
  assert.equal(found?.about.node, ["n1"]);
  assert.equal(found?.about.pod, ["uid-new", "uid-old"]);
  assert.equal(found?.value, { pending: 1, holders: 1 });
  assert.equal(found?.unverified, []);
  const told = texts(found?.statements ?? []);
  assert.ok(told[0]?.startsWith("One pending pod found no place on n1: one deleted pod still stood there"), told[0]);
  assert.ok(told.includes("Nor may shop/new stand beside shop/stays on n2, which was not being deleted."));
});

test("a node which a cordon closes does not open by itself either", () => {
  const message =
    "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match pod anti-affinity rules.";
  const nodes = [...NODES, node("n3", { unschedulable: true })];
  const [found] = foundBy(rule, ...nodes, pending(db, message), terminating(db), stays);
  assert.equal(found?.about.node, ["n1"]);
  assert.equal(found?.unverified, []);
});

test("a third node that is free refutes, and is named", () => {
  const outcomes = runRule(rule, ...NODES, node("n3"), pending(db, AFFINITY), terminating(db), stays);
  assert.equal(verdicts(outcomes), ["refuted any node|ReplicaSet/shop/db-1"]);
  const told = outcomes.flatMap((o) => (o.outcome === "refuted" ? texts(o.statements) : []));
  assert.equal(told, ["On n3 no collected pod was in the way of shop/new."]);
});

test("a deleted pod beside one that stays holds nothing", () => {
  const beside = pod({ name: "beside", node: "n1", ...db });
  const outcomes = runRule(rule, ...NODES, pending(db, AFFINITY), terminating(db), beside, stays);
  assert.equal(verdicts(outcomes), ["refuted any node|ReplicaSet/shop/db-1"]);
});

test("a deleted pod on a node that a taint closes besides holds nothing", () => {
  const gone = node("n1", {
    taints: [{ key: "node.kubernetes.io/unreachable", effect: "NoSchedule" }],
  });
  const message =
    "0/2 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 1 node(s) didn't match pod anti-affinity rules.";
  const outcomes = runRule(rule, gone, node("n2"), pending(db, message), terminating(db), stays);
  assert.equal(verdicts(outcomes), ["refuted any node|ReplicaSet/shop/db-1"]);
});

test("a node that opens by itself when a grace period ends refutes, whoever holds the others", () => {
  const soon = terminating({
    ...db,
    name: "soon",
    node: "n2",
    deletion: at("2024-03-05T10:31:00Z"),
    graceSeconds: 3_600,
  });
  const outcomes = runRule(rule, ...NODES, pending(db, AFFINITY), terminating(db), soon);
  assert.equal(verdicts(outcomes), ["refuted any node|ReplicaSet/shop/db-1"]);
  const [told] = outcomes.flatMap((o) => (o.outcome === "refuted" ? texts(o.statements) : []));
  assert.ok(told?.startsWith("shop/soon, beside which"), told);
});

test("a surge with nothing on its way out is no deadlock, nor is a deleted pod that is in nobody's way", () => {
  const old = pod({ name: "old-1", ...db });
  const foreign = [
    terminating({ name: "x", labels: { app: "other" } }),
    terminating({ ...db, name: "y", namespace: "other" }),
  ];
  for (const more of [[], foreign])
    assert.equal(verdicts(runRule(rule, ...NODES, pending(db, AFFINITY), old, stays, ...more)), [
      "refuted any node|ReplicaSet/shop/db-1",
    ]);
});

test("a zone is held as a whole: by a deleted pod on another of its nodes", () => {
  const zoned = [
    node("n1", {
      labels: { zone: "a" },
      taints: [{ key: "node.kubernetes.io/unreachable", effect: "NoSchedule" }],
    }),
    node("n2", { labels: { zone: "a" } }),
    node("n3", { labels: { zone: "b" } }),
  ];
  const message =
    "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 2 node(s) didn't match pod anti-affinity rules.";
  const zone = { ...apart("db", "zone"), owner: set("db-1") };
  const other = pod({ name: "other", node: "n3", ...zone });
  const [found] = foundBy(rule, ...zoned, pending(zone, message), terminating(zone), other);
  assert.equal(found?.about.node, ["n1"]);
  assert.equal(found?.unverified, []);
  assert.ok(
    texts(found?.statements ?? [])[0]?.includes(
      "found no place on n2: one deleted pod still stood on n1, in the same zone,",
    ),
  );
  // A second one in that zone which stays closes it for good.
  const second = pod({ name: "second", node: "n2", ...zone });
  assert.equal(verdicts(runRule(rule, ...zoned, pending(zone, message), terminating(zone), other, second)), [
    "refuted any node|ReplicaSet/shop/db-1",
  ]);
});

test("where the scheduler counts anti-affinity for fewer nodes than pods close, one premise is open", () => {
  const message = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod anti-affinity rules.";
  const [found] = foundBy(rule, ...NODES, pending(db, message), terminating(db), stays);
  assert.is(found?.unverified.length, 1);
});

test("one whose namespace may be selected leaves it open, though another stays", () => {
  const waiting = pending({ ...selecting({ team: "a" }) }, AFFINITY);
  const theirs = pod({ name: "theirs", node: "n2", ...db });
  assert.equal(verdicts(runRule(rule, ...NODES, waiting, terminating(elsewhere), theirs)), ["undetermined cluster"]);
});

test("a terminating pod of another namespace is not in the way", () => {
  const outcomes = runRule(
    rule,
    ...NODES,
    pending({ ...db, ...only("n1") }),
    terminating({ ...db, namespace: "other" }),
  );
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("a holder within its grace period refutes: waiting is what is meant", () => {
  const going = terminating({ ...db, deletion: at("2024-03-05T10:31:00Z"), graceSeconds: 3_600 });
  const outcomes = runRule(rule, ...NODES, pending({ ...db, ...only("n1") }), going);
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("a completed pod is not in the way", () => {
  const outcomes = runRule(
    rule,
    ...NODES,
    pending({ ...db, ...only("n1") }),
    terminating({ ...db, phase: "Succeeded" }),
  );
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("a pod that waits for CPU is refuted, with the scheduler's words", () => {
  const outcomes = runRule(
    rule,
    ...NODES,
    pending({ owner: set("big") }, "0/2 nodes are available: 2 Insufficient cpu."),
  );
  assert.equal(
    outcomes.map((o) => o.outcome),
    ["refuted"],
  );
});

test("where the scheduler names something else for the node, anti-affinity is not what it found", () => {
  const message =
    "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
  assert.equal(verdicts(runRule(rule, ...NODES, pending({ ...db, ...only("n1") }, message), terminating(db))), [
    "refuted n1|ReplicaSet/shop/db-1",
  ]);
});

test("where the scheduler names nothing, one premise is open", () => {
  const message = "0/2 nodes are available.";
  const [found] = foundBy(rule, ...NODES, pending({ ...db, ...only("n1") }, message), terminating(db));
  assert.is(found?.unverified.length, 1);
});

const selecting = (matchLabels: Readonly<Record<string, string>>) => ({
  ...db,
  antiAffinity: [
    {
      topologyKey: "kubernetes.io/hostname",
      selector: { matchLabels: { app: "db" }, matchExpressions: [] },
      namespaces: [],
      namespaceSelector: { matchLabels, matchExpressions: [] },
    },
  ],
});

const elsewhere = { labels: { app: "db" }, namespace: "other" };

test("an empty selector of namespaces reaches all of them, one of their name that one", () => {
  for (const [labels, expected] of [
    [{}, "found n1"],
    [{ "kubernetes.io/metadata.name": "other" }, "found n1"],
    [{ "kubernetes.io/metadata.name": "third" }, "refuted n1|ReplicaSet/shop/db-1"],
  ] as const) {
    const waiting = pending({ ...selecting(labels), ...only("n1") });
    assert.equal(verdicts(runRule(rule, ...NODES, waiting, terminating(elsewhere))), [expected]);
  }
});

test("a selector of namespaces by other labels is undetermined, and nothing is said of a free node", () => {
  const waiting = pending({ ...selecting({ team: "a" }), ...only("n1") });
  assert.equal(verdicts(runRule(rule, ...NODES, waiting, terminating(elsewhere))), ["undetermined cluster"]);
  // The same for a rule of the pod that stands there.
  const theirs = terminating({ ...selecting({ team: "a" }), namespace: "other" });
  const plain = pending({ labels: { app: "db" }, owner: set("db-1"), ...only("n1") });
  assert.equal(verdicts(runRule(rule, ...NODES, plain, theirs)), ["undetermined cluster"]);
  // Nobody there whom it could mean.
  assert.equal(verdicts(runRule(rule, ...NODES, waiting)), ["refuted n1|ReplicaSet/shop/db-1"]);
});

test("a terminating holder on the only allowed node is found", () => {
  const [found] = foundBy(rule, ...NODES, pending({ ...db, ...only("n1") }), terminating(db));
  assert.is(found?.subject, "n1");
  assert.equal(found?.about.pod, ["uid-new", "uid-old"]);
  assert.equal(found?.about.node, ["n1"]);
  assert.is(found?.since?.epochMs, at("2024-03-05T10:00:30Z").epochMs);
  assert.equal(found?.unverified, []);
});

test("the deadlock begins with the end of the grace period, however long the other had waited", () => {
  const [found] = foundBy(
    rule,
    ...NODES,
    pending({ ...db, ...only("n1") }, undefined, "2024-03-05T09:00:00Z"),
    terminating(db),
  );
  assert.is(found?.since?.epochMs, at("2024-03-05T10:00:30Z").epochMs);
});

test("the holder's own rule repels as well", () => {
  const plain = pending({ labels: { app: "db" }, owner: set("db-1"), ...only("n1") });
  assert.is(foundBy(rule, ...NODES, plain, terminating(db)).length, 1);
});

test("a topology wider than a node counts holders on its other nodes", () => {
  const zoned = [
    node("n1", { labels: { zone: "a", "kubernetes.io/hostname": "n1" } }),
    node("n2", { labels: { zone: "a" } }),
  ];
  const rule2 = apart("db", "zone");
  const [found] = foundBy(rule, ...zoned, pending({ ...rule2, ...only("n1") }), terminating({ ...rule2, node: "n2" }));
  assert.is(found?.subject, "n1");
});

test("a cordoned node does not count as free, but one premise is open unless the scheduler names it", () => {
  const nodes = [node("n1"), node("n2", { unschedulable: true })];
  const [found] = foundBy(rule, ...nodes, pending({ ...db, ...only("n1", "n2") }), terminating(db));
  assert.is(found?.unverified.length, 1);
});

test("without the nodes it is undetermined", () => {
  const facts = [pending({ ...db, ...only("n1") }), terminating(db)];
  assert.equal(verdicts(judge(rule, world({ facts, coverage: { "kube.pod": "complete" } }))), ["undetermined cluster"]);
});

test("ten thousand pending pods of one specification cost little", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => pending({ ...db, ...only("n1"), name: `new-${i}` }));
  const held = Array.from({ length: 10_000 }, (_, i) => terminating({ ...db, name: `old-${i}`, node: "n1" }));
  const began = performance.now();
  const [found] = foundBy(rule, ...NODES, ...many, ...held);
  assert.is(found?.value["pending"], 10_000);
  assert.ok(performance.now() - began < 2_000, `${performance.now() - began} ms`);
});

const VOLUME =
  "0/2 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 1 node(s) had volume node affinity conflict.";

test("a volume that ties the pod to the node of its predecessor makes a deadlock", () => {
  const waiting = pending({ ...db, claims: ["data"] }, VOLUME);
  const [found] = foundBy(rule, ...NODES, waiting, terminating(db), volume("data", "n1"));
  assert.is(found?.subject, "n1");
  assert.equal(found?.about.node, ["n1"]);
  assert.ok(texts(found?.statements ?? []).includes("The volume of shop/new, pv-data, can be reached from n1 only."));
  assert.equal(found?.unverified, []);
});

test("a volume of every node, one of another claim or another node, and one that is not bound tie it to none", () => {
  const waiting = pending({ ...db, claims: ["data"] });
  for (const [of, expected] of [
    [volume("data"), "refuted any node|ReplicaSet/shop/db-1"],
    [volume("data", "n1", "n2"), "refuted any node|ReplicaSet/shop/db-1"],
    [volume("logs", "n1"), "refuted any node|ReplicaSet/shop/db-1"],
    [volume("data", "n2"), "refuted n2|ReplicaSet/shop/db-1"],
  ] as const)
    assert.equal(verdicts(runRule(rule, ...NODES, waiting, terminating(db), of)), [expected]);
  const released = volume("data", "n1");
  const json = { ...(released.json as object), status: { phase: "Released" } };
  assert.equal(verdicts(runRule(rule, ...NODES, waiting, terminating(db), { ...released, json })), [
    "refuted any node|ReplicaSet/shop/db-1",
  ]);
});

test("where the scheduler names a volume, and the volume was not collected, a node that looks free refutes nothing", () => {
  const waiting = pending({ ...db, claims: ["data"] }, VOLUME);
  const outcomes = runRule(rule, ...NODES, waiting, terminating(db));
  assert.equal(verdicts(outcomes), ["undetermined any node|ReplicaSet/shop/db-1"]);
  const [gap] = outcomes.flatMap((o) => (o.outcome === "undetermined" ? o.missing : []));
  assert.is(gap?.what, "the node affinity of the volumes of shop/new");
  assert.is(gap?.command, "kubectl get persistentvolumes,persistentvolumeclaims -A -o json");
  // Nor does a running pod on a node which the volume may exclude.
  const stays = pod({ name: "stays", node: "n2", ...db });
  const three = runRule(rule, ...NODES, node("n3"), waiting, terminating(db), stays);
  assert.equal(verdicts(three), ["undetermined any node|ReplicaSet/shop/db-1"]);
});

test("the same where it names room, and where it said nothing of a pod with claims", () => {
  const full = pending(
    db,
    "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod anti-affinity rules.",
  );
  assert.equal(verdicts(runRule(rule, ...NODES, full, terminating(db))), [
    "undetermined any node|ReplicaSet/shop/db-1",
  ]);
  const mute = pending({ ...db, claims: ["data"] });
  const conditions = mute.value.conditions.map((c) => ({ ...c, message: null }));
  const silent = { ...mute, value: { ...mute.value, conditions } };
  assert.equal(verdicts(runRule(rule, ...NODES, silent, terminating(db))), [
    "undetermined any node|ReplicaSet/shop/db-1",
  ]);
  // Nobody is on his way out: nothing is left open.
  assert.equal(verdicts(runRule(rule, ...NODES, full, pod({ name: "old", ...db }))), [
    "refuted any node|ReplicaSet/shop/db-1",
  ]);
});

test("each pod is told with the volume of its own claim", () => {
  const told = ["a", "b"].map((name) => ({ ...apart(name), owner: set(name), claims: [`data-${name}`] }));
  const [a, b] = told.map((of, n) => pending({ name: `new-${n}`, uid: `uid-new-${n}`, ...of }, VOLUME));
  const old = told.map((of, n) => terminating({ name: `old-${n}`, uid: `uid-old-${n}`, ...of, node: "n1" }));
  const volumes = [volume("data-a", "n1"), volume("data-b", "n1")];
  for (const [first, second, name] of [
    [a, b, "pv-data-a"],
    [b, a, "pv-data-b"],
  ] as const) {
    const [found] = first && second ? foundBy(rule, ...NODES, first, second, ...old, ...volumes) : [];
    assert.ok(texts(found?.statements ?? []).some((text) => text.includes(`${name}, can be reached from n1 only.`)));
  }
});

test.run();
