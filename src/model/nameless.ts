import type { Custody } from "./artifact.js";
import type { Fact } from "./fact.js";
import { nodeClock } from "./instant.js";
import type { Intake } from "./intake.js";
import { matchNodes } from "./visited.js";

/** What stands for the name of a node whose bundle does not say it: nobody's, but not the cluster's, nor another nameless node's. */
export const nameless = (sha256: string): string => `unknown-${sha256.slice(0, 8)}`;

/**
 * The same under the names of nodes that the record of a bundle has lost, where what is intact of it still tells: everything that names the
 * machine leads to the one node, and the cluster lists it. Custody says by what. Else a node stays nameless.
 */
export function underRecoveredNames(
  intake: Intake,
  custody: readonly Custody[],
): { readonly intake: Intake; readonly custody: readonly Custody[] } {
  const lost = custody.filter((c) => c.node === nameless(c.sha256) && c.parts.includes("node"));
  const listed = intake.facts.flatMap((f) => (f.kind === "kube.node" && f.node !== null ? [f.node] : []));
  const names = new Map(
    lost.flatMap((c) => {
      const name = recover(c, intake.facts, listed);
      return name ? [[c.sha256, name] as const] : [];
    }),
  );
  if (names.size === 0) return { intake, custody };
  const under = <T extends { readonly bundle: string }>(of: T): Renamer | undefined => names.get(of.bundle)?.rename;
  const inArtifact = <T extends { readonly artifact: { readonly bundle: string } }>(of: T): T =>
    under(of.artifact)?.(of) ?? of;
  return {
    intake: {
      artifacts: intake.artifacts.map((artifact) => under(artifact)?.(artifact) ?? artifact),
      facts: intake.facts.map(inArtifact),
      issues: intake.issues.map(inArtifact),
      coverage: intake.coverage.map(inArtifact),
    },
    custody: custody.map((c) => {
      const name = names.get(c.sha256);
      if (!name) return c;
      const issue = { code: "W_NODE_NAME", member: null, message: name.told };
      return { ...name.rename(c), nodeBy: name.by, issues: [...c.issues, issue] };
    }),
  };
}

type Renamer = <T>(of: T) => T;

function recover(
  { sha256 }: Custody,
  facts: readonly Fact[],
  listed: readonly string[],
): { readonly rename: Renamer; readonly told: string; readonly by: string } | null {
  const witnesses = facts.filter((f) => f.artifact.bundle === sha256).flatMap(namedBy);
  const nodes = new Set(witnesses.map(({ name }) => matchNodes([name], listed).get(name) ?? null));
  const [node, ...others] = nodes;
  if (node === undefined || node === null || others.length > 0) return null;
  const by = [...new Set(witnesses.map((w) => w.by))].sort().join(", ");
  const told = `the record does not say which node this is; all that names it (${by}) leads to ${node}, which the cluster lists: taken for it`;
  return { rename: renamer(nameless(sha256), node), told, by };
}

interface Witness {
  readonly name: string;
  readonly by: string;
}

/** The name that a kubelet was told goes before that of its host: where they differ nothing is recovered. */
function namedBy(fact: Fact): readonly Witness[] {
  if (fact.kind === "hostname") return [{ name: (fact as Fact<"hostname">).value.name, by: fact.artifact.origin }];
  if (fact.kind !== "process") return [];
  const { name, cmdline } = (fact as Fact<"process">).value;
  const told = /\s--hostname-override[= ](\S{1,253})/.exec(cmdline)?.[1];
  return told === undefined ? [] : [{ name: told.toLowerCase(), by: `--hostname-override of ${name}` }];
}

/** Plain data in, plain data out, equal objects for equal ones: names of the node and of its clock, wherever they stand. */
function renamer(from: string, to: string): Renamer {
  const known = new WeakMap<object, object>();
  const clocks = [nodeClock(from), nodeClock(to)] as const;
  const rename = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rename);
    if (typeof value !== "object" || value === null) return value;
    const before = known.get(value);
    if (before) return before;
    const after = Object.fromEntries(
      Object.entries(value).map(([key, entry]) => {
        if (key === "node" && entry === from) return [key, to];
        if (key === "clock" && entry === clocks[0]) return [key, clocks[1]];
        // An object of the API as it was collected names no machine that nobody knew.
        return [key, key === "json" ? entry : rename(entry)];
      }),
    );
    known.set(value, after);
    return after;
  };
  return rename as Renamer;
}
