import type { Finding } from "#model/finding.js";
import { type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { questionWith } from "./_ask-with.js";
import { type Setting, settingOf } from "./_conf-dir-setting.js";
import { named, reread } from "./_reread.js";

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
  const empty = text("file") === "";
  const differs = text("differs");
  const meeting = text("confDirMeeting");
  const setting = settingOf(finding);
  return {
    ...NO_CONSEQUENCE,
    fix: over
      ? []
      : [
          ...(empty ? [] : [freshen(text, finding.value)]),
          ...(differs === "configuration" ? [reread(finding)] : join(text, finding.value["netDir"] === true)),
          ...(text("leftover") === "" ? [] : [clear(text)]),
        ],
    verify: [
      differs === "configuration"
        ? setting.asked(meeting)
        : {
            run: `# on ${node}: one directory?\nreadlink -f ${shellWord(writes)} ${shellWord(reads)}`,
            expect: "the same path twice",
          },
      probeNode(node),
    ],
    actions: [
      ...(over
        ? []
        : [
            !empty
              ? repairAction(node, daemonSet)
              : differs === "configuration"
                ? rereadAction(node, daemonSet, meeting)
                : joinAction(node, daemonSet, reads),
          ]),
      differs === "configuration"
        ? {
            title: `Make ${meeting} the ${setting.key} of the container runtime on ${node}${overriding(text, setting)}, and keep it so`,
            type: "prevent",
            priority: "High",
            doneWhen: `the configuration in force on ${node} names ${meeting} after the runtime's next start`,
          }
        : {
            title: `Set the volume ${volume}${finding.value["netDir"] === true ? " and CNI_NET_DIR" : ""} of ${daemonSet} to the directory that the container runtime reads, ${reads}`,
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
    questions: [question(text, setting)],
    stops: stopsAt(text, setting),
  };
}

/** Only a person knows who parted them; what it was that parted them the finding says. */
function question(text: (key: string) => string, { maker, made, file: template }: Setting): string {
  const [node, writes, reads, file] = ["node", "writes", "reads", "confFile"].map(text);
  if (text("differs") === "configuration") {
    if (maker !== null)
      return `What has ${maker} on ${node} write ${reads} into ${made}, and not ${text("confDirMeeting")}: ${template}, or how it was started?`;
    const set = `the runtime on ${node} to read ${reads} and not ${text("confDirMeeting")}`;
    if (text("confFileDrops") !== "")
      return `Who or what wrote ${file}, which drops the conf_dir that ${text("confFileDrops")} sets, and why?`;
    return file === "" ? `Who or what set ${set}, and when?` : `Who or what wrote ${file}, which sets ${set}, and why?`;
  }
  return text("differs") === "link"
    ? `What made ${writes} on ${node} a directory of its own, what made the links on the other nodes, and when?`
    : `What made ${writes} and ${reads} on ${node} two directories, and when?`;
}

function overriding(text: (key: string) => string, { maker, made, file: template }: Setting): string {
  const file = text("confFile");
  if (maker !== null) return ` by ${template}, of which ${maker} makes ${made} at each start`;
  if (text("confFileDrops") !== "") return `, which ${file} drops`;
  return file === "" ? "" : `, against what ${file} sets`;
}

function stopsAt(text: (key: string) => string, { maker }: Setting): string {
  const [node, writes, reads, file] = ["node", "writes", "reads", "confFile"].map(text);
  if (text("differs") === "configuration")
    return `the evidence shows that the runtime on ${node} is configured to read another directory${file === "" ? "" : `, by ${file}${maker === null ? "" : `, which ${maker} makes at each start`}`}; who or what configured it so is not in it`;
  return text("differs") === "link"
    ? `the evidence shows that ${node} differs, and since when the files differ; who or what made ${writes} there, and the links on its peers, is not in it`
    : `the evidence shows that ${writes} and ${reads} on ${node} are two directories; who or what parted them is not in it`;
}

type Step = Consequence["fix"][number];

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

/** As on its peers: to have the agent write elsewhere on one node would part that from all others. */
const rereadAction = (node: string, daemonSet: string, meeting: string): Consequence["actions"][number] => ({
  title: `Have the container runtime on ${node} read ${meeting}, where ${daemonSet} writes its CNI configuration`,
  type: "repair",
  priority: "Urgent",
  doneWhen: `${node} is Ready, and the configuration in force there names ${meeting}`,
});

/** What brings calls back at once, until its own token ends: with the agent's pod, where it is bound to that. */
function freshen(text: (key: string) => string, { expiresMs, plugin }: Finding["value"]): Step {
  const [node, copy, file] = ["node", "copy", "file"].map((k) => shellWord(text(k)));
  const put = {
    run: `# on ${node}, as root; nothing is done where both are one file by now\n[ ${copy} -ef ${file} ] || { cp -p ${file} ${file}.before && cp -p ${copy} ${file}; }`,
    expect: "no output and exit code 0",
  };
  if (text("offers") === "fresh") return { step: freshStep(text, expiresMs), commands: [put] };
  const why =
    text("offers") === "unread"
      ? "nobody read that file, so it is known neither whether its token is accepted nor how long it lasts"
      : "what was read of it does not show that";
  const question = questionWith(text("copy"), plugin);
  return {
    step: `Look first whether ${text("copy")} on ${text("node")} holds a token that is accepted: ${why}. Only where it does, put it where the plugin reads it. This brings CNI calls back for as long as that token is accepted.`,
    commands: [
      {
        run: `# on ${node}, as root: is the token in that file accepted?\n${question.run}`,
        expect: `${question.expect}; where it says anything else, leave out the next command`,
      },
      put,
    ],
  };
}

function freshStep(text: (key: string) => string, expiresMs: unknown): Step["step"] {
  const lead = `Put the fresh kubeconfig where the plugin reads it, on ${text("node")}. This brings CNI calls back until `;
  const bound = text("boundTo");
  if (bound !== "") return `${lead}${bound}, to which the token is bound, is replaced.`;
  return typeof expiresMs === "number"
    ? [
        { kind: "text", text: `${lead}the token expires, at ` },
        { kind: "time", epochMs: expiresMs, precisionMs: 1000 },
        { kind: "text", text: "." },
      ]
    : `${lead}the token expires.`;
}

/** What keeps them one: either the agent writes elsewhere, or its path becomes a link. */
function join(text: (key: string) => string, netDir: boolean): readonly Step[] {
  const [node, writes, reads] = ["node", "writes", "reads"].map((k) => shellWord(text(k)));
  const [namespace, name] = text("daemonSet").split("/").map(shellWord);
  const pod = text("agentPod");
  const peers = text("differs") === "link" ? `, as on ${named(text("peers").split(" "))}` : "";
  return [
    {
      step: `Make writer and reader one directory. Either set the hostPath of the volume ${text("volume")}${netDir ? " and CNI_NET_DIR of the installer" : ""} to ${text("reads")} and let that roll out …`,
      commands: [
        {
          run: `kubectl -n ${namespace} edit daemonset ${name}\nkubectl -n ${namespace} rollout status daemonset ${name}`,
          expect: "successfully rolled out",
        },
      ],
    },
    {
      step: `… or make ${text("writes")} on ${text("node")} a link${peers}, and only then replace the agent's pod: a running pod keeps the directory that was mounted when it started.`,
      commands: [
        {
          run: `# on ${node}, as root; nothing is done where both are one directory by now\n[ ${writes} -ef ${reads} ] || { mv ${writes} ${writes}.before && ln -s ${reads} ${writes}; }`,
          expect: "no output and exit code 0",
        },
        {
          run: `kubectl -n ${namespace} delete pod ${shellWord(pod)}\nkubectl -n ${namespace} rollout status daemonset ${name}`,
          expect: "successfully rolled out",
        },
      ],
    },
  ];
}

/** Of several configurations in one directory the name decides: one that nobody looks after would still be in the way. */
function clear(text: (key: string) => string): Step {
  const [node, leftover, reads] = ["node", "leftover", "reads"].map((k) => shellWord(text(k)));
  return {
    step: `Take ${text("leftover")} out of the way on ${text("node")}, once the agent's own configuration lies beside it: the runtime takes the first by name.`,
    commands: [
      {
        run: `# on ${node}, as root: what lies there now?\nls ${reads}`,
        expect: "the agent's configuration, and the other one where the agent has not renamed it",
      },
      {
        run: `# on ${node}, as root; nothing is done where it is not there\n[ -f ${leftover} ] && mv -n ${leftover} /root/`,
        expect: "no output and exit code 0",
      },
    ],
  };
}
