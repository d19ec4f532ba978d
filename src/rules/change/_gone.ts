import type { Evidence } from "#model/evidence.js";
import type { Instant } from "#model/instant.js";
import type { ComparedMoment, MatchContext } from "#model/rule.js";
import { type Pod, seenAt } from "#rules/kubelet/_pods.js";
import { assignments } from "#rules/scheduling/_assignments.js";
import { blockades } from "#rules/scheduling/_blockade.js";

/** A time by which something had, or had not yet, happened; `what` says in a few words what shows that. */
export interface Bound {
  readonly at: Instant;
  readonly evidence: Evidence;
  readonly what: string;
}

export interface Bounds {
  readonly after: Bound;
  readonly before: Bound;
  /** The upper bound is an event, not only the later collection. */
  readonly exact: boolean;
}

/**
 * Between which times a pod that is listed at the earlier moment and not at the later one went: after the last event that tells of it,
 * and before a pod that it had kept away was assigned to its node. `searched`: the later list, where it is missing.
 */
export function boundsOf(earlier: ComparedMoment, later: ComparedMoment, searched: Evidence): (pod: Pod) => Bounds {
  const told = lastEvents(later);
  const released = releases(earlier.context, later.context);
  const list = later.view("kube.pod").all[0];
  return (pod) => {
    const seen: Bound = {
      at: seenAt(pod, earlier.context.moment),
      evidence: pod.evidence,
      what: "last listed",
    };
    const collected: Bound = {
      at: list ? seenAt(list, later.context.moment) : later.context.moment.collectedAt,
      evidence: searched,
      what: "no longer listed",
    };
    const release = released.get(pod.value.uid);
    const before = release && release.at.epochMs > seen.at.epochMs ? release : collected;
    const event = told.get(pod.value.uid);
    const after = event && event.at.epochMs > seen.at.epochMs && event.at.epochMs < before.at.epochMs ? event : seen;
    return { after, before, exact: before === release };
  };
}

/** Events of a pod's own, by its uid: the last of each. */
function lastEvents({ view }: ComparedMoment): ReadonlyMap<string, Bound> {
  const told = new Map<string, Bound>();
  for (const { value } of view("kube.event").all) {
    if (value.objectKind !== "Pod" || value.component !== "kubelet") continue;
    for (const { uid, first, last, evidence } of value.objects) {
      const at = last ?? first;
      if (uid === null || !at || at.epochMs <= (told.get(uid)?.at.epochMs ?? 0)) continue;
      told.set(uid, { at, evidence, what: "latest event" });
    }
  }
  return told;
}

/** For each pod that stood in the way of others: when the first of those was assigned to its node. */
function releases(earlier: MatchContext, later: MatchContext): ReadonlyMap<string, Bound> {
  const at = new Map(later.derive(assignments).map((a) => [a.pod.value.uid, a]));
  const released = new Map<string, Bound>();
  for (const { pending, against } of earlier.derive(blockades)) {
    const assigned = at.get(pending.pod.value.uid);
    if (!assigned) continue;
    for (const holder of against.holders) {
      const { uid, node } = holder.value;
      if (
        node !== assigned.pod.value.node ||
        assigned.at.epochMs >= (released.get(uid)?.at.epochMs ?? Number.POSITIVE_INFINITY)
      )
        continue;
      released.set(uid, { at: assigned.at, evidence: assigned.evidence, what: "assignment of a pod that had waited" });
    }
  }
  return released;
}

/** Of several pods: after the earliest lower bound, before the latest upper one. */
export function unite([first, ...rest]: readonly [Bounds, ...Bounds[]]): Bounds {
  const all = [first, ...rest];
  const after = all.map((b) => b.after).reduce((a, b) => (b.at.epochMs < a.at.epochMs ? b : a));
  const before = all.map((b) => b.before).reduce((a, b) => (b.at.epochMs > a.at.epochMs ? b : a));
  return { after, before, exact: all.every((b) => b.exact) };
}
