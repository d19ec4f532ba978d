import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { Fact, FactKind } from "#model/fact.js";
import { type ComparedMoment, defineSurvey, type SurveyRow } from "#model/rule.js";
import { code, codes, count, type Statement, say, time, word } from "#model/statement.js";
import { nodeFiles } from "#rules/cni/_credential.js";

const CLUSTER_KINDS: readonly (readonly [FactKind, string])[] = [
  ["kube.pod", "pod"],
  ["kube.node", "node object"],
  ["kube.event", "series of events"],
  ["kube.workload", "workload"],
  ["kube.revision", "ControllerRevision"],
];

const STANDARD_CONF_DIR = "/etc/cni/net.d";

/** What was looked at, and how completely: a review without a finding is worth as much as this. */
export default defineSurvey({
  id: "examined",
  *survey(moment): Iterable<SurveyRow> {
    for (const [kind, noun] of CLUSTER_KINDS) yield* listed(moment, kind, noun);
    for (const node of moment.context.moment.nodes) yield* onNode(moment, node);
    const differs = standardDirectories(moment);
    if (differs) yield { section: "examined", name: STANDARD_CONF_DIR, statement: differs };
  },
});

function* listed({ context, view }: ComparedMoment, kind: FactKind, noun: string): Iterable<SurveyRow> {
  const coverage = view(kind).coverage();
  const whole = coverage.searched(noun).map(
    (e): Evidence => ({
      ...e,
      locator: { kind: "whole" },
      excerpt: e.locator.kind === "absence" ? e.locator.searched : e.excerpt,
    }),
  );
  const [first, ...rest] = whole;
  if (!first) return;
  const at = time(view(kind).all[0]?.artifact.collectedAt ?? context.moment.collectedAt, first);
  const state = word(coverage.state, first);
  // "At least 0" would say that somebody counted.
  const statement =
    coverage.facts === 0 && coverage.state !== "complete"
      ? say`Not one ${word(noun, first, ...rest)} was read at ${at}: collection ${state}`
      : say`${count(coverage.facts, noun, first, ...rest)} at ${at}, collection ${state}`;
  yield { section: "examined", name: noun, statement };
}

function* onNode({ context, view }: ComparedMoment, node: string): Iterable<SurveyRow> {
  const paths = view("path").on(node);
  const [fact] = paths;
  if (!fact) return;
  // the table of paths has no time of its own; the processes are looked at just before
  const at = view("process").on(node)[0]?.artifact.collectedAt ?? context.moment.collectedAt;
  const table = evidenceIn(fact.artifact, { kind: "whole" }, `${paths.length} paths`);
  yield {
    section: "examined",
    name: node,
    statement: say`${count(paths.length, "path", table)} on ${code(node, table)} at ${time(at, table)}`,
  };
  const files = context.derive(nodeFiles).get(node);
  const credentials = (files?.chain ?? []).flatMap(({ followed }) =>
    followed.state === "followed" ? [followed.credential] : [],
  );
  const [credential, ...others] = credentials;
  if (!credential) return;
  const shown = credentials.flatMap((c) => [...c.path, ...(c.file ? [c.file.evidence] : [])]);
  const tokens = credentials.map((c) => c.tokenEvidence) as [Evidence, ...Evidence[]];
  const [first, ...rest] = shown as [Evidence, ...Evidence[]];
  yield {
    section: "examined",
    name: node,
    statement:
      others.length === 0
        ? say`The credential that the CNI plugin on ${code(node, credential.tokenEvidence)} is given, followed to ${code(credential.real, first, ...rest)}`
        : say`The credentials that the CNI plugins on ${code(node, ...tokens)} are given, followed to ${codes(
            credentials.map((c) => c.real),
            8,
            first,
            ...rest,
          )}`,
  };
  const { because } = credential.confDir;
  if (because) yield { section: "examined", name: node, statement: because };
}

/** Nodes whose standard directory is of another kind than their peers': no fault as long as nothing writes there, and good to know before something does. */
function standardDirectories({ context, view }: ComparedMoment): Statement | null {
  const rows = context.moment.nodes.flatMap((node) =>
    view("path")
      .on(node)
      .filter((p) => p.value.path === STANDARD_CONF_DIR),
  );
  const links = rows.filter((p) => p.value.type === "l");
  const own = rows.filter((p) => p.value.type === "d");
  const [link, directory] = [links[0], own[0]];
  if (!link || !directory) return null;
  const names = (facts: readonly Fact<"path">[], first: Fact<"path">) =>
    codes([...new Set(facts.map((f) => f.node ?? ""))].sort(), 8, ...cited(facts, first));
  return say`${code(STANDARD_CONF_DIR, directory.evidence)} is a directory on ${names(own, directory)} and a link to ${code(link.value.target ?? "", link.evidence)} on ${names(links, link)}: what a manifest writes there lands in that directory on ${names(own, directory)}, and where the link leads on ${names(links, link)}`;
}

const cited = (facts: readonly Fact<"path">[], first: Fact<"path">): [Evidence, ...Evidence[]] => [
  first.evidence,
  ...facts.filter((f) => f !== first).map((f) => f.evidence),
];
