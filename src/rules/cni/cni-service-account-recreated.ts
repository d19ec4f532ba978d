import { cite } from "#model/fact.js";
import type { Finding } from "#model/finding.js";
import { type Consequence, defineRule, effect, found, NO_CONSEQUENCE, shellWord, undetermined } from "#model/rule.js";
import { citing, code, known, say, time } from "#model/statement.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { askWith } from "./_ask-with.js";
import { pluginValue } from "./_credential-words.js";
import { freshActions, freshFix } from "./_fresh-repair.js";
import { freshTokenOrWriter } from "./_fresh-token.js";
import { K8S_CLAIMS } from "./_references.js";
import { eachCredential, outOfStep, youngerToken } from "./_refusal.js";
import { ruledOut, ruledOutByList } from "./_ruled-out.js";
import { agentOf } from "./_writer.js";

export default defineRule({
  id: "cni-service-account-recreated",
  title: "the service account of the CNI plugin's token was deleted, or made anew with another uid",
  label: "CNI token of a deleted account",
  asks: "How did the plugin come to hold a token that the API server does not accept?",
  kind: "mechanism",
  needs: { accounts: "kube.serviceaccount", kubeconfigs: "kubeconfig" },
  uses: ["cni-hostpath-mount-stale-inode", "cni-conf-dir-diverged", "sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ accounts, kubeconfigs }, context) {
    yield* eachCredential(context, "401", function* (subject) {
      const { token, tokenEvidence, node, real } = subject.credential;
      const claimed = token.serviceAccount;
      if (!claimed || claimed.uid === null || token.namespace === null) return;
      const name = `${token.namespace}/${claimed.name}`;
      const account = accounts.all.find((a) => `${a.value.namespace}/${a.value.name}` === name);
      const coverage = accounts.coverage();
      const [absence] = coverage.searched(`service account ${name}`);
      if (account && account.value.uid === claimed.uid) {
        yield ruledOutByList(
          subject,
          accounts,
          "the list of service accounts",
          say`The account ${code(name, tokenEvidence)} exists with the uid that the token names ${citing(cite(account, "/metadata/uid"))}`,
          context,
        );
        return;
      }
      if (!account && (coverage.state !== "complete" || !absence)) {
        const peer = youngerToken(
          subject,
          kubeconfigs.all,
          context,
          (other) => other.sub === token.sub && other.serviceAccount?.uid === claimed.uid,
        );
        yield peer
          ? ruledOut(subject, say`A younger token is of the same account and uid, ${code(name, peer.evidence)}`)
          : undetermined({
              subject: subject.subject,
              about: subject.about,
              missing: [accounts.missing("the list of service accounts")],
            });
        return;
      }
      const shown = account ? cite(account, "/metadata/uid") : absence;
      if (!shown) return;
      const older = outOfStep(subject.credential, accounts, "the list of service accounts", context);
      if (older) {
        yield undetermined({ subject: subject.subject, about: subject.about, missing: [older] });
        return;
      }
      const agent = agentOf(subject.credential, context);
      const fresh = freshTokenOrWriter(
        subject.credential,
        agent,
        context,
        (t) => t.serviceAccount?.uid !== claimed.uid,
      );
      yield found({
        subject: subject.subject,
        about: { ...subject.about, path: [real] },
        // The earlier account had gone by then, and nothing says when.
        since: account?.value.created ?? null,
        ...(account?.value.created ? { sinceAtLatest: true } : {}),
        lastSeen: seenAt(subject.credential.kubeconfig, context.moment),
        unverified: subject.credential.unverified,
        value: {
          node,
          path: real,
          account: name,
          exists: account !== undefined,
          ...pluginValue(subject.credential),
          ...fresh.value,
        },
        statements: [
          account
            ? say`The token that the CNI plugin on ${code(node, tokenEvidence)} is given names the account ${code(name, tokenEvidence)} by a uid that it no longer has ${citing(shown)}`
            : say`The token that the CNI plugin on ${code(node, tokenEvidence)} is given names the account ${code(name, tokenEvidence)}, which does not exist ${citing(shown)}`,
          ...(account?.value.created
            ? [
                say`The account of that name was made at ${time(account.value.created, cite(account, "/metadata/creationTimestamp"))}`,
              ]
            : []),
          ...fresh.statements,
        ],
      });
    });
  },
  known: [known("The API server compares name and uid of the account at each authentication", K8S_CLAIMS)],
  consequence,
  references: [K8S_CLAIMS],
  falsePositives: ["a list of service accounts from another cluster"],
  examples: {
    found: ["cni/service-account-recreated.yaml"],
    refuted: ["cni/service-account-in-place.yaml"],
    undetermined: ["cni/kubeconfig-not-collected.yaml"],
  },
  tags: ["token", "cni"],
});

function consequence(finding: Finding): Consequence {
  const { node, path, account, exists } = finding.value;
  const [namespace, name] = String(account ?? "")
    .split("/")
    .map(shellWord);
  return {
    ...NO_CONSEQUENCE,
    fix: freshFix(finding, [
      {
        run: `kubectl -n ${namespace} get serviceaccount ${name} -o jsonpath='{.metadata.uid}'`,
        expect:
          exists === true
            ? "the uid of the account that is there now; where it says NotFound, apply the account of the CNI's manifest first"
            : "NotFound, while it is gone: then apply the account of the CNI's manifest, with its bindings, before all else",
      },
    ]),
    verify: [askWith(String(node ?? ""), String(path ?? ""), finding.value), probeNode(String(node ?? ""))],
    actions: [
      ...freshActions(finding),
      {
        title: `Keep the service account ${String(account ?? "")} out of what a clean-up, a reinstallation or a prune deletes`,
        type: "prevent",
        priority: "Medium",
        doneWhen:
          "a rehearsal of that procedure leaves the account's uid as it was, or replaces the CNI agent's pods right after",
      },
    ],
    questions: ["What deleted the service account: a reinstallation, a clean-up, a GitOps prune?"],
    stops: "the account's uid changed; what deleted it is not in the evidence",
  };
}
