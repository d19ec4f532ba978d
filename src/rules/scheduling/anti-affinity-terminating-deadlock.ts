import type { Found, Outcome } from "#model/finding.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import {
  defineRule,
  effect,
  type FactView,
  found,
  type MatchContext,
  type Moment,
  refuted,
  undetermined,
} from "#model/rule.js";
import { known } from "#model/statement.js";
import { LIST_PENDING, LIST_READY } from "#rules/kubelet/_consequences.js";
import { groupBy, ownerKey, ownersOf, podName, seenAt, uidsOf, WHAT_NODES } from "#rules/kubelet/_pods.js";
import {
  type Blockade,
  blockades,
  heldAgainst,
  isBlocked,
  isTerminating,
  isUndecided,
  looksFree,
  namespacesMissing,
  nodesKey,
  objectsOf,
  opening,
  roomMissing,
} from "./_blockade.js";
import { isOnlyCordoned } from "./_cordon.js";
import { type Blocked, deadlockStatements, namelessStatement, refutal } from "./_deadlock-statements.js";
import { antiAffinityCount, blamesElse, namesAntiAffinity, namesCordon, namesTaint } from "./_pending.js";
import { ANTI_AFFINITY } from "./_references.js";

export default defineRule({
  id: "anti-affinity-terminating-deadlock",
  title:
    "by required anti-affinity, pods that are being deleted close the only nodes that could take their replacements",
  label: "an anti-affinity deadlock with Terminating pods",
  asks: "How did pods that were already deleted keep others from their node?",
  kind: "mechanism",
  role: "contributing-factor",
  needs: { pods: "kube.pod", nodes: "kube.node" },
  explains: [effect("sym:pod-pending-unschedulable", ["pod"], "prevents-recovery")],
  *match({ pods, nodes }, context) {
    const all = context.derive(blockades);
    const placed = all.filter((b) => b.nodesKnown);
    const unknown = all.filter((b) => !b.nodesKnown);
    if (unknown.length > 0)
      yield undetermined({ subject: "cluster", about: aboutPending(unknown), missing: [nodes.missing(WHAT_NODES)] });
    const isDeadlock = (blockade: Blockade): boolean => isHeld(blockade, context.moment);
    const held = placed.filter(isDeadlock);
    for (const group of groupBy(held, nodesKey).values()) {
      const [first, ...rest] = group;
      if (first) yield deadlock([first, ...rest], pods, context);
    }
    const seeming = placed.filter(looksFree);
    for (const [subject, group] of groupBy(seeming, aside)) {
      const [first] = group;
      if (first)
        yield undetermined({
          subject,
          about: aboutPending(group),
          missing: [roomMissing(first, context.derive(objectsOf))],
        });
    }
    const open = new Set(seeming);
    const decided = placed.filter((b) => !open.has(b));
    const undecided = decided.filter((b) => !isDeadlock(b) && !isExcluded(b));
    const [asked] = undecided;
    if (asked)
      yield undetermined({ subject: "cluster", about: aboutPending(undecided), missing: [namespacesMissing(asked)] });
    const others = decided.filter((b) => !isDeadlock(b) && isExcluded(b));
    for (const [subject, group] of groupBy(others, aside)) {
      const [first] = group;
      if (first) yield refuted({ subject, about: aboutPending(group), statements: [refutal(first, context.moment)] });
    }
  },
  known: [
    known(
      "Required anti-affinity counts every pod object on the node, also one that is being deleted, until the object is gone",
      ANTI_AFFINITY,
    ),
  ],
  consequence: () => ({
    fix: [],
    verify: [LIST_PENDING, LIST_READY],
    actions: [],
    questions: [
      "Is it intended that each of these pods may run on one node only, so that a replacement has to wait for its predecessor?",
    ],
    stops: null,
  }),
  references: [ANTI_AFFINITY],
  falsePositives: ["a rollout whose old pods still run: nothing is being deleted then"],
  examples: {
    found: ["scheduling/deadlock.yaml", "scheduling/deadlock-sibling.yaml", "kubelet/stuck-early.yaml"],
    refuted: ["scheduling/rollout-surge.yaml"],
    undetermined: ["scheduling/deadlock-no-nodes.yaml"],
  },
  tags: ["scheduling"],
});

/**
 * On at least one node nobody stands in the way but who was told to go and has outlived its grace period, and none of the others opens by
 * itself: a sibling that runs there closes its own node only. Until the grace period ends waiting is what is meant.
 */
const isHeld = (blockade: Blockade, moment: Moment): boolean =>
  isBlocked(blockade) &&
  blockade.against.held.length > 0 &&
  opening(blockade, moment) === null &&
  !blamesElse(blockade.pending.message);

/** Not where only the labels of namespaces could tell whether a node is free, or who holds it. */
const isExcluded = (blockade: Blockade): boolean =>
  !isUndecided(blockade) ||
  blamesElse(blockade.pending.message) ||
  (blockade.against.conflicts.length > 0 &&
    ![...blockade.against.conflicts, ...blockade.possible].some((c) => isTerminating(c)));

/** Did the scheduler name what closes the nodes that are closed? */
const namesClosed = ({ closed, pending }: Blockade): boolean =>
  closed.every((node) =>
    isOnlyCordoned(node) ? namesCordon(pending.message) || namesTaint(pending.message) : namesTaint(pending.message),
  );

const aside = (b: Blockade): string => `${nodesKey(b)}|${ownerKey(b.pending.pod) ?? podName(b.pending.pod)}`;

const aboutPending = (group: readonly Blockade[]): Found["about"] => ({
  pod: uidsOf(group.map((b) => b.pending.pod)),
  workload: ownersOf(group.map((b) => b.pending.pod)),
});

function deadlock(group: Blocked, pods: FactView<"kube.pod">, context: MatchContext): Outcome {
  const [first] = group;
  const holders = heldAgainst(group);
  const about: Found["about"] = {
    // Where those stand that do not go: of a wider domain the held nodes are others, and nothing is the matter with them.
    node: [...new Set(holders.flatMap((pod) => pod.value.node ?? []))],
    pod: uidsOf([...group.map((b) => b.pending.pod), ...holders]),
    workload: ownersOf([...group.map((b) => b.pending.pod), ...holders]),
  };
  const nameless = namelessStatement(group);
  const fewer = group.some((b) => (antiAffinityCount(b.pending.message) ?? b.open.length) < b.open.length);
  return found({
    subject: nodesKey(first),
    about,
    since: group.map(deadlockSince).reduce<Instant | null>(earliest, null),
    lastSeen: seenAt(first.pending.pod, context.moment),
    statements: deadlockStatements(group),
    lessons: nameless ? [{ kind: "surprise", statement: nameless }] : [],
    unverified: [
      ...(pods.coverage().state === "complete"
        ? []
        : ["that no further pod stands there: the list of pods is not complete"]),
      ...(group.every((b) => namesAntiAffinity(b.pending.message))
        ? []
        : ["that anti-affinity is what the scheduler found: it gave no reason"]),
      ...(fewer
        ? ["that nothing else closes those nodes: the scheduler counted anti-affinity for fewer than pods stand on"]
        : []),
      ...(group.some((b) => b.possible.some((c) => !isTerminating(c)))
        ? ["that no pod of a namespace which is selected by labels stands there too"]
        : []),
      ...(!group.every(namesClosed)
        ? ["that the pods do not tolerate the taints of the other nodes which they may use"]
        : []),
    ],
    value: { pending: group.length, holders: holders.length },
  });
}

/** A replacement waits for its predecessor's grace period anyway; a deadlock begins when the first pod in its way has outlived it. */
const deadlockSince = ({ pending, against }: Blockade): Instant | null => latestOf(pending.since, against.deadline);
