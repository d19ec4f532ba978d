import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { type Pod, podsByUid } from "#rules/kubelet/_pods.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** When a pod was given its node. */
export interface Assignment {
  readonly pod: Pod;
  readonly at: Instant;
  /** From its creation on. */
  readonly waitedMs: number;
  readonly evidence: Evidence;
  readonly source: "event" | "pod condition";
}

/** Of all pods that have a node, by the scheduler's event, else by the condition; once per moment: hand it to `context.derive`. */
export function assignments(view: Look, context: MatchContext): readonly Assignment[] {
  const pods = context.derive(podsByUid);
  const byEvent = new Map<string, { readonly at: Instant; readonly evidence: Evidence }>();
  for (const series of view("kube.event").all) {
    if (series.value.reason !== "Scheduled") continue;
    for (const { uid, first, last, evidence } of series.value.objects) {
      const at = first ?? last;
      if (uid !== null && at) byEvent.set(uid, { at, evidence });
    }
  }
  return [...pods.values()].flatMap((pod) => assignmentOf(pod, byEvent.get(pod.value.uid)) ?? []);
}

function assignmentOf(
  pod: Pod,
  event: { readonly at: Instant; readonly evidence: Evidence } | undefined,
): Assignment | null {
  const { created, node, conditions } = pod.value;
  if (node === null || created === null) return null;
  const index = conditions.findIndex((c) => c.type === "PodScheduled" && c.status === "True");
  const at = event?.at ?? conditions[index]?.since;
  if (!at) return null;
  return {
    pod,
    at,
    waitedMs: at.epochMs - created.epochMs,
    evidence: event?.evidence ?? cite(pod, `/status/conditions/${index}`),
    source: event ? "event" : "pod condition",
  };
}
