import { suite } from "uvu";
import * as assert from "uvu/assert";
import mechanism from "#rules/kubelet/node-not-ready.js";
import symptom from "#rules/kubelet/sym-node-notready.js";
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

test("a silent kubelet is both, since its last heartbeat", () => {
  assert.is(foundBy(symptom, node("n1", ready("Unknown"))).length, 1);
  const [found] = foundBy(mechanism, node("n1", ready("Unknown")));
  assert.is(found?.since?.epochMs, at("2024-03-05T09:50:00Z").epochMs);
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

test.run();
