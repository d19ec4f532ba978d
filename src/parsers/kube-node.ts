import { flag, someText, text, type View, views } from "./fields.js";
import { listParser } from "./kube-list.js";
import { conditionsOf, metaOf } from "./kube-meta.js";
import { lists } from "./resource.js";

/** `kubectl get nodes -o json` (core/v1 NodeList). */
export const kubeNode = listParser({
  id: "kube-node",
  kind: "kube.node",
  accepts: (artifact) => lists(artifact, ["nodes"]),
  read: (item) => {
    const meta = metaOf(item);
    if (meta === null) return null;
    const { name, uid, created, labels } = meta;
    const value = {
      name,
      uid,
      created,
      labels,
      unschedulable: flag(item, "spec", "unschedulable") ?? false,
      taints: views(item, "spec", "taints").flatMap(taint),
      conditions: conditionsOf(item),
      kubeletVersion: someText(item, "status", "nodeInfo", "kubeletVersion"),
      runtimeVersion: someText(item, "status", "nodeInfo", "containerRuntimeVersion"),
    };
    return { value, node: name };
  },
  title: (node) => `Node ${node.name}`,
});

function taint(of: View): readonly { readonly key: string; readonly effect: string }[] {
  const key = someText(of, "key");
  return key === null ? [] : [{ key, effect: text(of, "effect") ?? "" }];
}
