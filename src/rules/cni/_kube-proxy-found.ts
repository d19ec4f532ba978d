import type { Evidence } from "#model/evidence.js";
import { cite, type Fact } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import type { Instant } from "#model/instant.js";
import { type FactView, found, type MatchContext } from "#model/rule.js";
import { code, codes, count, type Statement, say, stated, time } from "#model/statement.js";
import { addressText } from "#rules/kubelet/_dialled.js";
import { type Pod, seenAt, words } from "#rules/kubelet/_pods.js";
import { isHeard } from "./_agent-state.js";
import type { ApiCalls } from "./_api-calls.js";
import { type Begun, comesAndGoes, containerStates, type NoProxy, neverRan } from "./_kube-proxy.js";
import { called, elsewhere } from "./_kube-proxy-words.js";

/** A node on which the API server is called in vain by its Service. */
export interface Judged {
  readonly node: string;
  readonly calls: ApiCalls;
  readonly host: Fact<"kube.node"> | undefined;
  readonly pods: FactView<"kube.pod">;
}

export const baseOf = ({ node, calls }: Judged): { readonly subject: string; readonly about: Found["about"] } => ({
  subject: node,
  about: {
    node: [node],
    ...(calls.errors.length > 0 ? { error: calls.errors } : {}),
    ...(calls.dial ? { object: [calls.dial.agent.value.uid] } : {}),
  },
});

export const readyOf = (
  pod: Pod,
): { readonly index: number; readonly ready: boolean; readonly since: Instant | null } => {
  const index = pod.value.conditions.findIndex((c) => c.type === "Ready");
  const condition = pod.value.conditions[index];
  const ready = condition ? condition.status === "True" : false;
  return { index, ready, since: condition?.since ?? pod.value.created };
};

/** What shows whether it is ready. */
export const shownReady = (pod: Pod): Evidence => {
  const { index } = readyOf(pod);
  return index < 0 ? pod.evidence : cite(pod, `/status/conditions/${index}`);
};

/** Its pod is not ready, or does not stay up. */
export function down(
  pod: Pod,
  judged: Judged,
  began: Begun | null,
  premises: readonly string[],
  context: MatchContext,
): Outcome {
  const { node, host } = judged;
  const shown = shownReady(pod);
  const at = seenAt(pod, context.moment);
  const named = say`${code(node, shown)}, ${code(pod.value.name, shown)},`;
  const lasting = began && time(began.at, began.evidence);
  const [past, then] = comesAndGoes(pod)
    ? (["has not stayed up since", "did not stay up, and was not ready at"] as const)
    : (["has not been ready since", "was not ready at"] as const);
  const headline = say`kube-proxy on ${named} ${words(lasting ? past : then, shown)} ${lasting ?? time(at, shown)}`;
  return outcome(judged, {
    pod,
    since: began?.at ?? null,
    lastSeen: at,
    unverified: [...premises, ...(neverRan(pod, host) ? [] : [outlived(judged)])],
    statements: [headline, ...containerStates(pod)],
    context,
  });
}

/** It has none. */
export function noPod({ set, desired, elsewhere, searched }: NoProxy, judged: Judged, context: MatchContext): Outcome {
  const shown = cite(set, "/status");
  return outcome(judged, {
    pod: null,
    since: null,
    lastSeen: context.moment.collectedAt,
    unverified: [outlived(judged)],
    statements: [
      say`No pod of kube-proxy was on ${code(judged.node, searched)}, where its DaemonSet wants one: it wants ${stated(count(desired, "pod", shown))}, one for each node`,
      ...(elsewhere.length > 0 ? [say`Its pods were on ${codes(elsewhere, 8, searched)} only`] : []),
    ],
    context,
  });
}

/** What it made stays in the kernel when it ends. */
const outlived = ({ node, calls }: Judged): string =>
  `that the rules which kube-proxy had made on ${node} lead from ${addressText(calls)} nowhere any more`;

function outcome(
  judged: Judged,
  of: {
    readonly pod: Pod | null;
    readonly since: Instant | null;
    readonly lastSeen: Instant;
    readonly unverified: readonly string[];
    readonly statements: readonly [Statement, ...Statement[]];
    readonly context: MatchContext;
  },
): Outcome {
  const { node, calls } = judged;
  const base = baseOf(judged);
  return found({
    subject: node,
    about: { ...base.about, ...(of.pod ? { pod: [of.pod.value.uid] } : {}) },
    since: of.since,
    lastSeen: of.lastSeen,
    unverified: [...of.unverified, ...calls.unverified],
    missing: calls.missing,
    value: {
      node,
      namespace: of.pod?.value.namespace ?? "kube-system",
      pod: of.pod?.value.name ?? "",
      isStatic: of.pod !== null && of.pod.value.owner?.kind !== "DaemonSet",
      address: addressText(calls),
      heard: of.pod !== null && isHeard(of.pod, of.context),
    },
    statements: [...of.statements, ...called(node, calls), ...elsewhere(node, calls, of.context)] as [
      Statement,
      ...Statement[],
    ],
  });
}
