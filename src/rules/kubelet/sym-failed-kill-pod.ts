import type { FactKind } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { latestOf } from "#model/instant.js";
import { defineRule, effect, type FactView, found, type MatchContext, undetermined } from "#model/rule.js";
import { code, known, type Quoted, type Statement, say } from "#model/statement.js";
import { ALERT_ON_STUCK_PODS, countTerminating, eventsOf, probeNode } from "./_consequences.js";
import { citeOccurrences, countSandboxes, failureDetails, nameStatement } from "./_failure-statements.js";
import {
  extent,
  isCompleted,
  isReady,
  overdueMs,
  ownerKey,
  type Pod,
  podsByUid,
  STUCK_AFTER_MS,
  stuckPods,
} from "./_pods.js";
import { EVENTS_CACHE, POD_WORKERS, SANDBOX_STOP, SYNC_RESULT } from "./_references.js";
import {
  type FailureKind,
  failureSubject,
  firstSeen,
  lastedMs,
  lastSeen,
  type Occurrence,
  type SandboxFailures,
  sandboxFailures,
} from "./_sandbox-failures.js";

/** Errors that healed by themselves within this time are noise, unless they came often. */
const LASTING_MS = 120_000;
const OFTEN = 5;
/** Before the pod is a minute over its deadline, one failure may still be an accident. */
const REPEATED = 3;
/** The kubelet retries each 10 to 15 s: a log silent for so long has no failure to tell. */
const SILENT_MS = 600_000;

/** What tells of a failed teardown. */
export const KILL_FAILURES: FailureKind = {
  reason: "FailedKillPod",
  noun: "failed teardown of a sandbox",
  event: /KillPodSandbox/,
  log: /KillPodSandbox|StopPodSandbox for .* failed|StopPodSandbox from runtime service failed/,
};

const failures = (
  view: <K extends FactKind>(kind: K) => FactView<K>,
  context: MatchContext,
): readonly SandboxFailures[] => sandboxFailures(KILL_FAILURES, view, context.derive(podsByUid));

type State = "stuck" | "gone" | "unknown" | "live";

export default defineRule({
  id: "sym:failed-kill-pod",
  title: "the kubelet failed to tear down the sandboxes of pods",
  label: "pod sandboxes that could not be torn down",
  asks: "How did the teardown of the sandboxes fail?",
  kind: "symptom",
  // Logs are looked at through `derive`: a later collection without them can still see that the pods are gone.
  needs: { events: "kube.event", pods: "kube.pod" },
  explains: [effect("sym:pod-stuck-terminating", ["pod"], "prevents-recovery")],
  *match({ events, pods }, context) {
    const complete = pods.coverage().state === "complete";
    const groups = context.derive(failures);
    for (const group of groups) {
      const outcome = judge(group, complete, context);
      if (outcome) yield outcome;
    }
    if (events.coverage().state !== "complete" && groups.length === 0) {
      yield undetermined({ subject: "cluster", about: {}, missing: [events.missing("the events of the cluster")] });
    }
  },
  known: [
    known(
      "A count in an event is a lower bound: after 25 events of one object a client writes only one in five minutes, and events disappear with their time to live",
      EVENTS_CACHE,
    ),
    known(
      "The kubelet repeats the teardown after 10 to 15 seconds until it succeeds, and the pod stays an object of the API until then",
      POD_WORKERS,
    ),
  ],
  consequence(finding) {
    const [node] = finding.about.node ?? [];
    return {
      fix: [],
      verify: [
        eventsOf("FailedKillPod"),
        countTerminating(node ?? null),
        ...(node === undefined ? [] : probeNode(node)),
      ],
      actions: [ALERT_ON_STUCK_PODS],
      questions: [],
      stops: null,
    };
  },
  references: [SYNC_RESULT, SANDBOX_STOP, EVENTS_CACHE, POD_WORKERS],
  falsePositives: ["teardown errors while the CNI agent of the node restarts, which end within seconds"],
  examples: {
    found: ["kubelet/failed-kill-pod.yaml"],
    refuted: [],
    undetermined: ["kubelet/failed-kill-pod-no-events.yaml"],
  },
  tags: ["kubelet", "cni"],
});

function judge(group: SandboxFailures, complete: boolean, context: MatchContext): Outcome | null {
  const idle = complete && !context.derive(stuckPods).some((pod) => pod.value.node === group.node);
  const states = group.occurrences.map((o) => stateOf(o, complete, idle, context));
  const lasting = lastedMs(group.occurrences) > LASTING_MS || group.occurrences.some((o) => o.count >= OFTEN);
  const now = states.includes("stuck");
  const unknown = states.includes("unknown") && !silent(group, context);
  if (!now && !unknown && !lasting) return null;
  return found({
    subject: failureSubject(group.node, group.errorClass),
    about: aboutOf(group),
    since: firstSeen(group.occurrences),
    lastSeen: latestOf(lastSeen(group.occurrences), group.logged?.value.last ?? null),
    over: !now && !unknown,
    statements: [headline(group), ...nameStatement(group), ...failureDetails(group)],
    value: {
      node: group.node,
      error: group.errorClass,
      highestCount: extent(group.occurrences.map((o) => o.count))[1],
    },
  });
}

/** `idle`: no pod at all is stuck on that node. */
function stateOf(occurrence: Occurrence, complete: boolean, idle: boolean, context: MatchContext): State {
  const { pod } = occurrence;
  if (!pod) return idle || (complete && occurrence.uid !== null) ? "gone" : "unknown";
  const overdue = overdueMs(pod, context.moment);
  if (overdue === null) return torn(occurrence, pod, context) ? "stuck" : "live";
  return overdue > STUCK_AFTER_MS || (overdue > 0 && occurrence.count >= REPEATED) ? "stuck" : "live";
}

/** Nobody deleted the pod, but its old sandbox has to go before it gets a new one, and it still waits for that. */
const torn = (occurrence: Occurrence, pod: Pod, context: MatchContext): boolean =>
  !isReady(pod) &&
  !isCompleted(pod) &&
  occurrence.count >= REPEATED &&
  (occurrence.last?.epochMs ?? 0) + SILENT_MS >= context.moment.collectedAt.epochMs;

/** A log that goes on without the failure. Events cannot tell: their last time lags and they are kept for long. */
const silent = (group: SandboxFailures, context: MatchContext): boolean =>
  group.occurrences.every((o) => o.source === "log") &&
  (lastSeen(group.occurrences)?.epochMs ?? 0) + SILENT_MS < context.moment.collectedAt.epochMs;

const aboutOf = (group: SandboxFailures): Found["about"] => ({
  ...(group.node === null ? {} : { node: [group.node] }),
  error: [group.errorClass],
  pod: [...new Set(group.occurrences.flatMap((o) => o.uid ?? []))],
  workload: [...new Set(group.occurrences.flatMap((o) => (o.pod && ownerKey(o.pod)) ?? []))],
});

function headline(group: SandboxFailures): Statement {
  const sandboxes = countSandboxes(group);
  return group.node === null
    ? say`${sandboxes} could not be torn down: error ${classOf(group)}.`
    : say`${sandboxes} on ${code(group.node, ...citeOccurrences(group))} could not be torn down: error ${classOf(group)}.`;
}

const classOf = (group: SandboxFailures): Quoted => code(group.errorClass, ...citeOccurrences(group));
