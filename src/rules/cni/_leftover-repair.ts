import { baseName } from "#model/file-tree.js";
import type { Finding } from "#model/finding.js";
import { type Command, type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { takeAway, whichFirst } from "./_take-away.js";

type Fix = Consequence["fix"][number];

/** What follows where the runtime loads the configuration of a plugin that has no agent. */
export function leftoverConsequence(finding: Finding): Consequence {
  const text = (key: string): string => String(finding.value[key] ?? "");
  const [node, first, plugin, behind] = [text("node"), text("leftover"), text("plugin"), text("behind")];
  const over = finding.ended !== null;
  // Only where no agent of the plugin is left, and the other nodes show that it is what this one is to have, and its agent is there.
  const unwantedBy = text("unwantedBy");
  const known = finding.value["asPeers"] === true && text("agentPod") !== "" && unwantedBy === "";
  const mayBe = finding.value["mayBeService"] === true;
  return {
    ...NO_CONSEQUENCE,
    fix: over ? [] : [known ? unhide(text) : decide(text, mayBe)],
    verify: [
      firstOf(text, known ? baseName(behind) : "the configuration of the network whose agent runs"),
      probeNode(node),
    ],
    actions: over
      ? []
      : [
          {
            title: known
              ? `Take ${first} out of the runtime's way on ${node}`
              : `Give ${node} a network whose agent runs`,
            type: "repair",
            priority: finding.role === "latent-condition" ? "High" : "Urgent",
            doneWhen: `a pod with its own network can be created and deleted on ${node}`,
          },
        ],
    questions: unwantedBy
      ? [`Was ${node} taken from ${unwantedBy} on purpose, by whom and when, and what left ${first} there?`]
      : mayBe
        ? [
            `Is the agent of ${plugin} a service of ${node} that does not run? If it is none: was it removed on purpose, by whom and when, and what left ${first} there?`,
          ]
        : [`Was the agent of ${plugin} removed on purpose, by whom and when, and what left ${first} on ${node}?`],
    stops: unwantedBy
      ? `${unwantedBy} wants no pod on ${node}, and the configuration of ${plugin} is the one that the runtime there loads; what keeps the one from that node and left the other there is not in the evidence`
      : mayBe
        ? `no pod is an agent of ${plugin}, and its configuration is the one that the runtime of ${node} loads; whether a service of ${node} is that agent, or was, is not in the evidence`
        : `no agent of ${plugin} exists, and its configuration is the one that the runtime of ${node} loads; who or what removed the one and left the other is not in the evidence`,
  };
}

const firstOf = (text: (key: string) => string, expect: string): Command =>
  whichFirst(text("node"), text("directory"), expect);

function unhide(text: (key: string) => string): Fix {
  const node = shellWord(text("node"));
  return {
    step: `Take ${text("leftover")} out of the runtime's way on ${text("node")}, so that ${text("behind")} comes first. It keeps its content under a name that the runtime does not load.`,
    commands: [
      {
        run: `kubectl get pods -A -o wide --field-selector spec.nodeName=${node}`,
        expect: `${text("agentPod")} running and ready, and no agent of ${text("plugin")}; where it is otherwise, stop here`,
      },
      takeAway(text("node"), text("leftover"), text("behind")),
      firstOf(text, baseName(text("behind"))),
    ],
  };
}

/** How the plugin gets its agent again, where it is the network that is meant. */
function served(text: (key: string) => string, mayBe: boolean): string {
  if (text("unwantedBy") !== "")
    return `have ${text("unwantedBy")} take the node: its nodeSelector, its affinity and its tolerations say which nodes it wants`;
  return `${mayBe ? "start its service, where the node has one; else " : ""}install its agent again, with the manifest by which it was installed`;
}

/** What to see of the DaemonSet that does not want the node. */
function nodesOf(set: string, node: string): readonly Command[] {
  if (set === "") return [];
  const [namespace = "", name = ""] = set.split("/");
  const spec = "{.spec.template.spec.nodeSelector}{.spec.template.spec.affinity}{.spec.template.spec.tolerations}";
  return [
    {
      run: `kubectl -n ${shellWord(namespace)} get daemonset ${shellWord(name)} -o jsonpath='${spec}{"\\n"}'`,
      expect: "the labels that its nodes must have, and the taints that it tolerates",
    },
    {
      run: `kubectl get node ${node} -o jsonpath='{.spec.taints}{"\\n"}{.metadata.labels}{"\\n"}'`,
      expect: "what of these the node has",
    },
  ];
}

function decide(text: (key: string) => string, mayBe: boolean): Fix {
  const [node, first] = ["node", "leftover"].map((k) => shellWord(text(k)));
  const [plugin, behind] = [text("plugin"), text("behind")];
  const guard = behind === "" ? "" : `[ -f ${shellWord(behind)} ] && `;
  return {
    step: `Decide which network ${text("node")} is to have. Where it is ${plugin}, ${served(text, mayBe)}. Where it is another, have that one's agent run first, and then take ${text("leftover")} out of the runtime's way${behind === "" ? "" : `, so that ${behind} comes first`}.`,
    commands: [
      ...(mayBe
        ? [
            {
              run: `# on ${node}, as root: is the agent of ${plugin} a service?\nsystemctl list-unit-files --no-pager | grep -iE ${shellWord(plugin.replace(/-(?:cni|net|vnet|k8s-cni-overlay)$/, ""))}`,
              expect:
                "nothing; where there is one, mend and start that, and stop here: a second agent beside it does harm",
            },
          ]
        : []),
      {
        run: "kubectl get daemonsets -A -o wide",
        expect: "the agent of the network that is meant, with a ready pod for each node",
      },
      ...nodesOf(text("unwantedBy"), shellWord(text("node"))),
      {
        run: `kubectl get pods -A -o wide --field-selector spec.nodeName=${node}`,
        expect: "its pod, running and ready; where there is none, stop here",
      },
      {
        run: `# only where that is not the agent of ${plugin}; on ${node}, as root\n${guard}[ -f ${first} ] && mv ${first} ${first}.before`,
        expect: "no output and exit code 0",
      },
    ],
  };
}
