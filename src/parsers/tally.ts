import type { CoverageEntry, Fact, FactKind, ParseIssue, PodValue, WorkloadValue } from "#model/fact.js";

/** What lists of one bundle are shown to lack by what another list of it counts. */
export interface Tally {
  readonly coverage: readonly CoverageEntry[];
  readonly issues: readonly ParseIssue[];
}

type Workload = Fact<"kube.workload">;

/** Workloads that count pods of their own; a Deployment's are those of its ReplicaSets, and a Job's come and go. */
const OWNERS: ReadonlySet<WorkloadValue["kind"]> = new Set(["DaemonSet", "ReplicaSet", "StatefulSet"]);

/**
 * A list in which fewer objects are than its cluster counts is not whole, whatever is said of it: its silence proves nothing. Pods are
 * held against those that a workload counts as ready (one that is ready was made well before anybody listed it), nodes against those
 * that a DaemonSet should run on. A controller that has stopped may count what is gone by now: then nothing is known, rather than wrong.
 */
export function tallied(facts: readonly Fact[], coverage: readonly CoverageEntry[]): Tally {
  const workloads = facts.filter((fact): fact is Workload => fact.kind === "kube.workload");
  const pods = perOwner(facts);
  const nodes = perBundle(facts, "kube.node");
  const short = new Map<string, string>();
  const tell = (kind: FactKind, of: Workload, says: string): void => {
    const key = `${of.artifact.bundle} ${kind}`;
    const pointer = of.evidence.locator.kind === "json" ? of.evidence.locator.pointer : "";
    if (!short.has(key)) short.set(key, `the list is not whole: ${of.artifact.member}, at ${pointer}, ${says}`);
  };
  for (const workload of workloads) {
    const { kind, ready, desired } = workload.value;
    if (!OWNERS.has(kind)) continue;
    const seen = podsOf(workload, pods);
    if (ready !== null && ready > seen)
      tell("kube.pod", workload, `counts ${ready} pods of its own as ready, and ${seen} of them are listed`);
    const listed = nodes.get(workload.artifact.bundle) ?? 0;
    if (kind === "DaemonSet" && desired !== null && desired > listed)
      tell("kube.node", workload, `counts ${desired} nodes to run on, and ${listed} are listed`);
  }
  return apply(coverage, short);
}

function apply(coverage: readonly CoverageEntry[], short: ReadonlyMap<string, string>): Tally {
  const issues: ParseIssue[] = [];
  const settled = coverage.map((entry): CoverageEntry => {
    const message = short.get(`${entry.artifact.bundle} ${entry.kind}`);
    if (message === undefined || entry.coverage !== "complete") return entry;
    issues.push({ artifact: entry.artifact, code: "W_SHORT", message, line: null });
    return { ...entry, coverage: "truncated" };
  });
  return { coverage: settled, issues };
}

function perBundle(facts: readonly Fact[], kind: FactKind): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind: own, artifact } of facts)
    if (own === kind) counts.set(artifact.bundle, (counts.get(artifact.bundle) ?? 0) + 1);
  return counts;
}

/** Uids of owners, null where a pod does not say it, of the pods of each owner by bundle, namespace, kind and name. */
type Owned = ReadonlyMap<string, readonly (string | null)[]>;

function perOwner(facts: readonly Fact[]): Owned {
  const owned = new Map<string, (string | null)[]>();
  for (const { kind, artifact, value } of facts) {
    if (kind !== "kube.pod") continue;
    const { namespace, owner } = value as PodValue;
    if (!owner) continue;
    const key = keyOf(artifact.bundle, namespace, owner.kind, owner.name);
    const known = owned.get(key);
    if (known) known.push(owner.uid);
    else owned.set(key, [owner.uid]);
  }
  return owned;
}

/** Those of an owner that had the same name before count for none of its pods. */
function podsOf({ artifact, value }: Workload, owned: Owned): number {
  const owners = owned.get(keyOf(artifact.bundle, value.namespace, value.kind, value.name)) ?? [];
  return owners.filter((uid) => uid === null || value.uid === null || uid === value.uid).length;
}

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);
