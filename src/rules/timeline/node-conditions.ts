import { defineTimeline } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { readyOf } from "#rules/kubelet/_node-ready.js";
import { isApproximate } from "./_troubled.js";

/** When nodes that are not Ready were last heard of, and became so. */
export default defineTimeline({
  id: "node-conditions",
  *observe({ view }) {
    for (const node of view("kube.node").all) {
      const ready = readyOf(node);
      if (!ready || ready.condition.status === "True") continue;
      const { condition, evidence } = ready;
      const { since, heartbeat, status } = condition;
      const name = code(node.value.name, evidence);
      if (status === "Unknown" && heartbeat) {
        yield {
          at: heartbeat,
          approximate: isApproximate(heartbeat.precisionMs),
          statement: say`Last report of the kubelet of ${name}.`,
          source: "node condition",
        };
      }
      if (since) {
        yield {
          at: since,
          approximate: isApproximate(since.precisionMs),
          statement: say`The condition of ${name} becomes ${code(`Ready=${status}`, evidence)}.`,
          source: "node condition",
        };
      }
    }
  },
});
