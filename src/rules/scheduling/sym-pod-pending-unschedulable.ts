import type { Found, Outcome } from "#model/finding.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import { defineRule, effect, found, type MatchContext, slight, undetermined } from "#model/rule.js";
import { citing, code, codes, known, lapse, type Statement, say, time } from "#model/statement.js";
import { ALERT_ON_PENDING_PODS } from "#rules/kubelet/_alerts.js";
import { LIST_PENDING, LIST_READY } from "#rules/kubelet/_consequences.js";
import {
  CITED,
  type Cited,
  citeEach,
  either,
  firstNumber,
  groupBy,
  ownersOf,
  podNames,
  seenAt,
  some,
  span,
  uidsOf,
  WHAT_PODS,
  words,
} from "#rules/kubelet/_pods.js";
import { type Blockade, blockades, holdersAgainst, nodesKey, waitsForGrace } from "./_blockade.js";
import { PENDING_MS, type PendingPod, PROVISIONED_MS, reasonsOf, scalingFor, youngPending } from "./_pending.js";
import { EVENT_SERIES, FIT_ERROR } from "./_references.js";

type Blocked = readonly [Blockade, ...Blockade[]];

export default defineRule({
  id: "sym:pod-pending-unschedulable",
  title: "the scheduler found no node for pods",
  label: "pods stuck Pending",
  asks: "How did the pods come to find no node?",
  kind: "symptom",
  needs: { pods: "kube.pod" },
  explains: [effect("sym:replica-redundancy", ["workload"], "prevents-recovery")],
  *match({ pods }, context) {
    const pending = context.derive(blockades);
    if (pods.coverage().state !== "complete" && pending.length === 0) {
      yield undetermined({ subject: "cluster", about: {}, missing: [pods.missing(WHAT_PODS)] });
    }
    const meant = some(pending.filter((b) => waitsForGrace(b, context.moment)));
    const aside = new Set(meant);
    const unmeant = pending.filter((b) => !aside.has(b));
    const pictures = groupBy(unmeant, (b) => `${nodesKey(b)}|${reasons(b).join("; ")}`);
    for (const [subject, group] of pictures) {
      const [first, ...rest] = group;
      if (first) yield outcomeOf(subject, [first, ...rest], context);
    }
    const early = context.derive(youngPending);
    const young = some(early.filter((p) => !scalingFor(p, context)));
    const scaling = some(early.filter((p) => scalingFor(p, context)));
    if (young) yield tooYoung(young);
    if (scaling) yield nodeComes(scaling, context);
    if (meant) yield graceful(meant);
  },
  known: [
    known(
      "The message counts reasons: usually the first for each node; up to v1.21 two for a pod that inter-pod affinity keeps away",
      FIT_ERROR,
    ),
    known(
      "An event of the scheduler keeps its first message; the condition of the pod has the present one",
      EVENT_SERIES,
    ),
  ],
  consequence: () => ({
    fix: [],
    verify: [LIST_PENDING, LIST_READY],
    actions: [ALERT_ON_PENDING_PODS],
    questions: [],
    stops: null,
  }),
  references: [FIT_ERROR, EVENT_SERIES],
  falsePositives: ["a pod that waits for an autoscaler whose events were not collected"],
  examples: {
    found: ["scheduling/deadlock.yaml", "kubelet/stuck-early.yaml"],
    refuted: [],
    undetermined: ["kubelet/no-cluster-part.yaml"],
  },
  tags: ["scheduling"],
});

/** A scheduler tries again within seconds. */
function tooYoung([first, ...rest]: readonly [PendingPod, ...PendingPod[]]): Outcome {
  const pods = [first.pod, ...rest.map((p) => p.pod)] as const;
  const evidence: Cited = [first.evidence, ...rest.slice(0, CITED - 1).map((p) => p.evidence)];
  return slight({
    subject: "young",
    about: { pod: uidsOf(pods) },
    statements: [
      say`${firstNumber(pods.length, "pod", ...evidence)} (${podNames(pods)}) ${either(pods.length, "was", "were", ...evidence)} without a node for no more than ${lapse(PENDING_MS, ...evidence)}: too young to tell`,
    ],
  });
}

/** An autoscaler has said that it adds a node. */
function nodeComes(pending: readonly [PendingPod, ...PendingPod[]], context: MatchContext): Outcome {
  const pods = some(pending.map((p) => p.pod)) ?? [pending[0].pod];
  const conditions: Cited = [pending[0].evidence, ...pending.slice(1, CITED).map((p) => p.evidence)];
  const events = pending.flatMap((p) => scalingFor(p, context) ?? []);
  const [first, ...rest] = events.map((event) => event.evidence);
  const times = events.flatMap((event) => event.first ?? event.last ?? []);
  const told = first ? say`, ${span(times, first, ...rest.slice(0, CITED - 1))}` : citing(...conditions);
  return slight({
    subject: "scaling",
    about: { pod: uidsOf(pods) },
    statements: [
      say`${firstNumber(pods.length, "pod", ...conditions)} (${podNames(pods)}) ${either(pods.length, "was", "were", ...conditions)} without a node, and an autoscaler had said no more than ${lapse(PROVISIONED_MS, ...conditions)} before that it adds one${told}: too young to tell`,
    ],
  });
}

/** A predecessor that has its grace period still ends by itself, and its place is free then. */
function graceful(group: Blocked): Outcome {
  const pods = some(group.map((b) => b.pending.pod)) ?? [group[0].pending.pod];
  const conditions = conditionsOf(group);
  const holders = some(holdersAgainst(group).filter((pod) => pod.value.deletion !== null));
  const many = say`${firstNumber(pods.length, "pod", ...conditions)} (${podNames(pods)}) ${either(pods.length, "was", "were", ...conditions)} without a node`;
  const last = holders?.map((pod) => pod.value.deletion).reduce<Instant | null>(latestOf, null);
  if (!holders || !last) return slight({ subject: "grace", about: { pod: uidsOf(pods) }, statements: [many] });
  const deadlines = citeEach(holders, "/metadata/deletionTimestamp");
  const those = say`${podNames(holders)}, which ${either(holders.length, "was", "were", ...deadlines)} deleted and ${either(holders.length, "has its grace period until", "have their grace periods, the longest until", ...deadlines)} ${time(last, ...deadlines)}`;
  return slight({
    subject: "grace",
    about: { pod: uidsOf(pods), workload: ownersOf(pods) },
    statements: [say`${many}, and waited for the place of ${those}: so it is meant`],
  });
}

const reasons = (blockade: Blockade): readonly string[] => reasonsOf(blockade.pending.message ?? "");

function outcomeOf(subject: string, group: Blocked, context: MatchContext): Outcome {
  const [first] = group;
  const pods = group.map((b) => b.pending.pod);
  const since = group.map((b) => b.pending.since).reduce<Instant | null>(earliest, null);
  const now = seenAt(first.pending.pod, context.moment);
  const about: Found["about"] = {
    ...(first.pinned && first.nodesKnown ? { node: first.allowed.map((node) => node.value.name) } : {}),
    pod: uidsOf(pods),
    workload: ownersOf(pods),
  };
  return found({
    subject,
    about,
    since,
    lastSeen: now,
    statements: [headline(group, since, now), ...details(group)],
    value: { pods: group.length, nodes: nodesKey(first), message: first.pending.message },
  });
}

const conditionsOf = ([first, ...rest]: Blocked): Cited => [
  first.pending.evidence,
  ...rest.slice(0, CITED - 1).map((b) => b.pending.evidence),
];

function headline(group: Blocked, since: Instant | null, now: Instant): Statement {
  const [first] = group;
  const evidence = conditionsOf(group);
  const many = firstNumber(group.length, "pod", ...evidence);
  const names = first.allowed.map((node) => node.value.name);
  const bound =
    first.pinned && names.length > 0
      ? say` that may run on ${codes(names, 5, ...pinning(group))} only`
      : citing(...evidence);
  const begin = since
    ? say` from ${time(since, ...begins(group, since))} on, still at ${time(now, ...evidence)}`
    : citing(...evidence);
  return say`${many}${bound} stayed Pending${begin}: the scheduler found no node.`;
}

/** The condition that carries the time. */
const begins = (group: Blocked, since: Instant): Cited => [
  (group.find((b) => b.pending.since?.epochMs === since.epochMs) ?? group[0]).pending.evidence,
];

/** What ties them to their nodes: the volumes where those do, else the specification. */
function pinning([first, ...rest]: Blocked): Cited {
  const [volume, ...more] = [first, ...rest].flatMap((b) => b.volumes);
  if (volume) return citeEach([volume.fact, ...more.map((v) => v.fact)], "/spec/nodeAffinity");
  return citeEach([first.pending.pod, ...rest.map((b) => b.pending.pod)], "/spec/affinity/nodeAffinity");
}

function details(group: Blocked): readonly Statement[] {
  const [first, ...rest] = group;
  const evidence = conditionsOf(group);
  return [
    say`${either(group.length, "It is", "They are", ...evidence)} ${podNames([first.pending.pod, ...rest.map((b) => b.pending.pod)])}.`,
    ...(first.pending.message === null
      ? []
      : [say`The scheduler said ${code(first.pending.message, first.pending.said)}.`]),
    ...(first.pinned && first.nodesKnown && first.allowed.length === 0
      ? [
          say`No node that was collected carries the labels which ${first.volumes.length > 0 ? words("their specification and their volumes ask for", ...pinning(group)) : words("their specification asks for", ...pinning(group))}${citing(...pinning(group))}.`,
        ]
      : []),
  ];
}
