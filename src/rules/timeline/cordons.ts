import { defineTimeline } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { cordons } from "#rules/scheduling/_cordon.js";
import { isApproximate } from "./_troubled.js";

/** When the nodes that are cordoned at the collection were. */
export default defineTimeline({
  id: "cordons",
  *observe({ context }) {
    for (const [name, { at, source, evidence, begin }] of context.derive(cordons))
      if (at)
        yield {
          at,
          approximate: isApproximate(at.precisionMs),
          statement: say`${code(name, evidence)} is cordoned (${code(source === "taint" ? "node.kubernetes.io/unschedulable" : "NodeNotSchedulable", begin)}).`,
          source: source === "taint" ? "taint" : "event",
        };
  },
});
