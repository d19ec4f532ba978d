import { cite } from "#model/fact.js";
import { defineChange } from "#model/rule.js";
import { codes, count, say } from "#model/statement.js";
import { CITED, type Cited, groupBy } from "#rules/kubelet/_pods.js";
import { redundancies } from "#rules/scheduling/_redundancy.js";
import { workloadKey } from "#rules/scheduling/_rollout.js";
import { isReduced } from "#rules/scheduling/sym-replica-redundancy.js";

/** Volumes and workloads that lacked replicas and have all of them. */
export default defineChange({
  id: "workload-recovered",
  needs: { workloads: "kube.workload" },
  *compare(earlier, later) {
    const now = new Map(later.context.derive(redundancies).map((r) => [r.subject, r]));
    const healed = earlier.context
      .derive(redundancies)
      .filter(isReduced)
      .flatMap((was) => {
        const is = now.get(was.subject);
        return is && is.ready >= is.wanted && is.wanted >= was.wanted ? [{ was, is }] : [];
      });
    for (const [noun, group] of groupBy(healed, ({ was }) => (was.volume === null ? "workload" : "volume"))) {
      const [first, ...rest] = group;
      if (!first) continue;
      const statuses = ({ was, is }: typeof first): Cited => [
        cite(was.workloads[0], "/status"),
        ...is.workloads.map((w) => cite(w, "/status")),
      ];
      const [e, ...es] = [...statuses(first), ...rest.flatMap(statuses)].slice(0, 3 * CITED);
      if (!e) continue;
      yield {
        rule: "workload-recovered",
        subject: noun,
        kind: "recovery",
        about: {
          workload: [...new Set(group.flatMap(({ is }) => is.workloads.map(workloadKey)))],
          ...(noun === "volume" ? { volume: [...new Set(group.flatMap(({ was }) => was.volume ?? []))] } : {}),
        },
        at: null,
        statements: [
          say`${count(group.length, noun, e, ...es)} that had lacked replicas had all of them ready: ${codes(
            group.map(({ was }) => was.subject),
            3,
            e,
            ...es,
          )}.`,
        ],
      };
    }
  },
});
