import type { Condition } from "#model/fact.js";
import { type Missing, type Outcome, REPLACED } from "#model/finding.js";
import { earliest, type Instant } from "#model/instant.js";
import { defineRule, effect, found, type MatchContext, refuted, undetermined } from "#model/rule.js";
import { citing, code, known, type Quoted, type Statement, say, time } from "#model/statement.js";
import { type Contact, contactStatements, contacts } from "./_contact.js";
import { kubeletServices, PLAIN, serviceValue, unitFlags } from "./_distribution.js";
import { unlistedNodes } from "./_gone-node.js";
import {
  cannotEndPods,
  isSettling,
  isSilent,
  lastSigns,
  type NodeFact,
  noReadyCondition,
  readyOf,
} from "./_node-ready.js";
import { outageOutcome, type PastOutage, pastOutages } from "./_past-outage.js";
import { type Pod, requestedAt, seenAt, uidsOf } from "./_pods.js";
import { NODES } from "./_references.js";
import { cameLater, type Due, partByDue, silences } from "./_silence.js";
import { contactValue, LABELS, silenceConsequence } from "./_silence-actions.js";
import { GONE, stuckPods } from "./_stuck.js";
import { BEGUN, creatingPods, isWaiting } from "./_waiting.js";

export default defineRule({
  id: "node-not-ready",
  title: "the kubelet of a node no longer works its pods, or not with the API server",
  label: "a kubelet that no longer works its pods",
  labelOf: (finding) => LABELS[String(finding.value["contact"] ?? "")] ?? null,
  asks: "How did the node come to leave its pods alone?",
  kind: "mechanism",
  healthSign: true,
  needs: { nodes: "kube.node" },
  explains: [
    effect("sym:node-notready", ["node"], "triggers"),
    effect("sym:pod-stuck-terminating", ["node"], "prevents-recovery"),
    effect("sym:container-creating", ["node"], "prevents-recovery"),
  ],
  *match({ nodes }, context) {
    const concerned = new Set(context.derive(stuckPods).map((pod) => pod.value.node));
    for (const node of nodes.all) {
      const outcome = judge(node, context);
      const outage = context.derive(pastOutages).get(node.value.name);
      const isOpen = outage && !concerned.has(node.value.name);
      if (isOpen && outageOutcome(node.value.name, outage).outcome === "found") {
        yield open(node, inOutage(node, outage, context));
        continue;
      }
      yield* before(node, context);
      // A node without a condition is a gap only where something depends on it.
      if (outcome.outcome !== "undetermined" || concerned.has(node.value.name)) yield outcome;
    }
    yield* unlistedNodes(nodes, context);
  },
  known: [
    known(
      "A node whose kubelet posts nothing for its grace period is set to Unknown; its pods are marked for deletion, and their objects stay until that kubelet is back or the node object is deleted",
      NODES,
    ),
  ],
  consequence: silenceConsequence,
  references: [NODES],
  // What is known is of a node that is still listed.
  holds: (_reference, finding) => finding.value["contact"] !== "gone",
  falsePositives: ["a node that was switched off on purpose and left in the cluster"],
  examples: {
    found: [
      "kubelet/node-not-ready.yaml",
      "kubelet/stuck-before-silence.yaml",
      "kubelet/kubelet-cut-off.yaml",
      "kubelet/kubelet-certificate-expired.yaml",
    ],
    refuted: ["kubelet/failed-kill-pod.yaml"],
    undetermined: ["kubelet/stuck-without-nodes.yaml"],
  },
  tags: ["kubelet", "node"],
});

function judge(node: NodeFact, context: MatchContext): Outcome {
  const { name } = node.value;
  const [subject, about] = [name, { node: [name] }];
  const ready = readyOf(node);
  if (!ready) return open(node, noReadyCondition(node));
  const { condition, evidence } = ready;
  if (!isSilent(condition) && !cannotEndPods(condition)) {
    const standsSince = condition.status === "True" ? condition.since : null;
    const alarming = condition.status !== "True";
    return refuted({ subject, about, standsSince, alarming, statements: [answering(node, ready, context)] });
  }
  if (isSettling(node, condition, context)) return open(node, later(node));
  const silence = context.derive(silences).get(name);
  const contact = context.derive(contacts).get(name);
  const logged = contact ? contactStatements(name, contact) : [];
  return found({
    subject,
    about,
    since: isSilent(condition) ? stopped(condition, silence?.notBefore ?? null) : condition.since,
    ...(silence?.notBefore ? { notBefore: silence.notBefore } : {}),
    lastSeen: seenAt(node, context.moment),
    statements: inOrder(contact, logged, [
      isSilent(condition)
        ? say`The kubelet of ${code(name, evidence)} stopped posting the state of its node.`
        : say`The kubelet of ${code(name, evidence)} reported that it could not follow its containers: ${code(condition.message ?? "", evidence)}.`,
      ...(condition.heartbeat ? [say`Its last report was of ${time(condition.heartbeat, evidence)}.`] : []),
      ...(condition.since ? [say`The condition changed at ${time(condition.since, evidence)}.`] : []),
    ]),
    unverified: [...doubted(node, context), ...(contact?.state === "running" ? contact.unverified : [])],
    missing: contact?.state === "unknown" && !contact.certificate ? [contact.missing] : [],
    value: {
      node: name,
      ...contactValue(contact),
      ...serviceValue(context.derive(kubeletServices).get(name) ?? PLAIN),
    },
  });
}

/** Where the log names how it fails, that is what happened; what the API server saw of it comes after. */
function inOrder(
  contact: Contact | undefined,
  [first, ...rest]: readonly Statement[],
  condition: readonly [Statement, ...Statement[]],
): readonly [Statement, ...Statement[]] {
  if (!first) return condition;
  const said = contact?.state === "stopped" && contact.text !== null;
  return contact?.state === "running" || contact?.certificate || said
    ? [first, ...rest, ...condition]
    : [...condition, first, ...rest];
}

/** Pods on it that were deleted, and those that wait for their containers, each with when they ought to have got on. */
function* onIt(node: NodeFact, context: MatchContext): Iterable<readonly [readonly Pod[], Due]> {
  const isOn = (pod: Pod): boolean => pod.value.node === node.value.name;
  yield [context.derive(stuckPods).filter(isOn), GONE];
  yield [context.derive(creatingPods).filter((pod) => isOn(pod) && isWaiting(pod, context)), BEGUN];
}

/** Where it was not Ready before as well, what was stuck by its last sign of life may have been so since then, or for another reason. */
function doubted(node: NodeFact, context: MatchContext): readonly string[] {
  const silence = context.derive(silences).get(node.value.name);
  if (!silence?.again) return [];
  const bound = { ...silence, notBefore: silence.again };
  const early = [...onIt(node, context)].some(([pods, due]) => partByDue(pods, due, bound).before.length > 0);
  return early ? ["that it worked no pods when these were to get on: it was not Ready before, too, and came back"] : [];
}

/**
 * When a kubelet fell silent: after its last sign of life, and before the condition changed. It posts its status every five minutes where
 * nothing changes, so the heartbeat alone is no beginning.
 */
function stopped({ heartbeat, since }: Condition, sign: Instant | null): Instant | null {
  const from = sign ?? heartbeat;
  if (!from || !since || since.epochMs <= from.epochMs) return since ?? from;
  return { ...from, precisionMs: Math.max(from.precisionMs, since.epochMs - from.epochMs) };
}

/** Ready=True, or False for a reason that leaves the kubelet working: it says so, with its last sign of life. */
function answering(node: NodeFact, ready: NonNullable<ReturnType<typeof readyOf>>, context: MatchContext): Statement {
  const { condition, evidence } = ready;
  const why =
    condition.status === "True" || condition.message === null
      ? citing(evidence)
      : say` (${code(condition.message, evidence)})`;
  const status = code(`Ready=${condition.status}`, evidence);
  return say`The kubelet of ${code(node.value.name, evidence)} posted ${status}${why}${reported(node, ready, context)}.`;
}

/** A heartbeat of before the deletions says nothing of what came after: then an event of that kubelet does, where there is one. */
function reported(node: NodeFact, ready: NonNullable<ReturnType<typeof readyOf>>, context: MatchContext): Quoted {
  const { condition, evidence } = ready;
  if (!condition.heartbeat) return citing(evidence);
  const last = say`, last reported at ${time(condition.heartbeat, evidence)}`;
  const stuck = context.derive(stuckPods).filter((pod) => pod.value.node === node.value.name);
  const since = stuck.map(requestedAt).reduce(earliest, null);
  if (since === null || condition.heartbeat.epochMs >= since.epochMs) return last;
  const before = say`${last}, before the deletions`;
  const sign = context.derive(lastSigns).get(node.value.name);
  return sign && sign.at.epochMs > since.epochMs
    ? say`${before}; its latest event, ${code(sign.reason, sign.evidence)}, is of ${time(sign.at, sign.evidence)}`
    : say`${before}: nothing later is known of it`;
}

const open = (node: NodeFact, missing: Missing): Outcome =>
  undetermined({ subject: node.value.name, about: { node: [node.value.name] }, missing: [missing] });

/** What was stuck when its kubelet still worked: that it works no more explains none of the time before. */
function* before(node: NodeFact, context: MatchContext): Iterable<Outcome> {
  const silence = context.derive(silences).get(node.value.name);
  for (const [pods, due] of onIt(node, context)) {
    const statement = silence && cameLater(silence, pods, due);
    if (!statement) continue;
    const subject = `${node.value.name} before, for ${due === GONE ? "deleted pods" : "pods that wait"}`;
    const about = { node: [node.value.name], pod: uidsOf(partByDue(pods, due, silence).before) };
    yield refuted({ subject, about, statements: [statement], excludes: "cause" });
  }
}

/** What a kubelet says in its first seconds does not tell what it will say next. */
const later = (node: NodeFact): Missing => ({
  ...noReadyCondition(node),
  what: `the Ready condition of ${node.value.name}, once its kubelet has settled`,
  why: "collected while the kubelet had just started or joined",
});

/** What its condition said in an outage that is over. */
const inOutage = (node: NodeFact, { from, to }: PastOutage, context: MatchContext): Missing => ({
  ...noReadyCondition(node),
  what: `the Ready condition of ${node.value.name} while it was not Ready`,
  why: REPLACED,
  command: `journalctl ${unitFlags(context.derive(kubeletServices).get(node.value.name) ?? PLAIN)} --since @${Math.floor(from.epochMs / 1000)} --until @${Math.ceil((to ?? from).epochMs / 1000)}`,
});
