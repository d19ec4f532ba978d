import { suite } from "uvu";
import * as assert from "uvu/assert";
import finalizer from "#rules/kubelet/finalizer-stuck.js";
import mechanism from "#rules/kubelet/node-not-ready.js";
import creating from "#rules/kubelet/sym-container-creating.js";
import stuck from "#rules/kubelet/sym-pod-stuck-terminating.js";
import { removeBundles, runCase } from "#test/golden/case.js";
import { at, event, foundBy, node, pod, runRule, texts, verdicts } from "#test/rules/_facts.js";

const test = suite("what was stuck before a kubelet fell silent");
test.after(removeBundles);

/** A kubelet whose last report is of 09:50:00, and whose condition changed 45 s later. */
const silent = (message: string | null = null, status = "Unknown") =>
  node("n1", {
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
const deleted = (name: string, deadline: string, more = {}) =>
  pod({ name, deletion: at(deadline), graceSeconds: 30, ...more });
/** That the silence is ruled out as what held these pods. */
const excluded = (...facts: Parameters<typeof runRule>[1][]) =>
  runRule(mechanism, ...facts).flatMap((o) => (o.outcome === "refuted" ? [o.excludes, texts(o.statements)[0]] : []));

test("a pod whose grace period had been over when its kubelet still reported was held by something else", () => {
  const old = deleted("a", "2024-03-05T08:20:30Z");
  const text =
    "The kubelet of n1 still gave a sign of life at 2024-03-05T09:50:00Z, when the grace period of shop/a had been over for 1 h 29 min: what held shop/a until then is something else; from then on the silence would do so alone.";
  assert.equal(excluded(silent(), old), ["cause", text]);
  assert.ok(texts(foundBy(stuck, silent(), old)[0]?.statements ?? []).includes(text));
  assert.equal(foundBy(stuck, silent(), old)[0]?.due, at("2024-03-05T08:21:30Z"));
  assert.equal(foundBy(mechanism, silent(), old)[0]?.notBefore, at("2024-03-05T09:50:00Z"));
});

test("near misses: its deadline a minute before the last report, after it, or on another node", () => {
  for (const pod of [
    deleted("a", "2024-03-05T09:49:00Z"),
    deleted("a", "2024-03-05T09:56:15Z"),
    deleted("a", "2024-03-05T08:20:30Z", { node: "n2" }),
  ])
    assert.equal(excluded(silent(), pod), []);
  assert.is(excluded(silent(), deleted("a", "2024-03-05T09:48:58Z")).length, 2);
});

test("an event of the kubelet after its last report is a later sign of life; one of another component is none", () => {
  const sign = (component: string, last = "2024-03-05T09:50:30Z") =>
    event({ reason: "FailedUnMount", component, objects: [{ first: at(last), last: at(last) }] });
  const due = deleted("a", "2024-03-05T09:49:10Z");
  assert.is(excluded(silent(), due, sign("kubelet")).length, 2);
  assert.equal(excluded(silent(), due, sign("node-controller")), []);
  const [found] = foundBy(mechanism, silent(), sign("kubelet"));
  assert.equal([found?.since?.epochMs, found?.since?.precisionMs], [at("2024-03-05T09:50:30Z").epochMs, 15_000]);
});

test("pods of before and of after are two findings: what holds the one does not explain the other", () => {
  const both = [deleted("a", "2024-03-05T08:20:30Z"), deleted("b", "2024-03-05T09:56:15Z")];
  const found = foundBy(stuck, silent(), ...both);
  assert.equal(
    found.map((f) => [f.subject, f.about.pod]),
    [
      ["n1", ["uid-a"]],
      ["n1 since its kubelet fell silent", ["uid-b"]],
    ],
  );
  // The same two on a node that works are one.
  assert.is(foundBy(stuck, silent(null, "True"), ...both).length, 1);
});

test("a kubelet that lost sight of its containers later than that explains no pod of before, either", () => {
  const text =
    "The kubelet of n1 reported only from 2024-03-05T09:50:45Z on that it could not follow its containers, when the grace period of shop/a had been over for 1 h 30 min: what held shop/a until then is something else; from then on the silence would do so alone.";
  const old = deleted("a", "2024-03-05T08:20:30Z");
  assert.equal(excluded(silent("PLEG is not healthy", "False"), old), ["cause", text]);
});

test("a node that was not Ready before as well may have held it then: that is open, and the mechanism probable", () => {
  const before = event({
    reason: "NodeNotReady",
    component: "node-controller",
    objectKind: "Node",
    node: null,
    objects: [{ name: "n1", first: at("2024-03-05T08:10:00Z"), last: at("2024-03-05T08:10:00Z") }],
  });
  const old = deleted("a", "2024-03-05T08:20:30Z");
  assert.equal(excluded(silent(), old, before), []);
  const [found] = foundBy(mechanism, silent(), old, before);
  assert.is(found?.notBefore, undefined);
  assert.is(found?.unverified.length, 1);
  assert.equal(foundBy(mechanism, silent(), deleted("a", "2024-03-05T09:56:15Z"), before)[0]?.unverified, []);
});

test("a pod that waited for its containers long before is not held by the silence; one that had just begun to, is", () => {
  const waits = (name: string, startedAt: string) =>
    pod({
      name,
      phase: "Pending",
      startedAt: at(startedAt),
      containers: [{ name: "c", init: false, image: "x", state: "waiting:ContainerCreating", restarts: 0 } as never],
    });
  const old = waits("a", "2024-03-05T09:00:00Z");
  assert.is(excluded(silent(), old)[0], "cause");
  assert.equal(foundBy(creating, silent(), old)[0]?.due, at("2024-03-05T09:05:00Z"));
  assert.equal(excluded(silent(), waits("b", "2024-03-05T09:48:00Z")), []);
});

test("a finalizer is not freed by a silence that came later", () => {
  const held = (deadline: string) => deleted("a", deadline, { finalizers: ["example.com/x"] });
  assert.equal(verdicts(runRule(finalizer, silent(), held("2024-03-05T08:20:30Z"))), ["found n1"]);
  assert.equal(verdicts(runRule(finalizer, silent(), held("2024-03-05T09:56:15Z"))), ["refuted n1"]);
});

test("the review leaves open what held the pod before, and blames the silence for the other", async () => {
  const file = "test/scenarios/kubelet/stuck-before-silence.yaml";
  const { reviewed } = await runCase({ name: "before", zone: "UTC", scenario: { file, ext: true } });
  const { chains, findings } = reviewed.review;
  const ends = chains.map((c) => c.steps.map((id) => findings.find((f) => f.id === id)?.mechanism));
  assert.equal(ends, [
    ["sym:pod-stuck-terminating"],
    ["sym:node-notready", "node-not-ready"],
    ["sym:pod-stuck-terminating", "node-not-ready"],
  ]);
  const first = findings.find((f) => f.id === chains[0]?.steps[0]);
  assert.match(JSON.stringify(first?.statements), /target is busy.*41.*2024-03-05T09:49:00Z/);
  const rival = reviewed.review.hypotheses.find((h) => h.mechanism === "node-not-ready");
  assert.equal([rival?.status, rival?.of], ["refuted", [first?.id]]);
});

test.run();
