import type { Evidence } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import type { Outcome } from "#model/finding.js";
import type { Instant } from "#model/instant.js";
import { type FactView, found, type MatchContext, slight } from "#model/rule.js";
import { code, count, lapse, type Statement, say, time } from "#model/statement.js";
import { type NodeFact, readyOf } from "./_node-ready.js";
import { JOINING_MS, kubeletStarts, type Starts, startedBefore } from "./_starts.js";

/** A node that was told to be not Ready, as of the last time, and that is Ready at the collection. */
export interface PastOutage {
  readonly from: Instant;
  /** When its Ready condition turned True again; null where that does not stand behind the last telling. */
  readonly to: Instant | null;
  /** How often it was told; a lower bound. */
  readonly told: number;
  readonly event: Evidence;
  readonly ready: Evidence;
  /** A start of its kubelet in it or near it: it may have been rebooted on purpose. */
  readonly start: Evidence | null;
  /** The events were collected in full: a start that is not among them was none. */
  readonly whole: boolean;
}

/** The time after which pods on a node that is not Ready are evicted by default (tolerationSeconds of DefaultTolerationSeconds): shorter is no outage. */
const OUTAGE_MS = 300_000;

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/**
 * By node, where the events still tell it and its object says Ready=True since; once per moment: hand it to `context.derive`. What belongs to
 * a first join or to a start of the kubelet is left out.
 */
export function pastOutages(view: Look, context: MatchContext): ReadonlyMap<string, PastOutage> {
  const starts = context.derive(kubeletStarts);
  const whole = view("kube.event").coverage().state === "complete";
  const outages = new Map<string, PastOutage>();
  for (const node of view("kube.node").all) {
    const ready = readyOf(node);
    if (ready?.condition.status !== "True") continue;
    const told = lastTold(view, node);
    if (!told) continue;
    const { since } = ready.condition;
    const to = since && since.epochMs > told.from.epochMs ? since : null;
    if (startedBefore({ first: told.from, last: to ?? told.from }, node, starts)) continue;
    outages.set(node.value.name, {
      ...told,
      to,
      whole,
      ready: ready.evidence,
      start: startWithin(told.from, to, starts.get(node.value.name)),
    });
  }
  return outages;
}

export interface Told {
  readonly at: Instant;
  readonly evidence: Evidence;
}

/** Events of one reason about a node: the first and the last time of each. */
export function toldOf(view: Look, { value: { name, uid, created } }: NodeFact, reason: string): readonly Told[] {
  return view("kube.event").all.flatMap(({ value }) =>
    value.reason === reason && value.objectKind === "Node"
      ? value.objects
          .filter((o) => o.name === name || (uid !== null && o.uid === uid))
          .flatMap((o) => [o.first, o.last].flatMap((at) => (at ? [{ at, evidence: o.evidence }] : [])))
          .filter(({ at }) => !(created && at.epochMs < created.epochMs))
      : [],
  );
}

/** An outage that had an end before the latest one, or the present one, began. */
export interface EarlierOutage {
  readonly from: Told;
  readonly to: Told;
}

/**
 * By node, from the earliest on, where the events tell both ends; once per moment: hand it to `context.derive`. What is told without an end may
 * be the beginning of the latest.
 */
export function earlierOutages(view: Look, context: MatchContext): ReadonlyMap<string, readonly EarlierOutage[]> {
  const starts = context.derive(kubeletStarts);
  const outages = new Map<string, readonly EarlierOutage[]>();
  for (const node of view("kube.node").all) {
    const ready = readyOf(node)?.condition;
    const bound = ready?.status === "True" ? lastTold(view, node)?.from : ready?.since;
    const begins = bound ? toldOf(view, node, "NodeNotReady").filter(({ at }) => at.epochMs < bound.epochMs) : [];
    if (!bound || begins.length === 0) continue;
    const ends = toldOf(view, node, "NodeReady").filter(({ at }) => at.epochMs < bound.epochMs);
    const list: EarlierOutage[] = [];
    for (const from of [...begins].sort(byTime)) {
      // The controller and the kubelet each tell of the same turn.
      if ((list.at(-1)?.to.at.epochMs ?? Number.NEGATIVE_INFINITY) > from.at.epochMs) continue;
      const [to] = ends.filter(({ at }) => at.epochMs > from.at.epochMs).sort(byTime);
      if (to && !startedBefore({ first: from.at, last: to.at }, node, starts)) list.push({ from, to });
    }
    if (list.length > 0) outages.set(node.value.name, list);
  }
  return outages;
}

const byTime = (a: Told, b: Told): number => a.at.epochMs - b.at.epochMs;

/** At most three of them, the latest. */
export const earlierStatements = (node: string, outages: readonly EarlierOutage[] = []): readonly Statement[] =>
  outages
    .slice(-3)
    .map(
      ({ from, to }) =>
        say`Before, ${code(node, from.evidence)} was not Ready from ${time(from.at, from.evidence)} to ${time(to.at, to.evidence)}, for ${lapse(to.at.epochMs - from.at.epochMs, from.evidence, to.evidence)}: the events ${code("NodeNotReady", from.evidence)} and ${code("NodeReady", to.evidence)} tell it.`,
    );

function lastTold(view: Look, node: NodeFact): Pick<PastOutage, "from" | "told" | "event"> | null {
  const { name, uid, created } = node.value;
  const told = view("kube.event").all.flatMap(({ value }) =>
    value.reason === "NodeNotReady" && value.objectKind === "Node"
      ? value.objects.flatMap((o) => {
          const from = o.last ?? o.first;
          const isOwn = o.name === name || (uid !== null && o.uid === uid);
          return isOwn && from && !(created && from.epochMs < created.epochMs)
            ? [{ from, told: Math.max(1, o.count ?? 1), event: o.evidence }]
            : [];
        })
      : [],
  );
  const last = told.reduce<(typeof told)[number] | null>(
    (a, b) => (a && a.from.epochMs >= b.from.epochMs ? a : b),
    null,
  );
  // The controller and the kubelet each tell of the same turn.
  return last && { ...last, told: Math.max(...told.map((t) => t.told)) };
}

const startWithin = (from: Instant, to: Instant | null, starts: Starts | undefined): Evidence | null =>
  starts?.times.find(
    ({ at }) => at.epochMs >= from.epochMs - JOINING_MS && at.epochMs <= (to ?? from).epochMs + JOINING_MS,
  )?.evidence ?? null;

/** An outage that was long, and in which no kubelet started, is one; of a short one, or a reboot, the reader is told. */
export function outageOutcome(
  node: string,
  outage: PastOutage,
  earlier: readonly EarlierOutage[] | undefined = undefined,
): Outcome {
  const { from, to, start, whole } = outage;
  const about = { node: [node] };
  const lasted = to ? to.epochMs - from.epochMs : null;
  if (lasted === null || lasted < OUTAGE_MS || start || !whole)
    return slight({ subject: node, about, statements: [briefly(node, outage)] });
  return found({
    subject: node,
    about,
    since: from,
    lastSeen: to,
    over: true,
    endedAt: to,
    statements: [course(node, outage, lasted), ...often(outage), ...earlierStatements(node, earlier)],
    value: { node, status: "True", reason: null },
  });
}

const course = (node: string, { from, to, event, ready }: PastOutage, ms: number): Statement =>
  say`From ${time(from, event)} to ${time(to ?? from, ready)}, for ${lapse(ms, event, ready)}, the node ${code(node, event)} was not Ready: the event ${code("NodeNotReady", event)} tells its begin, its condition ${code("Ready=True", ready)} its end.`;

const often = ({ told, event }: PastOutage): readonly Statement[] =>
  told > 1 ? [say`It was told so ${count(told, "time", event)}; this was the last.`] : [];

function briefly(node: string, { from, to, event, ready, start }: PastOutage): Statement {
  const told = say`${code(node, event)} was told to be not Ready (${code("NodeNotReady", event)}) at ${time(from, event)}`;
  const since = to
    ? say`${told} and was Ready again at ${time(to, ready)}, ${lapse(to.epochMs - from.epochMs, event, ready)} later`
    : say`${told} and is ${code("Ready=True", ready)}`;
  return start ? say`${since}; its kubelet started in that time (${code("Starting", start)})` : since;
}
