import type { Finding } from "#model/finding.js";
import { type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { ACCOUNT, permissionOf } from "./_denied.js";

/** A grant is right only for the account that the plugin is meant to use: the one whose token it is given. To any other it does harm. */
export function deniedConsequence(finding: Finding): Consequence {
  const text = (key: string): string => String(finding.value[key] ?? "");
  const [user, resource] = [text("user"), text("resource")];
  const [, namespace, account] = ACCOUNT.exec(user) ?? [];
  const { holder } = finding.value;
  const probes = (finding.about.node ?? []).map(probeNode);
  if (!namespace || !account || (holder !== null && holder !== user)) return ofAnother(user, finding, probes);
  const canI = `kubectl auth can-i ${permissionOf({ verb: text("verb"), resource, subresource: text("subresource"), namespace: text("namespace") })} --as=${shellWord(user)}`;
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
        title: `Check after each change of RBAC or of the CNI manifest that the plugin's account may ${resource === "" ? "read ClusterInformation" : `${text("verb")} ${resource}${text("subresource") === "" ? "" : `/${text("subresource")}`}`}`,
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
