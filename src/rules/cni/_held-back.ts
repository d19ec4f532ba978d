import type { FactKind } from "#model/fact.js";
import type { Found } from "#model/finding.js";
import { type Instant, latestOf } from "#model/instant.js";
import type { ContainerValue } from "#model/kube-value.js";
import type { FactView, MatchContext } from "#model/rule.js";
import type { Pod } from "#rules/kubelet/_pods.js";
import { refusedOn } from "./_refusal.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;
const views = (view: View): View => view;

/**
 * The refused call that keeps an agent from starting: its pod has a network of its own, and that is made with the credential which the agent
 * would renew. That it is not ready is what the refusal brought about, and no cause of it. It may have run before: a reboot takes the sandbox away.
 */
export function heldBack(pod: Pod, node: string, context: MatchContext): Found | undefined {
  const { containers, uid } = pod.value;
  if (!containers.every(hasNoSandbox)) return undefined;
  const ran = containers.flatMap((c) => [c.startedAt, c.ended?.at ?? null]).reduce<Instant | null>(latestOf, null);
  const own = ownFailure(uid, context);
  return refusedOn(context, node).find(({ about, lastSeen }) => {
    const last = own ?? lastSeen;
    const since = ran === null || (last !== null && last.epochMs > ran.epochMs);
    return since && (about.error ?? []).some((e) => e === "401" || e === "403") && (about.pod ?? []).includes(uid);
  });
}

/** What waits for anything else has its sandbox; of what has ended that may be gone. */
const NO_SANDBOX = /^(?:unknown|waiting:(?:ContainerCreating|PodInitializing)?|terminated:.*)$/;

const hasNoSandbox = ({ ready, state }: ContainerValue): boolean => !ready && NO_SANDBOX.test(state);

/** When events tell of the last sandbox of a pod that could not be made. */
const ownFailure = (uid: string, context: MatchContext): Instant | null =>
  context
    .derive(views)("kube.event")
    .all.filter(({ value }) => value.reason === "FailedCreatePodSandBox")
    .flatMap(({ value }) => value.objects.filter((o) => o.uid === uid).map((o) => o.last ?? o.first))
    .reduce<Instant | null>(latestOf, null);
