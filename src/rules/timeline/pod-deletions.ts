import { defineTimeline } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { citeEach, groupBy, number, requestedAt } from "#rules/kubelet/_pods.js";
import { stuckPods } from "#rules/kubelet/_stuck.js";
import { isApproximate, together } from "./_troubled.js";

/** When the deletion of pods that did not go was requested. */
export default defineTimeline({
  id: "pod-deletions",
  *observe({ context }) {
    const stuck = context.derive(stuckPods).flatMap((pod) => {
      const at = requestedAt(pod);
      return at ? [{ pod, at }] : [];
    });
    for (const [node, list] of groupBy(stuck, ({ pod }) => pod.value.node ?? "")) {
      for (const [first, ...rest] of together(list, ({ at }) => at.epochMs)) {
        const evidence = citeEach([first.pod, ...rest.map((r) => r.pod)], "/metadata/deletionTimestamp");
        const pods = number(rest.length + 1, "pod", ...evidence);
        const what = node === "" ? say`${pods} without a node` : say`${pods} on ${code(node, ...evidence)}`;
        yield {
          at: first.at,
          approximate: isApproximate(first.at.precisionMs),
          statement:
            first.pod.value.graceSeconds === null
              ? say`Grace period of ${what} ended.`
              : say`Deletion of ${what} requested.`,
          source: first.pod.value.graceSeconds === null ? "deletionTimestamp" : "deletionTimestamp less grace",
        };
      }
    }
  },
});
