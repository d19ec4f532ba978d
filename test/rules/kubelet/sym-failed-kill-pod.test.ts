import { suite } from "uvu";
import * as assert from "uvu/assert";
import rule from "#rules/kubelet/sym-failed-kill-pod.js";
import { at, event, fact, foundBy, judge, pod, runRule, slights, texts, verdicts, world } from "#test/rules/_facts.js";

const test = suite("sym:failed-kill-pod");

const UID = "3218854c-9a9f-47e7-8742-a62d40a5b962";
const MESSAGE = `error killing pod: failed to "KillPodSandbox" for "${UID}" with KillPodSandboxError: "rpc error: code = Unknown desc = failed to destroy network for sandbox \\"72ee\\": plugin type=\\"calico\\" failed (delete): error getting ClusterInformation: connection is unauthorized: Unauthorized"`;

const failed = (count: number, last = "2024-03-05T10:25:00Z", message = MESSAGE) =>
  event({
    reason: "FailedKillPod",
    message,
    first: at("2024-03-05T10:00:31Z"),
    last: at(last),
    count,
    objects: [{ name: "web", uid: UID, count, first: at("2024-03-05T10:00:31Z"), last: at(last) }],
  });

const deleted = (deletion: string, more = {}) =>
  pod({ name: "web", uid: UID, deletion: at(deletion), graceSeconds: 30, ...more });

test("errors that ended within seconds, of a pod that is gone, are noise", () => {
  assert.equal(slights(runRule(rule, failed(2, "2024-03-05T10:00:45Z"))), [
    "From 2024-03-05T10:00:31Z until at least 2024-03-05T10:00:45Z the kubelet's attempts to tear down the network of one pod on n1 failed: the API server answered Unauthorized (HTTP 401); no pod was seen to fail for longer than 2 min, too short to tell",
  ]);
});

test("the same without a list of pods is no symptom either, and not known to be over", () => {
  const said = (count: number, last?: string) =>
    judge(rule, world({ facts: [failed(count, last)], coverage: { "kube.event": "complete" } })).map((o) =>
      o.outcome === "slight" ? `slight ${o.open}` : o.outcome,
    );
  assert.equal(said(2, "2024-03-05T10:00:45Z"), ["slight true"]);
  assert.equal(said(104), ["found"]);
});

test("a pod within its grace period is not stuck", () => {
  assert.equal(verdicts(runRule(rule, failed(1, "2024-03-05T10:00:31Z"), deleted("2024-03-05T10:30:20Z"))), [
    "slight n1|401",
  ]);
});

test("a ready pod that nobody deletes is not stuck", () => {
  const ready = { type: "Ready", status: "True", reason: null, message: null, since: null, heartbeat: null };
  assert.equal(
    verdicts(runRule(rule, failed(2, "2024-03-05T10:00:45Z"), pod({ name: "web", uid: UID, conditions: [ready] }))),
    ["slight n1|401"],
  );
});

test("a failed container is no failed sandbox", () => {
  const message = 'error killing pod: failed to "KillContainer" for "web" with KillContainerError: "timed out"';
  assert.equal(runRule(rule, failed(50, undefined, message), deleted("2024-03-05T10:00:30Z")), []);
});

test("one event suffices while the pod is past its deadline", () => {
  const [found] = foundBy(rule, failed(1, "2024-03-05T10:00:31Z"), deleted("2024-03-05T10:00:30Z"));
  assert.is(found?.subject, "n1|401");
  assert.equal(found?.about.pod, [UID]);
  assert.equal(found?.about.error, ["401"]);
  assert.is(found?.over, false);
});

test("a lasting failure of a pod that is gone is over, and still told", () => {
  const [found] = foundBy(rule, failed(104));
  assert.is(found?.over, true);
  assert.is(found?.since?.epochMs, at("2024-03-05T10:00:31Z").epochMs);
});

test("that the pods are gone is told where the list of pods is whole, and not while one is left", () => {
  const gone = (...pods: ReturnType<typeof deleted>[]) =>
    texts(foundBy(rule, failed(104), ...pods)[0]?.statements ?? []).filter((t) => t.includes("existed"));
  assert.equal(gone(), ["At 2024-03-05T10:30:00Z this pod existed no more"]);
  assert.equal(gone(deleted("2024-03-05T10:00:30Z")), []);
  const [unlisted] = judge(rule, world({ facts: [failed(104)], coverage: { "kube.event": "complete" } }));
  assert.not.match(unlisted?.outcome === "found" ? texts(unlisted.statements).join() : "", "existed");
});

test("counts are lower bounds and the cadence is last less first by count less one", () => {
  const told = texts(foundBy(rule, failed(104), deleted("2024-03-05T10:00:30Z"))[0]?.statements ?? []);
  assert.ok(told.includes("The event counts at least 104 failures."), told.join("\n"));
  assert.ok(told.includes("That is one about every 14 s."), told.join("\n"));
});

test("a cadence is rounded, not cut", () => {
  // 100 gaps of 14.75 s.
  const group = failed(101, "2024-03-05T10:25:06Z");
  const told = texts(foundBy(rule, group, deleted("2024-03-05T10:00:30Z"))[0]?.statements ?? []);
  assert.ok(told.includes("That is one about every 15 s."), told.join("\n"));
});

test("the headline tells the error in words, and the message is kept as it is", () => {
  const [found] = foundBy(rule, failed(104), deleted("2024-03-05T10:00:30Z"));
  assert.is(
    texts(found?.statements ?? [])[0],
    "From 2024-03-05T10:00:31Z until at least 2024-03-05T10:25:00Z the kubelet's attempts to tear down the network of one pod on n1 failed: the API server answered Unauthorized (HTTP 401).",
  );
  assert.is(found?.value["message"], MESSAGE);
  const slow = failed(104, undefined, MESSAGE.replace("Unauthorized", "dial tcp: i/o timeout"));
  assert.ok(texts(foundBy(rule, slow)[0]?.statements ?? [])[0]?.endsWith("failed: a timeout."));
});

test("events that stand still beside a stuck pod are a lesson; fresh ones, and those of pods that went, are none", () => {
  const lessons = (last: string, ...pods: ReturnType<typeof deleted>[]) =>
    foundBy(rule, failed(104, last), ...pods)[0]?.lessons.map((l) => l.kind);
  assert.equal(lessons("2024-03-05T10:29:00Z", deleted("2024-03-05T10:00:30Z")), []);
  assert.equal(lessons("2024-03-05T10:25:00Z"), []);
  assert.equal(lessons("2024-03-05T10:25:00Z", deleted("2024-03-05T10:00:30Z")), ["surprise"]);
});

test("without the pods it is found and not over", () => {
  const outcomes = judge(rule, world({ facts: [failed(2)], coverage: { "kube.event": "complete" } }));
  assert.equal(verdicts(outcomes), ["found n1|401"]);
  assert.is(outcomes[0]?.outcome === "found" && outcomes[0].over, false);
});

test("without the events it is undetermined", () => {
  const outcomes = judge(
    rule,
    world({ facts: [deleted("2024-03-05T10:00:30Z")], coverage: { "kube.pod": "complete" } }),
  );
  assert.equal(verdicts(outcomes), ["undetermined cluster"]);
});

const line = (last: string) =>
  fact(
    "log",
    {
      sample: `"Error syncing pod, skipping" err="${MESSAGE.replaceAll("\\", "\\\\\\").replaceAll(/(?<!\\)"/g, '\\"')}" pod="shop/web" podUID="${UID}"`,
      first: at("2024-03-05T10:00:31Z"),
      last: at(last),
      count: 104,
    },
    "n1",
  );

test("the log tells where events are missing", () => {
  const outcomes = judge(
    rule,
    world({
      facts: [line("2024-03-05T10:29:50Z"), deleted("2024-03-05T10:00:30Z")],
      coverage: { "kube.pod": "complete" },
    }),
  );
  assert.equal(verdicts(outcomes), ["found n1|401"]);
});

const OLD =
  'rpc error: code = Unknown desc = failed to destroy network for sandbox "72ee69185015": error getting ClusterInformation: connection is unauthorized: Unauthorized';
const inJournal = (sample: string, more = {}) =>
  fact(
    "log",
    { sample, first: at("2024-03-05T10:01:00Z"), last: at("2024-03-05T10:29:50Z"), count: 104, ...more },
    "n1",
  );
const ofJournal = (...facts: Parameters<typeof runRule>[1][]) =>
  judge(rule, world({ facts, coverage: { "kube.pod": "complete" } }));

for (const sample of [
  `kuberuntime_gc.go:165] Failed to remove sandbox "72ee69185015": ${OLD}`,
  `remote_runtime.go:140] StopPodSandbox "72ee69185015" from runtime service failed: ${OLD}`,
]) {
  test(`old journals: ${sample.slice(0, 60)}`, () => {
    const stuck = deleted("2024-03-05T10:00:30Z");
    assert.equal(verdicts(ofJournal(inJournal(sample), stuck)), ["found n1|401"]);
    const bare = sample.slice(0, sample.indexOf(": rpc"));
    assert.equal(verdicts(ofJournal(inJournal(bare), stuck)), ["undetermined cluster"]);
  });
}

const CONTAINERD = `msg="StopPodSandbox for \\"72ee\\" failed" error="${OLD.slice(OLD.indexOf("failed to"))}"`;

test("lines that name no pod are of those that are stuck there, with one premise open", () => {
  const stuck = deleted("2024-03-05T10:00:30Z");
  const [found] = ofJournal(inJournal(CONTAINERD), stuck);
  if (found?.outcome !== "found") throw new Error("not found");
  assert.equal(found.about.pod, [UID]);
  assert.is(found.unverified.length, 1);
  for (const other of [
    deleted("2024-03-05T10:00:30Z", { finalizers: ["x/y"] }),
    deleted("2024-03-05T10:00:30Z", { node: "n2" }),
  ]) {
    assert.equal(ofJournal(inJournal(CONTAINERD), other)[0]?.about.pod, []);
  }
});

test("a series goes on for others when the pod of its first line is gone, and nobody knows since when", () => {
  const of = (more = {}) => ({
    ...line("2024-03-05T10:29:50Z"),
    value: { ...line("2024-03-05T10:29:50Z").value, ...more },
  });
  const other = pod({ name: "other", uid: "other", deletion: at("2024-03-05T10:20:30Z"), graceSeconds: 30 });
  const [found] = ofJournal(of({ first: at("2024-03-04T10:00:00Z") }), other);
  if (found?.outcome !== "found") throw new Error("not found");
  assert.equal([found.over, found.since, found.about.pod], [false, null, [UID, "other"]]);
  // The log goes on without it.
  const quiet = of({ first: at("2024-03-04T10:00:00Z"), last: at("2024-03-04T10:10:00Z") });
  const alive = inJournal("something else");
  const [healed] = ofJournal(quiet, alive, other);
  if (healed?.outcome !== "found") throw new Error("not found");
  assert.equal([healed.over, healed.about.pod], [true, [UID]]);
});

test("single failures of different pods that are gone, half an hour apart, are noise", () => {
  const one = (uid: string, time: string) => ({
    ...failed(1, time),
    value: {
      ...failed(1, time).value,
      objects: [{ ...failed(1, time).value.objects[0], uid, name: uid, first: at(time), last: at(time) } as never],
    },
  });
  assert.equal(verdicts(runRule(rule, one("a", "2024-03-05T09:40:00Z"), one("b", "2024-03-05T10:14:00Z"))), [
    "slight n1|401",
  ]);
});

test("of the log only what its first line shows is told", () => {
  const told = texts(
    foundBy(rule, failed(104), line("2024-03-05T10:29:50Z"), deleted("2024-03-05T10:00:30Z"))[0]?.statements ?? [],
  );
  assert.ok(told.includes("The log kubelet has lines with the same error, the first at 2024-03-05T10:00:31Z."));
  assert.not.ok(
    told.some((t) => t.includes("10:29:50")),
    told.join("\n"),
  );
});

test("the log tells nothing twice", () => {
  assert.equal(verdicts(runRule(rule, failed(104), line("2024-03-05T10:29:50Z"), deleted("2024-03-05T10:00:30Z"))), [
    "found n1|401",
  ]);
});

test("two nodes and two errors are four findings", () => {
  const kinds = ["n1", "n2"].flatMap((node) =>
    [MESSAGE, MESSAGE.replace("Unauthorized", "dial tcp: i/o timeout")].map((message, i) =>
      event({
        reason: "FailedKillPod",
        node,
        message,
        first: at("2024-03-05T10:00:00Z"),
        last: at("2024-03-05T10:20:00Z"),
        count: 9,
        objects: [{ uid: `${node}${i}`, count: 9 }],
      }),
    ),
  );
  assert.is(foundBy(rule, ...kinds).length, 4);
});

test.run();
