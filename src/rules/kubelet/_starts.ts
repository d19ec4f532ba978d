import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import type { FactView } from "#model/rule.js";
import type { NodeFact } from "./_node-ready.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** A node that has just joined takes long: images of its network have to be pulled. */
export const JOINING_MS = 300_000;

/** What is near a start of a kubelet may be due to it: within this. */
export const START_MS = 60_000;

/** One start of a kubelet. */
interface Start {
  readonly at: Instant;
  readonly evidence: Evidence;
}

/** Starts of a node's kubelet as far as lists and logs still tell: the first and the last of each series, and how many. */
export interface Starts {
  readonly times: readonly Start[];
  readonly count: number;
}

const STARTED = /\bStarting kubelet main sync loop|\bStarted kubelet\b/;

/** Of all nodes, once per moment: hand it to `context.derive`. */
export function kubeletStarts(view: Look): ReadonlyMap<string, Starts> {
  const starts = new Map<string, Starts>();
  const add = (node: string | null, of: { first: Instant | null; last: Instant | null }, n: number, e: Evidence) => {
    if (node === null) return;
    const before = starts.get(node) ?? { times: [], count: 0 };
    const times = [of.first, of.last].flatMap((at) => (at ? [{ at, evidence: e }] : []));
    // An event and a line tell of the same start.
    starts.set(node, { times: [...before.times, ...times], count: Math.max(before.count, n) });
  };
  for (const { value } of view("kube.event").all) {
    if (value.reason !== "Starting" || value.component !== "kubelet") continue;
    for (const o of value.objects) add(value.node ?? o.name, o, o.count ?? 1, o.evidence);
  }
  for (const { value, node, evidence } of view("log").all)
    if (value.kind !== "podlog" && STARTED.test(value.sample)) add(node, value, value.count, evidence);
  return starts;
}

/** What shows that first and last of something lie within a minute behind a start of the node's kubelet; null where one does not. */
export function atStart(of: { readonly first: Instant | null; readonly last: Instant | null }, starts: Starts) {
  const near = (at: Instant): Evidence | undefined =>
    starts.times.find((s) => at.epochMs >= s.at.epochMs - SLACK_MS && at.epochMs <= s.at.epochMs + START_MS)?.evidence;
  const [first, last] = [of.first && near(of.first), of.last && near(of.last)];
  return first && last ? [...new Set([first, last])] : null;
}

/** The kubelet tells of its start a moment after it began to work, and events are cut to seconds. */
const SLACK_MS = 2_000;

/**
 * What shows that a node was starting all the while: it lies within a minute behind one start of its kubelet, or within five behind its
 * first join. Null where neither is in evidence. Two starts with an outage between them are no start that lasted.
 */
export function startedBefore(
  of: { readonly first: Instant | null; readonly last: Instant | null },
  node: NodeFact,
  starts: ReadonlyMap<string, Starts>,
): Evidence | null {
  const { first, last } = of;
  if (!first || !last) return null;
  const covers = (at: Instant, ms: number): boolean =>
    first.epochMs >= at.epochMs - SLACK_MS && last.epochMs <= at.epochMs + ms;
  const { name, created } = node.value;
  if (created && covers(created, JOINING_MS)) return cite(node, "/metadata/creationTimestamp");
  return starts.get(name)?.times.find((start) => covers(start.at, START_MS))?.evidence ?? null;
}
