import { cite } from "#model/fact.js";
import { defineRule, effect, found, NO_CONSEQUENCE, refuted, shellWord, undetermined } from "#model/rule.js";
import { code, say, time, word } from "#model/statement.js";
import { refusedOn } from "./_refusal.js";
import { type Agent, agentOn, agents } from "./_writer.js";

/** Errors of the plugin that only a dead or unready agent gives: one that does not reach the API server makes a victim of the agent as well. */
const ITS_ERRORS = ["not-initialised", "agent-not-ready"];

/** An agent that is not ready for less than this may just be starting. */
const STARTING_MS = 120_000;
/** Where no call fails, one that is not ready for longer than this is worth telling. */
const UNREADY_MS = 600_000;

export default defineRule({
  id: "cni-agent-unhealthy",
  title: "the CNI agent of the node is not running or not ready",
  label: "unhealthy CNI agent",
  asks: "How did the plugin come to find no working agent?",
  kind: "mechanism",
  healthSign: true,
  needs: { pods: "kube.pod", hosts: "kube.node" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ pods, hosts }, context) {
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
      const lapsed = since === null ? 0 : context.moment.collectedAt.epochMs - since.epochMs;
      const errors = refusedOn(context, node).map((c) => c.about.error ?? []);
      const told =
        errors.length === 0 ? lapsed > UNREADY_MS : errors.some((e) => e.some((x) => ITS_ERRORS.includes(x)));
      // A node that is silent says nothing of its pods, whatever their conditions were set to.
      if (hosts.on(node).some((h) => h.value.conditions.some((c) => c.type === "Ready" && c.status === "Unknown")))
        continue;
      if (unready && since !== null && lapsed > STARTING_MS && told) {
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
