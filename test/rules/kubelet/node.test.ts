import { suite } from "uvu";
import * as assert from "uvu/assert";
import mechanism from "#rules/kubelet/node-not-ready.js";
import symptom from "#rules/kubelet/sym-node-notready.js";
import pressure from "#rules/kubelet/sym-node-pressure.js";
import nodeConditions from "#rules/timeline/node-conditions.js";
import {
  at,
  event,
  foundBy,
  judge,
  node,
  pod,
  rows,
  runRule,
  slights,
  texts,
  verdicts,
  world,
} from "#test/rules/_facts.js";

const test = suite("node readiness");

const ready = (status: string, message: string | null = null) => ({
  conditions: [
    {
      type: "Ready",
      status,
      reason: null,
      message,
      since: at("2024-03-05T09:50:45Z"),
      heartbeat: at("2024-03-05T09:50:00Z"),
    },
  ],
});
const stuck = pod({ name: "a", deletion: at("2024-03-05T10:00:30Z"), graceSeconds: 30 });
const NETWORK =
  "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized";

test("a ready node refutes, with its condition", () => {
  assert.equal(runRule(symptom, node("n1", ready("True"))), []);
  assert.equal(verdicts(runRule(mechanism, node("n1", ready("True")))), ["refuted n1"]);
});

test("a heartbeat of before the deletions is told as such, with a later event of that kubelet where there is one", () => {
  const told = (...facts: Parameters<typeof runRule>[1][]) => {
    const [outcome] = runRule(mechanism, node("n1", ready("True")), stuck, ...facts);
    return outcome?.outcome === "refuted" ? texts(outcome.statements)[0] : null;
  };
  const begin = "The kubelet of n1 posted Ready=True, last reported at 2024-03-05T09:50:00Z, before the deletions";
  const signOf = (last: string, component = "kubelet") =>
    event({ reason: "Killing", component, objects: [{ last: at(last) }] });
  assert.is(told(), `${begin}: nothing later is known of it.`);
  assert.is(told(signOf("2024-03-05T09:55:00Z")), `${begin}: nothing later is known of it.`);
  assert.is(told(signOf("2024-03-05T10:20:00Z", "other")), `${begin}: nothing later is known of it.`);
  assert.is(told(signOf("2024-03-05T10:20:00Z")), `${begin}; its latest event, Killing, is of 2024-03-05T10:20:00Z.`);
});

test("a network that is not ready leaves the kubelet at work: symptom, no mechanism", () => {
  const [found] = foundBy(symptom, node("n1", ready("False", NETWORK)));
  assert.equal(found?.about.error, ["not-initialised"]);
  const [said] = runRule(mechanism, node("n1", ready("False", NETWORK)));
  assert.equal(verdicts(said ? [said] : []), ["refuted n1"]);
  // a rule that says so is quoted as ruled out, and never as an alarm that stayed silent
  assert.is(said?.outcome === "refuted" && said.alarming, true);
  const [well] = runRule(mechanism, node("n1", ready("True")));
  assert.is(well?.outcome === "refuted" && well.alarming, false);
});

test("a node that has just joined, or just said so, is none; one that has for long, or is silent, is", () => {
  const since = (time: string, status = "False") => ({
    conditions: [{ ...ready(status, NETWORK).conditions[0], since: at(time) } as never],
  });
  assert.equal(slights(runRule(symptom, node("n1", since("2024-03-05T10:29:00Z")))), [
    `n1 is Ready=False (${NETWORK}) since 2024-03-05T10:29:00Z, for 1 min: too young to tell`,
  ]);
  assert.equal(
    slights(runRule(symptom, node("n1", { ...since("2024-03-05T10:26:00Z"), created: at("2024-03-05T10:26:00Z") }))),
    [`n1 is Ready=False (${NETWORK}) since 2024-03-05T10:26:00Z, for 4 min: too young to tell`],
  );
  assert.is(foundBy(symptom, node("n1", since("2024-03-05T10:27:00Z"))).length, 1);
  assert.is(foundBy(symptom, node("n1", since("2024-03-05T10:29:00Z", "Unknown"))).length, 1);
  const created = at("2024-03-05T10:20:00Z");
  assert.is(foundBy(symptom, node("n1", { ...since("2024-03-05T10:20:00Z"), created })).length, 1);
});

test("a runtime that is down is no beginning, unless its kubelet has just started or joined", () => {
  const down = {
    conditions: [
      { ...ready("False", "container runtime is down").conditions[0], since: at("2024-03-05T10:28:30Z") } as never,
    ],
  };
  const start = (time: string, name = "n1") =>
    event({ reason: "Starting", component: "kubelet", node: name, objects: [{ first: at(time), last: at(time) }] });
  // Deleted when the runtime was about to go down: not before it.
  const late = pod({ name: "a", deletion: at("2024-03-05T10:28:30Z"), graceSeconds: 30 });
  const both = (...facts: Parameters<typeof runRule>[1][]) =>
    [symptom, mechanism].map((rule) => verdicts(runRule(rule, ...facts, late)));
  const isDown = [["found n1"], ["found n1"]];
  const settles = [["slight n1"], ["undetermined n1"]];
  assert.equal(both(node("n1", down)), isDown);
  assert.equal(both(node("n1", down), start("2024-03-05T10:28:00Z")), settles);
  assert.equal(both(node("n1", down), start("2024-03-05T10:00:00Z")), isDown, "an old start");
  assert.equal(both(node("n1", down), start("2024-03-05T10:28:00Z", "n2")), isDown, "a start of another node");
  assert.equal(both(node("n1", { ...down, created: at("2024-03-05T10:28:00Z") })), settles);
});

test("a silent kubelet is both, since a time between its last heartbeat and the change of its condition", () => {
  assert.is(foundBy(symptom, node("n1", ready("Unknown"))).length, 1);
  const [found] = foundBy(mechanism, node("n1", ready("Unknown")));
  assert.is(found?.since?.epochMs, at("2024-03-05T09:50:00Z").epochMs);
  assert.is(found?.since?.precisionMs, 45_000);
});

test("a kubelet that cannot follow its containers is a mechanism too", () => {
  assert.is(
    foundBy(mechanism, node("n1", ready("False", "PLEG is not healthy: pleg was last seen active 5m"))).length,
    1,
  );
});

test("a node that was not collected is a gap where pods hang on it, and nowhere else", () => {
  assert.equal(verdicts(judge(mechanism, world({ facts: [stuck], coverage: { "kube.pod": "complete" } }))), [
    "undetermined n1",
  ]);
  assert.equal(judge(mechanism, world({ facts: [pod({ name: "b" })], coverage: { "kube.pod": "complete" } })), []);
});

test("where the whole list has no such node, there is none: nobody ends the pods that are bound to it", () => {
  const other = node("n2", ready("True"));
  const [found] = foundBy(mechanism, other, stuck);
  assert.equal([found?.subject, found?.value["contact"], found?.since], ["n1", "gone", null]);
  assert.equal(texts(found?.statements ?? []), [
    "The cluster lists no node n1, to which shop/a is still bound: no kubelet is there to end it.",
  ]);
  const removed = (time: string, name = "n1", reason = "RemovingNode") =>
    event({ reason, objectKind: "Node", node: null, objects: [{ name, first: at(time), last: at(time) }] });
  const [told] = foundBy(mechanism, other, stuck, removed("2024-03-05T09:59:00Z"));
  assert.is(told?.since?.epochMs, at("2024-03-05T09:59:00Z").epochMs);
  assert.is(texts(told?.statements ?? [])[1], "The event RemovingNode of 2024-03-05T09:59:00Z tells of its removal.");
  // Near misses: another node's removal, another event, a list that is cut, and no pod that hangs on it.
  assert.is(foundBy(mechanism, other, stuck, removed("2024-03-05T09:59:00Z", "n3"))[0]?.since, null);
  assert.is(foundBy(mechanism, other, stuck, removed("2024-03-05T09:59:00Z", "n1", "ScaleDown"))[0]?.since, null);
  const cut = world({ facts: [other, stuck], coverage: { "kube.pod": "complete", "kube.node": "truncated" } });
  assert.equal(verdicts(judge(mechanism, cut)), ["refuted n2", "undetermined n1"]);
  assert.equal(foundBy(mechanism, other, pod({ name: "b" })), []);
});

test("a node object without conditions is a gap of the symptom, and of the mechanism only where pods hang on it", () => {
  assert.equal(verdicts(runRule(symptom, node("n1"))), ["undetermined n1"]);
  assert.equal(verdicts(runRule(mechanism, node("n1"), stuck)), ["undetermined n1"]);
  assert.equal(runRule(mechanism, node("n1")), []);
});

const since = (time: string) => ({
  created: at("2024-01-01T00:00:00Z"),
  conditions: [{ ...ready("True").conditions[0], since: at(time) } as never],
});
const turned = (time: string, of: Partial<Parameters<typeof event>[0]> & { readonly count?: number } = {}) =>
  event({
    reason: "NodeNotReady",
    component: "node-controller",
    objectKind: "Node",
    node: null,
    objects: [{ name: "n1", first: at(time), last: at(time), count: of.count ?? 1 }],
    ...of,
  });
const starting = (time: string, name = "n1") =>
  event({ reason: "Starting", component: "kubelet", node: name, objects: [{ first: at(time), last: at(time) }] });

test("a node that was not Ready for long and is again is a symptom that is over, from the event to its condition", () => {
  const outcomes = runRule(symptom, node("n1", since("2024-03-05T10:10:00Z")), turned("2024-03-05T09:50:00Z"));
  assert.equal(verdicts(outcomes), ["found n1"]);
  const [found] = foundBy(symptom, node("n1", since("2024-03-05T10:10:00Z")), turned("2024-03-05T09:50:00Z"));
  assert.equal(
    [found?.over, found?.since?.epochMs, found?.lastSeen?.epochMs],
    [true, at("2024-03-05T09:50:00Z").epochMs, at("2024-03-05T10:10:00Z").epochMs],
  );
  assert.is(
    texts(found?.statements ?? [])[0],
    "From 2024-03-05T09:50:00Z to 2024-03-05T10:10:00Z, for 20 min, the node n1 was not Ready: the event NodeNotReady tells its begin, its condition Ready=True its end.",
  );
});

test("one that was short, or in which its kubelet started, or of which the lists do not tell the end, is told and is none", () => {
  const told = (to: string, ...facts: Parameters<typeof runRule>[1][]) =>
    slights(runRule(symptom, node("n1", since(to)), turned("2024-03-05T09:50:00Z"), ...facts));
  const begin = "n1 was told to be not Ready (NodeNotReady) at 2024-03-05T09:50:00Z and";
  assert.equal(told("2024-03-05T09:54:00Z"), [`${begin} was Ready again at 2024-03-05T09:54:00Z, 4 min later`]);
  assert.equal(told("2024-03-05T10:10:00Z", starting("2024-03-05T10:09:00Z")), [
    `${begin} was Ready again at 2024-03-05T10:10:00Z, 20 min later; its kubelet started in that time (Starting)`,
  ]);
  assert.equal(told("2024-03-05T10:10:00Z", starting("2024-03-05T10:09:00Z", "n2")), ["found n1"], "another node's");
  assert.equal(told("2024-03-05T09:00:00Z"), [`${begin} is Ready=True`]);
});

test("a node that starts or joins, another node, or an event of before the node, is nothing", () => {
  const none = (to: string, ...facts: Parameters<typeof runRule>[1][]) =>
    assert.equal(runRule(symptom, node("n1", since(to)), ...facts), []);
  none("2024-03-05T09:50:30Z", turned("2024-03-05T09:50:00Z"), starting("2024-03-05T09:49:59Z"));
  none("2024-03-05T10:10:00Z", turned("2023-12-31T09:50:00Z"));
  none(
    "2024-03-05T10:10:00Z",
    turned("2024-03-05T09:50:00Z", { objects: [{ name: "n2", last: at("2024-03-05T09:50:00Z") }] }),
  );
  none("2024-03-05T10:10:00Z", turned("2024-03-05T09:50:00Z", { objectKind: "Pod" }));
});

const back = (time: string, name = "n1") =>
  event({
    reason: "NodeReady",
    type: "Normal",
    objectKind: "Node",
    node: name,
    objects: [{ name, first: at(time), last: at(time) }],
  });
const silent = (time: string, created = "2024-01-01T00:00:00Z") =>
  node("n1", { created: at(created), conditions: [{ ...ready("Unknown").conditions[0], since: at(time) } as never] });
/** One event of two turns, as the API server counts them. */
const twice = (first: string, last: string) =>
  turned(first, { objects: [{ name: "n1", first: at(first), last: at(last), count: 2 }] });
const TWICE = twice("2024-03-05T08:00:00Z", "2024-03-05T09:40:00Z");

test("an outage before the present one is told, and is a row of the time line; the present begins with its own condition", () => {
  const facts = [silent("2024-03-05T09:40:00Z"), TWICE, back("2024-03-05T08:10:00Z")];
  const [found] = foundBy(symptom, ...facts);
  assert.is(found?.since?.epochMs, at("2024-03-05T09:40:00Z").epochMs);
  assert.ok(
    texts(found?.statements ?? []).includes(
      "Before, n1 was not Ready from 2024-03-05T08:00:00Z to 2024-03-05T08:10:00Z, for 10 min: the events NodeNotReady and NodeReady tell it.",
    ),
    texts(found?.statements ?? []).join("\n"),
  );
  assert.equal(rows(nodeConditions, world({ facts })).slice(0, 2), [
    "2024-03-05T08:00:00.000Z n1 was told to be not Ready (NodeNotReady).",
    "2024-03-05T08:10:00.000Z n1 was told to be Ready (NodeReady).",
  ]);
  // The same of a node that is Ready again by now.
  const over = [node("n1", since("2024-03-05T10:10:00Z")), TWICE, back("2024-03-05T08:10:00Z")];
  assert.ok(
    texts(foundBy(symptom, ...over)[0]?.statements ?? []).some((text) => text.startsWith("Before, n1 was not")),
  );
  assert.is(rows(nodeConditions, world({ facts: over })).length, 4);
});

test("what is told of the present outage, has no end, is another node's, or belongs to a join, is none before it", () => {
  const none = (...facts: Parameters<typeof runRule>[1][]) =>
    assert.is(texts(foundBy(symptom, ...facts)[0]?.statements ?? []).length, 1);
  none(silent("2024-03-05T09:41:00Z"), turned("2024-03-05T09:40:00Z"), back("2024-03-05T09:30:00Z"));
  none(silent("2024-03-05T09:40:00Z"), TWICE);
  none(silent("2024-03-05T09:40:00Z"), TWICE, back("2024-03-05T08:10:00Z", "n2"));
  none(silent("2024-03-05T09:40:00Z"), TWICE, back("2024-03-05T09:50:00Z"));
  none(silent("2024-03-05T09:40:00Z", "2024-03-05T07:59:00Z"), TWICE, back("2024-03-05T08:01:00Z"));
});

test("why a kubelet was silent in an outage that is over is open, and what it says now refutes nothing of it", () => {
  const facts = [node("n1", since("2024-03-05T10:10:00Z")), turned("2024-03-05T09:50:00Z")];
  assert.equal(verdicts(runRule(mechanism, ...facts)), ["undetermined n1"]);
  const [refuted] = runRule(mechanism, ...facts, stuck);
  assert.is(refuted?.outcome === "refuted" && refuted.standsSince?.epochMs, at("2024-03-05T10:10:00Z").epochMs);
});

test("a node under pressure is a symptom, with the pods that its taint kept away; one that is not, is none", () => {
  const under = (type: string, status: string) => ({
    conditions: [ready("True").conditions[0], { ...ready(status).conditions[0], type }] as never,
  });
  const kept = event({
    reason: "FailedScheduling",
    objects: [
      {
        uid: "u1",
        message: "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }.",
      },
      { uid: "u2", message: "0/1 nodes are available: 1 Insufficient cpu." },
    ],
  });
  const [found] = foundBy(pressure, node("n1", under("DiskPressure", "True")), kept);
  assert.equal(found?.about, { node: ["n1"], pod: ["u1"] });
  assert.is(
    texts(found?.statements ?? [])[0],
    "From 2024-03-05T09:50:45Z the node n1 was short of disk space or inodes: its condition was DiskPressure=True.",
  );
  assert.equal(foundBy(pressure, node("n1", under("MemoryPressure", "True")), kept)[0]?.about, { node: ["n1"] });
  assert.equal(runRule(pressure, node("n1", under("DiskPressure", "False")), kept), []);
  assert.equal(runRule(pressure, node("n1", under("DiskPressure", "Unknown")), kept), []);
  assert.equal(runRule(pressure, node("n1", under("FrequentKubeletRestart", "True")), kept), []);
});

const low = (of: string) => `The node was low on resource: ${of}. Threshold quantity: 1, available: 0Ki. `;
const evicted = (name: string, time: string, message = low("ephemeral-storage"), on = "n1") =>
  event({
    reason: "Evicted",
    node: on,
    message,
    objects: [{ name, uid: `uid-${name}`, first: at(time), last: at(time) }],
  });
const threshold = (message = "Attempting to reclaim ephemeral-storage", name = "n1") =>
  event({
    reason: "EvictionThresholdMet",
    objectKind: "Node",
    node: name,
    message,
    objects: [{ name, first: at("2024-03-05T09:50:50Z"), last: at("2024-03-05T10:29:00Z"), count: 40 }],
  });

test("what a kubelet did under pressure is told with it, and cited", () => {
  const short = node("n1", { conditions: [{ ...ready("True").conditions[0], type: "DiskPressure" }] as never });
  const facts = [evicted("a", "2024-03-05T09:51:00Z"), evicted("b", "2024-03-05T09:52:00Z"), threshold()];
  const [found] = foundBy(pressure, short, ...facts);
  assert.equal(texts(found?.statements ?? []).slice(1), [
    "Its kubelet evicted two pods (shop/a and 1 more), between 2024-03-05T09:51:00Z and 2024-03-05T09:52:00Z: The node was low on resource: ephemeral-storage. Threshold quantity: 1, available: 0Ki. .",
    "Its kubelet told of it (EvictionThresholdMet) at least 40 times, between 2024-03-05T09:50:50Z and 2024-03-05T10:29:00Z: Attempting to reclaim ephemeral-storage.",
  ]);
  assert.equal(found?.about.pod, ["uid-a", "uid-b"]);
  assert.is(
    rows(nodeConditions, world({ facts: [short, ...facts] }))[1],
    "2024-03-05T09:51:00.000Z The kubelet of n1 evicts two pods, until 2024-03-05T09:52:00Z.",
  );
  const cited = new Set((found?.statements ?? []).flatMap((s) => s.evidence));
  for (const { value } of facts) assert.ok(value.objects.every((o) => cited.has(o.evidence)));
  const [free] = foundBy(
    pressure,
    short,
    event({
      reason: "FreeDiskSpaceFailed",
      objectKind: "Node",
      node: "n1",
      message: "Failed to garbage collect required amount of images.",
      objects: [{ name: "n1", last: at("2024-03-05T10:00:00Z") }],
    }),
  );
  assert.is(free?.statements.length, 2);
});

test("an eviction elsewhere, of before, for another shortage or a limit of its own is not told with it", () => {
  const short = node("n1", { conditions: [{ ...ready("True").conditions[0], type: "DiskPressure" }] as never });
  for (const other of [
    evicted("a", "2024-03-05T09:51:00Z", low("ephemeral-storage"), "n2"),
    evicted("a", "2024-03-05T08:51:00Z"),
    evicted("a", "2024-03-05T09:51:00Z", low("memory")),
    evicted(
      "a",
      "2024-03-05T09:51:00Z",
      "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.",
    ),
    threshold("Attempting to reclaim memory"),
    threshold(undefined, "n2"),
  ]) {
    const [found] = foundBy(pressure, short, other);
    assert.is(found?.statements.length, 1);
    assert.equal(found?.about, { node: ["n1"] });
  }
});

test.run();
