import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind } from "#model/fact.js";
import { type Instant, order } from "#model/instant.js";
import type { FactView } from "#model/rule.js";
import { code, count, type Statement, say, stated } from "#model/statement.js";
import { groupBy, type Pod, readyAt } from "#rules/kubelet/_pods.js";
import { JOINING_MS } from "#rules/kubelet/_starts.js";
import { warningsOf } from "./_agent-state.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

const NAME = "kube-proxy";
/** Where all known distributions run it; elsewhere anybody may give a pod such labels. */
const NAMESPACE = "kube-system";

/** The pod of kubeadm's, EKS', AKS' or another's DaemonSet, or one that a kubelet runs by itself (rke2, GKE's `kube-proxy-gke-…`). */
export function isKubeProxy({ value: { namespace, name, owner, labels } }: Pod): boolean {
  if (namespace !== NAMESPACE) return false;
  const labelled = [labels["k8s-app"], labels["component"]].includes(NAME);
  if (owner?.kind === "DaemonSet") return owner.name === NAME || (labelled && owner.name.startsWith(`${NAME}-`));
  return (owner === null || owner.kind === "Node") && name.startsWith(`${NAME}-`);
}

/** The newest on each node, once per moment: hand it to `context.derive`. One that is on its way out is none. */
export function kubeProxies(view: View): ReadonlyMap<string, Pod> {
  const own = view("kube.pod").all.filter((p) => p.value.node !== null && p.value.deletion === null && isKubeProxy(p));
  const created = (p: Pod): number => p.value.created?.epochMs ?? 0;
  return new Map(
    [...groupBy(own, (p) => p.value.node ?? "")].flatMap(([node, pods]) => {
      const [newest] = [...pods].sort((a, b) => created(b) - created(a));
      return newest ? [[node, newest] as const] : [];
    }),
  );
}

/** The DaemonSet of that name, by the list of workloads. */
export const kubeProxySet = (view: View): Fact<"kube.workload"> | null =>
  view("kube.workload").all.find(
    ({ value }) => value.kind === "DaemonSet" && value.namespace === NAMESPACE && value.name === NAME,
  ) ?? null;

/** The DaemonSet wants a pod on a node, and none is there. */
export interface NoProxy {
  readonly set: Fact<"kube.workload">;
  readonly desired: number;
  readonly elsewhere: readonly string[];
  readonly searched: Evidence;
}

/** Null where that is not certain from complete lists: a node may be one that it does not want. */
export function absentProxy(node: string, view: View): NoProxy | null {
  const set = kubeProxySet(view);
  const lists = [view("kube.pod"), view("kube.node"), view("kube.workload")];
  const [searched] = view("kube.pod").coverage().searched(`pod of kube-proxy on ${node}`);
  if (!set || !searched || lists.some((list) => list.coverage().state !== "complete")) return null;
  const own = view("kube.pod").all.filter(isKubeProxy);
  const there = new Set(own.flatMap((p) => p.value.node ?? []));
  const without = view("kube.node")
    .all.map((h) => h.value.name)
    .filter((host) => !there.has(host));
  const { desired } = set.value;
  // A pod that is not bound to a node yet is on its way to one.
  if (desired === null || !without.includes(node) || own.some((p) => p.value.node === null)) return null;
  if (desired - there.size !== without.length) return null;
  return { set, desired, elsewhere: [...there].sort(), searched };
}

/** Has a container of it ended before, and is it none that runs now? Then its condition changes with each of its starts. */
export const comesAndGoes = ({ value: { containers } }: Pod): boolean =>
  containers.some((c) => !c.init && c.restarts > 0 && c.state !== "running");

export const hasRestarted = ({ value: { containers } }: Pod): boolean =>
  containers.some((c) => !c.init && c.restarts > 0);

/** A time and what shows it. */
export interface Begun {
  readonly at: Instant;
  readonly evidence: Evidence;
}

/** When the kubelet first said that it waits before it starts a container of it again; null where no event tells. */
export function backingOffSince(pod: Pod, view: View): Begun | null {
  const times = warningsOf(pod, view).flatMap(({ reason, first, evidence }) =>
    reason === "BackOff" && first ? [{ at: first, evidence }] : [],
  );
  return times.reduce<Begun | null>((a, b) => (a === null || b.at.epochMs < a.at.epochMs ? b : a), null);
}

/** Was it ready before a time, and without a start since? */
export function readyBefore(pod: Pod, at: Instant): Begun | null {
  const since = readyAt(pod);
  const started = pod.value.containers.filter((c) => !c.init).flatMap((c) => c.startedAt ?? []);
  if (!since || [since.at, ...started].some((one) => order(one, at) !== "before")) return null;
  return since;
}

/** Did the node join with it, and no container of it ever run? Then nothing of what it makes is there. */
export function neverRan(pod: Pod, host: Fact<"kube.node"> | undefined): boolean {
  const [joined, made] = [host?.value.created, pod.value.created];
  if (!joined || !made || made.epochMs < joined.epochMs || made.epochMs - joined.epochMs > JOINING_MS) return false;
  const own = pod.value.containers.filter((c) => !c.init);
  return own.length > 0 && own.every((c) => c.restarts === 0 && c.startedAt === null && c.state.startsWith("waiting:"));
}

/** Why it is not ready, as far as its containers tell. */
export function containerStates(pod: Pod): readonly Statement[] {
  const told = pod.value.containers.filter(
    (c) => !c.ready && c.state !== "terminated:Completed" && c.state !== "running" && c.state !== "unknown",
  );
  return told.map((c) => {
    const shown = cite(pod, c.init ? "/status/initContainerStatuses" : "/status/containerStatuses");
    const [state = "", reason = ""] = c.state.split(/:(.*)/s);
    const name = code(c.name, shown);
    const after =
      c.restarts > 0 ? say`, after ${stated(count(c.restarts, "restart", shown))}` : { parts: [], evidence: [shown] };
    return state === "waiting"
      ? say`Its container ${name} was waiting in ${code(reason, shown)}${after}`
      : say`Its container ${name} had ended with ${code(reason, shown)}${after}`;
  });
}
