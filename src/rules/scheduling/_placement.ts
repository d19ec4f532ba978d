import type { AntiAffinityTerm, FactKind } from "#model/fact.js";
import type { FactView } from "#model/rule.js";
import type { NodeFact } from "#rules/kubelet/_node-ready.js";
import { groupBy, isCompleted, type Pod } from "#rules/kubelet/_pods.js";
import { allowsNode, matchesSelector } from "./_labels.js";
import type { BoundVolume } from "./_volumes.js";

const HOSTNAME = "kubernetes.io/hostname";
const NAME = "metadata.name";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** What stands on the nodes and what can repel a pod, indexed so that no pod is compared with every other. */
export interface Board {
  readonly nodes: readonly NodeFact[];
  /** Pods that hold a place, by namespace and one label. */
  readonly byLabel: ReadonlyMap<string, readonly Pod[]>;
  readonly byNamespace: ReadonlyMap<string, readonly Pod[]>;
  /** Pods with required anti-affinity of their own, by a label that their selector asks for; those without such a label under "". */
  readonly repelling: ReadonlyMap<string, readonly { readonly pod: Pod; readonly term: AntiAffinityTerm }[]>;
  readonly nodeByName: ReadonlyMap<string, NodeFact>;
}

/** Once per moment: hand it to `context.derive`. */
export function boardOf(view: Look): Board {
  const placed = view("kube.pod").all.filter((pod) => pod.value.node !== null && !isCompleted(pod));
  const labelled = placed.flatMap((pod) =>
    Object.entries(pod.value.labels).map(([key, value]) => ({ key: `${pod.value.namespace}\n${key}=${value}`, pod })),
  );
  const terms = placed.flatMap((pod) => pod.value.antiAffinity.map((term) => ({ pod, term })));
  const byLabel = groupBy(labelled, (l) => l.key);
  const nodes = view("kube.node").all;
  return {
    nodes,
    byLabel: new Map([...byLabel].map(([key, list]) => [key, list.map((l) => l.pod)])),
    byNamespace: groupBy(placed, (pod) => pod.value.namespace),
    repelling: groupBy(terms, ({ term }) => firstLabel(term) ?? ""),
    nodeByName: new Map(nodes.map((node) => [node.value.name, node])),
  };
}

const firstLabel = (term: AntiAffinityTerm): string | null => {
  const [entry] = Object.entries(term.selector.matchLabels);
  return entry ? `${entry[0]}=${entry[1]}` : null;
};

/** Why one placed pod keeps a pending one from its topology domain. */
export interface Conflict {
  readonly holder: Pod;
  /** `own`: the pending pod's rule; `holder`: the placed pod's rule. */
  readonly rule: "own" | "holder";
  readonly term: AntiAffinityTerm;
}

/** Placed pods that a pod may not stand beside: those that certainly are in reach of the rule, or those of which only the labels of their namespace could tell. */
export function conflictsOf(pod: Pod, board: Board, reach: "reached" | "unknown" = "reached"): readonly Conflict[] {
  const own = pod.value.antiAffinity.flatMap((term) =>
    candidates(pod, term, board, reach)
      .filter((holder) => holder !== pod && matchesSelector(holder.value.labels, term.selector))
      .map((holder) => ({ holder, rule: "own" as const, term })),
  );
  const keys = ["", ...Object.entries(pod.value.labels).map(([key, value]) => `${key}=${value}`)];
  const theirs = keys
    .flatMap((key) => board.repelling.get(key) ?? [])
    .filter(
      ({ pod: holder, term }) =>
        holder !== pod &&
        reachOf(holder, term, pod.value.namespace) === reach &&
        matchesSelector(pod.value.labels, term.selector),
    )
    .map(({ pod: holder, term }) => ({ holder, rule: "holder" as const, term }));
  return [...own, ...theirs];
}

/** The one label of a namespace that is known without its object: the API server sets it (v1.21) and lets nobody change it. */
const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/** Does the rule of a pod reach into a namespace? Named ones and selected ones add up; with neither it is the pod's own. */
function reachOf(pod: Pod, term: AntiAffinityTerm, namespace: string): "reached" | "unknown" | "apart" {
  const { namespaces, namespaceSelector: selector } = term;
  if (namespaces.includes(namespace)) return "reached";
  if (!selector) return namespaces.length === 0 && namespace === pod.value.namespace ? "reached" : "apart";
  const keys = [...Object.keys(selector.matchLabels), ...selector.matchExpressions.map((e) => e.key)];
  if (keys.some((key) => key !== NAMESPACE_NAME)) return "unknown";
  return matchesSelector({ [NAMESPACE_NAME]: namespace }, selector) ? "reached" : "apart";
}

function candidates(pod: Pod, term: AntiAffinityTerm, board: Board, reach: "reached" | "unknown"): readonly Pod[] {
  const label = firstLabel(term);
  const namespaces = term.namespaceSelector
    ? [...board.byNamespace.keys()]
    : [...new Set([...term.namespaces, pod.value.namespace])];
  return namespaces
    .filter((namespace) => reachOf(pod, term, namespace) === reach)
    .flatMap(
      (namespace) =>
        (label === null ? board.byNamespace.get(namespace) : board.byLabel.get(`${namespace}\n${label}`)) ?? [],
    );
}

/** Nodes that a pod's nodeSelector and required node affinity allow. */
export const allowedNodes = (pod: Pod, nodes: readonly NodeFact[]): readonly NodeFact[] =>
  nodes.filter((node) => allowsNode(pod.value, labelsOf(node)));

/** Can a volume be reached from a node? */
export const reachedFrom = ({ terms }: BoundVolume, node: NodeFact): boolean =>
  terms === null || allowsNode({ nodeSelector: {}, nodeAffinity: terms }, labelsOf(node));

/** Every kubelet sets the label of its host; `metadata.name` is the one field that node affinity may name (matchFields), as DaemonSets do. */
const labelsOf = (node: NodeFact): Readonly<Record<string, string>> => ({
  [HOSTNAME]: node.value.name,
  ...node.value.labels,
  [NAME]: node.value.name,
});

/**
 * Can the nodes tell which of them a pod may use? A list of bare names can only where the pod asks for names, or for nothing.
 */
export function canPlace(pod: Pod, volumes: readonly BoundVolume[], nodes: readonly NodeFact[]): boolean {
  if (!nodes.some(isBare)) return true;
  const asked = [
    ...Object.keys(pod.value.nodeSelector),
    ...[...pod.value.nodeAffinity, ...volumes.flatMap((v) => v.terms ?? [])].flatMap((term) => term.map((e) => e.key)),
  ];
  return asked.every((key) => key === HOSTNAME || key === NAME);
}

const isBare = (node: NodeFact): boolean =>
  Object.keys(node.value.labels).length === 0 && node.value.conditions.length === 0;

/** Does the pod say anything about nodes at all? */
export const isPinned = (pod: Pod): boolean =>
  Object.keys(pod.value.nodeSelector).length > 0 || pod.value.nodeAffinity.length > 0;

/** Open to a pod that tolerates nothing; tolerations are not known here. */
export const isOpen = (node: NodeFact): boolean =>
  !node.value.unschedulable &&
  !node.value.taints.some((taint) => taint.effect === "NoSchedule" || taint.effect === "NoExecute");

/** Conflicts that close a node: holders in its topology domain. A node without the topology label is in no domain. */
export function conflictsOn(node: NodeFact, conflicts: readonly Conflict[], board: Board): readonly Conflict[] {
  return conflicts.filter(({ holder, term }) => {
    const domain = domainOf(node, term.topologyKey);
    const other = board.nodeByName.get(holder.value.node ?? "");
    if (holder.value.node === node.value.name) return domain !== null;
    return domain !== null && other !== undefined && domainOf(other, term.topologyKey) === domain;
  });
}

const domainOf = (node: NodeFact, key: string): string | null => {
  const labels = node.value.labels;
  if (Object.hasOwn(labels, key)) return labels[key] ?? null;
  // Every kubelet sets this label; a list that was cut down to names lacks it.
  return key === HOSTNAME ? node.value.name : null;
};
