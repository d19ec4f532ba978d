import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ContainerValue, Ended } from "#model/fact.js";
import type { Finding, Found } from "#model/finding.js";
import agentUnhealthy from "#rules/cni/cni-agent-unhealthy.js";
import { at, event, fact, judge, texts } from "#test/rules/_facts.js";
import { agent, plain, ready, refusal, scene } from "./_nodes.js";

const test = suite("how an agent that does not stay up ended");

const SINCE = "2024-03-05T08:00:00Z";
const LOOP: ContainerValue = {
  name: "c",
  image: null,
  init: false,
  ready: false,
  restarts: 9,
  state: "waiting:CrashLoopBackOff",
  startedAt: null,
};
const ended = (part: Partial<Ended>): Ended => ({
  reason: "Error",
  exitCode: 1,
  signal: null,
  at: at("2024-03-05T10:20:00Z"),
  ...part,
});

/** What is said of the agent, with an error in its log as the last line. */
function told(container: Partial<ContainerValue>, events: ReturnType<typeof event>[] = []) {
  const log = fact("log", {
    kind: "podlog",
    source: "kube-system/calico-node-x/c",
    sample: "panic: no route",
    first: at("2024-03-05T10:20:00Z"),
    last: at("2024-03-05T10:20:00Z"),
  });
  const down = agent(undefined, {
    uid: "uid-agent",
    conditions: [ready("False", SINCE)],
    containers: [{ ...LOOP, ...container }],
  });
  const [found] = judge(agentUnhealthy, scene([...plain(), down, log, ...events])).filter((o) => o.outcome === "found");
  const { fix, stops } = agentUnhealthy.consequence({ ...found, ended: null } as unknown as Finding);
  const repair = fix.flatMap((f) => [String(f.step), ...f.commands.map((c) => c.run)]).join("\n");
  return { said: texts((found as Found).statements).join(". "), repair, stops: stops ?? "" };
}

test("one that was ended for want of memory is given memory; its log is not what it stopped with", () => {
  const { said, repair, stops } = told({ ended: ended({ reason: "OOMKilled", exitCode: 137 }), memoryLimit: "128Mi" });
  assert.match(
    said,
    /The container c of kube-system\/calico-node-x last ended at 2024-03-05T10:20:00Z with the reason OOMKilled/,
  );
  assert.match(repair, /^Give c of calico-node-x on n1 more memory than its limit of 128Mi/);
  assert.match(repair, /set resources daemonset calico-node -c c --limits=memory=/);
  assert.not.match(repair, /error in its log|logs /);
  assert.match(stops, /for want of memory/);
});

test("without a limit of its own, what takes the memory of the node is looked for", () => {
  const { repair } = told({ ended: ended({ reason: "OOMKilled", exitCode: 137 }) });
  assert.match(repair, /^Find what takes the memory of n1/);
  assert.not.match(repair, /set resources/);
});

test("who killed it, or asked it to end, is looked for", () => {
  const killed = told({ ended: ended({ exitCode: 137 }) });
  assert.match(killed.repair, /^Find who killed c of calico-node-x on n1 \(SIGKILL, and not for want of memory\)/);
  assert.not.match(killed.repair, /probe that failed: see/);
  const message = "Container c failed liveness probe, will be restarted";
  const probed = told({ ended: ended({ exitCode: 137 }) }, [
    event({ reason: "Killing", type: "Normal", message, objects: [{ uid: "uid-agent" }] }),
  ]);
  assert.match(probed.said, /reason Killing.* says Container c failed liveness probe/);
  assert.match(probed.repair, /Its events tell of a probe that failed/);
  assert.match(told({ ended: ended({ exitCode: 143 }) }).repair, /^Find who asked c of .* to end \(SIGTERM\)/);
  assert.match(told({ ended: ended({ exitCode: 0, reason: "Completed" }) }).repair, /^Find why c of .* ends by itself/);
});

test("one that ended by itself with an error ends with the error in its log, as one whose end was not collected", () => {
  for (const own of [{ ended: ended({}) }, {}, { ended: ended({ reason: "Unknown", exitCode: 255 }) }])
    assert.match(told(own).repair, /^Mend what calico-node-x on n1 stopped with \(the error in its log is quoted\)/);
  assert.match(told({ ended: ended({ at: at("2024-03-05T10:29:00Z") }) }).repair, /^See with what calico-node-x on n1/);
});

test("one that runs and is not ready is quoted with the last error in its log; one that is ready, or ends again and again, is not", () => {
  const runs = { state: "running", startedAt: at("2024-03-05T07:00:00Z") };
  assert.match(
    told(runs).said,
    /The last error in the log of c of kube-system\/calico-node-x is of .*: panic: no route/,
  );
  for (const other of [{ ...runs, ready: true }, { ...runs, init: true }, {}])
    assert.not.match(told(other).said, /The last error/);
});

test("its own log is asked for where it may tell whether calls fail for the same reason, and not where it was had", () => {
  const gapOf = (source: string) => {
    const log = fact("log", { kind: "podlog", source, sample: "panic: no route", last: at("2024-03-05T10:20:00Z") });
    const down = agent(undefined, { uid: "uid-agent", conditions: [ready("False", SINCE)], containers: [LOOP] });
    const world = scene([...plain(), down, log]);
    world.publish("sym:failed-create-sandbox", [refusal("401")]);
    return judge(agentUnhealthy, world).flatMap((o) => (o.outcome === "undetermined" ? o.missing : []));
  };
  const [gap, ...more] = gapOf("kube-system/calico-node-y/c");
  assert.match(gap?.what ?? "", /^the log of calico-node-x: whether it is not ready for the reason/);
  assert.match(gap?.command ?? "", /^kubectl -n kube-system logs calico-node-x --all-containers .*--previous$/);
  assert.equal(more, []);
  assert.equal(gapOf("kube-system/calico-node-x/c"), []);
  assert.is(gapOf("kube-system/calico-node-x/other").length, 1, "of another container than the one that ends");
});

test("one that runs is told how it ended only where that was since it is not ready", () => {
  const runs = { state: "running", startedAt: at("2024-03-05T10:21:00Z") };
  assert.match(told({ ...runs, ended: ended({}) }).said, /last ended/);
  assert.not.match(told({ ...runs, ended: ended({ at: at("2024-03-01T00:00:00Z") }) }).said, /last ended/);
});

test.run();
