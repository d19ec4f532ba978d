import type { Fact } from "#model/fact.js";
import type { Observation } from "#model/finding.js";
import { defineTimeline } from "#model/rule.js";
import { code, codes, say } from "#model/statement.js";
import { CITED, type Cited, groupBy } from "#rules/kubelet/_pods.js";
import { isCniPath } from "./_agents.js";
import { cniFiles, directoryOf, nameOf } from "./_cni-paths.js";
import { isApproximate, together, troubledNodes } from "./_troubled.js";

type PathFact = Fact<"path">;

/** When kubeconfigs and network configurations of the CNI were written, and links among their directories made, on nodes with trouble. */
export default defineTimeline({
  id: "cni-files",
  *observe({ context, view }) {
    const nodes = troubledNodes(context);
    const files = context.derive(cniFiles);
    for (const node of [...nodes].sort()) {
      const paths = view("path").on(node);
      const written = paths.filter((p) => p.value.type === "f" && files.has(`${node}\n${p.value.path}`));
      for (const group of groupBy(written, (p) => directoryOf(p.value.path)).values()) yield* writes(node, group);
      for (const link of paths) if (link.value.type === "l" && isCniPath(link.value.path)) yield* linked(node, link);
    }
  },
});

function* writes(node: string, files: readonly PathFact[]): Iterable<Observation> {
  const dated = files.flatMap((file) => (file.value.mtime ? [{ file, at: file.value.mtime }] : []));
  for (const [first, ...rest] of together(dated, ({ at }) => at.epochMs)) {
    const evidence: Cited = [first.file.evidence, ...rest.slice(0, CITED - 1).map((r) => r.file.evidence)];
    const names = [first, ...rest].map((r) => nameOf(r.file.value.path)).sort();
    yield {
      at: first.at,
      approximate: isApproximate(first.at.precisionMs),
      statement: say`${codes(names, 4, ...evidence)} in ${code(directoryOf(first.file.value.path), ...evidence)} on ${code(node, ...evidence)} written.`,
      source: "mtime",
    };
  }
}

function* linked(node: string, link: PathFact): Iterable<Observation> {
  const { path, target, mtime } = link.value;
  if (!mtime || target === null) return;
  yield {
    at: mtime,
    approximate: isApproximate(mtime.precisionMs),
    statement: say`${code(path, link.evidence)} on ${code(node, link.evidence)} made a link to ${code(target, link.evidence)}.`,
    source: "mtime",
  };
}
