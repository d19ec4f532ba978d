import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainText } from "#model/statement.js";
import rule from "#rules/kubelet/sym-container-creating.js";
import { at, event, foundBy, pod, runRule, slights } from "#test/rules/_facts.js";

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
