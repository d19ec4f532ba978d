import { cite } from "#model/fact.js";
import { citing, code, codes, counted, type Statement, say, time } from "#model/statement.js";
import {
  CITED,
  type Cited,
  citeEach,
  either,
  firstNumber,
  inWords,
  number,
  ownerKey,
  podName,
  some,
  words,
} from "#rules/kubelet/_pods.js";
import { type Blockade, conflictsIn, holdersAgainst, isBlocked, isTerminating } from "./_blockade.js";
import { blamesElse, namesAntiAffinity } from "./_pending.js";
import type { Conflict } from "./_placement.js";

export type Blocked = readonly [Blockade, ...Blockade[]];

/** What there is to say of pods that wait for pods which do not go. */
export function deadlockStatements(group: Blocked): readonly [Statement, ...Statement[]] {
  const [first, ...rest] = group;
  const conditions: Cited = [first.pending.evidence, ...rest.slice(0, CITED - 1).map((b) => b.pending.evidence)];
  const holders = some(holdersAgainst(group));
  const pairs = group.filter((b) => b.against.owners.has(ownerKey(b.pending.pod) ?? ""));
  const [conflict] = conflictsIn(first);
  const nodes = [...new Set(group.flatMap((b) => b.open.map((o) => o.node.value.name)))];
  const waiting = firstNumber(group.length, "pending pod", ...conditions);
  if (!holders || !conflict) return [say`${waiting} found no node.`];
  const held = number(holders.length, "deleted pod", ...citeEach(holders, "/metadata/deletionTimestamp"));
  return [
    say`${waiting} found no place on ${codes(nodes, 5, ...citeEach(holders, "/spec/nodeName"))}: ${held} still stood there, and required anti-affinity kept them apart.`,
    ...pinned(first),
    conflictStatement(first, conflict, first.pinned),
    ...(pairs.length > 0 ? [ownersStatement(pairs.length, group.length, conditions)] : []),
    ...closedStatement(first),
  ];
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
  const [holder] = first.against.holders;
  if (!holder || message === null || /terminating|delet/i.test(message)) return null;
  const deleted = citing(cite(holder, "/metadata/deletionTimestamp"));
  return say`What the scheduler said, ${code(message, said)}, does not tell that the pods in the way had been deleted already${deleted}.`;
}

/** What excludes it for one pending pod: a holder that is not being deleted, a node where nothing is in the way, or another reason. */
export function refutal(blockade: Blockade): Statement {
  const { pod, evidence, message, said } = blockade.pending;
  if (blamesElse(message))
    return say`For ${code(podName(pod), evidence)} the scheduler gave other reasons than anti-affinity: ${code(message ?? "", said)}.`;
  const running = conflictsIn(blockade).find((c) => !isTerminating(c));
  if (running) {
    const { holder } = running;
    return say`${code(podName(holder), cite(holder, "/metadata"))} on ${code(holder.value.node ?? "", cite(holder, "/spec/nodeName"))}, beside which ${code(podName(pod), cite(pod, "/spec/affinity/podAntiAffinity"))} may not stand, was not being deleted.`;
  }
  const [going] = conflictsIn(blockade);
  if (isBlocked(blockade) && going?.holder.value.deletion) {
    const { holder } = going;
    const deadline = time(going.holder.value.deletion, cite(holder, "/metadata/deletionTimestamp"));
    return say`${code(podName(holder), cite(holder, "/metadata/name"))}, beside which ${code(podName(pod), evidence)} may not stand, had its grace period until ${deadline}.`;
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
