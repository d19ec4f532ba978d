import type { Evidence } from "#model/evidence.js";
import type { Fact, FactKind } from "#model/fact.js";
import { baseName, type FileTree, joinPath, parentOf, type Resolution } from "#model/file-tree.js";
import type { Outcome } from "#model/finding.js";
import { order } from "#model/instant.js";
import { defineRule, effect, type FactView, found, type MatchContext, refuted, undetermined } from "#model/rule.js";
import { code, known, type Statement, say } from "#model/statement.js";
import { kubeletServices, PLAIN, serviceValue } from "#rules/kubelet/_distribution.js";
import { readyOf } from "#rules/kubelet/_node-ready.js";
import { ofItsRuntime } from "#rules/kubelet/_node-runtime.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { byDefault, type Credential, nodeFiles } from "./_credential.js";
import { pluginValue } from "./_credential-words.js";
import {
  ages,
  apartSince,
  contents,
  itself,
  type Linked,
  links,
  type Surroundings,
  unlikePeers,
} from "./_diverged-words.js";
import { divergenceConsequence } from "./_divergence-repair.js";
import { onPlain } from "./_parted-plain.js";
import { meetingPeers, type OwnConfig, ownConfig, type Peer, tellOwnConfig } from "./_parting.js";
import { CALICO_INSTALL, CONTAINERD_CNI } from "./_references.js";
import type { ConfDir } from "./_runtime.js";
import { type Agent, agentOn, agents, takesNetDir, unclearOn } from "./_writer.js";

export default defineRule({
  id: "cni-conf-dir-diverged",
  title: "the directory that the CNI agent writes to was not the one that the runtime and its plugin read",
  label: "CNI agent writes where the plugin does not read",
  asks: "How did this node come to be hit, and not its peers?",
  kind: "mechanism",
  role: "latent-condition",
  needs: { paths: "path", kubeconfigs: "kubeconfig", pods: "kube.pod", nodes: "kube.node" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("cni-kubeconfig-token-pod-gone", ["node"], "enables"),
    effect("cni-token-expired", ["node"], "enables"),
    // Only where no kubeconfig lies between: the runtime has no network at all, or calls another plugin than the one that was installed.
    effect("sym:node-notready", ["node", "error"], "propagates"),
    effect("sym:container-creating", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ paths, pods, kubeconfigs, nodes }, context) {
    const files = context.derive(nodeFiles);
    const all = context.derive(agents);
    for (const [node, { followed, tree }] of files) {
      const base = { subject: node, about: { node: [node] } };
      if (followed.state === "unknown") yield undetermined({ ...base, missing: followed.missing });
      if (followed.state === "none" && followed.empty) {
        yield* onEmpty(node, followed.empty, tree, all, { paths, pods, nodes }, context);
      } else if (followed.state === "none") {
        yield* onPlain(node, tree, { paths, pods }, context);
      }
      if (followed.state !== "followed") continue;
      const agent = agentOn(all, node);
      const unclear = unclearOn(all, node);
      if (unclear.length > 0) {
        const what = `which workload installs ${followed.credential.named}: ${unclear.join(" and ")} install CNI configuration`;
        yield undetermined({ ...base, missing: [pods.missing(what)] });
      }
      if (!agent) {
        // Without the agent's pod its path is not known; where the usual one leads to the reader, nothing says that they differ.
        const usual = tree.resolve(USUAL_PATH);
        const one = usual.state === "resolved" && usual.real === parentOf(followed.credential.real);
        if (unclear.length === 0 && !one && pods.coverage().state !== "complete")
          yield undetermined({ ...base, missing: [pods.missing("the list of pods, with the CNI agent's volumes")] });
        continue;
      }
      const written = tree.resolve(agent.target.hostPath);
      if (written.state !== "resolved") {
        yield undetermined({
          ...base,
          missing: [paths.missing(`the listing of ${agent.target.hostPath}, where the CNI agent writes`, node)],
        });
        continue;
      }
      const { credential } = followed;
      if (parentOf(credential.real) === written.real) {
        const standsSince = written.hops.findLast((h) => h.value.type === "l")?.value.mtime ?? null;
        yield refuted({ ...base, standsSince, statements: [meeting(credential, agent, written)] });
        continue;
      }
      const copy = tree.at(joinPath(written.real, baseName(credential.real)));
      if (copy?.value.type !== "f") {
        const listed = tree.at(written.real)?.value.listing === "complete";
        if (!listed) yield undetermined({ ...base, missing: [paths.missing(`the listing of ${written.real}`, node)] });
        continue;
      }
      const kubeconfig = kubeconfigs.on(node).find((k) => k.value.path === copy.value.path);
      yield foundOn(node, credential, agent, written, copy, kubeconfig, { files, all, context });
    }
  },
  known: [
    known(
      "The installer writes below the hostPath that is mounted into it; CNI_NET_DIR only sets the path text inside the configuration",
      CALICO_INSTALL,
    ),
  ],
  consequence: divergenceConsequence,
  references: [CALICO_INSTALL, CONTAINERD_CNI],
  holds: (reference, finding) =>
    ofItsRuntime(reference, finding) && (reference !== CALICO_INSTALL || finding.value["netDir"] === true),
  falsePositives: ["two agents that each keep a kubeconfig of the same name on purpose"],
  examples: {
    found: ["cni/token-pod-gone.yaml", "cni/drop-in-parts.yaml", "cni/leftover-conf.yaml"],
    refuted: ["cni/token-pod-alive.yaml", "cni/leftover-linked.yaml"],
    undetermined: ["cni/writer-not-listed.yaml", "cni/runtime-config-not-collected.yaml"],
  },
  tags: ["calico", "cni", "networking"],
});

/** Where the upstream manifests of CNI agents write. */
const USUAL_PATH = "/etc/cni/net.d";
const NO_NETWORK = /NetworkPluginNotReady|cni plugin not initialized|cni config uninitialized/;

interface EmptyViews {
  readonly paths: FactView<"path">;
  readonly pods: FactView<"kube.pod">;
  readonly nodes: FactView<"kube.node">;
}

/** The runtime reads a directory without any configuration, says that it has no network, and the agent's configuration lies elsewhere. */
function* onEmpty(
  node: string,
  { confDir, directory }: { readonly confDir: ConfDir; readonly directory: Resolution },
  tree: FileTree,
  all: readonly Agent[],
  { paths, pods, nodes }: EmptyViews,
  context: MatchContext,
): Iterable<Outcome> {
  const base = { subject: node, about: { node: [node] } };
  const object = nodes.all.find((n) => n.value.name === node);
  const ready = object ? readyOf(object) : null;
  if (!ready) {
    yield undetermined({ ...base, missing: [nodes.missing(`the Ready condition of ${node}`)] });
    return;
  }
  if (ready.condition.status !== "False" || !NO_NETWORK.test(ready.condition.message ?? "")) return;
  const agent = agentOn(all, node);
  if (!agent) {
    if (unclearOn(all, node).length > 0 || pods.coverage().state !== "complete")
      yield undetermined({ ...base, missing: [pods.missing(`the pod that installs CNI configuration on ${node}`)] });
    return;
  }
  const written = tree.resolve(agent.target.hostPath);
  if (written.state === "resolved" && written.real === directory.real) return;
  const copy = tree.entries(written.real).find((e) => /\.(conf|conflist|json)$/.test(e.value.path));
  if (written.state !== "resolved" || !copy) {
    if (tree.at(written.real)?.value.listing !== "complete")
      yield undetermined({ ...base, missing: [paths.missing(`the listing of ${agent.target.hostPath}`, node)] });
    return;
  }
  const last = directory.hops.at(-1)?.evidence;
  const [first, ...rest] = [...confDir.evidence, ...(last ? [last] : [])];
  const reads = code(confDir.path, first ?? ready.evidence, ...rest);
  const own = ownConfig(node, confDir, agent, context);
  const linked = linkedPeers(meetingPeers(node, agent, context), own);
  yield found({
    ...base,
    about: { node: [node], path: [directory.real, written.real], error: ["not-initialised"] },
    since: null,
    lastSeen: object ? seenAt(object, context.moment) : context.moment.collectedAt,
    unverified: [...confDir.unverified, ...agent.unverified],
    value: {
      node,
      reads: confDir.path,
      runtime: confDir.runtime,
      file: "",
      writes: agent.target.hostPath,
      copy: copy.value.path,
      daemonSet: agent.daemonSet,
      volume: agent.target.volume,
      netDir: takesNetDir(agent.target),
      agentPod: agent.pod.value.name,
      offers: "",
      boundTo: null,
      expiresMs: null,
      binaries: agent.target.binPath,
      ...difference(node, own, linked, context),
    },
    statements: [
      say`On ${code(node, copy.evidence)} ${code(agent.daemonSet, ...agent.evidence)} wrote its CNI configuration to ${code(agent.target.hostPath, ...agent.evidence)}, where ${code(baseName(copy.value.path), copy.evidence)} lies, but the runtime read ${reads}, which held none`,
      ...byDefault({ confDir }),
      say`Its kubelet reported ${code(ready.condition.message ?? "", ready.evidence)}`,
      ...(own ? tellOwnConfig(node, own) : []),
    ],
  });
}

function meeting(credential: Credential, agent: Agent, written: Resolution): Statement {
  const [first, ...rest] = credential.path;
  return say`On ${code(credential.node, first)} the agent's directory ${code(agent.target.hostPath, ...agent.evidence)} is the one that holds ${code(credential.real, first, ...rest, ...written.hops.map((h) => h.evidence))}`;
}

/** The peers that are whole because the agent's path is a link there; none where the runtime's configuration makes the difference. */
const linkedPeers = (peers: readonly Peer[], own: OwnConfig | null): readonly Linked[] =>
  own ? [] : peers.flatMap((p) => (p.link ? [{ ...p, link: p.link }] : []));

/** By what the node differs from its peers, for the repair. */
const difference = (node: string, own: OwnConfig | null, linked: readonly Linked[], context: MatchContext) => ({
  differs: own ? "configuration" : linked.length > 0 ? "link" : "",
  peers: (own?.peers ?? linked).map((p) => p.node).join(" "),
  confFile: own?.file ?? "",
  confDirMeeting: own?.meeting ?? "",
  confFileDrops: own?.drops === true ? (own.overridden?.file ?? "") : "",
  ...(own?.program ? { confProgram: own.program } : {}),
  ...(own?.template ? { confTemplate: own.template } : {}),
  ...(own ? serviceValue(context.derive(kubeletServices).get(node) ?? PLAIN) : {}),
});

function foundOn(
  node: string,
  credential: Credential,
  agent: Agent,
  written: Resolution,
  copy: Fact<"path">,
  kubeconfig: Fact<"kubeconfig"> | undefined,
  around: Surroundings,
) {
  const [first, ...rest] = credential.path;
  const shows: readonly [Evidence, ...Evidence[]] = [first, ...rest];
  const own = ownConfig(node, credential.confDir, agent, around.context);
  const linked = linkedPeers(meetingPeers(node, agent, around.context), own);
  return found({
    subject: node,
    about: { node: [node], path: [credential.real, written.real] },
    since: apartSince(credential, agent, copy, own),
    lastSeen: seenAt(credential.kubeconfig, around.context.moment),
    unverified: [...credential.unverified, ...agent.unverified],
    value: {
      node,
      runtime: credential.confDir.runtime,
      // Paths as the configuration names them: a resolved one would nail a repair to today's revision of a snap.
      reads: lastingPath(parentOf(credential.real), around.files.get(node)?.tree, [
        parentOf(credential.named),
        credential.confDir.path,
      ]),
      file: credential.named,
      writes: agent.target.hostPath,
      copy: copy.value.path,
      daemonSet: agent.daemonSet,
      volume: agent.target.volume,
      netDir: takesNetDir(agent.target),
      agentPod: agent.pod.value.name,
      ...pluginValue(credential),
      ...offered(credential, kubeconfig, around.context),
      binaries: agent.target.binPath,
      ...difference(node, own, linked, around.context),
    },
    statements: [
      say`On ${code(node, copy.evidence)} ${code(agent.daemonSet, ...agent.evidence)} wrote its kubeconfig to ${code(agent.target.hostPath, ...agent.evidence)}, but the plugin read ${code(credential.real, ...shows)}: two different directories`,
      ...ages(credential, copy, around.context.moment.collectedAt),
      ...contents(credential, kubeconfig),
      ...(own ? tellOwnConfig(node, own) : [...itself(written), ...links(linked), ...unlikePeers(node, around)]),
    ],
  });
}

const allPods = (view: <K extends FactKind>(kind: K) => FactView<K>): FactView<"kube.pod"> => view("kube.pod");

/**
 * What the file that the plugin does not read has to offer, for the repair: `fresh` where its token was issued after the one in use and has
 * nothing against it; `unread` where nobody saw its token; `doubtful` for any other.
 */
function offered(credential: Credential, copy: Fact<"kubeconfig"> | undefined, context: MatchContext) {
  const { token, valid } = copy?.value ?? {};
  const isRead = valid === true && (token?.kind === "jwt" || token?.kind === "opaque");
  if (!token || !isRead) return { offers: "unread", boundTo: null, expiresMs: null };
  const { pod, iat, exp } = token;
  const used = credential.token.iat;
  const stands = !pod || context.derive(allPods).all.some((p) => p.value.uid === pod.uid && p.value.deletion === null);
  const newer = iat !== null && (used === null || order(iat, used) === "after");
  const lasts = exp !== null && order(exp, context.moment.collectedAt) === "after";
  return {
    offers: newer && lasts && stands ? "fresh" : "doubtful",
    boundTo: pod?.name ?? null,
    expiresMs: exp?.epochMs ?? null,
  };
}

/** A way to the directory that goes through links where there is one, such as the `current` of a snap: it holds after the next refresh, too. */
function lastingPath(real: string, tree: FileTree | undefined, named: readonly string[]): string {
  const current = real.replace(/^(\/var\/snap\/[a-z0-9-]+)\/[^/]+\//, "$1/current/");
  return [...named, current].find((path) => path !== real && tree?.resolve(path).real === real) ?? real;
}
