import type { Fact } from "#model/fact.js";
import { cite } from "#model/fact.js";
import { defineSurvey, type SurveyRow } from "#model/rule.js";
import { codes, type Statement, say, word } from "#model/statement.js";

type Nodes = readonly Fact<"kube.node">[];

/** What the cluster is: its nodes and versions. Versions are those of the components' own reports. */
export default defineSurvey({
  id: "cluster",
  *survey({ view }): Iterable<SurveyRow> {
    const nodes = view("kube.node").all;
    const [first, ...rest] = nodes;
    if (first) {
      yield row(
        "Nodes",
        say`${codes(
          nodes.map((n) => n.value.name),
          12,
          first.evidence,
          ...rest.map((n) => n.evidence),
        )}`,
      );
    }
    const version = view("kube.version").all[0];
    if (version) yield row("API server", say`Kubernetes ${word(version.value.gitVersion, version.evidence)}`);
    yield* versions("kubelet", nodes, (n) => n.value.kubeletVersion, "/status/nodeInfo/kubeletVersion");
    yield* versions(
      "Container runtime",
      nodes,
      (n) => n.value.runtimeVersion,
      "/status/nodeInfo/containerRuntimeVersion",
    );
  },
});

const row = (name: string, statement: Statement): SurveyRow => ({ section: "environment", name, statement });

/** One row for each version, with the nodes that report it. */
function* versions(
  name: string,
  nodes: Nodes,
  read: (n: Fact<"kube.node">) => string | null,
  pointer: string,
): Iterable<SurveyRow> {
  for (const version of [...new Set(nodes.flatMap((n) => read(n) ?? []))].sort()) {
    const on = nodes.filter((n) => read(n) === version);
    const [first, ...rest] = on.map((n) => cite(n, pointer));
    if (first)
      yield row(
        name,
        say`${word(version, first)} on ${codes(
          on.map((n) => n.value.name),
          12,
          first,
          ...rest,
        )}`,
      );
  }
}
