import type { FactKind } from "#model/fact.js";
import type { FactView } from "#model/rule.js";
import { isCniPath } from "./_agents.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

export const directoryOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/**
 * Network configurations, and kubeconfigs that lie beside one or below a CNI directory, as `<node>\n<path>`; once per moment: hand it to
 * `context.derive`. The cluster's own kubeconfigs are none of them.
 */
export function cniFiles(view: Look): ReadonlySet<string> {
  const netconfs = view("cni.netconf").all.map((f) => ({ node: f.node ?? "", path: f.value.path }));
  const directories = new Set(netconfs.map((n) => `${n.node}\n${directoryOf(n.path)}`));
  const kubeconfigs = view("kubeconfig")
    .all.map((f) => ({ node: f.node ?? "", path: f.value.path }))
    .filter((k) => isCniPath(k.path) || directories.has(`${k.node}\n${directoryOf(k.path)}`));
  return new Set([...netconfs, ...kubeconfigs].map((f) => `${f.node}\n${f.path}`));
}
