import { type Condition, cite, type Fact, type FactKind } from "#model/fact.js";
import type { Outcome } from "#model/finding.js";
import { defineRule, effect, type FactView, found, type MatchContext, shellWord } from "#model/rule.js";
import { code, known, say, time } from "#model/statement.js";
import { seenAt, words } from "./_pods.js";
import { isPressure, shortOf } from "./_pressure.js";
import { deedStatements, deedsOf, evictedUids, pressureDeeds } from "./_pressure-events.js";
import { PRESSURE } from "./_references.js";

export default defineRule({
  id: "sym:node-pressure",
  title: "a node is under pressure",
  label: "a node that is short of disk, memory or process ids",
  asks: "How did the node come to be short of it?",
  kind: "symptom",
  needs: { nodes: "kube.node" },
  explains: [effect("sym:pod-pending-unschedulable", ["pod"], "triggers")],
  *match({ nodes }, context) {
    for (const node of nodes.all)
      for (const [at, condition] of node.value.conditions.entries())
        if (condition.status === "True" && isPressure(condition.type)) yield outcomeOf(node, at, condition, context);
  },
  known: [
    known(
      "While a kubelet reports pressure it deletes what it can do without and evicts pods, and its node carries a taint that keeps new ones away",
      PRESSURE,
    ),
  ],
  consequence(finding) {
    const node = String(finding.value["node"] ?? "");
    return {
      fix: [],
      verify: [
        {
          run: `kubectl wait --for=condition=${String(finding.value["type"] ?? "")}=False node/${shellWord(node)} --timeout=60s`,
          expect: "condition met",
        },
      ],
      actions: [
        {
          title: "Alert on nodes that report DiskPressure, MemoryPressure or PIDPressure",
          type: "detect",
          priority: "High",
          doneWhen: "the eviction threshold of a test node is crossed and the alert is raised",
        },
      ],
      questions: [],
      stops: null,
    };
  },
  references: [PRESSURE],
  falsePositives: ["a node that was filled on purpose to test its eviction"],
  examples: { found: ["kubelet/node-pressure.yaml"], refuted: [], undetermined: [] },
  tags: ["kubelet", "node"],
});

function outcomeOf(node: Fact<"kube.node">, at: number, condition: Condition, context: MatchContext): Outcome {
  const { name } = node.value;
  const evidence = cite(node, `/status/conditions/${at}`);
  const { type, since, message } = condition;
  const deeds = deedsOf(context.derive(pressureDeeds), name, type, since);
  const pods = [...new Set([...(context.derive(keptAway).get(type) ?? []), ...evictedUids(deeds)])];
  const [what, status] = [words(shortOf(type), evidence), code(`${type}=True`, evidence)];
  return found({
    subject: `${name} ${type}`,
    about: { node: [name], ...(pods.length > 0 ? { pod: pods } : {}) },
    since,
    lastSeen: seenAt(node, context.moment),
    statements: [
      since
        ? say`From ${time(since, evidence)} the node ${code(name, evidence)} was short of ${what}: its condition was ${status}.`
        : say`The node ${code(name, evidence)} was short of ${what}: its condition was ${status}.`,
      ...(message ? [say`The condition said ${code(message, evidence)}.`] : []),
      ...deedStatements(deeds),
    ],
    value: { node: name, type },
  });
}

/** `DiskPressure` → `node.kubernetes.io/disk-pressure` (api core/v1 well_known_taints.go). */
const TAINT = /node\.kubernetes\.io\/(disk|memory|pid)-pressure/g;
const CONDITION: Readonly<Record<string, string>> = {
  disk: "DiskPressure",
  memory: "MemoryPressure",
  pid: "PIDPressure",
};

/** Uids of the pods that the scheduler could not place for such a taint, by condition; once per moment: hand it to `context.derive`. */
function keptAway(view: <K extends FactKind>(kind: K) => FactView<K>): ReadonlyMap<string, readonly string[]> {
  const kept = new Map<string, readonly string[]>();
  for (const { value } of view("kube.event").all) {
    if (value.reason !== "FailedScheduling") continue;
    for (const { uid, message } of value.objects)
      for (const [, short = ""] of uid === null ? [] : message.matchAll(TAINT)) {
        const type = CONDITION[short] ?? "";
        kept.set(type, [...new Set([...(kept.get(type) ?? []), uid as string])]);
      }
  }
  return kept;
}
