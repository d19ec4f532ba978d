import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import type { Finding, Found } from "#model/finding.js";
import diverged from "#rules/cni/cni-conf-dir-diverged.js";
import { at, fact, verdicts } from "#test/rules/_facts.js";
import { agent, CONF_DIR, CONFLIST, config, directory, file, plain, said, table, V2 } from "./_nodes.js";

const test = suite("a directory that the runtime reads and nobody fills");

const READS = "/var/lib/rancher/k3s/agent/etc/cni/net.d";
const condition = (status: string, message: string): Fact =>
  fact("kube.node", {
    name: "n1",
    conditions: [
      { type: "Ready", status, reason: "KubeletNotReady", message, since: at("2024-03-05T09:00:00Z"), heartbeat: null },
    ],
  });
const NO_NETWORK =
  "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized";

/** k3s reads its own directory, which is empty; Calico's manifest fills the usual one. */
const files = (): readonly Fact[] => [
  config({ path: "/var/lib/rancher/k3s/agent/etc/containerd/config.toml", cni: [table(V2, READS)] }),
  directory(READS),
  directory(CONF_DIR),
  file(CONFLIST),
];

test("an empty directory on a node that is Ready, or not Ready for something else, is no finding", () => {
  assert.equal(verdicts(said(diverged, ...files(), agent(), condition("True", ""))), []);
  assert.equal(verdicts(said(diverged, ...files(), agent(), condition("False", "PLEG is not healthy"))), []);
  assert.equal(verdicts(said(diverged, ...files(), agent(), condition("Unknown", NO_NETWORK))), []);
});

test("an agent that has not written anything yet, or that writes there, is no divergence", () => {
  const bare = files().filter((f) => f.kind !== "path" || !("path" in f.value) || f.value.path !== CONFLIST);
  assert.equal(verdicts(said(diverged, ...bare, agent(), condition("False", NO_NETWORK))), []);
  assert.equal(verdicts(said(diverged, ...files(), agent(READS), condition("False", NO_NETWORK))), []);
});

test("without the node's condition it is open", () => {
  assert.equal(verdicts(said(diverged, ...files(), agent())), ["undetermined n1"]);
});

test("a node without a network whose agent writes elsewhere is found, and explains only that error", () => {
  const outcomes = said(diverged, ...files(), agent(), condition("False", NO_NETWORK));
  assert.equal(verdicts(outcomes), ["found n1"]);
  assert.equal(outcomes[0]?.about.error, ["not-initialised"]);
  const fix = diverged.consequence({ ...(outcomes[0] as Found), ended: null } as unknown as Finding).fix;
  assert.is(fix.length, 2);
  assert.not.match(JSON.stringify(fix), /cp -p/);
});

test("where there is a configuration, the finding does not explain a node without a network", () => {
  const elsewhere = [directory("/x"), file("/x/calico-kubeconfig")];
  const outcomes = said(diverged, ...plain(), ...elsewhere, agent("/x"), condition("False", NO_NETWORK));
  assert.equal(verdicts(outcomes), ["found n1"]);
  assert.is(outcomes[0]?.about.error, undefined);
  const fix = diverged.consequence({ ...(outcomes[0] as Found), ended: null } as unknown as Finding).fix;
  // Nobody read what lies there: that comes first.
  const [look, put] = fix[0]?.commands ?? [];
  assert.match(look?.run ?? "", /kubectl --kubeconfig \/x\/calico-kubeconfig get/);
  assert.match(put?.run ?? "", /\[ \/x\/calico-kubeconfig -ef \/etc\/cni\/net\.d\/calico-kubeconfig \] \|\|/);
});

test.run();
