import type { Finding, Gap } from "#model/finding.js";
import { shellWord } from "#model/rule.js";
import type { Brief } from "./inquest.js";

/** The mechanisms of which no collection showed an end, once all that failed was over. */
export interface Lasting {
  /** Seen by a collection that saw the end of what failed, or by a later one. */
  readonly left: readonly Finding[];
  /** Last seen before that: whether they still hold was not collected. */
  readonly unlooked: readonly Finding[];
}

const NONE: Lasting = { left: [], unlooked: [] };

/** Empty where nothing failed, and while a failure goes on. */
export function lastingOf(b: Brief): Lasting {
  const symptoms = b.findings.filter(b.isSymptom);
  const at = (moment: string): number => b.moments.findIndex((m) => m.id === moment);
  const ends = symptoms.flatMap((f) => (f.ended ? [at(f.ended.moment)] : []));
  if (symptoms.length === 0 || ends.length < symptoms.length) return NONE;
  const end = Math.max(...ends);
  // A trigger happened once: there is nothing in it that could still hold.
  const open = b.findings.filter(
    (f) => f.ended === null && f.role !== "trigger" && b.rule(f.rule).kind === "mechanism",
  );
  const isLeft = (f: Finding): boolean => f.activeAt.some((moment) => at(moment) >= end);
  return { left: open.filter(isLeft), unlooked: open.filter((f) => !isLeft(f)) };
}

/**
 * May what failed come back by a mechanism that brings it about through another, and so lies there unnoticed, of which the last collection
 * decides nothing? It was undetermined on a node concerned, or the part of that node was not collected.
 */
export function mayReturn(b: Brief): boolean {
  const last = b.moments.at(-1);
  const verdicts = b.verdicts.filter((v) => v.moment === last?.id);
  return b.findings.filter(b.isSymptom).some((symptom) => {
    const nodes = symptom.about.node ?? [];
    const isHere = (node: readonly string[]): boolean => node.length === 0 || node.some((n) => nodes.includes(n));
    const rules = b.rules.filter((r) => r.kind === "mechanism" && laysGround(b, r.id, symptom.rule));
    const isOpen = (id: string): boolean =>
      verdicts.some(
        (v) => v.rule.id === id && v.outcomes.some((o) => o.outcome === "undetermined" && isHere(o.about.node ?? [])),
      );
    const isUnseen = rules.some((r) => Object.values(r.needs).some((kind) => !kind.startsWith("kube.")));
    return rules.some((r) => isOpen(r.id)) || (isUnseen && nodes.some((n) => !last?.nodes.includes(n)));
  });
}

/** Does a mechanism bring about a symptom through at least one other mechanism? */
function laysGround(b: Brief, mechanism: string, symptom: string, seen: ReadonlySet<string> = new Set()): boolean {
  if (seen.has(mechanism)) return false;
  const rule = b.rules.find((r) => r.id === mechanism);
  return (rule?.explains ?? []).some(({ rule: next }) => {
    const through = b.rules.find((r) => r.id === next);
    if (through?.kind !== "mechanism") return false;
    const isDirect = through.explains.some((e) => e.rule === symptom);
    return isDirect || laysGround(b, next, symptom, new Set([...seen, mechanism]));
  });
}

/** The parts of nodes that the last collection lacks, and that would tell whether what was found there still holds. */
export function unlookedGaps(b: Brief): readonly Gap[] {
  const last = b.moments.at(-1);
  const { unlooked } = lastingOf(b);
  const nodes = [...new Set(unlooked.flatMap((f) => f.about.node ?? []))].filter((n) => !last?.nodes.includes(n));
  return nodes.sort().map((node) => {
    const here = unlooked.filter((f) => (f.about.node ?? []).includes(node));
    return {
      kind: "path",
      node,
      what: `files, processes and logs of ${node} after what failed there was over`,
      why: "not attempted at the last collection",
      command: `sh collect.sh --no-cluster --node ${shellWord(node)}   # on ${shellWord(node) === node ? node : "that node"}, as root`,
      blocks: [...new Set(here.map((f) => f.rule))].sort(),
      concerns: [node],
    };
  });
}
