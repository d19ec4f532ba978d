import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import { baseName } from "#model/file-tree.js";
import type { Outcome } from "#model/finding.js";
import { type FactView, found, type MatchContext } from "#model/rule.js";
import { citing, code, codes, type Quoted, type Statement, say, time } from "#model/statement.js";
import { words } from "#rules/kubelet/_pods.js";
import { agentOfPlugin, mayBeService } from "./_agent-name.js";
import type { Asked } from "./_agent-nowhere.js";
import { nodeFiles } from "./_credential.js";
import { configsIn, type ReadConfig, readConfig, readingEvidence } from "./_read-config.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;
const views = (view: View): View => view;

/** What the runtime of a node loads; null where that is not known. */
export function readOn(node: string, context: MatchContext): ReadConfig | null {
  const tree = context.derive(nodeFiles).get(node)?.tree;
  return tree ? readConfig(node, tree, context.derive(views)) : null;
}

/** Why no agent answers on the node: the end of a sentence that names the plugin, what it takes for granted, and what the repair goes by. */
export interface Unserved {
  readonly words: Quoted;
  readonly unverified: readonly string[];
  readonly value: Readonly<Record<string, string | boolean>>;
}

/** No list shows an agent of the plugin: of some it may be a service. */
export const nowhere = ({ node, plugin }: Asked, [none, noSet]: readonly [Evidence, Evidence]): Unserved => ({
  words: say`${words(mayBeService(plugin) ? "no pod is an agent of that plugin: none" : "no agent of that plugin exists: no pod", none)} goes by the name of one${citing(none)}, and no DaemonSet${citing(noSet)}`,
  unverified: mayBeService(plugin) ? [`that no service of ${node} is the agent of ${plugin}`] : [],
  value: { mayBeService: mayBeService(plugin) },
});

/** The runtime loads the configuration of a plugin without an agent on the node. */
export function leftover(
  { subject, node, plugin, errors }: Asked,
  read: ReadConfig,
  why: Unserved,
  context: MatchContext,
): Outcome {
  const tree = context.derive(nodeFiles).get(node)?.tree;
  const first = entryOf(node, read, context);
  const file = tree?.at(first);
  const [shown, ...more] = [file?.evidence ?? read.netconf.evidence, ...readingEvidence(read)] as const;
  const hidden = hiddenBy(node, read, context);
  const peers = peersOf(node, read, hidden?.type ?? null, context);
  const whole = tree?.at(read.directory.real)?.value.listing === "complete";
  return found({
    subject,
    about: { node: [node], error: errors },
    since: null,
    lastSeen: context.moment.collectedAt,
    unverified: [
      ...read.confDir.unverified,
      ...(whole ? [] : [`the directory of ${baseName(first)} was not listed in full`]),
      ...why.unverified,
    ],
    value: {
      node,
      leftover: first,
      plugin,
      directory: read.directory.real,
      behind: hidden?.path ?? "",
      agentPod: hidden?.agent ?? "",
      ...why.value,
      /** Where others have that one first, it is what the node is to have. */
      asPeers: peers.alike,
      /** Nodes that load the same: nothing fails there yet, and they are not spared. */
      shared: peers.same.join(" "),
    },
    statements: [
      say`On ${code(node, shown)} the runtime loads ${code(first, shown, read.netconf.evidence, ...more)}, which calls ${code(plugin, read.netconf.evidence)}, and ${why.words}`,
      ...(read.confDir.because === null ? [] : [read.confDir.because]),
      ...(file?.value.mtime
        ? [say`${code(baseName(first), file.evidence)} was last written at ${time(file.value.mtime, file.evidence)}`]
        : []),
      ...(hidden?.statements ?? []),
      ...peers.statements,
    ],
  });
}

/** The configuration by its name in the directory, which may be a link. */
function entryOf(node: string, { directory, netconf }: ReadConfig, context: MatchContext): string {
  const tree = context.derive(nodeFiles).get(node)?.tree;
  const { path } = netconf.value;
  const entry = tree && configsIn(directory.real, tree).find((e) => tree.resolve(e.value.path).real === path);
  return entry?.value.path ?? path;
}

interface Hidden {
  readonly path: string;
  readonly type: string;
  /** The pod of its agent on the node, where that is ready. */
  readonly agent: string;
  readonly statements: readonly Statement[];
}

/** What comes next in the directory: the configuration of another plugin. Null where the runtime loads more than one anyway. */
function hiddenBy(node: string, read: ReadConfig, context: MatchContext): Hidden | null {
  const { directory, confDir, type } = read;
  const tree = context.derive(nodeFiles).get(node)?.tree;
  // CRI-O may have been told which network to take: then no other takes its place.
  if (!tree || confDir.maxConfNum !== 1 || confDir.network !== null) return null;
  const all = context.derive(views)("cni.netconf").on(node);
  const paths = configsIn(directory.real, tree).map((e) => e.value.path);
  const next = paths.slice(paths.indexOf(entryOf(node, read, context)) + 1)[0];
  const entry = next === undefined ? undefined : tree.at(next);
  const behind = all.find((n) => n.value.valid && next !== undefined && n.value.path === tree.resolve(next).real);
  const theirs = behind?.value.plugins.find((p) => p.delegatedBy === undefined)?.type;
  if (!entry || !behind || theirs === undefined || theirs === type) return null;
  const pod = agentOfPlugin(theirs, node, context.derive(views));
  const index = pod?.value.conditions.findIndex((c) => c.type === "Ready" && c.status === "True") ?? -1;
  const hides = say`It hides ${code(entry.value.path, entry.evidence)}, which comes after it and calls ${code(theirs, behind.evidence)}`;
  if (!pod || index < 0) return { path: entry.value.path, type: theirs, agent: "", statements: [hides] };
  const ready = cite(pod, `/status/conditions/${index}`);
  return {
    path: entry.value.path,
    type: theirs,
    agent: pod.value.name,
    statements: [hides, say`The agent of that one on ${code(node, ready)}, ${code(pod.value.name, ready)}, was ready`],
  };
}

/** Does it hide what the other nodes have in its place, with that one's agent ready? Then it is what is in the way, whatever else failed. */
export function isInTheWay(node: string, read: ReadConfig, context: MatchContext): boolean {
  const hidden = hiddenBy(node, read, context);
  return hidden !== null && hidden.agent !== "" && peersOf(node, read, hidden.type, context).alike;
}

/** What the other nodes have there. */
function peersOf(node: string, read: ReadConfig, behind: string | null, context: MatchContext) {
  const name = baseName(entryOf(node, read, context));
  const peers = context.moment.nodes
    .filter((n) => n !== node)
    .flatMap((peer) => {
      const theirs = readOn(peer, context);
      const tree = context.derive(nodeFiles).get(peer)?.tree;
      const row = theirs && tree?.at(theirs.directory.real);
      return theirs && tree && row?.value.listing === "complete" ? [{ peer, theirs, tree, row }] : [];
    });
  const has = ({ theirs, tree }: (typeof peers)[number]): boolean =>
    configsIn(theirs.directory.real, tree).some((e) => baseName(e.value.path) === name);
  const without = peers.filter((p) => !has(p));
  const same = peers.filter((p) => has(p) && baseName(p.theirs.netconf.value.path) === name);
  const told = (of: typeof peers, words: (names: ReturnType<typeof codes>) => Statement): readonly Statement[] => {
    const [first, ...rest] = of.map((p) => p.row.evidence);
    return first
      ? [
          words(
            codes(
              of.map((p) => p.peer),
              8,
              first,
              ...rest,
            ),
          ),
        ]
      : [];
  };
  const loads = without.filter((p) => p.theirs.type === behind);
  return {
    alike: loads.length > 0,
    same: same.map((p) => p.peer),
    statements: [
      ...told(without, (nodes) => say`On ${nodes} no file of that name lies in the directory that the runtime reads`),
      ...told(
        loads,
        (nodes) => say`On ${nodes} the runtime loads the configuration of ${code(behind ?? "", ...cited(loads))}`,
      ),
      ...told(same, (nodes) => say`On ${nodes} the runtime loads a file of the same name`),
    ],
  };
}

const cited = (of: readonly { readonly theirs: ReadConfig }[]): readonly [Evidence, ...Evidence[]] =>
  of.map((p) => p.theirs.netconf.evidence) as unknown as readonly [Evidence, ...Evidence[]];
