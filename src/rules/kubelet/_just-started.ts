import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import { type Instant, latestOf } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, type Statement, say, time } from "#model/statement.js";
import { agentPods } from "#rules/timeline/_agents.js";
import { agentOf } from "./_agent-text.js";
import { type Pod, podName, seenAt } from "./_pods.js";
import { firstSeen, type SandboxFailures } from "./_sandbox-failures.js";
import { JOINING_MS, kubeletStarts } from "./_starts.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** Something that a node's pods wait for began to run. */
interface Start {
  readonly what: "joined" | "booted" | "kubelet" | "agent";
  /** Of the agent's pod. */
  readonly name: string | null;
  readonly at: Instant;
  readonly evidence: Evidence;
}

/** Times are cut to seconds, and a kubelet tells of its start a moment after it began to work. */
const SLACK_MS = 2_000;

/** What fails while nothing answers yet or the plugin is not laid down yet. A refused token is no matter of time. */
const EXPLAINED = new Set(["not-initialised", "plugin-missing", "refused", "timeout", "unreachable"]);

/** When nodes joined or were booted, as far as lists still tell; the later of the two. Once per moment: hand it to `context.derive`. */
function boots(view: Look): ReadonlyMap<string, Start> {
  const all = new Map<string, Start>();
  const add = (node: string, what: Start["what"], at: Instant | null, evidence: Evidence): void => {
    if (at && at.epochMs > (all.get(node)?.at.epochMs ?? 0)) all.set(node, { what, name: null, at, evidence });
  };
  for (const node of view("kube.node").all)
    add(node.value.name, "joined", node.value.created, cite(node, "/metadata/creationTimestamp"));
  for (const { value } of view("kube.event").all)
    if (value.reason === "Rebooted" && value.objectKind === "Node")
      for (const { name, first, last, evidence } of value.objects) add(name, "booted", latestOf(first, last), evidence);
  return all;
}

/** By node: its boot or joining, the starts of its kubelet, and of a CNI agent that has not been restarted since. */
function startsOn(_view: Look, context: MatchContext): ReadonlyMap<string, readonly Start[]> {
  const all = new Map<string, Start[]>();
  const add = (node: string, start: Start): void => void all.set(node, [...(all.get(node) ?? []), start]);
  for (const [node, boot] of context.derive(boots)) add(node, boot);
  for (const [node, { times }] of context.derive(kubeletStarts))
    for (const { at, evidence } of times) add(node, { what: "kubelet", name: null, at, evidence });
  for (const pod of context.derive(agentPods)) {
    const { startedAt, created, node, containers } = pod.value;
    const at = startedAt ?? created;
    // One that is started again and again has not just started.
    if (node === null || !at || containers.some((c) => c.restarts > 0)) continue;
    const evidence = cite(pod, startedAt ? "/status/startTime" : "/metadata/creationTimestamp");
    add(node, { what: "agent", name: podName(pod), at, evidence });
  }
  return all;
}

/**
 * Failures on a node that has just started, or whose agent has: all of them behind the start, it no longer ago than a node may take to
 * join, and of a kind that it explains. Says what started; null where nothing explains them, or they last longer than that.
 */
export function justStarted(of: SandboxFailures, context: MatchContext): readonly Statement[] | null {
  const from = firstSeen(of.occurrences);
  if (of.node === null || !from || !(EXPLAINED.has(of.errorClass) || agentOf(of.errorClass) !== null)) return null;
  // What has no begin, or is of more pods than are named, may have begun before.
  if (of.occurrences.some((o) => o.first === null) || of.more > 0) return null;
  const now = of.occurrences
    .map((o) => (o.pod ? seenAt(o.pod, context.moment) : context.moment.collectedAt))
    .reduce<Instant | null>(latestOf, null);
  const starts = (context.derive(startsOn).get(of.node) ?? []).filter(
    ({ at }) => from.epochMs >= at.epochMs - SLACK_MS && (now?.epochMs ?? 0) - at.epochMs <= JOINING_MS,
  );
  if (starts.length === 0) return null;
  const first = new Map<Start["what"], Start>();
  for (const start of [...starts].sort((a, b) => a.at.epochMs - b.at.epochMs))
    if (!first.has(start.what)) first.set(start.what, start);
  return [...first.values()].map((start) => told(start, of.node ?? ""));
}

function told({ what, name, at, evidence }: Start, node: string): Statement {
  const [host, when] = [code(node, evidence), time(at, evidence)];
  switch (what) {
    case "joined":
      return say`The node ${host} had joined only at ${when}`;
    case "booted":
      return say`The node ${host} said only at ${when} that it had been booted`;
    case "kubelet":
      return say`The kubelet of ${host} had started only at ${when}`;
    case "agent":
      return say`The CNI agent of ${host}, ${code(name ?? "", evidence)}, had started only at ${when}`;
  }
}

/** The boot of a pod's node after the pod's own start, which it survives: what the pod waits for it waits for anew. Null for none. */
export function bootSince(
  pod: Pod,
  context: MatchContext,
): { readonly at: Instant; readonly evidence: Evidence } | null {
  const own = pod.value.startedAt ?? pod.value.created;
  const boot = pod.value.node === null ? undefined : context.derive(boots).get(pod.value.node);
  return own && boot && boot.at.epochMs > own.epochMs ? boot : null;
}
