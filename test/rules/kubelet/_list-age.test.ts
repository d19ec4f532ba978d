import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Artifact } from "#model/artifact.js";
import type { Fact, FactKind } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import type { Rule } from "#model/rule.js";
import create from "#rules/kubelet/sym-failed-create-sandbox.js";
import kill from "#rules/kubelet/sym-failed-kill-pod.js";
import { at, event, fact, judge, pod, texts, world } from "#test/rules/_facts.js";

const test = suite("what a list shows is of the time at which it was read");

const UID = "3218854c-9a9f-47e7-8742-a62d40a5b962";
const NODES_PART = "c".repeat(64);
const FIRST = "2024-03-05T10:00:00Z";
const LAST = "2024-03-05T10:20:00Z";

const MESSAGE = (verb: string, operation = "KillPodSandbox"): string =>
  `failed to "${operation}" for "${UID}" with ${operation}Error: plugin type="calico" failed (${verb}): error getting ClusterInformation: connection is unauthorized: Unauthorized`;

const within = <K extends FactKind>(of: Fact<K>, part: Partial<Artifact>): Fact<K> => ({
  ...of,
  artifact: { ...of.artifact, ...part },
  evidence: { ...of.evidence, bundle: part.bundle ?? of.evidence.bundle },
});

/** Lines of a kubelet's log, in a bundle of its own that was made after the last of them. */
const lines = (sample = MESSAGE("delete"), more: { readonly first?: string; readonly last?: string } = {}) =>
  within(fact("log", { sample, first: at(more.first ?? FIRST), last: at(more.last ?? LAST), count: 80 }, "n1"), {
    bundle: NODES_PART,
    collectedAt: at("2024-03-05T10:20:05Z"),
  });

const listed = (time: string, ...pods: readonly Fact<"kube.pod">[]) =>
  pods.map((p) => within(p, { collectedAt: at(time) }));
const READY = { type: "Ready", status: "True", reason: null, message: null, since: null, heartbeat: null };
const other = pod({ name: "other", conditions: [READY] });
const stuck = (deletion: string) => pod({ name: "web", uid: UID, deletion: at(deletion), graceSeconds: 30 });

const judged = (rule: Rule, ...facts: readonly Fact[]): readonly Outcome[] =>
  judge(
    rule,
    world({
      facts,
      coverage: { "kube.pod": "complete", "kube.event": "complete", log: "complete" },
      moment: { bundles: ["b".repeat(64), NODES_PART] },
    }),
  );
const foundOne = (rule: Rule, ...facts: readonly Fact[]): Found => {
  const [outcome] = judged(rule, ...facts).filter((o): o is Found => o.outcome === "found");
  if (!outcome) throw new Error("not found");
  return outcome;
};

const BEFORE = ["2024-03-05T09:59:59Z", "2024-03-05T10:10:00Z", "2024-03-05T10:19:59Z"];

for (const [rule, verb] of [
  [kill, "delete"],
  [create, "add"],
] as const) {
  const sample = MESSAGE(verb, verb === "add" ? "CreatePodSandbox" : undefined);
  for (const time of BEFORE)
    test(`${rule.id}: a list of ${time.slice(11, 19)} without the pod ends nothing that failed later`, () => {
      const found = foundOne(rule, lines(sample), ...listed(time, other));
      assert.is(found.over, false);
      assert.is(found.ending, null);
      assert.equal(
        found.missing.map((m) => [m.what, m.why, m.command]),
        [
          [
            "the list of pods, read after the last failure that was seen",
            `what was collected is of ${time.replace("T", " ").replace("Z", " UTC")}, before that`,
            "kubectl get pods -A -o json",
          ],
        ],
      );
      assert.is(found.value["heldFromMs"], null);
    });

  test(`${rule.id}: one of a second after the last failure may end it`, () => {
    const found = foundOne(rule, lines(sample), ...listed("2024-03-05T10:20:01Z", other));
    assert.is(found.over, true);
    assert.equal(found.missing, []);
  });

  test(`${rule.id}: a silence of the log ends it, whatever the list, and is told as what shows it`, () => {
    const later = lines("systemd: started", { first: FIRST, last: "2024-03-05T10:40:00Z" });
    const found = foundOne(rule, lines(sample), later, ...listed("2024-03-05T09:59:59Z", other));
    assert.is(found.over, true);
    assert.equal(texts(found.ending ? [found.ending] : []), [
      "The log of n1 goes on until 2024-03-05T10:40:00Z, for 20 min without another of these lines",
    ]);
    assert.is(found.ending?.evidence[0]?.bundle, NODES_PART);
  });
}

test("a list that shows the pod stuck shows the failures while they went on, however long they went on after it", () => {
  const found = foundOne(kill, lines(), ...listed("2024-03-05T10:19:00Z", stuck(FIRST)));
  assert.is(found.over, false);
  assert.equal(found.missing, []);
  assert.is(found.value["heldFromMs"], at(FIRST).epochMs);
});

test("a pod that was stuck before the first failure shows none of them", () => {
  const found = foundOne(kill, lines(), ...listed("2024-03-05T09:59:58Z", stuck("2024-03-05T09:00:00Z")));
  assert.is(found.value["heldFromMs"], null);
});

const failed = (last: string | null, read: string, bundle = "b".repeat(64)) =>
  within(
    event({
      reason: "FailedKillPod",
      message: MESSAGE("delete"),
      first: at(FIRST),
      last: last === null ? null : at(last),
      count: 80,
      objects: [{ name: "web", uid: UID, count: 80, evidence: lines().evidence }].map((o) => ({
        ...o,
        evidence: { ...o.evidence, bundle },
      })),
    }),
    { collectedAt: at(read), bundle },
  );

test("an event that was read before the list, in the same run, told of nothing later, whatever its kubelet's clock says", () => {
  const ahead = failed("2024-03-05T10:21:30Z", "2024-03-05T10:20:00Z");
  assert.is(foundOne(kill, ahead, ...listed("2024-03-05T10:20:02Z", other)).over, true);
});

test("near miss: the same of another run", () => {
  const ahead = failed("2024-03-05T10:21:30Z", "2024-03-05T10:21:40Z", NODES_PART);
  assert.is(foundOne(kill, ahead, ...listed("2024-03-05T10:20:02Z", other)).over, false);
});

test("what failed for seconds only is not known to have passed where the list is older", () => {
  const short = lines(MESSAGE("delete"), { last: "2024-03-05T10:00:10Z" });
  const once = { ...short, value: { ...short.value, count: 2 } };
  const opened = (time: string) =>
    judged(kill, once, ...listed(time, other)).map((o) => (o.outcome === "slight" ? o.open : o.outcome));
  assert.equal(opened("2024-03-05T10:00:05Z"), [true]);
  assert.equal(opened("2024-03-05T10:00:11Z"), [false]);
});

test("a list that is empty was read when the nodes were", () => {
  const nodes = (time: string) => within(fact("kube.node", {}, "n1"), { collectedAt: at(time) });
  assert.is(foundOne(kill, lines(), nodes("2024-03-05T10:19:00Z")).over, false);
  assert.is(foundOne(kill, lines(), nodes("2024-03-05T10:21:00Z")).over, true);
});

test("events that are over do not end what the log tells beside them", () => {
  const events = failed(LAST, "2024-03-05T10:20:20Z");
  const list = listed("2024-03-05T10:20:21Z", other);
  const log = (last: string) => lines(MESSAGE("delete"), { last });
  assert.is(foundOne(kill, events, log(LAST), ...list).over, true);
  assert.is(foundOne(kill, events, log("2024-03-05T10:25:00Z"), ...list).over, false);
});

test("an event whose last time cannot be read is of no age", () => {
  const found = foundOne(
    kill,
    failed(null, "2024-03-05T10:30:00Z"),
    ...listed("2024-03-05T10:30:01Z", stuck("2024-03-05T10:00:00Z")),
  );
  assert.equal(found.lessons, []);
  assert.match(texts(found.statements)[0] ?? "", /^From 2024-03-05T10:00:00Z on the kubelet's attempts/);
  const dated = failed("2024-03-05T10:00:00Z", "2024-03-05T10:30:00Z");
  const told = foundOne(kill, dated, ...listed("2024-03-05T10:30:01Z", stuck("2024-03-05T10:00:00Z")));
  assert.is(told.lessons.length, 1);
});

test("such an event of another run may be as young as that: a list from before does not end it", () => {
  const undated = failed(null, "2024-03-05T10:30:00Z", NODES_PART);
  assert.is(foundOne(kill, undated, ...listed("2024-03-05T10:29:00Z", other)).over, false);
  assert.is(foundOne(kill, undated, ...listed("2024-03-05T10:30:01Z", other)).over, true);
});

test.run();
