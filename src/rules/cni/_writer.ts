import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind, type PodTemplate } from "#model/fact.js";
import { baseName } from "#model/file-tree.js";
import { earliest, type Instant } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { type Credential, type Followed, nodeFiles } from "./_credential.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** Where a pod template has the CNI agent's installer write. */
export interface WriteTarget {
  /** hostPath of the volume. */
  readonly hostPath: string;
  readonly volume: string;
  /** Where containers mount it: `/host/etc/cni/net.d`. */
  readonly mountPath: string | null;
  /** hostPath of the volume for plugin binaries, if it has one. */
  readonly binPath: string | null;
  /** Path text that the installer writes into the configuration, and the configuration's name; null: its default. */
  readonly netDirEnv: string | null;
  readonly confNameEnv: string | null;
  /** Account of which Calico's installer writes the token, where that is set (CALICO_CNI_SERVICE_ACCOUNT). */
  readonly accountEnv: string | null;
  readonly images: readonly string[];
  /** Of its containers. */
  readonly names: readonly string[];
  readonly serviceAccount: string | null;
}

/** The CNI agent of one node: the pod that installs the configuration and the credential there. */
export interface Agent {
  readonly node: string;
  readonly daemonSet: string;
  readonly pod: Fact<"kube.pod">;
  readonly target: WriteTarget;
  /** How surely it installs what the plugin on its node uses, 2 or 1; 0: it installs something else; null: nothing to compare with. */
  readonly fit: number | null;
  /** When its revision was rolled out, where that is known. */
  readonly rolledOut: Instant | null;
  /** What shows the target: the pod's own volume, its revision's, or the DaemonSet's. */
  readonly evidence: readonly [Evidence, ...Evidence[]];
  /** The setting with which it does not renew what its installer wrote, where it has it. */
  readonly renewsNot: Evidence | null;
  readonly unverified: readonly string[];
}

/** Where an installer sees the directory: most at that of most nodes, some at the node's own, as OpenShift's /etc/kubernetes/cni/net.d. */
const MOUNT_SUFFIXES = ["/etc/cni/net.d", "/cni/net.d"];
const VOLUME_NAMES = new Set(["cni-net-dir", "cni-conf-dir", "host-cni-net-dir", "etc-cni-netd", "cni-netd"]);

/** Reads a template; null where it writes no CNI configuration. */
export function writeTarget(template: PodTemplate | null): WriteTarget | null {
  if (!template) return null;
  const mounts = template.containers.flatMap((c) => c.mounts);
  const [volume] = MOUNT_SUFFIXES.flatMap((suffix) =>
    template.hostPaths.filter(
      (v) => VOLUME_NAMES.has(v.name) || mounts.some((m) => m.volume === v.name && m.path.endsWith(suffix)),
    ),
  );
  if (!volume) return null;
  const env = (name: string): string | null =>
    template.containers.map((c) => c.env[name]).find((v) => v !== undefined) ?? null;
  return {
    hostPath: volume.path,
    volume: volume.name,
    mountPath: mounts.find((m) => m.volume === volume.name)?.path ?? null,
    binPath: template.hostPaths.find((v) => v.name === "cni-bin-dir")?.path ?? null,
    netDirEnv: env("CNI_NET_DIR"),
    confNameEnv: env("CNI_CONF_NAME"),
    accountEnv: env("CALICO_CNI_SERVICE_ACCOUNT"),
    images: [...new Set(template.containers.flatMap((c) => (c.image === null ? [] : [c.image])))],
    names: template.containers.map((c) => c.name),
    serviceAccount: template.serviceAccount,
  };
}

/** Images of Calico's installer, its own and as vendors mirror them: `calico/cni:v3.28.1`, `rancher/mirrored-calico-cni:v3.28.1`. */
const CALICO_INSTALLER = /calico[/-]cni:v(\d{1,3})\.(\d{1,3})/;

/** Name of the account of which the agent's installer writes the token: as its template says, else as its release does. Null where neither is known. */
export function writtenAccount({ accountEnv, images }: WriteTarget): string | null {
  if (accountEnv !== null) return accountEnv;
  const [, major, minor] = images.map((image) => CALICO_INSTALLER.exec(image)).find((m) => m !== null) ?? [];
  if (major === undefined || minor === undefined) return null;
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 26) ? "calico-cni-plugin" : "calico-node";
}

/** Whether the installer is told the path that it writes into the configuration: Calico's is, by CNI_NET_DIR (calico cni-plugin/pkg/install, v3.28). */
export const takesNetDir = ({ netDirEnv, images }: WriteTarget): boolean =>
  netDirEnv !== null || images.some((image) => CALICO_INSTALLER.test(image));

/** Every pod bound to a node that installs CNI configuration there: the agent, and others that only chain to it. Derived once per moment. */
export function agents(view: View, context: MatchContext): readonly Agent[] {
  const files = context.derive(nodeFiles);
  const revisions = view("kube.revision").all;
  const daemonSets = view("kube.workload").all.filter((w) => w.value.kind === "DaemonSet");
  const writers = new Set(
    [
      ...revisions.map((r) => [r.value.namespace, r.value.owner?.name, r.value.template] as const),
      ...daemonSets.map((d) => [d.value.namespace, d.value.name, d.value.template] as const),
    ]
      .filter(([, name, template]) => name !== undefined && writeTarget(template) !== null)
      .map(([namespace, name]) => `${namespace}/${name}`),
  );
  return view("kube.pod").all.flatMap((pod) => {
    const { owner, namespace, node } = pod.value;
    if (owner?.kind !== "DaemonSet" || node === null) return [];
    const daemonSet = `${namespace}/${owner.name}`;
    if (!writers.has(daemonSet) && writeTarget(pod.value.template) === null) return [];
    const source = sourceOf(pod, daemonSet, revisions, daemonSets);
    if (!source) return [];
    const { revision, ...shown } = source;
    const fit = fitOf(daemonSet, source.target, pod.value.template.serviceAccount, files.get(node)?.followed);
    const rolledOut = revision ? rolloutOf(revision, revisions, view("kube.pod").all) : null;
    return [{ node, daemonSet, pod, ...shown, fit, rolledOut }];
  });
}

/** Names by which the installers of a plugin go, where they differ from the plugin's type. */
const ALSO_NAMED: Readonly<Record<string, readonly string[]>> = {
  calico: ["canal", "tigera"],
  "ovn-k8s-cni-overlay": ["ovn"],
  "aws-cni": ["aws-node", "vpc-cni"],
};

/** How surely a pod installs the plugin whose credential is in use: 2 by its name, the configuration's name or the token's account; 1 by images or containers. */
function fitOf(
  daemonSet: string,
  target: WriteTarget,
  serviceAccount: string | null,
  followed: Followed | undefined,
): number | null {
  if (followed?.state !== "followed") return null;
  const { plugin, netconf, token } = followed.credential;
  const names = [plugin.type, plugin.type.replace(/-cni$/, ""), ...(ALSO_NAMED[plugin.type] ?? [])];
  const says = (text: string): boolean => names.some((name) => name !== "" && text.toLowerCase().includes(name));
  const own = baseName(daemonSet);
  const account = target.serviceAccount ?? serviceAccount;
  const certain =
    says(own) ||
    (target.confNameEnv !== null && target.confNameEnv === baseName(netconf.value.path)) ||
    (account !== null && token.serviceAccount?.name.startsWith(account) === true) ||
    token.pod?.name.startsWith(`${own}-`) === true;
  if (certain) return 2;
  return target.images.some(says) || target.names.some(says) || (account !== null && says(account)) ? 1 : 0;
}

/**
 * When a revision was rolled out. A rollback gives an old revision a new number and leaves its creation time: then the first pod that
 * runs it tells, if any.
 */
export function rolloutOf(
  revision: Fact<"kube.revision">,
  revisions: readonly Fact<"kube.revision">[],
  pods: readonly Fact<"kube.pod">[],
): Instant | null {
  if (!isBroughtBack(revision, revisions)) return revision.value.created;
  const { namespace, owner, hash } = revision.value;
  return pods
    .filter(
      ({ value }) =>
        hash !== null &&
        value.namespace === namespace &&
        value.owner?.name === owner?.name &&
        value.labels["controller-revision-hash"] === hash,
    )
    .reduce<Instant | null>((first, { value }) => earliest(first, value.created ?? value.startedAt), null);
}

/** An earlier number was created no earlier. */
export const isBroughtBack = ({ value }: Fact<"kube.revision">, revisions: readonly Fact<"kube.revision">[]): boolean =>
  revisions.some(
    (r) =>
      r.value.namespace === value.namespace &&
      r.value.owner?.name === value.owner?.name &&
      r.value.revision < value.revision &&
      value.created !== null &&
      r.value.created !== null &&
      r.value.created.epochMs >= value.created.epochMs,
  );

/** The pod's own volumes decide; a pod listed without them stands for its revision, else for its DaemonSet. */
function sourceOf(
  pod: Fact<"kube.pod">,
  daemonSet: string,
  revisions: readonly Fact<"kube.revision">[],
  daemonSets: readonly Fact<"kube.workload">[],
):
  | (Pick<Agent, "target" | "evidence" | "renewsNot" | "unverified"> & {
      readonly revision: Fact<"kube.revision"> | undefined;
    })
  | null {
  const own = writeTarget(pod.value.template);
  const hash = pod.value.labels["controller-revision-hash"];
  const revision = revisions.find(
    (r) => `${r.value.namespace}/${r.value.owner?.name}` === daemonSet && hash !== undefined && r.value.hash === hash,
  );
  if (own) {
    const renewsNot = unrenewed(pod, pod.value.template, "/spec");
    return { target: own, evidence: [cite(pod, "/spec/volumes")], renewsNot, unverified: [], revision };
  }
  const bound = writeTarget(revision?.value.template ?? null);
  if (revision && bound) {
    return {
      target: bound,
      evidence: [
        cite(revision, "/data/spec/template/spec/volumes"),
        cite(pod, "/metadata/labels/controller-revision-hash"),
      ],
      renewsNot: unrenewed(revision, revision.value.template, "/data/spec/template/spec"),
      unverified: [],
      revision,
    };
  }
  const workload = daemonSets.find((d) => `${d.value.namespace}/${d.value.name}` === daemonSet);
  const current = writeTarget(workload?.value.template ?? null);
  if (!workload || !current) return null;
  return {
    target: current,
    evidence: [cite(workload, "/spec/template/spec/volumes")],
    renewsNot: unrenewed(workload, workload.value.template, "/spec/template/spec"),
    unverified: ["the pod is taken to run its DaemonSet's present template"],
    revision,
  };
}

/** CALICO_MANAGE_CNI=false, with which Calico's agent leaves the token as it is (calico node/filesystem/etc/rc.local, v3.28). */
function unrenewed(of: Fact, template: PodTemplate | null, spec: string): Evidence | null {
  const at = template?.containers.filter((c) => !c.init).findIndex((c) => c.env["CALICO_MANAGE_CNI"] === "false") ?? -1;
  return at < 0 ? null : cite(of, `${spec}/containers/${at}/env`);
}

/**
 * The agent of a node: of the pods that install CNI configuration there, those of the DaemonSet that installs the plugin in use; the
 * newest of them counts (a rollout may be under way). None where several DaemonSets fit alike, or none of them: never a guess.
 */
export function agentOn(all: readonly Agent[], node: string): Agent | undefined {
  return newest(fittest(present(all, node)));
}

/** The agent that installs the plugin of one credential: `agentOn` where that is the one in use, and another of a plugin that is chained to it. */
export function agentOf(credential: Credential, context: MatchContext): Agent | undefined {
  const all = context.derive(agents);
  const { node } = credential;
  const followed = context.derive(nodeFiles).get(node)?.followed;
  if (followed?.state === "followed" && followed.credential === credential) return agentOn(all, node);
  const fitOn = ({ daemonSet, target, pod }: Agent): number | null =>
    fitOf(daemonSet, target, pod.value.template.serviceAccount, { state: "followed", credential });
  return newest(fittest(present(all, node).map((a) => ({ ...a, fit: fitOn(a) }))));
}

const newest = (fitting: readonly Agent[]): Agent | undefined =>
  new Set(fitting.map((a) => a.daemonSet)).size === 1
    ? [...fitting].sort((a, b) => (b.pod.value.created?.epochMs ?? 0) - (a.pod.value.created?.epochMs ?? 0))[0]
    : undefined;

/** DaemonSets that install CNI configuration on a node of which none could be told to be the agent. */
export const unclearOn = (all: readonly Agent[], node: string): readonly string[] =>
  agentOn(all, node) ? [] : [...new Set(present(all, node).map((a) => a.daemonSet))].sort();

const present = (all: readonly Agent[], node: string): readonly Agent[] => byNode(all).get(node) ?? [];

/** Asked for each node and each of its peers: hundreds of nodes are looked up, not searched. */
const indexes = new WeakMap<readonly Agent[], ReadonlyMap<string, readonly Agent[]>>();

function byNode(all: readonly Agent[]): ReadonlyMap<string, readonly Agent[]> {
  const known = indexes.get(all);
  if (known) return known;
  const index = new Map<string, Agent[]>();
  for (const agent of all) {
    if (agent.pod.value.deletion !== null) continue;
    const here = index.get(agent.node);
    if (here) here.push(agent);
    else index.set(agent.node, [agent]);
  }
  indexes.set(all, index);
  return index;
}

function fittest(here: readonly Agent[]): readonly Agent[] {
  const best = Math.max(...here.map((a) => a.fit ?? 0));
  return here.filter((a) => (a.fit ?? 0) === best && a.fit !== 0);
}
