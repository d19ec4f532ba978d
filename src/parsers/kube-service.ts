import { count, someText, texts, type View, views } from "./fields.js";
import { listParser } from "./kube-list.js";
import { namespacedMetaOf } from "./kube-meta.js";
import { lists } from "./resource.js";

/** `kubectl get services -A -o json` (core/v1): the addresses that a Service has within the cluster. */
export const kubeService = listParser({
  id: "kube-service",
  kind: "kube.service",
  accepts: (artifact) => lists(artifact, ["services"]),
  read: (item) => {
    const meta = namespacedMetaOf(item);
    if (meta === null) return null;
    const { namespace, name } = meta;
    const ports = views(item, "spec", "ports").flatMap((port) => count(port, "port") ?? []);
    return { value: { namespace, name, clusterIps: addressesOf(item), ports }, node: null };
  },
  title: (service) => `Service ${service.namespace}/${service.name}`,
});

/** API servers before 1.20 tell one only; `None` stands for a Service that has no address, by intent. */
function addressesOf(item: View): readonly string[] {
  const all = texts(item, "spec", "clusterIPs");
  const told = all.length > 0 ? all : [someText(item, "spec", "clusterIP") ?? ""];
  return told.filter((address) => address !== "" && address !== "None");
}
