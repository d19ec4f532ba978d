import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, FactKinds } from "#model/fact.js";
import type { Found } from "#model/finding.js";
import type { Instant } from "#model/instant.js";
import type { Rule } from "#model/rule.js";
import pathChanged from "#rules/change/path-changed.js";
import podsRecovered from "#rules/change/pods-recovered.js";
import tokenReplaced from "#rules/change/token-replaced.js";
import workloadRecovered from "#rules/change/workload-recovered.js";
import finalizerStuck from "#rules/kubelet/finalizer-stuck.js";
import nodeNotReady from "#rules/kubelet/node-not-ready.js";
import containerCreating from "#rules/kubelet/sym-container-creating.js";
import failedCreate from "#rules/kubelet/sym-failed-create-sandbox.js";
import failedKill from "#rules/kubelet/sym-failed-kill-pod.js";
import nodeSymptom from "#rules/kubelet/sym-node-notready.js";
import stuck from "#rules/kubelet/sym-pod-stuck-terminating.js";
import deadlock from "#rules/scheduling/anti-affinity-terminating-deadlock.js";
import surge from "#rules/scheduling/rollout-anti-affinity-surge.js";
import pending from "#rules/scheduling/sym-pod-pending-unschedulable.js";
import redundancy from "#rules/scheduling/sym-replica-redundancy.js";
import agentRollouts from "#rules/timeline/agent-rollouts.js";
import nodeConditions from "#rules/timeline/node-conditions.js";
import pendingPods from "#rules/timeline/pending-pods.js";
import podDeletions from "#rules/timeline/pod-deletions.js";
import sandboxFailures from "#rules/timeline/sandbox-failures.js";
import { changes, event, fact, judge, node, pod, publish, rows, world } from "./_facts.js";

const RULES: readonly Rule[] = [
  finalizerStuck,
  nodeNotReady,
  containerCreating,
  failedCreate,
  failedKill,
  nodeSymptom,
  stuck,
  deadlock,
  surge,
  pending,
  redundancy,
];
const TIMELINES = [agentRollouts, nodeConditions, pendingPods, podDeletions, sandboxFailures];
const CHANGES = [pathChanged, podsRecovered, tokenReplaced, workloadRecovered];

const test = suite("odd input");

const text = fc.constantFrom(
  "",
  "a",
  "n1",
  "n2",
  "__proto__",
  "constructor",
  "'; rm -rf /",
  "\u202e",
  "True",
  "False",
  "Unknown",
);
const instant: fc.Arbitrary<Instant | null> = fc.option(
  fc.record({
    epochMs: fc.constantFrom(0, 1_709_632_800_000, 1_709_634_600_000, 253_402_300_799_999),
    precisionMs: fc.constantFrom(1, 1_000, 86_400_000),
    clock: fc.constantFrom("api", "node:n1", "unknown"),
  }),
);
const condition = fc.record({
  type: fc.constantFrom("Ready", "PodScheduled", ""),
  status: text,
  reason: fc.constantFrom("Unschedulable", "", null),
  message: fc.option(text),
  since: instant,
  heartbeat: instant,
});
const labels = fc.dictionary(text, text, { maxKeys: 3 });
const selector = fc.record({
  matchLabels: labels,
  matchExpressions: fc.array(
    fc.record({ key: text, operator: fc.constantFrom("In", "Gt", "?"), values: fc.array(text) }),
    {
      maxLength: 2,
    },
  ),
});
const owner = fc.option(
  fc.record({
    kind: fc.constantFrom("ReplicaSet", "StatefulSet", "DaemonSet", ""),
    name: text,
    uid: fc.constant(null),
  }),
);

const anyPod: fc.Arbitrary<Fact> = fc
  .record<Partial<FactKinds["kube.pod"]>>({
    name: text,
    node: fc.option(text),
    phase: fc.constantFrom("Pending", "Running", "Succeeded", ""),
    created: instant,
    startedAt: instant,
    deletion: instant,
    graceSeconds: fc.constantFrom(null, 0, -1, 30, 1e12),
    finalizers: fc.array(text, { maxLength: 2 }),
    owner,
    labels,
    conditions: fc.array(condition, { maxLength: 3 }),
    nodeSelector: labels,
    antiAffinity: fc.array(fc.record({ topologyKey: text, selector, namespaces: fc.array(text, { maxLength: 1 }) }), {
      maxLength: 2,
    }),
  })
  .map(pod);
const anyNode: fc.Arbitrary<Fact> = fc
  .record({ name: text, labels, unschedulable: fc.boolean(), conditions: fc.array(condition, { maxLength: 2 }) })
  .map(({ name, ...value }) => node(name, value));
const anyEvent: fc.Arbitrary<Fact> = fc
  .record({
    reason: fc.constantFrom("FailedKillPod", "FailedCreatePodSandBox", "Scheduled", ""),
    message: fc.constantFrom(
      "",
      "KillPodSandbox",
      "Failed to create pod sandbox: x: Unauthorized",
      'KillPodSandbox err="\\',
    ),
    node: fc.constantFrom(null, "n1", ""),
    objects: fc.array(
      fc.record({
        uid: fc.option(text.map((t) => `uid-${t}`)),
        first: instant,
        last: instant,
        count: fc.constantFrom(null, 0, 1, 1e9),
      }),
      { maxLength: 3 },
    ),
  })
  .map(event);
const anyWorkload: fc.Arbitrary<Fact> = fc
  .record<Partial<FactKinds["kube.workload"]>>({
    kind: fc.constantFrom("ReplicaSet" as const, "Deployment" as const, "Job" as const),
    name: text,
    owner,
    desired: fc.constantFrom(null, 0, 1, -1, 1e9),
    ready: fc.constantFrom(null, 0, 1),
    strategy: fc.option(fc.record({ type: text, maxSurge: fc.option(text), maxUnavailable: fc.option(text) })),
    labels: fc.constantFrom({}, { "openebs.io/persistent-volume": "pvc-1" }, { "openebs.io/persistent-volume": "" }),
  })
  .map((value) => fact("kube.workload", value));
const anyFacts = fc.array(fc.oneof(anyPod, anyNode, anyEvent, anyWorkload), { maxLength: 12 });

test("no rule, row or change throws, and every finding cites", () => {
  fc.assert(
    fc.property(anyFacts, anyFacts, (a, b) => {
      const [earlier, later] = [world({ facts: a }), world({ facts: b })];
      for (const of of [earlier, later]) {
        for (const rule of RULES) {
          for (const found of judge(rule, of).filter((o): o is Found => o.outcome === "found")) {
            for (const statement of found.statements) assert.ok(statement.evidence.length > 0, rule.id);
            rule.consequence({ ...found, id: "f1", rule: rule.id } as never);
          }
        }
        publish(of, ...RULES);
        for (const card of TIMELINES) rows(card, of);
      }
      for (const card of CHANGES) changes(card, earlier, later);
    }),
    { numRuns: 500 },
  );
});

test.run();
