import { cite } from "#model/fact.js";
import type { Moment } from "#model/rule.js";
import { citing, code, codes, counted, type Quoted, type Statement, say, time } from "#model/statement.js";
import {
  CITED,
  type Cited,
  citeEach,
  either,
  firstNumber,
  inWords,
  number,
  ownerKey,
  type Pod,
  podName,
  some,
  words,
} from "#rules/kubelet/_pods.js";
import { type Blockade, conflictsIn, heldAgainst, isBlocked, isTerminating, opening } from "./_blockade.js";
import { blamesElse, namesAntiAffinity } from "./_pending.js";
import type { Conflict } from "./_placement.js";

export type Blocked = readonly [Blockade, ...Blockade[]];

/** What there is to say of pods that wait for pods which do not go. */
export function deadlockStatements(group: Blocked): readonly [Statement, ...Statement[]] {
  const [first, ...rest] = group;
  const conditions: Cited = [first.pending.evidence, ...rest.slice(0, CITED - 1).map((b) => b.pending.evidence)];
  const holders = some(heldAgainst(group));
  const pairs = group.filter((b) => b.against.held.some((o) => o.conflicts.some((c) => isPair(b, c))));
  const held = first.against.held.flatMap((o) => o.conflicts);
  const conflict = held.find((c) => isPair(first, c)) ?? held[0];
  const waiting = firstNumber(group.length, "pending pod", ...conditions);
  if (!holders || !conflict) return [say`${waiting} found no node.`];
  const nodes = heldNodes(group);
  const going = number(holders.length, "deleted pod", ...citeEach(holders, "/metadata/deletionTimestamp"));
  return [
    say`${waiting} found no place on ${codes(nodes, 5, ...citeEach(holders, "/spec/nodeName"))}: ${going} still stood ${where(holders, nodes, conflict)}, and required anti-affinity kept them apart.`,
    ...pinned(first),
    conflictStatement(first, conflict, first.pinned),
    ...(pairs.length > 0 ? [ownersStatement(pairs.length, group.length, conditions)] : []),
    ...takenStatement(first),
    ...closedStatement(first),
  ];
}

/** Nodes that would be open but for deleted pods. */
const heldNodes = (group: Blocked): readonly string[] => [
  ...new Set(group.flatMap((b) => b.against.held.map((o) => o.node.value.name))),
];

const isPair = ({ pending }: Blockade, { holder }: Conflict): boolean =>
  ownerKey(holder) !== null && ownerKey(holder) === ownerKey(pending.pod);

/** A domain that is wider than a node is closed from another of its nodes as well. */
function where(holders: readonly [Pod, ...Pod[]], nodes: readonly string[], { term, holder }: Conflict): Quoted {
  const on = [...new Set(holders.flatMap((pod) => pod.value.node ?? []))];
  const evidence = citeEach(holders, "/spec/nodeName");
  if (on.every((name) => nodes.includes(name))) return words("there", ...evidence);
  return say`on ${codes(on, 5, ...evidence)}, in the same ${code(term.topologyKey, cite(holder, "/spec/nodeName"))}`;
}

/** What closes the other open nodes: it stays where it is. */
function takenStatement({ pending, open, against }: Blockade): readonly Statement[] {
  const held = new Set(against.held.map((o) => o.node));
  const taken = open.filter((o) => !held.has(o.node));
  const staying = some([
    ...new Set(taken.flatMap((o) => o.conflicts.filter((c) => !isTerminating(c)).map((c) => c.holder))),
  ]);
  if (!staying) return [];
  const [one] = staying;
  const evidence = citeEach(staying, "/metadata");
  const such = say`${code(podName(one), ...evidence)} on ${code(one.value.node ?? "", cite(one, "/spec/nodeName"))}`;
  const those =
    staying.length === 1
      ? say`${such}, which was not being deleted`
      : say`${number(staying.length, "pod", ...evidence)} that were not being deleted, such as ${such}`;
  return [say`Nor may ${code(podName(pending.pod), cite(pending.pod, "/metadata/name"))} stand beside ${those}.`];
}

const ownersStatement = (pairs: number, of: number, evidence: Cited): Statement =>
  of === 1
    ? say`Both have the same owner${citing(...evidence)}.`
    : pairs === of
      ? say`In each of these cases${citing(...evidence)} the waiting pod and the deleted one have the same owner.`
      : say`In ${counted(words(inWords(pairs), ...evidence))} of ${counted(words(inWords(of), ...evidence))} cases the waiting pod and the deleted one have the same owner.`;

function pinned(blockade: Blockade): readonly Statement[] {
  const { pod } = blockade.pending;
  const [volume, ...more] = blockade.volumes;
  if (volume) {
    const evidence: Cited = [
      cite(volume.fact, "/spec/nodeAffinity"),
      ...more.slice(0, CITED - 2).map((v) => cite(v.fact, "/spec/nodeAffinity")),
      cite(volume.fact, "/spec/claimRef"),
    ];
    const names = blockade.allowed.map((n) => n.value.name);
    return [
      say`${either(more.length + 1, "The volume", "The volumes", ...evidence)} of ${code(podName(pod), cite(pod, "/spec/volumes"))}, ${codes(
        [volume, ...more].map((v) => v.name),
        3,
        ...evidence,
      )}, can be reached from ${codes(names, 5, ...evidence)} only.`,
    ];
  }
  if (!blockade.pinned) return [];
  const evidence: Cited =
    pod.value.nodeAffinity.length > 0 ? [cite(pod, "/spec/affinity/nodeAffinity")] : [cite(pod, "/spec/nodeSelector")];
  return [
    say`The specification of ${code(podName(pod), ...evidence)} allows ${codes(
      blockade.allowed.map((n) => n.value.name),
      5,
      ...evidence,
    )} only.`,
  ];
}

/** Whose rule it is, between which two pods, and since when the one that stands there was to go. `named`: the sentence before names the first. */
function conflictStatement(blockade: Blockade, { holder, rule, term }: Conflict, named: boolean): Statement {
  const name = cite(blockade.pending.pod, "/metadata/name");
  const waiting = named ? words("it", name) : code(podName(blockade.pending.pod), name);
  const standing = code(podName(holder), cite(holder, "/metadata/name"));
  const owner = rule === "own" ? blockade.pending.pod : holder;
  const key = code(term.topologyKey, cite(owner, "/spec/affinity/podAntiAffinity"));
  const { deletion } = holder.value;
  const since = deletion
    ? say`, whose grace period ended at ${time(deletion, cite(holder, "/metadata/deletionTimestamp"))}`
    : citing(cite(holder, "/metadata/name"));
  return rule === "own"
    ? say`By its own rule (topology ${key}) ${waiting} may not stand beside ${standing}${since}.`
    : say`The rule (topology ${key}) of ${standing} keeps ${waiting} away${since}.`;
}

function closedStatement(blockade: Blockade): readonly Statement[] {
  const closed = some(blockade.closed);
  if (!closed) return [];
  return [
    say`Cordoned or tainted were ${codes(
      closed.map((n) => n.value.name),
      5,
      ...citeEach(closed, "/spec"),
    )}.`,
  ];
}

/** The scheduler counts nodes and reasons; which pod stands in the way, and that it is being deleted, only the pods tell. */
export function namelessStatement([first]: Blocked): Statement | null {
  const { message, said } = first.pending;
  const holder = first.against.held[0]?.conflicts[0]?.holder;
  if (!holder || message === null || /terminating|delet/i.test(message)) return null;
  const deleted = citing(cite(holder, "/metadata/deletionTimestamp"));
  return say`What the scheduler said, ${code(message, said)}, does not tell that the pods in the way had been deleted already${deleted}.`;
}

/** What excludes it for one pending pod: no node that only deleted pods close, one that opens by itself or where nothing is in the way, or another reason. */
export function refutal(blockade: Blockade, moment: Moment): Statement {
  const { pod, evidence, message, said } = blockade.pending;
  if (blamesElse(message))
    return say`For ${code(podName(pod), evidence)} the scheduler gave other reasons than anti-affinity: ${code(message ?? "", said)}.`;
  const running = conflictsIn(blockade).find((c) => !isTerminating(c));
  if (running && !blockade.against.going) {
    const { holder } = running;
    const stays = say`${code(podName(holder), cite(holder, "/metadata"))} on ${code(holder.value.node ?? "", cite(holder, "/spec/nodeName"))}`;
    const waiting = code(podName(pod), cite(pod, "/spec/affinity/podAntiAffinity"));
    return blockade.open.length === 1
      ? say`${stays}, beside which ${waiting} may not stand, was not being deleted.`
      : say`No node that is open otherwise is closed to ${waiting} by deleted pods only: ${stays}, beside which it may not stand, was not being deleted.`;
  }
  const going = isBlocked(blockade) ? opening(blockade, moment) : null;
  if (going?.value.deletion) {
    const deadline = time(going.value.deletion, cite(going, "/metadata/deletionTimestamp"));
    return say`${code(podName(going), cite(going, "/metadata/name"))}, beside which ${code(podName(pod), evidence)} may not stand, had its grace period until ${deadline}.`;
  }
  const free = blockade.open.find((o) => o.conflicts.length === 0);
  if (free && namesAntiAffinity(message)) {
    return say`On ${code(free.node.value.name, free.node.evidence)} no collected pod was in the way of ${code(podName(pod), evidence)}.`;
  }
  const name = code(podName(pod), evidence);
  return message === null
    ? say`Anti-affinity did not close every node to ${name}; what the scheduler said of it was not collected.`
    : say`For ${name} the scheduler gave other reasons: ${code(message, said)}.`;
}
