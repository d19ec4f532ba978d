import { cite } from "#model/fact.js";
import type { Found, Missing, Outcome } from "#model/finding.js";
import { earliest, type Instant, order } from "#model/instant.js";
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
import { code, codes, known, type Quoted, type Statement, say, time } from "#model/statement.js";
import { LIST_PENDING } from "#rules/kubelet/_consequences.js";
import {
  CITED,
  type Cited,
  citeEach,
  either,
  groupBy,
  number,
  ownersOf,
  podName,
  seenAt,
  some,
  uidsOf,
  WHAT_NODES,
} from "#rules/kubelet/_pods.js";
import { type Blockade, blockades, nodesKey, opening } from "./_blockade.js";
import { type Cordon, cordons } from "./_cordon.js";
import { namesCordon, otherReasons } from "./_pending.js";
import { CORDON } from "./_references.js";

type Blocked = readonly [Blockade, ...Blockade[]];
type Cordons = readonly [Cordon, ...Cordon[]];

export default defineRule({
  id: "cordon-leaves-no-node",
  title: "a cordon closes the nodes on which pods would have a place",
  label: "a cordon that leaves pods no node",
  asks: "How did the nodes come to be closed to these pods?",
  kind: "mechanism",
  role: "contributing-factor",
  needs: { pods: "kube.pod", nodes: "kube.node" },
  explains: [effect("sym:pod-pending-unschedulable", ["pod"], "prevents-recovery")],
  *match({ nodes, pods }, context) {
    const all = context.derive(blockades);
    const unknown = all.filter((b) => !b.nodesKnown);
    if (unknown.length > 0)
      yield undetermined({ subject: "cluster", about: aboutOf(unknown), missing: [nodes.missing(WHAT_NODES)] });
    const placed = all.filter((b) => b.nodesKnown);
    const set = context.derive(cordons);
    for (const [subject, group] of groupBy(placed, (b) => namesOf(b, set).join(",") || `none of ${nodesKey(b)}`)) {
      const list = some(group);
      if (list) yield judge(subject, list, pods, context);
    }
  },
  known: [known("A cordoned node keeps its pods and is given no new ones until it is uncordoned", CORDON)],
  consequence(finding) {
    const nodes = finding.about.node ?? [];
    return {
      fix: [
        {
          step: "Open the nodes to pods again, once that is done for which they were cordoned",
          commands: nodes.flatMap((node) => [
            {
              run: `kubectl get node ${shellWord(node)}`,
              expect: "`Ready,SchedulingDisabled`; where it is not Ready, stop here",
            },
            { run: `kubectl uncordon ${shellWord(node)}`, expect: "uncordoned" },
          ]),
        },
      ],
      verify: [LIST_PENDING],
      actions:
        finding.ended !== null
          ? []
          : [
              {
                title: `Open ${nodes.join(", ")} to pods again, once that is done for which ${nodes.length === 1 ? "it was" : "they were"} cordoned`,
                type: "repair",
                priority: "High",
                doneWhen: "no pod is Pending for want of a node that is cordoned",
              },
            ],
      questions: [`Who cordoned ${nodes.join(", ")}, what for, and until when?`],
      stops: "a cordon is set by a person or a tool on purpose; what for is not in evidence",
    };
  },
  references: [CORDON],
  falsePositives: ["a node that is drained for maintenance while one replica waits: that is what was meant"],
  examples: {
    found: ["scheduling/cordon.yaml"],
    refuted: ["scheduling/deadlock.yaml"],
    undetermined: ["scheduling/deadlock-no-nodes.yaml"],
  },
  tags: ["scheduling"],
});

const aboutOf = (group: readonly Blockade[]): Found["about"] => ({
  pod: uidsOf(group.map((b) => b.pending.pod)),
  workload: ownersOf(group.map((b) => b.pending.pod)),
});

/** Nodes that would be free but for their cordon; none where another node is, or is about to be. */
function namesOf(blockade: Blockade, set: ReadonlyMap<string, Cordon>): readonly string[] {
  return blockade.against.going ? [] : spareNames(blockade, set);
}

/** The same, whoever is on his way out. */
function spareNames(blockade: Blockade, set: ReadonlyMap<string, Cordon>): readonly string[] {
  const { message, since } = blockade.pending;
  if (message !== null && !namesCordon(message)) return [];
  const free = blockade.open.some(({ conflicts }) => conflicts.length === 0);
  if (free && otherReasons(message).length === 0) return [];
  const isEarlier = ({ at }: Cordon): boolean => !at || !since || order(at, since) !== "after";
  return blockade.cordoned
    .filter(({ conflicts }) => conflicts.length === 0)
    .map(({ node }) => node.value.name)
    .filter((name) => [set.get(name)].some((cordon) => cordon && isEarlier(cordon)));
}

function judge(subject: string, group: Blocked, pods: FactView<"kube.pod">, context: MatchContext): Outcome {
  const [first] = group;
  const set = context.derive(cordons);
  const names = new Set(namesOf(first, set));
  const closed = some([...set.values()].filter((c) => names.has(c.node.value.name)));
  const spare = first.against.going && !opening(first, context.moment) ? spareNames(first, set) : [];
  if (spare.length > 0) return undetermined({ subject, about: aboutOf(group), missing: [room(first, spare)] });
  if (!closed) return refuted({ subject, about: aboutOf(group), statements: [refutal(first)] });
  return found({
    subject,
    about: { ...aboutOf(group), node: closed.map((c) => c.node.value.name) },
    // No fault begins with a cordon: when it was set stands in the sentence.
    since: null,
    lastSeen: seenAt(first.pending.pod, context.moment),
    statements: [headline(group, closed), ...others(first)],
    unverified: [
      "that there is room on them: the scheduler names the first reason of each node only",
      ...(pods.coverage().state === "complete"
        ? []
        : ["that no pod stands there in their way: the list of pods is not complete"]),
    ],
    value: { pods: group.length, nodes: closed.length },
  });
}

function headline(group: Blocked, closed: Cordons): Statement {
  const [first, ...rest] = group;
  const evidence = eachOf(closed, (c) => c.evidence);
  const waiting = citeEach([first.pending.pod, ...rest.map((b) => b.pending.pod)], "/status/conditions");
  const names = codes(
    closed.map((c) => c.node.value.name),
    5,
    ...evidence,
  );
  return say`${names} ${either(closed.length, "is", "are", ...evidence)} cordoned${sinceOf(closed)}: but for that ${number(group.length, "pending pod", ...waiting)} would have a place there.`;
}

/** Beside a node that a deleted pod does not leave, one that is cordoned is a way out only where there is room on it. */
const room = ({ pending }: Blockade, names: readonly string[]): Missing => ({
  kind: "kube.node",
  node: null,
  what: `whether there was room for ${podName(pending.pod)} on ${names.slice(0, 3).join(", ")}, which ${names.length === 1 ? "is" : "are"} cordoned`,
  why: "the scheduler names the first reason of each node only",
  command: names.length === 1 ? `kubectl describe node ${shellWord(names[0] ?? "")}` : "kubectl describe nodes",
});

const eachOf = ([first, ...rest]: Cordons, evidence: (c: Cordon) => Cited[number]): Cited => [
  evidence(first),
  ...rest.slice(0, CITED - 1).map(evidence),
];

function sinceOf(closed: Cordons): Quoted {
  const begin = closed.map((c) => c.at).reduce<Instant | null>(earliest, null);
  const evidence = eachOf(closed, (c) => c.begin);
  if (!begin) return say`${either(closed.length, "", "", ...evidence)}`;
  return say`${either(closed.length, " since ", ", the first since ", ...evidence)}${time(begin, ...evidence)}`;
}

/** What closes the other nodes, where pods do that stand there. What the scheduler said the symptom tells. */
function others({ pending, open, against }: Blockade): readonly Statement[] {
  const holders = some(against.holders);
  const taken = open.filter(({ conflicts }) => conflicts.length > 0).map(({ node }) => node.value.name);
  return [
    ...(holders && taken.length > 0
      ? [
          say`On ${codes(taken, 5, ...citeEach(holders, "/spec/nodeName"))} required anti-affinity keeps ${code(podName(pending.pod), cite(pending.pod, "/metadata/name"))} from ${number(holders.length, "pod", ...citeEach(holders, "/metadata/name"))} that ${either(holders.length, "stays", "stay", ...citeEach(holders, "/metadata/name"))}.`,
        ]
      : []),
  ];
}

function refutal({ pending, allowed, cordoned, against }: Blockade): Statement {
  const name = code(podName(pending.pod), pending.evidence);
  const nodes = some(allowed);
  if (pending.message !== null && !namesCordon(pending.message))
    return say`For ${name} the scheduler named no cordon: ${code(pending.message, pending.said)}.`;
  const [going] = against.holders;
  if (against.going && going)
    return say`${name} waits for pods that are being deleted, such as ${code(podName(going), cite(going, "/metadata/deletionTimestamp"))}.`;
  if (cordoned.length === 0 && nodes)
    return say`None of the nodes that ${name} may use is cordoned: ${codes(
      nodes.map((n) => n.value.name),
      5,
      ...citeEach(nodes, "/spec"),
    )}.`;
  return say`No cordon that was set before ${name} began to wait is all that keeps it from a node.`;
}
