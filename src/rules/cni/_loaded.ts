import type { Fact } from "#model/fact.js";
import { baseName, type FileTree } from "#model/file-tree.js";
import type { ConfDir } from "./_runtime.js";

/** What the runtime loads of the configurations in its directory. */
export type Loaded =
  | {
      readonly state: "loaded";
      readonly netconfs: readonly Fact<"cni.netconf">[];
      readonly unverified: readonly string[];
    }
  | { readonly state: "broken"; readonly netconf: Fact<"cni.netconf"> }
  /** None can be loaded, as far as is known: the runtime has no network, or was set up otherwise than it seems. */
  | { readonly state: "unusable" }
  | { readonly state: "unread"; readonly path: string };

/** What the runtime loads of them. containerd: the first `maxConfNum` (0: all), and nothing at all where one of these is not valid. */
export function loadedOf(
  names: readonly string[],
  tree: FileTree,
  all: readonly Fact<"cni.netconf">[],
  confDir: ConfDir,
): Loaded {
  if (confDir.runtime !== "containerd") return firstUsable(names, tree, all, confDir);
  const { maxConfNum: max } = confDir;
  const netconfs: Fact<"cni.netconf">[] = [];
  for (const path of names) {
    if (max > 0 && netconfs.length === max) break;
    const netconf = netconfAt(path, tree, all);
    if (!netconf) return { state: "unread", path };
    if (netconf.value.valid) netconfs.push(netconf);
    else return { state: "broken", netconf };
  }
  return { state: "loaded", netconfs, unverified: [] };
}

const netconfAt = (
  path: string,
  tree: FileTree,
  all: readonly Fact<"cni.netconf">[],
): Fact<"cni.netconf"> | undefined => {
  const { real } = tree.resolve(path);
  return all.find((n) => n.value.path === real || n.value.path === path);
};

/**
 * CRI-O, cri-dockerd and dockershim take the first network that is valid and whose plugins are installed, and pass over the others; CRI-O takes the
 * one that `cni_default_network` names, if any (cri-o/ocicni pkg/ocicni/ocicni.go loadNetworks; kubernetes v1.23 and cri-dockerd cni.go
 * getDefaultCNINetwork).
 */
function firstUsable(
  names: readonly string[],
  tree: FileTree,
  all: readonly Fact<"cni.netconf">[],
  { network, binDirs }: ConfDir,
): Loaded {
  for (const path of names) {
    const netconf = netconfAt(path, tree, all);
    if (!netconf) return { state: "unread", path };
    if (!netconf.value.valid) continue;
    const types = netconf.value.plugins.filter((p) => p.delegatedBy === undefined).map((p) => p.type);
    const installed = types.map((type) => isInstalled(type, binDirs ?? [], tree));
    if (installed.includes(false)) continue;
    if (network !== null && (netconf.value.name ?? baseName(path)) !== network) continue;
    const last = path === names.at(-1) || network !== null;
    const unsure = installed.includes(null) && !last;
    const unverified = unsure ? [`the plugins of ${baseName(path)} are taken to be installed`] : [];
    return { state: "loaded", netconfs: [netconf], unverified };
  }
  return { state: "unusable" };
}

/** Null where the directories of plugins were not listed. */
export function isInstalled(type: string, binDirs: readonly string[], tree: FileTree): boolean | null {
  const found = binDirs.map((dir) => tree.resolve(`${dir.replace(/\/+$/, "")}/${type}`).state);
  if (found.includes("resolved")) return true;
  return found.length > 0 && found.every((state) => state === "absent") ? false : null;
}
