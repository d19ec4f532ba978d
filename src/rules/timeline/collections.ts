import type { Artifact } from "#model/artifact.js";
import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import { type ComparedMoment, defineTimeline } from "#model/rule.js";
import { codes, say } from "#model/statement.js";

/** Without the collector's own record, kinds that every collection yields, the smallest first: one artifact of each bundle is cited. */
const KINDS: readonly FactKind[] = [
  "kube.version",
  "kube.node",
  "runtime.config",
  "path",
  "kube.pod",
  "process",
  "log",
  "clock",
];

/** When the evidence was collected: the time line ends where nobody looked any more. */
export default defineTimeline({
  id: "collections",
  *observe(moment) {
    const { nodes, startedAt } = moment.context.moment;
    const [first, ...rest] = oneOfEachBundle(moment);
    if (!first) return;
    const from = nodes.length > 0 ? codes(nodes, 5, first, ...rest) : codes(["the API server"], 1, first, ...rest);
    yield {
      at: startedAt,
      approximate: false,
      statement: say`Evidence collected from ${from}.`,
      source: "collector",
    };
  },
});

function oneOfEachBundle({ view }: ComparedMoment): readonly Evidence[] {
  const clocks = new Map(view("clock").all.map((f) => [f.artifact.bundle, f.evidence]));
  const found = new Map<string, Artifact>();
  for (const kind of KINDS) {
    for (const fact of view(kind).all)
      if (!found.has(fact.artifact.bundle)) found.set(fact.artifact.bundle, fact.artifact);
  }
  return [...found.values()]
    .sort((a, b) => (a.bundle < b.bundle ? -1 : 1))
    .map((a) => clocks.get(a.bundle) ?? evidenceIn(a, { kind: "whole" }, `collected by ${a.origin}`));
}
