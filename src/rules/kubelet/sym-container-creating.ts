import type { Evidence } from "#model/evidence.js";
import { cite, type Fact } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { earliest, type Instant } from "#model/instant.js";
import { defineRule, effect, type FactView, found, type MatchContext, slight, undetermined } from "#model/rule.js";
import { citing, code, known, lapse, type Quoted, type Statement, say, time } from "#model/statement.js";
import { agedEvents } from "./_aged-events.js";
import { ALERT_ON_SLOW_STARTS } from "./_alerts.js";
import { ALERT_ON_FAILING_SANDBOXES, LIST_READY, probeNode } from "./_consequences.js";
import { bootSince } from "./_just-started.js";
import {
  CITED,
  type Cited,
  citeEach,
  either,
  firstNumber,
  groupBy,
  ownersOf,
  type Pod,
  podNames,
  seenAt,
  some,
  span,
  uidsOf,
  WHAT_PODS,
} from "./_pods.js";
import { POD_LIFECYCLE } from "./_references.js";
import { sandboxErrorClass } from "./_sandbox-error.js";
import { bySilence, cameLater, dueAt, type Silence, silences } from "./_silence.js";
import { BEGUN, creatingPods, isWaiting, startOf, WAITING_MS } from "./_waiting.js";

/** A pull of a large image takes its time; so long a list of events still tells that it goes on. */
const PULLING_MS = 3_600_000;

const PULLING = "Pulling";
const TELLING = new Set([PULLING, "FailedCreatePodSandBox", "NetworkNotReady", "FailedMount", "FailedAttachVolume"]);

export default defineRule({
  id: "sym:container-creating",
  title: "pods on a node stay in ContainerCreating",
  label: "pods stuck in ContainerCreating",
  asks: "How did the pods come to wait for their containers?",
  kind: "symptom",
  needs: { pods: "kube.pod" },
  explains: [effect("sym:replica-redundancy", ["workload"], "propagates")],
  *match({ pods }, context) {
    const creating = context.derive(creatingPods);
    const reasons = context.derive(eventsByUid);
    const old = creating.filter((pod) => isStuck(pod, reasons, context));
    const pulling = some(old.flatMap((pod) => pullOf(pod, reasons, context) ?? []));
    const pulled = new Set(pulling?.map((p) => p.pod));
    const waiting = old.filter((pod) => !pulled.has(pod));
    if (pods.coverage().state !== "complete" && waiting.length === 0) {
      yield undetermined({ subject: "cluster", about: {}, missing: [pods.missing(WHAT_PODS)] });
    }
    for (const [node, group] of groupBy(waiting, (pod) => pod.value.node ?? "")) {
      const silence = context.derive(silences).get(node);
      for (const { subject, pods } of bySilence(node, group, BEGUN, silence))
        yield outcomeOf(subject, node, pods, silence, reasons, context);
    }
    const young = creating.filter((pod) => !old.includes(pod));
    const booted = some(young.filter((pod) => isWaiting(pod, context)));
    const fresh = some(young.filter((pod) => !isWaiting(pod, context)));
    if (fresh) yield tooYoung(fresh);
    if (booted) yield afterBoot(booted, context);
    if (pulling) yield underWay(pulling);
  },
  known: [
    known(
      "ContainerCreating lasts from the binding to a node until the sandbox, its network and the volumes are there and the image is pulled",
      POD_LIFECYCLE,
    ),
  ],
  consequence(finding) {
    const [node] = finding.about.node ?? [];
    return {
      fix: [],
      verify: [...(node === undefined ? [] : [probeNode(node)]), LIST_READY],
      // The one alerts on sandboxes that cannot be made, which is not what every pod here waits for.
      actions: [(finding.about.error ?? []).length > 0 ? ALERT_ON_FAILING_SANDBOXES : ALERT_ON_SLOW_STARTS],
      questions: [],
      stops: null,
    };
  },
  references: [POD_LIFECYCLE],
  falsePositives: ["a first pull of a very large image"],
  examples: {
    found: ["kubelet/container-creating.yaml"],
    refuted: [],
    undetermined: ["kubelet/no-cluster-part.yaml"],
  },
  tags: ["kubelet"],
});

/** A pod that had waited before its node was booted waits on; one of which nothing tells that it did ran until then. */
function isStuck(pod: Pod, reasons: ByUid, context: MatchContext): boolean {
  if (!isWaiting(pod, context)) return false;
  const boot = bootSince(pod, context)?.at;
  if (boot === undefined) return true;
  const told = (reasons.get(pod.value.uid) ?? []).flatMap((e) => e.value.objects);
  const before = told.some(
    (o) => o.uid === pod.value.uid && ((o.first ?? o.last)?.epochMs ?? boot.epochMs) < boot.epochMs,
  );
  return before || seenAt(pod, context.moment).epochMs - boot.epochMs > WAITING_MS;
}

/** Pods begin so. */
const tooYoung = (pods: readonly [Pod, ...Pod[]]): Outcome =>
  slight({
    subject: "young",
    about: { pod: uidsOf(pods) },
    statements: [
      say`${firstNumber(pods.length, "pod", ...citeEach(pods, "/status/containerStatuses"))} (${podNames(pods)}) ${either(pods.length, "was", "were", ...citeEach(pods, "/status/containerStatuses"))} in ContainerCreating for no more than ${lapse(WAITING_MS, ...citeEach(pods, "/status/startTime"))}: too young to tell`,
    ],
  });

/** Pods that were there before their node was booted: a sandbox does not survive that, and none is made before the node's network is up. */
function afterBoot(pods: readonly [Pod, ...Pod[]], context: MatchContext): Outcome {
  const states = citeEach(pods, "/status/containerStatuses");
  const boots = pods.flatMap((pod) => bootSince(pod, context) ?? []);
  const [first, ...rest] = boots.map((boot) => boot.evidence);
  const shown: Cited = first ? [first, ...rest.slice(0, CITED - 1)] : states;
  const times = span(
    boots.map((boot) => boot.at),
    ...shown,
  );
  return slight({
    open: true,
    subject: "booted",
    about: { pod: uidsOf(pods) },
    statements: [
      say`${firstNumber(pods.length, "pod", ...states)} (${podNames(pods)}) ${either(pods.length, "was", "were", ...states)} in ContainerCreating on a node that said only ${times} that it had been booted: too young to tell`,
    ],
  });
}

/** A pod whose image is being pulled: nothing failed, and the kubelet says what it waits for. */
interface Pull {
  readonly pod: Pod;
  readonly at: Instant;
  readonly image: string;
  readonly evidence: Evidence;
}

/** Where the last that a kubelet said of a pod is that it pulls an image, within an hour, and nothing that failed is told. */
function pullOf(pod: Pod, reasons: ByUid, context: MatchContext): Pull | null {
  const told = reasons.get(pod.value.uid) ?? [];
  if (told.length === 0 || told.some((e) => e.value.reason !== PULLING)) return null;
  const pulls = told.flatMap((e) => e.value.objects.filter((o) => o.uid === pod.value.uid));
  const [last] = [...pulls].sort((a, b) => msOf(b) - msOf(a));
  const at = last?.last ?? last?.first;
  if (!last || !at || seenAt(pod, context.moment).epochMs - at.epochMs > PULLING_MS) return null;
  return { pod, at, image: last.message, evidence: last.evidence };
}

const msOf = ({ first, last }: { readonly first: Instant | null; readonly last: Instant | null }): number =>
  (last ?? first)?.epochMs ?? 0;

function underWay(pulls: readonly [Pull, ...Pull[]]): Outcome {
  const [first, ...rest] = pulls;
  const pods = [first.pod, ...rest.map((p) => p.pod)] as const;
  const evidence: Cited = [first.evidence, ...rest.slice(0, CITED - 1).map((p) => p.evidence)];
  return slight({
    subject: "pulling",
    about: { pod: uidsOf(pods) },
    statements: [
      say`${firstNumber(pods.length, "pod", ...citeEach(pods, "/status/containerStatuses"))} (${podNames(pods)}) ${either(pods.length, "was", "were", ...evidence)} in ContainerCreating while an image was pulled: the event ${code(PULLING, ...evidence)} of ${time(first.at, ...evidence)} says ${code(first.image, ...evidence)}, and none tells of a failure`,
    ],
  });
}

type ByUid = ReadonlyMap<string, readonly Fact<"kube.event">[]>;

/** Events that may say what a pod waits for. */
const eventsByUid = (
  view: (kind: "kube.event") => FactView<"kube.event">,
): ReadonlyMap<string, readonly Fact<"kube.event">[]> => {
  const byUid = new Map<string, Fact<"kube.event">[]>();
  for (const series of view("kube.event").all) {
    if (!TELLING.has(series.value.reason)) continue;
    for (const { uid } of series.value.objects) {
      if (uid === null) continue;
      const known = byUid.get(uid);
      if (known) known.push(series);
      else byUid.set(uid, [series]);
    }
  }
  return byUid;
};

function outcomeOf(
  subject: string,
  node: string,
  pods: readonly [Pod, ...Pod[]],
  silence: Silence | undefined,
  reasons: ByUid,
  context: MatchContext,
): ReturnType<typeof found> {
  const told = [...new Set(pods.flatMap((pod) => reasons.get(pod.value.uid) ?? []))];
  const since = pods.map(startOf).reduce(earliest, null);
  const now = seenAt(pods[0], context.moment);
  const states = citeEach(pods, "/status/containerStatuses");
  const about: Found["about"] = {
    node: [node],
    pod: uidsOf(pods),
    workload: ownersOf(pods),
    error: [...new Set(told.filter(isOfSandbox).map((e) => sandboxErrorClass(e.value.message)))],
  };
  const later = silence && cameLater(silence, pods, BEGUN);
  return found({
    subject,
    about,
    since,
    due: pods.map((pod) => dueAt(pod, BEGUN)).reduce(earliest, null),
    lastSeen: now,
    statements: [
      say`${firstNumber(pods.length, "pod", ...states)} on ${code(node, ...citeEach(pods, "/spec/nodeName"))} stayed in ContainerCreating${since ? waited(since, now, pods) : citing(...states)}.`,
      say`${either(pods.length, "It is", "They are", ...states)} ${podNames(pods)}.`,
      ...[...groupBy(told, saying).values()].slice(0, 3).flatMap((same) => reported(some(same))),
      ...(later ? [later] : []),
    ],
    missing: told.length === 0 ? agedEvents(pods, context) : [],
  });
}

const isOfSandbox = (series: Fact<"kube.event">): boolean =>
  series.value.reason === "FailedCreatePodSandBox" || series.value.reason === "NetworkNotReady";

function waited(since: Instant, now: Instant, pods: readonly [Pod, ...Pod[]]): Quoted {
  const [oldest] = pods.filter((pod) => startOf(pod)?.epochMs === since.epochMs);
  const own = oldest ?? pods[0];
  const evidence = cite(own, own.value.startedAt === null ? "/metadata/creationTimestamp" : "/status/startTime");
  return say`, ${either(pods.length, "", "the oldest ", evidence)}since ${time(since, evidence)}, and still at ${time(now, evidence)}`;
}

/** Messages alike but for the sandbox's id and the client's note that it counts are one. */
const saying = ({ value }: Fact<"kube.event">): string =>
  `${value.reason}\n${value.message.replace("(combined from similar events): ", "").replace(/\b[0-9a-f]{64}\b/g, "")}`;

function reported(same: readonly [Fact<"kube.event">, ...Fact<"kube.event">[]] | null): readonly Statement[] {
  if (!same) return [];
  const [{ value, evidence }, ...rest] = same;
  const cited: Cited = [evidence, ...rest.slice(0, CITED - 1).map((e) => e.evidence)];
  return [say`Events with the reason ${code(value.reason, ...cited)} say ${code(value.message, evidence)}.`];
}
