import type { Fact } from "#model/fact.js";
import type { Observation } from "#model/finding.js";
import { formatUtc, type Instant } from "#model/instant.js";
import { defineTimeline } from "#model/rule.js";
import { citing, code, codes, say, time } from "#model/statement.js";
import { CITED, type Cited, either, groupBy, span, words } from "#rules/kubelet/_pods.js";
import { isCniPath } from "./_agents.js";
import { cniFiles, directoryOf, nameOf } from "./_cni-paths.js";
import { isApproximate, together, troubledNodes } from "./_troubled.js";

type PathFact = Fact<"path">;

/**
 * When kubeconfigs and network configurations of the CNI were written, and links among their directories made, on nodes with trouble; the
 * link that led the agent's path elsewhere too, wherever it lies.
 */
export default defineTimeline({
  id: "cni-files",
  *observe({ context, view }) {
    const nodes = troubledNodes(context);
    const files = context.derive(cniFiles);
    const leading = new Set(
      context.findings("cni-hostpath-mount-stale-inode").map((f) => `${f.value["node"]}\n${f.value["link"]}`),
    );
    for (const node of [...nodes].sort()) {
      const paths = view("path").on(node);
      const written = paths.filter((p) => p.value.type === "f" && files.has(`${node}\n${p.value.path}`));
      for (const group of groupBy(written, (p) => directoryOf(p.value.path)).values()) yield* writes(node, group);
      for (const link of paths) {
        const { type, path } = link.value;
        if (type === "l" && (isCniPath(path) || leading.has(`${node}\n${path}`))) yield* linked(node, link);
      }
    }
  },
});

function* writes(node: string, files: readonly PathFact[]): Iterable<Observation> {
  const dated = files.flatMap((file) => (file.value.mtime ? [{ file, at: file.value.mtime }] : []));
  for (const group of together(dated, ({ at }) => at.epochMs)) {
    const [first, ...rest] = group;
    const evidence: Cited = [first.file.evidence, ...rest.slice(0, CITED - 1).map((r) => r.file.evidence)];
    const names = group.map((r) => nameOf(r.file.value.path)).sort();
    const at = group.map((r) => r.at).reduce(last);
    const apart = formatUtc(first.at) !== formatUtc(at);
    const when = apart
      ? say`, ${span(
          group.map((r) => r.at),
          ...evidence,
        )}`
      : citing(...evidence);
    yield {
      // All of them are there only with the last: none stands before the token that it holds.
      at,
      approximate: isApproximate(at.precisionMs),
      statement: say`${either(names.length, "File", "Files", ...evidence)} ${codes(names, 4, ...evidence)} in ${code(directoryOf(first.file.value.path), ...evidence)} on ${code(node, ...evidence)} written${when}.`,
      source: "mtime",
      trace: {
        kind: "written",
        node,
        statement: say`${either(names.length, "The file", "The files", ...evidence)} ${codes(names, 4, ...evidence)} in ${code(directoryOf(first.file.value.path), ...evidence)} on ${code(node, ...evidence)} ${either(names.length, "was", "were", ...evidence)} last written ${span(
          group.map((r) => r.at),
          ...evidence,
        )}.`,
      },
    };
  }
}

const last = (a: Instant, b: Instant): Instant => (b.epochMs > a.epochMs ? b : a);

function* linked(node: string, link: PathFact): Iterable<Observation> {
  const { path, target, mtime } = link.value;
  if (!mtime || target === null) return;
  yield {
    at: mtime,
    approximate: isApproximate(mtime.precisionMs),
    statement: say`${words("Link ", link.evidence)}${code(path, link.evidence)} on ${code(node, link.evidence)} made, to ${code(target, link.evidence)}.`,
    source: "mtime",
    trace: {
      kind: "written",
      node,
      statement: say`By its own time the link ${code(path, link.evidence)} on ${code(node, link.evidence)}, to ${code(target, link.evidence)}, was made at ${time(mtime, link.evidence)}.`,
    },
  };
}
