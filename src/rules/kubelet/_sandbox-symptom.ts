import type { Found, Lesson, Outcome } from "#model/finding.js";
import { latestOf } from "#model/instant.js";
import { type FactView, found, undetermined } from "#model/rule.js";
import { known } from "#model/statement.js";
import { type Attempt, failureDetails, headline } from "./_failure-statements.js";
import { extent, ownerKey } from "./_pods.js";
import { EVENTS_CACHE } from "./_references.js";
import { failureSubject, firstSeen, lastSeen, type SandboxFailures } from "./_sandbox-failures.js";

/** What a card concludes of one group of failures; null where it is noise. */
export interface Verdict {
  readonly over: boolean;
  readonly lessons: readonly Lesson[];
}

/** The outcomes of both cards on failing sandboxes: one for each node and error; without events and logs a gap. */
export function* sandboxOutcomes(
  groups: readonly SandboxFailures[],
  events: FactView<"kube.event">,
  attempt: Attempt,
  judge: (group: SandboxFailures) => Verdict | null,
): Iterable<Outcome> {
  for (const group of groups) {
    const verdict = judge(group);
    if (verdict) yield outcomeOf(group, attempt, verdict);
  }
  if (events.coverage().state !== "complete" && groups.length === 0) {
    yield undetermined({ subject: "cluster", about: {}, missing: [events.missing("the events of the cluster")] });
  }
}

const outcomeOf = (group: SandboxFailures, attempt: Attempt, { over, lessons }: Verdict): Outcome =>
  found({
    subject: failureSubject(group.node, group.errorClass),
    about: aboutOf(group),
    since: firstSeen(group.occurrences),
    lastSeen: latestOf(lastSeen(group.occurrences), group.logged?.value.last ?? null),
    over,
    statements: [headline(group, attempt), ...failureDetails(group)],
    value: {
      node: group.node,
      error: group.errorClass,
      highestCount: extent(group.occurrences.map((o) => o.count))[1],
      message: group.occurrences[0].message,
    },
    lessons,
  });

const aboutOf = (group: SandboxFailures): Found["about"] => ({
  ...(group.node === null ? {} : { node: [group.node] }),
  error: [group.errorClass],
  pod: [...new Set(group.occurrences.flatMap((o) => o.uid ?? []))],
  workload: [...new Set(group.occurrences.flatMap((o) => (o.pod && ownerKey(o.pod)) ?? []))],
});

export const COUNTS_ARE_BOUNDS = known(
  "A count in an event is a lower bound: after 25 events of one object a client writes only one in five minutes, and events disappear with their time to live",
  EVENTS_CACHE,
);
