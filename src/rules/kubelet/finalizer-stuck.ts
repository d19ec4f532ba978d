import type { FactKind } from "#model/fact.js";
import type { Outcome } from "#model/finding.js";
import { earliest } from "#model/instant.js";
import {
  defineRule,
  effect,
  type FactView,
  found,
  type MatchContext,
  refuted,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { citing, code, codes, known, say } from "#model/statement.js";
import { listTerminating } from "./_consequences.js";
import { cannotEndPods, isSilent, type NodeFact, readyOf } from "./_node-ready.js";
import {
  citeEach,
  either,
  firstNumber,
  groupBy,
  number,
  type Pod,
  podNames,
  podsByUid,
  requestedAt,
  seenAt,
  some,
  uidsOf,
  WHAT_PODS,
} from "./_pods.js";
import { FINALIZERS } from "./_references.js";
import { sandboxFailures } from "./_sandbox-failures.js";
import { partByDue, silences } from "./_silence.js";
import { GONE, stuckPods } from "./_stuck.js";

const UNASSIGNED = "unassigned";

/** Pods on which the kubelet itself fails: they would stay without their finalizers too. */
const failing = (view: <K extends FactKind>(kind: K) => FactView<K>, context: MatchContext): ReadonlySet<string> =>
  new Set(
    sandboxFailures(
      { reason: "FailedKillPod", noun: "failed end of a pod", event: /./, log: /KillPodSandbox|KillContainer/ },
      view,
      context.derive(podsByUid),
    ).flatMap((group) => group.occurrences.flatMap((o) => o.uid ?? [])),
  );

/** Nodes whose kubelet ends no pods: theirs stay with or without finalizers, and controllers wait for the end of the containers. */
const leftAlone = (view: <K extends FactKind>(kind: K) => FactView<K>): ReadonlyMap<string, NodeFact> =>
  new Map(
    view("kube.node").all.flatMap((node) => {
      const condition = readyOf(node)?.condition;
      return condition && (isSilent(condition) || cannotEndPods(condition)) ? [[node.value.name, node] as const] : [];
    }),
  );

/** Finalizers of Kubernetes' own controllers, which take them off when the containers have ended. */
const OF_CONTROLLERS = /^(?:batch\.kubernetes\.io\/|foregroundDeletion$|orphan$)/;

const runs = (pod: Pod): boolean => pod.value.containers.some((c) => c.state === "running");

/** Its containers run, and whoever set the finalizers only waits for their end. */
const awaitsEnd = (pod: Pod): boolean => runs(pod) && pod.value.finalizers.every((f) => OF_CONTROLLERS.test(f));

export default defineRule({
  id: "finalizer-stuck",
  title: "a finalizer keeps deleted pods in the API",
  label: "deleted pods held by a finalizer",
  asks: "How did the deleted pods outlive the end of their containers?",
  kind: "mechanism",
  needs: { pods: "kube.pod" },
  explains: [effect("sym:pod-stuck-terminating", ["pod"], "prevents-recovery")],
  *match({ pods }, context) {
    if (pods.coverage().state !== "complete" && context.derive(stuckPods).length === 0) {
      yield undetermined({ subject: "cluster", about: {}, missing: [pods.missing(WHAT_PODS)] });
    }
    const blocked = context.derive(failing);
    const silent = context.derive(leftAlone);
    for (const [node, group] of groupBy(context.derive(stuckPods), (pod) => pod.value.node ?? UNASSIGNED)) {
      const held = group.filter((pod) => pod.value.finalizers.length > 0);
      const own = some(held.filter((pod) => !blocked.has(pod.value.uid) && !awaitsEnd(pod)));
      const all = some(group);
      const left = silent.get(node);
      // What was stuck before the kubelet fell silent, its silence does not free of the finalizer.
      const early = partByDue(held, GONE, context.derive(silences).get(node)).before.length > 0;
      if (held.length > 0 && all && left && !early) yield leftBehind(left, all);
      else if (own) yield heldBack(node, own, context);
      else if (all && held.some((pod) => !blocked.has(pod.value.uid))) yield runningOn(node, all);
      else if (all && held.length === 0) yield free(node, all);
      else if (all) yield failed(node, all);
    }
  },
  known: [
    known(
      "An object with a finalizer is removed only after the controller which set the finalizer has taken it off again",
      FINALIZERS,
    ),
  ],
  consequence(finding) {
    const names = String(finding.value["finalizers"] ?? "");
    const [namespace, pod] = [String(finding.value["namespace"] ?? ""), String(finding.value["name"] ?? "")];
    return {
      fix: [
        {
          step: `Find the controller that sets the finalizer ${names} and let it finish; take the finalizer off by hand only if that controller is gone for good`,
          commands: [
            {
              run: `kubectl -n ${shellWord(namespace)} get pod ${shellWord(pod)} -o jsonpath='{.metadata.finalizers}'`,
              expect: "no output and exit code 0, or NotFound, once the controller has finished",
            },
          ],
        },
      ],
      verify: [listTerminating(finding.about.node?.[0] ?? null)],
      actions: [
        {
          title: `Restore the controller that sets the finalizer ${names}`,
          type: "repair",
          priority: "High",
          doneWhen: "a pod with that finalizer is deleted and its object is gone within a minute",
        },
      ],
      questions: [`Which controller sets the finalizer ${names}, and does it run?`],
      stops: null,
    };
  },
  references: [FINALIZERS],
  falsePositives: ["a controller that takes its finalizer off within minutes, seen in the middle of its work"],
  examples: {
    found: ["kubelet/finalizer-stuck.yaml"],
    refuted: ["kubelet/failed-kill-pod.yaml"],
    undetermined: ["kubelet/no-cluster-part.yaml"],
  },
  tags: ["kubelet", "finalizer"],
});

const aboutOf = (node: string, pods: readonly Pod[]): Outcome["about"] => ({
  ...(node === UNASSIGNED ? {} : { node: [node] }),
  pod: uidsOf(pods),
});

function heldBack(node: string, pods: readonly [Pod, ...Pod[]], context: MatchContext): Outcome {
  const finalizers = [...new Set(pods.flatMap((pod) => pod.value.finalizers))].sort();
  const evidence = citeEach(pods, "/metadata/finalizers");
  const running = some(pods.filter(runs));
  const where = node === UNASSIGNED ? citing(...evidence) : say` on ${code(node, ...citeEach(pods, "/spec/nodeName"))}`;
  const finished = "that the containers had ended and only the finalizer was left";
  return found({
    subject: node,
    about: aboutOf(node, pods),
    since: pods.map(requestedAt).reduce(earliest, null),
    lastSeen: seenAt(pods[0], context.moment),
    statements: [
      say`${firstNumber(pods.length, "deleted pod", ...evidence)}${where} carried the finalizer ${codes(finalizers, 5, ...evidence)}.`,
      say`${either(pods.length, "It is", "They are", ...evidence)} ${podNames(pods)}.`,
      ...(running ? [say`Containers of ${podNames(running)} were reported as running.`] : []),
    ],
    unverified: running ? [finished] : [],
    value: {
      finalizers: finalizers.join(", "),
      namespace: pods[0].value.namespace,
      name: pods[0].value.name,
    },
  });
}

function free(node: string, pods: readonly [Pod, ...Pod[]]): Outcome {
  const evidence = citeEach(pods, "/metadata/finalizers");
  return refuted({
    subject: node,
    about: aboutOf(node, pods),
    statements: [say`No finalizer is set on ${number(pods.length, "deleted pod", ...evidence)} that did not go.`],
  });
}

function leftBehind(node: NodeFact, pods: readonly [Pod, ...Pod[]]): Outcome {
  const ready = readyOf(node);
  const evidence = ready?.evidence ?? node.evidence;
  return refuted({
    subject: node.value.name,
    about: aboutOf(node.value.name, pods),
    statements: [
      say`The kubelet of ${code(node.value.name, evidence)} did not end pods, with or without a finalizer: its condition was ${code(`Ready=${ready?.condition.status ?? ""}`, evidence)}.`,
    ],
  });
}

function runningOn(node: string, pods: readonly [Pod, ...Pod[]]): Outcome {
  const running = some(pods.filter(runs)) ?? pods;
  const states = citeEach(running, "/status/containerStatuses");
  return refuted({
    subject: node,
    about: aboutOf(node, pods),
    statements: [
      say`Containers of ${podNames(running)} were reported as running${citing(...states)}, and the controller of its finalizer waits for their end.`,
    ],
  });
}

function failed(node: string, pods: readonly [Pod, ...Pod[]]): Outcome {
  return refuted({
    subject: node,
    about: aboutOf(node, pods),
    statements: [
      say`The kubelet of ${code(node, ...citeEach(pods, "/spec/nodeName"))} fails on the pods with a finalizer too.`,
    ],
  });
}
