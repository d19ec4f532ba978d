import { cite, type Fact, type FactKind } from "#model/fact.js";
import type { Found, Missing, Outcome } from "#model/finding.js";
import { earliest, type Instant } from "#model/instant.js";
import {
  defineRule,
  effect,
  type FactView,
  found,
  type MatchContext,
  type Rule,
  shellWord,
  slight,
  undetermined,
} from "#model/rule.js";
import { code, codes, count, known, type Quoted, type Statement, say, time } from "#model/statement.js";
import { ALERT_ON_FAILING_CONTAINERS } from "./_alerts.js";
import { LIST_READY } from "./_consequences.js";
import { endOf, endStatement, probeStatements } from "./_container-end.js";
import { type FailingPod, type FailureClass, failingPods } from "./_failing.js";
import { isEndedWith, lastWordsOf, lastWordsStatements } from "./_last-words.js";
import {
  CITED,
  type Cited,
  either,
  firstNumber,
  ownersOf,
  podName,
  podNames,
  seenAt,
  some,
  uidsOf,
  WHAT_PODS,
  words,
} from "./_pods.js";
import { POD_LIFECYCLE } from "./_references.js";

type Failing = readonly [FailingPod, ...FailingPod[]];

/** Pods that are told one by one; the others are counted. */
const TOLD = 5;

/** What differs between the cards of one class each. */
interface Kind {
  readonly id: string;
  readonly kind: FailureClass;
  readonly title: string;
  readonly label: string;
  readonly asks: string;
}

/**
 * A card on containers that do not run. Of the cluster's own pods that is a symptom. An application that fails and of which nothing shows more
 * than its container is told and is no finding: almost every cluster has one, and it says nothing of the cluster.
 */
export const failingCard = ({ kind, ...card }: Kind): Rule =>
  defineRule({
    ...card,
    kind: "symptom",
    needs: { pods: "kube.pod" },
    explains: [
      effect("sym:replica-redundancy", ["workload"], "propagates"),
      effect("cni-agent-unhealthy", ["pod"], "propagates"),
      effect("kube-proxy-down", ["pod"], "propagates"),
    ],
    *match({ pods }, context) {
      const failing = context.derive(failingPods).filter((f) => f.kind === kind);
      if (pods.coverage().state !== "complete" && failing.length === 0)
        yield undetermined({ subject: "cluster", about: {}, missing: [pods.missing(WHAT_PODS)] });
      const lasting = failing.filter((f) => f.lasting);
      const [own, apart] = [some(lasting.filter((f) => !f.apart)), some(lasting.filter((f) => f.apart))];
      if (own) yield outcomeOf(kind, own, context);
      if (apart) yield alone(kind, apart, context);
      const young = some(failing.filter((f) => !f.lasting));
      if (young) yield tooYoung(young);
    },
    known: [
      known(
        "A container that ends is started again after 10 s, then after twice as long each time, up to five minutes; an image that cannot be pulled is tried in the same way",
        POD_LIFECYCLE,
      ),
    ],
    consequence: (finding) => ({
      fix: [],
      verify: [LIST_READY],
      actions: [ALERT_ON_FAILING_CONTAINERS],
      questions: (finding.about.workload ?? [])
        .slice(0, 3)
        .map((key) => `Who looks after ${key.replace("/", " ")}, and was this known?`),
      stops: STOPS[String(finding.value["words"]) as keyof typeof STOPS] ?? null,
    }),
    references: [POD_LIFECYCLE],
    falsePositives: ["a part of the cluster that nobody uses and nobody took away"],
    examples: {
      found: ["kubelet/container-failing.yaml"],
      refuted: [],
      undetermined: ["kubelet/no-cluster-part.yaml"],
    },
    tags: ["workloads"],
  });

/** By what the end of the container's log holds. */
const STOPS = {
  oom: "the container was ended for want of memory; what needed so much is not in the evidence",
  killed:
    "the container was killed, and not for want of memory; by whom is in the evidence only where an event says it",
  asked: "the container was asked to end, and did; by whom is in the evidence only where an event says it",
  done: "the container ended by itself and without an error code; why it did is not in the evidence",
  earlier:
    "the last error in the container's log was not its last word, or was long before its end; with what it ended is not in the evidence",
  error: "the last words of the container's log are quoted; this version knows no mechanism behind them",
  none: "the container's log ends without an error, as quoted; this version knows no mechanism behind its end",
} as const;

const evidenceOf = ([first, ...rest]: Failing): Cited => [
  first.evidence,
  ...rest.slice(0, CITED - 1).map((f) => f.evidence),
];

const podsOf = ([first, ...rest]: Failing): readonly [FailingPod["pod"], ...FailingPod["pod"][]] => [
  first.pod,
  ...rest.map((f) => f.pod),
];

const tooYoung = (group: Failing): Outcome =>
  slight({
    subject: "young",
    about: { pod: uidsOf(podsOf(group)) },
    statements: [
      say`${firstNumber(group.length, "pod", ...evidenceOf(group))} (${podNames(podsOf(group))}) had a container that waited with ${reasonsOf(group)}: too short, or too few restarts, to tell it from a start`,
    ],
  });

const reasonsOf = (group: Failing): Quoted => codes([...new Set(group.map((f) => f.reason))], 3, ...evidenceOf(group));

const WHAT: Readonly<Record<FailureClass, readonly [string, string]>> = {
  image: ["did not start for want of its image", "did not start for want of their images"],
  crash: ["did not stay up", "did not stay up"],
  start: ["did not start", "did not start"],
};

function headline(kind: FailureClass, group: Failing, context: MatchContext): Statement {
  const evidence = evidenceOf(group);
  const [one, many] = WHAT[kind];
  return say`${firstNumber(group.length, "pod", ...evidence)} (${podNames(podsOf(group))}) ${either(group.length, one, many, ...evidence)}: ${either(group.length, "it was in", "they were in", ...evidence)} ${reasonsOf(group)} at ${time(seenAt(group[0].pod, context.moment), ...evidence)}`;
}

const alone = (kind: FailureClass, group: Failing, context: MatchContext): Outcome =>
  slight({
    subject: "alone",
    about: { pod: uidsOf(podsOf(group)), workload: ownersOf(podsOf(group)) },
    statements: [headline(kind, group, context)],
    apart: true,
  });

function outcomeOf(kind: FailureClass, group: Failing, context: MatchContext): Outcome {
  const evidence = evidenceOf(group);
  const pods = podsOf(group);
  const events = context.derive(warningsByUid);
  const about: Found["about"] = {
    node: [...new Set(pods.flatMap((pod) => pod.value.node ?? []))],
    pod: uidsOf(pods),
    workload: ownersOf(pods),
  };
  const rest = group.length - TOLD;
  return found({
    subject: kind,
    about,
    since: group.map(sinceOf).reduce<Instant | null>(earliest, null),
    lastSeen: seenAt(group[0].pod, context.moment),
    statements: [
      say`${headline(kind, group, context)}.`,
      ...group.slice(0, TOLD).flatMap((f) => [...told(f, events), ...(kind === "crash" ? heard(f, context) : [])]),
      ...(rest > 0
        ? [say`${firstNumber(rest, "more pod", ...evidence)} ${either(rest, "is", "are", ...evidence)} like these.`]
        : []),
    ],
    missing: kind === "crash" ? unheard(group[0], context) : [],
    value: { words: kind === "crash" ? wordsAtTheEnd(group, context) : null },
  });
}

/** A container that was never started began to wait with its pod; of one that was, each start makes it another wait. */
const sinceOf = ({ pod, container }: FailingPod): Instant | null =>
  container.restarts === 0 ? (pod.value.startedAt ?? pod.value.created) : null;

function told({ pod, container, reason, evidence }: FailingPod, events: ByUid): readonly Statement[] {
  const name = code(podName(pod), cite(pod, "/metadata/name"));
  const where = code(pod.value.node ?? "", cite(pod, "/spec/nodeName"));
  const restarted =
    container.restarts > 0 ? say`, after ${count(container.restarts, "restart", evidence)}` : words("", evidence);
  const said = new Map((events.get(pod.value.uid) ?? []).map((e) => [e.value.reason, e]));
  return [
    say`The container ${code(container.name, evidence)} of ${name} on ${where} was in ${code(reason, evidence)}${restarted}.`,
    ...[...said.values()]
      .slice(0, 2)
      .map(
        (e) =>
          say`An event with the reason ${code(e.value.reason, e.evidence)} says ${code(e.value.objects.find((o) => o.uid === pod.value.uid)?.message ?? e.value.message, e.evidence)}.`,
      ),
  ];
}

type ByUid = ReadonlyMap<string, readonly Fact<"kube.event">[]>;

/** What a kubelet says of images and containers, by the pod; what says most comes first. */
const TELLING = ["Failed", "InspectFailed", "ErrImageNeverPull", "BackOff"];

function warningsByUid(view: (kind: "kube.event") => FactView<"kube.event">): ByUid {
  const byUid = new Map<string, Fact<"kube.event">[]>();
  for (const reason of TELLING)
    for (const series of view("kube.event").all) {
      if (series.value.reason !== reason) continue;
      for (const { uid } of series.value.objects) if (uid !== null) byUid.set(uid, [...(byUid.get(uid) ?? []), series]);
    }
  return byUid;
}

const views = (view: <K extends FactKind>(kind: K) => FactView<K>): typeof view => view;

function heard({ pod, container }: FailingPod, context: MatchContext): readonly Statement[] {
  const last = lastWordsOf(pod, container, context);
  const end = endOf(container);
  return [
    ...endStatement(pod, container).map((s) => say`${s}.`),
    ...(end === "killed" || end === "asked" ? probeStatements(pod, context).map((s) => say`${s}.`) : []),
    ...(last ? lastWordsStatements(podName(pod), container, last) : []),
  ];
}

/** What is known of their ends: what ended them, or what of the ends of their logs is quoted. */
function wordsAtTheEnd(group: Failing, context: MatchContext): keyof typeof STOPS | null {
  const ends = new Set(group.slice(0, TOLD).map((f) => endIn(f, context)));
  const [only = null, ...more] = ends;
  return more.length === 0 ? only : ends.has("error") ? "error" : ends.has("none") ? "none" : null;
}

function endIn({ pod, container }: FailingPod, context: MatchContext): keyof typeof STOPS | null {
  const end = endOf(container);
  if (end !== null && end !== "failed") return end;
  const last = lastWordsOf(pod, container, context);
  if (!last) return null;
  return isEndedWith(last, container) ? "error" : last.error ? "earlier" : "none";
}

/** Why a container ends, only it tells. */
function unheard({ pod, container }: FailingPod, context: MatchContext): readonly Missing[] {
  const { namespace, name } = pod.value;
  if (lastWordsOf(pod, container, context)) return [];
  const source = `${namespace}/${name}/${container.name}`.replaceAll(/[^\w/]/g, "\\$&");
  const { state } = context
    .derive(views)("log")
    .coverage(undefined, new RegExp(`^${source}(?:#|$)`));
  return [
    {
      kind: "log",
      node: null,
      what: `what the container ${container.name} of ${podName(pod)} wrote before it ended`,
      why:
        state === "complete" || state === "absent"
          ? "its log was collected and holds no line of this pod"
          : "logs of this container were not collected",
      command: `kubectl -n ${shellWord(namespace)} logs ${shellWord(name)} -c ${shellWord(container.name)} --previous`,
    },
  ];
}
