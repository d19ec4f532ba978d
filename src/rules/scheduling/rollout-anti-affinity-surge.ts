import { cite } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { earliest, type Instant } from "#model/instant.js";
import {
  defineRule,
  effect,
  type FactView,
  found,
  type MatchContext,
  refuted,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { code, codes, count, known, type Statement, say, stated, word } from "#model/statement.js";
import { LIST_PENDING } from "#rules/kubelet/_consequences.js";
import {
  citeEach,
  groupBy,
  number,
  ownerKey,
  ownersOf,
  type Pod,
  podName,
  seenAt,
  some,
  uidsOf,
  WHAT_NODES,
  WHAT_WORKLOADS,
} from "#rules/kubelet/_pods.js";
import {
  type Blockade,
  blockades,
  holdersAgainst,
  isTerminating,
  isUndecided,
  looksTaken,
  namespacesMissing,
  nodesKey,
  objectsOf,
  roomMissing,
} from "./_blockade.js";
import { DEPLOYMENTS } from "./_references.js";
import { type Budget, budgetOf, type Workload, workloadKey, workloadOwner, workloadsByKey } from "./_rollout.js";
import { noBudget, podsAgainst, workloadsAgainst } from "./_rollout-against.js";

/** A pod leads to its Deployment through both lists; neither stands for the other. */
const isListed = (workloads: FactView<"kube.workload">): boolean =>
  [/^replicasets/, /^deployments/].every((list) => workloads.coverage(undefined, list).state === "complete");

export default defineRule({
  id: "rollout-anti-affinity-surge",
  title: "a rolling update may take no old replica away and has no node for a new one",
  label: "a rollout that anti-affinity leaves no node",
  asks: "How did the rollout come to need a node that it cannot have?",
  kind: "mechanism",
  needs: { workloads: "kube.workload", pods: "kube.pod", nodes: "kube.node" },
  explains: [effect("sym:pod-pending-unschedulable", ["pod"], "prevents-recovery")],
  *match({ workloads, nodes }, context) {
    const ofSets = context.derive(blockades).filter((b) => b.pending.pod.value.owner?.kind === "ReplicaSet");
    const byKey = context.derive(workloadsByKey);
    const given = ofSets.filter(isGivenUp);
    for (const [nodes, group] of groupBy(given, nodesKey)) {
      const list = some(group);
      if (list) yield givenUp(nodes, list);
    }
    const open = [];
    const others = ofSets.filter((b) => !isGivenUp(b));
    for (const [set, group] of groupBy(others, (b) => ownerKey(b.pending.pod) ?? "")) {
      const [first, ...rest] = group;
      if (!first) continue;
      const about = { pod: uidsOf(group.map((b) => b.pending.pod)), workload: [set] };
      const replicaSet = byKey.get(set);
      const deployment = replicaSet && byKey.get(workloadOwner(replicaSet) ?? "");
      // The pods alone may exclude it, whoever owns them.
      const against = first.nodesKnown ? podsAgainst(first) : null;
      if (first.nodesKnown && looksTaken(first) && !hasTwin(first))
        yield undetermined({ subject: set, about, missing: [roomMissing(first, context.derive(objectsOf))] });
      else if (against) yield refuted({ subject: set, about, statements: [against] });
      else if (!first.nodesKnown || isUndecided(first) || (!deployment && !isListed(workloads))) open.push(first);
      else if (replicaSet && deployment) yield judge([first, ...rest], replicaSet, deployment, byKey, context);
    }
    if (open.length > 0) yield gap(open, workloads, nodes);
  },
  known: [
    known(
      "A rolling update rounds its share of unavailable pods down and its surge up, and removes an old pod only when enough others are available",
      DEPLOYMENTS,
    ),
  ],
  consequence(finding) {
    const [kind, namespace = "", name = ""] =
      (finding.about.workload ?? []).find((w) => w.startsWith("Deployment/"))?.split("/") ?? [];
    if (kind === undefined) return { fix: [], verify: [LIST_PENDING], actions: [], questions: [], stops: null };
    const target = `kubectl -n ${shellWord(namespace)} rollout status deployment/${shellWord(name)} --timeout=120s`;
    const patch = '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":1}}}}';
    return {
      fix: [
        {
          step: `Let the rollout of ${namespace}/${name} take one old replica away before it adds a new one`,
          commands: [
            {
              run: `kubectl -n ${shellWord(namespace)} patch deployment ${shellWord(name)} -p ${shellWord(patch)}`,
              expect: "patched",
            },
          ],
        },
      ],
      verify: [{ run: target, expect: "successfully rolled out" }, LIST_PENDING],
      actions: [
        ...(finding.ended !== null
          ? []
          : [
              {
                title: `Let the rollout of ${namespace}/${name} go on`,
                type: "repair" as const,
                priority: "High" as const,
                doneWhen: "its pods are all of the new revision and ready, and none of them is Pending",
              },
            ]),
        {
          title: `Set maxUnavailable to 1 and maxSurge to 0 in the manifest of ${namespace}/${name}`,
          type: "prevent",
          priority: "Medium",
          doneWhen: "a rollout restart of that Deployment completes within its progress deadline",
        },
      ],
      questions: ["Is there to be one node more than replicas, or may one replica be missing during a rollout?"],
      stops: "the strategy and the number of nodes are a choice of whoever wrote the manifest",
    };
  },
  references: [DEPLOYMENTS],
  falsePositives: ["a rollout that waits for a node which an autoscaler is about to add"],
  examples: {
    found: ["scheduling/rollout-surge.yaml"],
    refuted: ["scheduling/deadlock.yaml"],
    undetermined: ["scheduling/rollout-no-workloads.yaml"],
  },
  tags: ["scheduling", "rollout"],
});

type Blocked = readonly [Blockade, ...Blockade[]];

function judge(
  group: Blocked,
  replicaSet: Workload,
  deployment: Workload,
  byKey: ReadonlyMap<string, Workload>,
  context: MatchContext,
): Outcome {
  const [first] = group;
  const subject = workloadKey(deployment);
  const about: Found["about"] = {
    pod: uidsOf(group.map((b) => b.pending.pod)),
    workload: [workloadKey(replicaSet), subject],
  };
  const budget = budgetOf(deployment);
  const against = workloadsAgainst(first, replicaSet, deployment, budget, byKey);
  if (against || !budget) return refuted({ subject, about, statements: [against ?? noBudget(deployment)] });
  const holders = some(first.against.holders);
  return found({
    subject,
    about,
    since: replicaSet.value.created ?? group.map((b) => b.pending.since).reduce<Instant | null>(earliest, null),
    lastSeen: seenAt(first.pending.pod, context.moment),
    statements: holders ? tell(group, deployment, budget, holders) : [noBudget(deployment)],
    value: { surge: budget.surge, unavailable: budget.unavailable },
  });
}

/** A replica of its own ReplicaSet in the way is no old one, whatever else there is. */
const hasTwin = ({ pending, against }: Blockade): boolean => against.owners.has(ownerKey(pending.pod) ?? "");

const isGivenUp = ({ nodesKnown, against }: Blockade): boolean => nodesKnown && against.conflicts.some(isTerminating);

/** What stands in the way was given up already: no rollout waits for it. */
function givenUp(nodes: string, group: Blocked): Outcome {
  const [first] = group;
  const holders = some(holdersAgainst(group).filter((p) => p.value.deletion));
  const pods = group.map((b) => b.pending.pod);
  const statement = holders
    ? say`What stood in the way on ${codes([...new Set(holders.map((h) => h.value.node ?? ""))], 5, ...citeEach(holders, "/spec/nodeName"))} was already deleted: ${number(holders.length, "pod", ...citeEach(holders, "/metadata/deletionTimestamp"))}.`
    : say`${code(podName(first.pending.pod), first.pending.evidence)} waits for no other pod.`;
  return refuted({ subject: nodes, about: { pod: uidsOf(pods), workload: ownersOf(pods) }, statements: [statement] });
}

function gap(open: readonly Blockade[], workloads: FactView<"kube.workload">, nodes: FactView<"kube.node">): Outcome {
  const pods = open.map((b) => b.pending.pod);
  const undecided = open.find(isUndecided);
  const missing = undecided
    ? namespacesMissing(undecided)
    : open.every((b) => b.nodesKnown)
      ? workloads.missing(WHAT_WORKLOADS)
      : nodes.missing(WHAT_NODES);
  return undetermined({
    subject: "cluster",
    about: { pod: uidsOf(pods), workload: ownersOf(pods) },
    missing: [missing],
  });
}

function tell(
  group: Blocked,
  deployment: Workload,
  budget: Budget,
  holders: readonly [Pod, ...Pod[]],
): readonly [Statement, ...Statement[]] {
  const [first] = group;
  const strategy = cite(deployment, "/spec/strategy");
  const own = cite(first.pending.pod, "/spec/affinity/podAntiAffinity");
  const name = code(`${deployment.value.namespace}/${deployment.value.name}`, deployment.evidence);
  const nodes = first.open.map((o) => o.node.value.name);
  return [
    say`The rollout of ${name} could not go on: its required anti-affinity left no node to ${number(group.length, "new replica", first.pending.evidence, own)}, and ${number(holders.length, "old replica", ...citeEach(holders, "/spec/nodeName"))} had to stay available.`,
    say`Its rolling update has maxSurge ${word(budget.written.surge, strategy)} and maxUnavailable ${word(budget.written.unavailable, strategy)} of ${stated(count(deployment.value.desired ?? 0, "replica", cite(deployment, "/spec/replicas")))}, which is ${word(budget.surge, strategy)} more at most and ${word(budget.unavailable, strategy)} fewer.`,
    say`The old replicas stood on ${codes(nodes, 5, ...citeEach(holders, "/spec/nodeName"))}, one on each node that the new one may use, and none of them was being deleted.`,
  ];
}
