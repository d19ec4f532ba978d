import type { Found } from "#model/finding.js";
import { type Consequence, defineRule, effect, found, NO_CONSEQUENCE } from "#model/rule.js";
import { citing, code, known, say } from "#model/statement.js";
import { nodeFiles } from "./_credential.js";
import { CALICO_ERRORS } from "./_references.js";
import { eachCredential, headlineEvidence, refusedOn, refusedWith, ruledOut } from "./_refusal.js";

export default defineRule({
  id: "cni-rbac-denied",
  title: "the API server knows the CNI plugin's account and denies it permission (403)",
  label: "CNI plugin denied permission",
  asks: "How was the plugin's request refused?",
  kind: "mechanism",
  needs: { events: "kube.event", kubeconfigs: "kubeconfig" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox", "cni-token-wrong-service-account"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match(_facts, context) {
    const otherCause = new Set(context.findings("cni-token-wrong-service-account").flatMap((f) => f.about.node ?? []));
    const files = context.derive(nodeFiles);
    const deniedNodes = refusedWith(context, "403");
    // The refusal itself says that the token was accepted: the token need not have been seen.
    for (const node of deniedNodes) {
      const denied = refusedOn(context, node).find((c) => (c.about.error ?? []).includes("403"));
      if (denied && !otherCause.has(node)) yield deniedOn(node, denied, files.get(node)?.followed.state === "followed");
    }
    for (const outcome of eachCredential(context, "403", function* (subject) {
      const { node } = subject.credential;
      const unauthorised = refusedOn(context, node).find((c) => (c.about.error ?? []).includes("401"));
      if (unauthorised) {
        yield ruledOut(
          subject,
          say`The error ends in ${code("Unauthorized", headlineEvidence(unauthorised))}, which is 401; a denied permission would be 403 and name the user`,
        );
      }
    })) {
      if (!deniedNodes.includes(outcome.subject)) yield outcome;
    }
  },
  known: [
    known(
      "Calico puts the same words, `connection is unauthorized`, before 401 and 403: what follows them tells which it was",
      CALICO_ERRORS,
    ),
  ],
  consequence,
  references: [CALICO_ERRORS],
  falsePositives: ["an authorisation webhook that fails closed for a moment"],
  examples: {
    found: ["cni/rbac-denied.yaml"],
    refuted: ["cni/token-pod-gone.yaml"],
    undetermined: ["cni/kubeconfig-not-collected.yaml"],
  },
  tags: ["calico", "cni", "rbac"],
});

function deniedOn(node: string, denied: Found, seen: boolean) {
  return found({
    subject: node,
    about: { node: [node], error: ["403"] },
    since: denied.since,
    lastSeen: denied.lastSeen,
    unverified: seen ? [] : ["the account of the token was not seen"],
    value: { node },
    statements: [
      say`On ${code(node, headlineEvidence(denied))} the API server answered the CNI plugin with 403: it accepted the token and denied its account permission`,
      say`The message names the user that lacks the permission ${citing(headlineEvidence(denied))}`,
    ],
  });
}

function consequence(): Consequence {
  return {
    ...NO_CONSEQUENCE,
    verify: [
      {
        run: "kubectl auth can-i get clusterinformations.crd.projectcalico.org --as <the user that the message names>",
        expect: "yes",
      },
    ],
    actions: [
      {
        title:
          "Check after each change of RBAC or of the CNI manifest that the plugin's account may read ClusterInformation",
        type: "detect",
        priority: "High",
        doneWhen: "the check fails when the ClusterRoleBinding is removed in a test cluster",
      },
    ],
    questions: ["Which change removed the permission, and by whom was it reviewed?"],
    stops: "the refusal names the account; what changed its permissions is not in the evidence",
  };
}
