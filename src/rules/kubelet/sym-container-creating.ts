import { cite, type Fact } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { earliest, type Instant } from "#model/instant.js";
import { defineRule, effect, type FactView, found, type MatchContext, slight, undetermined } from "#model/rule.js";
import { citing, code, known, lapse, type Quoted, type Statement, say, time } from "#model/statement.js";
import { ALERT_ON_STUCK_PODS, LIST_READY, probeNode } from "./_consequences.js";
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
  uidsOf,
  WHAT_PODS,
} from "./_pods.js";
import { POD_LIFECYCLE } from "./_references.js";
import { sandboxErrorClass } from "./_sandbox-error.js";
import { creatingContainers, waitsForSandbox } from "./_waiting.js";

/** Images are pulled after ContainerCreating has been shown for a while: below this a slow start is no symptom. */
const WAITING_MS = 300_000;

const TELLING = new Set(["FailedCreatePodSandBox", "NetworkNotReady", "FailedMount", "FailedAttachVolume"]);

export default defineRule({
  id: "sym:container-creating",
  title: "pods on a node stay in ContainerCreating",
  label: "pods stuck in ContainerCreating",
  asks: "How did the pods come to wait for their containers?",
  kind: "symptom",
  needs: { pods: "kube.pod" },
  explains: [effect("sym:replica-redundancy", ["workload"], "propagates")],
  *match({ pods }, context) {
    const creating = pods.all.filter((pod) => creatingContainers(pod).length > 0 && waitsForSandbox(pod));
    const waiting = creating.filter((pod) => isWaiting(pod, context));
    if (pods.coverage().state !== "complete" && waiting.length === 0) {
      yield undetermined({ subject: "cluster", about: {}, missing: [pods.missing(WHAT_PODS)] });
    }
    const reasons = context.derive(eventsByUid);
    for (const [node, group] of groupBy(waiting, (pod) => pod.value.node ?? "")) {
      const [first, ...rest] = group;
      if (first) yield outcomeOf(node, [first, ...rest], reasons, context);
    }
    const young = some(creating.filter((pod) => !waiting.includes(pod)));
    if (young) yield tooYoung(young);
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
      verify: [...(node === undefined ? [] : probeNode(node)), LIST_READY],
      actions: [ALERT_ON_STUCK_PODS],
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

const startOf = (pod: Pod): Instant | null => pod.value.startedAt ?? pod.value.created;

function isWaiting(pod: Pod, context: MatchContext): boolean {
  const since = startOf(pod);
  return since !== null && seenAt(pod, context.moment).epochMs - since.epochMs > WAITING_MS;
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
  node: string,
  pods: readonly [Pod, ...Pod[]],
  reasons: ReadonlyMap<string, readonly Fact<"kube.event">[]>,
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
  return found({
    subject: node,
    about,
    since,
    lastSeen: now,
    statements: [
      say`${firstNumber(pods.length, "pod", ...states)} on ${code(node, ...citeEach(pods, "/spec/nodeName"))} stayed in ContainerCreating${since ? waited(since, now, pods) : citing(...states)}.`,
      say`${either(pods.length, "It is", "They are", ...states)} ${podNames(pods)}.`,
      ...[...groupBy(told, saying).values()].slice(0, 3).flatMap((same) => reported(some(same))),
    ],
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
