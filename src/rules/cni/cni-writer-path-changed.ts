import { cite, type Fact } from "#model/fact.js";
import { parentOf } from "#model/file-tree.js";
import { defineRule, effect, found, type MatchContext, refuted, undetermined } from "#model/rule.js";
import { citing, code, codes, fragment, known, lapseOf, type Statement, say, time, word } from "#model/statement.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { type NodeFiles, nodeFiles } from "./_credential.js";
import { CALICO_INSTALL } from "./_references.js";
import { type History, historyOf, type Step } from "./_revision-history.js";
import { rolloutConsequence } from "./_rollout-actions.js";
import { leadsTo, weighed } from "./_rollout-step.js";
import { type Agent, agentOn, agents } from "./_writer.js";

type Revision = Fact<"kube.revision">;

export default defineRule({
  id: "cni-writer-path-changed",
  title: "a rollout of the CNI agent changed where it writes its kubeconfig",
  label: "rollout moved the directory of the CNI agent",
  asks: "How did the file that the plugin reads stop being refreshed?",
  kind: "mechanism",
  role: "trigger",
  needs: { revisions: "kube.revision", pods: "kube.pod", kubeconfigs: "kubeconfig", paths: "path" },
  uses: ["cni-conf-dir-diverged"],
  explains: [
    effect("cni-kubeconfig-token-pod-gone", ["node"], "triggers"),
    effect("cni-token-expired", ["node"], "triggers"),
  ],
  *match({ revisions, pods, kubeconfigs, paths }, context) {
    const all = context.derive(agents);
    const files = context.derive(nodeFiles);
    const chosen = [...new Set(all.map((a) => a.node))].flatMap((node) => agentOn(all, node) ?? []);
    for (const daemonSet of [...new Set(chosen.map((a) => a.daemonSet))].sort()) {
      const nodes = chosen.filter((a) => a.daemonSet === daemonSet).map((a) => a.node);
      const base = { subject: daemonSet, about: { node: nodes, workload: [`DaemonSet/${daemonSet}`] } };
      const history = historyOf(daemonSet, revisions, pods.all);
      if (!history) {
        yield undetermined({ ...base, missing: [revisions.missing(`the ControllerRevisions of ${daemonSet}`)] });
        continue;
      }
      const hit = context.findings("cni-conf-dir-diverged").filter((f) => f.value["daemonSet"] === daemonSet);
      const struck = hit.flatMap((f) => f.about.node ?? []);
      const last = history.steps.at(-1);
      if (!last) {
        yield history.unknown
          ? undetermined({ ...base, missing: [history.unknown] })
          : refuted({ ...base, statements: [unchanged(daemonSet, history)] });
      } else if (hit.length === 0) {
        const examined = nodes.flatMap((node) => {
          const here = files.get(node);
          return here?.followed.state === "followed"
            ? [{ node, ...leadsTo(here.followed.credential, here.tree, last) }]
            : [];
        });
        const what = `the kubeconfig in use on a node of ${daemonSet}`;
        if (examined.length === 0) yield undetermined({ ...base, missing: [kubeconfigs.missing(what, nodes[0])] });
        else yield* weighed(daemonSet, last, history, examined, chosen, paths);
      } else {
        yield* judge(daemonSet, history, last, struck, all, files, context);
      }
    }
  },
  known: [
    known(
      "A DaemonSet keeps its earlier templates as ControllerRevisions; a rollback gives an old one the highest number and leaves its creation time",
      {
        source: "Kubernetes documentation, Perform a Rollback on a DaemonSet",
        version: "documentation, 2026",
      },
    ),
  ],
  consequence: rolloutConsequence,
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

/** For each struck node, the newest step that led away from what its plugin reads; nodes of one step are one finding. */
function* judge(
  daemonSet: string,
  history: History,
  last: Step,
  struck: readonly string[],
  all: readonly Agent[],
  files: ReadonlyMap<string, NodeFiles>,
  context: MatchContext,
) {
  const led = struck.flatMap((node) => {
    const here = files.get(node);
    const step = here ? history.steps.findLast((s) => ledAway(s, here)) : undefined;
    return step ? [{ node, step }] : [];
  });
  const step = led.at(-1)?.step;
  if (step) {
    const nodes = led.filter((l) => l.step === step).map((l) => l.node);
    yield foundFor(daemonSet, step, history, nodes, all, context);
    return;
  }
  const base = { subject: daemonSet, about: { node: struck, workload: [`DaemonSet/${daemonSet}`] } };
  if (history.unknown) {
    yield undetermined({ ...base, missing: [history.unknown] });
    return;
  }
  yield refuted({
    ...base,
    statements: [
      say`No revision of ${code(daemonSet, last.after.evidence)} up to ${word(last.after.value.revision, last.after.evidence)} moved it away from the directory that the plugin on ${codes(struck, 6, last.before.evidence)} reads`,
    ],
  });
}

/** The revision before wrote where the plugin reads, and the one after does not; or the one after names another file in the same place. */
function ledAway({ from, to }: Step, { followed, tree }: NodeFiles): boolean {
  if (followed.state !== "followed") return false;
  const { credential } = followed;
  const reader = parentOf(credential.real);
  const reaches = (path: string): boolean =>
    tree.resolve(path).real === reader || path === parentOf(credential.named) || path === credential.confDir.path;
  if (from.hostPath !== to.hostPath) return reaches(from.hostPath) && !reaches(to.hostPath);
  const wrote = parentOf(credential.netconf.value.path) === tree.resolve(to.hostPath).real;
  return (
    wrote && to.netDirEnv !== null && from.netDirEnv !== to.netDirEnv && to.netDirEnv === parentOf(credential.named)
  );
}

const unchanged = (daemonSet: string, { newest, revisions }: History): Statement =>
  revisions.length === 1
    ? say`${code(daemonSet, newest.evidence)} has had one revision only, so nothing changed where it writes`
    : say`The newest of the ${word(revisions.length, newest.evidence)} revisions of ${code(daemonSet, newest.evidence)} writes where the ones before it did`;

const template = (revision: Revision) => cite(revision, "/data/spec/template/spec/volumes");

/** That nothing else moved it, where not every revision is known; the pods tell which is in force. */
function doubtsOf({ after, between }: Step, history: History, struck: readonly string[], all: readonly Agent[]) {
  const inForce = struck.every(
    (node) => agentOn(all, node)?.pod.value.labels["controller-revision-hash"] === after.value.hash,
  );
  const later = history.endKnown || inForce ? [] : ["no later revision moved it again: not all of them are known"];
  return [...(between === null ? [] : [between]), ...later];
}

function foundFor(
  daemonSet: string,
  step: Step,
  history: History,
  struck: readonly string[],
  all: readonly Agent[],
  context: MatchContext,
) {
  const { after, from, to } = step;
  const unverified = doubtsOf(step, history, struck, all);
  return found({
    subject: daemonSet,
    about: { node: struck, workload: [`DaemonSet/${daemonSet}`] },
    since: step.afterAt,
    lastSeen: seenAt(after, context.moment),
    unverified,
    missing: unverified.length > 0 && history.unknown ? [history.unknown] : [],
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

function headline(daemonSet: string, { before, after, afterAt, broughtBack, from, to }: Step): Statement {
  const when = afterAt;
  const revision = word(after.value.revision, cite(after, "/revision"));
  const head = broughtBack
    ? when
      ? say`Revision ${revision} of the DaemonSet ${code(daemonSet, template(after))}, an earlier one that a rollback brought back and that ran at ${time(when, after.evidence)} at the latest,`
      : say`Revision ${revision} of the DaemonSet ${code(daemonSet, template(after))}, an earlier one that a rollback brought back,`
    : when
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

/** Beyond so many nodes a sentence sums up. */
const MANY = 5;
const CITED = 6;

/** The file in use was written while an earlier revision was in force: so that one still reached it. */
function underOld(step: Step, struck: readonly string[], context: MatchContext): readonly Statement[] {
  const { before, beforeAt, after, afterAt } = step;
  if (!afterAt) return [];
  const old = struck.flatMap((node) => {
    const followed = context.derive(nodeFiles).get(node)?.followed;
    const credential = followed?.state === "followed" ? followed.credential : null;
    const issued = credential?.token.iat;
    return credential && issued && issued.epochMs < afterAt.epochMs ? [{ node, credential, issued }] : [];
  });
  const byBefore = old.every(({ issued }) => beforeAt !== null && issued.epochMs >= beforeAt.epochMs);
  const [first, ...rest] = [...old].sort((a, b) => a.issued.epochMs - b.issued.epochMs);
  const last = rest.at(-1);
  if (!first) return [];
  const writer = byBefore
    ? say`revision ${word(before.value.revision, before.evidence)}`
    : say`a revision before ${word(after.value.revision, before.evidence)}`;
  const wrote = fragment(writer, before.evidence);
  if (old.length > MANY && last) {
    const shown = old.slice(0, CITED).map((o) => o.credential.tokenEvidence);
    return [
      say`The tokens in use on ${word(`${old.length} nodes`, first.credential.tokenEvidence, ...shown.slice(1, CITED - 1))} were issued between ${time(first.issued, first.credential.tokenEvidence)} and ${time(last.issued, last.credential.tokenEvidence)}, before that rollout: so ${wrote} had still written those files then`,
    ];
  }
  return old.map(
    ({ node, credential: { tokenEvidence }, issued }) =>
      say`The token in use on ${code(node, tokenEvidence)} was issued at ${time(issued, tokenEvidence)}, ${lapseOf(issued, afterAt, tokenEvidence, after.evidence)} before that rollout: so ${wrote} had still written that file then`,
  );
}

function spared(
  struck: readonly string[],
  all: readonly Agent[],
  daemonSet: string,
  after: Revision,
  context: MatchContext,
): readonly Statement[] {
  const files = context.derive(nodeFiles);
  const others = [...new Set(all.filter((a) => a.daemonSet === daemonSet).map((a) => a.node))]
    .filter((node) => !struck.includes(node) && files.get(node)?.followed.state === "followed")
    .sort();
  const evidence = others.flatMap((node) => {
    const followed = files.get(node)?.followed;
    if (followed?.state !== "followed") return [];
    const links = followed.credential.hops.filter((h) => h.value.type === "l").map((h) => h.evidence);
    return [followed.credential.tokenEvidence, ...links];
  });
  const [first, ...rest] = evidence.slice(0, CITED);
  if (!first) return [];
  return [
    say`On ${codes(others, 8, first, ...rest)} the kubeconfig of revision ${word(after.value.revision, template(after))} still reached the plugin`,
  ];
}
