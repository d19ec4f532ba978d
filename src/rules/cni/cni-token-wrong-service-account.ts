import type { Found, Outcome } from "#model/finding.js";
import { order } from "#model/instant.js";
import { defineRule, effect, found, type MatchContext, NO_CONSEQUENCE } from "#model/rule.js";
import { citing, code, known, say } from "#model/statement.js";
import { type Credential, type NodeFiles, nodeFiles } from "./_credential.js";
import { freshFix, freshQuestions, freshStop, freshToken } from "./_fresh-token.js";
import { CALICO_ERRORS, CALICO_TOKEN_WATCH } from "./_references.js";
import {
  answered,
  eachCredential,
  headlineEvidence,
  refusedOn,
  refusedWith,
  ruledOut,
  ruledOutByText,
  type Subject,
} from "./_refusal.js";
import { agentOn, agents } from "./_writer.js";

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
  uses: ["cni-hostpath-mount-stale-inode", "sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match(_facts, context) {
    const files = context.derive(nodeFiles);
    for (const node of refusedWith(context, "401")) {
      const unauthorised = answered(context, node, "401");
      if (unauthorised && !answered(context, node, "403")) yield notTheAccount(node, unauthorised, files.get(node));
    }
    const denied = new Set(refusedWith(context, "403"));
    for (const outcome of eachCredential(context, "403", (subject) => judge(subject, files, context)))
      if (denied.has(outcome.subject)) yield outcome;
  },
  known: [
    known(
      "Up to v3.25 Calico's plugin used the account `calico-node`, from v3.26 on `calico-cni-plugin`",
      CALICO_TOKEN_WATCH,
    ),
  ],
  consequence: (finding) => ({
    ...NO_CONSEQUENCE,
    fix: freshFix(finding),
    questions: freshQuestions(finding),
    stops: freshStop(finding) ?? "the token names its account; why an old token was left in use was not found",
  }),
  references: [CALICO_ERRORS, CALICO_TOKEN_WATCH],
  falsePositives: ["a cluster whose manifest names its own account for the plugin"],
  examples: {
    found: ["cni/wrong-service-account.yaml"],
    refuted: ["cni/token-pod-gone.yaml", "cni/kubeconfig-not-collected.yaml"],
    undetermined: ["cni/wrong-account-not-collected.yaml"],
  },
  tags: ["calico", "cni", "rbac", "token"],
});

/** An account that is denied: another than that of the nodes that work? */
function* judge(subject: Subject, files: ReadonlyMap<string, NodeFiles>, context: MatchContext): Iterable<Outcome> {
  const { node, token } = subject.credential;
  const denied = answered(context, node, "403");
  const working = [...files].flatMap(([peer, { followed }]) =>
    peer !== node && followed.state === "followed" && refusedOn(context, peer).length === 0
      ? [followed.credential]
      : [],
  );
  const other = working.find((c) => c.token.sub !== null && token.sub !== null && c.token.sub !== token.sub);
  const same = working.find((c) => c.token.sub === token.sub);
  if (denied && other && !same) yield wrong(subject, denied, other, context);
  else if (denied && same)
    yield ruledOut(
      subject,
      say`Nodes that work present the same account, ${code(token.sub ?? "", same.tokenEvidence)}`,
    );
}

/** The answer alone says so; the account is named where its token was seen, and not put there since. */
function notTheAccount(node: string, unauthorised: Found, files: NodeFiles | undefined): Outcome {
  const credential = files?.followed.state === "followed" ? files.followed.credential : null;
  const shown = headlineEvidence(unauthorised);
  const [written, last] = [credential?.file?.value.mtime ?? null, unauthorised.lastSeen];
  const sub = written && last && order(written, last, 0) === "after" ? null : credential?.token.sub;
  return ruledOutByText(
    node,
    "403",
    credential && sub
      ? say`The refusal is 401, so it was the token and not what its account ${code(sub, credential.tokenEvidence)} may do${citing(shown)}; the account's name only tells which release wrote the token`
      : say`The refusal is ${code("Unauthorized", shown)}, 401: so it was the token and not what its account may do`,
  );
}

function wrong(subject: Subject, denied: Found, working: Credential, context: MatchContext) {
  const { node, token, tokenEvidence, named } = subject.credential;
  const [expected, evidence] = [working.token.sub ?? "", working.tokenEvidence];
  const agent = agentOn(context.derive(agents), node);
  const fresh = freshToken(subject.credential, agent, context, (t) => t.sub === expected);
  return found({
    subject: subject.subject,
    about: subject.about,
    // The token tells when it was issued, not since when its account lacks the permission.
    since: null,
    lastSeen: denied.lastSeen,
    unverified: subject.credential.unverified,
    value: { node, path: named, ...fresh.value },
    statements: [
      say`On ${code(node, tokenEvidence)} the CNI plugin is given the token of the account ${code(token.sub ?? "", tokenEvidence)}, while nodes that work have that of ${code(expected, evidence)}`,
      say`The API server denied that account with 403 ${citing(headlineEvidence(denied))}`,
      ...fresh.statements,
    ],
  });
}
