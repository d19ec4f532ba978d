import type { Fact } from "#model/fact.js";
import { type FileTree, parentOf } from "#model/file-tree.js";
import type { Outcome } from "#model/finding.js";
import { defineRule, effect, type FactView, type MatchContext, undetermined } from "#model/rule.js";
import { known } from "#model/statement.js";
import { namedAgents } from "./_agent-name.js";
import { type Followed, nodeFiles } from "./_credential.js";
import { formerTarget } from "./_former-target.js";
import { CALICO_TOKEN_WATCH, MOUNT_NAMESPACES } from "./_references.js";
import {
  type Base,
  byMount,
  isElsewhere,
  lastStart,
  mountOf,
  readerOf,
  type Writer,
  writerOf,
} from "./_stale-mount.js";
import { staleMountConsequence } from "./_stale-mount-repair.js";
import { byTimes } from "./_stale-times.js";
import { agentOn, agents, unclearOn } from "./_writer.js";

export default defineRule({
  id: "cni-hostpath-mount-stale-inode",
  title:
    "the running CNI agent still has a directory mounted to which its path no longer leads, so nothing it writes there reaches the plugin",
  label: "CNI agent holds a removed directory",
  labelOf: (finding) =>
    finding.value["shape"] === "switched" ? "CNI agent holds the directory of a former link" : null,
  asks: "How can a fresh token not reach the file that the plugin reads?",
  kind: "mechanism",
  needs: { mounts: "mount", paths: "path", pods: "kube.pod", kubeconfigs: "kubeconfig", revisions: "kube.revision" },
  explains: [effect("cni-token-expired", ["node"], "enables")],
  *match({ mounts, paths, pods, kubeconfigs, revisions }, context) {
    const all = context.derive(agents);
    for (const [node, { followed, tree }] of context.derive(nodeFiles)) {
      const base = { subject: node, about: { node: [node] } };
      // A plugin without a kubeconfig holds nothing that could grow old; one without a valid configuration has failed already.
      if (followed.state !== "followed" && followed.state !== "unknown") continue;
      const unclear = unclearOn(all, node);
      if (unclear.length > 0) {
        const file = followed.state === "followed" ? followed.credential.named : "the kubeconfig of the CNI plugin";
        const what = `which workload installs ${file}: ${unclear.join(" and ")} install CNI configuration`;
        yield undetermined({ ...base, missing: [pods.missing(what)] });
        continue;
      }
      const agent = agentOn(all, node);
      if (!agent) {
        const named = context.derive(namedAgents).get(node);
        if (named) yield byName(base, named, followed, tree, { mounts, revisions }, context);
        else if (pods.coverage().state !== "complete")
          yield undetermined({ ...base, missing: [pods.missing("the list of pods, with the CNI agent's volumes")] });
        continue;
      }
      const writer = writerOf(agent);
      const target = tree.resolve(writer.hostPath);
      const reader = readerOf(followed, writer, target, tree, kubeconfigs.on(node));
      if (!reader) continue;
      // Only where the agent is meant to feed the file in use: elsewhere the two directories differ anyway.
      if (target.state === "resolved" && reader.missing.length === 0 && parentOf(reader.real) !== target.real) continue;
      const seen = mountOf(writer, mounts.on(node));
      const former = seen && formerTarget(seen, target, tree, reader, lastStart(writer));
      if (seen && !former && target.state === "resolved" && isElsewhere(seen, target.real)) {
        const what = `what ${seen.value.root}, which is mounted in ${agent.pod.value.name}, is on the node`;
        yield undetermined({ ...base, missing: [mounts.missing(what, node)] });
      } else if (seen) yield byMount(base, seen, former ?? null, writer, target, reader, context);
      else yield byTimes(base, writer, target, reader, mounts, paths, context);
    }
  },
  known: [
    known(
      "A bind mount follows the directory that was there when the container started, not the path: what is removed or replaced later, or where a link on the path leads later, goes unnoticed inside",
      MOUNT_NAMESPACES,
    ),
  ],
  consequence: staleMountConsequence,
  references: [MOUNT_NAMESPACES, CALICO_TOKEN_WATCH],
  falsePositives: ["an agent that is being replaced at this moment"],
  examples: {
    found: ["cni/mount-deleted.yaml"],
    refuted: ["cni/mount-in-place.yaml"],
    undetermined: ["cni/mount-not-collected.yaml"],
  },
  tags: ["calico", "cni", "mount"],
});

interface Asked {
  readonly mounts: FactView<"mount">;
  readonly revisions: FactView<"kube.revision">;
}

/**
 * An agent of which no template was collected: where it writes is a premise, so nothing else may be one. Its mount must be of the very
 * directory that holds what the plugin is known to read.
 */
function byName(
  base: Base,
  pod: Fact<"kube.pod">,
  followed: Followed,
  tree: FileTree,
  { mounts, revisions }: Asked,
  context: MatchContext,
): Outcome {
  const daemonSet = `${pod.value.namespace}/${pod.value.owner?.name}`;
  const nameless: Writer = { pod, daemonSet, hostPath: "", mountPath: null };
  const seen = mountOf(nameless, mounts.on(base.subject));
  const writer = { ...nameless, hostPath: seen?.value.root ?? "" };
  const target = tree.resolve(writer.hostPath);
  const reader = seen && followed.state === "followed" ? readerOf(followed, writer, target, tree, []) : null;
  if (!seen || !reader || target.state !== "resolved" || parentOf(reader.real) !== target.real) {
    const what = `the ControllerRevisions of ${daemonSet}, which tell where ${pod.value.name} writes`;
    const unfollowed = followed.state === "unknown" ? followed.missing : [];
    return undetermined({ ...base, missing: [revisions.missing(what), ...unfollowed] });
  }
  const premise = `${pod.value.name} is taken to write to its mount ${seen.value.mountPoint}`;
  return byMount(base, seen, null, writer, target, { ...reader, unverified: [...reader.unverified, premise] }, context);
}
