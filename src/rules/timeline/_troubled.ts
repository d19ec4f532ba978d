import type { ComparedMoment, MatchContext } from "#model/rule.js";

/** Symptoms: what brings a node into the time line at all. */
const SYMPTOMS = ["sym:failed-kill-pod", "sym:failed-create-sandbox", "sym:container-creating", "sym:node-notready"];

/** Mechanisms of the CNI's files and credentials: a node with a latent one belongs there too. Ids without a rule find nothing. */
const MECHANISMS = [
  "cni-kubeconfig-token-pod-gone",
  "cni-token-wrong-service-account",
  "cni-token-expired",
  "cni-conf-dir-diverged",
  "cni-conflist-invalid",
  "cni-conf-missing",
  "cni-hostpath-mount-stale-inode",
  "cni-rbac-denied",
  "cni-service-account-recreated",
  "cni-agent-unhealthy",
  "token-signing-key-changed",
  "token-issuer-changed",
  "node-clock-off",
];

/**
 * Nodes on which sandboxes or their network failed at this moment, or on which a mechanism of the CNI was found. What did not touch
 * them is no row of the time line. A symptom without an error class (a volume that is waited for, a finalizer) is none of the CNI's.
 */
export function troubledNodes(context: MatchContext): ReadonlySet<string> {
  const symptoms = SYMPTOMS.flatMap((rule) => context.findings(rule)).filter((f) => (f.about.error ?? []).length > 0);
  const mechanisms = MECHANISMS.flatMap((rule) => context.findings(rule));
  return new Set([...symptoms, ...mechanisms].flatMap((f) => f.about.node ?? []));
}

export const isTroubled = (moment: ComparedMoment): boolean => troubledNodes(moment.context).size > 0;

/** Two rows of like objects within this time are one. */
export const TOGETHER_MS = 2_000;

/** Cuts a list, sorted by time, wherever two neighbours lie further apart. */
export function together<T>(list: readonly T[], at: (of: T) => number): readonly (readonly [T, ...T[]])[] {
  const groups: [T, ...T[]][] = [];
  for (const one of [...list].sort((a, b) => at(a) - at(b))) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    if (group && before !== undefined && at(one) - at(before) <= TOGETHER_MS) group.push(one);
    else groups.push([one]);
  }
  return groups;
}

/** A time known to the minute or worse is shown as approximate. */
export const isApproximate = (precisionMs: number): boolean => precisionMs > 1_000;
