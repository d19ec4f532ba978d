import { type Evidence, evidenceIn } from "#model/evidence.js";
import { baseName } from "#model/file-tree.js";
import {
  type Command,
  defineRule,
  effect,
  found,
  NO_CONSEQUENCE,
  refuted,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { citing, code, fragment, known, type Statement, say, time, word } from "#model/statement.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { seenAt, words } from "#rules/kubelet/_pods.js";
import { nodeFiles } from "./_credential.js";
import { CONTAINERD_CNI } from "./_references.js";

export default defineRule({
  id: "cni-conflist-invalid",
  title: "the CNI configuration that sorts first is not valid, and the runtime refuses to load any",
  label: "invalid CNI configuration that sorts first",
  asks: "How did the runtime come to have no network configuration?",
  kind: "mechanism",
  needs: { netconfs: "cni.netconf", paths: "path" },
  explains: [
    effect("sym:node-notready", ["node"], "propagates"),
    effect("sym:container-creating", ["node"], "propagates"),
    effect("sym:failed-create-sandbox", ["node"], "propagates"),
  ],
  *match(_facts, context) {
    for (const [node, { followed, tree }] of context.derive(nodeFiles)) {
      const base = { subject: node, about: { node: [node] } };
      if (followed.state === "unknown") yield undetermined({ ...base, missing: followed.missing });
      if (followed.state === "followed") {
        const { netconf, confDir, premises } = followed.credential;
        // of several it takes the first whose plugins are there, and nobody listed those
        const where =
          premises.length === 0
            ? ""
            : "; that its plugins are installed, without which it takes the next, no listing shows";
        const [on, path] = [code(node, netconf.evidence), code(netconf.value.path, netconf.evidence)];
        yield refuted({
          ...base,
          statements: [
            confDir.runtime === "containerd"
              ? say`The configuration that sorts first on ${on}, ${path}, is valid`
              : say`The runtime on ${on} passes over configurations that are not valid or whose plugins are not installed; the one that it takes, ${path}, is valid${words(where, netconf.evidence)}`,
          ],
        });
      }
      if (followed.state !== "broken") continue;
      const { netconf, confDir } = followed;
      const line = netconf.value.problemLine;
      const shown =
        line === null
          ? netconf.evidence
          : evidenceIn(netconf.artifact, { kind: "lines", from: line, to: line }, netconf.value.problem ?? "not valid");
      const file = tree.at(netconf.value.path);
      yield found({
        ...base,
        about: { ...base.about, path: [netconf.value.path] },
        since: file?.value.mtime ?? null,
        lastSeen: seenAt(netconf, context.moment),
        unverified: confDir.unverified,
        value: { node, path: netconf.value.path },
        statements: [
          say`On ${code(node, shown)} ${code(netconf.value.path, shown)} is not valid (${word(netconf.value.problem ?? "unreadable", shown)}), and ${fragment(place(confDir.maxConfNum, shown), shown)} in the directory that the runtime reads, ${code(confDir.path, ...(confDir.evidence as [typeof shown, ...(typeof shown)[]]))}`,
          ...(file?.value.mtime
            ? [
                say`${code(baseName(netconf.value.path), file.evidence)} was last written at ${time(file.value.mtime, file.evidence)}`,
              ]
            : []),
        ],
      });
    }
  },
  known: [
    known(
      "containerd loads the first file in ASCII order; if that one is not valid the whole load fails, and later files do not count",
      CONTAINERD_CNI,
    ),
  ],
  consequence: (finding) => ({
    ...NO_CONSEQUENCE,
    verify: [probeNode(String(finding.value["node"] ?? ""))],
    fix:
      finding.ended !== null
        ? []
        : [
            {
              step: "Correct the file, or move it out of the directory; the runtime loads the directory again when a file in it changes.",
              commands: [...outOfTheWay(String(finding.value["node"] ?? ""), String(finding.value["path"] ?? ""))],
            },
          ],
    actions: [
      ...(finding.ended !== null
        ? []
        : [
            {
              title: `Correct ${String(finding.value["path"] ?? "")} on ${String(finding.value["node"] ?? "")}, or take it out of the directory`,
              type: "repair" as const,
              priority: "Urgent" as const,
              doneWhen: `${String(finding.value["node"] ?? "")} is Ready, and a pod with its own network can be created and deleted there`,
            },
          ]),
      {
        title: "Check each CNI configuration with a JSON parser before it is placed on a node",
        type: "prevent",
        priority: "High",
        doneWhen: "what places the file refuses one that does not parse",
      },
    ],
    questions: [`Who or what placed ${String(finding.value["path"] ?? "")} on ${String(finding.value["node"] ?? "")}?`],
    stops: "the file's content and time are recorded; who placed it is not",
  }),
  references: [CONTAINERD_CNI],
  falsePositives: [
    "CRI-O, which skips a file that is not valid, where only containerd's files were collected and nothing tells the runtime",
  ],
  examples: {
    found: ["cni/conflist-invalid.yaml"],
    refuted: ["cni/token-pod-gone.yaml"],
    undetermined: ["cni/conflist-not-collected.yaml", "cni/runtime-config-not-collected.yaml"],
  },
  tags: ["cni", "containerd"],
});

/** Whether the runtime still refuses it, and only then the move; under /root the file keeps its content. */
const outOfTheWay = (node: string, path: string): readonly Command[] => [
  {
    run: `# on ${shellWord(node)}, as root: does the runtime still refuse it?\ncrictl info | grep lastCNILoadStatus`,
    expect: "an error; where it says OK, stop here",
  },
  {
    run: `# on ${shellWord(node)}, as root; nothing is done where it is not there\n[ -f ${shellWord(path)} ] && mv -n ${shellWord(path)} /root/`,
    expect: "no output and exit code 0",
  },
  {
    run: `kubectl wait --for=condition=Ready node/${shellWord(node)} --timeout=120s`,
    expect: "condition met",
  },
];

/** Which of the files the runtime loads. */
const place = (max: number, shown: Evidence): Statement =>
  max === 1 ? say`it sorts first${citing(shown)}` : say`it is one of those that the runtime loads${citing(shown)}`;
