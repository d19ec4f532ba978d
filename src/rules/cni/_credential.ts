import type { Evidence } from "#model/evidence.js";
import { evidenceIn } from "#model/evidence.js";
import type { Fact, FactKind, NetconfPlugin, TokenValue } from "#model/fact.js";
import { baseName, type FileTree, fileTree, type Resolution } from "#model/file-tree.js";
import type { Missing } from "#model/finding.js";
import { type FactView, type MatchContext, shellWord } from "#model/rule.js";
import type { Statement } from "#model/statement.js";
import { loadedOf } from "./_loaded.js";
import { type ConfDir, confDirOf, missingConfDir } from "./_runtime.js";

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
  | { readonly state: "none"; readonly empty?: { readonly confDir: ConfDir; readonly directory: Resolution } }
  | { readonly state: "unknown"; readonly missing: readonly [Missing, ...Missing[]] };

export interface NodeFiles {
  readonly tree: FileTree;
  readonly followed: Followed;
}

/** The files of every collected node, and the credential in use on it. Derived once per moment. */
export function nodeFiles(view: View, context: MatchContext): ReadonlyMap<string, NodeFiles> {
  return new Map(
    context.moment.nodes.map((node) => {
      const tree = fileTree(view("path").on(node));
      const stranger = noNode(node, view);
      return [
        node,
        { tree, followed: stranger ? { state: "unknown", missing: [stranger] } : followOn(node, tree, view) },
      ] as const;
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

function followOn(node: string, tree: FileTree, view: View): Followed {
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
  if (choices.length === 0) return { state: "none" };
  const choice = chosenOf(choices, node, tree, view);
  if (!choice) {
    const types = [...new Set(choices.map((c) => c.plugin.type))].join(" and ");
    const what = `which plugin was refused on ${node}: ${types} have a credential each, and the errors do not tell one`;
    return { state: "unknown", missing: [view("log").missing(what, node)] };
  }
  return followKubeconfig({
    node,
    tree,
    view,
    confDir,
    ...choice,
    certain,
    premises: loaded.unverified,
    links: directory.hops,
  });
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

interface Choice {
  readonly netconf: Fact<"cni.netconf">;
  readonly plugin: NetconfPlugin;
}

/**
 * Of several credentials the one of the plugin that failed: errors name it, or the one that called it. Without an error the first
 * plugin's; null where there are errors and they do not tell one.
 */
function chosenOf(choices: readonly Choice[], node: string, tree: FileTree, view: View): Choice | null {
  const [first] = choices as readonly [Choice, ...Choice[]];
  const files = new Set(choices.map((c) => tree.resolve(c.plugin.kubeconfig ?? "").real));
  if (files.size === 1) return first;
  const errors = [...view("kube.event").all, ...view("log").on(node)]
    .filter((f) => (f.kind === "kube.event" ? f.value.node === node : true))
    .map((f) => (f.kind === "kube.event" ? f.value.message : f.value.sample))
    .filter((text) =>
      /failed to (?:setup|set up|destroy|teardown|tear down)\b.{0,200}network|from CNI network/.test(text),
    );
  if (errors.length === 0) return first;
  const failed = errors.map((text) => failedIn(text, choices));
  return failed.every((f) => f === failed[0]) ? (failed[0] ?? null) : null;
}

function failedIn(text: string, choices: readonly Choice[]): Choice | null {
  const type = /plugin type=\\*"([^"\\]+)/.exec(text)?.[1];
  const delegated = choices.filter((c) => c.plugin.delegatedBy === type);
  const named = choices.filter((c) => c.plugin.type === type && c.plugin.delegatedBy === undefined);
  const fits = /\bdelegate|conflist(?:Add|Del)/i.test(text) && delegated.length > 0 ? delegated : named;
  return fits.length === 1 ? (fits[0] ?? null) : null;
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
}

function followKubeconfig(way: Way): Followed {
  const { node, tree, view, netconf, plugin } = way;
  const named = plugin.kubeconfig ?? "";
  const target = tree.resolve(named);
  const kubeconfig = view("kubeconfig")
    .on(node)
    .find((k) => k.value.path === target.real);
  if (target.state === "unknown" || target.state === "denied" || !kubeconfig) {
    return {
      state: "unknown",
      missing: [
        view("kubeconfig").missing(`the kubeconfig ${named} that the plugin is given`, node, fileAt(target.real)),
      ],
    };
  }
  const { token } = kubeconfig.value;
  if (kubeconfig.value.valid && token.kind === "absent") return { state: "none" };
  if (!kubeconfig.value.valid || token.kind !== "jwt") {
    return { state: "unknown", missing: [view("kubeconfig").missing(`a readable token in ${target.real}`, node)] };
  }
  const field = plugin.pointer
    ? evidenceIn(netconf.artifact, { kind: "json", pointer: plugin.pointer }, `kubeconfig: ${named}`)
    : netconf.evidence;
  const links = [...way.links, ...target.hops].filter((h) => h.value.type === "l").map((h) => h.evidence);
  return {
    state: "followed",
    credential: {
      node,
      confDir: way.confDir,
      netconf,
      plugin,
      named,
      real: target.real,
      hops: target.hops,
      file: tree.at(target.real) ?? null,
      kubeconfig,
      token,
      tokenEvidence: tokenPlace(kubeconfig),
      path: [field, ...way.confDir.evidence, ...links],
      unverified: [
        ...way.confDir.unverified,
        ...way.premises,
        ...(way.certain ? [] : [`the directory of ${baseName(netconf.value.path)} was not listed in full`]),
      ],
    },
  };
}

/** Where the token stands in a kubeconfig, with its claims. */
export function tokenPlace({ artifact, value: { token, tokenLine } }: Fact<"kubeconfig">): Evidence {
  const line = tokenLine === null ? null : { kind: "lines" as const, from: tokenLine, to: tokenLine };
  return evidenceIn(artifact, line ?? { kind: "whole" }, claimsExcerpt(token));
}

/** The claims that matter, in one line: what a reader finds when decoding the token. */
function claimsExcerpt(token: TokenValue): string {
  const shown = {
    alg: token.alg,
    kid: token.kid,
    iss: token.iss,
    sub: token.sub,
    iat: seconds(token.iat),
    exp: seconds(token.exp),
    pod: token.pod ?? undefined,
    serviceaccount: token.serviceAccount ?? undefined,
  };
  return `decoded: ${JSON.stringify(shown)}`;
}

const seconds = (at: TokenValue["iat"]): number | null => (at === null ? null : Math.floor(at.epochMs / 1000));
