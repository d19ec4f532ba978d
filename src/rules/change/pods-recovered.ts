import type { Evidence } from "#model/evidence.js";
import { cite } from "#model/fact.js";
import type { Change } from "#model/finding.js";
import { type Instant, latestOf } from "#model/instant.js";
import { type ComparedMoment, defineChange } from "#model/rule.js";
import { citing, code, counted, type Quoted, type Statement, say, time } from "#model/statement.js";
import {
  CITED,
  type Cited,
  citeEach,
  firstNumber,
  groupBy,
  inWords,
  isReady,
  type Pod,
  podsByUid,
  readyAt,
  some,
  span,
  uidsOf,
  words,
} from "#rules/kubelet/_pods.js";
import { stuckPods } from "#rules/kubelet/_stuck.js";
import { type Assignment, assignments } from "#rules/scheduling/_assignments.js";
import { pendingPods } from "#rules/scheduling/_pending.js";
import { type Bound, boundsOf, unite } from "./_gone.js";

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
  const assigned = pods.flatMap((pod) => at.get(pod.value.uid) ?? []);
  const ready = pods.flatMap((pod) => backAt(pod, at.get(pod.value.uid)) ?? []);
  const told = [when(", assigned ", assigned, after), when(", ready ", ready, after)] as const;
  return {
    rule: "pods-recovered",
    subject: `placed|${node}`,
    kind: "recovery",
    about: { node: [node], pod: uidsOf(pods) },
    // A pod that is assigned does not yet serve: it is back when it is ready.
    at: ready.length === pods.length ? ready.map((r) => r.at).reduce<Instant | null>(latestOf, null) : null,
    statements: [
      say`${firstNumber(list.length, "pod", ...before)} that had found no node ran on ${code(node, ...after)}${told[0]}${told[1]}.`,
    ],
  };
}

/** A time before the pod was assigned is none of its readiness. */
function backAt(pod: Pod, assigned: Assignment | undefined): Dated | null {
  const ready = readyAt(pod);
  return ready && assigned && ready.at.epochMs < assigned.at.epochMs ? null : ready;
}

type Dated = { readonly at: Instant; readonly evidence: Evidence };

/** The times with what shows them; nothing where there are none. */
function when(text: string, dated: readonly Dated[], otherwise: Cited): Quoted {
  const [first, ...rest] = dated;
  if (!first) return citing(...otherwise);
  const evidence: Cited = [first.evidence, ...rest.slice(0, CITED - 1).map((d) => d.evidence)];
  return say`${words(text, ...evidence)}${span(
    dated.map((d) => d.at),
    ...evidence,
  )}`;
}

/** Absence is quoted only from a complete list of pods. */
function* gone(earlier: ComparedMoment, later: ComparedMoment): Iterable<Change> {
  const coverage = later.view("kube.pod").coverage();
  const [searched, ...more] = coverage.searched("pod with the uid of a pod that was being deleted");
  if (coverage.state !== "complete" || !searched) return;
  const now = later.context.derive(podsByUid);
  const stuck = earlier.context.derive(stuckPods);
  const bound = boundsOf(earlier, later, searched);
  for (const [node, group] of groupBy(
    stuck.filter((pod) => !now.has(pod.value.uid)),
    (pod) => pod.value.node ?? "",
  )) {
    const left = some(group);
    if (!left) continue;
    const { after, before, exact } = unite([bound(left[0]), ...left.slice(1).map(bound)]);
    const of = stuck.filter((pod) => (pod.value.node ?? "") === node).length;
    yield {
      rule: "pods-recovered",
      subject: `gone|${node}`,
      kind: "recovery",
      about: { ...(node === "" ? {} : { node: [node] }), pod: uidsOf(left) },
      at: exact ? before.at : null,
      statements: [goneStatement(node, left, of, [searched, ...more], after, before)],
    };
  }
}

function goneStatement(
  node: string,
  gone: readonly [Pod, ...Pod[]],
  of: number,
  searched: Cited,
  after: Bound,
  before: Bound,
): Statement {
  const evidence = citeEach(gone, "/metadata/uid");
  const many = firstNumber(gone.length, "deleted pod", ...evidence);
  const total = of === gone.length ? citing(...evidence) : counted(words(` of ${inWords(of)}`, ...evidence));
  const where =
    node === "" ? words(" without a node", ...evidence) : say` on ${code(node, cite(gone[0], "/spec/nodeName"))}`;
  const from = say`${time(after.at, after.evidence)} (${words(after.what, after.evidence)})`;
  const to = say`${time(before.at, before.evidence)} (${words(before.what, before.evidence)})`;
  return say`${many}${total}${where} that had not gone went between ${from} and ${to}${citing(...searched)}.`;
}
