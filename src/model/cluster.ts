import type { Custody } from "./artifact.js";
import { InquestError } from "./error.js";
import type { Fact, ObjectValue } from "./fact.js";
import { baseName } from "./file-tree.js";
import type { Gap } from "./finding.js";

/** A cluster has this namespace from its first minute to its last: its uid names the cluster. */
const OLDEST = "kube-system";

/**
 * Nothing that two clusters show can be told as one story: nodes, pods and accounts of theirs have the same names.
 *
 * @throws InquestError E_CLUSTERS where the uids of kube-system differ
 */
export function requireOneCluster(facts: readonly Fact[], custody: readonly Custody[]): void {
  const uids = new Map(
    facts.flatMap((fact) => (isOldest(fact) ? [[fact.artifact.bundle, fact.value.uid] as const] : [])),
  );
  const known = custody.filter((c) => uids.get(c.sha256));
  const [first] = known;
  const other = first && known.find((c) => uids.get(c.sha256) !== uids.get(first.sha256));
  if (!first || !other) return;
  throw new InquestError(
    "E_CLUSTERS",
    other.file,
    `of another cluster than ${baseName(first.file)}: the uids of their namespace ${OLDEST} differ`,
    "review the bundles of each cluster by themselves, the nodes' with those of their own cluster",
  );
}

const isOldest = (fact: Fact): fact is Fact<"kube.object"> => {
  if (fact.kind !== "kube.object") return false;
  const { kind, name } = fact.value as ObjectValue;
  return name === OLDEST && /^namespaces?$/i.test(kind);
};

/** Nodes of which bundles show several machines, each with the bundles that differ from the first. */
function changedMachines(
  custody: readonly Custody[],
): ReadonlyMap<string, { first: Custody; others: readonly Custody[] }> {
  const changed = new Map<string, { first: Custody; others: readonly Custody[] }>();
  const firsts = new Map<string, Custody>();
  for (const bundle of custody) {
    if (bundle.node === null || bundle.machineIdSha256 === null || !bundle.parts.includes("node")) continue;
    const first = firsts.get(bundle.node);
    if (!first) firsts.set(bundle.node, bundle);
    else if (first.machineIdSha256 !== bundle.machineIdSha256)
      changed.set(bundle.node, { first, others: [...(changed.get(bundle.node)?.others ?? []), bundle] });
  }
  return changed;
}

/** Says of a bundle that its machine is another than the one which had the node's name before. That is no fault of the bundle. */
export function withMachineDoubts(custody: readonly Custody[]): readonly Custody[] {
  const changed = changedMachines(custody);
  return custody.map((bundle) => {
    const { first, others } = changed.get(bundle.node ?? "") ?? {};
    if (!first || !others?.includes(bundle)) return bundle;
    const message = `its machine has another id than that of ${bundle.node} in ${baseName(first.file)}: the node was installed anew or replaced, or this is another cluster`;
    return { ...bundle, issues: [...bundle.issues, { code: "W_MACHINE", member: null, message }] };
  });
}

/** What would tell whether the machines of one name are of one cluster. `blocks`: the rules that join what nodes and cluster show. */
export function machineGaps(custody: readonly Custody[], blocks: readonly string[]): readonly Gap[] {
  return [...changedMachines(custody).keys()].sort().map((node) => ({
    kind: "kube.node",
    node,
    what: `whether the bundles of ${node} are of one cluster: they show machines with different ids`,
    why: "collected, but it does not say",
    command: `kubectl get namespace ${OLDEST} -o jsonpath='{.metadata.uid}'   # in the cluster of each of these bundles`,
    blocks,
    concerns: [node],
  }));
}
