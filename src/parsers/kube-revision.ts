import { count } from "./fields.js";
import { listParser } from "./kube-list.js";
import { namespacedMetaOf } from "./kube-meta.js";
import { podTemplateAt } from "./pod-template.js";
import { lists } from "./resource.js";

const HASH_LABEL = "controller-revision-hash";

/** `kubectl get controllerrevisions -A -o json` (apps/v1): the templates which a DaemonSet or StatefulSet had. */
export const kubeRevision = listParser({
  id: "kube-revision",
  kind: "kube.revision",
  accepts: (artifact) => lists(artifact, ["controllerrevisions"], ["apps"]),
  read: (item) => {
    const meta = namespacedMetaOf(item);
    const revision = count(item, "revision");
    if (meta === null || revision === null) return null;
    const { namespace, name, owner, created, labels } = meta;
    const hash = (Object.hasOwn(labels, HASH_LABEL) ? labels[HASH_LABEL] : null) ?? lastPart(name);
    const template = podTemplateAt(item, "data", "spec", "template");
    return { value: { namespace, name, owner, revision, created, hash, template }, node: null };
  },
  title: (one) => `ControllerRevision ${one.namespace}/${one.name}, revision ${one.revision}`,
});

function lastPart(name: string): string | null {
  const dash = name.lastIndexOf("-");
  return dash < 0 ? null : name.slice(dash + 1);
}
