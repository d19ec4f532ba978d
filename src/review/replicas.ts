import type { ReadMoment } from "#model/conclusions.js";
import type { Evidence } from "#model/evidence.js";
import { cite, type Fact } from "#model/fact.js";
import type { Finding } from "#model/finding.js";
import type { Draft } from "#model/review.js";
import { type Brief, distinctEvidence } from "./inquest.js";

type Workload = Fact<"kube.workload">;

/** Where a rule tells of no workload that lost a replica by what failed: what the lists themselves show of them. */
export function severityByLists(b: Brief): Draft["severity"] {
  const seen = b.findings.filter(b.isSymptom).map((f) => looksAt(b, f));
  const worlds = [...new Set(seen.flat())];
  const [most] = worlds.map((world) => ({ world, down: without(world) })).sort((x, y) => y.down.length - x.down.length);
  if (most && most.down.length > 0) {
    const { world, down } = most;
    const isCut = !READ.every((list) => isComplete(world, list));
    return {
      proposed: "Medium",
      reason: `symptoms were seen; ${isCut ? "at least " : ""}${down.length} workload${down.length === 1 ? "" : "s"} had no replica ready, and whether by what failed is not shown`,
      evidence: down.slice(0, CITED).map((w) => cite(w, "/status")),
    };
  }
  const lists = seen.map((worlds) => worlds.filter((world) => isDecided(b, world)).flatMap(searched));
  const isShown = lists.every((list) => list.length > 0);
  return isShown
    ? {
        proposed: "Medium",
        reason: "symptoms were seen, and no workload without a ready replica",
        evidence: [...distinctEvidence(lists.flat())],
      }
    : { proposed: "Medium", reason: "symptoms were seen; what workloads lost was not collected" };
}

const CITED = 6;

/** The collections whose lists were read while a symptom went on: one of before its begin or after its end does not show what was lost. */
function looksAt(b: Brief, f: Finding): readonly ReadMoment[] {
  return f.activeAt.flatMap((moment) => {
    const world = b.worlds.find((w) => w.context.moment.id === moment);
    if (!world || moment === f.ended?.moment) return [];
    const read = world.readFrom(searched(world)) ?? world.context.moment.collectedAt;
    return f.since && read.epochMs < f.since.epochMs ? [] : [world];
  });
}

/** Is it known of each workload whether it has a replica ready? */
const isDecided = (b: Brief, world: ReadMoment): boolean =>
  isWhole(world) &&
  world.view("kube.workload").all.every((w) => !wants(w) || w.value.ready !== null) &&
  !b.verdicts.some(
    (v) =>
      v.rule.kind === "impact" &&
      v.moment === world.context.moment.id &&
      v.outcomes.some((o) => o.outcome === "undetermined"),
  );

/**
 * What pods are joined to a Deployment by is its ReplicaSets; where those were not listed, its own status counts them. A list that was not even
 * asked for holds workloads, too.
 */
const isWhole = (world: ReadMoment): boolean =>
  world.view("kube.pod").coverage().state === "complete" && DECIDING.every((list) => isComplete(world, list));

const isComplete = (world: ReadMoment, list: RegExp): boolean =>
  world.view("kube.workload").coverage(undefined, list).state === "complete";

const DECIDING = [/^deployments/, /^statefulsets/, /^daemonsets/];
const READ = [...DECIDING, /^replicasets/];

const searched = (world: ReadMoment): readonly Evidence[] => [
  ...READ.flatMap((list) => world.view("kube.workload").coverage(undefined, list).searched(NONE)),
  ...world.view("kube.pod").coverage().searched(NONE),
];

const NONE = "workload without a ready replica";

/** Those that want a replica and have none, as they say themselves: a ReplicaSet where its Deployment does not. */
function without(world: ReadMoment): readonly Workload[] {
  const { all } = world.view("kube.workload");
  const listed = new Set(all.map(({ value }) => `${value.kind}/${value.namespace}/${value.name}`));
  const isOwned = ({ value: { owner, namespace } }: Workload): boolean =>
    owner !== null && listed.has(`${owner.kind}/${namespace}/${owner.name}`);
  return all.filter((w) => wants(w) && w.value.ready === 0 && !isOwned(w));
}

const wants = ({ value }: Workload): boolean => KINDS.has(value.kind) && (value.desired ?? 0) > 0;

const KINDS: ReadonlySet<string> = new Set(["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]);
