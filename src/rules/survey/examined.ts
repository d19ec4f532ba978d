import { evidenceIn } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import { defineSurvey, type SurveyRow } from "#model/rule.js";
import { code, count, say, time, word } from "#model/statement.js";
import { nodeFiles } from "#rules/cni/_credential.js";

const CLUSTER_KINDS: readonly (readonly [FactKind, string])[] = [
  ["kube.pod", "pod"],
  ["kube.node", "node object"],
  ["kube.event", "series of events"],
  ["kube.workload", "workload"],
  ["kube.revision", "ControllerRevision"],
];

/** What was looked at, and how completely: a finding of no fault is worth as much as this. */
export default defineSurvey({
  id: "examined",
  *survey({ context, view }): Iterable<SurveyRow> {
    for (const [kind, noun] of CLUSTER_KINDS) {
      const coverage = view(kind).coverage();
      const [first, ...rest] = coverage.searched("further one");
      if (!first) continue;
      const whole = [first, ...rest].map((e) => ({
        ...e,
        locator: { kind: "whole" as const },
        excerpt: `${coverage.facts} ${noun}, ${coverage.state}`,
      }));
      const [lead, ...others] = whole;
      if (!lead) continue;
      const statement = say`${count(coverage.facts, noun, lead, ...others)} at ${time(context.moment.collectedAt, lead)}, collection ${word(coverage.state, lead)}`;
      yield { section: "examined", name: noun, statement };
    }
    for (const [node, { followed, tree }] of context.derive(nodeFiles)) {
      const paths = view("path").on(node);
      const [fact] = paths;
      if (!fact) continue;
      const table = evidenceIn(fact.artifact, { kind: "whole" }, `${paths.length} paths`);
      yield {
        section: "examined",
        name: node,
        statement: say`${count(paths.length, "path", table)} on ${code(node, table)} at ${time(context.moment.collectedAt, table)}`,
      };
      if (followed.state !== "followed") continue;
      const { credential } = followed;
      const [first, ...rest] = credential.path;
      const file = tree.at(credential.real);
      yield {
        section: "examined",
        name: node,
        statement: say`The credential that the CNI plugin on ${code(node, credential.tokenEvidence)} presents, followed to ${code(credential.real, first, ...rest, ...(file ? [file.evidence] : []))}`,
      };
    }
  },
});
