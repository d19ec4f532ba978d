import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import type { Finding, Found, Outcome } from "#model/finding.js";
import unhealthy from "#rules/cni/cni-agent-unhealthy.js";
import { at, fact, judge, pod } from "#test/rules/_facts.js";
import { linksOf, run } from "#test/rules/_run.js";
import { agent, CONF_DIR, config, directory, file, link, ready, refusal, scene } from "./_nodes.js";
import { calls, FIRST, gap, host, LISTS, left, NEXT, peer, repair, said, set, text } from "./_nowhere.js";

const test = suite("a plugin whose agent is nowhere");

test("the runtime loads the configuration of a plugin that has no agent: that is the cause, with what it hides", () => {
  const outcome = said([...left(), ...peer, agent()]);
  const told = text(outcome);
  assert.match(
    told,
    /loads \/etc\/cni\/net\.d\/05-cilium\.conflist, which calls cilium-cni, and no agent of that plugin/,
  );
  assert.match(told, /hides \/etc\/cni\/net\.d\/10-calico\.conflist, which comes after it and calls calico/);
  assert.match(told, /calico-node-x, was ready/);
  assert.match(told, /On n2 no file of that name lies.*On n2 the runtime loads the configuration of calico/);
  assert.equal((outcome as Found).unverified, []);
  assert.match(repair(outcome), /^Take \/etc\/cni\/net\.d\/05-cilium\.conflist out of the runtime's way on n1/);
  assert.match(repair(outcome), /\[ -f \S+10-calico\.conflist \] && \[ -f \S+05-cilium\.conflist \] && mv /);
  assert.is(unhealthy.labelOf?.(outcome as unknown as Finding), "CNI configuration without its agent");
});

test("from bundles: the leftover is the only cause of the calls that fail, and nothing else is left open", async () => {
  const file = "cni/agent-nowhere.yaml";
  const { findings, hypotheses, gaps } = await run(file);
  const found = findings.filter((f) => f.rule === "cni-agent-unhealthy");
  assert.equal(
    found.map((f) => [f.value["leftover"], f.confidence]),
    [["/etc/cni/net.d/05-cilium.conflist", "established"]],
  );
  assert.ok((await linksOf(file)).includes("cni-agent-unhealthy -> sym:failed-create-sandbox"));
  assert.not.ok(hypotheses.some((h) => h.status === "open"));
  assert.not.ok(gaps.some((g) => g.blocks.includes("cni-agent-unhealthy")));
});

test("what the others do not show to be meant is not taken away at once", () => {
  const near: Readonly<Record<string, readonly Fact[]>> = {
    "no peer was collected": [...left(), agent()],
    "the agent behind is not ready": [
      ...left(),
      ...peer,
      agent(undefined, { conditions: [ready("False", "2024-03-05T10:28:30Z")] }),
    ],
    "the peer loads the same file": [
      ...left(),
      agent(),
      ...[
        config({}, "n2"),
        directory(CONF_DIR, {}, "n2"),
        file(FIRST, undefined, "n2"),
        calls(FIRST, "cilium-cni", "n2"),
      ],
    ],
    "nothing lies behind": [...left().filter((f) => !("path" in f.value && f.value.path === NEXT)), agent()],
  };
  for (const [why, facts] of Object.entries(near)) {
    const outcome = said(facts);
    assert.match(
      repair(outcome),
      /^Decide which network n1 is to have\. Where it is cilium-cni, install its agent/,
      why,
    );
    assert.match(repair(outcome), /# only where that is not the agent of cilium-cni; on n1, as root\n\[ -f /, why);
  }
  assert.match(
    text(said(near["the peer loads the same file"] ?? [])),
    /On n2 the runtime loads a file of the same name/,
  );
  // Nothing fails there yet, and the review does not praise it.
  assert.is((said(near["the peer loads the same file"] ?? []) as Found).value["shared"], "n2");
  assert.is((said(near["no peer was collected"] ?? []) as Found).value["shared"], "");
});

test("a link in the directory is what is taken away, and not what it leads to", () => {
  const there = "/opt/left/05-cilium.conflist";
  const linked = [
    ...left().filter((f) => !("path" in f.value && f.value.path === FIRST)),
    link(FIRST, there),
    directory("/opt/left"),
    file(there),
    calls(there, "cilium-cni"),
  ];
  const outcome = said([...linked, ...peer, agent()]);
  assert.match(text(outcome), /the runtime loads \/etc\/cni\/net\.d\/05-cilium\.conflist, which/);
  assert.match(repair(outcome), /\[ -f \S+10-calico\.conflist \] && .* && mv \/etc\/cni\/net\.d\/05-cilium\.conflist /);
});

test("an agent that may be no pod is a premise, and where the node's own software is one nothing is found", () => {
  const flannel = left("flannel", `${CONF_DIR}/05-flannel.conflist`);
  assert.match(
    (said([...flannel, agent()], "flannel") as Found).unverified.join(),
    /no service of n1 is the agent of flannel/,
  );
  assert.match(gap(said([host("v1.30.4+k3s1"), ...flannel], "flannel")), /the log of k3s on n1.*journalctl -u 'k3s\*'/);
  const process = fact("process", { pid: 9, name: "flanneld", cmdline: "flanneld" }, "n1");
  assert.match(gap(said([...flannel, process], "flannel")), /the log of flanneld on n1/);
  const k3s = fact("process", { pid: 9, name: "k3s-agent", cmdline: "k3s agent" }, "n1");
  assert.match(gap(said([...flannel, k3s], "flannel")), /the log of k3s on n1/);
  const aws = left("aws-cni", `${CONF_DIR}/05-aws.conflist`);
  const auto = host("v1.30.4-eks-1", { "eks.amazonaws.com/compute-type": "auto" });
  assert.match(gap(said([auto, ...aws], "aws-cni")), /the log of ipamd on n1/);
  // Another plugin's leftover on k3s is one all the same.
  assert.is(said([host("v1.30.4+k3s1"), ...left()]).outcome, "found");
});

test("an agent of another name is asked for, and none is denied", () => {
  const by = (facts: readonly Fact[]): string => gap(said([...left(), ...facts]));
  assert.match(
    by([set("anetd")]),
    /whether kube-system\/anetd is what the plugin cilium-cni asks on n1.*daemonset\/anetd/,
  );
  assert.match(by([set("net", "vendor/cilium:v1.16")]), /whether kube-system\/net is what .* logs daemonset\/net /);
  const still = pod({ namespace: "kube-system", name: "cilium-n1", owner: { kind: "Node", name: "n1", uid: "n" } });
  assert.match(by([still]), /whether kube-system\/cilium-n1 is .* logs pod\/cilium-n1 /);
  // What runs beside an agent is none, and neither is what a Deployment makes.
  const beside = [
    set("cilium-envoy", "quay.io/cilium/cilium-envoy:v1"),
    pod({ name: "cilium-operator-1", owner: { kind: "ReplicaSet", name: "cilium-operator", uid: "r" } }),
    pod({ name: "cilium-docs", owner: { kind: "ReplicaSet", name: "cilium-docs", uid: "r" } }),
  ];
  assert.is(said([...left(), ...beside]).outcome, "found");
});

test("its DaemonSet without a pod on the node is told as that; one whose pod goes or comes is not", () => {
  const its = (node: string | null, part = {}): Fact =>
    pod({
      name: "cilium-a",
      namespace: "kube-system",
      owner: { kind: "DaemonSet", name: "cilium", uid: "c" },
      node,
      ...part,
    });
  const two = set("cilium", undefined, undefined, 2);
  const stops = (outcome: Outcome): string =>
    unhealthy.consequence({ ...outcome, ended: null } as unknown as Finding).stops ?? "";
  const hosts = [host(), fact("kube.node", { name: "n2" })];
  const outcome = said([...left(), agent(), two, its("n2"), ...hosts], undefined, {
    coverage: { "kube.node": "complete" },
  });
  assert.match(text(outcome), /No pod of kube-system\/cilium, the agent that the plugin cilium-cni asks, was on n1/);
  assert.match(text(outcome), /Its pods were on n2 only/);
  assert.match(repair(outcome), /^Find what keeps kube-system\/cilium from having a pod on n1/);
  assert.match(stops(outcome), /^the DaemonSet wants a pod on n1, and none is there/);
  // Of three nodes it may want the third.
  const third = said([...left(), agent(), two, its("n2"), ...hosts, fact("kube.node", { name: "n3" })], undefined, {
    coverage: { "kube.node": "complete" },
  });
  assert.match(stops(third), /whether it wants one there is not told by its status/);
  // What the runtime loads is not known: only that it has all pods that it wants is told.
  const unread = said([agent(), set("cilium"), its("n2"), ...hosts]);
  assert.match(stops(unread), /^the DaemonSet has all pods that it wants, and none of them is on n1/);
  for (const other of [its(null), its("n1", { deletion: at("2024-03-05T10:29:00Z") })])
    assert.match(gap(said([...left(), agent(), set("cilium"), other])), /one was going, or bound to no node yet/);
});

test("a DaemonSet that wants no pod on the node is not made to: what its configuration hides is told, and it is decided", () => {
  const its = pod({
    name: "cilium-a",
    namespace: "kube-system",
    owner: { kind: "DaemonSet", name: "cilium", uid: "c" },
    node: "n2",
  });
  const outcome = said([...left(), ...peer, agent(), set("cilium"), its]);
  assert.match(
    text(outcome),
    /which calls cilium-cni, and the DaemonSet of that plugin's agent, kube-system\/cilium, wants no pod there: it wants 1 pod, and has that on n2/,
  );
  assert.match(text(outcome), /It hides .*10-calico\.conflist.*calico-node-x, was ready/);
  assert.match(
    repair(outcome),
    /^Decide which network n1 is to have\. Where it is cilium-cni, have kube-system\/cilium take the node: .*nodeSelector/,
  );
  assert.match(repair(outcome), /get daemonset cilium -o jsonpath=/);
  assert.not.match(repair(outcome), /install its agent again|rollout status/);
  const { stops, actions } = unhealthy.consequence({ ...outcome, ended: null } as unknown as Finding);
  assert.match(stops ?? "", /^kube-system\/cilium wants no pod on n1, and the configuration of cilium-cni/);
  assert.equal(
    actions.map((a) => a.title),
    ["Give n1 a network whose agent runs"],
  );
});

test("nothing is told to be nowhere that lists do not show, and a gap says what closes it", () => {
  const cut = (kind: "kube.pod" | "kube.workload") =>
    gap(said(left(), undefined, { coverage: { [kind]: "truncated" } }));
  assert.match(cut("kube.pod"), /: cut at a limit → kubectl get pods -A -o json/);
  assert.match(cut("kube.workload"), /: cut at a limit → kubectl get daemonsets,/);
  const others = gap(said(left(), undefined, { workloads: ["deployments"] }));
  assert.match(others, /the list of DaemonSets, .* → kubectl get daemonsets,/);
  // The configuration that the runtime loads is another's, or was not read.
  const moved = gap(said([...left("portmap"), agent()]));
  assert.match(moved, /05-cilium\.conflist, which the runtime loads, does not name it → ls /);
  const unread = left().filter((f) => f.kind !== "cni.netconf");
  assert.match(gap(said([...unread, agent()])), /the configuration with which the plugin cilium-cni was called on n1/);
  // Open vSwitch is a service of most nodes that have it: that no pod is it says nothing.
  for (const facts of [left("openvswitch"), [...left("openvswitch"), set("some")]])
    assert.match(gap(said(facts, "openvswitch")), /what does the work of a CNI agent on n1: .* → ps /);
});

test("a finding that tells of the parted directories is enough", () => {
  const world = scene([host(), ...left()], LISTS);
  world.publish("sym:failed-create-sandbox", [refusal("agent-not-ready:cilium-cni")]);
  world.publish("cni-conf-dir-diverged", [refusal("agent-not-ready:cilium-cni")]);
  assert.equal(judge(unhealthy, world), []);
});

test.run();
