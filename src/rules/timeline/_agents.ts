import type { Fact, FactKind, OwnerRef, PodTemplate } from "#model/fact.js";
import type { FactView } from "#model/rule.js";
import { groupBy } from "#rules/kubelet/_pods.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;
export type Revision = Fact<"kube.revision">;

/** Where CNI configuration lies on nodes, by the last parts of its path: `net.d`, and MicroK8s' own. */
const CNI_DIRECTORY = /(^|\/)(net\.d|cni-network)\/?$|(^|\/)cni(\/|$)/;

/** A template that mounts a directory of CNI configuration or plugins from the node is that of a CNI agent. */
export const isAgentTemplate = (template: PodTemplate | null): boolean =>
  (template?.hostPaths ?? []).some((h) => CNI_DIRECTORY.test(h.path) || /^cni-(net|bin)-dir$/.test(h.name));

export const isCniPath = (path: string): boolean => /\/cni(\/|-|$)|\/net\.d(\/|$)/.test(path);

const ownerOf = (namespace: string, owner: OwnerRef | null): string | null =>
  owner && owner.kind === "DaemonSet" ? `${namespace}/${owner.name}` : null;

/** Revisions of the DaemonSets that are CNI agents, oldest first, by `<namespace>/<name>`; once per moment: hand it to `context.derive`. */
export function agentRevisions(view: Look): ReadonlyMap<string, readonly Revision[]> {
  const owned = view("kube.revision").all.filter((r) => ownerOf(r.value.namespace, r.value.owner) !== null);
  const groups = groupBy(owned, (r) => ownerOf(r.value.namespace, r.value.owner) ?? "");
  return new Map(
    [...groups]
      .filter(([, list]) => list.some((r) => isAgentTemplate(r.value.template)))
      .map(([name, list]) => [name, [...list].sort((a, b) => a.value.revision - b.value.revision)]),
  );
}

/** Pods of DaemonSets that mount CNI directories; once per moment: hand it to `context.derive`. */
export const agentPods = (view: Look): readonly Fact<"kube.pod">[] => {
  const known = agentRevisions(view);
  return view("kube.pod").all.filter((pod) => {
    const owner = ownerOf(pod.value.namespace, pod.value.owner);
    return owner !== null && (known.has(owner) || isAgentTemplate(pod.value.template));
  });
};
