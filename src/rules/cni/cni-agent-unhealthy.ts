import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind } from "#model/fact.js";
import { parentOf } from "#model/file-tree.js";
import type { Outcome } from "#model/finding.js";
import type { Instant } from "#model/instant.js";
import { defineRule, effect, type FactView, found, type MatchContext, refuted, undetermined } from "#model/rule.js";
import { code, codes, count, known, type Statement, say, stated, time, word } from "#model/statement.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { JOINING_MS } from "#rules/kubelet/_starts.js";
import { agentByName } from "./_agent-name.js";
import { agentConsequence } from "./_agent-repair.js";
import { type Credential, nodeFiles } from "./_credential.js";
import { writesIt } from "./_fresh-token.js";
import { CALICO_TOKEN_WATCH } from "./_references.js";
import { refusedOn, refusedWith } from "./_refusal.js";
import { type Agent, agentOn, agents, writeTarget } from "./_writer.js";

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
  asks: "How did the plugin come to be without a working agent?",
  kind: "mechanism",
  healthSign: true,
  needs: { pods: "kube.pod", hosts: "kube.node", workloads: "kube.workload", logs: "log" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    // Only of a file that it writes, and only where nothing of it runs: one that is not ready may renew it all the same.
    effect("cni-token-expired", ["node", "path"], "enables"),
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
    // Whose kubelet says that there is no network for want of a plugin.
    effect("sym:node-notready", ["node", "error"], "propagates"),
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
        const absent = isSilent(node, hosts)
          ? null
          : absentFrom(node, all, errors.length > 0, { pods, hosts, workloads });
        if (absent) yield absence(absent, context);
        else if (pods.coverage().state !== "complete")
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
      // Whatever calls fail with: that it is down is told. What its end explains its errors decide, and the file that it feeds.
      const told = lapsed > UNREADY_MS || errors.some((e) => e.some((x) => ITS_ERRORS.includes(x)));
      if (isSilent(node, hosts)) continue;
      if (unready && since !== null && lapsed > STARTING_MS && told) {
        const credential = credentialOn(node, context);
        const own = agentOn(all, node);
        const fed = credential && own && isDown(pod) && writesIt(credential, own, context) ? [credential.real] : [];
        // On a node that has just joined none was ready before either: when its condition was set begins nothing.
        const joined = hosts.on(node).find((h) => isJoined(h, since));
        yield found({
          ...base,
          about: { ...base.about, pod: [pod.value.uid], ...(fed.length > 0 ? { path: fed } : {}) },
          since: joined ? null : since,
          lastSeen: seenAt(pod, context.moment),
          unverified: agent ? [] : [`${pod.value.name} is taken for the CNI agent of ${node} by its DaemonSet's name`],
          missing: agent ? [] : [unlisted],
          value: {
            node,
            pod: pod.value.name,
            namespace: pod.value.namespace,
            daemonSet: pod.value.owner?.kind === "DaemonSet" ? pod.value.owner.name : "",
          },
          statements: [
            say`The CNI agent of ${code(node, shown)}, ${code(pod.value.name, shown)}, has not been ready since ${time(since, shown)}`,
            ...(joined ? joining(joined) : []),
            ...waiting(pod),
          ],
        });
      }
      if (unready && errors.some(mayBeAgent) && !errors.some((e) => e.some((x) => ITS_ERRORS.includes(x)) && told)) {
        const what = `the log of ${pod.value.name}: whether it is not ready for the reason for which calls fail on ${node}`;
        yield undetermined({ ...base, missing: [logs.missing(what, node)] });
      } else if (!unready) {
        yield refuted({ ...base, statements: [healthy(node, pod, shown)] });
      }
    }
  },
  known: [
    known(
      "Calico's agent renews the token of its plugin itself: while it does not run nothing does",
      CALICO_TOKEN_WATCH,
    ),
  ],
  consequence: agentConsequence,
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

/** Did the node join just before? */
const isJoined = ({ value: { created } }: Fact<"kube.node">, since: Instant): boolean =>
  created !== null && since.epochMs >= created.epochMs && since.epochMs - created.epochMs < JOINING_MS;

const joining = (node: Fact<"kube.node">): readonly Statement[] => {
  const { created, name } = node.value;
  const evidence = cite(node, "/metadata/creationTimestamp");
  return created ? [say`The node ${code(name, evidence)} had joined at ${time(created, evidence)}`] : [];
};

/** A node that is silent says nothing of its pods, whatever their conditions were set to. */
const isSilent = (node: string, hosts: FactView<"kube.node">): boolean =>
  hosts.on(node).some((h) => h.value.conditions.some((c) => c.type === "Ready" && c.status === "Unknown"));

const credentialOn = (node: string, context: MatchContext): Credential | null => {
  const followed = context.derive(nodeFiles).get(node)?.followed;
  return followed?.state === "followed" ? followed.credential : null;
};

const WAITING = "waiting:CrashLoopBackOff";

/** A container of it is started again and again: what it should do it does not. */
const isDown = (pod: Fact<"kube.pod">): boolean => pod.value.containers.some((c) => c.state === WAITING);

const waiting = (pod: Fact<"kube.pod">): readonly Statement[] =>
  pod.value.containers
    .filter((c) => c.state === WAITING)
    .map(
      (c) =>
        say`Its container ${code(c.name, pod.evidence)} was waiting in ${code("CrashLoopBackOff", pod.evidence)}, after ${stated(count(c.restarts, "restart", pod.evidence))}`,
    );

interface Absent {
  readonly node: string;
  readonly workload: Fact<"kube.workload">;
  readonly desired: number;
  readonly ready: number | null;
  readonly elsewhere: readonly string[];
  readonly searched: Evidence;
}

interface Lists {
  readonly pods: FactView<"kube.pod">;
  readonly hosts: FactView<"kube.node">;
  readonly workloads: FactView<"kube.workload">;
}

/** The DaemonSet of the agent that wants a pod on a node and has none there; null where that is not certain from complete lists. */
function absentFrom(
  node: string,
  all: readonly Agent[],
  failing: boolean,
  { pods, hosts, workloads }: Lists,
): Absent | null {
  const [searched] = pods.coverage().searched(`pod of a CNI agent on ${node}`);
  if (!searched || [pods, hosts, workloads].some((view) => view.coverage().state !== "complete")) return null;
  const peers = [...new Set(all.map((a) => a.node))].flatMap((peer) => agentOn(all, peer)?.daemonSet ?? []);
  const sets = workloads.all.filter((w) => w.value.kind === "DaemonSet" && writeTarget(w.value.template) !== null);
  const fits = peers.length > 0 ? sets.filter((w) => peers.includes(`${w.value.namespace}/${w.value.name}`)) : sets;
  const [workload] = fits;
  if (!workload || fits.length > 1) return null;
  const { desired, updated, ready, namespace, name } = workload.value;
  // One that is on its way out counts as there: a rollout replaces it.
  const own = pods.all.filter(
    (p) => p.value.namespace === namespace && p.value.owner?.kind === "DaemonSet" && p.value.owner.name === name,
  );
  const there = new Set(own.flatMap((p) => p.value.node ?? []));
  const without = hosts.all.map((h) => h.value.name).filter((host) => !there.has(host));
  if (desired === null || !without.includes(node) || desired - there.size !== without.length) return null;
  // A pod that is not bound to a node yet is on its way there.
  if (own.some((p) => p.value.node === null) || (!failing && updated !== null && updated < desired)) return null;
  return { node, workload, desired, ready, elsewhere: [...there].sort(), searched };
}

function absence({ node, workload, desired, ready, elsewhere, searched }: Absent, context: MatchContext): Outcome {
  const { namespace, name, template } = workload.value;
  const credential = credentialOn(node, context);
  const target = context
    .derive(nodeFiles)
    .get(node)
    ?.tree.resolve(writeTarget(template)?.hostPath ?? "");
  const feeds = credential !== null && target?.state === "resolved" && target.real === parentOf(credential.real);
  const shown = cite(workload, "/status");
  return found({
    subject: node,
    about: { node: [node], error: ITS_ERRORS, ...(feeds ? { path: [credential.real] } : {}) },
    since: null,
    lastSeen: context.moment.collectedAt,
    value: { node, pod: "", namespace, daemonSet: name },
    statements: [
      say`No pod of the CNI agent ${code(`${namespace}/${name}`, shown)} was on ${code(node, searched)}, where the DaemonSet wants one: it wants ${stated(count(desired, "pod", shown))}, one for each node`,
      ...(elsewhere.length > 0 ? [say`Its pods were on ${codes(elsewhere, 8, searched)} only`] : []),
      ...(ready === null ? [] : [say`It counted ${word(ready, shown)} of them as ready`]),
    ],
  });
}

/** An API server or registry that is out of reach, and a plugin that is not there, make a victim of the agent, or are none of its matters. */
const mayBeAgent = (errors: readonly string[]): boolean =>
  errors.some((e) => ITS_ERRORS.includes(e) || e === "401" || e === "403" || e.startsWith("other:"));

function healthy(node: string, pod: Fact<"kube.pod">, shown: Evidence) {
  const restarts = pod.value.containers.reduce((sum, c) => sum + c.restarts, 0);
  return say`The CNI agent of ${code(node, shown)}, ${code(pod.value.name, shown)}, is running and ready, with ${word(restarts, pod.evidence)} ${word(restarts === 1 ? "restart" : "restarts", pod.evidence)}`;
}
