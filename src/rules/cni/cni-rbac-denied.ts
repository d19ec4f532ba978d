import type { FactKind } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { latestOf, order } from "#model/instant.js";
import { defineRule, effect, type FactView, found, type MatchContext, undetermined } from "#model/rule.js";
import { citing, code, known, plainText, type Statement, say } from "#model/statement.js";
import { saysCalico } from "#rules/kubelet/_sandbox-error.js";
import { acceptances, acceptedWith } from "./_accepted.js";
import { type Credential, type Led, type NodeFiles, nodeFiles } from "./_credential.js";
import { pluginValue } from "./_credential-words.js";
import { ACCOUNT, ANONYMOUS, deniedPermission, deniedUser } from "./_denied.js";
import { deniedConsequence } from "./_denied-repair.js";
import { CALICO_ERRORS } from "./_references.js";
import { answered, callNodes, headlineEvidence, refusedOn, refusedWith } from "./_refusal.js";
import { ruledOutByText } from "./_ruled-out.js";

export default defineRule({
  id: "cni-rbac-denied",
  title: "the API server knows the CNI plugin's account and denies it permission (403)",
  label: "CNI plugin denied permission",
  asks: "How was the plugin's request refused?",
  kind: "mechanism",
  needs: { events: "kube.event", logs: "log" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox", "cni-token-wrong-service-account"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ logs }, context) {
    const otherCause = new Set(context.findings("cni-token-wrong-service-account").flatMap((f) => f.about.node ?? []));
    const files = context.derive(nodeFiles);
    // The answer itself says whether the token was accepted: the token need not have been seen.
    for (const node of refusedWith(context, "403")) {
      const denied = answered(context, node, "403");
      if (denied && !otherCause.has(node)) yield deniedOn(node, denied, files, context);
    }
    for (const call of [...context.findings("sym:failed-kill-pod"), ...context.findings("sym:failed-create-sandbox")]) {
      const [node] = call.about.node ?? [];
      if (node === undefined || !isCut(call) || answered(context, node, "401") || answered(context, node, "403"))
        continue;
      const what = `the end of the error on ${node}, which tells 401 from 403`;
      yield undetermined({
        subject: node,
        about: { node: [node], error: ["403"] },
        missing: [logs.missing(what, node)],
      });
    }
    for (const node of refusedWith(context, "401")) {
      const unauthorised = answered(context, node, "401");
      if (!unauthorised || answered(context, node, "403")) continue;
      yield ruledOutByText(
        node,
        "403",
        say`The error ends in ${code("Unauthorized", headlineEvidence(unauthorised))}, which is 401; a denied permission would be 403 and name the user`,
      );
    }
  },
  known: [
    known(
      "Calico puts the same words, `connection is unauthorized`, before 401 and 403: what follows them tells which it was",
      CALICO_ERRORS,
    ),
  ],
  consequence: deniedConsequence,
  references: [CALICO_ERRORS],
  holds: (_reference, { value }) => value["saysCalico"] === true,
  falsePositives: ["an authorisation webhook that fails closed for a moment"],
  examples: {
    found: ["cni/rbac-denied.yaml"],
    refuted: ["cni/token-pod-gone.yaml", "cni/kubeconfig-not-collected.yaml"],
    undetermined: ["cni/refusal-cut.yaml"],
  },
  tags: ["calico", "cni", "rbac"],
});

/** Calico's words before either answer, and no answer behind them. */
const isCut = (call: Found): boolean =>
  (call.about.error ?? []).every((e) => e.startsWith("other:")) &&
  call.statements.some((s) => plainText(s).includes("connection is unauthorized"));

/** The kubeconfigs; once per moment. */
const kubeconfigs = (view: <K extends FactKind>(kind: K) => FactView<K>): FactView<"kubeconfig"> => view("kubeconfig");

function deniedOn(node: string, denied: Found, nodes: ReadonlyMap<string, NodeFiles>, context: MatchContext): Outcome {
  const evidence = headlineEvidence(denied);
  const user = deniedUser(denied);
  if (user === ANONYMOUS) {
    const bare = context
      .derive(kubeconfigs)
      .on(node)
      .find((k) => k.value.valid && k.value.token.kind === "absent");
    const told = say`The message on ${code(node, evidence)} names the user ${code(user, evidence)}: the call carried no token, and no account was denied anything`;
    return ruledOutByText(node, "403", bare ? say`${told}; ${code(bare.value.path, bare.evidence)} holds none` : told);
  }
  const credential = credentialOf(user, nodes.get(node));
  const { token, tokenEvidence, real } = credential ?? {};
  const back = givenBack(denied, user, credential, context);
  const isOther = user !== null && token?.sub != null && token.sub !== user;
  const astray = user === null || ACCOUNT.test(user) ? null : ledAstray(node, nodes);
  return found({
    subject: node,
    about: { node: [node], error: ["403"] },
    since: denied.since,
    lastSeen: denied.lastSeen,
    over: back !== null,
    ending: back,
    unverified: [
      ...(credential ? [] : ["what the plugin's credential holds was not seen"]),
      ...(isOther ? ["which file the token of that call came from was not seen"] : []),
    ],
    value: {
      node,
      saysCalico: saysCalico(String(denied.value["message"] ?? "")),
      ...deniedPermission(denied),
      user,
      holder: token?.sub ?? null,
      ...astray?.value,
    },
    statements: [
      user === null
        ? say`On ${code(node, evidence)} the API server answered the CNI plugin with 403: it knew the caller, whom the message does not name, and denied it permission`
        : say`On ${code(node, evidence)} the API server answered the CNI plugin with 403: it took the caller for ${code(user, evidence)} and denied it permission`,
      ...(isOther && token?.sub && tokenEvidence
        ? [
            say`The token in ${code(real ?? "", tokenEvidence)}, which the configuration names, is of another account, ${code(token.sub, tokenEvidence)}${citing(evidence)}`,
          ]
        : []),
      ...(credential && !credential.isOnly && token?.sub === user && tokenEvidence
        ? [
            say`The token in ${code(real ?? "", tokenEvidence)}, which ${code(credential.plugin.type, ...credential.path)} is given, is of that account`,
          ]
        : []),
      ...(astray?.statements ?? []),
      ...(back ? [back] : []),
    ],
  });
}

/**
 * A pod that got its network with a token of that account after the last call that was denied: Calico's plugin asks for ClusterInformation at
 * every call (calico cni-plugin/pkg/plugin/plugin.go, v3.29.3), so the right is there. Of other rights that says nothing.
 */
function givenBack(
  denied: Found,
  user: string | null,
  credential: Credential | null,
  context: MatchContext,
): Statement | null {
  if (user === null || credential?.token.sub !== user || pluginValue(credential).plugin !== undefined) return null;
  if (!deniedPermission(denied).resource.startsWith("clusterinformations.")) return null;
  const calls = callNodes(context).flatMap((node) => refusedOn(context, node));
  const last = calls
    .filter((call) => deniedUser(call) === user)
    .map((call) => call.lastSeen)
    .reduce(latestOf, null);
  const got = [...context.derive(acceptances).values()].find(
    (a) => a.credential.token.sub === user && last !== null && order(last, a.after) === "before",
  );
  return got ? acceptedWith(got, "of the same account", code(user, got.credential.tokenEvidence)) : null;
}

/** Of several credentials that the configuration names the one of the account that was denied. */
function credentialOf(user: string | null, files: NodeFiles | undefined): Credential | null {
  const all = (files?.chain ?? []).flatMap(({ followed }) =>
    followed.state === "followed" ? [followed.credential] : [],
  );
  const first = files?.followed.state === "followed" ? files.followed.credential : null;
  return all.find((c) => c.token.sub === user) ?? first;
}

/** The plugin asks as none of the cluster's accounts: which file its configuration names, and which the other nodes' do. */
function ledAstray(node: string, nodes: ReadonlyMap<string, NodeFiles>) {
  const followed = nodes.get(node)?.followed;
  const led = followed && "led" in followed ? followed.led : undefined;
  if (!led) return null;
  const peers = [...nodes].flatMap(([peer, { followed }]) =>
    peer !== node && followed.state === "followed" && followed.credential.plugin.type === typeOf(led)
      ? [followed.credential]
      : [],
  );
  const [first] = peers;
  const differs = first && peers.every((p) => p.named === first.named) && first.named !== led.named ? first : null;
  return {
    value: {
      conf: led.netconf.value.path,
      led: led.named,
      ...(differs ? { meant: differs.named, peer: differs.node } : {}),
    },
    statements: [
      say`Its configuration ${code(led.netconf.value.path, led.netconf.evidence)} leads the plugin there to ${code(led.named, led.evidence)}`,
      ...(differs
        ? [
            say`That of ${code(differs.node, differs.path[0])} leads it to ${code(differs.named, differs.path[0])}, which holds the token of ${code(differs.token.sub ?? "an unnamed account", differs.tokenEvidence)}`,
          ]
        : []),
    ],
  };
}

const typeOf = ({ netconf, named }: Led): string | undefined =>
  netconf.value.plugins.find((p) => p.kubeconfig === named)?.type;
