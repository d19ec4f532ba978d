import type { Fact, FactKind } from "#model/fact.js";
import type { Finding, Found, Outcome } from "#model/finding.js";
import {
  type Consequence,
  defineRule,
  effect,
  type FactView,
  found,
  NO_CONSEQUENCE,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { citing, code, known, plainText, say } from "#model/statement.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { type Followed, nodeFiles } from "./_credential.js";
import { ANONYMOUS, deniedPermission, deniedUser, permissionOf } from "./_denied.js";
import { CALICO_ERRORS } from "./_references.js";
import { answered, headlineEvidence, refusedWith, ruledOutByText } from "./_refusal.js";

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
      if (denied && !otherCause.has(node))
        yield deniedOn(node, denied, files.get(node)?.followed, context.derive(kubeconfigs).on(node));
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
  consequence,
  references: [CALICO_ERRORS],
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

function deniedOn(
  node: string,
  denied: Found,
  followed: Followed | undefined,
  files: readonly Fact<"kubeconfig">[],
): Outcome {
  const evidence = headlineEvidence(denied);
  const user = deniedUser(denied);
  if (user === ANONYMOUS) {
    const bare = files.find((k) => k.value.valid && k.value.token.kind === "absent");
    const told = say`The message on ${code(node, evidence)} names the user ${code(user, evidence)}: the call carried no token, and no account was denied anything`;
    return ruledOutByText(node, "403", bare ? say`${told}; ${code(bare.value.path, bare.evidence)} holds none` : told);
  }
  const credential = followed?.state === "followed" ? followed.credential : null;
  const { token, tokenEvidence, real } = credential ?? {};
  const isOther = user !== null && token?.sub != null && token.sub !== user;
  return found({
    subject: node,
    about: { node: [node], error: ["403"] },
    since: denied.since,
    lastSeen: denied.lastSeen,
    unverified: [
      ...(credential ? [] : ["the account of the token was not seen"]),
      ...(isOther ? ["which file the token of that call came from was not seen"] : []),
    ],
    value: { node, ...deniedPermission(denied), user, holder: token?.sub ?? null },
    statements: [
      user === null
        ? say`On ${code(node, evidence)} the API server answered the CNI plugin with 403: it accepted the token and denied its account permission`
        : say`On ${code(node, evidence)} the API server answered the CNI plugin with 403: it took the caller for ${code(user, evidence)} and denied that account permission`,
      ...(isOther && token?.sub && tokenEvidence
        ? [
            say`The token in ${code(real ?? "", tokenEvidence)}, which the configuration names, is of another account, ${code(token.sub, tokenEvidence)}${citing(evidence)}`,
          ]
        : []),
    ],
  });
}

/** The account that a service account's user name names. */
const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

function consequence(finding: Finding): Consequence {
  const [user = "", verb = "", resource = ""] = ["user", "verb", "resource"].map((k) => String(finding.value[k] ?? ""));
  const canI = `kubectl auth can-i ${permissionOf({ verb, resource })} ${user ? `--as=${shellWord(user)}` : "--as <the user that the message names>"}`;
  const [, namespace, account] = ACCOUNT.exec(user ?? "") ?? [];
  // Only the account whose token the plugin is given is given the permission: another one is in no need of it.
  const fix =
    namespace && account && finding.value["holder"] === user && finding.ended === null
      ? restore(namespace, account, resource ?? "", canI)
      : [];
  return {
    ...NO_CONSEQUENCE,
    fix,
    verify: [
      {
        run: canI,
        expect: "yes",
      },
      ...(finding.about.node ?? []).map(probeNode),
    ],
    actions: [
      ...(fix.length === 0
        ? []
        : [
            {
              title: `Give ${namespace}/${account} back the permission that was denied`,
              type: "repair" as const,
              priority: "Urgent" as const,
              doneWhen: `\`${canI}\` answers yes, and a pod with its own network can be created and deleted where calls were denied`,
            },
          ]),
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

/** The permission given back: found first, then bound again only where the role is there and the binding is not. */
function restore(namespace: string, account: string, resource: string, canI: string): Consequence["fix"] {
  const [ns, name] = [shellWord(namespace), shellWord(account)];
  // Upstream's manifests name the role and its binding as the account; of other plugins that is not known.
  const isCalico = resource.endsWith("projectcalico.org") && /^calico-(?:node|cni-plugin)$/.test(account);
  return [
    {
      step: `See what is missing: the permission, the ClusterRole that holds it, or the ClusterRoleBinding that gives it to ${namespace}/${account}.${isCalico ? ` Calico's manifests name both ${account}.` : ""}`,
      commands: [
        { run: canI, expect: "no, while the fault lasts" },
        {
          run: `kubectl get clusterrolebindings -o wide | grep -F ${shellWord(`${namespace}/${account}`)}`,
          expect: "one line for each binding, with its role; no output where none is left",
        },
        ...(isCalico
          ? [{ run: `kubectl describe clusterrole ${name}`, expect: "the rules, with what was denied among them" }]
          : []),
      ],
    },
    {
      step: isCalico
        ? `Give it back. Where the role lacks the rule, apply the ClusterRole ${account} of the manifest of the installed release; where only the binding is gone, make it again (the command fails, and changes nothing, where it exists).`
        : `Give it back: apply the ClusterRole and the ClusterRoleBinding of ${namespace}/${account} from the manifest of the installed release.`,
      commands: [
        ...(isCalico
          ? [
              {
                run: `kubectl get clusterrole ${name} && kubectl create clusterrolebinding ${name} --clusterrole=${name} --serviceaccount=${ns}:${name}`,
                expect: `clusterrolebinding.rbac.authorization.k8s.io/${account} created`,
              },
            ]
          : []),
        { run: canI, expect: "yes" },
      ],
    },
  ];
}
