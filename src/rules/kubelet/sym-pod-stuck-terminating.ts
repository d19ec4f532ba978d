import type { Evidence } from "#model/evidence.js";
import type { Found, Outcome } from "#model/finding.js";
import { earliest, type Instant } from "#model/instant.js";
import {
  type Consequence,
  defineRule,
  effect,
  type FactView,
  found,
  type MatchContext,
  slight,
  undetermined,
} from "#model/rule.js";
import { citing, code, codes, known, lapse, type Quoted, type Statement, say, time, word } from "#model/statement.js";
import { agedEvents } from "./_aged-events.js";
import { ALERT_ON_STUCK_PODS, LIST_READY, listTerminating } from "./_consequences.js";
import { KILL_FAILURES } from "./_failure-kinds.js";
import {
  citeEach,
  either,
  extent,
  firstNumber,
  groupBy,
  oneOf,
  overdueMs,
  ownersOf,
  type Pod,
  podNames,
  requestedAt,
  seenAt,
  some,
  span,
  uidsOf,
  WHAT_PODS,
  words,
} from "./_pods.js";
import { DELETE } from "./_references.js";
import { COLLECTED_AFTER_MS, lateRemoval, type Removal } from "./_removals.js";
import { bySilence, cameLater, dueAt, type Silence, silences } from "./_silence.js";
import { GONE, STUCK_AFTER_MS, stuckPods } from "./_stuck.js";

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
      const silence = context.derive(silences).get(node);
      for (const { subject, pods } of bySilence(node, group, GONE, silence))
        yield outcomeOf(subject, node, pods, silence, context);
    }
    const overdue = pods.all.filter((pod) => (overdueMs(pod, context.moment) ?? 0) > 0);
    const young = overdue.filter((pod) => !stuck.includes(pod));
    const slow = some(young.filter((pod) => !lateRemoval(pod, context)));
    if (slow) yield tooYoung(slow);
    for (const [node, group] of groupBy(young, (pod) => pod.value.node ?? UNASSIGNED)) {
      const left = some(group.filter((pod) => lateRemoval(pod, context)));
      const removal = left && lateRemoval(left[0], context);
      if (removal) yield ofRemovedNode(node, left, removal);
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
    found: ["kubelet/failed-kill-pod.yaml", "kubelet/stuck-early.yaml"],
    refuted: [],
    undetermined: ["kubelet/no-cluster-part.yaml"],
  },
  tags: ["kubelet"],
});

/** A kubelet may need seconds more than the grace period. */
function tooYoung(pods: readonly [Pod, ...Pod[]]): Outcome {
  const evidence = citeEach(pods, "/metadata/deletionTimestamp");
  return slight({
    subject: "young",
    about: { pod: uidsOf(pods) },
    statements: [
      say`${firstNumber(pods.length, "deleted pod", ...evidence)} (${podNames(pods)}) ${either(pods.length, "was", "were", ...evidence)} still there no more than ${lapse(STUCK_AFTER_MS, ...evidence)} after the grace period: too young to tell`,
    ],
  });
}

/** No kubelet ends them, and the garbage collector has its time. */
function ofRemovedNode(node: string, pods: readonly [Pod, ...Pod[]], { at, evidence: told }: Removal): Outcome {
  const evidence = citeEach(pods, "/spec/nodeName");
  return slight({
    subject: `removed:${node}`,
    about: { pod: uidsOf(pods) },
    statements: [
      say`${firstNumber(pods.length, "deleted pod", ...evidence)} (${podNames(pods)}) ${either(pods.length, "was", "were", ...evidence)} on ${code(node, ...evidence)}, which had been taken out of the cluster at ${time(at, told)}, no more than ${lapse(COLLECTED_AFTER_MS, told)} before: too young to tell`,
    ],
  });
}

function outcomeOf(
  subject: string,
  node: string,
  pods: readonly [Pod, ...Pod[]],
  silence: Silence | undefined,
  context: MatchContext,
): ReturnType<typeof found> {
  const requests = pods.flatMap((pod) => requestedAt(pod) ?? []);
  const since = requests.reduce<Instant | null>(earliest, null);
  const about: Found["about"] = {
    ...(node === UNASSIGNED ? {} : { node: [node] }),
    pod: uidsOf(pods),
    workload: ownersOf(pods),
  };
  const later = silence && cameLater(silence, pods, GONE);
  return found({
    subject,
    about,
    since,
    due: pods.map((pod) => dueAt(pod, GONE)).reduce(earliest, null),
    lastSeen: seenAt(pods[0], context.moment),
    statements: [
      headline(node, pods, context),
      ...graceStatement(pods, context),
      say`${either(pods.length, "It is", "They are", ...citeEach(pods, "/metadata/name"))} ${podNames(pods)}.`,
      ...ownerStatement(pods),
      finalizerStatement(pods),
      ...stateStatement(pods),
      ...warningStatements(pods, context),
      ...(later ? [later] : []),
    ],
    value: {
      node: node === UNASSIGNED ? null : node,
      pods: pods.length,
      requestedMs: since?.epochMs ?? null,
      atOnce: extent(requests.map((r) => r.epochMs)).reduce((from, to) => to - from) <= AT_ONCE_MS,
    },
    // A finalizer is no matter of what the kubelet said.
    missing: agedEvents(
      pods.filter((pod) => pod.value.finalizers.length === 0),
      context,
    ),
  });
}

function headline(node: string, pods: readonly [Pod, ...Pod[]], context: MatchContext): Statement {
  const evidence = citeEach(pods, "/metadata/deletionTimestamp");
  const now = seenAt(pods[0], context.moment);
  const many = firstNumber(pods.length, "deleted pod", ...evidence);
  const where =
    node === UNASSIGNED
      ? words(" without a node", ...evidence)
      : say` on ${code(node, ...citeEach(pods, "/spec/nodeName"))}`;
  const still = say`at ${time(now, ...evidence)} ${either(pods.length, "it", "they", ...evidence)} still existed`;
  return say`${many}${where} did not go: ${asked(pods)}, and ${still}.`;
}

/** When the deletion was requested; where the grace period is not known, when that ended. */
function asked(pods: readonly [Pod, ...Pod[]]): Quoted {
  const evidence = citeEach(pods, "/metadata/deletionTimestamp");
  const requests = pods.flatMap((pod) => requestedAt(pod) ?? []);
  if (pods.some((pod) => pod.value.graceSeconds === null))
    return say`the grace period ended ${span(requests, ...evidence)}`;
  const graces = citeEach(pods, "/metadata/deletionGracePeriodSeconds");
  return say`${either(pods.length, "its", "their", ...evidence)} deletion was requested ${span(requests, ...evidence, ...graces)}`;
}

/** How long the grace period was, and how long it had been over. */
function graceStatement(pods: readonly [Pod, ...Pod[]], { moment }: MatchContext): readonly Statement[] {
  if (pods.some((pod) => pod.value.graceSeconds === null)) return [];
  const evidence = citeEach(pods, "/metadata/deletionTimestamp");
  const graces = extent(pods.map((pod) => pod.value.graceSeconds ?? 0));
  const grace = graces[0] === graces[1] ? `${graces[0]}` : `${graces[0]} to ${graces[1]}`;
  const [least, most] = extent(pods.map((pod) => overdueMs(pod, moment) ?? 0));
  const longest = lapse(most, ...evidence);
  const overdue = most - least > AT_ONCE_MS ? say`${lapse(least, ...evidence)} to ${longest}` : longest;
  return [
    say`The grace period of ${word(grace, ...citeEach(pods, "/metadata/deletionGracePeriodSeconds"))} s had been over for ${overdue}.`,
  ];
}

function ownerStatement(pods: readonly [Pod, ...Pod[]]): readonly Statement[] {
  const owners = ownersOf(pods);
  const evidence = citeEach(pods, "/metadata/ownerReferences");
  if (owners.length === 0) return [];
  return [say`${either(pods.length, "It belongs", "They belong", ...evidence)} to ${oneOf(owners, ...evidence)}.`];
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

/** Reasons of warnings about the end of a pod. Failed sandboxes have a finding of their own, and so has a kubelet that is silent. */
const TELLING = new Set([
  "FailedUnMount",
  "FailedMount",
  "FailedDetachVolume",
  "FailedPreStopHook",
  "ExceededGracePeriod",
  "FailedKillPod",
]);

interface Warning {
  readonly reason: string;
  readonly message: string;
  readonly first: Instant | null;
  /** Null where it cannot be read. */
  readonly last: Instant | null;
  readonly count: number;
  readonly evidence: Evidence;
}

/** Warnings that may say what a pod waits for, by its uid; once per moment: hand it to `context.derive`. */
const warningsByUid = (
  view: (kind: "kube.event") => FactView<"kube.event">,
): ReadonlyMap<string, readonly Warning[]> => {
  const byUid = new Map<string, Warning[]>();
  for (const { value } of view("kube.event").all) {
    if (value.type !== "Warning" || !TELLING.has(value.reason)) continue;
    for (const { uid, message, first, last, count, evidence } of value.objects) {
      if (uid === null || (value.reason === KILL_FAILURES.reason && KILL_FAILURES.event.test(message))) continue;
      const warning = { reason: value.reason, message, first, last, count: count ?? 1, evidence };
      const known = byUid.get(uid);
      if (known) known.push(warning);
      else byUid.set(uid, [warning]);
    }
  }
  return byUid;
};

/** At most three, one of each reason and text, of after the request only: what was said before is of the life of the pod. */
function warningStatements(pods: readonly Pod[], context: MatchContext): readonly Statement[] {
  const warnings = context.derive(warningsByUid);
  const told = new Map<string, Warning>();
  for (const pod of pods) {
    const since = requestedAt(pod)?.epochMs ?? 0;
    for (const warning of warnings.get(pod.value.uid) ?? []) {
      const { reason, message, first, last } = warning;
      const at = last ?? first;
      if (at && at.epochMs >= since && !told.has(`${reason} ${message}`)) told.set(`${reason} ${message}`, warning);
    }
  }
  return [...told.values()]
    .slice(0, 3)
    .map(
      ({ reason, message, first, last, count, evidence }) =>
        say`An event with the reason ${code(reason, evidence)} says ${code(message, evidence)}${repeated(count, first, last, evidence)}.`,
    );
}

/** One that was told until shortly before the end says more than one of long ago. */
function repeated(times: number, first: Instant | null, last: Instant | null, evidence: Evidence): Quoted {
  if (!last) return first ? say`, at ${time(first, evidence)} for the first time` : citing(evidence);
  return times > 1
    ? say`, at least ${word(times, evidence)} times, the last at ${time(last, evidence)}`
    : say`, at ${time(last, evidence)}`;
}

function follow(node: string | null, together: boolean): Consequence {
  return {
    fix: [],
    verify: [listTerminating(node), LIST_READY],
    actions: [ALERT_ON_STUCK_PODS],
    questions: [
      together
        ? `Why were the pods${node === null ? "" : ` on ${node}`} deleted, and what deleted them at once?`
        : `Why were the pods${node === null ? "" : ` on ${node}`} deleted?`,
    ],
    stops: null,
  };
}
