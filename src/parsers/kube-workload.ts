import type { WorkloadValue } from "#model/fact.js";
import { below, count, intOrString, isRecord, someText, type View } from "./fields.js";
import { listParser } from "./kube-list.js";
import { namespacedMetaOf } from "./kube-meta.js";
import { podTemplateAt } from "./pod-template.js";
import { lists, resourceOf } from "./resource.js";

type Kind = WorkloadValue["kind"];

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["daemonsets", "DaemonSet"],
  ["deployments", "Deployment"],
  ["replicasets", "ReplicaSet"],
  ["statefulsets", "StatefulSet"],
  ["jobs", "Job"],
]);

/** Lists of DaemonSets, Deployments, ReplicaSets, StatefulSets (apps/v1) and Jobs (batch/v1). */
export const kubeWorkload = listParser({
  id: "kube-workload",
  kind: "kube.workload",
  accepts: (artifact) => lists(artifact, [...KINDS.keys()], ["apps", "batch", "extensions"]),
  read: (item, artifact) => {
    const kind = KINDS.get(resourceOf(artifact)?.plural ?? "");
    const meta = namespacedMetaOf(item);
    if (kind === undefined || meta === null) return null;
    const { namespace, name, uid, created, owner, labels } = meta;
    const template = podTemplateAt(item, "spec", "template");
    const value = {
      kind,
      namespace,
      name,
      uid,
      created,
      owner,
      labels,
      template,
      ...numbersOf(item, kind),
      strategy: strategyOf(item),
    };
    return { value, node: null };
  },
  title: (workload) => `${workload.kind} ${workload.namespace}/${workload.name}`,
});

type Numbers = Pick<WorkloadValue, "desired" | "ready" | "available" | "updated">;

function numbersOf(item: View, kind: Kind): Numbers {
  const status = below(item, "status");
  // Go leaves out a zero (omitempty): with a status, a number that is not there is 0.
  const counted = (key: string): number | null => count(status, key) ?? (isRecord(status.value) ? 0 : null);
  switch (kind) {
    case "DaemonSet":
      return {
        desired: count(status, "desiredNumberScheduled"),
        ready: counted("numberReady"),
        available: counted("numberAvailable"),
        updated: counted("updatedNumberScheduled"),
      };
    case "Job":
      return {
        desired: count(item, "spec", "completions"),
        ready: count(status, "ready"),
        available: null,
        updated: null,
      };
    case "ReplicaSet":
      return { ...replicas(item, counted), updated: null };
    case "Deployment":
    case "StatefulSet":
      return { ...replicas(item, counted), updated: counted("updatedReplicas") };
  }
}

function replicas(item: View, counted: (key: string) => number | null): Omit<Numbers, "updated"> {
  return {
    desired: count(item, "spec", "replicas"),
    ready: counted("readyReplicas"),
    available: counted("availableReplicas"),
  };
}

function strategyOf(item: View): WorkloadValue["strategy"] {
  const own = below(item, "spec", "strategy");
  const strategy = isRecord(own.value) ? own : below(item, "spec", "updateStrategy");
  const type = someText(strategy, "type");
  if (type === null) return null;
  return {
    type,
    maxSurge: intOrString(strategy, "rollingUpdate", "maxSurge"),
    maxUnavailable: intOrString(strategy, "rollingUpdate", "maxUnavailable"),
  };
}
