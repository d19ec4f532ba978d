import type { FactKind } from "#model/fact.js";
import type { Found, Missing } from "#model/finding.js";
import { formatUtc, type Instant, latest } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import type { Occurrence, SandboxFailures } from "./_sandbox-failures.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** When a list of the cluster was read, and in which bundle: what it shows, it shows of that time. */
export interface ListTime {
  readonly at: Instant;
  readonly bundle: string;
}

const LISTS = [
  "kube.pod",
  "kube.node",
  "kube.event",
  "kube.serviceaccount",
  "kube.workload",
  "kube.jwks",
  "kube.issuer",
] as const satisfies readonly FactKind[];

/** Of several lists of one kind the one that was read first; once per moment: hand it to `context.derive`. */
const listTimes = (view: Look): ReadonlyMap<FactKind, ListTime> =>
  new Map(
    LISTS.flatMap((kind) => {
      const times = new Map<string, ListTime>();
      for (const { artifact } of view(kind).all) {
        const { collectedAt: at, bundle, member } = artifact;
        if (at) times.set(`${bundle}\n${member}`, { at, bundle });
      }
      const [first] = [...times.values()].sort((a, b) => a.at.epochMs - b.at.epochMs);
      return first ? [[kind, first] as const] : [];
    }),
  );

/**
 * When the list of a kind was read. An empty one holds nothing that tells: then the time of the nodes', or of the events', which one run asks
 * for within seconds. Null where nothing tells.
 */
export function listTime(kind: FactKind, context: MatchContext): ListTime | null {
  const times = context.derive(listTimes);
  return times.get(kind) ?? times.get("kube.node") ?? times.get("kube.event") ?? null;
}

/** A time that is cut to the second may be any within it. */
const isBefore = (list: ListTime | null, sign: number): boolean => list !== null && latest(list.at) < sign;

/**
 * The last time at which a failure is known to have gone on, in epoch milliseconds. What one run read before the list had happened before the
 * list, whatever a clock says of it; where its own last time cannot be read, it is that reading.
 */
function signOf(o: Occurrence, list: ListTime | null): number {
  const told = (o.last ?? o.first)?.epochMs ?? 0;
  const read = o.lastRead?.epochMs ?? told;
  if (o.isOpenEnded) return read;
  return list !== null && o.lastEvidence.bundle === list.bundle ? Math.min(told, read) : told;
}

/** Was the list of pods read before this was seen for the last time? Then it shows nothing of its end. */
export const isListOlder = (o: Occurrence, context: MatchContext): boolean => {
  const list = listTime("kube.pod", context);
  return isBefore(list, signOf(o, list));
};

/** The last sign of a whole group, its log beside the events included. */
export function lastSignMs(of: SandboxFailures, context: MatchContext): number {
  const list = listTime("kube.pod", context);
  const logged = of.logged;
  const line = (logged?.value.last ?? logged?.value.first)?.epochMs ?? 0;
  const read = logged?.artifact.collectedAt?.epochMs ?? line;
  const told = logged && list !== null && logged.artifact.bundle === list.bundle ? Math.min(line, read) : line;
  return of.occurrences.map((o) => signOf(o, list)).reduce((a, b) => Math.max(a, b), told);
}

/** Was the list of pods read before the last sign of a group? */
export const isOutlived = (of: SandboxFailures, context: MatchContext): boolean =>
  isBefore(listTime("kube.pod", context), lastSignMs(of, context));

/** The list of pods that would tell what became of them, where the one at hand is older than they are. */
export function olderList(of: SandboxFailures, pods: FactView<"kube.pod">, context: MatchContext): readonly Missing[] {
  const list = listTime("kube.pod", context);
  return list && isOutlived(of, context) ? [later(pods, "the list of pods", list)] : [];
}

/** Told without a node and the time of its failures, so that a list is asked for once, however many nodes wait for it. */
const later = <K extends FactKind>(view: FactView<K>, what: string, list: ListTime): Missing => ({
  ...view.missing(`${what}, read after the last failure that was seen`),
  why: `what was collected is of ${utc(list.at)}, before that`,
});

/**
 * Since when the failures are known to have gone on without a pause until the list was read: for a pod that is seen to fail, and that the list
 * itself shows in that state. Null where there is none.
 */
export function heldFromMs(shown: readonly (Instant | null)[], context: MatchContext): number | null {
  const list = listTime("kube.pod", context);
  const times = shown.flatMap((first) => (first && list && first.epochMs <= latest(list.at) ? first.epochMs : []));
  return times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b));
}

/**
 * The gap where a list was read before calls had failed for the last time: it shows what was then, and nothing of what held when they failed.
 * Null where it was read after that, or while they were failing. `calls`: what a list would rule out a cause of.
 */
export function readBefore<K extends FactKind>(
  view: FactView<K>,
  what: string,
  calls: readonly Found[],
  context: MatchContext,
): Missing | null {
  const list = listTime(view.kind, context);
  const isEarly = calls.some((call) => isBefore(list, signedMs(call)) && isBefore(list, heldMs(call)));
  return list && isEarly ? later(view, what, list) : null;
}

const numberOf = (value: string | number | boolean | null | undefined): number | null =>
  typeof value === "number" ? value : null;

/** The last sign of failing calls, in epoch milliseconds; 0 where no time of theirs is known. */
export const signedMs = (call: Found): number => numberOf(call.value["lastSignMs"]) ?? call.lastSeen?.epochMs ?? 0;

/** Where no list shows them while they fail, none but a later one speaks of them. */
const heldMs = (call: Found): number => numberOf(call.value["heldFromMs"]) ?? Number.POSITIVE_INFINITY;

/** A time in words of our own, which no zone is applied to. */
export const utc = (at: Instant): string => formatUtc(at).replace(/Z$/, " UTC").replace("T", " ");
