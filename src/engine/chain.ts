import type { CausalLink } from "#model/finding.js";
import type { Numbered } from "./link.js";

/** Finding ids, effect first, root last. */
export type Chain = readonly string[];

/** More steps than this are not printed; the chain keeps its top and its root. */
export const MAX_STEPS = 7;

/**
 * Walks back from every effect that nothing later explains to its roots. A trigger stands beside the condition that it met: it is
 * set into the condition's chain, right after their common effect, since both were needed.
 */
export function findChains(findings: readonly Numbered[], links: readonly CausalLink[]): readonly Chain[] {
  const byId = new Map(findings.map((f) => [f.id, f]));
  const chains = tops(findings, links, byId).flatMap((top) => chainsFrom(top.id, links, byId));
  return distinct(
    sortForReading(
      chains.map((chain) => atMost(MAX_STEPS, chain)),
      byId,
    ),
  );
}

/** Symptoms that cause no further symptom (nor are merely the root of one, through a mechanism), and mechanisms that cause nothing. Impacts are not asked about: they are told as impact. */
function tops(
  findings: readonly Numbered[],
  links: readonly CausalLink[],
  byId: ReadonlyMap<string, Numbered>,
): readonly Numbered[] {
  const effectsOf = (id: string) =>
    links.flatMap((l) => (l.cause === id ? [{ id: l.effect, kind: byId.get(l.effect)?.of.kind }] : []));
  const reachesSymptom = (id: string): boolean =>
    effectsOf(id).some((effect) => effect.kind === "symptom" || reachesSymptom(effect.id));
  return findings.filter((f) => {
    if (f.of.kind === "impact") return false;
    const effects = effectsOf(f.id);
    if (f.of.kind !== "symptom") return effects.every(({ kind }) => kind === "impact");
    // One without a cause is told whole as the end of the other's chain; one with a cause is a failure of its own.
    const isRoot = !links.some((l) => l.effect === f.id);
    return isRoot ? !reachesSymptom(f.id) : !effects.some(({ kind }) => kind === "symptom");
  });
}

function chainsFrom(top: string, links: readonly CausalLink[], byId: ReadonlyMap<string, Numbered>): readonly Chain[] {
  const paths = pathsToRoots(top, links);
  const endsInTrigger = (path: Chain): boolean => path.length > 1 && byId.get(path.at(-1) ?? "")?.of.role === "trigger";
  const conditions = paths.filter((p) => !endsInTrigger(p));
  if (conditions.length === 0) return longestPerRoot(paths);
  const triggers = paths.filter(endsInTrigger).map((p) => ({ trigger: p.at(-1) ?? "", after: p.at(-2) ?? "" }));
  const placed = new Set<string>();
  const chains = longestPerRoot(conditions).map((path) =>
    path.flatMap((step) => {
      const own = triggers.filter((t) => t.after === step && path.at(-1) !== step).map((t) => t.trigger);
      for (const t of own) placed.add(t);
      return [step, ...new Set(own)];
    }),
  );
  const unplaced = paths.filter((p) => endsInTrigger(p) && !placed.has(p.at(-1) ?? ""));
  return [...chains, ...longestPerRoot(unplaced)];
}

/** Every path from a finding back to findings without a cause. Links are acyclic, so this ends. */
function pathsToRoots(from: string, links: readonly CausalLink[]): readonly Chain[] {
  const causes = links.filter((l) => l.effect === from).map((l) => l.cause);
  if (causes.length === 0) return [[from]];
  return causes.flatMap((cause) => pathsToRoots(cause, links).map((path) => [from, ...path]));
}

function longestPerRoot(paths: readonly Chain[]): readonly Chain[] {
  const best = new Map<string, Chain>();
  for (const path of paths) {
    const root = path.at(-1) ?? "";
    const known = best.get(root);
    if (!known || path.length > known.length) best.set(root, path);
  }
  return [...best.values()];
}

const atMost = (steps: number, chain: Chain): Chain =>
  chain.length <= steps ? chain : [...chain.slice(0, steps - 1), chain.at(-1) ?? ""];

/**
 * What failed comes before what has caused nothing, however old that is, and the earlier symptom first; but a chain that another runs
 * into comes before that one.
 */
function sortForReading(chains: readonly Chain[], byId: ReadonlyMap<string, Numbered>): readonly Chain[] {
  const onset = (chain: Chain): number => byId.get(chain[0] ?? "")?.since?.epochMs ?? Number.POSITIVE_INFINITY;
  const failed = (chain: Chain): number => (byId.get(chain[0] ?? "")?.of.kind === "symptom" ? 0 : 1);
  const byOnset = [...chains].sort(
    (a, b) => failed(a) - failed(b) || compareOnset(onset(a), onset(b)) || (a.join() < b.join() ? -1 : 1),
  );
  const told = new Set<Chain>();
  const tell = (chain: Chain): void => {
    // Links are acyclic, so no chain runs into one that runs into it.
    for (const other of byOnset) if (!told.has(other) && chain.indexOf(other[0] ?? "") > 0) tell(other);
    told.add(chain);
  };
  byOnset.forEach(tell);
  return [...told];
}

/** Two without a time differ by nothing: infinity less infinity is no number. */
const compareOnset = (a: number, b: number): number => (a === b ? 0 : a - b);

/** Two triggers of one condition give one chain, not two. */
function distinct(chains: readonly Chain[]): readonly Chain[] {
  const seen = new Set<string>();
  return chains.filter((chain) => {
    const key = chain.join();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
