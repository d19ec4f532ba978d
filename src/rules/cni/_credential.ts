import type { Evidence } from "#model/evidence.js";
import { evidenceIn } from "#model/evidence.js";
import type { Fact, FactKind, NetconfPlugin, TokenValue } from "#model/fact.js";
import { baseName, type FileTree, fileTree } from "#model/file-tree.js";
import type { Missing } from "#model/finding.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { type ConfDir, confDirOf } from "./_runtime.js";

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

/** What became of following the path on one node. */
export type Followed =
  | { readonly state: "followed"; readonly credential: Credential }
  /** The winning configuration is not valid: the runtime has no network. */
  | { readonly state: "broken"; readonly confDir: ConfDir; readonly netconf: Fact<"cni.netconf"> }
  /** The plugin in use takes no kubeconfig. */
  | { readonly state: "none" }
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
      return [node, { tree, followed: followOn(node, tree, view, context) }] as const;
    }),
  );
}

function followOn(node: string, tree: FileTree, view: View, context: MatchContext): Followed {
  const confDir = confDirOf(node, view, context);
  if (!confDir) {
    return {
      state: "unknown",
      missing: [view("runtime.config").missing("the container runtime's configuration", node)],
    };
  }
  const directory = tree.resolve(confDir.path);
  if (directory.state !== "resolved") {
    return {
      state: "unknown",
      missing: [view("path").missing(`the listing of the runtime's conf_dir ${confDir.path}`, node)],
    };
  }
  const winner = winningFile(directory.real, tree, view("cni.netconf").on(node));
  if (!winner.path) {
    return winner.certain
      ? { state: "none" }
      : { state: "unknown", missing: [view("path").missing(`the listing of ${directory.real}`, node)] };
  }
  const real = tree.resolve(winner.path).real;
  const netconf = view("cni.netconf")
    .on(node)
    .find((n) => n.value.path === real || n.value.path === winner.path);
  if (!netconf) {
    return { state: "unknown", missing: [view("cni.netconf").missing(`the content of ${winner.path}`, node)] };
  }
  if (!netconf.value.valid) return { state: "broken", confDir, netconf };
  const plugin = netconf.value.plugins.find((p) => p.kubeconfig !== null);
  if (!plugin) return { state: "none" };
  return followKubeconfig({
    node,
    tree,
    view,
    confDir,
    netconf,
    plugin,
    certain: winner.certain,
    links: directory.hops,
  });
}

/** The first file in ASCII order with one of the extensions that go-cni loads (go-cni opts.go; libcni conf.go). */
function winningFile(
  directory: string,
  tree: FileTree,
  netconfs: readonly Fact<"cni.netconf">[],
): { readonly path: string | null; readonly certain: boolean } {
  const listed = tree
    .entries(directory)
    .filter((e) => e.value.type === "f" || e.value.type === "l")
    .map((e) => e.value.path);
  const collected = netconfs.map((n) => n.value.path).filter((p) => p.slice(0, p.lastIndexOf("/")) === directory);
  const names = [...new Set([...listed, ...collected])].filter((p) => /\.(conf|conflist|json)$/.test(p)).sort();
  return { path: names[0] ?? null, certain: tree.at(directory)?.value.listing === "complete" };
}

interface Way {
  readonly node: string;
  readonly tree: FileTree;
  readonly view: View;
  readonly confDir: ConfDir;
  readonly netconf: Fact<"cni.netconf">;
  readonly plugin: NetconfPlugin;
  readonly certain: boolean;
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
      missing: [view("kubeconfig").missing(`the kubeconfig ${named} that the plugin is given`, node)],
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
  const { tokenLine } = kubeconfig.value;
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
      tokenEvidence: evidenceIn(
        kubeconfig.artifact,
        tokenLine === null ? { kind: "whole" } : { kind: "lines", from: tokenLine, to: tokenLine },
        claimsExcerpt(token),
      ),
      path: [field, ...way.confDir.evidence, ...links],
      unverified: [
        ...way.confDir.unverified,
        ...(way.certain ? [] : [`the directory of ${baseName(netconf.value.path)} was not listed in full`]),
      ],
    },
  };
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
