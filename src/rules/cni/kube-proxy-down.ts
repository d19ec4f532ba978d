import type { FactKind } from "#model/fact.js";
import type { Missing, Outcome } from "#model/finding.js";
import { formatDuration, order } from "#model/instant.js";
import { defineRule, effect, type FactView, type MatchContext, refuted, undetermined } from "#model/rule.js";
import { code, known, say, time } from "#model/statement.js";
import { addressText } from "#rules/kubelet/_dialled.js";
import { readBefore, utc } from "#rules/kubelet/_list-age.js";
import { type Pod, podName, readyAt, seenAt } from "#rules/kubelet/_pods.js";
import { servedSince } from "./_agent-state.js";
import { wellSince } from "./_agent-words.js";
import { type ApiCalls, apiCalls } from "./_api-calls.js";
import {
  absentProxy,
  backingOffSince,
  comesAndGoes,
  hasRestarted,
  kubeProxies,
  kubeProxySet,
  readyBefore,
} from "./_kube-proxy.js";
import { baseOf, down, type Judged, noPod, readyOf, shownReady } from "./_kube-proxy-found.js";
import { kubeProxyConsequence } from "./_kube-proxy-repair.js";
import { withoutIt } from "./_kube-proxy-words.js";
import { VIRTUAL_IPS } from "./_references.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** One that is not ready for less than this, and never was before, may just be starting. */
const STARTING_MS = 120_000;
/** So many restarts are no slow start: a container that waits after them did not stay up for a while. */
const MANY_RESTARTS = 5;
/** One that has run for so long does not end again and again: the longest wait between two starts is half of it. */
const SETTLED_MS = 600_000;

export default defineRule({
  id: "kube-proxy-down",
  title: "kube-proxy does not run on the node, and the address of the API server's Service leads nowhere there",
  label: "kube-proxy down",
  asks: "How did the node come to be without a working kube-proxy?",
  kind: "mechanism",
  needs: { pods: "kube.pod", hosts: "kube.node" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
    // By the agent's own pod, and only of one that itself says that it calls there in vain.
    effect("cni-agent-unhealthy", ["object"], "propagates"),
  ],
  *match({ pods, hosts }, context) {
    const workloads = context.derive(views)("kube.workload");
    const proxies = context.derive(kubeProxies);
    const all = context.derive(apiCalls);
    const listed = pods.coverage().state === "complete";
    // A cluster without it leads to its Services by other means.
    if (listed && proxies.size === 0 && context.derive(kubeProxySet) === null) return;
    for (const [node, calls] of [...all].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const pod = proxies.get(node);
      const host = hosts.on(node)[0];
      const status = host?.value.conditions.find((c) => c.type === "Ready")?.status;
      // A node that is silent says nothing of its pods.
      if (status === "Unknown") continue;
      const judged: Judged = { node, calls, host, pods };
      if (pod) {
        // The pods of a node that is not ready are marked as not ready, whatever they are: only their containers tell.
        const marked = status !== "True" && pod.value.containers.every((c) => c.state === "running");
        if (!marked) yield* judge(pod, judged, all, context);
        continue;
      }
      const absent = absentProxy(node, context.derive(views));
      if (absent) yield* withRivals(judged, all, context, () => noPod(absent, judged, context));
      else if (!listed)
        yield undetermined({ ...baseOf(judged), missing: [pods.missing("the list of pods, with kube-proxy's")] });
      else if (workloads.coverage().state !== "complete")
        yield undetermined({
          ...baseOf(judged),
          missing: [workloads.missing(`the list of DaemonSets: whether one wants a kube-proxy on ${node}`)],
        });
    }
  },
  known: [
    known(
      "On each node kube-proxy makes the rules by which the address of a Service leads to what stands behind it",
      VIRTUAL_IPS,
    ),
  ],
  consequence: kubeProxyConsequence,
  references: [VIRTUAL_IPS],
  falsePositives: ["a cluster where another proxy takes the place of a kube-proxy that was left behind"],
  examples: {
    found: ["cni/kube-proxy-down.yaml"],
    refuted: ["cni/kube-proxy-ready.yaml"],
    undetermined: ["cni/kube-proxy-not-listed.yaml"],
  },
  tags: ["cni", "network"],
});

const views = (view: View): View => view;

function* judge(
  pod: Pod,
  judged: Judged,
  all: ReadonlyMap<string, ApiCalls>,
  context: MatchContext,
): Iterable<Outcome> {
  const { calls, pods } = judged;
  const { index, ready, since } = readyOf(pod);
  if (index < 0 && pod.value.phase === "Running") return;
  if (ready) {
    yield whileReady(pod, judged, context);
    return;
  }
  const base = baseOf(judged);
  const lapsed = since === null ? 0 : seenAt(pod, context.moment).epochMs - since.epochMs;
  const open = (why: string): Outcome =>
    undetermined({
      ...base,
      missing: [{ ...pods.missing(`${podName(pod)} as it was when calls began to fail`), why }],
    });
  if (!hasRestarted(pod) && lapsed <= STARTING_MS) {
    const why = `it had not been ready for ${formatDuration(lapsed)} only, as one that is starting`;
    yield undetermined({
      ...base,
      missing: [{ ...pods.missing(`${podName(pod)}, collected some minutes later`), why }],
    });
    return;
  }
  const backing = hasRestarted(pod) ? backingOffSince(pod, context.derive(views)) : null;
  const own = since && { at: since, evidence: shownReady(pod) };
  const began = backing && (!own || backing.at.epochMs < own.at.epochMs) ? backing : own;
  const served = began && servedSince(pod, began.at, context.derive(views));
  if (served && !comesAndGoes(pod) && calls.first && order(calls.first, served.made) === "before") {
    yield refuted({ ...base, statements: [withoutIt(judged.node, pod, served)], excludes: "cause" });
    return;
  }
  if (began && calls.first && order(began.at, calls.first) !== "after") {
    // One that comes and goes may have been there for a moment.
    const meanwhile = served
      ? [
          `that ${pod.value.name} was down again when calls began to fail, after ${served.pod}, made at ${utc(served.made)}, had got its network`,
        ]
      : [];
    yield* withRivals(judged, all, context, () => down(pod, judged, began, meanwhile, context));
    return;
  }
  const flaps = comesAndGoes(pod) && pod.value.containers.some((c) => c.restarts >= MANY_RESTARTS);
  if (began === null || calls.first === null || (flaps && !backing)) {
    const when = calls.first ? " already" : "";
    const premise = `that ${pod.value.name} was down${when} when calls began to fail`;
    yield* withRivals(judged, all, context, () => down(pod, judged, null, [premise], context));
    return;
  }
  const born = pod.value.created;
  if (hasRestarted(pod)) yield open(`as far as events tell it has not stayed up since ${utc(began.at)}, after that`);
  else if (born === null || order(born, calls.first) !== "before")
    yield open(`it was made at ${born ? utc(born) : "a time that is not known"}, after that`);
  else {
    const shown = began.evidence;
    yield refuted({
      ...base,
      statements: [
        say`kube-proxy on ${code(judged.node, shown)}, ${code(pod.value.name, shown)}, was not ready since ${time(began.at, shown)} only, and calls had failed there from ${time(calls.first, calls.evidence)} on`,
      ],
      excludes: "cause",
    });
  }
}

/** One that is ready says something of calls only where it was so before them. */
function whileReady(pod: Pod, judged: Judged, context: MatchContext): Outcome {
  const { node, calls, pods } = judged;
  const base = baseOf(judged);
  const early = readBefore(pods, "the list of pods", calls.failing, context);
  if (early) return undetermined({ ...base, missing: [early] });
  const well = calls.first ? readyBefore(pod, calls.first) : null;
  if (well) {
    return refuted({
      ...base,
      statements: [
        say`kube-proxy on ${code(node, well.evidence)}, ${code(pod.value.name, well.evidence)}, has been running and ready since ${time(well.at, well.evidence)}, before calls began to fail there`,
      ],
      standsSince: well.at,
    });
  }
  // That it is ready may be between two of its ends; else it is down no more, which says nothing of calls from before.
  const back = readyAt(pod);
  const started = wellSince(pod, back?.at ?? null);
  const settled = started !== null && seenAt(pod, context.moment).epochMs - started.epochMs >= SETTLED_MS;
  if (back && started && settled && calls.last && order(started, calls.last, 0) === "after") {
    return refuted({
      ...base,
      statements: [
        say`kube-proxy on ${code(node, back.evidence)}, ${code(pod.value.name, back.evidence)}, has been running and ready since ${time(started, back.evidence)}`,
      ],
      standsSince: started,
    });
  }
  const why = calls.first
    ? "it was ready when it was collected, and had started or become so after calls began to fail"
    : "when calls began to fail is not known";
  return undetermined({
    ...base,
    subject: settled ? `${node}|calls` : node,
    missing: [{ ...pods.missing(`${podName(pod)} as it was while calls failed`), why }],
  });
}

/** Nodes where the same address is called in vain while kube-proxy is well: then it may be the API server itself that does not answer. */
function* withRivals(
  judged: Judged,
  all: ReadonlyMap<string, ApiCalls>,
  context: MatchContext,
  conclude: () => Outcome,
): Iterable<Outcome> {
  const { node, calls } = judged;
  const proxies = context.derive(kubeProxies);
  const alike = [...all].filter(([peer, theirs]) => {
    const pod = proxies.get(peer);
    if (peer === node || !pod || !theirs.first || !calls.first || theirs.host !== calls.host) return false;
    const apart = theirs.last !== null && order(theirs.last, calls.first) === "before";
    const later = calls.last !== null && order(theirs.first, calls.last) === "after";
    return !apart && !later && readyBefore(pod, theirs.first) !== null;
  });
  const [first] = alike;
  if (!first) {
    yield conclude();
    return;
  }
  const missing: Missing = {
    kind: "command",
    node,
    what: `whether the API server itself answered, called from ${node} at its own address`,
    why: `on ${first[0]} calls of ${addressText(calls)} failed as well, and kube-proxy was ready there`,
    command: `# on ${node}\ncurl -sk -m 5 "$(sed -n 's/^ *server: *//p' /etc/kubernetes/kubelet.conf | head -n 1)"/version`,
  };
  yield undetermined({ ...baseOf(judged), missing: [missing] });
}
