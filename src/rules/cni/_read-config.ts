import type { Evidence } from "#model/evidence.js";
import type { Fact, FactKind } from "#model/fact.js";
import { type FileTree, parentOf, type Resolution } from "#model/file-tree.js";
import type { FactView } from "#model/rule.js";
import { loadedOf } from "./_loaded.js";
import { type ConfDir, confDirOf } from "./_runtime.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** What the runtime of a node loads from the directory that it reads, whether a kubeconfig belongs to it or not. */
export interface ReadConfig {
  readonly confDir: ConfDir;
  readonly directory: Resolution;
  /** The first that it loads, and the type of the plugin that is called by it. */
  readonly netconf: Fact<"cni.netconf">;
  readonly type: string;
  /** What is taken for true of it: CRI-O takes the first whose plugins are there. */
  readonly premises: readonly string[];
}

/** The files of a directory that a runtime takes for CNI configurations (go-cni opts.go; libcni conf.go), in ASCII order. */
export const configsIn = (directory: string, tree: FileTree): readonly Fact<"path">[] =>
  tree
    .entries(directory)
    .filter((e) => (e.value.type === "f" || e.value.type === "l") && /\.(?:conf|conflist|json)$/.test(e.value.path));

/** Null where that could not be followed, or where it loads none. */
export function readConfig(node: string, tree: FileTree, view: View): ReadConfig | null {
  const confDir = confDirOf(node, view);
  const directory = confDir && tree.resolve(confDir.path);
  if (!confDir || directory?.state !== "resolved") return null;
  const netconfs = view("cni.netconf").on(node);
  const there = netconfs.map((n) => n.value.path).filter((path) => parentOf(path) === directory.real);
  const names = [...new Set([...configsIn(directory.real, tree).map((e) => e.value.path), ...there])].sort();
  const loaded = loadedOf(names, tree, netconfs, confDir);
  const [netconf] = loaded.state === "loaded" ? loaded.netconfs : [];
  const type = netconf?.value.plugins.find((p) => p.delegatedBy === undefined)?.type;
  const premises = loaded.state === "loaded" ? loaded.unverified : [];
  return netconf && type !== undefined ? { confDir, directory, netconf, type, premises } : null;
}

/** What shows which directory the runtime reads, and by which links. */
export const readingEvidence = ({
  confDir,
  directory,
}: Pick<ReadConfig, "confDir" | "directory">): readonly Evidence[] => [
  ...confDir.evidence,
  ...directory.hops.map((h) => h.evidence),
];
