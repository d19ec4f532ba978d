import type { Fact, FactKinds } from "#model/fact.js";
import { artifact, at, fact, pod } from "#test/rules/_facts.js";

const MESSAGE =
  "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) didn't match pod anti-affinity rules.";

export const set = (name: string): FactKinds["kube.pod"]["owner"] => ({ kind: "ReplicaSet", name, uid: null });

/** May run on these nodes only. */
export const only = (...names: readonly string[]): Partial<FactKinds["kube.pod"]> => ({
  nodeAffinity: [[{ key: "kubernetes.io/hostname", operator: "In", values: names }]],
});

/** Never beside a pod with the same `app`. */
export const apart = (app: string, topologyKey = "kubernetes.io/hostname"): Partial<FactKinds["kube.pod"]> => ({
  labels: { app },
  antiAffinity: [{ topologyKey, selector: { matchLabels: { app }, matchExpressions: [] }, namespaces: [] }],
});

/** A pod that the scheduler finds no node for, since 10:00:01. */
export const pending = (
  value: Partial<FactKinds["kube.pod"]>,
  message = MESSAGE,
  since = "2024-03-05T10:00:01Z",
): Fact<"kube.pod"> =>
  pod({
    name: "new",
    node: null,
    phase: "Pending",
    created: at(since),
    conditions: [
      { type: "PodScheduled", status: "False", reason: "Unschedulable", message, since: at(since), heartbeat: null },
    ],
    ...value,
  });

/** A pod whose deletion was requested at 10:00:00 and that did not go. */
export const terminating = (value: Partial<FactKinds["kube.pod"]>): Fact<"kube.pod"> =>
  pod({ name: "old", deletion: at("2024-03-05T10:00:30Z"), graceSeconds: 30, ...value });

/** A volume bound to the claim `shop/<claim>` that can be reached from these nodes only; from all where none is named. */
export function volume(claim: string, ...names: readonly string[]): Fact<"kube.object"> {
  const own = fact("kube.object", { apiVersion: "v1", kind: "PersistentVolume", namespace: null, name: `pv-${claim}` });
  const terms = [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: names }] }];
  const nodeAffinity = names.length > 0 ? { nodeAffinity: { required: { nodeSelectorTerms: terms } } } : {};
  return {
    ...own,
    artifact: artifact({ origin: "persistentvolumes", member: "cluster/persistentvolumes.json" }),
    json: { spec: { claimRef: { namespace: "shop", name: claim }, ...nodeAffinity }, status: { phase: "Bound" } },
  };
}
