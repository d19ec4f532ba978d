import type { FactKind } from "#model/fact.js";
import type { Missing } from "#model/finding.js";
import { earliest, type Instant } from "#model/instant.js";
import type { FactView, MatchContext, Moment } from "#model/rule.js";
import type { NodeFact } from "#rules/kubelet/_node-ready.js";
import { overdueMs, ownersOf, type Pod, podName } from "#rules/kubelet/_pods.js";
import { isOnlyCordoned } from "./_cordon.js";
import { blamesElse, namesVolume, otherReasons, type PendingPod, pendingPods } from "./_pending.js";
import {
  allowedNodes,
  boardOf,
  type Conflict,
  canPlace,
  conflictsOf,
  conflictsOn,
  isOpen,
  isPinned,
  reachedFrom,
} from "./_placement.js";
import { type BoundVolume, claimKey, volumesByClaim, volumesMissing } from "./_volumes.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** How the nodes that a pending pod may use are taken. */
export interface Blockade {
  readonly pending: PendingPod;
  /** Allowed by its specification and by the volumes of its claims, sorted by name. */
  readonly allowed: readonly NodeFact[];
  readonly pinned: boolean;
  /** Bound volumes of its claims that can be reached from some nodes only. */
  readonly volumes: readonly BoundVolume[];
  /** Is each of its claims bound to a volume that was collected? Trivially, where it has none. */
  readonly volumesKnown: boolean;
  /** Was the list of nodes collected whole, with what the pod asks for? Else `allowed` says nothing. */
  readonly nodesKnown: boolean;
  /** Of those, cordoned or tainted. */
  readonly closed: readonly NodeFact[];
  /** The others, each with what stands there against the pod; an empty list is a free node. */
  readonly open: readonly { readonly node: NodeFact; readonly conflicts: readonly Conflict[] }[];
  /** Of the closed ones, those that only a cordon closes, each with what stands there against the pod. */
  readonly cordoned: Blockade["open"];
  readonly against: Against;
  /** On open nodes, pods that stand in the way if the labels of their namespace are such as a rule asks for: those are not collected. */
  readonly possible: readonly Conflict[];
}

/** Everything that stands in the way, summed up once: pods of one specification share the object, which may be large. */
export interface Against {
  readonly conflicts: readonly Conflict[];
  readonly holders: readonly Pod[];
  readonly owners: ReadonlySet<string>;
  /** Is there a node on which nobody else than pods that are being deleted stands in the way? */
  readonly going: boolean;
  /** Those of these nodes that do not open by themselves, each with who outlived its grace period there. */
  readonly held: Blockade["open"];
  /** The end of the first grace period that was outlived. */
  readonly deadline: Instant | null;
}

/** For every pending pod, once per moment: hand it to `context.derive`. Pods of one specification are compared once. */
export function blockades(view: Look, context: MatchContext): readonly Blockade[] {
  const board = context.derive(boardOf);
  const byClaim = context.derive(volumesByClaim);
  const listed = view("kube.node").coverage().state === "complete";
  const known = new Map<string, Omit<Blockade, "pending">>();
  return context.derive(pendingPods).map((pending) => {
    const { namespace, labels, nodeSelector, nodeAffinity, antiAffinity, claims } = pending.pod.value;
    const bound = claims.flatMap((claim) => byClaim.get(claimKey(pending.pod, claim)) ?? []);
    const volumesKnown = bound.length === claims.length;
    const ties = [bound.map((v) => v.terms), volumesKnown];
    const key = JSON.stringify([namespace, labels, nodeSelector, nodeAffinity, antiAffinity, ties]);
    const before = known.get(key);
    if (before) {
      const tying = new Set(before.volumes.map((v) => JSON.stringify(v.terms)));
      // The same nodes, by volumes of its own.
      return { ...before, volumes: bound.filter((v) => tying.has(JSON.stringify(v.terms))), pending };
    }
    const volumes = bound.filter((v) => board.nodes.some((node) => !reachedFrom(v, node)));
    const allowed = allowedNodes(pending.pod, board.nodes)
      .filter((node) => volumes.every((v) => reachedFrom(v, node)))
      .sort((a, b) => (a.value.name < b.value.name ? -1 : 1));
    const conflicts = conflictsOf(pending.pod, board);
    const open = allowed.filter(isOpen).map((node) => ({ node, conflicts: conflictsOn(node, conflicts, board) }));
    const unknown = conflictsOf(pending.pod, board, "unknown");
    const blockade = {
      allowed,
      pinned: isPinned(pending.pod) || volumes.length > 0,
      volumes,
      volumesKnown,
      nodesKnown: listed && canPlace(pending.pod, volumes, board.nodes),
      closed: allowed.filter((node) => !isOpen(node)),
      open,
      cordoned: allowed
        .filter(isOnlyCordoned)
        .map((node) => ({ node, conflicts: conflictsOn(node, conflicts, board) })),
      against: sumUp(open, context),
      possible: open.flatMap((o) => conflictsOn(o.node, unknown, board)),
    };
    known.set(key, blockade);
    return { ...blockade, pending };
  });
}

function sumUp(open: Blockade["open"], { moment }: MatchContext): Against {
  const conflicts = open.flatMap((o) => o.conflicts);
  const holders = [...new Set(conflicts.map((c) => c.holder))];
  const going = open.filter((o) => o.conflicts.length > 0 && o.conflicts.every(isTerminating));
  const isOverdue = ({ holder }: Conflict): boolean => (overdueMs(holder, moment) ?? 0) > 0;
  const held = going
    .map(({ node, conflicts: all }) => ({ node, conflicts: all.filter(isOverdue) }))
    .filter((o) => o.conflicts.length > 0);
  return {
    conflicts,
    holders,
    owners: new Set(ownersOf(holders)),
    going: going.length > 0,
    held,
    deadline: held.flatMap((o) => o.conflicts.map(({ holder }) => holder.value.deletion)).reduce(earliest, null),
  };
}

/** Deleted pods that do not go and hold a node for a group of pods, each once. */
export const heldAgainst = (group: readonly Blockade[]): readonly Pod[] => [
  ...new Set(
    [...new Set(group.map((b) => b.against))].flatMap((against) =>
      against.held.flatMap((o) => o.conflicts.map((c) => c.holder)),
    ),
  ),
];

/** All holders against a group of pods, each once. */
export const holdersAgainst = (group: readonly Blockade[]): readonly Pod[] => [
  ...new Set([...new Set(group.map((b) => b.against))].flatMap((against) => against.holders)),
];

export const isTerminating = ({ holder }: Conflict): boolean => holder.value.deletion !== null;

/** Is a node free only if the labels of namespaces, which nobody collected, are not such as a rule asks for? */
export const isUndecided = (blockade: Blockade): boolean => !isBlocked(blockade) && blockade.possible.length > 0;

/** What would tell. */
export const namespacesMissing = ({ pending }: Blockade): Missing => ({
  kind: "kube.pod",
  node: null,
  what: `the labels of the namespaces by which the anti-affinity around ${podName(pending.pod)} selects`,
  why: "no namespaces are collected",
  command: "kubectl get namespaces -o json",
});

/**
 * Does a node only look free? The scheduler refused every one, and what it said of some, or a volume that was not collected, may be
 * why; then those that pods on their way out hold may be the only ones.
 */
export const looksFree = (blockade: Blockade): boolean => blockade.against.going && hasFalseRoom(blockade);

/** The same where running pods hold them. */
export const looksTaken = (blockade: Blockade): boolean =>
  !blockade.against.going && blockade.against.holders.length > 0 && hasFalseRoom(blockade);

function hasFalseRoom(blockade: Blockade): boolean {
  if (isBlocked(blockade) || blamesElse(blockade.pending.message)) return false;
  const { message } = blockade.pending;
  const others = otherReasons(message).filter((reason) => !(blockade.volumesKnown && namesVolume(reason)));
  return others.length > 0 || (message === null && !blockade.volumesKnown);
}

/** Volumes are looked at through `derive`: a later collection without them can still see that a deadlock is over. */
export const objectsOf = (view: Look): FactView<"kube.object"> => view("kube.object");

/** What would tell whether it is. */
export function roomMissing(blockade: Blockade, objects: FactView<"kube.object">): Missing {
  const { pod, message } = blockade.pending;
  if (!blockade.volumesKnown && (message === null || namesVolume(message))) return volumesMissing(pod, objects);
  return {
    kind: "kube.node",
    node: null,
    what: `what else closes nodes to ${podName(pod)}`,
    why: "the scheduler gave reasons besides anti-affinity, and counts nodes without naming them",
    command: "kubectl describe nodes",
  };
}

/**
 * Is a place about to be free by itself? Nothing else is left to the pod, and whoever holds one of the nodes was told to go and has its grace
 * period still: waiting is what is meant.
 */
export const waitsForGrace = (blockade: Blockade, moment: Moment): boolean =>
  blockade.nodesKnown &&
  isBlocked(blockade) &&
  !blamesElse(blockade.pending.message) &&
  opening(blockade, moment) !== null;

/** A pod that goes by itself and then leaves a node open: whoever else stands there goes by itself too. */
export const opening = ({ open }: Blockade, moment: Moment): Pod | null =>
  open.find((o) => o.conflicts.every(({ holder }) => (overdueMs(holder, moment) ?? 1) <= 0))?.conflicts[0]?.holder ??
  null;

/** Every open node has something against the pod. */
export const isBlocked = (blockade: Blockade): boolean =>
  blockade.open.length > 0 && blockade.open.every(({ conflicts }) => conflicts.length > 0);

export const conflictsIn = (blockade: Blockade): readonly Conflict[] => blockade.against.conflicts;

/** Stable name of the set of nodes. */
export function nodesKey(blockade: Blockade): string {
  if (!blockade.pinned) return "any node";
  if (!blockade.nodesKnown) return "unknown nodes";
  return blockade.allowed.map((node) => node.value.name).join(",") || "no node";
}
