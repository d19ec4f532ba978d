import type { Outcome } from "#model/finding.js";
import { defineRule, effect, found, type MatchContext, shellWord, slight, undetermined } from "#model/rule.js";
import { citing, code, known, lapse, say, time } from "#model/statement.js";
import { isSettling, type NodeFact, noReadyCondition, readyOf } from "./_node-ready.js";
import { earlierOutages, earlierStatements, outageOutcome, pastOutages } from "./_past-outage.js";
import { seenAt, WHAT_NODES, words } from "./_pods.js";
import { NODES } from "./_references.js";
import { sandboxErrorClass } from "./_sandbox-error.js";

export default defineRule({
  id: "sym:node-notready",
  title: "a node is not Ready",
  label: "nodes not Ready",
  asks: "How did the node come to be not Ready?",
  kind: "symptom",
  needs: { nodes: "kube.node" },
  explains: [effect("sym:container-creating", ["node", "error"], "propagates")],
  *match({ nodes }, context) {
    if (nodes.coverage().state !== "complete" && nodes.all.length === 0) {
      yield undetermined({ subject: "cluster", about: {}, missing: [nodes.missing(WHAT_NODES)] });
    }
    for (const node of nodes.all) {
      const ready = readyOf(node);
      const { name } = node.value;
      if (!ready) yield undetermined({ subject: name, about: { node: [name] }, missing: [noReadyCondition(node)] });
      const outage = context.derive(pastOutages).get(name);
      const earlier = context.derive(earlierOutages).get(name);
      if (outage) yield outageOutcome(name, outage, earlier);
      if (!ready || ready.condition.status === "True") continue;
      const { condition, evidence } = ready;
      if (isSettling(node, condition, context)) {
        yield settling(node, ready, context);
        continue;
      }
      const network = condition.status === "False" && /network/i.test(condition.message ?? "");
      const begin = condition.since
        ? say`From ${time(condition.since, evidence)} on the node `
        : words("The node ", evidence);
      yield found({
        subject: name,
        about: { node: [name], ...(network ? { error: [sandboxErrorClass(condition.message ?? "")] } : {}) },
        since: condition.since,
        lastSeen: seenAt(node, context.moment),
        statements: [
          say`${begin}${code(name, evidence)} was not Ready: its condition was ${code(`Ready=${condition.status}`, evidence)}${condition.reason === null ? citing(evidence) : say`, reason ${code(condition.reason, evidence)}`}.`,
          ...(condition.message ? [say`The condition said ${code(condition.message, evidence)}.`] : []),
          ...earlierStatements(name, earlier),
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
  falsePositives: [
    "a node that was just rebooted or is being set up",
    "a network that was cut off from its controllers on purpose",
  ],
  examples: {
    found: ["kubelet/node-not-ready.yaml", "kubelet/node-was-not-ready.yaml"],
    refuted: [],
    undetermined: ["kubelet/no-cluster-part.yaml"],
  },
  tags: ["kubelet", "node"],
});

/** So young that nobody can say whether it passes. */
function settling(node: NodeFact, ready: NonNullable<ReturnType<typeof readyOf>>, context: MatchContext): Outcome {
  const { name } = node.value;
  const { condition, evidence } = ready;
  const said = condition.message ? say` (${code(condition.message, evidence)})` : citing(evidence);
  const since = condition.since
    ? say` since ${time(condition.since, evidence)}, for ${lapse(Math.max(0, seenAt(node, context.moment).epochMs - condition.since.epochMs), evidence)}`
    : citing(evidence);
  return slight({
    subject: name,
    about: { node: [name] },
    statements: [
      say`${code(name, evidence)} is ${code(`Ready=${condition.status}`, evidence)}${said}${since}: too young to tell`,
    ],
    open: true,
  });
}
