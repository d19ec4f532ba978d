import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, FactKinds } from "#model/fact.js";
import { type Finding, ONLY_THEN, REPLACED } from "#model/finding.js";
import { plainText } from "#model/statement.js";
import agentUnhealthy from "#rules/cni/cni-agent-unhealthy.js";
import { at, fact, judge, pod, verdicts } from "#test/rules/_facts.js";
import { linksOf, run } from "#test/rules/_run.js";
import { agent, plain, ready, refusal, scene } from "./_nodes.js";

const test = suite("what an agent that is not ready explains");

const EXPLAINS = "cni-agent-unhealthy -> sym:failed-create-sandbox";
const agents = async (file: string): Promise<readonly Finding[]> =>
  (await run(file)).findings.filter((f) => f.rule === "cni-agent-unhealthy");
const textOf = (finding: Finding | undefined): string => finding?.statements.map(plainText).join(" ") ?? "";
const rival = async (file: string) =>
  (await run(file)).hypotheses.filter((h) => h.mechanism === "cni-agent-unhealthy").map((h) => h.status);

test("a pod that got its network while the agent was not ready refutes it as the cause, and it is told all the same", async () => {
  const file = "cni/agent-unready-served.yaml";
  const [found, ...more] = await agents(file);
  assert.is(more.length, 0);
  assert.not.ok((await linksOf(file)).includes(EXPLAINS));
  assert.equal(await rival(file), ["refuted"]);
  assert.match(
    textOf(found),
    /cart-0, made on east at .*, got its network while kube-system\/calico-node-east2 was not/,
  );
});

test("why it is not ready its own events say", async () => {
  const [found] = await agents("cni/agent-unready-served.yaml");
  assert.match(textOf(found), /reason Unhealthy, last at .*, says Readiness probe failed: BIRD is not ready/);
});

test("one that was ready, runs on and lost its readiness is only probable, and the premise is named", async () => {
  const file = "cni/agent-unready-ran-on.yaml";
  assert.ok((await linksOf(file)).includes(EXPLAINS));
  const [found] = await agents(file);
  assert.is(found?.confidence, "probable");
  assert.match(found?.unverified.join() ?? "", /runs on/);
});

test("one that never became ready is the cause of what its absence makes, and nothing is assumed", async () => {
  const [found] = await agents("cni/agent-unhealthy.yaml");
  assert.is(found?.confidence, "established");
});

test("the socket that the error names is of another daemon: that one explains it, and the agent of the network does not", async () => {
  const file = "cni/agent-of-another-plugin.yaml";
  const { links } = await run(file);
  const found = await agents(file);
  const causes = found.filter((f) => links.some((l) => l.cause === f.id));
  assert.is(found.length, 2);
  assert.equal(
    causes.map((f) => f.value["pod"]),
    ["kube-multus-ds-east"],
  );
});

test("that the agent of the network is well does not refute the want of another one", async () => {
  assert.equal(await rival("cni/agent-of-another-plugin-well.yaml"), ["open"]);
});

test("an empty directory of the runtime is told, since when at the latest, and not where a configuration lies", async () => {
  const { findings } = await run("cni/conf-missing.yaml");
  const found = findings.find((f) => f.rule === "cni-conf-missing");
  assert.is(found?.confidence, "established");
  assert.ok(found?.sinceAtLatest);
  assert.match(textOf(found), /held no CNI configuration: .* last changed at .*: since then at the latest/);
  assert.ok((await linksOf("cni/conf-missing.yaml")).includes("cni-conf-missing -> sym:failed-create-sandbox"));
  for (const file of ["cni/conf-in-place.yaml", "cni/conf-not-listed.yaml"])
    assert.not.ok(
      (await run(file)).findings.some((f) => f.rule === "cni-conf-missing"),
      file,
    );
});

test("a leftover that the runtime reads beside what the agent installs elsewhere is the cause of that plugin's failing calls", async () => {
  const file = "cni/leftover-conf.yaml";
  const { findings } = await run(file);
  const found = findings.find((f) => f.rule === "cni-conf-dir-diverged");
  assert.ok((await linksOf(file)).includes("cni-conf-dir-diverged -> sym:failed-create-sandbox"));
  assert.is(found?.confidence, "established");
  assert.match(textOf(found), /10-flannel\.conflist, which calls the plugin flannel/);
});

test("where a link makes both directories one, it is ruled out; without a failing call, nothing is said of a leftover", async () => {
  const { hypotheses, findings } = await run("cni/leftover-linked.yaml");
  assert.not.ok(findings.some((f) => f.rule === "cni-conf-dir-diverged"));
  assert.ok(hypotheses.some((h) => h.mechanism === "cni-conf-dir-diverged" && h.status === "refuted"));
  const quiet = await run("cni/leftover-unused.yaml");
  assert.not.ok(quiet.findings.some((f) => f.rule === "cni-conf-dir-diverged"));
});

const SINCE = "2024-03-05T08:00:00Z";
const LOOP = {
  name: "c",
  image: null,
  init: false,
  ready: false,
  restarts: 9,
  state: "waiting:CrashLoopBackOff",
  startedAt: null,
};

/** What is said of an agent that is not ready since eight, beside a call that misses it and another pod of the node. */
function beside(other: Partial<FactKinds["kube.pod"]>, down: Partial<FactKinds["kube.pod"]> = {}) {
  const made = {
    name: "other",
    uid: "uid-other",
    created: at("2024-03-05T08:30:00Z"),
    conditions: [ready("True", "2024-03-05T08:31:00Z")],
  };
  const unready = agent(undefined, { uid: "uid-agent", conditions: [ready("False", SINCE)], ...down });
  const world = scene([...plain(), unready, pod({ ...made, ...other })]);
  world.publish("sym:failed-create-sandbox", [refusal("agent-not-ready:calico")]);
  return judge(agentUnhealthy, world);
}

test("without the node's object it is not known that its kubelet said so itself", () => {
  const unready = agent(undefined, { conditions: [ready("False", SINCE)] });
  const doubt = (...facts: readonly Fact[]) =>
    judge(agentUnhealthy, scene([...plain(), unready, ...facts])).flatMap((o) =>
      o.outcome === "found" ? o.unverified : [],
    );
  assert.equal(doubt(), ["that the kubelet of n1 reported so itself: no node object tells"]);
  assert.equal(doubt(fact("kube.node", { name: "n1", conditions: [ready("True", SINCE)] }, "n1")), []);
});

const errorsOf = (outcomes: ReturnType<typeof beside>) => outcomes.map((o) => o.outcome === "found" && o.about.error);

test("the log with which a container of it ended is asked for, unless its error is in what was collected", () => {
  const fixOf = (sample: string, container = "c") => {
    const log = fact("log", {
      kind: "podlog",
      source: `kube-system/calico-node-x/${container}`,
      sample,
      first: at("2024-03-05T10:20:00Z"),
      last: at("2024-03-05T10:20:00Z"),
    });
    const down = agent(undefined, { conditions: [ready("False", SINCE)], containers: [LOOP] });
    const world = scene([...plain(), down, log]);
    const [found] = judge(agentUnhealthy, world).filter((o) => o.outcome === "found");
    return JSON.stringify(agentUnhealthy.consequence({ ...found, ended: null } as never).fix);
  };
  assert.not.match(fixOf("panic: no route"), /--previous/);
  assert.match(fixOf("panic: no route"), /the error in its log is quoted/);
  for (const asked of [fixOf("shutting down"), fixOf("panic: no route", "d")]) assert.match(asked, /--previous/);
});

test("only a pod with a network of its own that was made meanwhile refutes it", () => {
  assert.equal(verdicts(beside({})), ["found n1", "refuted n1"]);
  assert.equal(errorsOf(beside({}))[0], undefined);
  for (const other of [
    { created: at("2024-03-05T07:59:00Z") },
    { conditions: [ready("False", "2024-03-05T08:31:00Z")] },
    { node: "n2" },
    { template: { containers: [], hostPaths: [], serviceAccount: null, hostNetwork: true } },
  ])
    assert.equal(verdicts(beside(other)), ["found n1"], JSON.stringify(other));
});

test("an agent that became ready after the last failure, or was started anew, was not seen while calls failed", () => {
  // the calls are seen to fail until half past ten
  const seen = (since: string, more: Partial<FactKinds["kube.pod"]> = {}) => {
    const well = agent(undefined, { uid: "uid-agent", conditions: [ready("True", since)], ...more });
    const world = scene([...plain(), well]);
    world.publish("sym:failed-create-sandbox", [
      { ...refusal("agent-not-ready:calico"), lastSeen: at("2024-03-05T10:29:00Z") },
    ]);
    return judge(agentUnhealthy, world);
  };
  const told = (outcomes: ReturnType<typeof seen>) => outcomes.map((o) => o.outcome);
  assert.equal(told(seen("2024-03-05T08:00:00Z")), ["refuted"]);
  assert.equal(told(seen("2024-03-05T10:27:59Z")), ["refuted"], "a minute of failures with a ready agent");
  assert.equal(told(seen("2024-03-05T10:28:30Z")), ["undetermined"]);
  assert.equal(told(seen("2024-03-05T10:29:20Z")), ["undetermined"]);
  const anew = { ...LOOP, ready: true, state: "running", restarts: 41, startedAt: at("2024-03-05T10:29:10Z") };
  assert.equal(told(seen("2024-03-05T08:00:00Z", { containers: [anew] })), ["undetermined"]);
  assert.equal(told(seen("2024-03-05T08:00:00Z", { containers: [{ ...anew, init: true }] })), ["refuted"]);
});

test("what it was like while calls failed no command brings back, and none is given", () => {
  const anew = { ...LOOP, ready: true, state: "running", startedAt: at("2024-03-05T10:29:10Z") };
  const well = agent(undefined, { conditions: [ready("True", SINCE)], containers: [anew] });
  const gapOf = (lastSeen: string | null) => {
    const world = scene([...plain(), well]);
    const call = { ...refusal("agent-not-ready:calico"), lastSeen: lastSeen === null ? null : at(lastSeen) };
    world.publish("sym:failed-create-sandbox", [call]);
    const [outcome] = judge(agentUnhealthy, world);
    return outcome?.outcome === "undetermined" ? outcome.missing[0] : undefined;
  };
  const gap = gapOf("2024-03-05T10:29:00Z");
  assert.equal([gap?.why, gap?.command, gap?.node], [REPLACED, ONLY_THEN, "n1"]);
  assert.match(gap?.what ?? "", /running and ready since 2024-03-05 10:29:10 UTC only/);
  // When calls failed for the last time a list may still tell.
  assert.is(gapOf(null)?.command, "kubectl get events -A -o json");
});

test("of an agent that may have become worse since, such a pod leaves a premise and takes the date", () => {
  const restarted = [{ ...LOOP, state: "running", startedAt: at("2024-03-05T09:00:00Z") }];
  for (const containers of [[LOOP], restarted]) {
    const [outcome, ...more] = beside({}, { containers });
    assert.equal(more, []);
    assert.ok(outcome?.outcome === "found" && outcome.about.error?.includes("agent-not-ready:calico"));
    assert.is(outcome?.outcome === "found" && outcome.since, null);
    assert.match(outcome?.outcome === "found" ? outcome.unverified.join() : "", /became worse after shop\/other/);
  }
});

test("one that is only starting is open, and named", () => {
  const young = [ready("False", "2024-03-05T10:29:00Z")];
  const [outcome] = beside({}, { conditions: young });
  assert.match(
    outcome?.outcome === "undetermined" ? outcome.missing[0].what : "",
    /calico-node-x, collected some minutes later/,
  );
});

test("what the datastore's flag makes a plugin say is no want of an agent", () => {
  const world = scene([...plain(), agent(undefined, { conditions: [ready("False", SINCE)] })]);
  world.publish("sym:failed-create-sandbox", [refusal("datastore-not-ready")]);
  const [outcome] = judge(agentUnhealthy, world);
  assert.not.ok(outcome?.about.error?.includes("datastore-not-ready"));
});

test.run();
