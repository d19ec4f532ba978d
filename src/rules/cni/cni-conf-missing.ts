import type { Evidence } from "#model/evidence.js";
import type { Fact, FactKind } from "#model/fact.js";
import { baseName, type FileTree, type Resolution } from "#model/file-tree.js";
import type { Finding, Outcome } from "#model/finding.js";
import { earliest, type Instant, order } from "#model/instant.js";
import {
  type Consequence,
  defineRule,
  effect,
  type FactView,
  found,
  type MatchContext,
  NO_CONSEQUENCE,
  refuted,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { code, codes, known, type Statement, say, time } from "#model/statement.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { isSettling, type NodeFact, readyOf } from "#rules/kubelet/_node-ready.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { sandboxErrorClass } from "#rules/kubelet/_sandbox-error.js";
import { byDefault, nodeFiles } from "./_credential.js";
import { readConfig, readingEvidence } from "./_read-config.js";
import { CONTAINERD_CNI } from "./_references.js";
import { refusedOn } from "./_refusal.js";
import type { ConfDir } from "./_runtime.js";
import { agentOn, agents } from "./_writer.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;
type Cited = readonly [Evidence, ...Evidence[]];

/** What the runtime says of itself where it has loaded no configuration. */
const ERROR = "not-initialised";

export default defineRule({
  id: "cni-conf-missing",
  title: "the directory that the runtime reads holds no CNI configuration",
  label: "no CNI configuration where the runtime reads",
  asks: "How did the runtime come to have no network?",
  kind: "mechanism",
  needs: { paths: "path", netconfs: "cni.netconf", nodes: "kube.node" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox", "cni-conf-dir-diverged"],
  explains: [
    effect("sym:node-notready", ["node", "error"], "propagates"),
    effect("sym:container-creating", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
  ],
  *match({ paths, nodes }, context) {
    const parted = new Set(context.findings("cni-conf-dir-diverged").flatMap((f) => f.about.node ?? []));
    for (const [node, { followed, tree }] of context.derive(nodeFiles)) {
      // Where nobody says that there is no network, an empty directory is one that is not used yet, or no more.
      const failing = refusedOn(context, node).filter((f) => (f.about.error ?? []).includes(ERROR));
      const object = nodes.all.find((n) => n.value.name === node);
      const ready = object ? noNetwork(object, context) : null;
      // Where the configuration lies elsewhere, that says more.
      if ((failing.length === 0 && !ready) || parted.has(node)) continue;
      const base = { subject: node, about: { node: [node], error: [ERROR] } };
      if (followed.state === "unknown") yield undetermined({ ...base, missing: followed.missing });
      else if (followed.state === "none" && followed.empty) {
        const first = [...failing.map((f) => f.since), ready?.condition.since ?? null].reduce(earliest, null);
        const row = tree.at(followed.empty.directory.real);
        if (row) yield missing(node, { ...followed.empty, row }, tree, first, ready, context);
      } else {
        const read = readConfig(node, tree, context.derive(views));
        const [shown, ...more] = read ? readingEvidence(read) : [];
        const file = read && tree.at(read.netconf.value.path);
        if (read && shown)
          yield refuted({
            ...base,
            standsSince: file?.value.mtime ?? null,
            statements: [
              say`The directory that the runtime of ${code(node, shown)} reads, ${code(read.confDir.path, shown, ...more)}, holds ${code(baseName(read.netconf.value.path), read.netconf.evidence)}`,
            ],
          });
        else if (followed.state !== "broken")
          yield undetermined({
            ...base,
            missing: [paths.missing(`the configurations that the runtime of ${node} loads`, node)],
          });
      }
    }
  },
  known: [
    known(
      "containerd loads the files in that directory; while there is none it calls no plugin, and says that none is initialised",
      CONTAINERD_CNI,
    ),
  ],
  consequence,
  references: [CONTAINERD_CNI],
  falsePositives: ["a node whose agent is about to write its first configuration"],
  examples: {
    found: ["cni/conf-missing.yaml"],
    refuted: ["cni/conf-in-place.yaml"],
    undetermined: ["cni/conf-not-listed.yaml"],
  },
  tags: ["cni", "networking"],
});

const views = (view: View): View => view;

/** The Ready condition by which a kubelet says that there is no network; null where it says something else, or only settles. */
function noNetwork(object: NodeFact, context: MatchContext): ReturnType<typeof readyOf> {
  const ready = readyOf(object);
  const { condition } = ready ?? {};
  const says = condition?.status === "False" && sandboxErrorClass(condition.message ?? "") === ERROR;
  return says && !isSettling(object, condition, context) ? ready : null;
}

interface Empty {
  readonly confDir: ConfDir;
  readonly directory: Resolution;
  /** The directory itself. */
  readonly row: Fact<"path">;
}

/** The listing is complete, and none of its entries is a configuration. */
function missing(
  node: string,
  { confDir, directory, row }: Empty,
  tree: FileTree,
  failing: Instant | null,
  ready: ReturnType<typeof readyOf>,
  context: MatchContext,
): Outcome {
  const [shown, ...more]: Cited = [row.evidence, ...readingEvidence({ confDir, directory })];
  const changed = row.value.mtime ?? null;
  // Written to after calls had begun to fail, it does not say since when: something else in it was renewed.
  const tells = changed !== null && (failing === null || order(changed, failing) !== "after");
  const agent = agentOn(context.derive(agents), node);
  const writesHere = agent !== undefined && tree.resolve(agent.target.hostPath).real === directory.real;
  const others = tree.entries(directory.real);
  const dir = code(confDir.path, shown, ...more);
  return found({
    subject: node,
    about: { node: [node], error: [ERROR], path: [directory.real] },
    since: tells ? changed : null,
    ...(tells ? { sinceAtLatest: true } : {}),
    lastSeen: seenAt(row, context.moment),
    unverified: confDir.unverified,
    value: {
      node,
      path: confDir.path,
      agentPod: writesHere ? agent.pod.value.name : "",
      namespace: writesHere ? agent.pod.value.namespace : "",
      daemonSet: writesHere ? baseName(agent.daemonSet) : "",
    },
    statements: [
      say`The directory that the runtime of ${code(node, shown)} reads, ${dir}, held no CNI configuration: the runtime finds no network there`,
      ...(changed
        ? [
            tells
              ? say`It was last changed at ${time(changed, row.evidence)}: since then at the latest it has held none`
              : say`It was last changed at ${time(changed, row.evidence)}, when calls failed already: since when it has held none is not recorded`,
          ]
        : []),
      ...listed(others),
      ...byDefault({ confDir }),
      ...(ready ? [say`Its kubelet reported ${code(ready.condition.message ?? "", ready.evidence)}`] : []),
      ...(agent && writesHere
        ? [
            say`${code(agent.daemonSet, ...agent.evidence)} writes its configuration there; its pod on ${code(node, agent.pod.evidence)} is ${code(agent.pod.value.name, agent.pod.evidence)}`,
          ]
        : []),
    ],
  });
}

/** What lies there instead. */
function listed(others: readonly Fact<"path">[]): readonly Statement[] {
  const [first, ...rest] = others.map((o) => o.evidence);
  const names = others.map((o) => baseName(o.value.path));
  return first ? [say`What lies there is ${codes(names, 4, first, ...rest.slice(0, 3))}`] : [];
}

function consequence(finding: Finding): Consequence {
  const [node, path, pod, namespace, name] = ["node", "path", "agentPod", "namespace", "daemonSet"].map((k) =>
    String(finding.value[k] ?? ""),
  ) as [string, string, string, string, string];
  const over = finding.ended !== null;
  const ns = shellWord(namespace);
  const look = {
    run: `# on ${shellWord(node)}, as root\nls -la ${shellWord(path)}`,
    expect: "no file that ends in .conf, .conflist or .json; where there is one by now, stop here",
  };
  return {
    ...NO_CONSEQUENCE,
    fix: over
      ? []
      : [
          {
            step:
              pod === ""
                ? `Have what installs the CNI on ${node} write its configuration to ${path} again.`
                : `Have ${namespace}/${name} write its configuration on ${node} again: its installer does so when a pod of it starts.`,
            commands: [
              look,
              ...(pod === ""
                ? []
                : [
                    {
                      run: `kubectl -n ${ns} get pod ${shellWord(pod)}`,
                      expect:
                        "running; where a container of it ends again and again, mend that first: its successor stops in the same way",
                    },
                    {
                      run: `kubectl -n ${ns} delete pod ${shellWord(pod)}\nkubectl -n ${ns} rollout status daemonset ${shellWord(name)} --timeout=120s`,
                      expect: "successfully rolled out",
                    },
                  ]),
            ],
          },
        ],
    verify: [
      {
        run: `# on ${shellWord(node)}, as root\nls ${shellWord(path)} | grep -E '\\.(conf|conflist|json)$'`,
        expect: "the configuration of the CNI",
      },
      probeNode(node),
    ],
    actions: over
      ? []
      : [
          {
            title: `Put the CNI configuration of ${node} back into ${path}`,
            type: "repair",
            priority: "Urgent",
            doneWhen: `${node} is Ready, and a pod with its own network can be created and deleted there`,
          },
        ],
    questions: [`Was a CNI configuration ever in ${path} on ${node}, and who or what took it away?`],
    stops: "the listing shows that none is there; whether one was, and who or what removed it, is not in the evidence",
  };
}
