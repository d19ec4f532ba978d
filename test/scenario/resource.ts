import { type JsonMap, textAt } from "./json.js";
import type { ObjectType } from "./object.js";
import { type ArtifactKind, type ResourceKind, resourceKinds } from "./scenario.js";

interface Resource extends ObjectType {
  /** kubectl's plural. */
  readonly plural: string;
}

const resources: Readonly<Record<ResourceKind, Resource>> = {
  events: { plural: "events", apiVersion: "v1", kind: "Event", namespaced: true },
  pods: { plural: "pods", apiVersion: "v1", kind: "Pod", namespaced: true },
  nodes: { plural: "nodes", apiVersion: "v1", kind: "Node", namespaced: false },
  leases: { plural: "leases", apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespaced: true },
  replicasets: { plural: "replicasets", apiVersion: "apps/v1", kind: "ReplicaSet", namespaced: true },
  daemonsets: { plural: "daemonsets", apiVersion: "apps/v1", kind: "DaemonSet", namespaced: true },
  deployments: { plural: "deployments", apiVersion: "apps/v1", kind: "Deployment", namespaced: true },
  statefulsets: { plural: "statefulsets", apiVersion: "apps/v1", kind: "StatefulSet", namespaced: true },
  controllerrevisions: {
    plural: "controllerrevisions",
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    namespaced: true,
  },
  pv: { plural: "persistentvolumes", apiVersion: "v1", kind: "PersistentVolume", namespaced: false },
  pvc: { plural: "persistentvolumeclaims", apiVersion: "v1", kind: "PersistentVolumeClaim", namespaced: true },
  jobs: { plural: "jobs", apiVersion: "batch/v1", kind: "Job", namespaced: true },
  endpointslices: {
    plural: "endpointslices",
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    namespaced: true,
  },
  volumeattachments: {
    plural: "volumeattachments",
    apiVersion: "storage.k8s.io/v1",
    kind: "VolumeAttachment",
    namespaced: false,
  },
};

/** Kinds without a namespace that a scenario may give as an `object`. */
const clusterScoped = new Set([
  "Node",
  "Namespace",
  "PersistentVolume",
  "StorageClass",
  "CSIDriver",
  "CSINode",
  "VolumeAttachment",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "APIService",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
  "ValidatingAdmissionPolicy",
  "PriorityClass",
  "RuntimeClass",
  "IngressClass",
  "CertificateSigningRequest",
  "FlowSchema",
  "PriorityLevelConfiguration",
  "ClusterInformation",
  "IPPool",
  "IPAMBlock",
  "IPAMHandle",
  "IPAMConfig",
  "BlockAffinity",
  "FelixConfiguration",
  "BGPConfiguration",
  "BGPPeer",
  "GlobalNetworkPolicy",
  "GlobalNetworkSet",
  "HostEndpoint",
  "KubeControllersConfiguration",
  "Installation",
  "TigeraStatus",
  "CiliumNode",
  "CiliumIdentity",
  "NodeMetrics",
]);

/** Plurals that are not made by rule, and those which two groups have: there kubectl needs the group to tell them apart. */
const oddPlurals: Readonly<Record<string, string>> = {
  "/Endpoints": "endpoints",
  "events.k8s.io/Event": "events.events.k8s.io",
  "metrics.k8s.io/PodMetrics": "pods.metrics.k8s.io",
  "metrics.k8s.io/NodeMetrics": "nodes.metrics.k8s.io",
};

/** Whether an artifact's kind lists one Kubernetes resource. */
export function isResourceKind(kind: ArtifactKind): kind is ResourceKind {
  return resourceKinds.some((name) => name === kind);
}

/** The type of the objects of a kind. */
export function typeOf(kind: ResourceKind): ObjectType {
  return resources[kind];
}

/** kubectl's plural of a kind. */
export function pluralOf(kind: ResourceKind): string {
  return resources[kind].plural;
}

/** The type of an item: that of its artifact's kind, or of an `object` what it says of itself; undefined where it is none. */
export function typeOfItem(kind: ArtifactKind, item: JsonMap): ObjectType | undefined {
  if (isResourceKind(kind)) return typeOf(kind);
  const own = textAt(item, "kind");
  const apiVersion = textAt(item, "apiVersion");
  if (kind !== "object" || own === undefined || apiVersion === undefined) return undefined;
  return { apiVersion, kind: own, namespaced: !clusterScoped.has(own) };
}

/** The resource name of an `object`: kubectl's plural, with the group appended for what is not built in. */
export function resourceOf(type: ObjectType): string {
  const group = type.apiVersion.includes("/") ? (type.apiVersion.split("/")[0] ?? "") : "";
  const odd = oddPlurals[`${group}/${type.kind}`];
  if (odd !== undefined) return odd;
  const builtIn = !group.includes(".") || group.endsWith(".k8s.io");
  return builtIn ? plural(type.kind) : `${plural(type.kind)}.${group}`;
}

function plural(kind: string): string {
  const name = kind.toLowerCase();
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}
