import type { Found } from "#model/finding.js";
import type { MatchContext } from "#model/rule.js";
import type { Pod } from "#rules/kubelet/_pods.js";
import { refusedOn } from "./_refusal.js";

/**
 * The refused call that keeps an agent from ever starting: its pod has a network of its own, and that is made with the credential which the
 * agent would renew. That it is not ready is what the refusal brought about, and no cause of it.
 */
export const heldBack = (pod: Pod, node: string, context: MatchContext): Found | undefined =>
  pod.value.containers.some((c) => c.startedAt !== null || c.restarts > 0)
    ? undefined
    : refusedOn(context, node).find(
        ({ about }) =>
          (about.error ?? []).some((e) => e === "401" || e === "403") && (about.pod ?? []).includes(pod.value.uid),
      );
