import type { Observation } from "#model/finding.js";
import { type ComparedMoment, defineTimeline } from "#model/rule.js";
import { code, codes, count, lapse, say } from "#model/statement.js";
import { CITED, type Cited, groupBy } from "#rules/kubelet/_pods.js";
import { assignments } from "#rules/scheduling/_assignments.js";
import { type Blockade, blockades, nodesKey } from "#rules/scheduling/_blockade.js";
import { isApproximate, together } from "./_troubled.js";

/** Pods that found no node: since when, and when those of them that had waited long were given one. */
export default defineTimeline({
  id: "pending-pods",
  *observe(moment) {
    for (const group of groupBy(moment.context.derive(blockades), nodesKey).values()) yield* began(group);
    yield* ended(moment);
  },
});

function* began(group: readonly Blockade[]): Iterable<Observation> {
  const dated = group.flatMap((b) => (b.pending.since ? [{ b, at: b.pending.since }] : []));
  for (const [first, ...rest] of together(dated, ({ at }) => at.epochMs)) {
    const evidence: Cited = [first.b.pending.evidence, ...rest.slice(0, CITED - 1).map(({ b }) => b.pending.evidence)];
    const pods = count(rest.length + 1, "pod", ...evidence);
    const names = first.b.pinned && first.b.nodesKnown ? first.b.allowed.map((n) => n.value.name) : [];
    yield {
      at: first.at,
      approximate: isApproximate(first.at.precisionMs),
      statement:
        names.length > 0
          ? say`The scheduler finds no node for ${pods} that may run on ${codes(names, 3, ...evidence)} only.`
          : say`The scheduler finds no node for ${pods}.`,
      source: "pod condition",
    };
  }
}

function* ended({ context }: ComparedMoment): Iterable<Observation> {
  const late = context.derive(assignments).filter((a) => a.waitedMs > LONG_WAIT_MS);
  for (const [node, list] of groupBy(late, (a) => a.pod.value.node ?? "")) {
    for (const [first, ...rest] of together(list, ({ at }) => at.epochMs)) {
      const evidence: Cited = [first.evidence, ...rest.slice(0, CITED - 1).map((a) => a.evidence)];
      yield {
        at: first.at,
        approximate: isApproximate(first.at.precisionMs),
        statement: say`${count(rest.length + 1, "pod", ...evidence)} that had waited for up to ${lapse(Math.max(first.waitedMs, rest.at(-1)?.waitedMs ?? 0), ...evidence)} assigned to ${code(node, ...evidence)}.`,
        source: first.source,
      };
    }
  }
}

/** Pods wait for minutes while a node joins; that is no event of an incident. */
const LONG_WAIT_MS = 300_000;
