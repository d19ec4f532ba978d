import type { ComparedMoment } from "./rule.js";

/** Nodes that the API lists at the last moment and of which no moment has the node's own part. A host name may be the short form of a node's. */
export function unvisited(moments: readonly ComparedMoment[]): readonly string[] {
  const short = (name: string): string => name.split(".")[0] ?? name;
  const visited = new Set(moments.flatMap((m) => m.context.moment.nodes.map(short)));
  const listed =
    moments
      .at(-1)
      ?.view("kube.node")
      .all.map((n) => n.value.name) ?? [];
  return [...new Set(listed)].filter((name) => !visited.has(short(name))).sort();
}
