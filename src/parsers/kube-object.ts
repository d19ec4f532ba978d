import { someText } from "./fields.js";
import { kubeEventLists } from "./kube-event.js";
import { listParser } from "./kube-list.js";
import { metaOf } from "./kube-meta.js";
import { kubeNode } from "./kube-node.js";
import { kubePod } from "./kube-pod.js";
import { kubeRevision } from "./kube-revision.js";
import { kubeService } from "./kube-service.js";
import { kubeServiceAccount } from "./kube-service-account.js";
import { kubeWorkload } from "./kube-workload.js";
import { resourceOf } from "./resource.js";

const OTHERS = [kubePod, kubeNode, kubeWorkload, kubeRevision, kubeServiceAccount, kubeService];

/**
 * Any list that no other parser reads: what the objects are called, and (in `json`) all that they say. An object that does not name
 * its kind (lists of the API itself leave it out) gets the resource's plural.
 */
export const kubeObject = listParser({
  id: "kube-object",
  kind: "kube.object",
  accepts: (artifact) =>
    resourceOf(artifact) !== null && !kubeEventLists(artifact) && !OTHERS.some((parser) => parser.accepts(artifact)),
  read: (item, artifact) => {
    const meta = metaOf(item);
    if (meta === null) return null;
    const { namespace, name, uid, created } = meta;
    const kind = someText(item, "kind") ?? resourceOf(artifact)?.plural ?? "";
    return {
      value: { apiVersion: someText(item, "apiVersion") ?? "", kind, namespace, name, uid, created },
      node: null,
    };
  },
  title: (object) => `${object.kind} ${object.namespace === null ? "" : `${object.namespace}/`}${object.name}`,
});
