import type { FactKind } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { latestOf } from "#model/instant.js";
import { defineRule, effect, type FactView, found, type MatchContext, undetermined } from "#model/rule.js";
import { code, known, type Statement, say } from "#model/statement.js";
import { ALERT_ON_STUCK_PODS, COUNT_PENDING, eventsOf, notReady, probeNode } from "./_consequences.js";
import { citeOccurrences, countSandboxes, failureDetails, nameStatement } from "./_failure-statements.js";
import { extent, ownerKey, podsByUid, seenAt } from "./_pods.js";
import { EVENTS_CACHE, SANDBOX_RUN } from "./_references.js";
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
import { waitsForSandbox } from "./_waiting.js";

/** A pod that got its sandbox within this time had a slow start, no fault. */
const LASTING_MS = 300_000;
/** A pod younger than this may be in the middle of its first try. */
const YOUNG_MS = 60_000;

/** What tells of a sandbox that could not be made. */
export const CREATE_FAILURES: FailureKind = {
  reason: "FailedCreatePodSandBox",
  noun: "failed creation of a sandbox",
  event: /[Ff]ailed (to )?create pod sandbox/,
  log: /CreatePodSandboxError|RunPodSandbox for .* failed|RunPodSandbox from runtime service failed/,
};

const failures = (
  view: <K extends FactKind>(kind: K) => FactView<K>,
  context: MatchContext,
): readonly SandboxFailures[] => sandboxFailures(CREATE_FAILURES, view, context.derive(podsByUid));

export default defineRule({
  id: "sym:failed-create-sandbox",
  title: "the kubelet failed to create sandboxes for pods",
  label: "pod sandboxes that could not be created",
  asks: "How did the creation of the sandboxes fail?",
  kind: "symptom",
  needs: { events: "kube.event", pods: "kube.pod" },
  explains: [
    effect("sym:container-creating", ["pod"], "prevents-recovery"),
    effect("sym:replica-redundancy", ["workload"], "propagates"),
  ],
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
  ],
  consequence(finding) {
    const [node] = finding.about.node ?? [];
    return {
      fix: [],
      verify: [
        ...(node === undefined ? [] : probeNode(node)),
        eventsOf("FailedCreatePodSandBox"),
        COUNT_PENDING,
        notReady(),
      ],
      actions: [ALERT_ON_STUCK_PODS],
      questions: [],
      stops: null,
    };
  },
  references: [SANDBOX_RUN, EVENTS_CACHE],
  falsePositives: ["pods that start before the CNI agent of a new node has written its configuration"],
  examples: {
    found: ["kubelet/failed-create-sandbox.yaml"],
    refuted: [],
    undetermined: ["kubelet/failed-kill-pod-no-events.yaml"],
  },
  tags: ["kubelet", "cni"],
});

function judge(group: SandboxFailures, complete: boolean, context: MatchContext): Outcome | null {
  const now = group.occurrences.some((o) => waits(o, context));
  const unknown = !complete && group.occurrences.some((o) => o.pod === null && o.source === "event");
  if (!now && !unknown && lastedMs(group.occurrences) <= LASTING_MS) return null;
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

function waits({ pod }: Occurrence, context: MatchContext): boolean {
  if (!pod || !waitsForSandbox(pod)) return false;
  const since = pod.value.startedAt ?? pod.value.created;
  return since === null || seenAt(pod, context.moment).epochMs - since.epochMs > YOUNG_MS;
}

const aboutOf = (group: SandboxFailures): Found["about"] => ({
  ...(group.node === null ? {} : { node: [group.node] }),
  error: [group.errorClass],
  pod: [...new Set(group.occurrences.flatMap((o) => o.uid ?? []))],
  workload: [...new Set(group.occurrences.flatMap((o) => (o.pod && ownerKey(o.pod)) ?? []))],
});

function headline(group: SandboxFailures): Statement {
  const sandboxes = countSandboxes(group);
  const error = code(group.errorClass, ...citeOccurrences(group));
  return group.node === null
    ? say`${sandboxes} could not be created: error ${error}.`
    : say`${sandboxes} on ${code(group.node, ...citeOccurrences(group))} could not be created: error ${error}.`;
}
