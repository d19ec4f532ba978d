import { cite } from "#model/fact.js";
import { defineRule, effect, found, NO_CONSEQUENCE, refuted, undetermined } from "#model/rule.js";
import { code, known, say, time } from "#model/statement.js";

// Copy me to src/rules/<subject>/<id>.ts. The file's name is the card's id (`sym:x` lives in sym-x.ts). A file whose name begins with `_` is no rule.

const REFERENCE = { source: "kubernetes pkg/apis/core/types.go", version: "v1.35.0" };

/** Example: a pod is bound to a node that does not exist. */
export default defineRule({
  id: "_template",
  title: "a pod is bound to a node object that does not exist",
  asks: "How did the pod come to wait for a node that is not there?",
  kind: "mechanism",
  needs: { pods: "kube.pod", nodes: "kube.node" },
  explains: [effect("sym:pod-stuck-terminating", ["pod"], "prevents-recovery")],
  *match({ pods, nodes }) {
    for (const pod of pods.all) {
      const { node, uid, name, namespace, created } = pod.value;
      if (node === null) continue;
      const subject = `${namespace}/${name}`;
      const about = { node: [node], pod: [uid] };
      const object = nodes.all.find((n) => n.value.name === node);
      if (object) {
        yield refuted({ subject, about, statements: [say`The node ${code(node, object.evidence)} exists.`] });
        continue;
      }
      // Absence may be quoted only from complete coverage.
      const coverage = nodes.coverage();
      const [first, ...rest] = coverage.searched(`node ${node}`);
      if (coverage.state !== "complete" || !first) {
        yield undetermined({ subject, about, missing: [nodes.missing("the list of nodes")] });
        continue;
      }
      yield found({
        subject,
        about,
        since: created,
        lastSeen: null,
        statements: [
          say`The pod ${code(name, pod.evidence)} is bound to ${code(node, cite(pod, "/spec/nodeName"))}, and no node has that name ${code("", first, ...rest)}.`,
          ...(created ? [say`The pod was created at ${time(created, cite(pod, "/metadata/creationTimestamp"))}.`] : []),
        ],
      });
    }
  },
  known: [known("A bound pod is run by the kubelet of its node only", REFERENCE)],
  consequence: () => NO_CONSEQUENCE,
  references: [REFERENCE],
  falsePositives: ["a node object that was just deleted and is about to register again"],
  examples: { found: [], refuted: [], undetermined: [] },
  tags: ["scheduling"],
});
