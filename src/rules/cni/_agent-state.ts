import type { Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind } from "#model/fact.js";
import type { Missing } from "#model/finding.js";
import { type Instant, latestOf, order } from "#model/instant.js";
import type { ContainerValue } from "#model/kube-value.js";
import { type FactView, type MatchContext, shellWord } from "#model/rule.js";
import { code, count, type Statement, say, stated, time } from "#model/statement.js";
import { endOf, endStatement, probeStatements } from "#rules/kubelet/_container-end.js";
import { isEndedWith, lastWordsOf, lastWordsStatements } from "#rules/kubelet/_last-words.js";
import { type Pod, podName, readyAt } from "#rules/kubelet/_pods.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

const WAITING = "waiting:CrashLoopBackOff";

/** A container of it is started again and again: what it should do it does not. */
export const isDown = (pod: Pod): boolean => pod.value.containers.some((c) => c.state === WAITING);

/** Is the error with which a container of it ended in what was collected? */
export const isHeard = (pod: Pod, context: MatchContext): boolean =>
  pod.value.containers.some((c) => {
    const last = c.state === WAITING ? lastWordsOf(pod, c, context) : null;
    return last !== null && isEndedWith(last, c);
  });

/** The gap where its log was not collected: whether it is not ready for the reason for which calls fail. Null where one was. */
export function unreadLog(pod: Pod, node: string, logs: FactView<"log">, context: MatchContext): Missing | null {
  const { namespace, name, containers } = pod.value;
  // Of one that ends again and again, only its own tells.
  const down = containers.filter((c) => c.state === WAITING);
  if ((down.length > 0 ? down : containers).some((c) => lastWordsOf(pod, c, context) !== null)) return null;
  const what = `the log of ${name}: whether it is not ready for the reason for which calls fail on ${node}`;
  return {
    ...logs.missing(what, undefined, new RegExp(`^${escaped(`${namespace}/${name}`)}/`)),
    node,
    command: `kubectl -n ${shellWord(namespace)} logs ${shellWord(name)} --all-containers --prefix --tail=100   # and once more with --previous`,
  };
}

const escaped = (text: string): string => text.replaceAll(/[^\w/]/g, "\\$&");

/** The containers of it that do not stay up and have ended since it is not ready, or shortly before. */
const endedSince = (pod: Pod, since: Instant): readonly ContainerValue[] =>
  pod.value.containers.filter(
    (c) =>
      c.ended &&
      (c.state === WAITING ||
        (!c.init && !c.ready && c.restarts > 0 && c.ended.at !== null && c.ended.at.epochMs > since.epochMs - UP_MS)),
  );

/** How they last ended, and what events say of a probe for want of which they were. */
export function endings(pod: Pod, since: Instant, context: MatchContext): readonly Statement[] {
  const ended = endedSince(pod, since);
  const probed = ended.some((c) => ["killed", "asked"].includes(endOf(c) ?? ""));
  return [
    ...ended.flatMap((c) => endStatement(pod, c)),
    // Warnings of its own are told in any case.
    ...(probed ? probeStatements(pod, context, "Killing") : []),
  ];
}

/** What one that runs and is not ready says of itself since then; what one that ends wrote last stands with its end. */
export function complaints(pod: Pod, since: Instant, context: MatchContext): readonly Statement[] {
  return pod.value.containers
    .filter((c) => !c.init && !c.ready && c.state === "running")
    .flatMap((c) => {
      const last = lastWordsOf(pod, c, context);
      const at = last?.error?.at ?? null;
      return last && at && at.epochMs > since.epochMs - UP_MS
        ? lastWordsStatements(podName(pod), c, last).slice(0, 1)
        : [];
    });
}

/** By what its repair goes: how the first of them ended. */
export function endValue(pod: Pod, since: Instant, context: MatchContext): Readonly<Record<string, string | boolean>> {
  const [first] = endedSince(pod, since);
  const end = first ? endOf(first) : null;
  if (!first || end === null) return {};
  return {
    end,
    container: first.name,
    memoryLimit: first.memoryLimit ?? "",
    probed: probeStatements(pod, context).length > 0,
  };
}

export const waiting = (pod: Pod): readonly Statement[] =>
  pod.value.containers
    .filter((c) => c.state === WAITING)
    .map(
      (c) =>
        say`Its container ${code(c.name, pod.evidence)} was waiting in ${code("CrashLoopBackOff", pod.evidence)}, after ${stated(count(c.restarts, "restart", pod.evidence))}`,
    );

/** An agent becomes ready within this after its containers have started, or has not come up. */
const UP_MS = 120_000;

/** Did it run for a while before it was no longer ready, and does it run on? Then nothing shows that it is not there. */
export function ranOn({ value: { containers } }: Pod, since: Instant): boolean {
  const own = containers.filter((c) => !c.init);
  const started = own.map((c) => c.startedAt).reduce(latestOf, null);
  const runs = own.length > 0 && own.every((c) => c.state === "running");
  return runs && started !== null && since.epochMs - started.epochMs > UP_MS;
}

/** A pod that got its network on a node while the agent there was not ready. */
export interface Served {
  readonly pod: string;
  readonly made: Instant;
  readonly evidence: readonly [Evidence, ...Evidence[]];
  /** Nothing shows that the agent became worse since. */
  readonly alike: boolean;
}

/**
 * The latest pod with a network of its own that was made on a node after its agent had ceased to be ready, and got as far as a started container:
 * its sandbox was made without a ready agent. Null where no list shows one.
 */
export function servedSince(agent: Pod, since: Instant, view: View): Served | null {
  let latest: Omit<Served, "alike"> | null = null;
  for (const pod of view("kube.pod").all) {
    const { node, created, template } = pod.value;
    if (node !== agent.value.node || template.hostNetwork || !created || order(since, created) !== "before") continue;
    const shown = startedOf(pod);
    if (!shown || (latest && latest.made.epochMs >= created.epochMs)) continue;
    latest = { pod: podName(pod), made: created, evidence: [cite(pod, "/metadata/creationTimestamp"), shown] };
  }
  return latest && { ...latest, alike: !isDown(agent) && !changedAfter(agent, latest.made, view) };
}

/** What shows that a container of it has run. */
function startedOf(pod: Pod): Evidence | null {
  const ready = readyAt(pod);
  if (ready) return ready.evidence;
  const index = pod.value.containers.findIndex((c) => c.startedAt !== null);
  return index < 0 ? null : cite(pod, "/status");
}

/** A container of it was started anew, or it was warned of for the first time in another way. */
function changedAfter(agent: Pod, at: Instant, view: View): boolean {
  const started = agent.value.containers.map((c) => c.startedAt).reduce(latestOf, null);
  if (started && order(at, started) !== "after") return true;
  return warningsOf(agent, view).some(({ first }) => first !== null && order(at, first) !== "after");
}

/** At most so many of its events are told. */
const TOLD = 3;

/** What the events of the agent's own pod say since it is not ready: the latest of each reason. */
export function ownWarnings(agent: Pod, since: Instant, view: View): readonly Statement[] {
  const latest = new Map<string, Warned>();
  for (const warned of warningsOf(agent, view)) {
    const last = warned.last ?? warned.first;
    // Cut to seconds, and by the clock of whoever reports.
    if (!last || last.epochMs < since.epochMs - UP_MS) continue;
    const known = latest.get(warned.reason);
    if (!known || (known.last?.epochMs ?? 0) < last.epochMs) latest.set(warned.reason, { ...warned, last });
  }
  return [...latest.values()]
    .sort((a, b) => (b.last?.epochMs ?? 0) - (a.last?.epochMs ?? 0) || (a.reason < b.reason ? -1 : 1))
    .slice(0, TOLD)
    .flatMap(({ reason, message, last, evidence }) =>
      last
        ? [
            say`Its own event with the reason ${code(reason, evidence)}, last at ${time(last, evidence)}, says ${code(message, evidence)}`,
          ]
        : [],
    );
}

export interface Warned {
  readonly reason: string;
  readonly message: string;
  readonly first: Instant | null;
  readonly last: Instant | null;
  readonly evidence: Evidence;
}

/** What warnings of its own pod say. */
export const warningsOf = (agent: Fact<"kube.pod">, view: View): readonly Warned[] =>
  view("kube.event").all.flatMap(({ value }) =>
    value.type === "Warning"
      ? value.objects
          .filter((o) => o.uid === agent.value.uid)
          .map((o) => ({
            reason: value.reason,
            message: o.message || value.message,
            first: o.first,
            last: o.last,
            evidence: o.evidence,
          }))
      : [],
  );
