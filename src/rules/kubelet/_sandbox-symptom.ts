import type { Evidence } from "#model/evidence.js";
import { cite } from "#model/fact.js";
import type { Found, Lesson, Missing, Outcome } from "#model/finding.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import { type FactView, found, type MatchContext, slight, undetermined } from "#model/rule.js";
import { citing, known, type Statement, say, time } from "#model/statement.js";
import { type Attempt, failureDetails, headline, tooShort } from "./_failure-statements.js";
import {
  CITED,
  type Cited,
  either,
  extent,
  inWords,
  isReady,
  ownerKey,
  ownersOf,
  type Pod,
  readyAt,
  requestedAt,
  uidsOf,
  words,
} from "./_pods.js";
import { EVENTS_CACHE } from "./_references.js";
import { namesNoCredential, sandboxErrorTail, type TokenAside, tokenAside } from "./_sandbox-error.js";
import { failureSubject, firstSeen, lastSeen, type SandboxFailures } from "./_sandbox-failures.js";

/** What a card concludes of one group of failures. */
export interface Verdict {
  readonly over: boolean;
  readonly lessons: readonly Lesson[];
  /** Pods of the node that show what the lines of a log tell without naming them. */
  readonly unnamed: readonly Pod[];
  /** What shows that it is over. */
  readonly ending?: Statement | null;
  /** Since when they are known to have gone on until the list of pods was read; null where it does not show them. */
  readonly heldFromMs: number | null;
  /** The last of their signs: later than `lastSeen` where that cannot be read. */
  readonly lastSignMs: number;
  /** The list of pods that would tell whether it is over. */
  readonly missing: readonly Missing[];
}

/** Noise: it was over soon. Too short so far: nothing shows that it is over. */
export type Passing = "noise" | "open";

/** The outcomes of both cards on failing sandboxes: one for each node and error; without events and logs a gap. */
export function* sandboxOutcomes(
  groups: readonly SandboxFailures[],
  events: FactView<"kube.event">,
  attempt: Attempt,
  judge: (group: SandboxFailures) => Verdict | Passing,
  runtimes: ReadonlyMap<string, string>,
): Iterable<Outcome> {
  for (const group of groups) {
    const verdict = judge(group);
    yield typeof verdict === "object"
      ? outcomeOf(group, attempt, verdict, runtimes.get(group.node ?? "") ?? null)
      : passing(group, attempt, verdict === "open");
  }
  if (events.coverage().state !== "complete" && groups.length === 0) {
    yield undetermined({ subject: "cluster", about: {}, missing: [events.missing("the events of the cluster")] });
  }
}

const passing = (group: SandboxFailures, attempt: Attempt, open: boolean): Outcome =>
  slight({
    open,
    subject: failureSubject(group.node, group.errorClass),
    about: aboutOf(group, []),
    statements: [tooShort(group, attempt, attempt.lastingMs)],
  });

const outcomeOf = (
  group: SandboxFailures,
  attempt: Attempt,
  { over, lessons, unnamed, ending, heldFromMs, lastSignMs, missing }: Verdict,
  runtime: string | null,
): Outcome =>
  found({
    subject: failureSubject(group.node, group.errorClass),
    about: aboutOf(group, unnamed),
    since: sinceOf(group, unnamed),
    lastSeen: latestOf(lastSeen(group.occurrences), group.logged?.value.last ?? null),
    over,
    endedAt: over ? readySince(group) : null,
    unverified:
      unnamed.length === 0
        ? []
        : [
            `that the failures are of the ${unnamed.length === 1 ? "pod" : "pods"} found in that state on the node: the log names none of them`,
          ],
    statements: [headline(group, attempt), ...(ending ? [ending] : []), ...failureDetails(group)],
    ending: ending ?? null,
    value: {
      node: group.node,
      error: group.errorClass,
      highestCount: extent(group.occurrences.map((o) => o.count))[1],
      message: group.occurrences[0].message,
      aside: asideOf(group),
      ofNoCredential: textsOf(group).every(namesNoCredential),
      tail: sandboxErrorTail(group.occurrences[0].message),
      runtime,
      heldFromMs,
      lastSignMs,
    },
    lessons,
    missing,
  });

const textsOf = ({ messages, logged }: SandboxFailures): readonly string[] => [
  ...messages,
  ...(logged ? [logged.value.sample] : []),
];

/** Why a token had nothing to do with any of these calls; null where one of them does not show it, or they differ. */
function asideOf(group: SandboxFailures): TokenAside | null {
  const [first, ...rest] = textsOf(group).map(tokenAside);
  return first && rest.every((aside) => aside === first) ? first : null;
}

/**
 * What the list of pods shows of those whose sandboxes failed: gone, or ready by now. Null where a pod is neither, where one is not named
 * (a series counts more than it names, a line stands for others), and where a list that was cut leaves open whether one is gone.
 */
export function whatBecame(
  group: SandboxFailures,
  pods: FactView<"kube.pod">,
  { moment }: MatchContext,
): Statement | null {
  const [list] = pods.coverage().searched("pod with one of these uids");
  const named = group.more === 0 && group.occurrences.every((o) => o.uid !== null && o.source === "event");
  if (!named || !list) return null;
  const left = group.occurrences.flatMap((o) => o.pod ?? []);
  const all = group.occurrences.length;
  const gone = all - left.length;
  if ((gone > 0 && pods.coverage().state !== "complete") || !left.every(isReady)) return null;
  // the list's own time: a moment goes on for a while
  const asked = pods.all[0]?.artifact.collectedAt ?? moment.collectedAt;
  const at = time(asked, list);
  const [first, ...rest] = left;
  if (!first)
    return all === 1 ? say`At ${at} this pod existed no more` : say`At ${at} none of these pods existed any more`;
  const conditions = citeReady([first, ...rest]);
  const end = readySince(group);
  const since = end
    ? say`, ${either(all, "", "the last of them ", ...conditions)}since ${time(end, ...conditions)}`
    : citing(...conditions);
  if (gone === 0)
    return all === 1
      ? say`At ${time(asked, ...conditions)} this pod was ready${since}`
      : say`At ${time(asked, ...conditions)} each of these pods was ready${since}`;
  return say`At ${at} ${words(inWords(left.length), ...conditions)} of these pods ${either(left.length, "was", "were", ...conditions)} ready, and ${words(inWords(gone), list)} existed no more`;
}

/** When the last of the pods became ready, by their own conditions: where all that failed are, and no failure came after it. */
function readySince(group: SandboxFailures): Instant | null {
  const named =
    group.more === 0 && group.occurrences.every((o) => o.pod !== null && o.source === "event" && !o.isOpenEnded);
  const times = group.occurrences.map((o) => (o.pod && readyAt(o.pod)?.at) ?? null);
  const [end, failed] = [times.reduce(latestOf, null), lastSeen(group.occurrences)];
  return named && !times.includes(null) && end && failed && end.epochMs >= failed.epochMs ? end : null;
}

const citeReady = ([first, ...rest]: readonly [Pod, ...Pod[]]): Cited => [
  citeCondition(first),
  ...rest.slice(0, CITED - 1).map(citeCondition),
];

function citeCondition(pod: Pod): Evidence {
  const since = readyAt(pod);
  if (since) return since.evidence;
  const index = pod.value.conditions.findIndex((c) => c.type === "Ready");
  return cite(pod, `/status/conditions/${index}`);
}

/** The first line of a series may be of another pod and of another time: then nobody knows when it began for those that are left. */
function sinceOf(group: SandboxFailures, unnamed: readonly Pod[]): Instant | null {
  const first = firstSeen(group.occurrences);
  const asked = unnamed.map((pod) => requestedAt(pod) ?? pod.value.created).reduce(earliest, null);
  return first && asked && first.epochMs < asked.epochMs ? null : first;
}

const aboutOf = (group: SandboxFailures, unnamed: readonly Pod[]): Found["about"] => ({
  ...(group.node === null ? {} : { node: [group.node] }),
  error: [group.errorClass],
  pod: [...new Set([...group.occurrences.flatMap((o) => o.uid ?? []), ...uidsOf(unnamed)])],
  workload: [...new Set([...group.occurrences.flatMap((o) => (o.pod && ownerKey(o.pod)) ?? []), ...ownersOf(unnamed)])],
});

export const COUNTS_ARE_BOUNDS = known(
  "A count in an event is a lower bound: after 25 events of one object a client writes only one in five minutes, and events disappear with their time to live",
  EVENTS_CACHE,
);
