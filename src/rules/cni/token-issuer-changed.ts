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
import { K8S_CLAIMS } from "./_references.js";
import { eachCredential, outOfStep, youngerToken } from "./_refusal.js";
import { ruledOut, ruledOutByList } from "./_ruled-out.js";
import { agentOf } from "./_writer.js";

/** The issuer of tokens from secrets: the API server accepts it whatever its own name (pkg/serviceaccount/legacy.go). */
const LEGACY_ISSUER = "kubernetes/serviceaccount";

export default defineRule({
  id: "token-issuer-changed",
  title: "the token names an issuer that the API server no longer is",
  label: "CNI token of a former issuer",
  asks: "How did the plugin come to hold a token that the API server does not accept?",
  kind: "mechanism",
  needs: { issuers: "kube.issuer", kubeconfigs: "kubeconfig" },
  uses: ["cni-hostpath-mount-stale-inode", "cni-conf-dir-diverged", "sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ issuers, kubeconfigs }, context) {
    yield* eachCredential(context, "401", function* (subject) {
      const { token, tokenEvidence, node, real } = subject.credential;
      if (token.kind !== "jwt" || token.iss === null) return;
      if (token.iss === LEGACY_ISSUER) {
        yield ruledOut(
          subject,
          say`The token's issuer ${code(token.iss, tokenEvidence)} is that of tokens from secrets, which the API server accepts beside its own`,
        );
        return;
      }
      const server = issuers.all[0];
      const { refusal } = subject;
      const like = acceptedLike(context, refusal, (other) => other.iss === token.iss);
      const younger = youngerToken(subject, kubeconfigs.all, context, (other) => other.iss === token.iss);
      if (server?.value.issuer === token.iss) {
        yield ruledOutByList(
          subject,
          issuers,
          "the issuer that the API server names",
          say`The token's issuer ${code(token.iss, tokenEvidence)} is the API server's ${citing(server.evidence)}`,
          context,
        );
      } else if (like) {
        yield ruledOut(subject, acceptedWith(like, "of the same issuer", code(token.iss, tokenEvidence)));
      } else if (younger?.value.token.iat) {
        yield ruledOut(
          subject,
          say`A token issued later, at ${time(younger.value.token.iat, younger.evidence)}, names the same issuer ${code(token.iss, tokenEvidence)}`,
        );
      } else if (!server) {
        yield undetermined({
          subject: subject.subject,
          about: subject.about,
          missing: [issuers.missing("the issuer that the API server names")],
        });
      } else if (refusal) {
        // Two names differ in any cluster that accepts both: without a refusal that says nothing.
        const older = outOfStep(subject.credential, issuers, "the issuer that the API server names", context);
        if (older) {
          yield undetermined({ subject: subject.subject, about: subject.about, missing: [older] });
          return;
        }
        const { issuer } = server.value;
        const agent = agentOf(subject.credential, context);
        const fresh = freshTokenOrWriter(subject.credential, agent, context, (other) => other.iss === issuer);
        yield found({
          subject: subject.subject,
          about: { ...subject.about, path: [real] },
          // The token tells when it was issued, not when the API server stopped accepting it.
          since: null,
          lastSeen: seenAt(subject.credential.kubeconfig, context.moment),
          unverified: [
            ...subject.credential.unverified,
            "the API server may accept further issuers than the one it names",
          ],
          value: { node, path: real, was: token.iss, issuer, ...pluginValue(subject.credential), ...fresh.value },
          statements: [
            say`The token that the CNI plugin on ${code(node, tokenEvidence)} is given was issued by ${code(token.iss, tokenEvidence)}, and the API server now calls itself ${code(server.value.issuer, server.evidence)}`,
            ...fresh.statements,
          ],
        });
      }
    });
  },
  known: [
    known(
      "The API server accepts tokens of the issuers in its flag --service-account-issuer only, and names the first of them",
      {
        source: "Kubernetes documentation, kube-apiserver --service-account-issuer",
        version: "documentation, 2026",
      },
    ),
  ],
  consequence,
  references: [K8S_CLAIMS],
  falsePositives: ["an API server that still accepts the earlier issuer as a second one"],
  examples: {
    found: ["cni/issuer-changed.yaml"],
    refuted: ["cni/token-pod-gone.yaml", "cni/calls-asked-nobody.yaml"],
    undetermined: ["cni/kubeconfig-not-collected.yaml"],
  },
  tags: ["token", "control-plane"],
});

function consequence(finding: Finding): Consequence {
  const { node, path, was, issuer } = finding.value;
  return {
    ...NO_CONSEQUENCE,
    fix: freshFix(finding, [
      {
        run: "kubectl get --raw /.well-known/openid-configuration",
        expect: `"issuer":"${String(issuer ?? "")}", the name that is to stay; where the former one is wanted back, mend the API server's flag --service-account-issuer instead`,
      },
    ]),
    verify: [askWith(String(node ?? ""), String(path ?? ""), finding.value), probeNode(String(node ?? ""))],
    actions: [
      ...freshActions(finding),
      {
        title: `Name the former issuer as a second --service-account-issuer of the API server for as long as tokens of it are about`,
        type: "process",
        priority: "High",
        doneWhen: `the procedure for changing the issuer keeps the former one accepted, as ${String(was ?? "")} was not, until every copied token was replaced`,
      },
    ],
    questions: ["Who changed the API server's issuer, and were both issuers accepted for a time?"],
    stops: "the two names differ; who changed the API server's flag is not in the evidence",
  };
}
