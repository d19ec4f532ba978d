import { cite } from "#model/fact.js";
import type { Observation } from "#model/finding.js";
import { type ComparedMoment, defineTimeline } from "#model/rule.js";
import { citing, code, type Statement, say, word } from "#model/statement.js";
import { isSilent, readyOf } from "#rules/kubelet/_node-ready.js";
import { agentPods, agentRevisions, type Revision } from "./_agents.js";
import { templateChanges } from "./_template-changes.js";
import { isApproximate, isTroubled, troubledNodes } from "./_troubled.js";

/** A rollout this long before the collection is not part of what happened. */
const RECENT_MS = 30 * 86_400_000;

/** New revisions of CNI agents with what they change, the start of their pods on the nodes concerned, and since when one is not ready. */
export default defineTimeline({
  id: "agent-rollouts",
  *observe(moment) {
    if (!isTroubled(moment)) return;
    for (const [name, revisions] of moment.context.derive(agentRevisions)) {
      for (let i = 1; i < revisions.length; i += 1) {
        const [before, after] = [revisions[i - 1], revisions[i]];
        if (before && after) yield* rollout(name, before, after, moment);
      }
    }
    yield* starts(moment);
    yield* lapses(moment);
  },
});

function* rollout(name: string, before: Revision, after: Revision, moment: ComparedMoment): Iterable<Observation> {
  const at = after.value.created;
  // A rollback gives an old revision a new number and leaves its time: that tells nothing of when it was rolled back.
  if (!at || !isRecent(at.epochMs, moment)) return;
  if (before.value.created && before.value.created.epochMs > at.epochMs) return;
  const changes = templateChanges(before, after);
  const what = changes.length > 0 ? joinChanges(changes) : citing(after.evidence);
  const evidence = cite(after, "/metadata/creationTimestamp");
  yield {
    at,
    approximate: isApproximate(at.precisionMs),
    statement: say`DaemonSet ${code(name, evidence)} gets revision ${word(after.value.revision, cite(after, "/revision"))}${what}.`,
    source: "ControllerRevision",
  };
}

/** `: a; b; c`. */
const joinChanges = (
  changes: readonly Statement[],
): Pick<Statement, "parts"> & { evidence: Statement["evidence"] } => ({
  parts: changes.flatMap((c, i) => [{ kind: "text" as const, text: i === 0 ? ": " : "; " }, ...c.parts]),
  evidence: changes.flatMap((c) => c.evidence),
});

function* starts(moment: ComparedMoment): Iterable<Observation> {
  const nodes = troubledNodes(moment.context);
  for (const pod of moment.context.derive(agentPods)) {
    const { node, startedAt, namespace, name } = pod.value;
    if (node === null || !nodes.has(node) || !startedAt || !isRecent(startedAt.epochMs, moment)) continue;
    const evidence = cite(pod, "/status/startTime");
    yield {
      at: startedAt,
      approximate: isApproximate(startedAt.precisionMs),
      statement: say`Pod ${code(`${namespace}/${name}`, evidence)} starts on ${code(node, evidence)}.`,
      source: "pod status",
    };
  }
}

/** Since when an agent is not ready: that its node is silent says nothing of it. */
function* lapses(moment: ComparedMoment): Iterable<Observation> {
  const nodes = troubledNodes(moment.context);
  const silent = new Set(
    moment.view("kube.node").all.flatMap((node) => {
      const ready = readyOf(node);
      return ready && isSilent(ready.condition) ? [node.value.name] : [];
    }),
  );
  for (const pod of moment.context.derive(agentPods)) {
    const { node, namespace, name, conditions } = pod.value;
    const index = conditions.findIndex((c) => c.type === "Ready" && c.status === "False");
    const since = conditions[index]?.since;
    if (node === null || !nodes.has(node) || silent.has(node) || !since || !isRecent(since.epochMs, moment)) continue;
    const evidence = cite(pod, `/status/conditions/${index}`);
    yield {
      at: since,
      approximate: isApproximate(since.precisionMs),
      statement: say`The condition of pod ${code(`${namespace}/${name}`, evidence)} on ${code(node, evidence)} becomes ${code("Ready=False", evidence)}.`,
      source: "pod condition",
    };
  }
}

const isRecent = (epochMs: number, { context }: ComparedMoment): boolean =>
  context.moment.startedAt.epochMs - epochMs < RECENT_MS;
