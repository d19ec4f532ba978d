import { cite } from "#model/fact.js";
import type { Observation } from "#model/finding.js";
import { formatDuration } from "#model/instant.js";
import { type ComparedMoment, defineTimeline } from "#model/rule.js";
import { code, codes, lapse, type Quoted, say } from "#model/statement.js";
import { CITED, type Cited, either, extent, firstNumber, groupBy, number, span } from "#rules/kubelet/_pods.js";
import { type Assignment, assignments } from "#rules/scheduling/_assignments.js";
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
    const pods = number(rest.length + 1, "pod", ...evidence);
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
        statement: say`${firstNumber(rest.length + 1, "pod", ...evidence)} that had waited ${waited([first, ...rest], evidence)} assigned to ${code(node, ...evidence)}.`,
        source: first.source,
        trace: {
          kind: "recovered",
          node,
          statement: say`${firstNumber(rest.length + 1, "pod", ...evidence)} that had waited ${waited([first, ...rest], evidence)} ${either(rest.length + 1, "was", "were", ...evidence)} assigned to ${code(node, ...evidence)} ${span(
            [first, ...rest].map((a) => a.at),
            ...evidence,
          )}.`,
        },
      };
    }
  }
}

/** `12 min 29 s`, or `up to` the longest where they differ. */
function waited(list: readonly Assignment[], evidence: Cited): Quoted {
  const [low, high] = extent(list.map((a) => a.waitedMs));
  const [first, ...rest] = list.slice(0, CITED).map((a) => cite(a.pod, "/metadata/creationTimestamp"));
  const longest = lapse(high, ...evidence, ...(first ? [first, ...rest] : []));
  return formatDuration(low) === formatDuration(high) ? longest : say`up to ${longest}`;
}

/** Pods wait for minutes while a node joins; that is no event of an incident. */
const LONG_WAIT_MS = 300_000;
