import type { Evidence } from "#model/evidence.js";
import { cite, type Fact } from "#model/fact.js";
import { parentOf } from "#model/file-tree.js";
import type { Outcome } from "#model/finding.js";
import { type FactView, found, type MatchContext } from "#model/rule.js";
import { code, codes, count, say, stated, word } from "#model/statement.js";
import { type Credential, nodeFiles } from "./_credential.js";
import { type Agent, agentOn, writeTarget } from "./_writer.js";

/** The credential in use on a node; null where it could not be followed, or there is none. */
export const credentialOn = (node: string, context: MatchContext): Credential | null => {
  const followed = context.derive(nodeFiles).get(node)?.followed;
  return followed?.state === "followed" ? followed.credential : null;
};

/** The DaemonSet of a CNI agent that wants a pod on a node and has none there. */
export interface Absent {
  readonly node: string;
  readonly workload: Fact<"kube.workload">;
  readonly desired: number;
  readonly ready: number | null;
  readonly elsewhere: readonly string[];
  readonly searched: Evidence;
}

export interface Lists {
  readonly pods: FactView<"kube.pod">;
  readonly hosts: FactView<"kube.node">;
  readonly workloads: FactView<"kube.workload">;
}

/** The DaemonSet of the agent that wants a pod on a node and has none there; null where that is not certain from complete lists. */
export function absentFrom(
  node: string,
  all: readonly Agent[],
  failing: boolean,
  { pods, hosts, workloads }: Lists,
): Absent | null {
  const [searched] = pods.coverage().searched(`pod of a CNI agent on ${node}`);
  if (!searched || [pods, hosts, workloads].some((view) => view.coverage().state !== "complete")) return null;
  const peers = [...new Set(all.map((a) => a.node))].flatMap((peer) => agentOn(all, peer)?.daemonSet ?? []);
  const sets = workloads.all.filter((w) => w.value.kind === "DaemonSet" && writeTarget(w.value.template) !== null);
  const fits = peers.length > 0 ? sets.filter((w) => peers.includes(`${w.value.namespace}/${w.value.name}`)) : sets;
  const [workload] = fits;
  if (!workload || fits.length > 1) return null;
  const { desired, updated, ready, namespace, name } = workload.value;
  // One that is on its way out counts as there: a rollout replaces it.
  const own = pods.all.filter(
    (p) => p.value.namespace === namespace && p.value.owner?.kind === "DaemonSet" && p.value.owner.name === name,
  );
  const there = new Set(own.flatMap((p) => p.value.node ?? []));
  const without = hosts.all.map((h) => h.value.name).filter((host) => !there.has(host));
  if (desired === null || !without.includes(node) || desired - there.size !== without.length) return null;
  // A pod that is not bound to a node yet is on its way there.
  if (own.some((p) => p.value.node === null) || (!failing && updated !== null && updated < desired)) return null;
  return { node, workload, desired, ready, elsewhere: [...there].sort(), searched };
}

/** What is found of it; `errors` are those that want of the agent makes. */
export function absence(
  { node, workload, desired, ready, elsewhere, searched }: Absent,
  errors: readonly string[],
  context: MatchContext,
): Outcome {
  const { namespace, name, template } = workload.value;
  const credential = credentialOn(node, context);
  const target = context
    .derive(nodeFiles)
    .get(node)
    ?.tree.resolve(writeTarget(template)?.hostPath ?? "");
  const feeds = credential !== null && target?.state === "resolved" && target.real === parentOf(credential.real);
  const shown = cite(workload, "/status");
  return found({
    subject: node,
    about: { node: [node], error: errors, ...(feeds ? { path: [credential.real] } : {}) },
    since: null,
    lastSeen: context.moment.collectedAt,
    value: { node, pod: "", namespace, daemonSet: name },
    statements: [
      say`No pod of the CNI agent ${code(`${namespace}/${name}`, shown)} was on ${code(node, searched)}, where the DaemonSet wants one: it wants ${stated(count(desired, "pod", shown))}, one for each node`,
      ...(elsewhere.length > 0 ? [say`Its pods were on ${codes(elsewhere, 8, searched)} only`] : []),
      ...(ready === null ? [] : [say`It counted ${word(ready, shown)} of them as ready`]),
    ],
  });
}
