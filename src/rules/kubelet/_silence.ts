import type { Evidence } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import { type Instant, latestOf, order } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, lapse, type Quoted, type Statement, say, time } from "#model/statement.js";
import { cannotEndPods, isSettling, isSilent, lastSigns, type NodeFact, readyOf } from "./_node-ready.js";
import { toldOf } from "./_past-outage.js";
import { type Cited, either, type Pod, podNames, some } from "./_pods.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** A kubelet that works no pods at the collection, and since when at the earliest. */
export interface Silence {
  readonly node: NodeFact;
  /** It posts nothing; else it posts that it cannot follow its containers. */
  readonly silent: boolean;
  /** Its last sign of life, or when it began to post so. What was stuck by then, something else held. Null where that is not known. */
  readonly notBefore: Instant | null;
  readonly evidence: Evidence;
  /** Its last sign of life, where it was not Ready before, too, and came back: what was stuck by then may have been so since that time. */
  readonly again: Instant | null;
}

/** By node, once per moment: hand it to `context.derive`. */
export function silences(view: Look, context: MatchContext): ReadonlyMap<string, Silence> {
  const all = new Map<string, Silence>();
  for (const node of view("kube.node").all) {
    const ready = readyOf(node);
    if (!ready || isSettling(node, ready.condition, context)) continue;
    const { condition, evidence } = ready;
    const silent = isSilent(condition);
    if (!silent && !cannotEndPods(condition)) continue;
    const begin = silent ? lastSign(node, context) : { at: condition.since, evidence };
    const before = ({ at }: { readonly at: Instant }): boolean => begin.at !== null && at.epochMs < begin.at.epochMs;
    const again = toldOf(view, node, "NodeNotReady").some(before);
    const bound = again ? { notBefore: null, again: begin.at } : { notBefore: begin.at, again: null };
    all.set(node.value.name, { node, silent, evidence: begin.evidence, ...bound });
  }
  return all;
}

/** The last report, or a later event of that kubelet from before the condition changed: it posts its status every five minutes where nothing changes. */
function lastSign(node: NodeFact, context: MatchContext): { readonly at: Instant | null; readonly evidence: Evidence } {
  const ready = readyOf(node);
  const at = ready?.condition.heartbeat ?? null;
  const changed = ready?.condition.since;
  const sign = context.derive(lastSigns).get(node.value.name);
  if (at && changed && sign && sign.at.epochMs > at.epochMs && sign.at.epochMs < changed.epochMs)
    return { at: sign.at, evidence: sign.evidence };
  return { at, evidence: ready?.evidence ?? node.evidence };
}

/** When a pod ought to have got on, and how to say it of several. */
export interface Due {
  /** When it was to be over; null where that is not known. */
  readonly end: (pod: Pod) => Instant | null;
  /** So much later it is a symptom. */
  readonly slackMs: number;
  /** What had been going on for so long: `the grace period of … had been over for`. */
  readonly told: (pods: readonly [Pod, ...Pod[]]) => Quoted;
  readonly cited: (pods: readonly [Pod, ...Pod[]]) => Cited;
}

export function dueAt(pod: Pod, due: Due): Instant | null {
  const end = due.end(pod);
  return end && { ...end, epochMs: end.epochMs + due.slackMs };
}

/** Pods of a node that were stuck by the last sign of life of its kubelet, and those that may be so for its silence. */
export function partByDue(
  pods: readonly Pod[],
  due: Due,
  silence: Silence | undefined,
): { readonly before: readonly Pod[]; readonly since: readonly Pod[] } {
  const isBefore = (pod: Pod): boolean => {
    const at = dueAt(pod, due);
    return Boolean(silence?.notBefore && at && order(silence.notBefore, at) === "after");
  };
  return { before: pods.filter(isBefore), since: pods.filter((pod) => !isBefore(pod)) };
}

/** A finding of its own for each part: what holds the one for certain does not explain the other. The subject of the first stays the node's name. */
export function bySilence(
  node: string,
  pods: readonly Pod[],
  due: Due,
  silence: Silence | undefined,
): readonly { readonly subject: string; readonly pods: readonly [Pod, ...Pod[]] }[] {
  const { before, since } = partByDue(pods, due, silence);
  const [first, second] = [some(before), some(since)];
  const subject = first && second ? `${node} since its kubelet fell silent` : node;
  return [...(first ? [{ subject: node, pods: first }] : []), ...(second ? [{ subject, pods: second }] : [])];
}

/** Why the silence does not explain what was stuck before it; null where nothing was. */
export function cameLater(silence: Silence, stuck: readonly Pod[], due: Due): Statement | null {
  const pods = some(partByDue(stuck, due, silence).before);
  const { notBefore, evidence, node } = silence;
  const last = pods?.map(due.end).reduce(latestOf, null);
  if (!pods || !notBefore || !last) return null;
  const name = code(node.value.name, evidence);
  const said = silence.silent
    ? say`The kubelet of ${name} still gave a sign of life at ${time(notBefore, evidence)}`
    : say`The kubelet of ${name} reported only from ${time(notBefore, evidence)} on that it could not follow its containers`;
  const ago = lapse(notBefore.epochMs - last.epochMs, evidence, ...due.cited(pods));
  return say`${said}, when ${due.told(pods)} ${ago}${either(pods.length, "", " and more", evidence)}: what held ${podNames(pods)} until then is something else; from then on the silence would do so alone.`;
}
