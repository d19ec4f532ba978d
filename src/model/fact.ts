import type { Artifact, Coverage } from "./artifact.js";
import { atPointer, type Evidence, evidenceIn } from "./evidence.js";
import type { Instant } from "./instant.js";
import type {
  EventSeriesValue,
  JwksValue,
  NodeValue,
  PodValue,
  RevisionValue,
  ServiceAccountValue,
  ServiceValue,
  WorkloadValue,
} from "./kube-value.js";
import type {
  CrioConfigValue,
  KubeconfigValue,
  MountValue,
  NetconfValue,
  PathValue,
  ProcessValue,
  RuntimeConfigValue,
  UnitValue,
} from "./node-value.js";

export type * from "./kube-value.js";
export type * from "./node-value.js";

/** Lines of one log alike in all but numbers, ids and quoted names. */
export interface LogSeriesValue {
  /** journal unit, file path, or `<ns>/<pod>/<container>`. */
  readonly source: string;
  readonly kind: "journal" | "file" | "podlog" | "command";
  /** The first line, cut at 4 KiB. */
  readonly sample: string;
  readonly first: Instant | null;
  readonly last: Instant | null;
  /** The line that shows the last time; null where it is the first line. */
  readonly lastEvidence: Evidence | null;
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

/** A node's clock as its own time service gives it. */
export interface NtpValue {
  readonly tool: "chronyc" | "ntpq";
  /** The node's clock minus NTP time, seconds. */
  readonly offsetS: number;
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
  readonly "crio.config": CrioConfigValue;
  readonly "cni.netconf": NetconfValue;
  readonly kubeconfig: KubeconfigValue;
  readonly process: ProcessValue;
  readonly mount: MountValue;
  /** Services that systemd lists as failed, and no others. */
  readonly unit: UnitValue;
  readonly "kube.pod": PodValue;
  readonly "kube.node": NodeValue;
  readonly "kube.event": EventSeriesValue;
  readonly "kube.workload": WorkloadValue;
  readonly "kube.revision": RevisionValue;
  readonly "kube.serviceaccount": ServiceAccountValue;
  readonly "kube.service": ServiceValue;
  readonly "kube.jwks": JwksValue;
  readonly "kube.issuer": { readonly issuer: string };
  readonly "kube.version": { readonly gitVersion: string };
  readonly "kube.object": ObjectValue;
  readonly clock: ClockValue;
  readonly "clock.ntp": NtpValue;
  readonly log: LogSeriesValue;
  readonly command: CommandValue;
  readonly hostname: { readonly name: string };
}

export type FactKind = keyof FactKinds;

/** The command which collects a kind of fact, for gaps. */
export const HOW_TO_COLLECT: Readonly<Record<FactKind, string>> = {
  path: "sh collect.sh --no-cluster   # on the node, as root",
  "runtime.config": "sh collect.sh --no-cluster   # on the node, as root",
  "crio.config": "sh collect.sh --no-cluster   # on the node, as root",
  "cni.netconf": "sh collect.sh --no-cluster   # on the node, as root",
  kubeconfig: "sh collect.sh --no-cluster   # on the node, as root",
  process: "sh collect.sh --no-cluster   # on the node, as root",
  mount: 'cat /proc/"$(pgrep -o -f calico-node)"/mountinfo   # on the node, as root',
  unit: "systemctl list-units --failed   # on the node",
  "kube.pod": "kubectl get pods -A -o json",
  "kube.node": "kubectl get nodes -o json",
  "kube.event": "kubectl get events -A -o json",
  "kube.workload": "kubectl get daemonsets,deployments,replicasets,statefulsets -A -o json",
  "kube.revision": "kubectl get controllerrevisions -A -o json",
  "kube.serviceaccount": "kubectl get serviceaccounts -A -o json",
  "kube.service": "kubectl get services -A -o json",
  "kube.jwks": "kubectl get --raw /openid/v1/jwks",
  "kube.issuer": "kubectl get --raw /.well-known/openid-configuration",
  "kube.version": "kubectl version -o json",
  "kube.object": "kubectl get <resource> -A -o json",
  clock: "sh collect.sh   # on the node, as root, with the API server in reach",
  "clock.ntp": "chronyc tracking || ntpq -pn   # on the node",
  log: "sh collect.sh --no-cluster   # on the node, as root",
  command: "sh collect.sh --no-cluster   # on the node, as root",
  hostname: "sh collect.sh --no-cluster   # on the node, as root",
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
