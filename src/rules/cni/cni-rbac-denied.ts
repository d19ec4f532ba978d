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
import { saysCalico } from "#rules/kubelet/_sandbox-error.js";
import { type Led, type NodeFiles, nodeFiles } from "./_credential.js";
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
      if (denied && !otherCause.has(node)) yield deniedOn(node, denied, files, context.derive(kubeconfigs).on(node));
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
  holds: (_reference, { value }) => value["saysCalico"] === true,
  falsePositives: ["an authorisation webhook that fails closed for a moment"],
  examples: {
    found: ["cni/rbac-denied.yaml"],
    refuted: ["cni/token-pod-gone.yaml", "cni/kubeconfig-not-collected.yaml"],
    undetermined: ["cni/refusal-cut.yaml"],
  },
  tags: ["calico", "cni", "rbac"],
});

/** The account that a service account's user name names. */
const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** Calico's words before either answer, and no answer behind them. */
const isCut = (call: Found): boolean =>
  (call.about.error ?? []).every((e) => e.startsWith("other:")) &&
  call.statements.some((s) => plainText(s).includes("connection is unauthorized"));

/** The kubeconfigs; once per moment. */
const kubeconfigs = (view: <K extends FactKind>(kind: K) => FactView<K>): FactView<"kubeconfig"> => view("kubeconfig");

function deniedOn(
  node: string,
  denied: Found,
  nodes: ReadonlyMap<string, NodeFiles>,
  files: readonly Fact<"kubeconfig">[],
): Outcome {
  const followed = nodes.get(node)?.followed;
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
  const astray = user === null || ACCOUNT.test(user) ? null : ledAstray(node, nodes);
  return found({
    subject: node,
    about: { node: [node], error: ["403"] },
    since: denied.since,
    lastSeen: denied.lastSeen,
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
      ...(astray?.statements ?? []),
    ],
  });
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

/** A grant is right only for the account that the plugin is meant to use: the one whose token it is given. To any other it does harm. */
function consequence(finding: Finding): Consequence {
  const [user = "", verb = "", resource = ""] = ["user", "verb", "resource"].map((k) => String(finding.value[k] ?? ""));
  const [, namespace, account] = ACCOUNT.exec(user) ?? [];
  const { holder } = finding.value;
  const probes = (finding.about.node ?? []).map(probeNode);
  if (!namespace || !account || (holder !== null && holder !== user)) return ofAnother(user, finding, probes);
  const canI = `kubectl auth can-i ${permissionOf({ verb, resource })} --as=${shellWord(user)}`;
  const fix = holder === user && finding.ended === null ? restore(namespace, account, resource, canI) : [];
  return {
    ...NO_CONSEQUENCE,
    fix,
    verify: [...(holder === user ? [{ run: canI, expect: "yes" }] : []), ...probes],
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
    questions: [
      holder === user
        ? "Which change removed the permission, and by whom was it reviewed?"
        : `Is ${user} the account that the CNI plugin is meant to use, and which change removed its permission or gave the plugin its token?`,
    ],
    stops:
      holder === user
        ? "the refusal names the account; what changed its permissions is not in the evidence"
        : "the refusal names the account; whether the plugin is meant to use it is not in the evidence",
  };
}

/** The call was made as somebody whom the configuration does not name, or as none of the cluster's accounts: it need not have any right. */
function ofAnother(user: string, { value, ended }: Finding, verify: Consequence["verify"]): Consequence {
  const [node, conf, led, meant, peer] = ["node", "conf", "led", "meant", "peer"].map((key) =>
    String(value[key] ?? ""),
  );
  const asWhom = user === "" ? "somebody whom the message does not name" : user;
  return {
    ...NO_CONSEQUENCE,
    fix: meant === "" || ended !== null ? [] : [renamed({ node, conf, led, meant, peer })],
    verify,
    actions:
      meant === "" || ended !== null
        ? []
        : [
            {
              title: `Have ${conf} on ${node} name ${meant}, as on ${peer}`,
              type: "repair",
              priority: "Urgent",
              doneWhen: `a pod with its own network can be created and deleted on ${node}`,
            },
          ],
    questions: [
      led === ""
        ? `With which file did the CNI plugin ask as ${asWhom}, and who or what led it there?`
        : `Who or what had ${conf} on ${node} name ${led}?`,
    ],
    stops:
      led === ""
        ? `the refusal names ${asWhom}${typeof value["holder"] === "string" ? `, and the file that the configuration names holds the token of ${value["holder"]}` : ", which is no service account"}; with which file the plugin asked is not in the evidence`
        : `${conf} on ${node} names ${led}; who or what wrote it so is not in the evidence`,
  };
}

/** Rights are no repair here: what is given to a node's identity or an administrator's is given to all who hold it. */
function renamed(of: Readonly<Record<string, string | undefined>>): Consequence["fix"][number] {
  const { node = "", conf = "", led = "", meant = "", peer = "" } = of;
  return {
    step: `Have ${conf} on ${node} name ${meant}, as on ${peer}, and find what writes it: the CNI agent's installer does, from its settings (KUBECONFIG, CNI_NETWORK_CONFIG), when it starts. Do not give the identity in ${led} the permission.`,
    commands: [
      {
        run: `# on ${shellWord(node)}, as root: when was it written, and is the file that the peers use there?\nstat -c '%y %n' ${shellWord(conf)} ${shellWord(meant)}`,
        expect: "two times; where the second file is missing, the installer has to write it first",
      },
      {
        run: `# on ${shellWord(node)}, as root, after the repair\ngrep -n kubeconfig ${shellWord(conf)}`,
        expect: meant,
      },
    ],
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
