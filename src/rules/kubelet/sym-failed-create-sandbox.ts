import type { FactKind } from "#model/fact.js";
import { defineRule, effect, type FactView, type MatchContext, slight } from "#model/rule.js";
import { known } from "#model/statement.js";
import { ALERT_ON_FAILING_SANDBOXES, eventsOf, LIST_PENDING, LIST_READY, probeNode } from "./_consequences.js";
import { CREATE_FAILURES } from "./_failure-kinds.js";
import { silentSince, tooShort } from "./_failure-statements.js";
import { justStarted } from "./_just-started.js";
import { heldFromMs, isOutlived, lastSignMs, olderList } from "./_list-age.js";
import { nodeRuntimes, ofItsRuntime } from "./_node-runtime.js";
import { type Pod, podsByUid, seenAt, some } from "./_pods.js";
import { EVENTS_CACHE, SANDBOX_RUN } from "./_references.js";
import {
  failureSubject,
  firstSeen,
  hasLasted,
  isSilent,
  isUnnamed,
  type SandboxFailures,
  sandboxFailures,
} from "./_sandbox-failures.js";
import { COUNTS_ARE_BOUNDS, type Passing, sandboxOutcomes, type Verdict, whatBecame } from "./_sandbox-symptom.js";
import { waitsForSandbox } from "./_waiting.js";

/** A pod that got its sandbox within this time had a slow start, no fault. */
const LASTING_MS = 300_000;
/** A pod younger than this may be in the middle of its first try. */
const YOUNG_MS = 60_000;

const ATTEMPT = { network: "set up", sandbox: "create", lastingMs: LASTING_MS };

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
    const all = context.derive(failures);
    const young = all.flatMap((group) => youngOf(group, context) ?? []);
    yield* young.map(({ outcome }) => outcome);
    const others = all.filter((group) => !young.some((y) => y.group === group));
    if (others.length === 0 && all.length > 0) return;
    yield* sandboxOutcomes(
      others,
      events,
      ATTEMPT,
      (group) => judge(group, pods, context),
      context.derive(nodeRuntimes),
    );
  },
  known: [
    COUNTS_ARE_BOUNDS,
    known(
      "containerd passes the error of the CNI plugin on: where the network of a sandbox cannot be set up, the sandbox is not made",
      SANDBOX_RUN,
    ),
  ],
  consequence(finding) {
    const [node] = finding.about.node ?? [];
    return {
      fix: [],
      verify: [
        ...(node === undefined ? [] : [probeNode(node)]),
        eventsOf("FailedCreatePodSandBox"),
        LIST_PENDING,
        LIST_READY,
      ],
      actions: [ALERT_ON_FAILING_SANDBOXES],
      questions: [],
      stops: null,
    };
  },
  references: [EVENTS_CACHE, SANDBOX_RUN],
  holds: ofItsRuntime,
  falsePositives: ["pods on a node, or beside an agent, whose start more than five minutes ago is not over yet"],
  examples: {
    found: ["kubelet/failed-create-sandbox.yaml"],
    refuted: [],
    undetermined: ["kubelet/failed-kill-pod-no-events.yaml"],
  },
  tags: ["kubelet", "cni"],
});

/** Failures behind a start of their node or of its agent: whether they pass only a later collection could say. Null for all others. */
function youngOf(group: SandboxFailures, context: MatchContext) {
  const starts = some(justStarted(group, context) ?? []);
  if (!starts || !group.occurrences.some((o) => o.pod && waitsForSandbox(o.pod))) return null;
  const outcome = slight({
    open: true,
    subject: failureSubject(group.node, group.errorClass),
    about: { ...(group.node === null ? {} : { node: [group.node] }), error: [group.errorClass] },
    statements: [tooShort(group, ATTEMPT, LASTING_MS), ...starts],
  });
  return { group, outcome };
}

function judge(group: SandboxFailures, pods: FactView<"kube.pod">, context: MatchContext): Verdict | Passing {
  const complete = pods.coverage().state === "complete";
  const now = group.occurrences.some((o) => o.pod && waits(o.pod, context));
  const unknown = isOpen(group, complete, context);
  const waiting = context.derive(waitingPods).filter((pod) => pod.value.node === group.node);
  const unnamed = isUnnamed(group, waiting, context) ? waiting.filter((pod) => waits(pod, context)) : [];
  const going = now || unnamed.length > 0;
  const over = !going && !unknown;
  const ended = isOutlived(group, context) ? silentSince(group, context) : whatBecame(group, pods, context);
  if (!going && !hasLasted(group.occurrences, LASTING_MS)) return unknown ? "open" : "noise";
  const shown = [
    ...group.occurrences.filter((o) => o.pod && waits(o.pod, context)).map((o) => o.first),
    ...(unnamed.length > 0 ? [firstSeen(group.occurrences)] : []),
  ];
  return {
    over,
    lessons: [],
    unnamed,
    ending: over ? ended : null,
    heldFromMs: heldFromMs(shown, context),
    lastSignMs: lastSignMs(group, context),
    missing: unknown && !going ? olderList(group, pods, context) : [],
  };
}

/** No list of pods shows what became of it, or only one of before its last sign: not over, whatever told of it, unless a silence does. */
const isOpen = (of: SandboxFailures, complete: boolean, context: MatchContext): boolean =>
  ((!complete && of.occurrences.some((o) => o.pod === null)) || isOutlived(of, context)) && !isSilent(of, context);

const waitingPods = (view: <K extends FactKind>(kind: K) => FactView<K>): readonly Pod[] =>
  view("kube.pod").all.filter(waitsForSandbox);

function waits(pod: Pod, context: MatchContext): boolean {
  if (!waitsForSandbox(pod)) return false;
  const since = pod.value.startedAt ?? pod.value.created;
  return since === null || seenAt(pod, context.moment).epochMs - since.epochMs > YOUNG_MS;
}
