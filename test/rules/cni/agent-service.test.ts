import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import type { Finding, Found } from "#model/finding.js";
import unhealthy from "#rules/cni/cni-agent-unhealthy.js";
import { fact } from "#test/rules/_facts.js";
import { linksOf, run } from "#test/rules/_run.js";
import { agent, CONF_DIR, config, directory, file } from "./_nodes.js";
import { calls, gap, left, peer, repair, said, text } from "./_nowhere.js";

const test = suite("an agent that is a service of the node");

const FLANNEL = `${CONF_DIR}/05-flannel.conflist`;
/** n1 loads flannel's configuration and nothing else. */
const own = left("flannel", FLANNEL).filter((f) => !("path" in f.value && f.value.path.endsWith("10-calico.conflist")));
const other = [
  config({}, "n2"),
  directory(CONF_DIR, {}, "n2"),
  file(FLANNEL, undefined, "n2"),
  calls(FLANNEL, "flannel", "n2"),
];
const failed = (name: string, node = "n1"): Fact =>
  fact("unit", { name, load: "loaded", active: "failed", sub: "failed" }, node);
const runs = (node = "n2"): Fact => fact("process", { pid: 9, name: "flanneld", cmdline: "flanneld" }, node);
const stops = (outcome: ReturnType<typeof said>) =>
  unhealthy.consequence({ ...outcome, ended: null } as unknown as Finding);

test("a service that has failed is the agent that is missed, and nothing is installed beside it nor taken away", () => {
  const outcome = said([...own, ...other, runs(), failed("flanneld.service")], "flannel");
  assert.match(
    text(outcome),
    /^The agent of flannel on n1 is the service flanneld\.service, and systemd lists it there as failed\. No pod /,
  );
  assert.match(text(outcome), /On n2 it runs as flanneld, with a configuration of the same plugin/);
  assert.equal((outcome as Found).unverified, []);
  assert.match(repair(outcome), /^See with what flanneld\.service on n1 failed.*nothing is to be installed beside it/);
  assert.match(repair(outcome), /journalctl .*flanneld\.service[\s\S]*systemctl restart flanneld\.service/);
  assert.not.match(repair(outcome), /\bmv\b|daemonset/);
  assert.match(stops(outcome).stops ?? "", /^flanneld\.service is listed as failed; with what it ended, and when,/);
  assert.equal(stops(outcome).questions, []);
  assert.is(unhealthy.labelOf?.(outcome as unknown as Finding), "CNI agent whose service has failed");
});

test("from bundles: the failed service is the only cause of the calls that fail, and nothing else is left open", async () => {
  const file = "cni/agent-service.yaml";
  const { findings, hypotheses } = await run(file);
  assert.equal(
    findings.filter((f) => f.rule === "cni-agent-unhealthy").map((f) => [f.value["service"], f.confidence]),
    [["flanneld.service", "established"]],
  );
  assert.ok((await linksOf(file)).includes("cni-agent-unhealthy -> sym:failed-create-sandbox"));
  assert.not.ok(hypotheses.some((h) => h.status === "open"));
});

test("where no other node runs it, that the service is the agent is a premise of its name", () => {
  for (const facts of [
    [...own, failed("flanneld.service")],
    [...own, ...peer, runs(), failed("flanneld.service")],
  ])
    assert.equal((said(facts, "flannel") as Found).unverified, [
      "flanneld.service is taken for the agent of flannel by its name",
    ]);
});

test("a failed service of another node, of another name or of another plugin is not the agent", () => {
  const fileGone = {
    ...failed("flanneld.service"),
    value: { name: "flanneld.service", load: "not-found", active: "failed", sub: "failed" },
  };
  for (const near of [
    failed("flanneld.service", "n2"),
    failed("node-exporter.service"),
    failed("weave.service"),
    fileGone,
  ])
    assert.match(text(said([...own, near], "flannel")), /no pod is an agent of that plugin/);
  assert.match(
    gap(said([...own, failed("flannel-setup.service")], "flannel")),
    /whether flannel-setup\.service of n1 is the agent of the plugin flannel: it has failed/,
  );
});

test("what runs as a service on a node with the same configuration is not nowhere: its state is asked for", () => {
  assert.match(
    gap(said([...own, ...other, runs()], "flannel")),
    /the state of the service of n1 that runs flanneld on n2: .* → systemctl list-units --all --no-pager 'flanneld\*'/,
  );
  // One that loads another network says nothing of this one.
  assert.is(said([...own, ...peer, runs()], "flannel").outcome, "found");
});

test("a failed service whose configuration hides what the others have, with its agent ready, decides nothing", () => {
  const hides = [...left("flannel", FLANNEL), ...peer, agent()];
  assert.match(
    gap(said([...hides, failed("flanneld.service")], "flannel")),
    /whether n1 is still to have flannel, whose service flanneld\.service has failed there/,
  );
});

test("where the agent may be a service, nobody is said to have removed it, and that it is one is looked for first", () => {
  const outcome = said([...own, ...other], "flannel");
  assert.not.match(text(outcome), /no agent of that plugin exists/);
  assert.match(stops(outcome).stops ?? "", /^no pod is an agent of flannel.*whether a service of n1 is that agent/);
  assert.match(stops(outcome).questions.join(), /^Is the agent of flannel a service of n1 that does not run\?/);
  assert.match(repair(outcome), /start its service, where the node has one; else install its agent again/);
  assert.match(repair(outcome), /\n# on n1, as root: is the agent of flannel a service\?\nsystemctl list-unit-files/);
  // Cilium's is none, and is told as before.
  const cilium = said([...left(), agent()]);
  assert.match(text(cilium), /no agent of that plugin exists: no pod goes by/);
  assert.match(stops(cilium).questions.join(), /^Was the agent of cilium-cni removed on purpose/);
});

test.run();
