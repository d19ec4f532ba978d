import type { Found, Outcome } from "#model/finding.js";
import { order } from "#model/instant.js";
import {
  defineRule,
  effect,
  type FactView,
  found,
  type MatchContext,
  NO_CONSEQUENCE,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { citing, code, known, type Statement, say, time } from "#model/statement.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { type Acceptance, acceptedLike, acceptedWith } from "./_accepted.js";
import { type Credential, type NodeFiles, nodeFiles } from "./_credential.js";
import { ofItsPlugin, pluginValue } from "./_credential-words.js";
import { ANONYMOUS, deniedPermission, deniedUser, permissionOf } from "./_denied.js";
import { freshActions, freshFix, freshQuestions, freshStop } from "./_fresh-repair.js";
import { type FreshToken, freshToken } from "./_fresh-token.js";
import { CALICO_ERRORS, CALICO_TOKEN_WATCH } from "./_references.js";
import { answered, eachCredential, headlineEvidence, refusedOn, refusedWith, type Subject } from "./_refusal.js";
import { ruledOut, ruledOutByText } from "./_ruled-out.js";
import { type Agent, agentOf, writtenAccount } from "./_writer.js";

/**
 * The account's name alone only dates a token to a release. It is a cause where the API server denied that account (403) while another
 * node's works, which a pod shows that got its network with it, or while
 * the installed agent writes the token of another.
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
  *match({ kubeconfigs }, context) {
    const files = context.derive(nodeFiles);
    for (const node of refusedWith(context, "401")) {
      const unauthorised = answered(context, node, "401");
      // An answer to a caller that is not known, perhaps by another server, says nothing of a token's account.
      const own = (files.get(node)?.chain ?? []).every((link) => link.accused.state !== "unsaid");
      if (unauthorised && own && !answered(context, node, "403"))
        yield notTheAccount(node, unauthorised, files.get(node));
    }
    const denied = new Set(refusedWith(context, "403"));
    for (const outcome of eachCredential(context, "403", (subject) => judge(subject, files, kubeconfigs, context)))
      if (denied.has(outcome.about.node?.[0] ?? "")) yield outcome;
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
    verify: [probeNode(String(finding.value["node"] ?? ""))],
    actions: freshActions(finding),
    questions: freshQuestions(finding),
    stops: freshStop(finding) ?? "the token names its account; why an old token was left in use was not found",
  }),
  references: [CALICO_ERRORS, CALICO_TOKEN_WATCH],
  holds: ofItsPlugin,
  falsePositives: ["a cluster whose manifest names its own account for the plugin"],
  examples: {
    found: ["cni/wrong-service-account.yaml"],
    refuted: ["cni/token-pod-gone.yaml", "cni/kubeconfig-not-collected.yaml"],
    undetermined: ["cni/wrong-account-not-collected.yaml"],
  },
  tags: ["calico", "cni", "rbac", "token"],
});

/** An account that is denied: another than that of the nodes that work? */
function* judge(
  subject: Subject,
  files: ReadonlyMap<string, NodeFiles>,
  kubeconfigs: FactView<"kubeconfig">,
  context: MatchContext,
): Iterable<Outcome> {
  const { node, token, tokenEvidence } = subject.credential;
  const denied = subject.refusal;
  if (!denied || token.sub === null) return;
  const user = deniedUser(denied);
  if (user !== null && user !== token.sub) {
    // Of several credentials that the configuration names another is of that account, and is judged by itself.
    const isOthers = (files.get(node)?.chain ?? []).some(
      ({ followed }) => followed.state === "followed" && followed.credential.token.sub === user,
    );
    if (user !== ANONYMOUS && !isOthers)
      yield open(subject, `which file on ${node} held the token of ${user}, which was denied`, kubeconfigs);
    return;
  }
  const installed = installedFor(subject.credential, context);
  const fresh = (sub: string | null, account?: string): FreshToken =>
    freshToken(subject.credential, agentOf(subject.credential, context), context, (t) =>
      sub === null ? t.serviceAccount?.name === account : t.sub === sub,
    );
  const same = acceptedLike(context, denied, ({ sub }) => sub === token.sub);
  const other = acceptedLike(context, denied, ({ sub }) => sub !== null && sub !== token.sub);
  if (same) yield ruledOut(subject, acceptedWith(same, "of the same account", code(token.sub, tokenEvidence)));
  else if (other) yield wrong(subject, denied, workingElsewhere(other), [], fresh(other.credential.token.sub));
  else if (installed)
    yield installed.account === token.serviceAccount?.name
      ? asInstalled(subject, installed)
      : wrong(
          subject,
          denied,
          ofRelease(installed),
          [`that the account ${installed.account} has the permission`],
          fresh(null, installed.account),
        );
  else {
    const untested = [...files].flatMap(([peer, { followed }]) =>
      peer !== node && followed.state === "followed" && refusedOn(context, peer).length === 0
        ? [followed.credential]
        : [],
    );
    const peer = untested.find((c) => c.token.sub !== null && c.token.sub !== token.sub);
    if (peer)
      yield undetermined({
        subject: subject.subject,
        about: subject.about,
        missing: [
          {
            ...kubeconfigs.missing(
              `whether the account of ${peer.node}, ${peer.token.sub}, has the permission`,
              peer.node,
            ),
            why: "no call with its token is in evidence",
            command: `kubectl auth can-i ${permissionOf(deniedPermission(denied))} --as ${shellWord(peer.token.sub ?? "")}`,
          },
        ],
      });
  }
}

const open = (subject: Subject, what: string, view: FactView<"kubeconfig">): Outcome =>
  undetermined({
    subject: subject.subject,
    about: subject.about,
    missing: [
      { ...view.missing(what, subject.credential.node), why: "the file that was named holds another account's" },
    ],
  });

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

/** The account of which the agent on the node writes the token, and what shows it. */
interface Installed {
  readonly account: string;
  readonly agent: Agent;
}

function installedFor(credential: Credential, context: MatchContext): Installed | null {
  const agent = agentOf(credential, context);
  const account = agent && writtenAccount(agent.target);
  return agent && account ? { account, agent } : null;
}

const asInstalled = (subject: Subject, { account, agent }: Installed): Outcome =>
  ruledOut(
    subject,
    say`The account ${code(account, subject.credential.tokenEvidence)} is the one of which the installed agent ${code(agent.pod.value.name, ...agent.evidence)} writes the token`,
  );

const ofRelease = ({ account, agent }: Installed): Statement =>
  say`The installed agent ${code(agent.pod.value.name, ...agent.evidence)} writes the token of ${code(account, ...agent.evidence)}`;

const workingElsewhere = ({ credential, pod, after, evidence }: Acceptance): Statement =>
  say`With that of ${code(credential.token.sub ?? "", credential.tokenEvidence)} ${code(pod, ...evidence)}, made on ${code(credential.node, credential.tokenEvidence)} at ${time(after, ...evidence)}, got its network`;

function wrong(
  subject: Subject,
  denied: Found,
  instead: Statement,
  unverified: readonly string[],
  fresh: FreshToken,
): Outcome {
  const { node, token, tokenEvidence, named } = subject.credential;
  return found({
    subject: subject.subject,
    about: subject.about,
    // The token tells when it was issued, not since when its account lacks the permission.
    since: null,
    lastSeen: denied.lastSeen,
    unverified: [...subject.credential.unverified, ...unverified],
    value: { node, path: named, ...pluginValue(subject.credential), ...fresh.value },
    statements: [
      say`On ${code(node, tokenEvidence)} the CNI plugin is given the token of the account ${code(token.sub ?? "", tokenEvidence)}, which the API server denied with 403 ${citing(headlineEvidence(denied))}`,
      instead,
      ...fresh.statements,
    ],
  });
}
