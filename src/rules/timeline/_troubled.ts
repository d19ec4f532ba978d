import type { ComparedMoment, MatchContext } from "#model/rule.js";

/** Symptoms: what brings a node into the time line at all. */
const SYMPTOMS = [
  "sym:failed-kill-pod",
  "sym:failed-create-sandbox",
  "sym:pod-stuck-terminating",
  "sym:container-creating",
  "sym:node-notready",
];

/** Mechanisms of the CNI's files and credentials: a node with a latent one belongs there too. Ids without a rule find nothing. */
const MECHANISMS = [
  "cni-kubeconfig-token-pod-gone",
  "cni-token-wrong-service-account",
  "cni-token-expired",
  "cni-conf-dir-diverged",
  "cni-hostpath-mount-stale-inode",
  "cni-rbac-denied",
  "cni-service-account-recreated",
  "cni-agent-unhealthy",
  "token-signing-key-changed",
  "token-issuer-changed",
  "node-clock-off",
];

/** Nodes that something was found on at this moment. What did not touch them is no row of the time line. */
export const troubledNodes = (context: MatchContext): ReadonlySet<string> =>
  new Set([...SYMPTOMS, ...MECHANISMS].flatMap((rule) => context.findings(rule).flatMap((f) => f.about.node ?? [])));

/** Nodes with a symptom or mechanism of the CNI. */
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
