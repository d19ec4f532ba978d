import type { Condition } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import { defineRule, effect, found, type Moment, shellWord, undetermined } from "#model/rule.js";
import { citing, code, known, say, time } from "#model/statement.js";
import { type NodeFact, readyOf } from "./_node-ready.js";
import { seenAt, WHAT_NODES, words } from "./_pods.js";
import { NODES } from "./_references.js";
import { sandboxErrorClass } from "./_sandbox-error.js";

/** A kubelet posts False until its runtime, its network and its first syncs are there: a state so young is none to tell. */
const SETTLING_MS = 120_000;
/** A node that has just joined takes longer: images of its network have to be pulled. */
const JOINING_MS = 300_000;

function isStarting(node: NodeFact, { status, since }: Condition, moment: Moment): boolean {
  // Unknown has already waited for the grace period of the controller.
  if (status === "Unknown") return false;
  const now = seenAt(node, moment).epochMs;
  const younger = (of: Instant | null, limit: number): boolean => of !== null && now - of.epochMs < limit;
  return younger(since, SETTLING_MS) || younger(node.value.created, JOINING_MS);
}

export default defineRule({
  id: "sym:node-notready",
  title: "a node is not Ready",
  label: "a node that is not Ready",
  asks: "How did the node come to be not Ready?",
  kind: "symptom",
  needs: { nodes: "kube.node" },
  explains: [effect("sym:container-creating", ["node", "error"], "propagates")],
  *match({ nodes }, { moment }) {
    if (nodes.coverage().state !== "complete" && nodes.all.length === 0) {
      yield undetermined({ subject: "cluster", about: {}, missing: [nodes.missing(WHAT_NODES)] });
    }
    for (const node of nodes.all) {
      const ready = readyOf(node);
      const { name } = node.value;
      if (!ready) yield undetermined({ subject: name, about: { node: [name] }, missing: [nodes.missing(WHAT_NODES)] });
      if (!ready || ready.condition.status === "True") continue;
      const { condition, evidence } = ready;
      if (isStarting(node, condition, moment)) continue;
      const network = condition.status === "False" && /network/i.test(condition.message ?? "");
      const begin = condition.since
        ? say`From ${time(condition.since, evidence)} on the node `
        : words("The node ", evidence);
      yield found({
        subject: name,
        about: { node: [name], ...(network ? { error: [sandboxErrorClass(condition.message ?? "")] } : {}) },
        since: condition.since,
        lastSeen: seenAt(node, moment),
        statements: [
          say`${begin}${code(name, evidence)} was not Ready: its condition was ${code(`Ready=${condition.status}`, evidence)}${condition.reason === null ? citing(evidence) : say`, reason ${code(condition.reason, evidence)}`}.`,
          ...(condition.message ? [say`The condition said ${code(condition.message, evidence)}.`] : []),
        ],
        value: { node: name, status: condition.status, reason: condition.reason },
      });
    }
  },
  known: [
    known(
      "False is what the kubelet itself reports; Unknown is set by the controller when the kubelet has stopped to post",
      NODES,
    ),
  ],
  consequence(finding) {
    const node = String(finding.value["node"] ?? "");
    return {
      fix: [],
      verify: [
        {
          run: `kubectl wait --for=condition=Ready node/${shellWord(node)} --timeout=60s`,
          expect: "condition met",
        },
      ],
      actions: [
        {
          title: "Alert on nodes that are not Ready for 5 minutes",
          type: "detect",
          priority: "High",
          doneWhen: "the kubelet of a test node is stopped for 6 minutes and the alert is raised",
        },
      ],
      questions: [],
      stops: null,
    };
  },
  references: [NODES],
  falsePositives: ["a node that was just rebooted or is being set up"],
  examples: {
    found: ["kubelet/node-not-ready.yaml"],
    refuted: [],
    undetermined: ["kubelet/no-cluster-part.yaml"],
  },
  tags: ["kubelet", "node"],
});
