import type { Finding } from "#model/finding.js";
import { type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";

/** What follows where the writer and the reader of the credential are parted: the repair, its checks, what keeps it from coming back. */
export function divergenceConsequence(finding: Finding): Consequence {
  const text = (key: string): string => String(finding.value[key] ?? "");
  const [node, writes, reads, daemonSet, volume] = ["node", "writes", "reads", "daemonSet", "volume"].map(text) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const over = finding.ended !== null;
  return {
    ...NO_CONSEQUENCE,
    fix: over ? [] : fixes(text).slice(text("file") === "" ? 1 : 0),
    verify: [
      {
        run: `# on ${node}: one directory?\nreadlink -f ${shellWord(writes)} ${shellWord(reads)}`,
        expect: "the same path twice",
      },
    ],
    actions: [
      ...(over ? [] : [text("file") === "" ? joinAction(node, daemonSet, reads) : repairAction(node, daemonSet)]),
      {
        title: `Set the volume ${volume} and CNI_NET_DIR of ${daemonSet} to the directory that the container runtime reads, ${reads}`,
        type: "prevent",
        priority: "High",
        doneWhen:
          "the newest ControllerRevision's hostPath and the runtime's conf_dir are one directory on every node after links are resolved",
      },
      {
        title:
          "Compare, on every node and before each change of the CNI manifest, the agent's hostPaths with the runtime's conf_dir and bin_dir after links are resolved",
        type: "prevent",
        priority: "Medium",
        doneWhen: "the comparison runs in the rollout procedure and stops it on a node where they differ",
      },
    ],
    questions: [
      `What made ${writes} on ${node} a directory of its own, what made the links on the other nodes, and when?`,
    ],
    stops: `the evidence shows that ${node} differs, and since when the files differ; who or what made ${writes} there, and the links on its peers, is not in it`,
  };
}

const repairAction = (node: string, daemonSet: string): Consequence["actions"][number] => ({
  title: `Give the CNI plugin on ${node} a token that is accepted, and make the directories of ${daemonSet} and the runtime one`,
  type: "repair",
  priority: "Urgent",
  doneWhen: `a pod with its own network can be created and deleted on ${node}, and both paths resolve to one directory`,
});

const joinAction = (node: string, daemonSet: string, reads: string): Consequence["actions"][number] => ({
  title: `Have ${daemonSet} write its CNI configuration on ${node} where the runtime reads it, ${reads}`,
  type: "repair",
  priority: "Urgent",
  doneWhen: `${node} is Ready, and both paths resolve to one directory`,
});

/** First what brings calls back, then what keeps them: the second ends what the first relies on where the token is bound to the agent's pod. */
function fixes(text: (key: string) => string): Consequence["fix"] {
  const [node, copy, file, writes, reads] = ["node", "copy", "file", "writes", "reads"].map((k) => shellWord(text(k)));
  const [namespace, name] = text("daemonSet").split("/").map(shellWord);
  const pod = text("agentPod");
  const until =
    text("boundTo") !== ""
      ? `${text("boundTo")}, to which the token is bound, is replaced`
      : `the token expires, at ${text("expires")}`;
  return [
    {
      step: `Put the fresh kubeconfig where the plugin reads it, on ${text("node")}. This brings CNI calls back until ${until}.`,
      commands: [
        {
          run: `# on ${node}, as root; nothing is done where both are one file by now\n[ ${copy} -ef ${file} ] || { cp -p ${file} ${file}.before && cp -p ${copy} ${file}; }`,
          expect: null,
        },
      ],
    },
    {
      step: `Make writer and reader one directory. Either set the hostPath of the volume ${text("volume")} and CNI_NET_DIR of the installer to ${text("reads")} and let that roll out …`,
      commands: [
        {
          run: `kubectl -n ${namespace} edit daemonset ${name}\nkubectl -n ${namespace} rollout status daemonset ${name}`,
          expect: "successfully rolled out",
        },
      ],
    },
    {
      step: `… or make ${text("writes")} on ${text("node")} a link, as on its peers, and only then replace the agent's pod: a running pod keeps the directory that was mounted when it started.`,
      commands: [
        {
          run: `# on ${node}, as root; nothing is done where both are one directory by now\n[ ${writes} -ef ${reads} ] || { mv ${writes} ${writes}.before && ln -s ${reads} ${writes}; }`,
          expect: null,
        },
        {
          run: `kubectl -n ${namespace} delete pod ${shellWord(pod)}\nkubectl -n ${namespace} rollout status daemonset ${name}`,
          expect: "successfully rolled out",
        },
      ],
    },
  ];
}
