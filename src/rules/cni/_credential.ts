import type { Evidence } from "#model/evidence.js";
import { evidenceIn } from "#model/evidence.js";
import type { Fact, FactKind, NetconfPlugin, TokenValue } from "#model/fact.js";
import { baseName, type FileTree, fileTree, type Resolution } from "#model/file-tree.js";
import type { Missing } from "#model/finding.js";
import { type FactView, type MatchContext, shellWord } from "#model/rule.js";
import type { Statement } from "#model/statement.js";
import { type Accused, accusedOf, answers, type Choice } from "./_accused.js";
import { loadedOf } from "./_loaded.js";
import { type ConfDir, confDirOf, missingConfDir } from "./_runtime.js";
import { tokenPlace } from "./_token-place.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/**
 * The credential which the CNI plugin of a node presents: followed from the runtime's conf_dir over the configuration that wins in it
 * to the kubeconfig that is named inside, and through its links.
 */
export interface Credential {
  readonly node: string;
  readonly confDir: ConfDir;
  /** Real path of the configuration that wins, and its content where it was collected. */
  readonly netconf: Fact<"cni.netconf">;
  readonly plugin: NetconfPlugin;
  /** The configuration names no other credential. */
  readonly isOnly: boolean;
  /** The kubeconfig as the configuration names it, and without links. */
  readonly named: string;
  readonly real: string;
  /** Links on the way to it, then the file itself. */
  readonly hops: readonly Fact<"path">[];
  readonly file: Fact<"path"> | null;
  readonly kubeconfig: Fact<"kubeconfig">;
  readonly token: TokenValue;
  /** Where the token stands. */
  readonly tokenEvidence: Evidence;
  /** conf_dir, winning configuration, kubeconfig field, links: what shows that this file decides. */
  readonly path: readonly [Evidence, ...Evidence[]];
  /** What is taken for true of the configuration that wins. */
  readonly premises: readonly string[];
  /** These, and what else was not seen. */
  readonly unverified: readonly string[];
}

/** That a default of the runtime led there, where nothing was configured. */
export const byDefault = ({ confDir }: Pick<Credential, "confDir">): readonly Statement[] =>
  confDir.because === null ? [] : [confDir.because];

/** What became of following the path on one node. */
export type Followed =
  | { readonly state: "followed"; readonly credential: Credential }
  /** The winning configuration is not valid: the runtime has no network. */
  | { readonly state: "broken"; readonly confDir: ConfDir; readonly netconf: Fact<"cni.netconf"> }
  /** The plugin in use takes no kubeconfig; or there is none in use, since the directory that the runtime reads is `empty`. */
  | {
      readonly state: "none";
      readonly empty?: { readonly confDir: ConfDir; readonly directory: Resolution };
      /** The file that is named holds no token. */
      readonly led?: Led;
    }
  | { readonly state: "unknown"; readonly missing: readonly [Missing, ...Missing[]]; readonly led?: Led };

/** Where the configuration leads the plugin, whatever is known of that file. */
export interface Led {
  readonly netconf: Fact<"cni.netconf">;
  readonly named: string;
  readonly evidence: Evidence;
}

export interface NodeFiles {
  readonly tree: FileTree;
  /** The credential that counts: of several the one whose refusal is in evidence, else the first of the configuration. */
  readonly followed: Followed;
  /** Every credential that the configuration in force names, each file once, in its order; what `followed` says where there is none. */
  readonly chain: readonly Link[];
}

/** One credential of the configuration in force, and whether calls that failed on its node were made with it. */
export interface Link {
  /** The same at every moment: the node, and for all but the first the file that is named. */
  readonly subject: string;
  readonly followed: Followed;
  readonly accused: Accused;
}

/** The files of every collected node, and the credential in use on it. Derived once per moment. */
export function nodeFiles(view: View, context: MatchContext): ReadonlyMap<string, NodeFiles> {
  const answered = answers(view);
  return new Map(
    context.moment.nodes.map((node) => {
      const tree = fileTree(view("path").on(node));
      const stranger = noNode(node, view);
      const files = stranger
        ? alone(node, { state: "unknown" as const, missing: [stranger] as const })
        : followOn(node, tree, answered, view);
      return [node, { tree, ...files }] as const;
    }),
  );
}

/** The gap where the cluster lists its nodes and this is none of them: a node that was taken out calls nobody any more. */
function noNode(node: string, view: View): Missing | null {
  const nodes = view("kube.node");
  if (nodes.coverage().state !== "complete" || nodes.all.length === 0 || nodes.all.some((n) => n.value.name === node))
    return null;
  return {
    ...nodes.missing(`whether ${node} is a node of the cluster that was asked`),
    node,
    why: "the cluster lists none of that name",
    command: `kubectl get node ${shellWord(node)}`,
  };
}

type Files = Omit<NodeFiles, "tree">;

const alone = (node: string, followed: Followed): Files => ({
  followed,
  chain: [{ subject: node, followed, accused: { state: "named" } }],
});

function followOn(node: string, tree: FileTree, answered: ReturnType<typeof answers>, view: View): Files {
  const configuration = configurationOn(node, tree, view);
  return "choices" in configuration ? followChain(configuration, answered) : alone(node, configuration);
}

/** What the runtime loads, and the plugins in it that are given a kubeconfig: at least one. */
interface Configuration extends Omit<Way, "netconf" | "plugin" | "isOnly"> {
  readonly choices: readonly [Choice, ...Choice[]];
}

function configurationOn(node: string, tree: FileTree, view: View): Followed | Configuration {
  const confDir = confDirOf(node, view);
  if (!confDir) return { state: "unknown", missing: [missingConfDir(node, view)] };
  const directory = tree.resolve(confDir.path);
  if (directory.state !== "resolved") {
    return {
      state: "unknown",
      missing: [view("path").missing(`the listing of the runtime's conf_dir ${confDir.path}`, node)],
    };
  }
  const { names, certain } = candidates(directory.real, tree, view("cni.netconf").on(node));
  if (names.length === 0) {
    return certain
      ? { state: "none", empty: { confDir, directory } }
      : { state: "unknown", missing: [view("path").missing(`the listing of ${directory.real}`, node)] };
  }
  const loaded = loadedOf(names, tree, view("cni.netconf").on(node), confDir);
  if (loaded.state === "unread") {
    return {
      state: "unknown",
      missing: [view("cni.netconf").missing(`the content of ${loaded.path}`, node, fileAt(loaded.path))],
    };
  }
  if (loaded.state === "unusable") {
    const what = `a configuration in ${directory.real} that the runtime of ${node} can load: none is valid with all of its plugins installed${confDir.network === null ? "" : ` and named ${confDir.network}`}`;
    return { state: "unknown", missing: [view("cni.netconf").missing(what, node)] };
  }
  if (loaded.state === "broken") return { state: "broken", confDir, netconf: loaded.netconf };
  const choices = loaded.netconfs.flatMap((netconf) =>
    netconf.value.plugins.filter((p) => p.kubeconfig !== null).map((plugin) => ({ netconf, plugin })),
  );
  const [first, ...more] = choices;
  if (!first) return { state: "none" };
  return {
    node,
    tree,
    view,
    confDir,
    choices: [first, ...more],
    certain,
    premises: loaded.unverified,
    links: directory.hops,
  };
}

function followChain({ choices, ...way }: Configuration, answered: ReturnType<typeof answers>): Files {
  const { node, tree, view } = way;
  const seen = new Set<string>();
  const each = choices.filter((c) => {
    const { real } = tree.resolve(c.plugin.kubeconfig ?? "");
    return !seen.has(real) && seen.add(real);
  });
  const accused = accusedOf(choices, node, tree, answered, view);
  const chain = each.map(
    (choice, i): Link => ({
      subject: i === 0 ? node : `${node}|${choice.plugin.kubeconfig}`,
      followed: followKubeconfig({ ...way, ...choice, isOnly: each.length === 1 }),
      accused: accused(choice),
    }),
  );
  const [first] = chain as [Link, ...Link[]];
  const counts = chain.find((link) => link.accused.state === "named") ?? first;
  return chain.length > 1 && counts.accused.state === "unsaid"
    ? { followed: { state: "unknown", missing: [counts.accused.missing] }, chain }
    : { followed: counts.followed, chain };
}

/** The origin of what was collected of a path: what other files came to says nothing of this one. */
const fileAt = (path: string): RegExp => new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);

/** Files in ASCII order with one of the extensions that go-cni loads (go-cni opts.go; libcni conf.go). */
function candidates(
  directory: string,
  tree: FileTree,
  netconfs: readonly Fact<"cni.netconf">[],
): { readonly names: readonly string[]; readonly certain: boolean } {
  const listed = tree
    .entries(directory)
    .filter((e) => e.value.type === "f" || e.value.type === "l")
    .map((e) => e.value.path);
  const collected = netconfs.map((n) => n.value.path).filter((p) => p.slice(0, p.lastIndexOf("/")) === directory);
  const names = [...new Set([...listed, ...collected])].filter((p) => /\.(conf|conflist|json)$/.test(p)).sort();
  return { names, certain: tree.at(directory)?.value.listing === "complete" };
}

interface Way {
  readonly node: string;
  readonly tree: FileTree;
  readonly view: View;
  readonly confDir: ConfDir;
  readonly netconf: Fact<"cni.netconf">;
  readonly plugin: NetconfPlugin;
  readonly certain: boolean;
  readonly premises: readonly string[];
  readonly links: readonly Fact<"path">[];
  readonly isOnly: boolean;
}

function followKubeconfig(way: Way): Followed {
  const { node, tree, view, netconf, plugin } = way;
  const named = plugin.kubeconfig ?? "";
  const target = tree.resolve(named);
  const kubeconfig = view("kubeconfig")
    .on(node)
    .find((k) => k.value.path === target.real);
  const field = plugin.pointer
    ? evidenceIn(netconf.artifact, { kind: "json", pointer: plugin.pointer }, `kubeconfig: ${named}`)
    : netconf.evidence;
  const led = { netconf, named, evidence: field };
  if (target.state === "unknown" || target.state === "denied" || !kubeconfig) {
    return {
      state: "unknown",
      missing: [
        view("kubeconfig").missing(`the kubeconfig ${named} that the plugin is given`, node, fileAt(target.real)),
      ],
      led,
    };
  }
  const { token } = kubeconfig.value;
  if (kubeconfig.value.valid && token.kind === "absent") return { state: "none", led };
  if (!kubeconfig.value.valid || token.kind !== "jwt") {
    return { state: "unknown", missing: [view("kubeconfig").missing(`a readable token in ${target.real}`, node)], led };
  }
  const links = [...way.links, ...target.hops].filter((h) => h.value.type === "l").map((h) => h.evidence);
  return {
    state: "followed",
    credential: {
      node,
      confDir: way.confDir,
      netconf,
      plugin,
      isOnly: way.isOnly,
      named,
      real: target.real,
      hops: target.hops,
      file: tree.at(target.real) ?? null,
      kubeconfig,
      token,
      tokenEvidence: tokenPlace(kubeconfig),
      path: [field, ...way.confDir.evidence, ...links],
      premises: way.premises,
      unverified: [
        ...way.confDir.unverified,
        ...way.premises,
        ...(way.certain ? [] : [`the directory of ${baseName(netconf.value.path)} was not listed in full`]),
      ],
    },
  };
}
