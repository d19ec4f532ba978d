import type { FactKind } from "#model/fact.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { say } from "#model/statement.js";
import { KILL_FAILURES } from "./_failure-kinds.js";
import { citeEach, overdueMs, type Pod, podNames, podsByUid, words } from "./_pods.js";
import { lateRemoval } from "./_removals.js";
import { type SandboxFailures, sandboxFailures } from "./_sandbox-failures.js";
import type { Due } from "./_silence.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** A pod is stuck when it is still there so long after its deletionTimestamp, which has the grace period in it already. */
export const STUCK_AFTER_MS = 60_000;

/** When a deleted pod ought to have gone. */
export const GONE: Due = {
  end: (pod) => pod.value.deletion,
  slackMs: STUCK_AFTER_MS,
  told: (pods) => say`the grace period of ${podNames(pods)}${words(" had been over for", ...GONE.cited(pods))}`,
  cited: (pods) => citeEach(pods, "/metadata/deletionTimestamp"),
};

/** Before that, one failed teardown may still be an accident: so many are none. */
export const REPEATED = 3;

/** All derivations below: once per moment, through `context.derive`. */
export const killFailures = (view: Look, context: MatchContext): readonly SandboxFailures[] =>
  sandboxFailures(KILL_FAILURES, view, context.derive(podsByUid));

const failing = (_view: Look, context: MatchContext): ReadonlySet<string> =>
  new Set(
    context
      .derive(killFailures)
      .flatMap((group) => group.occurrences)
      // A series of log lines names one pod and counts many.
      .filter((o) => o.source === "event" && o.count >= REPEATED)
      .flatMap((o) => o.uid ?? []),
  );

/** Pods that were deleted and do not go, but for those of a node that was just taken out: a minute over their deadline, or over it at all while their teardown fails again and again. */
export const stuckPods = (view: Look, context: MatchContext): readonly Pod[] =>
  view("kube.pod").all.filter((pod) => {
    const overdue = overdueMs(pod, context.moment) ?? 0;
    if (overdue > 0 && lateRemoval(pod, context)) return false;
    return overdue > STUCK_AFTER_MS || (overdue > 0 && context.derive(failing).has(pod.value.uid));
  });
