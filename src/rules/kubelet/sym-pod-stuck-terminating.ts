import type { Found } from "#model/finding.js";
import { earliest, type Instant } from "#model/instant.js";
import { type Consequence, defineRule, effect, found, type MatchContext, undetermined } from "#model/rule.js";
import { code, codes, count, known, lapse, type Statement, say, time, word } from "#model/statement.js";
import { ALERT_ON_STUCK_PODS, countTerminating, notReady } from "./_consequences.js";
import {
  citeEach,
  either,
  extent,
  groupBy,
  ownersOf,
  type Pod,
  podNames,
  requestedAt,
  seenAt,
  span,
  stuckPods,
  uidsOf,
  WHAT_PODS,
} from "./_pods.js";
import { DELETE } from "./_references.js";

/** What stands for the node of pods that were never bound to one. */
const UNASSIGNED = "unassigned";

/** Requests so close together were one act, or one controller's. */
const AT_ONCE_MS = 2_000;

export default defineRule({
  id: "sym:pod-stuck-terminating",
  title: "pods that were deleted did not go",
  label: "pods stuck Terminating",
  asks: "How did the deleted pods come to stay?",
  kind: "symptom",
  needs: { pods: "kube.pod" },
  explains: [
    effect("anti-affinity-terminating-deadlock", ["pod"], "propagates"),
    effect("sym:replica-redundancy", ["workload"], "propagates"),
  ],
  *match({ pods }, context) {
    const stuck = context.derive(stuckPods);
    if (pods.coverage().state !== "complete" && stuck.length === 0) {
      yield undetermined({ subject: "cluster", about: {}, missing: [pods.missing(WHAT_PODS)] });
    }
    for (const [node, group] of groupBy(stuck, (pod) => pod.value.node ?? UNASSIGNED)) {
      const [first, ...rest] = group;
      if (first) yield outcomeOf(node, [first, ...rest], context);
    }
  },
  known: [
    known(
      "A deletionTimestamp is the time of the request plus the grace period; the object stays until the kubelet has torn the pod down and no finalizer is left",
      DELETE,
    ),
  ],
  consequence: (finding) =>
    follow(finding.about.node?.[0] ?? null, finding.value["pods"] !== 1 && finding.value["atOnce"] === true),
  references: [DELETE],
  falsePositives: ["pods with a long preStop hook that outlives the grace period by seconds"],
  examples: {
    found: ["kubelet/failed-kill-pod.yaml"],
    refuted: [],
    undetermined: ["kubelet/no-cluster-part.yaml"],
  },
  tags: ["kubelet"],
});

function outcomeOf(node: string, pods: readonly [Pod, ...Pod[]], context: MatchContext): ReturnType<typeof found> {
  const requests = pods.flatMap((pod) => requestedAt(pod) ?? []);
  const since = requests.reduce<Instant | null>(earliest, null);
  const about: Found["about"] = {
    ...(node === UNASSIGNED ? {} : { node: [node] }),
    pod: uidsOf(pods),
    workload: ownersOf(pods),
  };
  return found({
    subject: node,
    about,
    since,
    lastSeen: seenAt(pods[0], context.moment),
    statements: [
      headline(node, pods, context),
      ...requestStatement(requests, pods),
      say`${either(pods.length, "It is", "They are", ...citeEach(pods, "/metadata/name"))} ${podNames(pods)}.`,
      ...ownerStatement(pods),
      finalizerStatement(pods),
      ...stateStatement(pods),
    ],
    value: {
      node: node === UNASSIGNED ? null : node,
      pods: pods.length,
      requestedMs: since?.epochMs ?? null,
      atOnce: extent(requests.map((r) => r.epochMs)).reduce((from, to) => to - from) <= AT_ONCE_MS,
    },
  });
}

function headline(node: string, pods: readonly [Pod, ...Pod[]], context: MatchContext): Statement {
  const evidence = citeEach(pods, "/metadata/deletionTimestamp");
  const now = seenAt(pods[0], context.moment);
  const overdue = extent(pods.map((pod) => now.epochMs - (pod.value.deletion?.epochMs ?? now.epochMs)))[1];
  const late = say`${lapse(overdue, ...evidence)} after the grace period, at ${time(now, ...evidence)}`;
  const number = count(pods.length, "deleted pod", ...evidence);
  return node === UNASSIGNED
    ? say`${number} without a node still existed ${late}.`
    : say`${number} on ${code(node, ...citeEach(pods, "/spec/nodeName"))} still existed ${late}.`;
}

function requestStatement(requests: readonly Instant[], pods: readonly [Pod, ...Pod[]]): readonly Statement[] {
  if (requests.length === 0) return [];
  const evidence = citeEach(pods, "/metadata/deletionTimestamp");
  if (pods.some((pod) => pod.value.graceSeconds === null))
    return [say`The grace period ended ${span(requests, ...evidence)}.`];
  const graces = extent(pods.map((pod) => pod.value.graceSeconds ?? 0));
  const grace = graces[0] === graces[1] ? `${graces[0]}` : `${graces[0]} to ${graces[1]}`;
  return [
    say`The deletion was requested ${span(requests, ...evidence)}, with ${word(grace, ...citeEach(pods, "/metadata/deletionGracePeriodSeconds"))} seconds of grace.`,
  ];
}

function ownerStatement(pods: readonly [Pod, ...Pod[]]): readonly Statement[] {
  const owners = ownersOf(pods);
  const evidence = citeEach(pods, "/metadata/ownerReferences");
  if (owners.length === 0) return [];
  return [say`${either(pods.length, "It belongs", "They belong", ...evidence)} to ${codes(owners, 1, ...evidence)}.`];
}

function finalizerStatement(pods: readonly [Pod, ...Pod[]]): Statement {
  const finalizers = [...new Set(pods.flatMap((pod) => pod.value.finalizers))];
  const evidence = citeEach(pods, "/metadata/finalizers");
  return finalizers.length === 0
    ? say`No finalizer is set on ${either(pods.length, "it", "any of them", ...evidence)}.`
    : say`Finalizers are set: ${codes(finalizers, 5, ...evidence)}.`;
}

function stateStatement(pods: readonly [Pod, ...Pod[]]): readonly Statement[] {
  const states = [...new Set(pods.flatMap((pod) => pod.value.containers.map((c) => c.state)))].sort();
  if (states.length === 0) return [];
  return [say`The containers were reported as ${codes(states, 5, ...citeEach(pods, "/status/containerStatuses"))}.`];
}

function follow(node: string | null, together: boolean): Consequence {
  return {
    fix: [],
    verify: [countTerminating(node), notReady()],
    actions: [ALERT_ON_STUCK_PODS],
    questions: [
      together
        ? `Why were the pods${node === null ? "" : ` on ${node}`} deleted, and what deleted them at once?`
        : `Why were the pods${node === null ? "" : ` on ${node}`} deleted?`,
      "Who noticed that deleted pods did not go, when, and how?",
    ],
    stops: null,
  };
}
