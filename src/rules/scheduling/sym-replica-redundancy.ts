import type { Evidence } from "#model/evidence.js";
import { cite } from "#model/fact.js";
import type { Found, ImpactRow, Outcome } from "#model/finding.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import { defineRule, found, type MatchContext, shellWord, slight, undetermined } from "#model/rule.js";
import {
  code,
  codes,
  count,
  counted,
  known,
  type Quoted,
  type Statement,
  say,
  stated,
  time,
  word,
} from "#model/statement.js";
import type { FailingPod } from "#rules/kubelet/_failing.js";
import {
  CITED,
  type Cited,
  capitalised,
  citeEach,
  either,
  firstNumber,
  groupBy,
  inWords,
  number,
  ownerKey,
  type Pod,
  podNames,
  seenAt,
  some,
  span,
  WHAT_WORKLOADS,
  words,
} from "#rules/kubelet/_pods.js";
import { stuckPods } from "#rules/kubelet/_stuck.js";
import { blockades, holdersAgainst, waitsForGrace } from "./_blockade.js";
import { isListed, type Loss, listOf, type Redundancy, redundancies } from "./_redundancy.js";
import { DEPLOYMENTS, STATEFULSETS } from "./_references.js";
import { type Workload, workloadKey, workloadOwner } from "./_rollout.js";

type Reduced = readonly [Redundancy, ...Redundancy[]];

export default defineRule({
  id: "sym:replica-redundancy",
  title: "workloads have fewer ready replicas than they want",
  label: "fewer replicas than wanted",
  asks: "How did replicas come to be missing?",
  kind: "impact",
  needs: { workloads: "kube.workload", pods: "kube.pod" },
  explains: [],
  *match({ workloads }, context) {
    const reduced = context.derive(redundancies).filter(isReduced);
    for (const [subject, group] of groupBy(reduced, (r) => (r.volume === null ? "workloads" : "volumes"))) {
      const list = some(group);
      if (list) yield outcomeOf(subject, list, context);
    }
    const alone = some(
      context.derive(redundancies).filter((r) => !isReduced(r) && r.ready < r.wanted && r.apart.length > 0),
    );
    if (alone)
      yield slight({
        subject: "alone",
        about: { workload: [...new Set(alone.flatMap(keysOf))] },
        statements: [
          say`${aloneNames(alone)} ${either(alone.length, "has", "have", ...statusOf(alone[0].workloads))} fewer replicas ready than wanted, by pods of ${either(alone.length, "its", "their", ...statusOf(alone[0].workloads))} own that do not run or are not ready`,
        ],
        apart: true,
      });
    const pods = [...context.derive(stuckPods), ...context.derive(blockades).map((b) => b.pending.pod)];
    const owners = [...new Set(pods.flatMap((pod) => ownerKey(pod) ?? []))];
    const unseen = owners.filter((key) => !isListed(key, workloads));
    if (unseen.length > 0)
      yield undetermined({
        subject: "cluster",
        about: { workload: unseen },
        missing: [workloads.missing(WHAT_WORKLOADS, undefined, listOf(unseen, workloads))],
      });
  },
  known: [
    known(
      "A Deployment does not count pods that are being deleted as available: until they are gone there may be more pods than replicas",
      DEPLOYMENTS,
    ),
    known("A StatefulSet makes a pod anew only when the object of its name is gone", STATEFULSETS),
  ],
  consequence(finding) {
    const namespaces = [...new Set((finding.about.workload ?? []).flatMap((key) => key.split("/")[1] ?? []))].sort();
    return {
      fix: [],
      verify: namespaces.slice(0, 3).map((namespace) => ({
        run: `kubectl -n ${shellWord(namespace)} get deployments,replicasets,statefulsets -o custom-columns=KIND:.kind,NAME:.metadata.name,WANTED:.spec.replicas,READY:.status.readyReplicas`,
        expect: "READY equals WANTED in every row where WANTED is not 0",
      })),
      actions: [],
      questions: [],
      stops: null,
    };
  },
  references: [DEPLOYMENTS, STATEFULSETS],
  falsePositives: ["a rollout in progress, for the first ten minutes"],
  examples: {
    found: ["scheduling/deadlock.yaml", "kubelet/stuck-early.yaml", "scheduling/statefulset-refused.yaml"],
    refuted: [],
    undetermined: ["scheduling/deadlock-no-workloads.yaml"],
  },
  tags: [],
});

/** Fewer ready than wanted, and pods that are stuck, do not come up or do not stay up are why, or none that may be made. */
export const isReduced = (r: Redundancy): boolean =>
  r.ready < r.wanted && (troubled(r).length > 0 || r.refused !== null);

const troubled = (r: Redundancy): readonly Pod[] => [...r.stuck, ...r.waiting, ...r.down];

const statusOf = ([first, ...rest]: readonly [Workload, ...Workload[]]): Cited => [
  cite(first, "/status"),
  ...rest.slice(0, CITED - 1).map((w) => cite(w, "/status")),
];

function outcomeOf(subject: string, group: Reduced, context: MatchContext): Outcome {
  const since = group.map((r) => r.since).reduce<Instant | null>(earliest, null);
  const about: Found["about"] = {
    workload: [...new Set(group.flatMap(keysOf))],
    pod: [...new Set(group.flatMap((r) => troubled(r).map((pod) => pod.value.uid)))],
    ...(subject === "volumes" ? { volume: [...new Set(group.flatMap((r) => r.volume ?? []))] } : {}),
  };
  return found({
    subject,
    about,
    since,
    lastSeen: seenAt(group[0].workloads[0], context.moment),
    statements: [
      headline(subject, group),
      ...lossStatements(group),
      ...waitingStatement(group),
      ...graceStatements(group, context),
      ...failingStatements(group),
      ...refusedStatements(group),
    ],
    impact: group.map(rowOf),
    value: { subjects: group.length },
  });
}

const aloneNames = (group: Reduced): Quoted => {
  const [first, ...rest] = group.flatMap((r) => statusOf(r.workloads).slice(0, 1));
  return codes(
    group.map((r) => r.subject),
    5,
    first as Evidence,
    ...rest,
  );
};

const keysOf = (r: Redundancy): readonly string[] => [
  ...r.workloads.map(workloadKey),
  ...r.workloads.flatMap((w) => workloadOwner(w) ?? []),
  ...troubled(r).flatMap((pod) => ownerKey(pod) ?? []),
];

const rowOf = (r: Redundancy): ImpactRow => ({
  subject: r.subject,
  effect: effectOf(r),
  wanted: r.wanted,
  available: r.ready,
  since: r.since,
});

/** How many are ready, and what the others' containers wait with. */
function effectOf(r: Redundancy): Statement {
  const ready = say`${word(r.ready, ...statusOf(r.workloads))} of ${stated(count(r.wanted, "replica", ...wantedOf(r.workloads)))} ready`;
  const failing = some(r.failing);
  return failing ? say`${ready}: ${reasonsOf(failing)}` : ready;
}

const reasonsOf = (failing: readonly [FailingPod, ...FailingPod[]]): Quoted => {
  const [first, ...rest] = failing;
  const evidence: Cited = [first.evidence, ...rest.slice(0, CITED - 1).map((f) => f.evidence)];
  return codes([...new Set(failing.map((f) => f.reason))], 3, ...evidence);
};

const wantedOf = ([first, ...rest]: readonly [Workload, ...Workload[]], most = CITED): Cited => [
  wanted(first),
  ...rest.slice(0, most - 1).map(wanted),
];

/** A DaemonSet wants one for each node that it is meant for. */
const wanted = (w: Workload): Evidence =>
  cite(w, w.value.kind === "DaemonSet" ? "/status/desiredNumberScheduled" : "/spec/replicas");

/** More workloads than this are counted, and told in their rows only: what a sentence counts it cites. */
const COUNTED = 100;

function headline(subject: string, group: Reduced): Statement {
  const [first, ...rest] = group;
  const workloads: Workloads = [first.workloads[0], ...first.workloads.slice(1), ...rest.flatMap((r) => r.workloads)];
  const all = eachOf(workloads, "/status");
  const alike = group.every((r) => r.ready === first.ready && r.wanted === first.wanted);
  const noun = subject === "volumes" ? "volume" : "workload";
  // A volume counts where a pod of it is stuck or waits: those of a list that was cut may be more.
  const pods = group.flatMap((r) => troubled(r).map((pod) => pod.evidence));
  const many = counted(firstNumber(group.length, noun, ...all), pods);
  if (!alike || group.length > COUNTED) return say`${many} had fewer replicas ready than wanted.`;
  const want = wantedOf(workloads, COUNTED * CITED);
  if (group.length === 1 && first.refused?.events)
    return say`${code(first.subject, ...all)} had ${words(first.ready === 0 ? "none" : inWords(first.ready), ...all)} of ${stated(number(first.wanted, "replica", ...want))} ready: ${words("its controller could not make pods", first.refused.evidence)}.`;
  return first.ready === 0
    ? say`${many} had no replica ready, of ${words(inWords(first.wanted), ...want)} wanted.`
    : say`${many} had ${words(inWords(first.ready), ...all)} of ${stated(number(first.wanted, "replica", ...want))} ready.`;
}

type Workloads = readonly [Workload, ...Workload[]];

const eachOf = ([first, ...rest]: Workloads, pointer: string): Cited => [
  cite(first, pointer),
  ...rest.slice(0, COUNTED * CITED).map((w) => cite(w, pointer)),
];

const LOSSES: Readonly<Record<Loss["kind"], string>> = {
  unready: "deleted pods stopped being ready ",
  deadline: "deleted pods had a grace period that ended ",
  created: "pods had not come up, created ",
  down: "pods turned not ready ",
};

/** What the evidence says of the time, for each kind of loss. */
function lossStatements(group: Reduced): readonly Statement[] {
  return [
    ...groupBy(
      group.flatMap((r) => r.losses),
      (loss) => loss.kind,
    ),
  ].flatMap(([kind, losses]) => {
    const [first, ...rest] = [...losses].sort((a, b) => a.at.epochMs - b.at.epochMs);
    if (!first) return [];
    const shown = [...rest.slice(0, CITED - 2), ...rest.slice(CITED - 2).slice(-1)];
    const evidence: Cited = [first.evidence, ...shown.map((l) => l.evidence)];
    const times = losses.map((l) => l.at);
    const who = counted(
      words(
        `${capitalised(inWords(losses.length))} of ${group.length === 1 ? "its" : "their"} ${LOSSES[kind as Loss["kind"]]}`,
        ...evidence,
      ),
    );
    return [say`${who}${span(times, ...evidence)}.`];
  });
}

/** Pods that were to take the place of those lost. */
function waitingStatement(group: Reduced): readonly Statement[] {
  const waiting = some(group.filter((r) => r.stuck.length > 0).flatMap((r) => r.waiting));
  if (!waiting) return [];
  const evidence = citeEach(waiting, "/status/phase");
  return [
    say`${firstNumber(waiting.length, "pod", ...evidence)} that would replace ${either(waiting.length, "it was", "them were", ...evidence)} Pending.`,
  ];
}

/** Those that wait for a predecessor within its grace period: nothing failed there. */
function graceStatements(group: Reduced, context: MatchContext): readonly Statement[] {
  const waiting = new Set(group.flatMap((r) => r.waiting));
  const meant = context.derive(blockades).filter((b) => waiting.has(b.pending.pod) && waitsForGrace(b, context.moment));
  const holders = some(holdersAgainst(meant).filter((pod) => pod.value.deletion !== null));
  const last = holders?.map((pod) => pod.value.deletion).reduce<Instant | null>(latestOf, null);
  if (!holders || !last) return [];
  const evidence = citeEach(holders, "/metadata/deletionTimestamp");
  return [
    say`${firstNumber(meant.length, "pod", ...evidence)} ${either(meant.length, "waits", "wait", ...evidence)} for the place of ${podNames(holders)}, deleted, with a grace period until ${time(last, ...evidence)}.`,
  ];
}

/** What is the matter with them, where their containers say so. */
function failingStatements(group: Reduced): readonly Statement[] {
  const failing = some(group.flatMap((r) => r.failing));
  if (!failing) return [];
  const [first, ...rest] = failing;
  const evidence: Cited = [first.evidence, ...rest.slice(0, CITED - 1).map((f) => f.evidence)];
  return [
    say`${firstNumber(failing.length, "pod", ...evidence)} ${either(failing.length, "has a container that was", "have containers that were", ...evidence)} in ${reasonsOf(failing)}.`,
  ];
}

const refusedStatements = (group: Reduced): readonly Statement[] =>
  group
    .flatMap(({ refused, subject }) => (refused ? [{ ...refused, subject }] : []))
    .slice(0, 3)
    .map(({ message, evidence, events, subject }) =>
      events
        ? say`Between ${time(events.first, evidence)} and ${time(events.last, evidence)} the attempts to make a pod of ${code(subject, evidence)} failed at least ${count(events.count, "time", evidence)}: ${code(message, evidence)}.`
        : say`A controller could not make pods: ${code(message, evidence)}.`,
    );
