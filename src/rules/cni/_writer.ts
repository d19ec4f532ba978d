import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind, type PodTemplate } from "#model/fact.js";
import type { FactView, MatchContext } from "#model/rule.js";

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
  readonly images: readonly string[];
}

/** The CNI agent of one node: the pod that installs the configuration and the credential there. */
export interface Agent {
  readonly node: string;
  readonly daemonSet: string;
  readonly pod: Fact<"kube.pod">;
  readonly target: WriteTarget;
  /** What shows the target: the pod's own volume, its revision's, or the DaemonSet's. */
  readonly evidence: readonly [Evidence, ...Evidence[]];
  readonly unverified: readonly string[];
}

const MOUNT_SUFFIX = "/etc/cni/net.d";
const VOLUME_NAMES = new Set(["cni-net-dir", "cni-conf-dir", "host-cni-net-dir", "etc-cni-netd", "cni-netd"]);

/** Reads a template; null where it writes no CNI configuration. */
export function writeTarget(template: PodTemplate | null): WriteTarget | null {
  if (!template) return null;
  const mounts = template.containers.flatMap((c) => c.mounts);
  const volume = template.hostPaths.find(
    (v) => VOLUME_NAMES.has(v.name) || mounts.some((m) => m.volume === v.name && m.path.endsWith(MOUNT_SUFFIX)),
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
    images: [...new Set(template.containers.flatMap((c) => (c.image === null ? [] : [c.image])))],
  };
}

/** Every CNI agent pod that is bound to a node. Derived once per moment. */
export function agents(view: View, _context: MatchContext): readonly Agent[] {
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
    return source ? [{ node, daemonSet, pod, ...source }] : [];
  });
}

/** The pod's own volumes decide; a pod listed without them stands for its revision, else for its DaemonSet. */
function sourceOf(
  pod: Fact<"kube.pod">,
  daemonSet: string,
  revisions: readonly Fact<"kube.revision">[],
  daemonSets: readonly Fact<"kube.workload">[],
): Pick<Agent, "target" | "evidence" | "unverified"> | null {
  const own = writeTarget(pod.value.template);
  if (own) return { target: own, evidence: [cite(pod, "/spec/volumes")], unverified: [] };
  const hash = pod.value.labels["controller-revision-hash"];
  const revision = revisions.find(
    (r) => `${r.value.namespace}/${r.value.owner?.name}` === daemonSet && hash !== undefined && r.value.hash === hash,
  );
  const bound = writeTarget(revision?.value.template ?? null);
  if (revision && bound) {
    return {
      target: bound,
      evidence: [
        cite(revision, "/data/spec/template/spec/volumes"),
        cite(pod, "/metadata/labels/controller-revision-hash"),
      ],
      unverified: [],
    };
  }
  const workload = daemonSets.find((d) => `${d.value.namespace}/${d.value.name}` === daemonSet);
  const current = writeTarget(workload?.value.template ?? null);
  if (!workload || !current) return null;
  return {
    target: current,
    evidence: [cite(workload, "/spec/template/spec/volumes")],
    unverified: ["the pod is taken to run its DaemonSet's present template"],
  };
}

/** The agents by node; a node may have several (a rollout under way): the newest counts. */
export function agentOn(all: readonly Agent[], node: string): Agent | undefined {
  return all
    .filter((a) => a.node === node && a.pod.value.deletion === null)
    .sort((a, b) => (b.pod.value.created?.epochMs ?? 0) - (a.pod.value.created?.epochMs ?? 0))[0];
}
