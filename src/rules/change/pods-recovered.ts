import type { Evidence } from "#model/evidence.js";
import { cite } from "#model/fact.js";
import type { Change } from "#model/finding.js";
import { type Instant, latestOf } from "#model/instant.js";
import { type ComparedMoment, defineChange } from "#model/rule.js";
import { citing, code, count, type Statement, say, word } from "#model/statement.js";
import {
  CITED,
  type Cited,
  citeEach,
  either,
  groupBy,
  isReady,
  type Pod,
  podsByUid,
  some,
  span,
  stuckPods,
  uidsOf,
} from "#rules/kubelet/_pods.js";
import { type Assignment, assignments } from "#rules/scheduling/_assignments.js";
import { pendingPods } from "#rules/scheduling/_pending.js";

/** Pods that found no node and run, and deleted pods that did not go and are gone. */
export default defineChange({
  id: "pods-recovered",
  needs: { pods: "kube.pod" },
  *compare(earlier, later) {
    yield* placed(earlier, later);
    yield* gone(earlier, later);
  },
});

function* placed(earlier: ComparedMoment, later: ComparedMoment): Iterable<Change> {
  const now = later.context.derive(podsByUid);
  const at = new Map(later.context.derive(assignments).map((a) => [a.pod.value.uid, a]));
  const running = earlier.context.derive(pendingPods).flatMap(({ pod: was, evidence }) => {
    const pod = now.get(was.value.uid);
    return pod && pod.value.phase === "Running" && isReady(pod) ? [{ pod, evidence }] : [];
  });
  for (const [node, list] of groupBy(running, ({ pod }) => pod.value.node ?? "")) {
    const [first, ...rest] = list;
    if (first) yield placedOn(node, [first, ...rest], at);
  }
}

type Ran = { readonly pod: Pod; readonly evidence: Evidence };

function placedOn(node: string, list: readonly [Ran, ...Ran[]], at: ReadonlyMap<string, Assignment>): Change {
  const [first, ...rest] = list;
  const pods = list.map((l) => l.pod);
  const before: Cited = [first.evidence, ...rest.slice(0, CITED - 1).map((l) => l.evidence)];
  const after = citeEach([first.pod, ...rest.map((l) => l.pod)], "/status/phase");
  const assigned = some(pods.flatMap((pod) => at.get(pod.value.uid) ?? []));
  const when = assigned
    ? say`, assigned ${span(
        assigned.map((a) => a.at),
        assigned[0].evidence,
        ...assigned.slice(1, CITED).map((a) => a.evidence),
      )}`
    : citing(...after);
  return {
    rule: "pods-recovered",
    subject: `placed|${node}`,
    kind: "recovery",
    about: { node: [node], pod: uidsOf(pods) },
    at: assigned ? assigned.map((a) => a.at).reduce<Instant | null>(latestOf, null) : null,
    statements: [
      say`${count(list.length, "pod", ...before)} that had found no node ${either(list.length, "was", "were", ...after)} running and ready on ${code(node, ...after)}${when}.`,
    ],
  };
}

/** Absence is quoted only from a complete list of pods. */
function* gone(earlier: ComparedMoment, later: ComparedMoment): Iterable<Change> {
  const coverage = later.view("kube.pod").coverage();
  const [searched, ...more] = coverage.searched("pod with the uid of a pod that was being deleted");
  if (coverage.state !== "complete" || !searched) return;
  const now = later.context.derive(podsByUid);
  const left = earlier.context.derive(stuckPods).filter((pod) => !now.has(pod.value.uid));
  for (const [node, group] of groupBy(left, (pod) => pod.value.node ?? "")) {
    const [first, ...rest] = group;
    if (!first) continue;
    const was = earlier.context.derive(stuckPods).filter((pod) => (pod.value.node ?? "") === node);
    yield {
      rule: "pods-recovered",
      subject: `gone|${node}`,
      kind: "recovery",
      about: { ...(node === "" ? {} : { node: [node] }), pod: uidsOf(group) },
      at: null,
      statements: [goneStatement(node, [first, ...rest], was.length, [searched, ...more])],
    };
  }
}

function goneStatement(node: string, gone: readonly [Pod, ...Pod[]], of: number, searched: Cited): Statement {
  const evidence = citeEach(gone, "/metadata/uid");
  const number = word(gone.length, ...searched);
  const before = count(of, "deleted pod", ...evidence);
  return node === ""
    ? say`Of ${before} without a node that had not gone, ${number} no longer existed.`
    : say`Of ${before} on ${code(node, cite(gone[0], "/spec/nodeName"))} that had not gone, ${number} no longer existed.`;
}
