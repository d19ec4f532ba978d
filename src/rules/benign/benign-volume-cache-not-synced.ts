import { type Alarm, type BenignVerdict, benign, contrary, defineBenign, unknown } from "#model/benign.js";
import { cite } from "#model/fact.js";
import { earliest, order } from "#model/instant.js";
import type { ComparedMoment } from "#model/rule.js";
import { known } from "#model/statement.js";
import type { Pod } from "#rules/kubelet/_pods.js";
import { podOf, replaced } from "./_pod.js";

export default defineBenign({
  id: "benign:volume-cache-not-synced",
  title: "A volume of a new pod whose ConfigMap or Secret the kubelet had not read yet",
  matches: {
    form: "event",
    reason: "FailedMount",
    message: /failed to sync (?:configmap|secret) cache: timed out waiting for the condition/,
  },
  condition:
    "the pod's containers were started afterwards and it came no more since, or the pod is gone and its controller has every replica",
  judge,
  known: known(
    "The kubelet begins to watch the ConfigMaps and Secrets of a pod when the pod is given to it; a volume that is mounted before the first answer fails, and is tried again",
    { source: "kubernetes pkg/kubelet/util/manager/watch_based_manager.go", version: "v1.20 and later" },
  ),
  examples: {
    benign: ["benign/pods-at-start.yaml"],
    unexplained: ["benign/pods-at-start-stuck.yaml", "benign/pods-not-collected.yaml"],
  },
});

function judge(alarm: Alarm, moment: ComparedMoment): BenignVerdict {
  const pod = podOf(alarm, moment);
  if (pod === undefined) return unknown("what became of the pod was not collected");
  if (pod !== null) return mounted(pod, alarm);
  const maker = replaced(alarm, moment);
  return maker
    ? benign("these pods are gone, and their controllers have every replica", ...maker)
    : unknown("the pod is gone, and no controller was found that has every replica");
}

/** No container of a pod is started before all its volumes are mounted (kubelet, SyncPod). */
function mounted(pod: Pod, alarm: Alarm): BenignVerdict {
  if (alarm.last === null) return unknown("it carries no time");
  const own = pod.value.containers.filter((c) => !c.init);
  const started = own.map((c) => c.startedAt);
  const first = started.reduce(earliest, null);
  if (
    pod.value.phase !== "Running" ||
    own.some((c) => c.state !== "running") ||
    first === null ||
    started.includes(null)
  )
    return contrary("not all containers of the pod are running");
  if (order(first, alarm.last) === "before") return contrary("the pod's containers were running already when it came");
  return benign(
    "the containers of each of these pods were started afterwards and run, and it came no more since",
    cite(pod, "/status/containerStatuses"),
  );
}
