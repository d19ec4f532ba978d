import type { Evidence } from "#model/evidence.js";
import type { Fact, FactKind } from "#model/fact.js";
import { baseName, type FileTree } from "#model/file-tree.js";
import type { Found, Missing, Outcome } from "#model/finding.js";
import { earliest, type Instant, order, whenBoth } from "#model/instant.js";
import { type FactView, found, type MatchContext, refuted, undetermined } from "#model/rule.js";
import { code, codes, type Statement, say, time } from "#model/statement.js";
import { agentOf } from "#rules/kubelet/_agent-text.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { byDefault, nodeFiles } from "./_credential.js";
import { configsIn, type ReadConfig, readConfig, readingEvidence } from "./_read-config.js";
import { refusedOn } from "./_refusal.js";
import { type Agent, agentOn, agents, unclearOn } from "./_writer.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;
type Cited = readonly [Evidence, ...Evidence[]];

const views = (view: View): View => view;

/** Plugins that call a network whose configuration lies elsewhere on purpose. */
const DELEGATING = /^(?:multus|genie|danm|knitter|cni-genie)/;

interface Lists {
  readonly paths: FactView<"path">;
  readonly pods: FactView<"kube.pod">;
}

/**
 * Where no kubeconfig tells what the plugin reads: the runtime loads a configuration of another plugin than the one that the agent installs
 * elsewhere, and that plugin's calls fail. Without a failing call a configuration in another directory is nobody's fault.
 */
export function* onPlain(
  node: string,
  tree: FileTree,
  { paths, pods }: Lists,
  context: MatchContext,
): Iterable<Outcome> {
  const base = { subject: node, about: { node: [node] } };
  const read = readConfig(node, tree, context.derive(views));
  if (!read || DELEGATING.test(read.type)) return;
  const failing = refusedOn(context, node).filter((call) => isOf(call, read.type));
  const all = context.derive(agents);
  const agent = agentOn(all, node);
  const open = (missing: Missing): readonly Outcome[] =>
    failing.length > 0 ? [undetermined({ ...base, missing: [missing] })] : [];
  if (!agent) {
    if (unclearOn(all, node).length > 0 || pods.coverage().state !== "complete")
      yield* open(pods.missing(`the pod that installs CNI configuration on ${node}`));
    return;
  }
  const written = tree.resolve(agent.target.hostPath);
  const [shown, ...more] = readingEvidence(read);
  if (written.state === "resolved" && written.real === read.directory.real) {
    if (shown)
      yield refuted({
        ...base,
        standsSince: written.hops.findLast((h) => h.value.type === "l")?.value.mtime ?? null,
        statements: [
          say`On ${code(node, shown)} the agent's directory ${code(agent.target.hostPath, ...agent.evidence)} is the one that the runtime reads, ${code(read.confDir.path, shown, ...more)}`,
        ],
      });
    return;
  }
  const copies = written.state === "resolved" ? configsIn(written.real, tree) : [];
  const [copy] = copies;
  if (!copy) {
    if (tree.at(written.real)?.value.listing !== "complete")
      yield* open(paths.missing(`the listing of ${agent.target.hostPath}, where the CNI agent writes`, node));
    return;
  }
  const theirs = installed(node, copies, context);
  if (!shown || failing.length === 0 || theirs.includes(read.type)) return;
  yield parted(
    { node, read, agent, copy, theirs, failing, written: written.real, shown: [shown, ...more] },
    tree,
    context,
  );
}

/** Does the call's own text name the plugin, as the one that was called or as the one whose agent was not found? */
const isOf = (call: Found, type: string): boolean =>
  new RegExp(`plugin type=\\\\*"${type.replace(/[^\w-]/g, "\\$&")}\\\\*"`).test(String(call.value["message"] ?? "")) ||
  (call.about.error ?? []).some((e) => agentOf(e) === type);

/** The types of the plugins that the agent's configurations call, as far as these were collected. */
const installed = (node: string, copies: readonly Fact<"path">[], context: MatchContext): readonly string[] => {
  const paths = copies.map((c) => c.value.path);
  return context
    .derive(views)("cni.netconf")
    .on(node)
    .filter((n) => paths.includes(n.value.path))
    .flatMap((n) => n.value.plugins.find((p) => p.delegatedBy === undefined)?.type ?? []);
};

interface Parted {
  readonly node: string;
  readonly read: ReadConfig;
  readonly agent: Agent;
  /** A configuration that the agent wrote; what all of them call. */
  readonly copy: Fact<"path">;
  readonly theirs: readonly string[];
  readonly failing: readonly Found[];
  readonly written: string;
  readonly shown: Cited;
}

function parted(
  { node, read, agent, copy, theirs, failing, written, shown }: Parted,
  tree: FileTree,
  context: MatchContext,
): Outcome {
  const [first, ...rest] = shown;
  const file = tree.at(read.netconf.value.path);
  const peers = meeting(node, agent, context);
  const reads = code(read.confDir.path, first, ...rest);
  return found({
    subject: node,
    about: {
      node: [node],
      path: [read.directory.real, written],
      error: [...new Set(failing.flatMap((f) => f.about.error ?? []))],
    },
    since: sinceOf(agent, file?.value.mtime ?? null, failing),
    lastSeen: seenAt(read.netconf, context.moment),
    unverified: [
      ...read.confDir.unverified,
      ...agent.unverified,
      ...(theirs.length > 0 ? [] : [`that ${baseName(copy.value.path)} is of another plugin`]),
      ...(peers.length > 0 ? [] : [`that ${agent.daemonSet} is meant to serve the runtime of ${node}`]),
    ],
    value: {
      node,
      reads: read.confDir.path,
      runtime: read.confDir.runtime,
      file: "",
      writes: agent.target.hostPath,
      copy: copy.value.path,
      daemonSet: agent.daemonSet,
      volume: agent.target.volume,
      agentPod: agent.pod.value.name,
      boundTo: null,
      expiresMs: null,
      binaries: agent.target.binPath,
      differs: "",
      peers: peers.map((p) => p.node).join(" "),
      confFile: "",
      confDirMeeting: "",
      confFileDrops: "",
      leftover: read.netconf.value.path,
    },
    statements: [
      say`On ${code(node, copy.evidence)} ${code(agent.daemonSet, ...agent.evidence)} wrote its CNI configuration to ${code(agent.target.hostPath, ...agent.evidence)}, where ${code(baseName(copy.value.path), copy.evidence)} lies, but the runtime read ${reads}, and there ${code(baseName(read.netconf.value.path), read.netconf.evidence)}, which calls the plugin ${code(read.type, read.netconf.evidence)}`,
      ...byDefault(read),
      ...(file?.value.mtime
        ? [
            say`${code(baseName(read.netconf.value.path), file.evidence)} was last written at ${time(file.value.mtime, file.evidence)}`,
          ]
        : []),
      ...tellPeers(peers),
    ],
  });
}

/** Not before the agent wrote there, nor before the file that is read was written; unknown where that came after calls had begun to fail. */
function sinceOf(agent: Agent, written: Instant | null, failing: readonly Found[]): Instant | null {
  const began = failing.map((f) => f.since).reduce(earliest, null);
  if (written && began && order(written, began) === "after") return null;
  const installs = earliest(agent.pod.value.startedAt, agent.rolledOut);
  return installs && whenBoth(installs, written);
}

interface Meeting {
  readonly node: string;
  readonly confDir: ReadConfig["confDir"];
  /** The link by which they meet, where one of the paths is one. */
  readonly link: Fact<"path"> | undefined;
  readonly evidence: readonly Evidence[];
}

/** The peers of the same agent on which its path and the runtime's lead to one directory. */
function meeting(node: string, agent: Agent, context: MatchContext): readonly Meeting[] {
  const all = context.derive(agents);
  return [...context.derive(nodeFiles)].flatMap(([peer, { tree }]) => {
    const theirs = agentOn(all, peer);
    if (peer === node || theirs?.daemonSet !== agent.daemonSet) return [];
    const read = readConfig(peer, tree, context.derive(views));
    const written = tree.resolve(theirs.target.hostPath);
    if (!read || written.state !== "resolved" || written.real !== read.directory.real) return [];
    const link = [...read.directory.hops, ...written.hops].find((h) => h.value.type === "l");
    return [{ node: peer, confDir: read.confDir, link, evidence: readingEvidence(read) }];
  });
}

/** At most so many peers are told one by one. */
const TOLD = 3;

function tellPeers(peers: readonly Meeting[]): readonly Statement[] {
  const [first, ...rest] = peers.flatMap((p) => p.evidence.slice(0, 1));
  if (!first) return [];
  return [
    say`On ${codes(
      peers.map((p) => p.node),
      8,
      first,
      ...rest,
    )} both paths lead to one directory`,
    ...peers
      .slice(0, TOLD)
      .flatMap(({ node, link }) =>
        link
          ? [
              say`On ${code(node, link.evidence)} ${code(link.value.path, link.evidence)} is a link to ${code(link.value.target ?? "", link.evidence)}`,
            ]
          : [],
      ),
  ];
}
