import { listParser } from "./kube-list.js";
import { namespacedMetaOf } from "./kube-meta.js";
import { lists } from "./resource.js";

/** `kubectl get serviceaccounts -A -o json` (core/v1). */
export const kubeServiceAccount = listParser({
  id: "kube-service-account",
  kind: "kube.serviceaccount",
  accepts: (artifact) => lists(artifact, ["serviceaccounts"]),
  read: (item) => {
    const meta = namespacedMetaOf(item);
    if (meta === null) return null;
    const { namespace, name, uid, created } = meta;
    return { value: { namespace, name, uid, created }, node: null };
  },
  title: (account) => `ServiceAccount ${account.namespace}/${account.name}`,
});
