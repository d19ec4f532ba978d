import type { Fact, FactKind } from "#model/fact.js";
import type { FactView } from "#model/rule.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;
export type Workload = Fact<"kube.workload">;

/** `Deployment/<namespace>/<name>`, as pods' owners are named. */
export const workloadKey = (workload: Workload): string =>
  `${workload.value.kind}/${workload.value.namespace}/${workload.value.name}`;

/** The key of the workload which owns this one; null for none. */
export const workloadOwner = (workload: Workload): string | null =>
  workload.value.owner && `${workload.value.owner.kind}/${workload.value.namespace}/${workload.value.owner.name}`;

/** Once per moment: hand it to `context.derive`. */
export const workloadsByKey = (view: Look): ReadonlyMap<string, Workload> =>
  new Map(view("kube.workload").all.map((workload) => [workloadKey(workload), workload]));

export interface Budget {
  readonly surge: number;
  readonly unavailable: number;
  /** As written, or the default. */
  readonly written: { readonly surge: string; readonly unavailable: string };
}

const DEFAULT = "25%";

/**
 * What a rolling update may do, in pods: shares of surge are rounded up, of unavailable down, and both 0 give one unavailable
 * (kubernetes deployment_util.go ResolveFenceposts). Null where the strategy is another one, or the replicas are not known.
 */
export function budgetOf(deployment: Workload): Budget | null {
  const { strategy, desired } = deployment.value;
  if (desired === null || (strategy !== null && strategy.type !== "" && strategy.type !== "RollingUpdate")) return null;
  const written = { surge: strategy?.maxSurge ?? DEFAULT, unavailable: strategy?.maxUnavailable ?? DEFAULT };
  const surge = share(written.surge, desired, Math.ceil);
  const unavailable = share(written.unavailable, desired, Math.floor);
  if (surge === null || unavailable === null) return null;
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable, written };
}

function share(text: string, replicas: number, round: (n: number) => number): number | null {
  const found = /^(\d{1,9})(%?)$/.exec(text);
  if (!found) return null;
  const n = Number(found[1]);
  return found[2] === "%" ? round((n * replicas) / 100) : n;
}
