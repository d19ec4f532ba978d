import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind } from "#model/fact.js";
import { baseName, type FileTree } from "#model/file-tree.js";
import type { Missing, Outcome } from "#model/finding.js";
import {
  defineRule,
  effect,
  type FactView,
  found,
  type MatchContext,
  refuted,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { citing, code, codes, known, type Statement, say } from "#model/statement.js";
import { ofItsRuntime } from "#rules/kubelet/_node-runtime.js";
import { type Pod, seenAt, words } from "#rules/kubelet/_pods.js";
import { pluginsNamed } from "#rules/kubelet/_sandbox-error.js";
import { agentOfPlugin, goesBy } from "./_agent-name.js";
import { nodeFiles } from "./_credential.js";
import { readOn } from "./_leftover.js";
import { isInstalled } from "./_loaded.js";
import { passedOverConsequence } from "./_passed-over-repair.js";
import { configsIn, type ReadConfig, readingEvidence } from "./_read-config.js";
import { CONTAINERD_CNI } from "./_references.js";
import { refusedOn } from "./_refusal.js";
import { agents } from "./_writer.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

export default defineRule({
  id: "cni-config-passed-over",
  title: "the runtime takes another network than that of the CNI agent which runs on the node",
  label: "CNI agent's configuration passed over",
  asks: "How did the node come to give its pods another network?",
  kind: "mechanism",
  needs: { netconfs: "cni.netconf", paths: "path", pods: "kube.pod" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
  ],
  *match({ netconfs }, context) {
    const nodes = [...context.derive(nodeFiles).keys()];
    const reads = new Map(nodes.map((node) => [node, readOn(node, context)]));
    for (const node of nodes) {
      const tree = context.derive(nodeFiles).get(node)?.tree;
      const read = reads.get(node);
      const others = tree && read ? configsIn(read.directory.real, tree).filter((e) => !isTaken(e, read, tree)) : [];
      // Where one file lies there, or all are taken, none is passed over.
      if (!tree || !read || others.length === 0 || read.confDir.maxConfNum !== 1) continue;
      yield* judge({ node, tree, read, others, reads }, netconfs, context);
    }
  },
  known: [known("containerd takes the first file of its directory in ASCII order, whoever wrote it", CONTAINERD_CNI)],
  consequence: passedOverConsequence,
  references: [CONTAINERD_CNI],
  holds: ofItsRuntime,
  falsePositives: ["a node that has another network than its peers on purpose, beside the agent of theirs"],
  examples: {
    found: ["cni/passed-over.yaml"],
    refuted: ["cni/passed-over-behind.yaml"],
    undetermined: ["cni/passed-over-unread.yaml"],
  },
  tags: ["cni"],
});

interface Looked {
  readonly node: string;
  readonly tree: FileTree;
  readonly read: ReadConfig;
  /** The configurations beside the one that the runtime takes. */
  readonly others: readonly Fact<"path">[];
  readonly reads: ReadonlyMap<string, ReadConfig | null | undefined>;
}

const isTaken = (entry: Fact<"path">, { netconf }: ReadConfig, tree: FileTree): boolean =>
  tree.resolve(entry.value.path).real === netconf.value.path || entry.value.path === netconf.value.path;

/** Plugins that need no agent (containernetworking/plugins main/): of any other it is not known who stands behind it. */
const PLAIN: ReadonlySet<string> = new Set([
  "bridge",
  "ptp",
  "macvlan",
  "ipvlan",
  "vlan",
  "host-device",
  "tap",
  "dummy",
]);

function* judge(looked: Looked, netconfs: FactView<"cni.netconf">, context: MatchContext): Iterable<Outcome> {
  const { node, tree, read, others, reads } = looked;
  const base = { subject: node, about: { node: [node] } };
  if (!PLAIN.has(read.type)) {
    const its = agentOfPlugin(read.type, node, context.derive(views));
    if (its && read.premises.length > 0) yield undetermined({ ...base, missing: [pluginsOf(looked, context)] });
    else if (its)
      yield refuted({
        ...base,
        statements: [
          say`The runtime on ${code(node, read.netconf.evidence)} takes ${code(read.netconf.value.path, read.netconf.evidence)}, which calls ${code(read.type, read.netconf.evidence)}, whose agent there is ${code(its.value.name, its.evidence)}`,
        ],
      });
    return;
  }
  for (const entry of others) {
    const theirs = netconfs.on(node).find((n) => n.value.path === tree.resolve(entry.value.path).real);
    if (!theirs) {
      const what = `the content of ${entry.value.path}, beside which the runtime of ${node} takes ${read.netconf.value.path}`;
      yield undetermined({ ...base, missing: [netconfs.missing(what, node)] });
      return;
    }
    const plugin = theirs.value.plugins.find((p) => p.delegatedBy === undefined)?.type;
    const agent = plugin === undefined ? undefined : agentOfPlugin(plugin, node, context.derive(views));
    const ready = agent?.value.conditions.findIndex((c) => c.type === "Ready" && c.status === "True") ?? -1;
    if (plugin === undefined || !agent || ready < 0) continue;
    const peers = [...reads].flatMap(([peer, of]) =>
      peer !== node && of && callsOf(of).includes(plugin) ? [{ peer, of }] : [],
    );
    const [first, ...rest] = peers;
    if (!first || isOfAnother(plugin, node, peers, context)) continue;
    // Where as many others take what this one does, or may, nobody shows which of the two is meant.
    const alike = [...reads].filter(([peer, of]) => peer !== node && of && PLAIN.has(of.type));
    const unread = context
      .derive(views)("kube.node")
      .all.map((n) => n.value.name)
      .filter((name) => !reads.get(name));
    const doubtful = alike.length + unread.length;
    if (doubtful > 0 && doubtful + 1 >= peers.length) {
      const what = `what the runtimes of ${named(unread)} take, which shows whether the network of ${node} or that of ${named(peers.map((p) => p.peer))} is meant`;
      if (unread.length > 0) yield undetermined({ ...base, missing: [netconfs.missing(what, unread[0])] });
      return;
    }
    yield passedOver(looked, { entry, theirs, plugin, agent, ready }, [first, ...rest], context);
    return;
  }
}

/**
 * Somebody else on the node installs networks there, or goes by the name of an agent: a plain plugin may be its work. What runs on a peer as well
 * that takes the agent's file does not explain the difference: companions, chained plugins, address managers.
 */
function isOfAnother(plugin: string, node: string, peers: readonly Peer[], context: MatchContext): boolean {
  const there = peers.map((p) => othersOn(p.peer, plugin, context));
  return [...othersOn(node, plugin, context)].some(
    (name) => OF_PLAIN.some((own) => goesBy(name, own) === true) || !there.some((names) => names.has(name)),
  );
}

/** Agents whose networks are plain plugins: the file may be theirs, wherever else they run. */
const OF_PLAIN = ["kindnet", "kube-router"];

function othersOn(node: string, plugin: string, context: MatchContext): ReadonlySet<string> {
  const view = context.derive(views);
  const isLive = ({ value }: Pod): boolean =>
    value.node === node && value.deletion === null && value.phase !== "Failed" && value.phase !== "Succeeded";
  // A static pod is named after its node; its owner is that.
  const nameOf = ({ value }: Pod): string =>
    value.owner?.kind === "DaemonSet" ? value.owner.name : value.name.replace(new RegExp(`-${escaped(node)}$`), "");
  const writers = context
    .derive(agents)
    .filter((a) => isLive(a.pod))
    .map((a) => nameOf(a.pod));
  const named = view("kube.pod").all.filter(
    (p) => isLive(p) && (p.value.owner === null || /^(?:DaemonSet|Node)$/.test(p.value.owner.kind)),
  );
  const processes = view("process")
    .on(node)
    .map((p) => p.value.name);
  const agentlike = [...named.map(nameOf), ...processes].filter((name) => goesBy(name, plugin) === false);
  return new Set([...writers.filter((name) => goesBy(name, plugin) !== true), ...agentlike]);
}

/** `n1`, `n1 and n2`, `n1 and 4 others`. */
const named = ([first = "", ...rest]: readonly string[]): string =>
  rest.length === 0 ? first : rest.length === 1 ? `${first} and ${rest[0]}` : `${first} and ${rest.length} others`;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Whether the plugins of what the runtime seems to take are there: without them it takes the next. */
function pluginsOf({ node, read }: Looked, context: MatchContext): Missing {
  const dirs = read.confDir.binDirs ?? [];
  return {
    ...context
      .derive(views)("path")
      .missing(`the listing of ${dirs.join(" and ")}, where the runtime of ${node} looks for plugins`, node),
    why: "not listed",
    command: `ls -l ${dirs.map(shellWord).join(" ")}   # on ${node}, as root`,
  };
}

const views = (view: View): View => view;
const callsOf = ({ netconf }: ReadConfig): readonly string[] => netconf.value.plugins.map((p) => p.type);

interface Passed {
  readonly entry: Fact<"path">;
  readonly theirs: Fact<"cni.netconf">;
  readonly plugin: string;
  readonly agent: Pod;
  /** Index of the condition that shows it ready. */
  readonly ready: number;
}
interface Peer {
  readonly peer: string;
  readonly of: ReadConfig;
}

function passedOver(
  { node, tree, read }: Looked,
  { entry, theirs, plugin, agent, ready }: Passed,
  peers: readonly [Peer, ...Peer[]],
  context: MatchContext,
): Outcome {
  const { netconf, confDir, type } = read;
  // Calls of the plugin that is taken are made because it is.
  const errors = refusedOn(context, node)
    .filter((call) => pluginsNamed(String(call.value["message"] ?? "")).includes(type))
    .flatMap((call) => call.about.error ?? []);
  const shown = cite(agent, `/status/conditions/${ready}`);
  const why = reasonOf(read, entry, theirs, tree);
  const [first, ...rest] = peers.map((p) => p.of.netconf.evidence) as [Evidence, ...Evidence[]];
  return found({
    subject: node,
    about: { node: [node], path: [entry.value.path], ...(errors.length > 0 ? { error: [...new Set(errors)] } : {}) },
    since: null,
    lastSeen: seenAt(netconf, context.moment),
    unverified: [
      ...confDir.unverified,
      ...read.premises,
      `that ${node} is meant to have the network of ${named(peers.map((p) => p.peer))}`,
    ],
    value: {
      node,
      runtime: confDir.runtime,
      directory: read.directory.real,
      taken: netconf.value.path,
      passed: entry.value.path,
      plugin,
      agentPod: agent.value.name,
      peers: named(peers.map((p) => p.peer)),
      why: why?.kind ?? "",
      network: confDir.network ?? "",
      binDirs: (confDir.binDirs ?? []).join(" "),
    },
    statements: [
      say`On ${code(node, netconf.evidence)} the runtime takes ${code(netconf.value.path, netconf.evidence, ...readingEvidence(read))}, which calls ${code(type, netconf.evidence)}, and not ${code(entry.value.path, entry.evidence)}, which lies in the same directory and calls ${code(plugin, theirs.evidence)}`,
      ...(why ? [why.statement] : []),
      say`The agent of ${code(plugin, theirs.evidence)} on ${code(node, shown)}, ${code(agent.value.name, shown)}, was ready`,
      say`On ${codes(
        peers.map((p) => p.peer),
        8,
        first,
        ...rest,
      )} the runtime takes the configuration of ${code(plugin, first, ...rest)}`,
    ],
  });
}

/** Why it is not that one, where the files show it. */
function reasonOf(
  { confDir, netconf }: ReadConfig,
  entry: Fact<"path">,
  theirs: Fact<"cni.netconf">,
  tree: FileTree,
): { readonly kind: "later" | "not-installed" | "invalid" | "named"; readonly statement: Statement } | null {
  const name = code(baseName(entry.value.path), entry.evidence);
  if (confDir.network !== null && theirs.value.name !== confDir.network)
    return {
      kind: "named",
      statement: say`It is told to take the network ${code(confDir.network, ...(confDir.evidence as [Evidence, ...Evidence[]]))}`,
    };
  if (!theirs.value.valid) return { kind: "invalid", statement: say`${name} is not valid${citing(theirs.evidence)}` };
  const absent = theirs.value.plugins
    .filter((p) => p.delegatedBy === undefined)
    .find((p) => isInstalled(p.type, confDir.binDirs ?? [], tree) === false);
  const dirs = (confDir.binDirs ?? []).flatMap((dir) => tree.at(tree.resolve(dir).real) ?? []);
  const [dir, ...more] = dirs.map((d) => d.evidence);
  if (confDir.runtime !== "containerd" && absent && dir)
    return {
      kind: "not-installed",
      statement: say`It passes over a configuration whose plugin is not there: ${codes(confDir.binDirs ?? [], 4, dir, ...more)} ${words(confDir.binDirs?.length === 1 ? "holds" : "hold", dir)} no ${code(absent.type, theirs.evidence)}`,
    };
  return entry.value.path > netconf.value.path
    ? { kind: "later", statement: say`${name} comes after it in ASCII order` }
    : null;
}
