import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind } from "#model/fact.js";
import {
  defineRule,
  effect,
  type FactView,
  found,
  NO_CONSEQUENCE,
  refuted,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { code, say, time, word } from "#model/statement.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { agentByName } from "./_agent-name.js";
import { refusedOn, refusedWith } from "./_refusal.js";
import { agentOn, agents } from "./_writer.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

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
  needs: { pods: "kube.pod", hosts: "kube.node", workloads: "kube.workload", logs: "log" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ pods, hosts, workloads, logs }, context) {
    const all = context.derive(agents);
    const failing = [...ITS_ERRORS, "401", "403"].flatMap((error) => refusedWith(context, error));
    const nodes = new Set([...context.moment.nodes, ...all.map((a) => a.node), ...failing]);
    for (const node of [...nodes].sort()) {
      const base = { subject: node, about: { node: [node], error: ITS_ERRORS } };
      const calls = refusedOn(context, node);
      const errors = calls.map((c) => c.about.error ?? []);
      const agent = agentOn(all, node)?.pod;
      const pod = agent ?? agentByName(node, calls, context.derive(views));
      const unlisted = workloads.missing(`the list of DaemonSets, which tells the CNI agent of ${node}`);
      if (!pod) {
        if (pods.coverage().state !== "complete")
          yield undetermined({ ...base, missing: [pods.missing("the list of pods, with the CNI agent's")] });
        else if (errors.some(mayBeAgent))
          yield undetermined({
            ...base,
            missing: [
              workloads.coverage().state === "complete"
                ? pods.missing(`the pod of the CNI agent on ${node}`)
                : unlisted,
            ],
          });
        continue;
      }
      const ready = pod.value.conditions.find((c) => c.type === "Ready");
      const index = pod.value.conditions.findIndex((c) => c.type === "Ready");
      const shown = index < 0 ? pod.evidence : cite(pod, `/status/conditions/${index}`);
      const since = ready?.since ?? pod.value.created;
      const unready = ready !== undefined ? ready.status !== "True" : pod.value.phase !== "Running";
      const lapsed = since === null ? 0 : seenAt(pod, context.moment).epochMs - since.epochMs;
      const told =
        errors.length === 0 ? lapsed > UNREADY_MS : errors.some((e) => e.some((x) => ITS_ERRORS.includes(x)));
      // A node that is silent says nothing of its pods, whatever their conditions were set to.
      if (hosts.on(node).some((h) => h.value.conditions.some((c) => c.type === "Ready" && c.status === "Unknown")))
        continue;
      if (unready && since !== null && lapsed > STARTING_MS && told) {
        yield found({
          ...base,
          since,
          lastSeen: seenAt(pod, context.moment),
          unverified: agent ? [] : [`${pod.value.name} is taken for the CNI agent of ${node} by its DaemonSet's name`],
          missing: agent ? [] : [unlisted],
          value: { node, pod: pod.value.name, namespace: pod.value.namespace },
          statements: [
            say`The CNI agent of ${code(node, shown)}, ${code(pod.value.name, shown)}, has not been ready since ${time(since, shown)}`,
          ],
        });
      } else if (unready && errors.some(mayBeAgent)) {
        const what = `the log of ${pod.value.name}: whether it is not ready for the reason for which calls fail on ${node}`;
        yield undetermined({ ...base, missing: [logs.missing(what, node)] });
      } else if (!unready) {
        yield refuted({ ...base, statements: [healthy(node, pod, shown)] });
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

const views = (view: View): View => view;

/** An API server or registry that is out of reach, and a plugin that is not there, make a victim of the agent, or are none of its matters. */
const mayBeAgent = (errors: readonly string[]): boolean =>
  errors.some((e) => ITS_ERRORS.includes(e) || e === "401" || e === "403" || e.startsWith("other:"));

function healthy(node: string, pod: Fact<"kube.pod">, shown: Evidence) {
  const restarts = pod.value.containers.reduce((sum, c) => sum + c.restarts, 0);
  return say`The CNI agent of ${code(node, shown)}, ${code(pod.value.name, shown)}, is running and ready, with ${word(restarts, pod.evidence)} ${word(restarts === 1 ? "restart" : "restarts", pod.evidence)}`;
}
