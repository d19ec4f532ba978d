import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind, type TokenValue } from "#model/fact.js";
import type { Found } from "#model/finding.js";
import { type Instant, latestOf, order } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, type Quoted, type Statement, say, time } from "#model/statement.js";
import { type Pod, podName, readyAt, words } from "#rules/kubelet/_pods.js";
import { type Credential, nodeFiles } from "./_credential.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** A pod whose network was set up with a node's credential as it stands: the API server accepted the token behind `after`. */
export interface Acceptance {
  readonly credential: Credential;
  /** `namespace/name` of the pod. */
  readonly pod: string;
  /** When the pod was made: its network was set up later. */
  readonly after: Instant;
  readonly evidence: readonly [Evidence, ...Evidence[]];
}

/**
 * The latest of each node, once per moment: hand it to `context.derive`. A pod counts that has a network of its own, was made after the token
 * and its file, and became ready: a plugin that has a kubeconfig presents its token before it answers ADD.
 */
export function acceptances(view: View, context: MatchContext): ReadonlyMap<string, Acceptance> {
  const found = new Map<string, Acceptance>();
  for (const [node, { followed }] of context.derive(nodeFiles)) {
    if (followed.state !== "followed") continue;
    const { credential } = followed;
    const from = latestOf(credential.token.iat, credential.file?.value.mtime ?? null);
    if (!from) continue;
    for (const pod of view("kube.pod").all) {
      const proof = pod.value.node === node ? proofOf(pod, from) : null;
      const known = found.get(node);
      if (proof && (!known || proof.after.epochMs > known.after.epochMs)) found.set(node, { credential, ...proof });
    }
  }
  return found;
}

function proofOf(pod: Pod, from: Instant): Omit<Acceptance, "credential"> | null {
  const { created, template, deletion } = pod.value;
  const ready = readyAt(pod);
  if (template.hostNetwork || deletion || !created || !ready || order(from, created) !== "before") return null;
  return { pod: podName(pod), after: created, evidence: [cite(pod, "/metadata/creationTimestamp"), ready.evidence] };
}

/**
 * What shows that a token like this one was accepted on any node: since the refusal began, where there is one, else at any time. `same` says
 * in what it must agree.
 */
export function acceptedLike(
  context: MatchContext,
  refusal: Found | undefined,
  same: (token: TokenValue) => boolean,
): Acceptance | undefined {
  const since = refusal?.since ?? refusal?.lastSeen ?? null;
  if (refusal && !since) return undefined;
  return [...context.derive(acceptances).values()].find(
    (a) => same(a.credential.token) && (since === null || order(since, a.after) === "before"),
  );
}

/** `shop/web-1`, made at … on `n1`, got its network with a token of the same key `…`. */
export const acceptedWith = ({ credential, pod, after, evidence }: Acceptance, like: string, of: Quoted): Statement =>
  say`${code(pod, ...evidence)}, made on ${code(credential.node, credential.tokenEvidence)} at ${time(after, ...evidence)}, got its network with a token ${words(like, credential.tokenEvidence)}, ${of}`;
