import { type Alarm, type BenignVerdict, benign, contrary, unknown } from "#model/benign.js";
import type { ComparedMoment } from "#model/rule.js";
import { atStart, kubeletStarts } from "#rules/kubelet/_starts.js";
import { nodesNow } from "./_node.js";

/**
 * The verdict on what a kubelet says while it starts: within a minute of a start, `once` for each start where it says it once, and the
 * node is Ready now, without disk pressure where that matters.
 */
export function whileStarting(
  alarm: Alarm,
  moment: ComparedMoment,
  asks: { readonly once: boolean; readonly disk: boolean },
): BenignVerdict {
  const starts = moment.context.derive(kubeletStarts).get(alarm.node ?? "");
  if (!starts) return unknown("no start of this node's kubelet is in what was collected");
  if (alarm.first === null || alarm.last === null) return unknown("it carries no time");
  const near = atStart(alarm, starts);
  if (!near) return contrary("not all of it lies within a minute of a start of the node's kubelet");
  if (asks.once && alarm.count > starts.count) return contrary("it came more often than the node's kubelet started");
  const node = moment.context.derive(nodesNow).get(alarm.node ?? "");
  if (!node) return unknown("how the node is now is not in what was collected");
  if (!node.ready) return contrary("the node is not Ready now");
  if (!asks.disk)
    return benign(
      "each ended within a minute of a start of its node's kubelet, and the node is Ready now",
      ...near,
      node.ready,
    );
  if (!node.disk) return contrary("the node does not say that it has disk enough now");
  return benign(
    "each came once, within a minute of a start of its node's kubelet, and the node is Ready without disk pressure now",
    ...near,
    node.ready,
    node.disk,
  );
}
