import type { ContainerValue, PodValue } from "#model/fact.js";
import {
  below,
  count,
  flag,
  instant,
  intOrString,
  isRecord,
  someText,
  text,
  textMap,
  texts,
  type View,
  views,
} from "./fields.js";
import { listParser } from "./kube-list.js";
import { conditionsOf, namespacedMetaOf } from "./kube-meta.js";
import { antiAffinityOf, nodeAffinityOf } from "./pod-affinity.js";
import { podTemplateOf } from "./pod-template.js";
import { lists } from "./resource.js";

/** `kubectl get pods -A -o json` (core/v1 PodList). A fact's node is `spec.nodeName`: where the pod was bound, null before that. */
export const kubePod = listParser({
  id: "kube-pod",
  kind: "kube.pod",
  accepts: (artifact) => lists(artifact, ["pods"]),
  read: (item) => {
    const value = podOf(item);
    return value === null ? null : { value, node: value.node };
  },
  title: (pod) => `Pod ${pod.namespace}/${pod.name}`,
});

function podOf(item: View): PodValue | null {
  const meta = namespacedMetaOf(item);
  if (meta === null || meta.uid === null) return null;
  const spec = below(item, "spec");
  const { namespace, name, uid, created, owner, labels } = meta;
  return {
    namespace,
    name,
    uid,
    created,
    owner,
    labels,
    node: someText(spec, "nodeName"),
    phase: someText(item, "status", "phase") ?? "Unknown",
    startedAt: instant(item, "status", "startTime"),
    deletion: instant(item, "metadata", "deletionTimestamp"),
    graceSeconds: count(item, "metadata", "deletionGracePeriodSeconds"),
    finalizers: texts(item, "metadata", "finalizers"),
    conditions: conditionsOf(item),
    containers: containersOf(item),
    template: podTemplateOf(spec),
    nodeSelector: textMap(spec, "nodeSelector"),
    nodeAffinity: nodeAffinityOf(spec),
    antiAffinity: antiAffinityOf(spec),
    claims: claimsOf(spec, name),
  };
}

/** Claims which the volumes name; those of ephemeral volumes are named `<pod>-<volume>` by the controller. */
function claimsOf(spec: View, pod: string): readonly string[] {
  return views(spec, "volumes").flatMap((volume) => {
    if (isRecord(below(volume, "ephemeral").value)) return `${pod}-${text(volume, "name") ?? ""}`;
    return someText(volume, "persistentVolumeClaim", "claimName") ?? [];
  });
}

/** Containers by spec, with their status where there is one: a pod that no kubelet has seen has none. */
function containersOf(item: View): readonly ContainerValue[] {
  const of = (specs: string, statuses: string, init: boolean): readonly ContainerValue[] => {
    const byName = new Map(views(item, "status", statuses).map((one) => [text(one, "name"), one]));
    return views(item, "spec", specs).flatMap((one) => {
      const name = someText(one, "name");
      if (name === null) return [];
      const memoryLimit = intOrString(one, "resources", "limits", "memory");
      return {
        ...containerOf(name, someText(one, "image"), byName.get(name), init),
        ...(memoryLimit ? { memoryLimit } : {}),
      };
    });
  };
  return [
    ...of("initContainers", "initContainerStatuses", true),
    ...of("containers", "containerStatuses", false),
    ...of("ephemeralContainers", "ephemeralContainerStatuses", false),
  ];
}

function containerOf(name: string, image: string | null, status: View | undefined, init: boolean): ContainerValue {
  if (status === undefined) return { name, image, init, ready: false, restarts: 0, state: "unknown", startedAt: null };
  return {
    name,
    image: someText(status, "image") ?? image,
    init,
    ready: flag(status, "ready") ?? false,
    restarts: count(status, "restartCount") ?? 0,
    ...stateOf(below(status, "state")),
    ...endOf(status),
  };
}

/** The end of its last run: what its state says where it has ended and was not started again, else what its last state says. */
function endOf(status: View): Pick<ContainerValue, "ended"> {
  const last = ["state", "lastState"].map((of) => below(status, of, "terminated")).find((v) => isRecord(v.value));
  if (!last) return {};
  const signal = count(last, "signal");
  return {
    ended: {
      reason: text(last, "reason") ?? "",
      exitCode: count(last, "exitCode"),
      signal: signal === 0 ? null : signal,
      at: instant(last, "finishedAt"),
    },
  };
}

function stateOf(state: View): Pick<ContainerValue, "state" | "startedAt"> {
  if (isRecord(below(state, "running").value))
    return { state: "running", startedAt: instant(state, "running", "startedAt") };
  for (const name of ["waiting", "terminated"]) {
    if (!isRecord(below(state, name).value)) continue;
    return { state: `${name}:${text(state, name, "reason") ?? ""}`, startedAt: instant(state, name, "startedAt") };
  }
  return { state: "unknown", startedAt: null };
}
