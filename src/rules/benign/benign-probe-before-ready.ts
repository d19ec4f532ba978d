import { type Alarm, type BenignVerdict, benign, contrary, defineBenign, unknown } from "#model/benign.js";
import { cite } from "#model/fact.js";
import { latestOf, order } from "#model/instant.js";
import type { ComparedMoment } from "#model/rule.js";
import { known } from "#model/statement.js";
import { readyAt } from "#rules/kubelet/_pods.js";
import { podOf, replaced } from "./_pod.js";

/** How long a container may take to answer its probes before somebody would ask why. */
const STARTUP_MS = 300_000;

export default defineBenign({
  id: "benign:probe-before-ready",
  title: "A probe of a pod that was still starting",
  matches: { form: "event", reason: "Unhealthy", message: /^(?:Readiness|Startup) probe (?:failed|errored)/ },
  condition:
    "it went on for no more than five minutes, and the pod became ready afterwards, within five minutes of the start of its containers, none of which was ever restarted, or it is gone and its controller has every replica",
  judge,
  known: known(
    "A readiness or startup probe that fails keeps a pod out of its Services and, until the startup probe gives up, does nothing else",
    { source: "kubernetes documentation, concepts/configuration/liveness-readiness-startup-probes", version: "2026" },
  ),
  examples: {
    benign: ["benign/probes-at-start.yaml"],
    unexplained: ["benign/probes-later.yaml"],
  },
});

function judge(alarm: Alarm, moment: ComparedMoment): BenignVerdict {
  const pod = podOf(alarm, moment);
  if (pod === undefined) return unknown("what became of the pod was not collected");
  const last = alarm.last ?? alarm.first;
  if (last === null) return unknown("it carries no time");
  if (alarm.first && last.epochMs - alarm.first.epochMs > STARTUP_MS)
    return contrary("it went on for more than five minutes");
  if (pod === null) {
    const maker = replaced(alarm, moment);
    return maker
      ? benign("these pods are gone, and their controllers have every replica", ...maker)
      : unknown("the pod is gone, and no controller was found that has every replica");
  }
  const own = pod.value.containers.filter((c) => !c.init);
  if (own.some((c) => c.restarts > 0)) return contrary("a container of the pod was restarted");
  const ready = readyAt(pod);
  const started = own.map((c) => c.startedAt).reduce(latestOf, null);
  if (!ready || !started) return contrary("the pod is not ready now");
  if (order(ready.at, last) === "before") return contrary("it came again after the pod had become ready");
  if (ready.at.epochMs - started.epochMs > STARTUP_MS)
    return contrary("the pod became ready more than five minutes after its containers had started");
  return benign(
    "each of these pods became ready afterwards, within five minutes of its containers' start, and none of these was restarted",
    ready.evidence,
    cite(pod, "/status/containerStatuses"),
  );
}
