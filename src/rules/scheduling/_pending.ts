import type { Evidence } from "#model/evidence.js";
import { type Condition, cite, type FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import type { EventObject } from "#model/kube-value.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { ownerKey, ownersOf, type Pod, seenAt } from "#rules/kubelet/_pods.js";
import { stuckPods } from "#rules/kubelet/_stuck.js";

/** The scheduler needs a few rounds while nodes join or pods go: below this a pending pod is no symptom. */
export const PENDING_MS = 60_000;

/** A pod that the scheduler found no node for, and what it last said. */
export interface PendingPod {
  readonly pod: Pod;
  readonly condition: Condition;
  /** The condition. */
  readonly evidence: Evidence;
  /** What the scheduler said and where: in the condition, else in its last event of this pod. Null where neither was collected. */
  readonly message: string | null;
  readonly said: Evidence;
  readonly since: Instant | null;
}

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** All of them, once per moment: hand it to `context.derive`. */
export const pendingPods = (view: Look, context: MatchContext): readonly PendingPod[] =>
  view("kube.pod")
    .all.flatMap((pod) => pendingOf(pod, context.derive(lastSaid)) ?? [])
    .filter((pending) => !isYoung(pending, context));

/** Those that are too young to be a symptom; once per moment. */
export const youngPending = (view: Look, context: MatchContext): readonly PendingPod[] =>
  view("kube.pod")
    .all.flatMap((pod) => pendingOf(pod, context.derive(lastSaid)) ?? [])
    .filter((pending) => isYoung(pending, context));

/** Owners of pods that were deleted and do not go: what replaces those waits for them, however young it is. */
const stuckOwners = (_view: Look, context: MatchContext): ReadonlySet<string> =>
  new Set(ownersOf(context.derive(stuckPods)));

/** The latest FailedScheduling event of each pod, by its uid; once per moment. */
function lastSaid(view: Look): ReadonlyMap<string, EventObject> {
  const said = new Map<string, EventObject>();
  const of = (o: EventObject | undefined): number => (o?.last ?? o?.first)?.epochMs ?? 0;
  for (const { value } of view("kube.event").all)
    if (value.reason === "FailedScheduling")
      for (const o of value.objects) if (o.uid !== null && of(o) >= of(said.get(o.uid))) said.set(o.uid, o);
  return said;
}

function pendingOf(pod: Pod, said: ReadonlyMap<string, EventObject>): PendingPod | null {
  const { phase, node, deletion, conditions, created } = pod.value;
  if (phase !== "Pending" || node !== null || deletion !== null) return null;
  const at = conditions.findIndex(
    (c) => c.type === "PodScheduled" && c.status === "False" && c.reason === "Unschedulable",
  );
  const condition = conditions[at];
  if (!condition) return null;
  const evidence = cite(pod, `/status/conditions/${at}`);
  const event = condition.message === null ? said.get(pod.value.uid) : undefined;
  return {
    pod,
    condition,
    evidence,
    message: condition.message ?? event?.message ?? null,
    said: event?.evidence ?? evidence,
    since: condition.since ?? created,
  };
}

/** A machine takes minutes to come; cluster-autoscaler gives it 15 (max-node-provision-time). */
export const PROVISIONED_MS = 900_000;

/** The event by which an autoscaler said that it adds a node for a pod, by the pod's uid; once per moment. */
function scaleUps(view: Look): ReadonlyMap<string, EventObject> {
  const all = new Map<string, EventObject>();
  for (const { value } of view("kube.event").all)
    if (value.reason === "TriggeredScaleUp") for (const o of value.objects) if (o.uid !== null) all.set(o.uid, o);
  return all;
}

/** The event by which an autoscaler adds a node for a pod, where it is so young that the node may still come. */
export function scalingFor({ pod }: PendingPod, context: MatchContext): EventObject | null {
  const event = context.derive(scaleUps).get(pod.value.uid);
  // From the first time: one that tries again and again brings none.
  const at = event?.first ?? event?.last;
  const age = at ? seenAt(pod, context.moment).epochMs - at.epochMs : null;
  return event && age !== null && age >= 0 && age <= PROVISIONED_MS ? event : null;
}

function isYoung(pending: PendingPod, context: MatchContext): boolean {
  const { pod, since } = pending;
  if (context.derive(stuckOwners).has(ownerKey(pod) ?? "")) return false;
  const age = since === null ? null : seenAt(pod, context.moment).epochMs - since.epochMs;
  return (age !== null && age <= PENDING_MS) || scalingFor(pending, context) !== null;
}

/**
 * The reasons of a scheduler's message, without counts, sorted: `0/3 nodes are available: 1 a, 2 b. preemption: …` gives `a, b`. What
 * follows `preemption:` speaks of another question. Counts change as nodes come and go, reasons do not.
 */
export function reasonsOf(message: string): readonly string[] {
  const main = message.slice(0, 4_096).split(" preemption: ")[0] ?? "";
  const body = main.replace(/^0\/\d+ nodes are available:? ?/, "").replace(/\.+\s*$/, "");
  const clauses = body.split(/, (?=\d+ )|\. (?=\d+ |$)/).map((clause) => clause.replace(/^\d+ /, "").trim());
  return [...new Set(clauses.filter((clause) => clause !== ""))].sort();
}

/** Did the scheduler name a taint that the pod does not tolerate? */
export const namesTaint = (message: string | null): boolean => /\btaint/.test(message ?? "");

/** Did it give reasons, and among them no rule that keeps pods apart? It tells the first reason of each node only. */
export const blamesElse = (message: string | null): boolean =>
  reasonsOf(message ?? "").length > 0 && !namesAntiAffinity(message);

/** Did it name a rule that keeps pods apart? */
export const namesAntiAffinity = (message: string | null): boolean =>
  /anti-affinity|affinity\/anti-affinity/.test(message ?? "");

/**
 * For how many nodes it named one. Up to v1.21 it counted a node twice, once with `affinity/anti-affinity` and once with whose rule it
 * is; null where it named none.
 */
export function antiAffinityCount(message: string | null): number | null {
  const main = (message ?? "").slice(0, 4_096).split(" preemption: ")[0] ?? "";
  const counts = [...main.matchAll(/(\d{1,9}) node\(s\) did(?:n't| not) [^,.]*?(affinity\/)?anti-affinity/g)];
  const own = counts.filter((match) => match[2] === undefined);
  if (counts.length === 0) return null;
  return (own.length > 0 ? own : counts).reduce((sum, match) => sum + Number(match[1]), 0);
}

/** Reasons that speak neither of a rule which pods and nodes show nor of a node that is closed: room, ports, volumes, spread and the like. */
export const otherReasons = (message: string | null): readonly string[] =>
  reasonsOf(message ?? "").filter((reason) => !COMPARED.test(reason));

const COMPARED = /affinity\/selector|match node selector|anti-affinity|unschedulable|\btaint/;

/** Did it name a volume that cannot be reached from a node? */
export const namesVolume = (message: string | null): boolean => /volume node affinity conflict/.test(message ?? "");

/** Did it name a cordon? */
export const namesCordon = (message: string | null): boolean => /unschedulable/.test(message ?? "");
