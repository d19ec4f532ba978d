import { cite, type Fact } from "#model/fact.js";
import type { Finding } from "#model/finding.js";
import {
  type Consequence,
  defineRule,
  effect,
  found,
  type MatchContext,
  NO_CONSEQUENCE,
  refuted,
  undetermined,
} from "#model/rule.js";
import { citing, code, codes, known, lapse, type Statement, say, time, word } from "#model/statement.js";
import { nodeFiles } from "./_credential.js";
import { CALICO_INSTALL } from "./_references.js";
import { type Agent, agents, type WriteTarget, writeTarget } from "./_writer.js";

type Revision = Fact<"kube.revision">;

interface Step {
  readonly before: Revision;
  readonly after: Revision;
  readonly from: WriteTarget;
  readonly to: WriteTarget;
}

export default defineRule({
  id: "cni-writer-path-changed",
  title: "a rollout of the CNI agent changed where it writes its kubeconfig",
  label: "rollout moved the directory of the CNI agent",
  asks: "How did the file that the plugin reads stop being refreshed?",
  kind: "mechanism",
  role: "trigger",
  needs: { revisions: "kube.revision", pods: "kube.pod", kubeconfigs: "kubeconfig" },
  uses: ["cni-conf-dir-diverged"],
  explains: [
    effect("cni-kubeconfig-token-pod-gone", ["node"], "triggers"),
    effect("cni-token-expired", ["node"], "triggers"),
  ],
  *match({ revisions, pods, kubeconfigs }, context) {
    const all = context.derive(agents);
    const files = context.derive(nodeFiles);
    for (const daemonSet of [...new Set(all.map((a) => a.daemonSet))].sort()) {
      const nodes = all.filter((a) => a.daemonSet === daemonSet).map((a) => a.node);
      const base = { subject: daemonSet, about: { node: nodes, workload: [`DaemonSet/${daemonSet}`] } };
      const history = revisions.all
        .filter((r) => `${r.value.namespace}/${r.value.owner?.name}` === daemonSet)
        .sort((a, b) => a.value.revision - b.value.revision);
      if (history.length === 0) {
        yield undetermined({ ...base, missing: [revisions.missing(`the ControllerRevisions of ${daemonSet}`)] });
        continue;
      }
      const step = lastStep(history);
      const hit = context.findings("cni-conf-dir-diverged").filter((f) => f.value["daemonSet"] === daemonSet);
      const newest = history.at(-1) as Revision;
      if (!step) {
        yield refuted({ ...base, statements: [unchanged(daemonSet, newest, history.length)] });
      } else if (hit.length === 0) {
        const examined = nodes.filter((node) => files.get(node)?.followed.state === "followed");
        const what = `the kubeconfig in use on a node of ${daemonSet}`;
        yield examined.length === 0
          ? undetermined({ ...base, missing: [kubeconfigs.missing(what, nodes[0])] })
          : refuted({ ...base, about: { ...base.about, node: examined }, statements: [harmless(daemonSet, step)] });
      } else {
        const struck = hit.flatMap((f) => f.about.node ?? []);
        yield foundFor(daemonSet, step, struck, all, pods.all.length, context);
      }
    }
  },
  known: [
    known("A DaemonSet keeps its earlier templates as ControllerRevisions; their creation dates each rollout", {
      source: "Kubernetes documentation, Perform a Rollback on a DaemonSet",
      version: "documentation, 2026",
    }),
  ],
  consequence,
  references: [CALICO_INSTALL],
  falsePositives: [
    "a change that was rolled back by a further revision with the first one's paths: the newest pair counts",
  ],
  examples: {
    found: ["cni/token-pod-gone.yaml"],
    refuted: ["cni/writer-moved-but-linked.yaml"],
    undetermined: ["cni/revisions-not-collected.yaml"],
  },
  tags: ["calico", "cni", "rollout"],
});

/** The newest pair of neighbouring revisions that write to different places. */
function lastStep(history: readonly Revision[]): Step | undefined {
  const steps = history.slice(1).flatMap((after, i) => {
    const before = history[i];
    const [from, to] = [writeTarget(before?.value.template ?? null), writeTarget(after.value.template)];
    return before && from && to && moved(from, to) ? [{ before, after, from, to }] : [];
  });
  return steps.at(-1);
}

const moved = (a: WriteTarget, b: WriteTarget): boolean =>
  a.hostPath !== b.hostPath || a.netDirEnv !== b.netDirEnv || a.confNameEnv !== b.confNameEnv;

const unchanged = (daemonSet: string, newest: Revision, revisions: number): Statement =>
  revisions === 1
    ? say`${code(daemonSet, newest.evidence)} has had one revision only, so nothing changed where it writes`
    : say`The newest of the ${word(revisions, newest.evidence)} revisions of ${code(daemonSet, newest.evidence)} writes where the ones before it did`;

const harmless = (daemonSet: string, { after, to }: Step): Statement =>
  say`Revision ${word(after.value.revision, after.evidence)} of ${code(daemonSet, after.evidence)} writes to ${code(to.hostPath, after.evidence)}, which on every node whose files were collected is the directory that the plugin reads`;

const template = (revision: Revision) => cite(revision, "/data/spec/template/spec/volumes");

function foundFor(
  daemonSet: string,
  step: Step,
  struck: readonly string[],
  all: readonly Agent[],
  _pods: number,
  context: MatchContext,
) {
  const { after, from, to } = step;
  return found({
    subject: daemonSet,
    about: { node: struck, workload: [`DaemonSet/${daemonSet}`] },
    since: after.value.created,
    lastSeen: context.moment.collectedAt,
    value: {
      daemonSet,
      from: from.hostPath,
      to: to.hostPath,
      revision: after.value.revision,
      binaries: binariesText(step),
    },
    lessons: spared(struck, all, daemonSet, after, context).map((statement) => ({
      kind: "surprise" as const,
      statement,
    })),
    statements: [
      headline(daemonSet, step),
      ...(from.netDirEnv !== to.netDirEnv ? [env(step)] : []),
      ...images(step),
      ...binaries(step),
      ...underOld(step, struck, context),
      ...spared(struck, all, daemonSet, after, context),
    ],
  });
}

function headline(daemonSet: string, { before, after, from, to }: Step): Statement {
  const when = after.value.created;
  const revision = word(after.value.revision, cite(after, "/revision"));
  const head = when
    ? say`Revision ${revision} of the DaemonSet ${code(daemonSet, template(after))}, created at ${time(when, cite(after, "/metadata/creationTimestamp"))},`
    : say`Revision ${revision} of the DaemonSet ${code(daemonSet, template(after))}`;
  if (from.hostPath === to.hostPath) return say`${head} changed what its installer writes into the CNI configuration`;
  return say`${head} moved its kubeconfig from ${code(from.hostPath, template(before))}, where revision ${word(before.value.revision, cite(before, "/revision"))} had written it, to ${code(to.hostPath, template(after))}`;
}

const containers = (revision: Revision) => cite(revision, "/data/spec/template/spec");

const env = ({ before, after, from, to }: Step): Statement =>
  to.netDirEnv === null
    ? say`CNI_NET_DIR of its installer was ${code(from.netDirEnv ?? "", containers(before))}; revision ${word(after.value.revision, containers(after))} does not set it`
    : say`CNI_NET_DIR of its installer became ${code(to.netDirEnv, containers(after))}${citing(containers(before))}`;

function images({ before, after, from, to }: Step): readonly Statement[] {
  if (from.images.join() === to.images.join()) return [];
  return [
    say`Its images changed from ${codes(from.images, 3, containers(before))} to ${codes(to.images, 3, containers(after))}`,
  ];
}

const binariesText = ({ from, to }: Step): string | null =>
  from.binPath !== null && to.binPath !== null && from.binPath !== to.binPath
    ? `${from.binPath} → ${to.binPath}`
    : null;

/** The same split may exist for the plugins themselves. */
function binaries({ before, after, from, to }: Step): readonly Statement[] {
  if (from.binPath === null || to.binPath === null || from.binPath === to.binPath) return [];
  return [
    say`The directory for plugin binaries moved as well, from ${code(from.binPath, template(before))} to ${code(to.binPath, template(after))}: whether the runtime runs the new ones is not decided here`,
  ];
}

/** The file in use was written while the earlier revision was in force: so that one still reached it. */
function underOld({ before, after }: Step, struck: readonly string[], context: MatchContext): readonly Statement[] {
  const rolledOut = after.value.created;
  return struck.flatMap((node) => {
    const followed = context.derive(nodeFiles).get(node)?.followed;
    const credential = followed?.state === "followed" ? followed.credential : null;
    const issued = credential?.token.iat;
    if (!credential || !issued || !rolledOut || issued.epochMs >= rolledOut.epochMs) return [];
    return [
      say`The token in use on ${code(node, credential.tokenEvidence)} was issued at ${time(issued, credential.tokenEvidence)}, ${lapse(rolledOut.epochMs - issued.epochMs, credential.tokenEvidence, after.evidence)} before that rollout: so revision ${word(before.value.revision, before.evidence)} had still written that file then`,
    ];
  });
}

function spared(
  struck: readonly string[],
  all: readonly Agent[],
  daemonSet: string,
  after: Revision,
  context: MatchContext,
): readonly Statement[] {
  const files = context.derive(nodeFiles);
  const others = [...new Set(all.filter((a) => a.daemonSet === daemonSet).map((a) => a.node))].filter(
    (node) => !struck.includes(node) && files.get(node)?.followed.state === "followed",
  );
  const evidence = others.flatMap((node) => {
    const followed = files.get(node)?.followed;
    if (followed?.state !== "followed") return [];
    const links = followed.credential.hops.filter((h) => h.value.type === "l").map((h) => h.evidence);
    return [followed.credential.tokenEvidence, ...links];
  });
  const [first, ...rest] = evidence;
  if (!first) return [];
  return [
    say`On ${codes(others, 8, first, ...rest)} the kubeconfig of revision ${word(after.value.revision, template(after))} still reached the plugin`,
  ];
}

function consequence(finding: Finding): Consequence {
  const daemonSet = String(finding.value["daemonSet"] ?? "");
  const binariesMoved = finding.value["binaries"];
  return {
    ...NO_CONSEQUENCE,
    actions: [
      ...(binariesMoved
        ? [
            {
              title: `Set the directory for plugin binaries of ${daemonSet} to the runtime's bin_dir, and check on every node which release the runtime runs`,
              type: "repair" as const,
              priority: "Medium" as const,
              doneWhen:
                "the agent's cni-bin-dir and the runtime's bin_dir are one directory on every node, and the plugin there reports the installed release",
            },
          ]
        : []),
      {
        title:
          "Review each change of the CNI manifest for hostPath volumes, CNI_NET_DIR and CNI_CONF_NAME before it is rolled out",
        type: "process",
        priority: "Medium",
        doneWhen: `a change of ${daemonSet} that moves one of them cannot be merged without the nodes' conf_dir beside it`,
      },
    ],
    questions: [
      ...(binariesMoved
        ? [`The directory for plugin binaries moved too (${binariesMoved}): does the runtime still run the old ones?`]
        : []),
      `Why was revision ${finding.value["revision"]} of ${daemonSet} rolled out, and which checks followed it?`,
    ],
    stops: "the change of the manifest is recorded; the decision behind it is not",
  };
}
