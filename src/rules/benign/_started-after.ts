import { type Alarm, type BenignVerdict, benign, contrary, unknown } from "#model/benign.js";
import { type Instant, order } from "#model/instant.js";
import type { ComparedMoment } from "#model/rule.js";
import { readyAt } from "#rules/kubelet/_pods.js";
import { JOINING_MS, kubeletStarts, START_MS } from "#rules/kubelet/_starts.js";
import { nodesNow } from "./_node.js";
import { podOf, replaced } from "./_pod.js";

/** In words, for the cards that use the verdict below. */
export const UNTIL_READY =
  "it begins within a minute of a start of the node's kubelet, or of the pod's coming to that node, and lasts no more than five minutes from that start, the pod was ready afterwards, or is gone and its controller has every replica, and the node is Ready now";

/** The verdict on what befalls a pod while its node comes up and the network is not there yet. */
export function untilReady(alarm: Alarm, moment: ComparedMoment): BenignVerdict {
  const [first, last] = [alarm.first ?? alarm.last, alarm.last ?? alarm.first];
  if (!first || !last) return unknown("it carries no time");
  const starts = moment.context.derive(kubeletStarts).get(alarm.node ?? "");
  if (!starts) return unknown("no start of this node's kubelet is in what was collected");
  const pod = podOf(alarm, moment);
  // A pod may be given to the node only once that is Ready.
  const came = pod?.value.startedAt ?? null;
  const begins = (since: Instant): boolean => first.epochMs <= since.epochMs + START_MS;
  const start = starts.times.find(
    ({ at }) =>
      first.epochMs >= at.epochMs - 2_000 &&
      last.epochMs <= at.epochMs + JOINING_MS &&
      (begins(at) || (came !== null && came.epochMs >= at.epochMs && begins(came))),
  );
  if (!start) return contrary("not all of it lies close behind one start of the node's kubelet");
  const node = moment.context.derive(nodesNow).get(alarm.node ?? "");
  if (!node) return unknown("how the node is now is not in what was collected");
  if (!node.ready) return contrary("the node is not Ready now");
  if (pod === undefined) return unknown("what became of the pod was not collected");
  if (pod === null) {
    const maker = replaced(alarm, moment);
    return maker
      ? benign(
          "the node had just started, these pods are gone, their controllers have every replica, and the node is Ready now",
          start.evidence,
          ...maker,
          node.ready,
        )
      : unknown("the pod is gone, and no controller was found that has every replica");
  }
  const ready = readyAt(pod);
  if (!ready) return contrary("the pod is not ready now");
  if (order(ready.at, last) === "before") return contrary("it came again after the pod had become ready");
  return benign(
    "the node had just started, each of these pods was ready afterwards, and the node is Ready now",
    start.evidence,
    ready.evidence,
    node.ready,
  );
}
