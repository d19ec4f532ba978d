import type { Finding } from "#model/finding.js";
import { type Consequence, defineRule, effect, found, NO_CONSEQUENCE, undetermined } from "#model/rule.js";
import { citing, code, known, say, time } from "#model/statement.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { acceptedLike, acceptedWith } from "./_accepted.js";
import { askWith } from "./_ask-with.js";
import { pluginValue } from "./_credential-words.js";
import { freshActions, freshFix } from "./_fresh-repair.js";
import { freshTokenOrWriter } from "./_fresh-token.js";
import { BEARER_TOKEN } from "./_references.js";
import { eachCredential, outOfStep, untried } from "./_refusal.js";
import { ruledOut, ruledOutByList } from "./_ruled-out.js";
import { agentOf } from "./_writer.js";

export default defineRule({
  id: "token-signing-key-changed",
  title: "the token was signed with a key that the API server no longer publishes",
  label: "CNI token signed with a replaced key",
  asks: "How did the plugin come to hold a token that the API server does not accept?",
  kind: "mechanism",
  needs: { jwks: "kube.jwks", kubeconfigs: "kubeconfig" },
  uses: ["cni-hostpath-mount-stale-inode", "cni-conf-dir-diverged", "sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ jwks }, context) {
    yield* eachCredential(context, "401", function* (subject) {
      const { token, tokenEvidence, node, real } = subject.credential;
      const published = jwks.all[0];
      if (token.kind !== "jwt" || token.kid === null) return;
      if (!published) {
        yield undetermined({
          subject: subject.subject,
          about: subject.about,
          missing: [jwks.missing("the keys that the API server publishes")],
        });
      } else if (published.value.kids.includes(token.kid)) {
        yield ruledOutByList(
          subject,
          jwks,
          "the keys that the API server publishes",
          say`The token's key id ${code(token.kid, tokenEvidence)} is among those that the API server publishes ${citing(published.evidence)}`,
          context,
        );
      } else {
        const { kid } = token;
        const { refusal } = subject;
        const like = acceptedLike(context, refusal, (other) => other.kid === kid);
        if (like) {
          yield ruledOut(subject, acceptedWith(like, "of the same key", code(kid, tokenEvidence)));
          return;
        }
        // What it publishes is not all that it accepts: one of several API servers may have been asked, or a cache.
        const older =
          outOfStep(subject.credential, jwks, "the keys that the API server publishes", context) ??
          (refusal
            ? null
            : untried(
                subject.credential,
                jwks,
                `whether the API server accepts the key ${kid}, which it does not publish`,
              ));
        if (older) {
          yield undetermined({ subject: subject.subject, about: subject.about, missing: [older] });
          return;
        }
        const agent = agentOf(subject.credential, context);
        const fresh = freshTokenOrWriter(subject.credential, agent, context, (other) => other.kid !== kid);
        yield found({
          subject: subject.subject,
          about: { ...subject.about, path: [real] },
          // The token tells when it was issued, not when the API server stopped accepting it.
          since: null,
          lastSeen: seenAt(subject.credential.kubeconfig, context.moment),
          unverified: subject.credential.unverified,
          value: { node, path: real, kid, ...pluginValue(subject.credential), ...fresh.value },
          statements: [
            say`The token that the CNI plugin on ${code(node, tokenEvidence)} is given is signed with the key ${code(token.kid, tokenEvidence)}, which the API server does not publish ${citing(published.evidence)}`,
            ...(token.iat ? [say`It was issued at ${time(token.iat, tokenEvidence)}`] : []),
            ...fresh.statements,
          ],
        });
      }
    });
  },
  known: [known("A token whose signature fits no known key is refused whatever its `exp` says", BEARER_TOKEN)],
  consequence,
  references: [BEARER_TOKEN],
  falsePositives: ["several API servers that publish different keys while a replacement is under way"],
  examples: {
    found: ["cni/signing-key-changed.yaml"],
    refuted: ["cni/token-pod-gone.yaml", "cni/calls-asked-nobody.yaml"],
    undetermined: ["cni/kubeconfig-not-collected.yaml"],
  },
  tags: ["token", "control-plane"],
});

function consequence(finding: Finding): Consequence {
  const { node, path, kid } = finding.value;
  return {
    ...NO_CONSEQUENCE,
    fix: freshFix(finding, [
      {
        run: "kubectl get --raw /openid/v1/jwks",
        expect: `the keys in force, the same each time it is asked, and not ${String(kid ?? "")}; where the answers differ, settle first which key the API servers keep`,
      },
    ]),
    verify: [askWith(String(node ?? ""), String(path ?? ""), finding.value), probeNode(String(node ?? ""))],
    actions: [
      ...freshActions(finding),
      {
        title:
          "Restart what holds copied tokens whenever the API server's signing key is replaced, and keep the old key published until then",
        type: "process",
        priority: "High",
        doneWhen: "the procedure for replacing the key names every file with a copied token and how it is refreshed",
      },
    ],
    questions: ["Who replaced the API server's signing key, and when?"],
    stops: "the key is gone from the API server; who replaced it is not in the evidence",
  };
}
