import type { Alarm } from "#model/benign.js";
import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind } from "#model/fact.js";
import type { ComparedMoment, FactView } from "#model/rule.js";
import { type Pod, podsByUid } from "#rules/kubelet/_pods.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;
type Workload = Fact<"kube.workload">;

/** The pod that an alarm is about, as it is now; null where it is gone, undefined where the list of pods cannot tell. */
export function podOf(alarm: Alarm, { view, context }: ComparedMoment): Pod | null | undefined {
  if (alarm.kind !== "Pod" || alarm.uid === null) return undefined;
  const pod = context.derive(podsByUid).get(alarm.uid);
  if (pod) return pod;
  return view("kube.pod").coverage().state === "complete" ? null : undefined;
}

/**
 * Where a pod is gone: what shows that whoever made it has every replica that it wants, so that nobody misses it. Null where nobody
 * can be named, or has not. A pod is named after its maker, cut to 58 characters, with five of its own.
 */
export function replaced(alarm: Alarm, moment: ComparedMoment): readonly Evidence[] | null {
  const base = /^(.+)[a-z0-9]{5}$/.exec(alarm.object ?? "")?.[1];
  if (base === undefined || alarm.namespace === null) return null;
  const makers = (moment.context.derive(makersByBase).get(`${alarm.namespace}/${base}`) ?? []).filter(isWhole);
  const [only, ...more] = makers;
  return only && more.length === 0 ? [cite(only, "/status")] : null;
}

const MAKERS: ReadonlySet<string> = new Set(["ReplicaSet", "DaemonSet"]);
const BASE_CHARS = 58;

/** ReplicaSets and DaemonSets by the first part of their pods' names; once per moment. */
function makersByBase(view: Look): ReadonlyMap<string, readonly Workload[]> {
  const makers = new Map<string, Workload[]>();
  for (const of of view("kube.workload").all) {
    if (!MAKERS.has(of.value.kind)) continue;
    const key = `${of.value.namespace}/${`${of.value.name}-`.slice(0, BASE_CHARS)}`;
    makers.set(key, [...(makers.get(key) ?? []), of]);
  }
  return makers;
}

const isWhole = ({ value: { desired, ready } }: Workload): boolean =>
  desired !== null && desired > 0 && ready !== null && ready >= desired;
