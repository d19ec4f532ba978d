import { type Alarm, type BenignVerdict, benign, contrary, defineBenign, unknown } from "#model/benign.js";
import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import { type Instant, latestOf, order } from "#model/instant.js";
import type { ComparedMoment, FactView } from "#model/rule.js";
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
    "it went on for no more than five minutes, and the pod became ready afterwards, within five minutes of the start of its containers, none of which was ever restarted; or it is gone, its controller has every replica, and its events show that its containers had just been started or were being stopped",
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
  if (pod === null) return ofGone(alarm, last, moment);
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

/** Of a pod that is gone its events alone tell whether it was starting, or being stopped. */
function ofGone(alarm: Alarm, last: Instant, moment: ComparedMoment): BenignVerdict {
  const maker = replaced(alarm, moment);
  if (!maker) return unknown("the pod is gone, and no controller was found that has every replica");
  const life = moment.context.derive(lives).get(alarm.uid ?? "");
  if (life?.killed) return contrary("a container of the pod was killed for a probe that failed");
  const { started, stopped } = life ?? {};
  if (stopped && order(stopped.at, alarm.first ?? last) !== "after")
    return benign(
      "these pods were being stopped, and their controllers have every replica",
      stopped.evidence,
      ...maker,
    );
  if (!started) return unknown("the pod is gone, and when its containers were started is not in what was collected");
  if (started.again) return contrary("a container of the pod was restarted");
  if (last.epochMs - started.at.epochMs > STARTUP_MS)
    return contrary("the pod's containers had been started more than five minutes before");
  return benign(
    "the containers of these pods had just been started, the pods are gone, and their controllers have every replica",
    started.evidence,
    ...maker,
  );
}

interface Told {
  readonly at: Instant;
  readonly evidence: Evidence;
}

interface Life {
  /** The first start that is told of, and whether there was another. */
  started?: Told & { readonly message: string; readonly again: boolean };
  stopped?: Told;
  killed?: boolean;
}

/** What events tell of the containers of pods, by uid; once per moment. */
function lives(view: <K extends FactKind>(kind: K) => FactView<K>): ReadonlyMap<string, Life> {
  const byUid = new Map<string, Life>();
  for (const { value } of view("kube.event").all) {
    if (value.objectKind !== "Pod" || !/^(?:Started|Killing)$/.test(value.reason)) continue;
    for (const { uid, message, first, last, count, evidence } of value.objects) {
      const at = first ?? last;
      if (uid === null || !at) continue;
      const life = byUid.get(uid) ?? {};
      byUid.set(uid, life);
      if (value.reason === "Started") {
        const again = (count ?? 1) > 1 || life.started?.message === message;
        if (!life.started || again || order(at, life.started.at) === "before")
          life.started = { at, evidence, message, again };
      } else if (/failed \w+ probe/.test(message)) life.killed = true;
      else if (!life.stopped || order(at, life.stopped.at) === "before") life.stopped = { at, evidence };
    }
  }
  return byUid;
}
