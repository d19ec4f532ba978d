import type { Finding } from "#model/finding.js";
import { type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { questionWith } from "./_ask-with.js";

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
  return {
    ...NO_CONSEQUENCE,
    fix: over
      ? []
      : [
          ...(empty ? [] : [freshen(text, finding.value)]),
          ...(differs === "configuration" ? [reread(text)] : join(text, finding.value["netDir"] === true)),
          ...(text("leftover") === "" ? [] : [clear(text)]),
        ],
    verify: [
      differs === "configuration"
        ? { run: asked(node), expect: `conf_dir = "${meeting}"` }
        : {
            run: `# on ${node}: one directory?\nreadlink -f ${shellWord(writes)} ${shellWord(reads)}`,
            expect: "the same path twice",
          },
      probeNode(node),
    ],
    actions: [
      ...(over ? [] : [empty ? joinAction(node, daemonSet, reads) : repairAction(node, daemonSet)]),
      differs === "configuration"
        ? {
            title: `Make ${meeting} the conf_dir of the container runtime on ${node}${overriding(text)}, and keep it so`,
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
    questions: [question(text)],
    stops: stopsAt(text),
  };
}

/** Only a person knows who parted them; what it was that parted them the finding says. */
function question(text: (key: string) => string): string {
  const [node, writes, reads, file] = ["node", "writes", "reads", "confFile"].map(text);
  if (text("differs") === "configuration") {
    const set = `the runtime on ${node} to read ${reads} and not ${text("confDirMeeting")}`;
    if (text("confFileDrops") !== "")
      return `Who or what wrote ${file}, which drops the conf_dir that ${text("confFileDrops")} sets, and why?`;
    return file === "" ? `Who or what set ${set}, and when?` : `Who or what wrote ${file}, which sets ${set}, and why?`;
  }
  return text("differs") === "link"
    ? `What made ${writes} on ${node} a directory of its own, what made the links on the other nodes, and when?`
    : `What made ${writes} and ${reads} on ${node} two directories, and when?`;
}

function overriding(text: (key: string) => string): string {
  const file = text("confFile");
  if (text("confFileDrops") !== "") return `, which ${file} drops`;
  return file === "" ? "" : `, against what ${file} sets`;
}

function stopsAt(text: (key: string) => string): string {
  const [node, writes, reads, file] = ["node", "writes", "reads", "confFile"].map(text);
  if (text("differs") === "configuration")
    return `the evidence shows that the runtime on ${node} is configured to read another directory${file === "" ? "" : `, by ${file}`}; who or what configured it so is not in it`;
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

/** The configuration of this one runtime is what differs: to move the agent's directory would part it from all others. */
function reread(text: (key: string) => string): Step {
  const [node, file] = ["node", "confFile"].map((k) => shellWord(text(k)));
  const [meeting, reads] = [text("confDirMeeting"), text("reads")];
  const peers = text("peers") === "" ? "" : `, as on ${named(text("peers").split(" "))}`;
  const where = text("confFile") === "" ? "" : ` in ${text("confFile")}`;
  if (text("confFileDrops") !== "") return restore(text, peers);
  return {
    step: `Have the runtime on ${text("node")} read ${meeting}${peers}: change conf_dir${where}, then restart the runtime, which reads its configuration when it starts. Running containers stay.`,
    commands: [
      {
        run: `# on ${node}, as root: which files set it?\ngrep -rn conf_dir ${text("confFile") === "" ? "/etc/containerd" : file}`,
        expect: `conf_dir = "${reads}"`,
      },
      ...(text("confFile") === ""
        ? []
        : [
            {
              run: `# on ${node}, as root: change conf_dir, and nothing else\ncp -p ${file} ${file}.before && "\${EDITOR:-vi}" ${file}`,
              expect: "an editor with the file",
            },
          ]),
      { run: asked(node ?? ""), expect: `conf_dir = "${meeting}"` },
      {
        run: `# on ${node}, as root, where that is what it says\n${restartOf(text("confFile"))}`,
        expect: "no output and exit code 0",
      },
    ],
  };
}

/** The file has no conf_dir to change: its section replaced the one that has. */
function restore(text: (key: string) => string, peers: string): Step {
  const [node, file] = ["node", "confFile"].map((k) => shellWord(text(k)));
  const [meeting, main] = [text("confDirMeeting"), text("confFileDrops")];
  return {
    step: `Have the runtime on ${text("node")} read ${meeting}${peers}: the section in ${text("confFile")} replaces the whole section of ${main}, its conf_dir included. Write all of that section into the one file or the other, then restart the runtime, which reads its configuration when it starts. Running containers stay.`,
    commands: [
      {
        run: `# on ${node}, as root: does it set a conf_dir of its own?\ngrep -c conf_dir ${file} || true`,
        expect: "0; where it says anything else, the file was changed since",
      },
      {
        run: `# on ${node}, as root: what of the section does it leave out? Carry that over\ngrep -n '' ${shellWord(main)} ${file}\ncp -p ${file} ${file}.before && "\${EDITOR:-vi}" ${file}`,
        expect: null,
      },
      { run: asked(text("node")), expect: `conf_dir = "${meeting}"` },
      { run: `# on ${node}, as root, where that is what it says\n${restartOf(text("confFile"))}`, expect: null },
    ],
  };
}

const asked = (node: string): string =>
  `# on ${node}, as root: what do the files come to?\ncontainerd config dump | grep conf_dir`;

/** The unit that runs containerd, by where its configuration lies. */
function restartOf(file: string): string {
  if (/^\/var\/snap\/microk8s\//.test(file)) return "snap restart microk8s.daemon-containerd";
  const rancher = /\/rancher\/(k3s|rke2)\//.exec(file)?.[1];
  return rancher
    ? `systemctl restart "$(systemctl list-units --plain --no-legend '${rancher}*.service' | cut -d ' ' -f 1)"`
    : "systemctl restart containerd";
}

const named = (nodes: readonly string[]): string =>
  nodes.length <= 3 ? nodes.join(" and ") : `${nodes.slice(0, 2).join(", ")} and ${nodes.length - 2} more nodes`;
