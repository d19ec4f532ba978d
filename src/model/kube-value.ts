import type { Evidence } from "./evidence.js";
import type { Instant } from "./instant.js";

export interface OwnerRef {
  readonly kind: string;
  readonly name: string;
  readonly uid: string | null;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string | null;
  readonly message: string | null;
  readonly since: Instant | null;
  readonly heartbeat: Instant | null;
}

export interface ContainerValue {
  readonly name: string;
  readonly image: string | null;
  readonly init: boolean;
  readonly ready: boolean;
  readonly restarts: number;
  /** running · waiting:<reason> · terminated:<reason> · unknown. */
  readonly state: string;
  readonly startedAt: Instant | null;
  /** How its last run ended, where one did. */
  readonly ended?: Ended;
  /** `resources.limits.memory` of its spec, as written; left out where it sets none. */
  readonly memoryLimit?: string;
}

/** `ContainerStateTerminated` of core/v1. */
export interface Ended {
  /** `OOMKilled`, `Error`, `Completed`, … */
  readonly reason: string;
  readonly exitCode: number | null;
  /** Where the runtime gives one. */
  readonly signal: number | null;
  readonly at: Instant | null;
}

/** A requirement `labelSelector` + `topologyKey` + namespaces of required anti-affinity. */
export interface AntiAffinityTerm {
  readonly topologyKey: string;
  readonly selector: LabelSelector;
  /** With no selector of namespaces, empty means the pod's own namespace. */
  readonly namespaces: readonly string[];
  /** Namespaces by their labels, beside those that are named; an empty selector means all of them. */
  readonly namespaceSelector?: LabelSelector;
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly SelectorExpression[];
}

export interface SelectorExpression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

export interface HostPathVolume {
  readonly name: string;
  readonly path: string;
}

/** What a pod (or a pod template) says of its volumes and of where containers mount them. */
export interface PodTemplate {
  readonly containers: readonly TemplateContainer[];
  readonly hostPaths: readonly HostPathVolume[];
  readonly serviceAccount: string | null;
  readonly hostNetwork: boolean;
}

export interface TemplateContainer {
  readonly name: string;
  readonly image: string | null;
  readonly init: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly { readonly volume: string; readonly path: string }[];
}

export interface PodValue {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string | null;
  readonly phase: string;
  readonly created: Instant | null;
  readonly startedAt: Instant | null;
  /** metadata.deletionTimestamp: request + grace. */
  readonly deletion: Instant | null;
  readonly graceSeconds: number | null;
  readonly finalizers: readonly string[];
  readonly owner: OwnerRef | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly conditions: readonly Condition[];
  readonly containers: readonly ContainerValue[];
  readonly template: PodTemplate;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Required node affinity: terms are ORed, expressions within one ANDed. */
  readonly nodeAffinity: readonly (readonly SelectorExpression[])[];
  readonly antiAffinity: readonly AntiAffinityTerm[];
  readonly claims: readonly string[];
}

export interface NodeValue {
  readonly name: string;
  readonly uid: string | null;
  readonly created: Instant | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  readonly taints: readonly { readonly key: string; readonly effect: string }[];
  readonly conditions: readonly Condition[];
  readonly kubeletVersion: string | null;
  readonly runtimeVersion: string | null;
}

/** Events alike in all but the object they speak of. `count` is a lower bound: clients filter what they write. */
export interface EventSeriesValue {
  readonly reason: string;
  readonly type: string;
  readonly component: string | null;
  readonly node: string | null;
  readonly objectKind: string;
  readonly namespace: string | null;
  /** The message of the first one. */
  readonly message: string;
  readonly first: Instant | null;
  readonly last: Instant | null;
  /** When the API server stored the first one, by its own clock; the times above are the reporter's. */
  readonly created?: Instant | null;
  readonly count: number;
  /** Objects concerned, by first appearance; at most 500, the rest only counted. */
  readonly objects: readonly EventObject[];
  readonly moreObjects: number;
}

export interface EventObject {
  readonly name: string;
  readonly uid: string | null;
  readonly message: string;
  readonly first: Instant | null;
  readonly last: Instant | null;
  /** null: the event carries no count (events.k8s.io without series). */
  readonly count: number | null;
  readonly evidence: Evidence;
}

export interface WorkloadValue {
  readonly kind: "ReplicaSet" | "DaemonSet" | "Deployment" | "StatefulSet" | "Job";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | null;
  readonly created: Instant | null;
  readonly owner: OwnerRef | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Replicas wanted: spec.replicas, desiredNumberScheduled, completions. */
  readonly desired: number | null;
  readonly ready: number | null;
  readonly available: number | null;
  readonly updated: number | null;
  readonly template: PodTemplate | null;
  readonly strategy: {
    readonly type: string;
    readonly maxSurge: string | null;
    readonly maxUnavailable: string | null;
  } | null;
}

export interface RevisionValue {
  readonly namespace: string;
  readonly name: string;
  readonly owner: OwnerRef | null;
  readonly revision: number;
  readonly created: Instant | null;
  /** `controller-revision-hash` as pods carry it, where labelled; else the name's last part. */
  readonly hash: string | null;
  readonly template: PodTemplate | null;
}

export interface ServiceAccountValue {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | null;
  readonly created: Instant | null;
}

export interface ServiceValue {
  readonly namespace: string;
  readonly name: string;
  /** Its addresses within the cluster; none where it has none by intent, or leads out of the cluster. */
  readonly clusterIps: readonly string[];
  readonly ports: readonly number[];
}

export interface JwksValue {
  readonly kids: readonly string[];
}
