import { suite } from "uvu";
import * as assert from "uvu/assert";
import mechanism from "#rules/kubelet/node-not-ready.js";
import symptom from "#rules/kubelet/sym-node-notready.js";
import pressure from "#rules/kubelet/sym-node-pressure.js";
import { at, event, foundBy, judge, node, pod, runRule, slights, texts, verdicts, world } from "#test/rules/_facts.js";

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
  assert.equal(verdicts(runRule(mechanism, node("n1", ready("False", NETWORK)))), ["refuted n1"]);
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
  const both = (...facts: Parameters<typeof runRule>[1][]) =>
    [symptom, mechanism].map((rule) => verdicts(runRule(rule, ...facts, { ...stuck })));
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

test.run();
