/** A scenario of two nodes and one moment, 2024-01-02T00:00:00Z, with the given artifacts (YAML, one list entry each). */
export function scenarioOf(...artifacts: readonly string[]): string {
  return [
    "schema: forensic-scenario/1",
    "id: sample",
    "cluster: {k8s: v1.30.1, distro: k3s}",
    "nodes: [{name: a, ip: 10.0.0.1}, {name: b}]",
    'bundles: {S1: {collected_at: "2024-01-02T00:00:00Z"}}',
    `artifacts: ${artifacts.length === 0 ? "[]" : ""}`,
    ...artifacts.map((artifact) => `  - {bundle: S1, ${artifact}}`),
    "",
  ].join("\n");
}

/** One artifact of items. */
export function itemsOf(kind: string, ...items: readonly string[]): string {
  return `path: cluster/${kind}.json, kind: ${kind}, items: [${items.map((item) => `{${item}}`).join(", ")}]`;
}

/** One artifact of literal lines on node b; each line is quoted here. */
export function linesOf(kind: string, path: string, abspath: string, ...lines: readonly string[]): string {
  const place = abspath === "" ? "" : `abspath: ${JSON.stringify(abspath)}, `;
  return `path: nodes/b/${path}, kind: ${kind}, ${place}lines: [${lines.map((line) => `{m: ${JSON.stringify(line)}}`).join(", ")}]`;
}
