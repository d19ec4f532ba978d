import type { FactKind } from "#model/fact.js";
import type { FactView, MatchContext } from "#model/rule.js";
import type { NodeFact } from "#rules/kubelet/_node-ready.js";
import { type PendingPod, pendingPods } from "./_pending.js";
import {
  allowedNodes,
  boardOf,
  type Conflict,
  canPlace,
  conflictsOf,
  conflictsOn,
  isOpen,
  isPinned,
} from "./_placement.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** How the nodes that a pending pod may use are taken. */
export interface Blockade {
  readonly pending: PendingPod;
  /** Allowed by its specification, sorted by name. */
  readonly allowed: readonly NodeFact[];
  readonly pinned: boolean;
  /** Was the list of nodes collected whole, with what the pod asks for? Else `allowed` says nothing. */
  readonly nodesKnown: boolean;
  /** Of those, cordoned or tainted. */
  readonly closed: readonly NodeFact[];
  /** The others, each with what stands there against the pod; an empty list is a free node. */
  readonly open: readonly { readonly node: NodeFact; readonly conflicts: readonly Conflict[] }[];
}

/** For every pending pod, once per moment: hand it to `context.derive`. Pods of one specification are compared once. */
export function blockades(view: Look, context: MatchContext): readonly Blockade[] {
  const board = context.derive(boardOf);
  const listed = view("kube.node").coverage().state === "complete";
  const known = new Map<string, Omit<Blockade, "pending">>();
  return context.derive(pendingPods).map((pending) => {
    const { namespace, labels, nodeSelector, nodeAffinity, antiAffinity } = pending.pod.value;
    const key = JSON.stringify([namespace, labels, nodeSelector, nodeAffinity, antiAffinity]);
    const before = known.get(key);
    if (before) return { ...before, pending };
    const allowed = [...allowedNodes(pending.pod, board.nodes)].sort((a, b) => (a.value.name < b.value.name ? -1 : 1));
    const conflicts = conflictsOf(pending.pod, board);
    const blockade = {
      allowed,
      pinned: isPinned(pending.pod),
      nodesKnown: listed && canPlace(pending.pod, board.nodes),
      closed: allowed.filter((node) => !isOpen(node)),
      open: allowed.filter(isOpen).map((node) => ({ node, conflicts: conflictsOn(node, conflicts, board) })),
    };
    known.set(key, blockade);
    return { ...blockade, pending };
  });
}

export const isTerminating = ({ holder }: Conflict): boolean => holder.value.deletion !== null;

/** Every open node has something against the pod. */
export const isBlocked = (blockade: Blockade): boolean =>
  blockade.open.length > 0 && blockade.open.every(({ conflicts }) => conflicts.length > 0);

export const conflictsIn = (blockade: Blockade): readonly Conflict[] => blockade.open.flatMap((o) => o.conflicts);

/** Stable name of the set of nodes. */
export function nodesKey(blockade: Blockade): string {
  if (!blockade.pinned) return "any node";
  if (!blockade.nodesKnown) return "unknown nodes";
  return blockade.allowed.map((node) => node.value.name).join(",") || "no node";
}
