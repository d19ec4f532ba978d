import type { Evidence } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import { type Instant, order } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { type Dialled, dialledIn } from "#rules/kubelet/_dialled.js";
import { lastWordsOf, linesOf } from "#rules/kubelet/_last-words.js";
import type { Pod } from "#rules/kubelet/_pods.js";
import { warningsOf } from "./_agent-state.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** What an agent itself says of an address that it called in vain. */
export interface AgentDial {
  readonly agent: Pod;
  readonly text: string;
  readonly dialled: Dialled;
  readonly first: Instant | null;
  readonly last: Instant | null;
  readonly evidence: Evidence;
}

/** How near the time at which it ceased to be ready, and the end of what it wrote, its words must be to speak of now. */
const NEAR_MS = 120_000;
const STILL_MS = 600_000;

/**
 * What an agent that is not ready says, in an event of its own or in its log, of an address that it called in vain. Null where it says no such thing,
 * or is down for a reason of its own: a container that was never started, or one whose last words are others.
 */
export function agentDials(
  agent: Pod,
  isMeant: (dialled: Dialled) => boolean,
  context: MatchContext,
): AgentDial | null {
  const condition = agent.value.conditions.find((c) => c.type === "Ready");
  if (condition?.status === "True") return null;
  const since = condition?.since ?? agent.value.created;
  const meant = (text: string): Dialled | undefined => dialledIn(text).find(isMeant);
  const said: AgentDial[] = [];
  for (const container of agent.value.containers) {
    const { state, ready, init } = container;
    if (ready || state === "terminated:Completed") continue;
    if (state === "waiting:PodInitializing" && !init) continue;
    if (state === "running") {
      said.push(...running(agent, container, since, meant, context));
      continue;
    }
    if (state !== "waiting:CrashLoopBackOff" && !(state.startsWith("terminated:") && container.restarts > 0))
      return null;
    const words = lastWordsOf(agent, container, context);
    if (!words) continue;
    const { text, at, evidence } = words.error ?? words.last;
    const dialled = meant(text);
    // It ended with other words: why it is down is its own.
    if (!dialled) return null;
    said.push({ agent, text, dialled, first: at, last: at, evidence });
  }
  return said[0] ?? inEvents(agent, since, meant, context.derive(views));
}

const views = (view: View): View => view;

function running(
  agent: Pod,
  container: Pod["value"]["containers"][number],
  since: Instant | null,
  meant: (text: string) => Dialled | undefined,
  context: MatchContext,
): readonly AgentDial[] {
  const lines = linesOf(agent, container, context);
  const end = lines.map(({ at }) => at?.epochMs ?? 0).reduce((a, b) => Math.max(a, b), 0);
  return lines
    .filter(
      ({ at }) =>
        at !== null && at.epochMs >= end - STILL_MS && (since === null || at.epochMs >= since.epochMs - NEAR_MS),
    )
    .flatMap(({ at, from, text, evidence }) => {
      const dialled = meant(text);
      return dialled ? [{ agent, text, dialled, first: from, last: at, evidence }] : [];
    })
    .sort((a, b) => (b.last?.epochMs ?? 0) - (a.last?.epochMs ?? 0))
    .slice(0, 1);
}

/** The latest of its own events that says so, unless the kubelet says another thing of the same kind since. */
function inEvents(
  agent: Pod,
  since: Instant | null,
  meant: (text: string) => Dialled | undefined,
  view: View,
): AgentDial | null {
  const warned = warningsOf(agent, view).map((w) => ({ ...w, at: (w.last ?? w.first)?.epochMs ?? 0 }));
  const [latest] = warned
    .flatMap((w) => {
      const dialled = meant(w.message);
      return dialled && (since === null || w.at >= since.epochMs - NEAR_MS) ? [{ ...w, dialled }] : [];
    })
    .sort((a, b) => b.at - a.at);
  if (!latest) return null;
  const { reason, message: text, dialled, first, last, evidence, at } = latest;
  const isOvertaken = warned.some((w) => w.reason === reason && w.at > at + NEAR_MS);
  return isOvertaken ? null : { agent, text, dialled, first, last, evidence };
}

/** Does it call the API server in vain, by its own words, where kube-proxy was down before it? Then it is mended with that. */
export const waitsForProxy = (pod: Pod, since: Instant, context: MatchContext): boolean =>
  context
    .findings("kube-proxy-down")
    .some((f) => f.about.object?.includes(pod.value.uid) && (f.since === null || order(f.since, since) !== "after"));
