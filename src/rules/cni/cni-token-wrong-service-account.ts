import type { Found } from "#model/finding.js";
import { defineRule, effect, found, NO_CONSEQUENCE } from "#model/rule.js";
import { citing, code, known, say } from "#model/statement.js";
import { nodeFiles } from "./_credential.js";
import { CALICO_ERRORS, CALICO_TOKEN_WATCH } from "./_references.js";
import { eachCredential, headlineEvidence, refusedOn, ruledOut, type Subject } from "./_refusal.js";

/**
 * The account's name alone only dates a token to a release. It is a cause where the API server denied that account (403) while the
 * nodes that work have that of another.
 */
export default defineRule({
  id: "cni-token-wrong-service-account",
  title: "the CNI plugin's token belongs to another service account than the one that is granted access",
  label: "CNI token of the wrong account",
  asks: "How did the plugin come to present an account without permission?",
  kind: "mechanism",
  needs: { kubeconfigs: "kubeconfig", events: "kube.event" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match(_facts, context) {
    const files = context.derive(nodeFiles);
    yield* eachCredential(context, "403", function* (subject) {
      const { node, token, tokenEvidence } = subject.credential;
      const calls = refusedOn(context, node);
      const denied = calls.find((c) => (c.about.error ?? []).includes("403"));
      const unauthorised = calls.find((c) => (c.about.error ?? []).includes("401"));
      const working = [...files].flatMap(([peer, { followed }]) =>
        peer !== node && followed.state === "followed" && refusedOn(context, peer).length === 0
          ? [followed.credential]
          : [],
      );
      const other = working.find((c) => c.token.sub !== null && token.sub !== null && c.token.sub !== token.sub);
      const same = working.find((c) => c.token.sub === token.sub);
      if (denied && other && !same) yield wrong(subject, denied, other.token.sub ?? "", other.tokenEvidence);
      else if (unauthorised && token.sub !== null) {
        yield ruledOut(
          subject,
          say`The refusal is 401, so it was the token and not what its account ${code(token.sub, tokenEvidence)} may do${citing(headlineEvidence(unauthorised))}; the account's name only tells which release wrote the token`,
        );
      } else if (denied && same) {
        yield ruledOut(
          subject,
          say`Nodes that work present the same account, ${code(token.sub ?? "", same.tokenEvidence)}`,
        );
      }
    });
  },
  known: [
    known(
      "Up to v3.25 Calico's plugin used the account `calico-node`, from v3.26 on `calico-cni-plugin`",
      CALICO_TOKEN_WATCH,
    ),
  ],
  consequence: () => ({
    ...NO_CONSEQUENCE,
    stops: "the token names its account; why an old token was left in use was not found",
  }),
  references: [CALICO_ERRORS, CALICO_TOKEN_WATCH],
  falsePositives: ["a cluster whose manifest names its own account for the plugin"],
  examples: {
    found: ["cni/wrong-service-account.yaml"],
    refuted: ["cni/token-pod-gone.yaml"],
    undetermined: ["cni/kubeconfig-not-collected.yaml"],
  },
  tags: ["calico", "cni", "rbac", "token"],
});

function wrong(subject: Subject, denied: Found, expected: string, evidence: Parameters<typeof code>[1]) {
  const { node, token, tokenEvidence } = subject.credential;
  return found({
    subject: subject.subject,
    about: subject.about,
    since: token.iat,
    lastSeen: denied.lastSeen,
    unverified: subject.credential.unverified,
    value: { node },
    statements: [
      say`On ${code(node, tokenEvidence)} the CNI plugin is given the token of the account ${code(token.sub ?? "", tokenEvidence)}, while nodes that work have that of ${code(expected, evidence)}`,
      say`The API server denied that account with 403 ${citing(headlineEvidence(denied))}`,
    ],
  });
}
