import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind, type PodTemplate } from "#model/fact.js";
import type { Found, Missing, Outcome } from "#model/finding.js";
import { type FactView, found, type MatchContext, shellWord, undetermined } from "#model/rule.js";
import { citing, code, codes, count, say, stated } from "#model/statement.js";
import { readBefore } from "#rules/kubelet/_list-age.js";
import { either } from "#rules/kubelet/_pods.js";
import { goesBy, isRelated } from "./_agent-name.js";
import { failedService, openService, stopped } from "./_agent-service.js";
import { isInTheWay, leftover, nowhere, readOn, type Unserved } from "./_leftover.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;
const views = (view: View): View => view;

export interface Searched {
  readonly pods: FactView<"kube.pod">;
  readonly workloads: FactView<"kube.workload">;
}

/** A plugin that does not find its agent on a node where no pod is known to be that agent. */
export interface Asked {
  readonly subject: string;
  readonly node: string;
  readonly plugin: string;
  readonly errors: readonly string[];
  /** The calls that say so. */
  readonly calls: readonly Found[];
}

const DAEMON_SETS = /daemonset/i;

/** Was the list of DaemonSets had in full, with what each of them installs? */
export const isListed = (workloads: FactView<"kube.workload">): boolean =>
  workloads.coverage().state === "complete" &&
  workloads.coverage(undefined, DAEMON_SETS).state === "complete" &&
  workloads.all.every((w) => w.value.kind !== "DaemonSet" || w.value.template !== null);

/** The gap where complete lists show no agent: what else than a pod may be one shows on the node alone. */
export const outside = (node: string, pods: FactView<"kube.pod">): Missing => ({
  ...pods.missing(`what does the work of a CNI agent on ${node}`),
  node,
  why: "the list of pods is complete, and none there goes by the name of one or installs a configuration",
  command: "ps -eo pid,lstart,args | grep -iE 'cni|flannel|calico|cilium|ovn|router|weave'   # on the node, as root",
});

/**
 * The plugin's agent is not answering, and the lists show whether there is one at all: a DaemonSet without a pod there, or nothing anywhere while
 * the runtime still loads the plugin's configuration. What goes by another name, or may be no pod, is left open.
 */
export function* unanswered(asked: Asked, { pods, workloads }: Searched, context: MatchContext): Iterable<Outcome> {
  const { node, plugin, subject, errors, calls } = asked;
  const open = (...missing: readonly [Missing, ...Missing[]]): Outcome =>
    undetermined({ subject, about: { node: [node], error: errors }, missing });
  // Told there: its repair is another.
  if (context.findings("cni-conf-dir-diverged").some((f) => (f.about.node ?? []).includes(node))) return;
  if (pods.coverage().state !== "complete")
    return yield open(pods.missing(`the pod of the agent that the plugin ${plugin} asks on ${node}`));
  if (!isListed(workloads))
    return yield open(
      workloads.missing(`the list of DaemonSets, with that of the agent that the plugin ${plugin} asks`),
    );
  const early = readBefore(pods, "the list of pods", calls, context);
  if (early) return yield open(early);
  const sets = workloads.all.filter((w) => w.value.kind === "DaemonSet");
  const [set, ...twins] = sets.filter((w) => goesBy(w.value.name, plugin) === true);
  const own = pods.all.filter(
    (p) => p.value.owner?.kind === "DaemonSet" && goesBy(p.value.owner.name, plugin) === true,
  );
  const [none] = pods.coverage().searched(`pod of the agent that ${plugin} asks`);
  const [noSet] = workloads.coverage(undefined, DAEMON_SETS).searched(`DaemonSet of the agent that ${plugin} asks`);
  if (!none || !noSet) return;
  if (set && twins.length === 0) {
    // One that goes, or that is not bound yet, is of a rollout.
    if (own.some((p) => p.value.node === null || p.value.node === node)) return yield open(rollout(asked, set, pods));
    return yield unplaced(asked, set, own, none, context);
  }
  // Open vSwitch, say, is a service of most nodes that have it.
  if (isRelated(plugin, "", []) === null) return yield open(outside(node, pods));
  const alike = [...sets, ...pods.all.filter(mayBeDaemon)].find(({ value }) =>
    isRelated(plugin, value.name, namesIn(value.template)),
  );
  if (alike) return yield open(another(asked, alike, pods));
  const read = readOn(node, context);
  const failed = failedService(asked, context);
  if (failed) {
    if (!read || !isInTheWay(node, read, context)) return yield stopped(asked, failed, [none, noSet], context);
    return yield open(meant(asked, failed));
  }
  const itself = runsItself(asked, context) ?? openService(asked, context);
  if (itself) return yield open(itself);
  const netconfs = context.derive(views)("cni.netconf");
  const what = `the configuration with which the plugin ${plugin} was called on ${node}`;
  if (!read) return yield open(netconfs.missing(what, node));
  if (!read.netconf.value.plugins.some((p) => isType(p.type, plugin)))
    return yield open({
      ...netconfs.missing(what, node),
      why: `${read.netconf.value.path}, which the runtime loads, does not name it`,
      command: `ls -la --full-time ${shellWord(read.directory.real)}   # on the node: was it changed since?`,
    });
  yield leftover(asked, read, nowhere(asked, [none, noSet]), context);
}

/** `multus-shim` is what calls Multus' daemon. */
const isType = (type: string, plugin: string): boolean =>
  type === plugin || (plugin === "multus" && /^multus/.test(type));

/** What a ReplicaSet, a StatefulSet or a Job makes is not on every node, and no agent. */
const mayBeDaemon = ({ value: { owner } }: Fact<"kube.pod">): boolean =>
  owner === null || owner.kind === "DaemonSet" || owner.kind === "Node";

const namesIn = (template: PodTemplate | null): readonly (string | null)[] =>
  (template?.containers ?? []).flatMap((c) => [c.name, c.image]);

const rollout = ({ plugin, node }: Asked, set: Fact<"kube.workload">, pods: FactView<"kube.pod">): Missing => ({
  ...pods.missing(`the pod of ${set.value.namespace}/${set.value.name}, which the plugin ${plugin} asks, on ${node}`),
  why: "when it was collected one was going, or bound to no node yet",
});

const another = (
  { plugin, node }: Asked,
  { kind, value }: Fact<"kube.workload"> | Fact<"kube.pod">,
  pods: FactView<"kube.pod">,
): Missing => {
  const of = kind === "kube.pod" ? "pod" : "daemonset";
  return {
    ...pods.missing(`whether ${value.namespace}/${value.name} is what the plugin ${plugin} asks on ${node}`),
    why: "it goes by another name than that plugin's agent",
    command: `kubectl -n ${shellWord(value.namespace)} logs ${of}/${shellWord(value.name)} --all-containers --tail=100`,
  };
};

/** The service has failed, and what it would serve is in the way of what the other nodes have: which of them is meant nothing shows. */
const meant = ({ node, plugin }: Asked, { kind, value }: Fact<"unit">): Missing => ({
  kind,
  node,
  what: `whether ${node} is still to have ${plugin}, whose service ${value.name} has failed there`,
  why: "the other nodes have the network that its configuration hides, and that one's agent is ready",
  command: `systemctl status --no-pager ${shellWord(value.name)}   # on ${node}, as root`,
});

/** Where the node's own service is the agent: k3s and MicroK8s run flannel themselves, EKS Auto Mode the agent of the VPC's plugin. */
function runsItself({ node, plugin }: Asked, context: MatchContext): Missing | null {
  const view = context.derive(views);
  const host = view("kube.node").all.find((n) => n.value.name === node)?.value;
  const dir = readOn(node, context)?.confDir.path ?? "";
  const run = [...view("process").on(node), ...view("mount").on(node)].map(({ value }) =>
    "name" in value ? value.name : value.process,
  );
  const k3s = /\+k3s/.test(host?.kubeletVersion ?? "") || run.some((name) => /^k3s/.test(name)) || /\/k3s\//.test(dir);
  const snap = /^\/var\/snap\/microk8s\//.test(dir);
  const auto = host?.labels["eks.amazonaws.com/compute-type"] === "auto";
  const unit =
    plugin === "flannel" && k3s
      ? "k3s"
      : plugin === "flannel" && snap
        ? "snap.microk8s.daemon-flanneld"
        : plugin === "aws-cni" && auto
          ? "ipamd"
          : run.find((name) => isRelated(plugin, name, []));
  if (unit === undefined) return null;
  return {
    ...view("log").missing(`the log of ${unit} on ${node}, which is the agent of the plugin ${plugin} there`, node),
    why: "that agent is no pod",
    command: `journalctl -u '${unit.replace(/[^\w.-]/g, "")}*' --since=-1h   # on the node, as root`,
  };
}

/** Does a DaemonSet want a pod on a node where it has none? Of the number that it wants: null where that leaves it open. */
function wants(set: Fact<"kube.workload">, elsewhere: readonly string[], context: MatchContext): boolean | null {
  const hosts = context.derive(views)("kube.node");
  const { desired } = set.value;
  if (desired === null) return null;
  if (desired <= elsewhere.length) return false;
  const without = hosts.all.filter((h) => !elsewhere.includes(h.value.name));
  return hosts.coverage().state === "complete" && without.length === desired - elsewhere.length ? true : null;
}

/** The DaemonSet of the agent is there, and has no pod on the node. */
function unplaced(
  asked: Asked,
  set: Fact<"kube.workload">,
  own: readonly Fact<"kube.pod">[],
  none: Evidence,
  context: MatchContext,
): Outcome {
  const { subject, node, plugin, errors } = asked;
  const { namespace, name, desired } = set.value;
  const shown = cite(set, "/status");
  const elsewhere = [...new Set(own.flatMap((p) => p.value.node ?? []))].sort();
  const wanted = wants(set, elsewhere, context);
  const read = readOn(node, context);
  const its = code(`${namespace}/${name}`, set.evidence);
  if (wanted === false && desired !== null && read?.netconf.value.plugins.some((p) => isType(p.type, plugin))) {
    const has =
      elsewhere.length > 0
        ? say`, and has ${either(elsewhere.length, "that", "those", none)} on ${codes(elsewhere, 8, none)}`
        : citing(none);
    const why: Unserved = {
      words: say`the DaemonSet of that plugin's agent, ${its}, wants no pod there: it wants ${stated(count(desired, "pod", shown))}${has}`,
      unverified: [],
      value: { unwantedBy: `${namespace}/${name}` },
    };
    return leftover(asked, read, why, context);
  }
  return found({
    subject,
    about: { node: [node], error: errors },
    since: null,
    lastSeen: context.moment.collectedAt,
    value: { node, pod: "", namespace, daemonSet: name, wants: wanted === null ? "open" : wanted ? "yes" : "no" },
    statements: [
      say`No pod of ${its}, the agent that the plugin ${code(plugin, none)} asks, was on ${code(node, none)}`,
      ...(desired === null ? [] : [say`The DaemonSet wanted ${stated(count(desired, "pod", shown))}`]),
      ...(elsewhere.length > 0 ? [say`Its pods were on ${codes(elsewhere, 8, none)} only`] : []),
    ],
  });
}
