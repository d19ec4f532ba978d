import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import type { Finding, Found, Undetermined } from "#model/finding.js";
import { plainText } from "#model/statement.js";
import unhealthy from "#rules/cni/cni-agent-unhealthy.js";
import { type Collected, fact, judge } from "#test/rules/_facts.js";
import { agent, CONF_DIR, config, directory, file, netconf, refusal, scene } from "./_nodes.js";

export const FIRST = `${CONF_DIR}/05-cilium.conflist`;
export const NEXT = `${CONF_DIR}/10-calico.conflist`;

export const calls = (path: string, type: string, node = "n1"): Fact =>
  fact("cni.netconf", { path, plugins: [{ type, kubeconfig: null, pointer: null, line: null }] }, node);
/** A node that loads a leftover, before the configuration of the agent that is there. */
export const left = (type = "cilium-cni", first = FIRST): readonly Fact[] => [
  config(),
  directory(CONF_DIR),
  file(first),
  file(NEXT),
  calls(first, type),
  netconf(NEXT, null),
];
export const peer = [
  config({}, "n2"),
  directory(CONF_DIR, {}, "n2"),
  file(NEXT, undefined, "n2"),
  netconf(NEXT, null, "n2"),
];
export const host = (kubeletVersion = "v1.30.1", labels: Readonly<Record<string, string>> = {}): Fact =>
  fact("kube.node", { name: "n1", kubeletVersion, labels, runtimeVersion: "containerd://1.7.16" });

export const set = (name: string, image = "x/y:1", namespace = "kube-system", desired = 1): Fact => {
  const { template } = agent().value;
  const containers = template.containers.map((c) => ({ ...c, name: "c", image }));
  return fact("kube.workload", {
    kind: "DaemonSet",
    namespace,
    name,
    desired,
    template: { ...template, containers },
  });
};
export const LISTS: Omit<Collected, "facts"> = {
  workloads: ["daemonsets", "deployments"],
  moment: { nodes: ["n1", "n2"] },
};

/** What is said of the plugin, where calls on n1 do not find its agent. */
export function said(facts: readonly Fact[], plugin = "cilium-cni", part: Omit<Collected, "facts"> = {}) {
  const world = scene([...(facts.some((f) => f.kind === "kube.node") ? [] : [host()]), ...facts], {
    ...LISTS,
    ...part,
  });
  world.publish("sym:failed-create-sandbox", [refusal(`agent-not-ready:${plugin}`)]);
  const its = judge(unhealthy, world).filter((o) => o.about.error?.includes(`agent-not-ready:${plugin}`));
  assert.is(its.length, 1, its.map((o) => o.outcome).join());
  return its[0] as Found | Undetermined;
}

/** The gap in words, with its command. */
export function gap(outcome: ReturnType<typeof said>): string {
  assert.is(outcome.outcome, "undetermined", outcome.outcome === "found" ? text(outcome) : "");
  const [missing] = (outcome as Undetermined).missing;
  return `${missing.what}: ${missing.why} → ${missing.command}`;
}
export function text(outcome: ReturnType<typeof said>): string {
  assert.is(outcome.outcome, "found", outcome.outcome === "undetermined" ? outcome.missing[0].what : "");
  return (outcome as Found).statements.map(plainText).join(". ");
}
export const repair = (outcome: ReturnType<typeof said>): string =>
  unhealthy
    .consequence({ ...outcome, ended: null } as unknown as Finding)
    .fix.flatMap((f) => [String(f.step), ...f.commands.map((c) => `${c.run} → ${c.expect}`)])
    .join("\n");
