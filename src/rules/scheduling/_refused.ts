import { atPointer, type Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { isCompleted, type Pod, seenAt } from "#rules/kubelet/_pods.js";
import { type Workload, workloadKey } from "./_rollout.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** Why a controller makes no pods, in its own words. */
export interface Refused {
  readonly message: string;
  readonly evidence: Evidence;
  /** Where events tell of it and no condition does: since when, until when at least, and how often. */
  readonly events: { readonly first: Instant; readonly last: Instant; readonly count: number } | null;
}

/** A controller that is refused waits for up to 1000 s before it tries again, and a client writes one event in five minutes at least. */
const STALE_MS = 1_800_000;

/**
 * A ReplicaSet and a Deployment have a condition for it; a StatefulSet and a DaemonSet say it in events only. Those are quoted where pods
 * are missing for so long, the controller was refused lately, and no pod of it was made since.
 */
export function refusedBy(
  workload: Workload,
  pods: readonly Pod[],
  context: MatchContext,
  freshMs: number,
): Refused | null {
  const failure = conditionOf(workload, "ReplicaFailure");
  if (failure?.status === "True" && failure.message !== "")
    return {
      message: failure.message,
      evidence: cite(workload, `/status/conditions/${failure.index}`),
      events: null,
    };
  const refusal = context.derive(refusals).get(workloadKey(workload));
  const { created, desired } = workload.value;
  if (!refusal || !created || refusal.last.epochMs < created.epochMs) return null;
  const alive = pods.filter((pod) => pod.value.deletion === null && !isCompleted(pod));
  const made = alive.map((pod) => pod.value.created).reduce(latestOf, null);
  const now = seenAt(workload, context.moment).epochMs;
  const since = Math.max(refusal.first.epochMs, created.epochMs);
  const isOver = made !== null && made.epochMs > refusal.last.epochMs;
  if (alive.length >= (desired ?? 0) || isOver) return null;
  if (now - since <= freshMs || now - refusal.last.epochMs > STALE_MS) return null;
  const { message, evidence, ...events } = refusal;
  return { message, evidence, events };
}

interface Refusal {
  readonly message: string;
  readonly evidence: Evidence;
  readonly first: Instant;
  readonly last: Instant;
  readonly count: number;
}

const BY_EVENT = new Set(["StatefulSet", "DaemonSet"]);

/**
 * By `StatefulSet/<namespace>/<name>`, with the words of the last; once per moment. Only where all pods are listed: what is missing there
 * is not there.
 */
function refusals(view: Look): ReadonlyMap<string, Refusal> {
  const all = new Map<string, Refusal>();
  if (view("kube.pod").coverage().state !== "complete") return all;
  for (const { value } of view("kube.event").all) {
    if (value.reason !== "FailedCreate" || !BY_EVENT.has(value.objectKind)) continue;
    for (const { name, message, first, last, count, evidence } of value.objects) {
      const [from, to] = [earliest(first, last), latestOf(first, last)];
      if (!from || !to) continue;
      const key = `${value.objectKind}/${value.namespace ?? ""}/${name}`;
      const known = all.get(key);
      const own = { message, evidence, first: from, last: to, count: count ?? 1 };
      if (!known) all.set(key, own);
      else {
        const { message: text, evidence: shown } = to.epochMs > known.last.epochMs ? own : known;
        all.set(key, {
          message: text,
          evidence: shown,
          first: earliest(known.first, from) ?? from,
          last: latestOf(known.last, to) ?? to,
          count: known.count + own.count,
        });
      }
    }
  }
  return all;
}

/** The one condition of a workload of that type, as collected. */
export function conditionOf({ json }: Workload, type: string) {
  const list = atPointer(json, "/status/conditions");
  const index = (Array.isArray(list) ? list : []).findIndex((c) => atPointer(c, "/type") === type);
  const of = (key: string): string => String(atPointer(json, `/status/conditions/${index}/${key}`) ?? "");
  return index < 0 ? null : { index, status: of("status"), reason: of("reason"), message: of("message") };
}
