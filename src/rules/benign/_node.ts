import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { type NodeFact, readyOf } from "#rules/kubelet/_node-ready.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

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

/** How a node is now, as far as the list of nodes says. */
export interface NodeNow {
  /** What shows that it is Ready; null where it is not. */
  readonly ready: Evidence | null;
  /** What shows that it has disk enough; null where nothing says so. */
  readonly disk: Evidence | null;
}

/** Of all nodes by name, once per moment: hand it to `context.derive`. */
export const nodesNow = (view: Look): ReadonlyMap<string, NodeNow> =>
  new Map(view("kube.node").all.map((node) => [node.value.name, nowOf(node)]));

function nowOf(node: NodeFact): NodeNow {
  const ready = readyOf(node);
  const disk = node.value.conditions.findIndex((c) => c.type === "DiskPressure" && c.status === "False");
  return {
    ready: ready?.condition.status === "True" ? ready.evidence : null,
    disk: disk >= 0 ? cite(node, `/status/conditions/${disk}`) : null,
  };
}

/** Is each node that the list has Ready now? */
export const allReady = (_view: Look, context: MatchContext): boolean =>
  [...context.derive(nodesNow).values()].every((node) => node.ready !== null);
