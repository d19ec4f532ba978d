import type { Evidence } from "#model/evidence.js";
import { cite } from "#model/fact.js";
import type { Change } from "#model/finding.js";
import { formatUtc, type Instant } from "#model/instant.js";
import { type ComparedMoment, defineChange } from "#model/rule.js";
import { citing, type Quoted, type Statement, say, time } from "#model/statement.js";
import {
  CITED,
  type Cited,
  firstNumber,
  groupBy,
  isReady,
  oneOf,
  podsByUid,
  readyAt,
  uidsOf,
} from "#rules/kubelet/_pods.js";
import { type Redundancy, redundancies } from "#rules/scheduling/_redundancy.js";
import { workloadKey } from "#rules/scheduling/_rollout.js";
import { isReduced } from "#rules/scheduling/sym-replica-redundancy.js";

/** One volume or workload that lacked replicas, and when the last of those it lacked was ready. */
interface Healed {
  readonly was: Redundancy;
  readonly is: Redundancy;
  readonly ready: { readonly at: Instant; readonly evidence: Evidence } | null;
}

/** Volumes and workloads that lacked replicas and have all of them: those that were whole again at one time are one change. */
export default defineChange({
  id: "workload-recovered",
  needs: { workloads: "kube.workload", pods: "kube.pod" },
  *compare(earlier, later) {
    const now = new Map(later.context.derive(redundancies).map((r) => [r.subject, r]));
    const healed = earlier.context
      .derive(redundancies)
      .filter(isReduced)
      .flatMap((was): Healed[] => {
        const is = now.get(was.subject);
        if (!is || is.ready < is.wanted || is.wanted < was.wanted) return [];
        return [{ was, is, ready: wholeAt(is, earlier) }];
      });
    for (const group of groupBy(healed, keyOf).values()) {
      const [first, ...rest] = group;
      if (first) yield recovery([first, ...rest]);
    }
  },
});

const nounOf = ({ was }: Healed): string => (was.volume === null ? "workload" : "volume");

const keyOf = (healed: Healed): string => `${nounOf(healed)}|${healed.ready ? formatUtc(healed.ready.at) : ""}`;

/** When the last of the pods that were not ready before was. */
function wholeAt(is: Redundancy, earlier: ComparedMoment): Healed["ready"] {
  const before = earlier.context.derive(podsByUid);
  const fresh = is.pods.filter((pod) => {
    const was = before.get(pod.value.uid);
    return isReady(pod) && !(was && isReady(was));
  });
  const times = fresh.flatMap((pod) => readyAt(pod) ?? []);
  if (fresh.length === 0 || times.length < fresh.length) return null;
  return times.reduce((a, b) => (b.at.epochMs > a.at.epochMs ? b : a));
}

function recovery(group: readonly [Healed, ...Healed[]]): Change {
  const [first] = group;
  return {
    rule: "workload-recovered",
    subject: `${nounOf(first)}|${group.map(({ was }) => was.subject).join()}`,
    kind: "recovery",
    about: {
      workload: [...new Set(group.flatMap(({ is }) => is.workloads.map(workloadKey)))],
      pod: [...new Set(group.flatMap(({ was }) => uidsOf([...was.stuck, ...was.waiting])))],
      // What the rows of the impact table are named by.
      object: group.map(({ was }) => was.subject),
      ...(first.was.volume === null ? {} : { volume: [...new Set(group.flatMap(({ was }) => was.volume ?? []))] }),
    },
    at: group.reduce<Instant | null>(
      (a, { ready }) => (ready && (!a || ready.at.epochMs > a.epochMs) ? ready.at : a),
      null,
    ),
    statements: [recovered(group)],
  };
}

function recovered(group: readonly [Healed, ...Healed[]]): Statement {
  const [first, ...rest] = group;
  const evidence: Cited = [...statuses(first), ...rest.flatMap(statuses).slice(0, 3 * CITED)];
  const names = oneOf(
    group.map(({ was }) => was.subject),
    ...evidence,
  );
  return say`${firstNumber(group.length, nounOf(first), ...evidence)} that had lacked replicas had all of them ready${since(group)}: ${names}.`;
}

const statuses = ({ was, is }: Healed): Cited => [
  cite(was.workloads[0], "/status"),
  ...is.workloads.map((w) => cite(w, "/status")),
];

function since(group: readonly [Healed, ...Healed[]]): Quoted {
  const ready = group.flatMap((h) => h.ready ?? []);
  const [first, ...rest] = ready;
  if (!first) return citing(cite(group[0].is.workloads[0], "/status"));
  return say` from ${time(first.at, first.evidence, ...rest.slice(0, CITED - 1).map((r) => r.evidence))} on`;
}
