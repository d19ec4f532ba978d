import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import { nodeClock } from "#model/instant.js";
import { nameless, underRecoveredNames } from "#model/nameless.js";
import { bundle } from "#test/engine/_cards.js";
import { at, fact, node } from "#test/rules/_facts.js";

const test = suite("nodes whose record is lost");

const SHA = "abcdef0123456789".repeat(4);
const LOST = nameless(SHA);

/** A fact of the bundle whose record is lost. */
const ofLost = <F extends Fact>(of: F): F => {
  const artifact = { ...of.artifact, bundle: SHA, node: LOST };
  return { ...of, node: LOST, artifact, evidence: { ...of.evidence, bundle: SHA, node: LOST } };
};
const host = (name: string) => ofLost(fact("hostname", { name }, LOST));
const kubelet = (cmdline: string) => ofLost(fact("process", { pid: 1, name: "kubelet", cmdline }, LOST));

function recovered(facts: readonly Fact[], nodes: readonly string[], part: Parameters<typeof bundle>[2] = {}) {
  const startedAt = { ...at("2024-03-05T10:00:00Z"), clock: nodeClock(LOST) };
  const custody = [bundle(SHA, "2024-03-05T10:00:00Z", { node: LOST, parts: ["node"], startedAt, ...part })];
  const intake = { artifacts: [], facts: [...facts, ...nodes.map((n) => node(n))], issues: [], coverage: [] };
  return underRecoveredNames(intake, custody);
}
const nameOf = (...of: Parameters<typeof recovered>) => recovered(...of).custody[0]?.node;

test("all that names the machine leads to one node that is listed: it is that, and custody says by what", () => {
  const { intake, custody } = recovered(
    [host("k8s01"), kubelet("kubelet --hostname-override=k8s01 -v 2")],
    ["k8s01", "k8s02"],
  );
  assert.is(custody[0]?.node, "k8s01");
  assert.is(custody[0]?.nodeBy, `--hostname-override of kubelet, ${intake.facts[0]?.artifact.origin}`);
  assert.is(custody[0]?.startedAt.clock, nodeClock("k8s01"));
  assert.equal(
    custody[0]?.issues.map((i) => i.code),
    ["W_NODE_NAME"],
  );
  assert.match(
    custody[0]?.issues[0]?.message ?? "",
    /--hostname-override of kubelet.* leads to k8s01, .*: taken for it$/,
  );
  for (const own of intake.facts.slice(0, 2)) {
    assert.equal([own.node, own.artifact.node, own.evidence.node], ["k8s01", "k8s01", "k8s01"]);
    assert.is(own.evidence.bundle, SHA);
  }
});

test("a host name may be the longer form of the node's", () => {
  assert.is(nameOf([host("k8s01.example.com")], ["k8s01"]), "k8s01");
  assert.is(nameOf([host("k8s01.example.com"), host("k8s01")], ["k8s01"]), "k8s01");
});

for (const [why, facts, nodes] of [
  ["nothing names the machine", [], ["k8s01"]],
  ["nothing but a command line without the option does", [kubelet("kubelet --node-ip=10.0.0.1")], ["k8s01"]],
  ["two names lead to two nodes", [host("k8s01"), host("k8s02")], ["k8s01", "k8s02"]],
  ["one name leads nowhere", [host("k8s01"), host("localhost")], ["k8s01"]],
  ["the kubelet was told another name", [host("k8s01"), kubelet("kubelet --hostname-override n7")], ["k8s01"]],
  ["no node of that name is listed", [host("k8s01")], ["k8s02"]],
  ["no node is listed", [host("k8s01")], []],
  ["two nodes have its first label", [host("k8s01")], ["k8s01.a", "k8s01.b"]],
] as const)
  test(`a node stays nameless where ${why}`, () => {
    const { custody } = recovered(facts, nodes);
    assert.equal([custody[0]?.node, custody[0]?.issues], [LOST, []]);
  });

test("a bundle that says its name, and one without a node's part, are left alone", () => {
  assert.is(nameOf([host("k8s02")], ["k8s01", "k8s02"], { node: "k8s01" }), "k8s01");
  assert.is(nameOf([host("k8s02")], ["k8s02"], { parts: ["cluster"] }), LOST);
  const other = fact("hostname", { name: "k8s02" }, "x");
  assert.is(nameOf([other], ["k8s02"]), LOST, "of another bundle");
});

test.run();
