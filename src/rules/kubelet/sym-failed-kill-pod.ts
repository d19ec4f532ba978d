import { cite } from "#model/fact.js";
import type { Lesson } from "#model/finding.js";
import { defineRule, effect, type FactView, type MatchContext } from "#model/rule.js";
import { known } from "#model/statement.js";
import { ALERT_ON_STUCK_PODS, eventsOf, listTerminating, probeNode } from "./_consequences.js";
import { quietEvents, silentSince } from "./_failure-statements.js";
import { heldFromMs, isListOlder, isOutlived, lastSignMs, olderList } from "./_list-age.js";
import { nodeRuntimes, ofItsRuntime } from "./_node-runtime.js";
import { isCompleted, isReady, overdueMs, type Pod, requestedAt, seenAt } from "./_pods.js";
import { EVENTS_CACHE, POD_WORKERS, SANDBOX_STOP } from "./_references.js";
import {
  firstSeen,
  hasLasted,
  isSilent,
  isUnnamed,
  lastSeen,
  type Occurrence,
  type SandboxFailures,
  SILENT_MS,
} from "./_sandbox-failures.js";
import { COUNTS_ARE_BOUNDS, type Passing, sandboxOutcomes, type Verdict, whatBecame } from "./_sandbox-symptom.js";
import { killFailures, REPEATED, STUCK_AFTER_MS, stuckPods } from "./_stuck.js";

/** Errors that healed by themselves within this time are noise, unless they came often. */
const LASTING_MS = 120_000;
const OFTEN = 5;
/** Events so old beside pods that still exist are worth a word. */
const QUIET_MS = 120_000;

const ATTEMPT = { network: "tear down", sandbox: "tear down", lastingMs: LASTING_MS };

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
    yield* sandboxOutcomes(
      context.derive(killFailures),
      events,
      ATTEMPT,
      (group) => judge(group, pods, context),
      context.derive(nodeRuntimes),
    );
  },
  known: [
    COUNTS_ARE_BOUNDS,
    known(
      "From v1.22 on the kubelet repeats the teardown every 10 to 15 s until it succeeds, earlier ones stop after a few tries; the pod stays an object of the API until then",
      POD_WORKERS,
    ),
    known(
      "containerd passes the error of the CNI plugin on: where the network of a sandbox cannot be removed, the sandbox is not stopped",
      SANDBOX_STOP,
    ),
  ],
  consequence(finding) {
    const [node] = finding.about.node ?? [];
    return {
      fix: [],
      verify: [
        eventsOf("FailedKillPod"),
        listTerminating(node ?? null),
        ...(node === undefined ? [] : [probeNode(node)]),
      ],
      actions: [ALERT_ON_STUCK_PODS],
      questions: [],
      stops: null,
    };
  },
  references: [EVENTS_CACHE, POD_WORKERS, SANDBOX_STOP],
  holds: ofItsRuntime,
  falsePositives: ["teardown errors while the CNI agent of the node restarts, which end within seconds"],
  examples: {
    found: ["kubelet/failed-kill-pod.yaml"],
    refuted: [],
    undetermined: ["kubelet/failed-kill-pod-no-events.yaml"],
  },
  tags: ["kubelet", "cni"],
});

function judge(group: SandboxFailures, pods: FactView<"kube.pod">, context: MatchContext): Verdict | Passing {
  const complete = pods.coverage().state === "complete";
  const stuck = context.derive(stuckPods).filter((pod) => pod.value.node === group.node);
  const idle = complete && stuck.length === 0;
  const states = group.occurrences.map((o) => stateOf(o, complete, idle, context));
  const lasting = hasLasted(group.occurrences, LASTING_MS) || group.occurrences.some((o) => o.count >= OFTEN);
  const now = states.includes("stuck");
  const outlived = isOutlived(group, context);
  const unknown = (states.includes("unknown") || outlived) && !isSilent(group, context);
  const over = !now && !unknown;
  if (!now && !lasting) return unknown ? "open" : "noise";
  const unnamed = over || !isUnnamed(group, stuck, context) ? [] : stuck.filter((pod) => mayBe(pod, group));
  // A kubelet lets a pod go only after its sandbox is torn down, unless somebody took the object away by force.
  const ended = outlived ? silentSince(group, context) : whatBecame(group, pods, context);
  const ending = over ? ended : null;
  const shown = [
    ...group.occurrences.filter((_, i) => states[i] === "stuck").map((o) => o.first),
    ...(unnamed.length > 0 ? [firstSeen(group.occurrences)] : []),
  ];
  return {
    over,
    lessons: lessons(group, context),
    unnamed,
    ending,
    heldFromMs: heldFromMs(shown, context),
    lastSignMs: lastSignMs(group, context),
    missing: unknown && !now ? olderList(group, pods, context) : [],
  };
}

/** Nothing else is known to keep it, and it was to go while the failures went on. */
const mayBe = (pod: Pod, group: SandboxFailures): boolean =>
  pod.value.finalizers.length === 0 &&
  (requestedAt(pod)?.epochMs ?? 0) <= (lastSeen(group.occurrences)?.epochMs ?? Number.POSITIVE_INFINITY);

function lessons(group: SandboxFailures, context: MatchContext): readonly Lesson[] {
  const stuck = new Set(context.derive(stuckPods));
  const pod = group.occurrences.map((o) => o.pod).find((p) => p !== null && stuck.has(p));
  if (!pod) return [];
  const statement = quietEvents(group, seenAt(pod, context.moment), cite(pod, "/metadata/deletionTimestamp"), QUIET_MS);
  return statement ? [{ kind: "surprise", statement }] : [];
}

/** `idle`: no pod at all is stuck on that node. A series of lines goes on for others when the pod of its first line is gone. */
function stateOf(occurrence: Occurrence, complete: boolean, idle: boolean, context: MatchContext): State {
  const state = stateOfPod(occurrence, complete, idle, context);
  // What a list shows of before the last failure is no end of it.
  if (state !== "stuck" && isListOlder(occurrence, context)) return "unknown";
  return state === "gone" && !idle && occurrence.source === "log" && occurrence.count > 1 ? "unknown" : state;
}

function stateOfPod(occurrence: Occurrence, complete: boolean, idle: boolean, context: MatchContext): State {
  const { pod } = occurrence;
  if (!pod) return idle || (complete && occurrence.uid !== null) ? "gone" : "unknown";
  const overdue = overdueMs(pod, context.moment);
  if (overdue === null && occurrence.isOpenEnded && !isReady(pod) && !isCompleted(pod)) return "unknown";
  if (overdue === null) return torn(occurrence, pod, context) ? "stuck" : "live";
  return overdue > STUCK_AFTER_MS || (overdue > 0 && occurrence.count >= REPEATED) ? "stuck" : "live";
}

/** Nobody deleted the pod, but its old sandbox has to go before it gets a new one, and it still waits for that. */
const torn = (occurrence: Occurrence, pod: Pod, context: MatchContext): boolean =>
  !isReady(pod) &&
  !isCompleted(pod) &&
  occurrence.count >= REPEATED &&
  (occurrence.last?.epochMs ?? 0) + SILENT_MS >= seenAt(pod, context.moment).epochMs;
