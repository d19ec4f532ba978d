import { cite } from "#model/fact.js";
import type { Found, ImpactRow, Outcome } from "#model/finding.js";
import { earliest, type Instant } from "#model/instant.js";
import { defineRule, type FactView, found, type MatchContext, shellWord, undetermined } from "#model/rule.js";
import { codes, count, known, type Statement, say, time, word } from "#model/statement.js";
import { CITED, type Cited, groupBy, ownerKey, seenAt, some, stuckPods, WHAT_WORKLOADS } from "#rules/kubelet/_pods.js";
import { blockades } from "./_blockade.js";
import { type Redundancy, redundancies } from "./_redundancy.js";
import { REPLICASETS } from "./_references.js";
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
    const pods = [...context.derive(stuckPods), ...context.derive(blockades).map((b) => b.pending.pod)];
    const owners = [...new Set(pods.flatMap((pod) => ownerKey(pod) ?? []))];
    const unseen = owners.filter((key) => !isListed(key, workloads));
    if (unseen.length > 0)
      yield undetermined({
        subject: "cluster",
        about: { workload: unseen },
        missing: [workloads.missing(WHAT_WORKLOADS)],
      });
  },
  known: [
    known(
      "A ReplicaSet replaces a pod as soon as its deletion is requested, a StatefulSet only when it is gone",
      REPLICASETS,
    ),
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
      questions: ["Which services use these workloads, and did anybody outside the cluster notice?"],
      stops: null,
    };
  },
  references: [REPLICASETS],
  falsePositives: ["a rollout in progress, for the first ten minutes"],
  examples: {
    found: ["scheduling/deadlock.yaml"],
    refuted: [],
    undetermined: ["scheduling/deadlock-no-workloads.yaml"],
  },
  tags: ["storage"],
});

/** Fewer ready than wanted, and a pod that is stuck is why. */
export const isReduced = (r: Redundancy): boolean => r.ready < r.wanted && r.stuck.length + r.waiting.length > 0;

/** Was the list complete that this owner would stand in? Owners of other kinds want no replicas. */
function isListed(key: string, workloads: FactView<"kube.workload">): boolean {
  if (key.startsWith("StatefulSet/")) return workloads.coverage(undefined, /^statefulsets/).state === "complete";
  if (!key.startsWith("ReplicaSet/")) return true;
  return [/^replicasets/, /^deployments/].some((list) => workloads.coverage(undefined, list).state === "complete");
}

const statusOf = ([first, ...rest]: readonly [Workload, ...Workload[]]): Cited => [
  cite(first, "/status"),
  ...rest.slice(0, CITED - 1).map((w) => cite(w, "/status")),
];

function outcomeOf(subject: string, group: Reduced, context: MatchContext): Outcome {
  const since = group.map((r) => r.since).reduce<Instant | null>(earliest, null);
  const about: Found["about"] = {
    workload: [...new Set(group.flatMap(keysOf))],
    pod: [...new Set(group.flatMap((r) => [...r.stuck, ...r.waiting].map((pod) => pod.value.uid)))],
    ...(subject === "volumes" ? { volume: [...new Set(group.flatMap((r) => r.volume ?? []))] } : {}),
  };
  return found({
    subject,
    about,
    since,
    lastSeen: seenAt(group[0].workloads[0], context.moment),
    statements: [headline(subject, group), ...sinceStatement(group, since)],
    impact: group.map(rowOf),
    value: { subjects: group.length },
  });
}

const keysOf = (r: Redundancy): readonly string[] => [
  ...r.workloads.map(workloadKey),
  ...r.workloads.flatMap((w) => workloadOwner(w) ?? []),
  ...[...r.stuck, ...r.waiting].flatMap((pod) => ownerKey(pod) ?? []),
];

const rowOf = (r: Redundancy): ImpactRow => ({
  subject: r.subject,
  effect: say`${word(r.ready, ...statusOf(r.workloads))} of ${count(r.wanted, "replica", ...wantedOf(r.workloads))} ready`,
  wanted: r.wanted,
  available: r.ready,
  since: r.since,
});

const wantedOf = ([first, ...rest]: readonly [Workload, ...Workload[]]): Cited => [
  cite(first, "/spec/replicas"),
  ...rest.slice(0, CITED - 1).map((w) => cite(w, "/spec/replicas")),
];

function headline(subject: string, group: Reduced): Statement {
  const [first] = group;
  const evidence = statusOf([first.workloads[0], ...group.slice(1).map((r) => r.workloads[0])]);
  const alike = group.every((r) => r.ready === first.ready && r.wanted === first.wanted);
  const noun = subject === "volumes" ? "volume" : "workload";
  const number = count(group.length, noun, ...evidence);
  if (alike)
    return say`${number} had ${word(first.ready, ...statusOf(first.workloads))} of ${count(first.wanted, "replica", ...wantedOf(first.workloads))} ready.`;
  return say`${number} had fewer replicas ready than wanted: ${codes(
    group.map((r) => r.subject),
    3,
    ...evidence,
  )}.`;
}

function sinceStatement(group: Reduced, since: Instant | null): readonly Statement[] {
  const pods = some(group.flatMap((r) => [...r.stuck, ...r.waiting]));
  if (!pods || !since) return [];
  const stuck = group.reduce((sum, r) => sum + r.stuck.length, 0);
  const [first, ...rest] = pods;
  const evidence: Cited = [cite(first, "/status"), ...rest.slice(0, CITED - 1).map((pod) => cite(pod, "/status"))];
  return [
    say`Replicas were missing from ${time(since, ...evidence)} on: ${word(stuck, ...evidence)} of their pods did not go, and ${word(pods.length - stuck, ...evidence)} did not come up.`,
  ];
}
