import { type Alarm, type BenignVerdict, benign, contrary, defineBenign, unknown } from "#model/benign.js";
import type { Evidence } from "#model/evidence.js";
import { cite } from "#model/fact.js";
import { order } from "#model/instant.js";
import type { ComparedMoment } from "#model/rule.js";
import { known } from "#model/statement.js";
import type { Pod } from "#rules/kubelet/_pods.js";
import { kubeletStarts, startedBefore } from "#rules/kubelet/_starts.js";
import { allReady } from "./_node.js";
import { podOf, replaced } from "./_pod.js";

/** `node(s) had taint {node.kubernetes.io/not-ready: }, …` up to v1.23, `had untolerated taint {…}` since; of a cloud's new node, uninitialized. */
const STARTING_TAINT =
  /\b(\d{1,5}) node\(s\) had (?:untolerated )?taints? \{node(?:\.cloudprovider)?\.kubernetes\.io\/(?:not-ready|uninitialized|network-unavailable):/;

export default defineBenign({
  id: "benign:no-node-ready-yet",
  title: "A pod that had to wait until nodes were Ready",
  matches: { form: "event", reason: "FailedScheduling", message: STARTING_TAINT },
  condition:
    "as many nodes as it counts had just started or joined all the while, the pod was given a node afterwards, or is gone and its controller has every replica, and every node is Ready now",
  judge,
  known: known(
    "A node that starts carries the taint node.kubernetes.io/not-ready until its kubelet reports Ready; the scheduler tries again then",
    {
      source: "kubernetes documentation, concepts/scheduling-eviction/taint-and-toleration",
      version: "documentation, 2026",
    },
  ),
  examples: {
    benign: ["benign/pods-at-start.yaml"],
    unexplained: ["benign/pods-after-outage.yaml", "benign/pods-at-start-stuck.yaml", "benign/pods-not-collected.yaml"],
  },
});

function judge(alarm: Alarm, moment: ComparedMoment): BenignVerdict {
  const nodes = moment.view("kube.node").coverage();
  if (nodes.state !== "complete") return unknown("how the nodes are now was not collected in full");
  const all = moment.context.derive(allReady);
  if (all === null) return unknown("how every node is now is not in what was collected");
  if (!all) return contrary("not every node is Ready now");
  const started = starting(alarm, moment);
  if (typeof started === "string") return unknown(started);
  const pod = podOf(alarm, moment);
  if (pod === undefined) return unknown("what became of the pod was not collected");
  const shown = [...started, ...nodes.searched("node that is not Ready")];
  if (pod !== null) return assigned(pod, alarm, shown);
  const maker = replaced(alarm, moment);
  return maker
    ? benign(
        "nodes had just started or joined, these pods are gone, their controllers have every replica, and every node is Ready now",
        ...maker,
        ...shown,
      )
    : unknown("the pod is gone, and no controller was found that has every replica");
}

/** What shows that the nodes which kept the pod waiting were starting; else why that is not known. A node that went down carries the same taint. */
function starting(alarm: Alarm, moment: ComparedMoment): readonly Evidence[] | string {
  const first = alarm.first ?? alarm.last;
  if (!first) return "it carries no time";
  const lasted = { first, last: alarm.last ?? first };
  const tainted = [...alarm.message.matchAll(TAINTED)].reduce((sum, [, n]) => sum + Number(n), 0);
  const starts = moment.context.derive(kubeletStarts);
  const started = moment.view("kube.node").all.flatMap((node) => startedBefore(lasted, node, starts) ?? []);
  if (started.length >= tainted) return started;
  return started.length === 0
    ? "no start or first join of a node lies close before all of it in what was collected"
    : `it counts ${tainted} nodes, and only ${started.length} had just started or joined in what was collected`;
}

const TAINTED = new RegExp(STARTING_TAINT, "g");

function assigned(pod: Pod, alarm: Alarm, shown: BenignVerdict["evidence"]): BenignVerdict {
  const at = pod.value.conditions.findIndex((c) => c.type === "PodScheduled" && c.status === "True");
  const since = pod.value.conditions[at]?.since ?? null;
  if (pod.value.node === null || since === null) return contrary("the pod has no node yet");
  // The scheduler writes a series only now and then: one that seems to go on after the assignment does not speak of this pod.
  if (alarm.last !== null && order(since, alarm.last) === "before")
    return contrary("it came again after the pod had been given its node");
  return benign(
    "nodes had just started or joined, each of these pods was given a node afterwards, and every node is Ready now",
    cite(pod, `/status/conditions/${at}`),
    ...shown,
  );
}
