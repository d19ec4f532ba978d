import type { Fact, FactKind } from "#model/fact.js";
import type { Found } from "#model/finding.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { plainText } from "#model/statement.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** The DaemonSets which upstream manifests give the agent of each plugin; plugins that need no agent are not here. */
const NAMES: Readonly<Record<string, RegExp>> = {
  calico: /^(?:calico-node|(?:rke2-)?canal)$/,
  flannel: /^(?:kube-)?flannel(?:-ds)?(?:-(?:amd64|arm64|arm))?$|^(?:rke2-)?canal$/,
  "cilium-cni": /^cilium(?:-agent)?$/,
  antrea: /^antrea-agent$/,
  "weave-net": /^weave-net$/,
  "aws-cni": /^aws-node$/,
  "azure-vnet": /^azure-cns$/,
  "ovn-k8s-cni-overlay": /^ovnkube-node$/,
  "kube-ovn": /^kube-ovn-cni$/,
  terway: /^terway(?:-eniip)?$/,
  spiderpool: /^spiderpool-agent$/,
  "kube-router": /^kube-router$/,
  kindnet: /^kindnet$/,
};

/** Daemons that plugins ask and that are no agent of a network of their own: others stand behind or before them. */
const BESIDE: Readonly<Record<string, RegExp>> = {
  multus: /^(?:kube-|rke2-)?multus(?:-ds)?(?:-(?:amd64|arm64))?$/,
  // OpenShift installs it with the other plugins that Multus calls.
  whereabouts: /^(?:kube-|rke2-(?:multus-)?(?:rke2-)?)?whereabouts(?:-ds)?$|^multus-additional-cni-plugins$/,
  openvswitch: /^(?:openvswitch|ovs|ovs-node|ovs-ovn|ovnkube-node|antrea-agent)$/,
};

/** What of a plugin's name the workloads and images that belong to it have in theirs, whatever a vendor calls its agent (GKE's anetd is Cilium's). */
const RELATED: Readonly<Record<string, RegExp>> = {
  calico: /calico|canal|tigera/,
  flannel: /flannel|canal/,
  "cilium-cni": /cilium|anetd/,
  antrea: /antrea/,
  "weave-net": /weave/,
  "aws-cni": /aws-node|vpc-cni|aws-cni/,
  "azure-vnet": /azure-(?:cns|vnet|cni)|\bcns\b/,
  "ovn-k8s-cni-overlay": /ovn/,
  "kube-ovn": /ovn/,
  terway: /terway/,
  spiderpool: /spider/,
  "kube-router": /kube-router/,
  kindnet: /kindnet/,
  multus: /multus/,
};

/** Parts of a plugin that run beside its agent, and do not answer its calls. */
const COMPANION = /operator|controller|hubble|envoy|typha|exporter|csi|node-init|reconciler|webhook|apiserver/;

/** Does one of these names or images belong to a plugin, other than as a part beside its agent? Null where the plugin has no agent that is known. */
export function isRelated(plugin: string, name: string, more: readonly (string | null)[]): boolean | null {
  const related = Object.hasOwn(RELATED, plugin) ? RELATED[plugin] : undefined;
  if (!related) return null;
  return !COMPANION.test(name) && [name, ...more].some((text) => text !== null && related.test(text));
}

/** Plugins whose agent is run as a service of the node as well, and the services that are it; that of any other is a pod. */
const SERVICES: Readonly<Record<string, RegExp>> = {
  calico: /^calico-(?:node|felix)$/,
  flannel: /^(?:snap\.microk8s\.daemon-)?flanneld?$/,
  "weave-net": /^weave(?:-net|d)?$/,
  "aws-cni": /^(?:ipamd|aws-k8s-agent)$/,
  "azure-vnet": /^azure-cns$/,
  "ovn-k8s-cni-overlay": /^ovn-?kube(?:rnetes)?(?:-node)?$/,
  "kube-router": /^kube-router$/,
};

/** May the agent of a plugin be no pod, but a service of the node? */
export const mayBeService = (plugin: string): boolean => Object.hasOwn(SERVICES, plugin);

/** Does a service, or the process that it runs, go by the name of a plugin's agent? */
export const isServiceOf = (plugin: string, name: string): boolean =>
  mayBeService(plugin) && SERVICES[plugin]?.test(name.replace(/\.service$/, "")) === true;

const nameOf = (plugin: string): RegExp | undefined =>
  Object.hasOwn(NAMES, plugin) ? NAMES[plugin] : Object.hasOwn(BESIDE, plugin) ? BESIDE[plugin] : undefined;

/** Does a DaemonSet go by the name of a plugin's agent? Null where it goes by the name of none that is known. */
export function goesBy(daemonSet: string, plugin: string): boolean | null {
  if (nameOf(plugin)?.test(daemonSet)) return true;
  return [...Object.values(NAMES), ...Object.values(BESIDE)].some((name) => name.test(daemonSet)) ? false : null;
}

/** The newest pod on a node that goes by the name of a plugin's agent; none where several DaemonSets do. */
export function agentOfPlugin(plugin: string, node: string, view: View): Fact<"kube.pod"> | undefined {
  const name = nameOf(plugin);
  return name ? newestOf(node, [name], view) : undefined;
}

/**
 * The newest pod that goes by the name of a CNI agent on a node, where nothing shows what its DaemonSet installs: that of the
 * plugin whose calls fail, else of the plugins that are configured, else of any. None where several DaemonSets go by such names.
 */
export function agentByName(node: string, failing: readonly Found[], view: View): Fact<"kube.pod"> | undefined {
  const configured = view("cni.netconf")
    .on(node)
    .flatMap((n) => n.value.plugins.map((p) => p.type));
  const named = [typesIn(failing), configured].map(namesOf).find((names) => names.length > 0) ?? Object.values(NAMES);
  return newestOf(node, named, view);
}

function newestOf(node: string, named: readonly RegExp[], view: View): Fact<"kube.pod"> | undefined {
  const pods = view("kube.pod").all.filter(
    ({ value }) =>
      value.node === node &&
      value.deletion === null &&
      value.owner?.kind === "DaemonSet" &&
      named.some((name) => name.test(value.owner?.name ?? "")),
  );
  const sets = new Set(pods.map((p) => `${p.value.namespace}/${p.value.owner?.name}`));
  if (sets.size !== 1) return undefined;
  return [...pods].sort((a, b) => (b.value.created?.epochMs ?? 0) - (a.value.created?.epochMs ?? 0))[0];
}

/** Of each collected node the pod that goes by the name of its CNI agent, where its own volumes are not known: those would tell by themselves. */
export function namedAgents(view: View, context: MatchContext): ReadonlyMap<string, Fact<"kube.pod">> {
  return new Map(
    context.moment.nodes.flatMap((node) => {
      const pod = agentByName(node, [], view);
      const tells = pod?.value.template.containers.some((c) => c.mounts.length > 0);
      return pod && !tells ? [[node, pod] as const] : [];
    }),
  );
}

const namesOf = (types: readonly string[]): readonly RegExp[] =>
  [...new Set(types)].flatMap((type) => (Object.hasOwn(NAMES, type) ? (NAMES[type] ?? []) : []));

/** The plugins that errors name, callers and delegates alike: which of them failed is not always told. */
const typesIn = (failing: readonly Found[]): readonly string[] =>
  failing
    .flatMap((f) => f.statements.flatMap((s) => [plainText(s), ...s.evidence.map((e) => e.excerpt)]))
    .flatMap((text) => [...text.matchAll(/plugin type=\\*"([^"\\]{1,64})/g)].flatMap((m) => m[1] ?? []));
