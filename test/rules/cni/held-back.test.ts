import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ContainerValue, Fact } from "#model/fact.js";
import type { Finding, Found } from "#model/finding.js";
import type { Rule } from "#model/rule.js";
import agentUnhealthy from "#rules/cni/cni-agent-unhealthy.js";
import podGone from "#rules/cni/cni-kubeconfig-token-pod-gone.js";
import rbac from "#rules/cni/cni-rbac-denied.js";
import { at, event, judge, texts, verdicts } from "#test/rules/_facts.js";
import { agent, plain, ready, refusal, scene, token } from "./_nodes.js";

const test = suite("an agent that its own network keeps from starting");

const GONE = token({ pod: { name: "gone", uid: "uid-gone" } });
const own = (part: Partial<ContainerValue>): readonly ContainerValue[] => [
  {
    name: "c",
    image: null,
    init: false,
    ready: false,
    restarts: 0,
    state: "waiting:ContainerCreating",
    startedAt: null,
    ...part,
  },
];
/** Calls of these pods are refused on n1 until half past ten, where the agent has not been ready since ten. */
function refused(error: string, uids: readonly string[], container: Partial<ContainerValue> = {}, more: Fact[] = []) {
  const facts = [
    ...plain(GONE),
    agent(undefined, {
      uid: "uid-x",
      phase: "Pending",
      containers: own(container),
      conditions: [ready("False", "2024-03-05T10:00:00Z")],
    }),
    ...more,
  ];
  const world = scene(facts);
  const call = refusal(error);
  world.publish("sym:failed-create-sandbox", [{ ...call, about: { ...call.about, pod: uids } }]);
  return world;
}
const told = (rule: Rule, world: ReturnType<typeof scene>): readonly string[] =>
  judge(rule, world).map((o) => `${o.outcome} ${"statements" in o ? texts(o.statements).join(" ") : ""}`);

test("that it is not ready is what the refusal brought about, and no cause of it", () => {
  const [first, ...more] = told(agentUnhealthy, refused("401", ["uid-other", "uid-x"]));
  assert.match(
    first ?? "",
    /^refuted The CNI agent of n1, calico-node-x, is not ready because of what fails: its own sandbox/,
  );
  assert.equal(more, []);
});

const found = (world: ReturnType<typeof scene>) => verdicts(judge(agentUnhealthy, world))[0] ?? "";

test("one that runs, that is not among those that are refused, or that fails for another reason is judged as ever", () => {
  assert.match(found(refused("401", ["uid-other"])), /^found/);
  assert.match(found(refused("not-initialised", ["uid-x"])), /^found/);
  const runs = { state: "running", startedAt: at("2024-03-05T09:00:00Z") };
  assert.match(found(refused("401", ["uid-x"], runs)), /^found/);
});

const end = (time: string) => ({ reason: "Unknown", exitCode: 255, signal: null, at: at(time) });

test("one that ran before its node was started anew waits alike: nothing of it runs, and its sandbox is refused since", () => {
  const before = end("2024-03-05T09:50:00Z");
  for (const container of [
    { restarts: 1 },
    { restarts: 1, ended: before },
    { restarts: 3, state: "terminated:Unknown", startedAt: at("2024-03-05T08:00:00Z"), ended: before },
  ])
    assert.match(found(refused("401", ["uid-x"], container)), /^refuted/, JSON.stringify(container));
});

test("near misses: what has its sandbox, or was refused one only before it last ran, is not held back", () => {
  for (const state of ["waiting:CrashLoopBackOff", "waiting:ImagePullBackOff"])
    assert.match(found(refused("401", ["uid-x"], { restarts: 4, state })), /^found/, state);
  const ended = { restarts: 1, state: "terminated:Error", ended: end("2024-03-05T10:20:00Z") };
  const own = (last: string) =>
    event({ reason: "FailedCreatePodSandBox", objects: [{ uid: "uid-x", last: at(last), first: null }] });
  assert.match(found(refused("401", ["uid-x"], ended, [own("2024-03-05T10:10:00Z")])), /^found/);
  assert.match(found(refused("401", ["uid-x"], ended, [own("2024-03-05T10:25:00Z")])), /^refuted/);
});

const repair = (world: ReturnType<typeof scene>) => {
  const outcome = judge(podGone, world).find((o) => o.outcome === "found") as Found;
  const { fix, stops } = podGone.consequence({ ...outcome, ended: null } as unknown as Finding);
  return { fix: fix.flatMap((f) => [String(f.step), ...f.commands.map((c) => c.run)]).join("\n"), stops };
};

test("the file that it would write is mended by hand: a successor would wait alike", () => {
  const { fix, stops } = repair(refused("401", ["uid-x"]));
  assert.match(fix, /^Put a token by hand in the place of the one in \/etc\/cni\/net\.d\/calico-kubeconfig on n1/);
  assert.match(fix, /kubectl -n kube-system create token calico-cni-plugin --duration=1h/);
  assert.not.match(fix, /delete pod/);
  assert.match(
    stops ?? "",
    /waits for a network of its own, and that is refused with the token which it would replace/,
  );
});

test("an agent that is only not ready is replaced, once it is mended", () => {
  assert.match(repair(refused("401", ["uid-other"])).fix, /delete pod calico-node-x/);
});

test("what is known of Calico is told of Calico only", () => {
  const kept = (rule: Rule, value: Finding["value"]): number =>
    rule.known.filter(
      ({ source }) =>
        source.kind === "known" &&
        source.reference.source.startsWith("calico ") &&
        rule.holds?.(source.reference, { value } as Finding) !== false,
    ).length;
  assert.ok(kept(podGone, {}) > 0);
  assert.is(kept(podGone, { plugin: "multus" }), 0);
  assert.ok(kept(agentUnhealthy, { daemonSet: "calico-node" }) > 0);
  assert.is(kept(agentUnhealthy, { daemonSet: "cilium" }), 0);
  assert.is(kept(agentUnhealthy, { daemonSet: "calico-node", leftover: "/x" }), 0);
  assert.ok(kept(rbac, { saysCalico: true }) > 0);
  assert.is(kept(rbac, { saysCalico: false }), 0);
});

test.run();
