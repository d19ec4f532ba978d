import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { World } from "#engine/world.js";
import type { Fact, FactKinds } from "#model/fact.js";
import type { Finding, Found, Outcome } from "#model/finding.js";
import agentUnhealthy from "#rules/cni/cni-agent-unhealthy.js";
import kubeProxyDown from "#rules/cni/kube-proxy-down.js";
import { dialledIn } from "#rules/kubelet/_dialled.js";
import { at, type Collected, event, fact, judge, node, pod, publish, texts, verdicts } from "#test/rules/_facts.js";
import { linksOf, run } from "#test/rules/_run.js";
import { agent, ready, refusal, scene } from "./_nodes.js";

const test = suite("kube-proxy down");

const API = "https://10.96.0.1:443/apis/crd.projectcalico.org/v1/clusterinformations/default";
const DIAL = `error getting ClusterInformation: Get "${API}": dial tcp 10.96.0.1:443: i/o timeout`;
const failing = (tail: string): string =>
  `failed to setup network for sandbox "x": plugin type="calico" failed (add): ${tail}`;
const call = (tail = DIAL, error = "timeout", on = "n1", since = "2024-03-05T10:00:00Z"): Found => ({
  ...refusal(error, on),
  since: at(since),
  value: { message: failing(tail) },
});

const KUBERNETES = fact("kube.service", {
  namespace: "default",
  name: "kubernetes",
  clusterIps: ["10.96.0.1", "fd00:96::1"],
  ports: [443],
});
type Container = FactKinds["kube.pod"]["containers"][number];
const container = (part: Partial<Container> = {}): Container => ({
  name: "kube-proxy",
  image: null,
  init: false,
  ready: true,
  restarts: 0,
  state: "running",
  startedAt: at("2024-03-01T06:00:00Z"),
  ...part,
});
const OLD = "2024-03-01T06:00:00Z";
const proxy = (part: Partial<FactKinds["kube.pod"]> = {}, on = "n1"): Fact<"kube.pod"> =>
  pod({
    namespace: "kube-system",
    name: `kube-proxy-${on}`,
    node: on,
    owner: { kind: "DaemonSet", name: "kube-proxy", uid: "ds-p" },
    labels: { "k8s-app": "kube-proxy" },
    created: at(OLD),
    conditions: [ready("True", OLD)],
    containers: [container()],
    ...part,
  });
/** One that crash-loops: its condition changes with each of its starts. */
const LOOP = container({ ready: false, restarts: 14, state: "waiting:CrashLoopBackOff", startedAt: null });
const crashing = (since = "2024-03-05T09:30:00Z", part: Partial<FactKinds["kube.pod"]> = {}): Fact<"kube.pod"> =>
  proxy({ conditions: [ready("False", since)], containers: [LOOP], ...part });
const backOff = (first: string): Fact =>
  event({
    reason: "BackOff",
    objects: [{ name: "kube-proxy-n1", uid: "uid-kube-proxy-n1", first: at(first), last: at("2024-03-05T10:29:00Z") }],
  });
const set = (desired = 2): Fact =>
  fact("kube.workload", { kind: "DaemonSet", namespace: "kube-system", name: "kube-proxy", desired });
const HOSTS = ["n1", "n2"].map((name) => node(name, { conditions: [ready("True", OLD)] }));

interface Part extends Omit<Collected, "facts"> {
  readonly calls?: readonly Found[];
}
const withCalls = (facts: readonly Fact[], { calls = [call()], ...part }: Part = {}): World => {
  const of = scene([...HOSTS, set(), ...facts], {
    moment: { nodes: ["n1", "n2"] },
    ...part,
    coverage: { "kube.node": "complete", "kube.service": "complete", ...part.coverage },
  });
  of.publish("sym:failed-create-sandbox", calls);
  return of;
};
const outcomes = (facts: readonly Fact[], part: Part = {}): readonly Outcome[] =>
  judge(kubeProxyDown, withCalls(facts, part));
const said = (facts: readonly Fact[], part: Part = {}): readonly string[] => verdicts(outcomes(facts, part));
const foundIn = (facts: readonly Fact[], part: Part = {}): Found => {
  const found = outcomes(facts, part).find((o): o is Found => o.outcome === "found");
  assert.ok(found, verdicts(outcomes(facts, part)).join());
  return found as Found;
};
const PEER = proxy({}, "n2");
const WELL = [KUBERNETES, proxy(), PEER];
const BROKEN = [KUBERNETES, crashing(), PEER];
const NO_LIST = { coverage: { "kube.service": "not-attempted" } } as const;

test("it crash-loops, and calls dial the address of the API server's Service", () => {
  const found = foundIn(BROKEN);
  const text = texts(found.statements).join("\n");
  assert.match(text, "kube-proxy on n1, kube-proxy-n1, has not stayed up since 2024-03-05");
  assert.match(text, "was waiting in CrashLoopBackOff, after 14 restarts");
  assert.match(text, "10.96.0.1:443 is the address of the Service default/kubernetes");
  assert.match(text, "On n2 kube-proxy was ready all the while");
  const brief = event({ reason: "Unhealthy", node: "n2", message: `Liveness probe failed: ${DIAL}` });
  const beside = texts(foundIn([...BROKEN, brief]).statements).join("\n");
  assert.not.match(beside, "On n2", "not where an event tells of one, however short");
  assert.equal(found.about, { node: ["n1"], error: ["timeout"], pod: ["uid-kube-proxy-n1"] });
  assert.is(found.unverified.length, 1, "its rules outlive it");
});

test("the address is read in every form in which it is dialled", () => {
  const refused = 'Get "https://[10.96.0.1]:443/api/v1/nodes/n1": dial tcp 10.96.0.1:443: connect: connection refused';
  assert.equal(said(BROKEN, { calls: [call(refused, "refused")] }), ["found n1"]);
  const six = 'Get "https://[fd00:96::1]:443/api": dial tcp [fd00:96:0:0::1]:443: connect: no route to host';
  assert.equal(said(BROKEN, { calls: [call(six, "unreachable")] }), ["found n1"]);
  const late = foundIn(BROKEN, { calls: [call(`Get "${API}": context deadline exceeded`)] });
  assert.is(late.unverified.length, 2, "it may have waited for an answer");
  const escaped = `Get \\"${API}\\": dial tcp 10.96.0.1:443: i/o timeout`;
  assert.equal(said(BROKEN, { calls: [call(escaped)] }), ["found n1"]);
});

test("calls of another address are none of its matter", () => {
  for (const other of [
    "dial tcp 10.0.0.5:2379: i/o timeout",
    'Post "https://10.104.7.7:443/validate": dial tcp 10.104.7.7:443: i/o timeout',
    "dial tcp 127.0.0.1:443: i/o timeout",
    'Get "https://10.0.0.1:6443/api": dial tcp 10.0.0.1:6443: i/o timeout',
    "dial tcp 10.96.0.1:9099: i/o timeout",
    "dial tcp: lookup kubernetes.default.svc on 10.96.0.10:53: i/o timeout",
    `Get "${API}": net/http: TLS handshake timeout`,
  ])
    assert.equal(said(BROKEN, { calls: [call(other)] }), [], other);
  assert.equal(said(BROKEN, { calls: [call("Unauthorized", "401")] }), []);
});

test("calls that failed alike at another address are told as a premise", () => {
  const message = `Failed to create pod sandbox: ${failing("dial tcp 10.0.0.5:2379: i/o timeout")}`;
  const other = event({ reason: "FailedCreatePodSandBox", message, objects: [{ name: "y", uid: "y" }] });
  const { unverified } = foundIn([...BROKEN, other]);
  assert.match(unverified.join("\n"), "alike at 10.0.0.5:2379");
});

test("without the list of services it is taken for the Service's where the API is asked for, and that is a premise", () => {
  const facts = [crashing(), PEER];
  const found = foundIn(facts, NO_LIST);
  assert.match(found.unverified.join("\n"), "that 10.96.0.1:443, which was asked for the API, is the address");
  assert.equal(
    found.missing.map((m) => m.command),
    ["kubectl get services -A -o json"],
  );
  assert.equal(
    said(facts, { ...NO_LIST, calls: [call("dial tcp 10.96.0.1:443: i/o timeout")] }),
    [],
    "asks for nothing",
  );
  const own = fact("kubeconfig", { path: "/etc/kubernetes/kubelet.conf", server: "https://10.96.0.1:443" }, "n2");
  assert.equal(said([...facts, own], NO_LIST), [], "a kubelet calls the API server there");
  const plugins = fact(
    "kubeconfig",
    { path: "/etc/cni/net.d/calico-kubeconfig", server: "https://10.96.0.1:443" },
    "n2",
  );
  assert.equal(said([...facts, plugins], NO_LIST), ["found n1"], "the plugin's own says nothing else");
  const host = { ...node("n3"), json: { status: { addresses: [{ type: "InternalIP", address: "10.96.0.1" }] } } };
  assert.equal(said([...facts, host], NO_LIST), [], "a node has it");
  assert.equal(said(facts), [], "a list that was had in full and does not hold it");
});

test("one that was ready before is ruled out; one that became so later leaves it open", () => {
  assert.equal(said(WELL), ["refuted n1"]);
  const again = (startedAt: string, restarts: number): Fact<"kube.pod"> =>
    proxy({ conditions: [ready("True", startedAt)], containers: [container({ restarts, startedAt: at(startedAt) })] });
  assert.equal(said([KUBERNETES, again("2024-03-04T10:00:00Z", 3), PEER]), ["refuted n1"], "restarted long ago");
  assert.equal(said([KUBERNETES, again("2024-03-05T10:29:30Z", 14), PEER]), ["undetermined n1"], "between two ends");
  assert.equal(
    said([KUBERNETES, again("2024-03-05T10:12:00Z", 14), PEER]),
    ["undetermined n1|calls"],
    "it is down no more",
  );
  const [back] = outcomes([KUBERNETES, again("2024-03-05T10:12:00Z", 14), PEER], {
    calls: [{ ...call(), lastSeen: at("2024-03-05T10:11:00Z") }],
  });
  assert.equal(
    back?.outcome === "refuted" && back.standsSince,
    at("2024-03-05T10:12:00Z"),
    "and says nothing of before",
  );
  const early = WELL.map((f) =>
    f.kind === "kube.pod" ? { ...f, artifact: { ...f.artifact, collectedAt: at("2024-03-05T09:50:00Z") } } : f,
  );
  assert.equal(said(early as Fact[]), ["undetermined n1"], "a list from before the calls");
});

test("the API server is down for every node", () => {
  const both = [call(), call(DIAL, "timeout", "n2")];
  assert.equal(said(WELL, { calls: both }), ["refuted n1", "refuted n2"]);
  assert.equal(said(BROKEN, { calls: both }), ["undetermined n1", "refuted n2"], "even beside a dead kube-proxy");
  const long = [
    call(),
    { ...call(DIAL, "timeout", "n2", "2024-03-05T06:00:00Z"), lastSeen: at("2024-03-05T06:20:00Z") },
  ];
  assert.equal(said(BROKEN, { calls: long }), ["found n1", "refuted n2"], "on the other node at another time");
});

test("one that was not ready only after calls had begun is not their cause", () => {
  const probed = proxy({
    conditions: [ready("False", "2024-03-05T10:10:00Z")],
    containers: [container({ ready: false })],
  });
  const [outcome] = outcomes([KUBERNETES, probed, PEER]);
  assert.is(outcome?.outcome === "refuted" && outcome.excludes, "cause");
  const loop = crashing("2024-03-05T10:28:00Z");
  assert.equal(said([KUBERNETES, loop, PEER, backOff("2024-03-05T10:10:00Z")]), ["undetermined n1"], "as events tell");
  const before = foundIn([KUBERNETES, loop, PEER, backOff("2024-03-05T09:10:00Z")]);
  assert.is(before.since?.epochMs, at("2024-03-05T09:10:00Z").epochMs, "its condition tells of its last end only");
  const untold = foundIn([KUBERNETES, loop, PEER]);
  assert.is(untold.since, null);
  assert.is(untold.unverified.length, 2);
  const anew = proxy({
    created: at("2024-03-05T10:05:00Z"),
    conditions: [ready("False", "2024-03-05T10:05:00Z")],
    containers: [container({ ready: false, state: "waiting:ImagePullBackOff", startedAt: null })],
  });
  assert.equal(said([KUBERNETES, anew, PEER]), ["undetermined n1"], "of the one before it nothing is known");
});

test("one that has just been started is none that is down", () => {
  const starting = proxy({
    created: at("2024-03-05T10:29:00Z"),
    conditions: [ready("False", "2024-03-05T10:29:00Z")],
    containers: [container({ ready: false, state: "waiting:ContainerCreating", startedAt: null })],
  });
  const calls = [call(DIAL, "timeout", "n1", "2024-03-05T10:29:30Z")];
  assert.equal(said([KUBERNETES, starting, PEER], { calls }), ["undetermined n1"]);
});

test("a pod that got its network meanwhile shows that its rules still led there", () => {
  const down = proxy({
    conditions: [ready("False", "2024-03-05T09:00:00Z")],
    containers: [container({ ready: false, state: "terminated:Error" })],
  });
  const made = (created: string): Fact =>
    pod({ name: "web", created: at(created), conditions: [ready("True", created)], containers: [] });
  assert.equal(said([KUBERNETES, down, PEER]), ["found n1"]);
  assert.equal(said([KUBERNETES, down, PEER, made("2024-03-05T10:20:00Z")]), ["refuted n1"]);
  assert.equal(said([KUBERNETES, down, PEER, made("2024-03-05T09:20:00Z")]), ["found n1"], "before calls failed");
});

test("nothing is said of a node that is silent, or of pods that were only marked with it", () => {
  const of = (status: string, own: Fact): readonly string[] =>
    verdicts(
      judge(
        kubeProxyDown,
        (() => {
          const hosts = [node("n1", { conditions: [ready(status, "2024-03-05T09:00:00Z")] }), HOSTS[1] as Fact];
          const world = scene([...hosts, set(), KUBERNETES, own, PEER], {
            coverage: { "kube.node": "complete", "kube.service": "complete" },
          });
          world.publish("sym:failed-create-sandbox", [call()]);
          return world;
        })(),
      ),
    );
  const marked = proxy({ conditions: [ready("False", "2024-03-05T09:00:00Z")] });
  assert.equal(of("Unknown", crashing()), []);
  assert.equal(of("False", marked), []);
  assert.equal(of("False", crashing()), ["found n1"]);
});

test("which pod is kube-proxy", () => {
  const fixed = (name: string, labels: Readonly<Record<string, string>>): Fact<"kube.pod"> =>
    crashing(undefined, { name, uid: "uid-kube-proxy-n1", owner: { kind: "Node", name: "n1", uid: null }, labels });
  assert.equal(said([KUBERNETES, fixed("kube-proxy-n1", {}), PEER]), ["found n1"], "rke2");
  assert.equal(said([KUBERNETES, fixed("kube-proxy-gke-n1", { component: "kube-proxy" }), PEER]), ["found n1"], "GKE");
  const elsewhere = crashing(undefined, { namespace: "shop" });
  const without = { facts: [KUBERNETES, elsewhere] };
  assert.equal(verdicts(judge(kubeProxyDown, bare(without.facts))), [], "anybody may label a pod so");
  const exporter = crashing(undefined, { owner: { kind: "ReplicaSet", name: "kube-proxy-exporter", uid: null } });
  assert.equal(verdicts(judge(kubeProxyDown, bare([KUBERNETES, exporter]))), []);
});

/** A cluster without a DaemonSet of that name. */
const bare = (facts: readonly Fact[], pods: "complete" | "not-attempted" = "complete"): World => {
  const world = scene([...HOSTS, ...facts], {
    coverage: { "kube.node": "complete", "kube.service": "complete", "kube.pod": pods },
  });
  world.publish("sym:failed-create-sandbox", [call()]);
  return world;
};

test("a cluster that has none leads to its Services by other means", () => {
  assert.equal(verdicts(judge(kubeProxyDown, bare([KUBERNETES]))), []);
  assert.equal(verdicts(judge(kubeProxyDown, bare([KUBERNETES], "not-attempted"))), ["undetermined n1"]);
});

test("the DaemonSet wants one on the node, and none is there", () => {
  const found = foundIn([KUBERNETES, PEER]);
  assert.match(texts(found.statements).join("\n"), "No pod of kube-proxy was on n1, where its DaemonSet wants one");
  assert.is(found.since, null);
  assert.equal(verdicts(judge(kubeProxyDown, withCalls([KUBERNETES, PEER].filter((f) => f !== PEER)))), ["found n1"]);
  const one = [...HOSTS, set(1), KUBERNETES, PEER];
  const world = scene(one, { coverage: { "kube.node": "complete", "kube.service": "complete" } });
  world.publish("sym:failed-create-sandbox", [call()]);
  assert.equal(verdicts(judge(kubeProxyDown, world)), [], "it wants none there");
  const cut = { coverage: { "kube.workload": "truncated" } } as const;
  assert.equal(said([KUBERNETES, PEER], cut), ["undetermined n1"]);
});

test("on a node that has just joined it never ran: nothing of its rules is there", () => {
  const joined = "2024-03-05T09:00:00Z";
  const fresh = proxy({
    created: at("2024-03-05T09:00:10Z"),
    conditions: [ready("False", "2024-03-05T09:00:10Z")],
    containers: [container({ ready: false, state: "waiting:ImagePullBackOff", startedAt: null })],
  });
  const world = scene(
    [node("n1", { created: at(joined), conditions: [ready("True", joined)] }), set(1), KUBERNETES, fresh],
    {
      coverage: { "kube.node": "complete", "kube.service": "complete" },
    },
  );
  world.publish("sym:failed-create-sandbox", [call()]);
  const [found] = judge(kubeProxyDown, world) as readonly Found[];
  assert.equal(found?.unverified, []);
});

const AGENT_SINCE = "2024-03-05T09:40:00Z";
const victim = (part: Partial<FactKinds["kube.pod"]> = {}): Fact<"kube.pod"> =>
  agent(undefined, {
    conditions: [ready("False", AGENT_SINCE)],
    containers: [container({ name: "calico-node", ready: false })],
    ...part,
  });
const unhealthy = (message: string, last = "2024-03-05T10:29:00Z"): Fact =>
  event({
    reason: "Unhealthy",
    message,
    objects: [{ name: "calico-node-x", uid: "uid-calico-node-x", message, first: at(AGENT_SINCE), last: at(last) }],
  });
const written = (line: string): Fact =>
  fact(
    "log",
    {
      source: "kube-system/calico-node-x/calico-node",
      kind: "podlog",
      sample: line,
      first: at("2024-03-05T09:41:00Z"),
      last: at("2024-03-05T10:29:00Z"),
    },
    "n1",
  );
const agentDown = (world: World): Found | undefined =>
  judge(agentUnhealthy, world).find((o): o is Found => o.outcome === "found");

test("an agent that says itself that it calls there in vain is its effect", () => {
  for (const words of [
    unhealthy(`Readiness probe failed: ${DIAL}`),
    written(`E0305 10:29:00.000000 1 x.go:1] ${DIAL}`),
  ]) {
    const world = withCalls([...BROKEN, victim(), words], { calls: [] });
    const found = judge(kubeProxyDown, world)[0] as Found;
    assert.is(found?.outcome, "found");
    assert.equal(found.about.object, agentDown(world)?.about.object);
    assert.is(found.about.error, undefined, "no call is known to fail so");
    assert.match(texts(found.statements).join("\n"), "calico-node-x, called 10.96.0.1:443 in vain");
    assert.not.ok(found.about.pod?.includes("uid-calico-node-x"), "what befalls the agent's pod is not what befell it");
  }
});

test("an agent that is down for its own reason is not, even beside a dead kube-proxy", () => {
  const dials = unhealthy(`Readiness probe failed: ${DIAL}`);
  const own = (facts: readonly Fact[]): unknown => foundIn([...BROKEN, ...facts]).about.object;
  assert.is(own([victim(), unhealthy("Readiness probe failed: BIRD is not ready")]), undefined);
  assert.ok(own([victim(), dials]));
  const loop = victim({ containers: [{ ...LOOP, name: "calico-node" }] });
  const panic = written("F0305 10:29:00.000000 1 main.go:1] invalid IP_AUTODETECTION_METHOD");
  assert.is(own([loop, dials, panic]), undefined, "its last words are others");
  assert.ok(own([loop, written(`F0305 10:29:00.000000 1 main.go:1] ${DIAL}`)]), "its last words are these");
  const image = victim({ containers: [container({ ready: false, state: "waiting:ImagePullBackOff" })] });
  assert.is(own([image, dials]), undefined, "it was never started");
  const before = unhealthy(`Readiness probe failed: ${DIAL}`, "2024-03-05T09:30:00Z");
  assert.is(own([victim(), before]), undefined, "from before it ceased to be ready");
  assert.is(
    own([
      victim(),
      unhealthy(`Readiness probe failed: ${DIAL}`, "2024-03-05T09:50:00Z"),
      unhealthy("BIRD is not ready"),
    ]),
    undefined,
    "it says another thing since",
  );
  assert.is(own([agent(), dials]), undefined, "it is ready");
});

test("the whole way: from the crash loop to the calls, and to the agent only where it is a victim", async () => {
  assert.equal(await linksOf("cni/kube-proxy-down.yaml"), [
    "kube-proxy-down -> sym:failed-create-sandbox",
    "sym:crash-loop -> kube-proxy-down",
    "sym:failed-create-sandbox -> sym:container-creating",
  ]);
  assert.equal(await linksOf("cni/kube-proxy-victim.yaml"), [
    "cni-agent-unhealthy -> sym:failed-create-sandbox",
    "kube-proxy-down -> cni-agent-unhealthy",
    "sym:crash-loop -> kube-proxy-down",
    "sym:failed-create-sandbox -> sym:container-creating",
  ]);
  assert.equal(await linksOf("cni/kube-proxy-beside.yaml"), [
    "cni-agent-unhealthy -> sym:failed-create-sandbox",
    "sym:crash-loop -> cni-agent-unhealthy",
    "sym:failed-create-sandbox -> sym:container-creating",
  ]);
});

test("where it runs again its finding ends, with the calls", async () => {
  const { findings } = await run("cni/kube-proxy-back.yaml");
  const ends = findings.map((f) => `${f.rule} ${f.ended?.moment ?? "goes on"}`);
  assert.ok(ends.includes("kube-proxy-down m2"), ends.join());
  assert.ok(ends.includes("sym:failed-create-sandbox m2"), ends.join());
});

test("texts that are made to cost much cost little", () => {
  const began = performance.now();
  for (const part of ["https://1.1.1.1/", "dial tcp 1.1.1.1:1->", "dial tcp [::::", 'https://[::1]:443/api": '])
    for (let i = 0; i < 200; i += 1) dialledIn(part.repeat(4_000));
  assert.ok(performance.now() - began < 2_000, `${performance.now() - began} ms`);
});

test("an agent that waits for kube-proxy is left alone until that is mended", () => {
  const runs = (agentSince: string): string => {
    const own = victim({ conditions: [ready("False", agentSince)] });
    const world = withCalls([...BROKEN, own, unhealthy(`Readiness probe failed: ${DIAL}`)]);
    publish(world, kubeProxyDown);
    const { fix } = agentUnhealthy.consequence({ ...agentDown(world), ended: null } as unknown as Finding);
    return JSON.stringify(fix);
  };
  assert.match(runs(AGENT_SINCE), "Mend kube-proxy on n1 first");
  assert.not.match(runs(AGENT_SINCE), "delete pod");
  assert.match(runs("2024-03-05T08:00:00Z"), "delete pod calico-node-x", "it was not ready before kube-proxy was");
});

test("the repair begins with what it ended with, and nothing is deleted before that is mended", () => {
  const of = (found: Found): string =>
    kubeProxyDown
      .consequence({ ...found, ended: null } as unknown as Finding)
      .fix.flatMap((f) => f.commands.map((c) => c.run))
      .join("\n");
  const runs = of(foundIn(BROKEN));
  assert.ok(runs.indexOf("logs kube-proxy-n1 --all-containers --previous") < runs.indexOf("delete pod kube-proxy-n1"));
  assert.match(runs, "get configmap kube-proxy");
  const log = fact(
    "log",
    {
      source: "kube-system/kube-proxy-n1/kube-proxy#previous",
      kind: "podlog",
      sample: "F0305 10:28:00.000000 1 server.go:1] open /proc/sys/net/netfilter/nf_conntrack_max: permission denied",
    },
    "n1",
  );
  assert.not.match(of(foundIn([...BROKEN, log])), "--previous");
  assert.match(of(foundIn([KUBERNETES, PEER])), "get events --field-selector involvedObject.kind=DaemonSet");
  const fixed = crashing(undefined, { owner: { kind: "Node", name: "n1", uid: null } });
  assert.not.match(of(foundIn([KUBERNETES, fixed, PEER])), "delete pod");
  const { verify } = kubeProxyDown.consequence(foundIn(BROKEN) as unknown as Finding);
  assert.match(JSON.stringify(verify), "curl -sk -m 5 https://10.96.0.1:443/version");
});

test("a healthy cluster, and calls that fail otherwise, make it say nothing", () => {
  assert.equal(said(WELL, { calls: [] }), []);
  assert.equal(said(BROKEN, { calls: [] }), []);
});

test.run();
