import { cite } from "#model/fact.js";
import { defineRule, effect, found, NO_CONSEQUENCE, refuted, shellWord, undetermined } from "#model/rule.js";
import { code, say, time, word } from "#model/statement.js";
import { type Agent, agentOn, agents } from "./_writer.js";

/** Errors of the plugin that a dead or unready agent can give; a refused token is none of them. */
const ITS_ERRORS = ["refused", "timeout", "unreachable", "not-initialised", "agent-not-ready"];

/** An agent that is not ready for less than this may just be starting. */
const STARTING_MS = 120_000;

export default defineRule({
  id: "cni-agent-unhealthy",
  title: "the CNI agent of the node is not running or not ready",
  label: "unhealthy CNI agent",
  asks: "How did the plugin come to find no working agent?",
  kind: "mechanism",
  healthSign: true,
  needs: { pods: "kube.pod" },
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ pods }, context) {
    const all = context.derive(agents);
    const nodes = new Set([...context.moment.nodes, ...all.map((a) => a.node)]);
    for (const node of [...nodes].sort()) {
      const base = { subject: node, about: { node: [node], error: ITS_ERRORS } };
      const agent = agentOn(all, node);
      if (!agent) {
        if (pods.coverage().state !== "complete")
          yield undetermined({ ...base, missing: [pods.missing("the list of pods, with the CNI agent's")] });
        continue;
      }
      const ready = agent.pod.value.conditions.find((c) => c.type === "Ready");
      const index = agent.pod.value.conditions.findIndex((c) => c.type === "Ready");
      const shown = index < 0 ? agent.pod.evidence : cite(agent.pod, `/status/conditions/${index}`);
      const since = ready?.since ?? agent.pod.value.created;
      const unready = ready !== undefined ? ready.status !== "True" : agent.pod.value.phase !== "Running";
      const lasting = since !== null && since.epochMs + STARTING_MS < context.moment.collectedAt.epochMs;
      if (unready && lasting) {
        yield found({
          ...base,
          since,
          lastSeen: context.moment.collectedAt,
          value: { node, pod: agent.pod.value.name, namespace: agent.pod.value.namespace },
          statements: [
            say`The CNI agent of ${code(node, shown)}, ${code(agent.pod.value.name, shown)}, has not been ready since ${time(since, shown)}`,
          ],
        });
      } else if (!unready) {
        yield refuted({ ...base, statements: [healthy(node, agent, shown)] });
      }
    }
  },
  known: [],
  consequence: (finding) => ({
    ...NO_CONSEQUENCE,
    verify: [
      {
        run: `kubectl -n ${shellWord(String(finding.value["namespace"] ?? ""))} logs ${shellWord(String(finding.value["pod"] ?? ""))} --all-containers --tail=100`,
        expect: "no error of the agent itself",
      },
    ],
    stops: "the agent is not ready; its logs say more, where they were collected",
  }),
  references: [{ source: "calico cni-plugin/pkg/plugin/plugin.go", version: "v3.29.3" }],
  falsePositives: ["an agent in the middle of a rollout"],
  examples: {
    found: ["cni/agent-unhealthy.yaml"],
    refuted: ["cni/token-pod-gone.yaml"],
    undetermined: ["cni/token-pods-not-collected.yaml"],
  },
  tags: ["cni"],
});

function healthy(node: string, agent: Agent, shown: Parameters<typeof code>[1]) {
  const restarts = agent.pod.value.containers.reduce((sum, c) => sum + c.restarts, 0);
  return say`The CNI agent of ${code(node, shown)}, ${code(agent.pod.value.name, shown)}, is running and ready, with ${word(restarts, agent.pod.evidence)} restarts`;
}
