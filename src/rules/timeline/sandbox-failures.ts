import type { Observation } from "#model/finding.js";
import { defineTimeline } from "#model/rule.js";
import { code, say, word } from "#model/statement.js";
import { CREATE_FAILURES, KILL_FAILURES } from "#rules/kubelet/_failure-kinds.js";
import { citeOccurrences } from "#rules/kubelet/_failure-statements.js";
import { either, extent, number, podsByUid, words } from "#rules/kubelet/_pods.js";
import { sandboxErrorTail } from "#rules/kubelet/_sandbox-error.js";
import {
  type FailureKind,
  failureSubject,
  firstSeen,
  lastSeen,
  type SandboxFailures,
  sandboxFailures,
} from "#rules/kubelet/_sandbox-failures.js";
import { isApproximate } from "./_troubled.js";

const KINDS: readonly (readonly [string, FailureKind])[] = [
  ["sym:failed-kill-pod", KILL_FAILURES],
  ["sym:failed-create-sandbox", CREATE_FAILURES],
];

/** First and last report of sandboxes that failed, where that was a symptom and no noise. */
export default defineTimeline({
  id: "sandbox-failures",
  *observe({ context, view }) {
    for (const [rule, kind] of KINDS) {
      const subjects = new Set(context.findings(rule).map((f) => f.subject));
      for (const group of sandboxFailures(kind, view, context.derive(podsByUid))) {
        if (subjects.has(failureSubject(group.node, group.errorClass))) yield* rowsOf(group, kind);
      }
    }
  },
});

function* rowsOf(group: SandboxFailures, kind: FailureKind): Iterable<Observation> {
  const [first, last] = [firstSeen(group.occurrences), lastSeen(group.occurrences)];
  const evidence = citeOccurrences(group);
  const node = code(group.node ?? "unknown node", ...evidence);
  const source = group.occurrences[0].source;
  const reason = source === "event" ? code(kind.reason, ...evidence) : words(kind.noun, ...evidence);
  if (first) {
    yield {
      at: first,
      approximate: isApproximate(first.precisionMs),
      statement: say`First ${reason} on ${node}: ${code(sandboxErrorTail(group.occurrences[0].message), ...evidence)}.`,
      source: `${source}, first seen`,
    };
  }
  const isShown = group.occurrences.some((o) => o.last === last && o.lastEvidence !== o.evidence);
  if (source === "log" && isShown && last && first && last.epochMs - first.epochMs > 60_000) {
    yield {
      at: last,
      approximate: isApproximate(last.precisionMs),
      statement: say`Last ${reason} on ${node} in what was collected of the log.`,
      source: "log, last seen",
    };
  }
  if (source === "event" && last && first && last.epochMs - first.epochMs > 60_000) {
    const least = word(extent(group.occurrences.map((o) => o.count))[0], ...evidence);
    const pods = number(group.occurrences.length + group.more, "pod", ...evidence);
    yield {
      at: last,
      approximate: isApproximate(last.precisionMs),
      statement: say`${reason} on ${node} still reported, by then at least ${least} times for ${either(group.occurrences.length, "", "each of ", ...evidence)}${pods}.`,
      source: `${source}, last seen`,
    };
  }
}
