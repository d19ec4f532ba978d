import type { Evidence } from "#model/evidence.js";
import { cite } from "#model/fact.js";
import type { Outcome } from "#model/finding.js";
import { type FactView, found, type MatchContext, undetermined } from "#model/rule.js";
import { code, type Statement, say, time } from "#model/statement.js";
import { groupBy, type Pod, podNames, seenAt, some, uidsOf, WHAT_NODES } from "./_pods.js";
import { type Removal, removals } from "./_removals.js";
import { stuckPods } from "./_stuck.js";

/** Nodes that hold stuck pods and are not in the list: where that is whole, there is none of that name any more; else nobody knows. */
export function* unlistedNodes(nodes: FactView<"kube.node">, context: MatchContext): Iterable<Outcome> {
  const known = new Set(nodes.all.map((node) => node.value.name));
  const whole = nodes.coverage().state === "complete" && nodes.all.length > 0;
  for (const [node, group] of groupBy(context.derive(stuckPods), (pod) => pod.value.node ?? "")) {
    const pods = some(group);
    if (node === "" || known.has(node) || !pods) continue;
    const list = whole ? nodes.coverage().searched(`node ${node}`) : [];
    const about = { node: [node], pod: uidsOf(pods) };
    if (list.length > 0) yield gone(node, pods, list, context);
    else yield undetermined({ subject: node, about, missing: [nodes.missing(WHAT_NODES)] });
  }
}

function gone(node: string, pods: readonly [Pod, ...Pod[]], list: readonly Evidence[], context: MatchContext): Outcome {
  const [first] = pods;
  const removal = context.derive(removals).get(node);
  return found({
    subject: node,
    about: { node: [node], pod: uidsOf(pods) },
    since: removal?.at ?? null,
    ...(removal ? { notBefore: removal.at } : {}),
    lastSeen: seenAt(first, context.moment),
    statements: [
      say`The cluster lists no node ${code(node, cite(first, "/spec/nodeName"), ...list)}, to which ${podNames(pods)} is still bound: no kubelet is there to end it.`,
      ...(removal ? [told(removal)] : []),
    ],
    value: { node, contact: "gone", server: null },
  });
}

const told = ({ at, reason, evidence }: Removal): Statement =>
  say`The event ${code(reason, evidence)} of ${time(at, evidence)} tells of its removal.`;
