import type { Custody } from "./artifact.js";
import type { CoverageEntry, Fact } from "./fact.js";
import type { Intake } from "./intake.js";
import type { ComparedMoment } from "./rule.js";

const firstLabel = (name: string): string => name.split(".")[0] ?? name;

/**
 * Which node of the API each machine is that a node's part comes from. The name itself decides; else the first label, where one node and one
 * machine have it and that node's own name is no machine's. Machines that are none of the nodes are left out.
 */
export function matchNodes(machines: readonly string[], nodes: readonly string[]): ReadonlyMap<string, string> {
  const [own, listed] = [new Set(machines), new Set(nodes)];
  const others = [...own].filter((name) => !listed.has(name));
  return new Map(
    [...own].flatMap((name): [string, string][] => {
      if (listed.has(name)) return [[name, name]];
      const [node, ...more] = [...listed].filter((n) => firstLabel(n) === firstLabel(name));
      const rivals = others.filter((n) => firstLabel(n) === firstLabel(name));
      return node !== undefined && more.length === 0 && rivals.length === 1 && !own.has(node) ? [[name, node]] : [];
    }),
  );
}

/** Names under which the API lists nodes, at any moment. */
const listedIn = (facts: readonly Fact[]): readonly string[] =>
  facts.flatMap((fact) => (fact.kind === "kube.node" && fact.node !== null ? [fact.node] : []));

const machinesOf = (custody: readonly Custody[]): readonly string[] =>
  custody.flatMap((c) => (c.node !== null && c.parts.includes("node") ? [c.node] : []));

/**
 * The same facts under the names that the API has for their nodes: what a machine shows and what the cluster says of it is joined by that
 * name. Evidence keeps the name that its bundle carries.
 */
export function underNodeNames(
  intake: Intake,
  custody: readonly Custody[],
): { readonly intake: Intake; readonly custody: readonly Custody[] } {
  const names = matchNodes(machinesOf(custody), listedIn(intake.facts));
  if ([...names].every(([machine, node]) => machine === node)) return { intake, custody };
  const renamed = <T extends { readonly node: string | null }>(of: T): T => {
    const node = of.node === null ? undefined : names.get(of.node);
    return node === undefined || node === of.node ? of : { ...of, node };
  };
  return {
    intake: {
      ...intake,
      facts: intake.facts.map((fact): Fact => renamed(fact)),
      coverage: intake.coverage.map((entry): CoverageEntry => renamed(entry)),
    },
    custody: custody.map(renamed),
  };
}

/** Nodes that the API lists at the last moment and of which no moment has the node's own part. */
export function unvisited(moments: readonly ComparedMoment[]): readonly string[] {
  const listed = listedAtLast(moments);
  const visited = new Set(matchNodes(machinesAt(moments), [...new Set(moments.flatMap(listedAt))]).values());
  return [...new Set(listed)].filter((name) => !visited.has(name)).sort();
}

/** Machines with a node's part that are none of the nodes that the API lists, at any moment; none where it lists no node. */
export function unlisted(moments: readonly ComparedMoment[]): readonly string[] {
  const listed = moments.flatMap(listedAt);
  const matched = matchNodes(machinesAt(moments), listed);
  return listed.length === 0 ? [] : [...new Set(machinesAt(moments))].filter((name) => !matched.has(name)).sort();
}

const machinesAt = (moments: readonly ComparedMoment[]): readonly string[] =>
  moments.flatMap((m) => m.context.moment.nodes);

const listedAt = (moment: ComparedMoment): readonly string[] => moment.view("kube.node").all.map((n) => n.value.name);

const listedAtLast = (moments: readonly ComparedMoment[]): readonly string[] => {
  const last = moments.at(-1);
  return last ? listedAt(last) : [];
};
