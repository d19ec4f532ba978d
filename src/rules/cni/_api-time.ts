import type { Artifact } from "#model/artifact.js";
import type { ClockValue, Fact, FactKind } from "#model/fact.js";
import { UNMEASURED_SKEW_MS } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import type { Credential } from "./_credential.js";

/** A time of the API server's clock, as far as it is known. */
export interface ApiTime {
  readonly earliest: number;
  readonly latest: number;
}

export const clocks = (view: View): ReadonlyMap<string, ClockValue> =>
  new Map(view("clock").all.map((c) => [c.artifact.bundle, c.value]));

/** When an artifact was collected, in the API server's time: the collecting machine's clock less its measured offset. */
export function collectedAt(artifact: Artifact, context: MatchContext): ApiTime {
  const at = artifact.collectedAt ?? context.moment.startedAt;
  const clock = context.derive(clocks).get(artifact.bundle);
  const offset = clock?.apiOffsetS ?? null;
  const error = offset === null ? UNMEASURED_SKEW_MS : (clock?.apiOffsetErrorS ?? 0) * 1000;
  const middle = at.epochMs - (offset ?? 0) * 1000;
  return { earliest: middle - error, latest: middle + error };
}

const spanOf = (times: readonly ApiTime[]): ApiTime | null =>
  times.length === 0
    ? null
    : {
        earliest: Math.min(...times.map((t) => t.earliest)),
        latest: Math.max(...times.map((t) => t.latest)),
      };

const listed = (facts: readonly Fact[], context: MatchContext): ApiTime | null =>
  spanOf([...new Set(facts.map((f) => f.artifact))].map((a) => collectedAt(a, context)));

/** When each list that tokens are judged by was collected. One function each, since `derive` keys by it. */
type View = <K extends FactKind>(kind: K) => FactView<K>;

/** What is listed from the API server and judges a credential. */
export type Judging = "kube.pod" | "kube.jwks" | "kube.issuer" | "kube.serviceaccount" | "kube.node";

export const LISTED: Readonly<Record<Judging, (view: View, context: MatchContext) => ApiTime | null>> = {
  "kube.pod": (view, context) => listed(view("kube.pod").all, context),
  "kube.jwks": (view, context) => listed(view("kube.jwks").all, context),
  "kube.issuer": (view, context) => listed(view("kube.issuer").all, context),
  "kube.serviceaccount": (view, context) => listed(view("kube.serviceaccount").all, context),
  "kube.node": (view, context) => listed(view("kube.node").all, context),
};

/**
 * The API server's time while a node's token was looked at: by the node's clock where its offset is measured, else anything between
 * that and the collection of the cluster's part.
 */
export function apiNow({ kubeconfig }: Credential, context: MatchContext): ApiTime {
  const own = collectedAt(kubeconfig.artifact, context);
  const clock = context.derive(clocks).get(kubeconfig.artifact.bundle);
  if (clock && clock.apiOffsetS !== null) return own;
  const cluster = context.derive(LISTED["kube.node"]) ?? context.derive(LISTED["kube.pod"]);
  return cluster ? (spanOf([own, cluster]) ?? own) : own;
}
