import type { Artifact, Coverage } from "./artifact.js";
import { atPointer, type Evidence, evidenceIn } from "./evidence.js";
import type { Instant } from "./instant.js";

/** lstat of one path on a node; links are data, never followed. */
export interface PathValue {
  readonly path: string;
  readonly type: "f" | "d" | "l" | "c" | "b" | "p" | "s" | "absent" | "denied";
  readonly mode: string | null;
  readonly owner: string | null;
  readonly group: string | null;
  readonly size: number | null;
  readonly mtime: Instant | null;
  readonly ctime: Instant | null;
  readonly btime: Instant | null;
  readonly target: string | null;
  readonly listing: "complete" | "truncated" | "denied" | null;
}

/** One containerd configuration file, or the daemon's own dump (`source: "dump"`, which wins). */
export interface RuntimeConfigValue {
  readonly path: string;
  readonly source: "file" | "dump";
  /** `version` of the file; 1 where it has none (containerd RELEASES.md). */
  readonly version: number;
  readonly imports: readonly string[];
  /** False where the file is no valid TOML: then all below is null. */
  readonly valid: boolean;
  readonly problem: string | null;
  /** The CNI table as written, by plugin id, unexpanded. Null values: key absent. */
  readonly cni: readonly CniTable[];
  /** Plugin ids with a section in this file but no CNI table; left out where there is none such. containerd 1.x replaces whole sections. */
  readonly withoutCni?: readonly string[];
}

export interface CniTable {
  readonly pluginId: string;
  readonly confDir: string | null;
  readonly binDirs: readonly string[] | null;
  readonly maxConfNum: number | null;
  /** Line of the conf_dir key, or of the table; null in a dump that cannot say. */
  readonly line: number | null;
}

/** One CNI network configuration file. `valid: false`: not JSON, or not a network configuration; the runtime refuses it. */
export interface NetconfValue {
  readonly path: string;
  readonly valid: boolean;
  readonly problem: string | null;
  readonly problemLine: number | null;
  readonly name: string | null;
  readonly plugins: readonly NetconfPlugin[];
}

export interface NetconfPlugin {
  readonly type: string;
  /** `kubernetes.kubeconfig`, else `kubeconfig`: the file that the plugin reads at each call. */
  readonly kubeconfig: string | null;
  /** RFC 6901 pointer of that field. */
  readonly pointer: string | null;
  /** Line of that field, 1-based, where it could be found. */
  readonly line: number | null;
  /** Type of the plugin that calls this one (multus); left out where the runtime calls it itself. */
  readonly delegatedBy?: string;
}

/** Claims of a service account token as collected (signature already cut off). Seconds since 1970 become instants of the API's clock. */
export interface TokenValue {
  readonly kind: "jwt" | "opaque" | "malformed" | "absent";
  readonly alg: string | null;
  readonly kid: string | null;
  readonly iss: string | null;
  readonly sub: string | null;
  readonly iat: Instant | null;
  readonly nbf: Instant | null;
  readonly exp: Instant | null;
  readonly namespace: string | null;
  readonly serviceAccount: { readonly name: string; readonly uid: string | null } | null;
  readonly pod: { readonly name: string; readonly uid: string } | null;
  readonly node: { readonly name: string; readonly uid: string | null } | null;
}

/** One kubeconfig: the current context's server and credential. */
export interface KubeconfigValue {
  readonly path: string;
  readonly valid: boolean;
  readonly problem: string | null;
  readonly server: string | null;
  readonly token: TokenValue;
  /** Line of the token. */
  readonly tokenLine: number | null;
  /** sha256 over the CA certificate's DER, hex. */
  readonly caSha256: string | null;
}

export interface ProcessValue {
  readonly pid: number;
  readonly name: string;
  readonly cmdline: string;
}

/** One row of a process's mountinfo (proc(5)). */
export interface MountValue {
  readonly pid: number;
  readonly process: string;
  readonly mountPoint: string;
  /** Path of the mounted directory in its file system, without the `//deleted` mark. */
  readonly root: string;
  /** The mounted directory has been removed or replaced: `//deleted` in mountinfo. */
  readonly deleted: boolean;
  readonly fsType: string;
  readonly source: string;
}

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

export interface JwksValue {
  readonly kids: readonly string[];
}

/** Lines of one log alike in all but numbers, ids and quoted names. */
export interface LogSeriesValue {
  /** journal unit, file path, or `<ns>/<pod>/<container>`. */
  readonly source: string;
  readonly kind: "journal" | "file" | "podlog" | "command";
  /** The first line, cut at 4 KiB. */
  readonly sample: string;
  readonly first: Instant | null;
  readonly last: Instant | null;
  readonly count: number;
}

/** Output of a small command, whole (at most 256 KiB). */
export interface CommandValue {
  readonly command: string;
  readonly text: string;
}

/** The clock of the machine that collected, as `collector.json` records it. */
export interface ClockValue {
  /** True where that machine is the node itself; else it ran the cluster's part only. */
  readonly ofNode: boolean;
  readonly zone: string;
  readonly synchronised: "yes" | "no" | "unknown";
  /** That clock minus the API server's, seconds, and the error of the measurement; null where not measured. */
  readonly apiOffsetS: number | null;
  readonly apiOffsetErrorS: number | null;
}

export interface ObjectValue {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly uid: string | null;
  readonly created: Instant | null;
}

/** Every kind of fact. A new kind: one entry here, one in `HOW_TO_COLLECT`, one parser. */
export interface FactKinds {
  readonly path: PathValue;
  readonly "runtime.config": RuntimeConfigValue;
  readonly "cni.netconf": NetconfValue;
  readonly kubeconfig: KubeconfigValue;
  readonly process: ProcessValue;
  readonly mount: MountValue;
  readonly "kube.pod": PodValue;
  readonly "kube.node": NodeValue;
  readonly "kube.event": EventSeriesValue;
  readonly "kube.workload": WorkloadValue;
  readonly "kube.revision": RevisionValue;
  readonly "kube.serviceaccount": ServiceAccountValue;
  readonly "kube.jwks": JwksValue;
  readonly "kube.issuer": { readonly issuer: string };
  readonly "kube.version": { readonly gitVersion: string };
  readonly "kube.object": ObjectValue;
  readonly clock: ClockValue;
  readonly log: LogSeriesValue;
  readonly command: CommandValue;
}

export type FactKind = keyof FactKinds;

/** The command which collects a kind of fact, for gaps. */
export const HOW_TO_COLLECT: Readonly<Record<FactKind, string>> = {
  path: "sh collect.sh --no-cluster   # on the node, as root",
  "runtime.config": "sh collect.sh --no-cluster   # on the node, as root",
  "cni.netconf": "sh collect.sh --no-cluster   # on the node, as root",
  kubeconfig: "sh collect.sh --no-cluster   # on the node, as root",
  process: "sh collect.sh --no-cluster   # on the node, as root",
  mount: 'cat /proc/"$(pgrep -o -f calico-node)"/mountinfo   # on the node, as root',
  "kube.pod": "kubectl get pods -A -o json",
  "kube.node": "kubectl get nodes -o json",
  "kube.event": "kubectl get events -A -o json",
  "kube.workload": "kubectl get daemonsets,deployments,replicasets,statefulsets -A -o json",
  "kube.revision": "kubectl get controllerrevisions -A -o json",
  "kube.serviceaccount": "kubectl get serviceaccounts -A -o json",
  "kube.jwks": "kubectl get --raw /openid/v1/jwks",
  "kube.issuer": "kubectl get --raw /.well-known/openid-configuration",
  "kube.version": "kubectl version -o json",
  "kube.object": "kubectl get <resource> -A -o json",
  clock: "sh collect.sh   # on the node, as root, with the API server in reach",
  log: "sh collect.sh --no-cluster   # on the node, as root",
  command: "sh collect.sh --no-cluster   # on the node, as root",
};

/** One thing that a bundle shows. Made by parsers only. */
export interface Fact<K extends FactKind = FactKind> {
  readonly kind: K;
  /** The node it is about: where it was collected, or (pods, events) where the object lives. */
  readonly node: string | null;
  readonly value: FactKinds[K];
  readonly artifact: Artifact;
  readonly evidence: Evidence;
  /** Kubernetes objects: the item as collected, without managedFields; what field citations are read from. */
  readonly json?: unknown;
}

/** What a parser could not read, and why; never the text itself. */
export interface ParseIssue {
  readonly artifact: Artifact;
  readonly code: string;
  readonly message: string;
  readonly line: number | null;
}

/** Which artifacts could have held a kind of fact on a node (null: the cluster), and how complete they are. */
export interface CoverageEntry {
  readonly kind: FactKind;
  readonly node: string | null;
  readonly artifact: Artifact;
  readonly coverage: Coverage;
  /** How many facts of the kind it gave. */
  readonly facts: number;
}

/**
 * Evidence for one field of a Kubernetes object: its pointer below the item, and its value as it stands in the bundle.
 * Falls back to the whole item where the field is not there.
 */
export function cite(fact: Fact, pointer: string): Evidence {
  const value = atPointer(fact.json, pointer);
  const base = fact.evidence.locator.kind === "json" ? fact.evidence.locator.pointer : "";
  if (value === undefined) return fact.evidence;
  return evidenceIn(
    fact.artifact,
    { kind: "json", pointer: `${base}${pointer}` },
    `${pointer.slice(1)}: ${JSON.stringify(value)}`,
  );
}
