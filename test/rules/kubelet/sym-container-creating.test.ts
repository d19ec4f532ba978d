import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainText } from "#model/statement.js";
import rule from "#rules/kubelet/sym-container-creating.js";
import { at, event, fact, foundBy, pod, runRule, slights } from "#test/rules/_facts.js";

const test = suite("sym:container-creating");

const waiting = (startedAt: string, more = {}) =>
  pod({
    name: "a",
    phase: "Pending",
    startedAt: at(startedAt),
    containers: [
      {
        name: "c",
        image: null,
        init: false,
        ready: false,
        restarts: 0,
        state: "waiting:ContainerCreating",
        startedAt: null,
      },
    ],
    ...more,
  });

test("five minutes are a slow start", () => {
  assert.equal(slights(runRule(rule, waiting("2024-03-05T10:25:30Z"))), [
    "One pod (shop/a) was in ContainerCreating for no more than 5 min: too young to tell",
  ]);
});

const booted = (time: string, name = "n1") =>
  event({
    reason: "Rebooted",
    component: "kubelet",
    message: "Node n1 has been rebooted, boot id: x",
    objectKind: "Node",
    namespace: null,
    objects: [{ name, first: at(time), last: at(time) }],
  });

test("a pod of before a boot of its node waits since the boot, unless it waited before", () => {
  const old = waiting("2024-03-01T10:00:00Z");
  assert.equal(slights(runRule(rule, old, booted("2024-03-05T10:28:00Z"))), [
    "One pod (shop/a) was in ContainerCreating on a node that said only at 2024-03-05T10:28:00Z that it had been booted: too young to tell",
  ]);
  assert.is(foundBy(rule, old).length, 1, "no boot");
  assert.is(foundBy(rule, old, booted("2024-03-05T10:20:00Z")).length, 1, "it lasts");
  assert.is(foundBy(rule, old, booted("2024-03-05T10:28:00Z", "n2")).length, 1, "another node");
  const failed = (first: string) =>
    event({
      reason: "FailedMount",
      message: "timed out",
      objects: [{ uid: "uid-a", first: at(first), last: at("2024-03-05T10:29:00Z") }],
    });
  assert.is(foundBy(rule, old, booted("2024-03-05T10:28:00Z"), failed("2024-03-05T09:00:00Z")).length, 1);
  assert.is(foundBy(rule, old, booted("2024-03-05T10:28:00Z"), failed("2024-03-05T10:28:30Z")).length, 0);
});

test("a pod that is being deleted shows the same state and is not meant", () => {
  assert.equal(runRule(rule, waiting("2024-03-05T10:00:00Z", { deletion: at("2024-03-05T10:10:00Z") })), []);
});

test("longer than that is a symptom, with the error of its events", () => {
  const message = "network is not ready: cni plugin not initialized";
  const told = event({ reason: "NetworkNotReady", message, objects: [{ uid: "uid-a" }] });
  const [found] = foundBy(rule, waiting("2024-03-05T10:00:00Z"), told);
  assert.is(found?.subject, "n1");
  assert.equal(found?.about.error, ["not-initialised"]);
});

test("a wait for a volume has no error of the network", () => {
  const told = event({
    reason: "FailedMount",
    message: "timed out waiting for the condition",
    objects: [{ uid: "uid-a" }],
  });
  assert.equal(foundBy(rule, waiting("2024-03-05T10:00:00Z"), told)[0]?.about.error, []);
});

const pulls = (last: string) =>
  event({
    reason: "Pulling",
    type: "Normal",
    message: 'Pulling image "x:7"',
    objects: [{ uid: "uid-a", first: at(last), last: at(last) }],
  });

test("a pull that goes on is told with its event, and is no symptom", () => {
  assert.equal(slights(runRule(rule, waiting("2024-03-05T10:15:00Z"), pulls("2024-03-05T10:15:02Z"))), [
    'One pod (shop/a) was in ContainerCreating while an image was pulled: the event Pulling of 2024-03-05T10:15:02Z says Pulling image "x:7", and none tells of a failure',
  ]);
});

test("not where something failed as well, nor after an hour", () => {
  const failed = event({ reason: "FailedMount", message: "timed out", objects: [{ uid: "uid-a" }] });
  const old = waiting("2024-03-05T09:00:00Z");
  assert.is(foundBy(rule, old, pulls("2024-03-05T10:15:02Z"), failed).length, 1);
  assert.is(foundBy(rule, old, pulls("2024-03-05T09:15:02Z")).length, 1);
});

test("where no event is left of an hour ago, that is a gap, and the log of the kubelet would close it", () => {
  const [found] = foundBy(rule, waiting("2024-03-05T08:00:00Z"));
  assert.is(found?.missing[0]?.what, "the events of shop/a");
  assert.match(
    found?.missing[0]?.command ?? "",
    /^journalctl --utc -u kubelet --since '2024-03-05 08:00:00 UTC' \| grep uid-a /,
  );
  assert.equal(foundBy(rule, waiting("2024-03-05T10:00:00Z"))[0]?.missing, []);
  const log = fact("log", { kind: "journal", sample: "x" }, "n1");
  assert.equal(foundBy(rule, waiting("2024-03-05T08:00:00Z"), log)[0]?.missing, []);
});

test("messages that differ in the sandbox's id only are told once, others each", () => {
  const told = (id: string, inner: string) =>
    event({
      reason: "FailedCreatePodSandBox",
      message: `Failed to create pod sandbox: failed to setup network for sandbox "${id.repeat(64)}": ${inner}`,
      objects: [{ uid: "uid-a" }],
    });
  const of = (...events: Parameters<typeof foundBy>[1][]) =>
    foundBy(rule, waiting("2024-03-05T10:00:00Z"), ...events)[0]?.statements.filter((s) =>
      plainText(s).startsWith("Events"),
    );
  const alike = of(told("a", "no route"), told("b", "no route"));
  assert.is(alike?.length, 1);
  assert.is(alike?.[0]?.evidence.length, 2);
  assert.is(of(told("a", "no route"), told("b", "timeout"))?.length, 2);
});

test.run();
