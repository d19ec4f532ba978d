import { cite, type EventObject, type Fact, type FactKind } from "#model/fact.js";
import type { Finding } from "#model/finding.js";
import { earliest, type Instant, latest, order } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, type Statement, say, time, word } from "#model/statement.js";
import type { Credential } from "./_credential.js";
import { refusedOn } from "./_refusal.js";
import { type Agent, agents } from "./_writer.js";

/** A pod that is Terminating for longer than this no longer vouches for its token (claims.go: deletionTimestamp older than now - 60 s). */
export const TERMINATING_LEEWAY_MS = 60_000;

/** When the bound pod went: as an event of its end tells, else as far as what came after bounds it. */
export interface Gone {
  readonly at: Instant | null;
  /** Only the latest that it can have been. */
  readonly atLatest: boolean;
  /** What tells the time itself. */
  readonly event: EventObject | null;
  /** Calls were refused before its successor came, and nothing shows that it had gone by then. */
  readonly isDoubtful: boolean;
}

export function goneSince(
  credential: Credential,
  agent: Agent | undefined,
  events: FactView<"kube.event">,
  isRefused: boolean,
  context: MatchContext,
): Gone {
  const event = endOf(credential, agent, events);
  const turns = turnsOf(credential, agent, isRefused, context);
  const bound = boundOf(credential, agent, turns, context);
  const { first: refused, created } = turns;
  if (event?.first && bound && bound.precisionMs <= 1000 && isSoonAfter(bound, event.first))
    return { at: bound, atLatest: false, event, isDoubtful: false };
  if (event?.first && (bound === null || event.first.epochMs <= latest(bound)))
    return { at: event.first, atLatest: false, event, isDoubtful: false };
  if (refused && created && order(created, refused) === "after" && bound?.epochMs !== created.epochMs)
    return { at: null, atLatest: false, event: null, isDoubtful: true };
  return { at: bound, atLatest: bound !== null && bound.precisionMs <= 1000, event: null, isDoubtful: false };
}

/** The event tells when the end began; a successor that comes within the time that it takes tells better when it was over. */
const isSoonAfter = (successor: Instant, end: Instant): boolean =>
  successor.epochMs >= end.epochMs && successor.epochMs - end.epochMs <= 2 * TERMINATING_LEEWAY_MS;

/** The kubelet stops the containers of a pod that goes with these words; those of one that is only restarted with others. */
const STOPPING = /^Stopping container /;

/** The event in which the kubelet stopped the bound pod, or the controller deleted it. */
function endOf({ token }: Credential, agent: Agent | undefined, events: FactView<"kube.event">): EventObject | null {
  const { pod, iat } = token;
  if (pod === null) return null;
  const ends = events.all.flatMap(({ value }) =>
    value.objects.filter(
      (o) =>
        o.first !== null &&
        (iat === null || o.first.epochMs >= iat.epochMs) &&
        ((value.reason === "Killing" && o.uid === pod.uid && STOPPING.test(o.message)) ||
          (value.reason === "SuccessfulDelete" &&
            value.objectKind === "DaemonSet" &&
            `${value.namespace}/${o.name}` === agent?.daemonSet &&
            o.message === `Deleted pod: ${pod.name}`)),
    ),
  );
  return [...ends].sort((a, b) => (a.first?.epochMs ?? 0) - (b.first?.epochMs ?? 0))[0] ?? null;
}

/**
 * When the bound pod had gone at the latest: when its first known successor came. Where calls were refused before any, it is between the
 * token's issue and the first of: the refusal, the successor.
 */
function boundOf(
  credential: Credential,
  agent: Agent | undefined,
  { first, created }: Turns,
  context: MatchContext,
): Instant | null {
  const { iat } = credential.token;
  if (created && (first === null || order(created, first) !== "after")) return created;
  // A successor of a revision that came after the refusals replaced a pod that had lived through their beginning.
  const revised = agent ? revisionOf(agent, context) : null;
  if (created && first && revised && order(revised, first) === "after") return created;
  const bound = created ?? first;
  if (!iat || !bound) return null;
  return { ...iat, precisionMs: Math.max(iat.precisionMs, bound.epochMs + bound.precisionMs - iat.epochMs) };
}

/** When calls with that token were first refused, and when the first known successor of its pod came. */
interface Turns {
  readonly first: Instant | null;
  readonly created: Instant | null;
}

function turnsOf(
  { token, node }: Credential,
  agent: Agent | undefined,
  isRefused: boolean,
  context: MatchContext,
): Turns {
  const { iat, pod } = token;
  const refusals = isRefused ? refusedOn(context, node).filter(hits(node)) : [];
  const created = context
    .derive(agents)
    .filter((a) => a.node === node && a.daemonSet === agent?.daemonSet && a.pod.value.uid !== pod?.uid)
    .map((a) => a.pod.value.created)
    .filter((at) => at !== null && (iat === null || at.epochMs >= iat.epochMs))
    .reduce(earliest, null);
  return { first: refusals.map((f) => f.since).reduce(earliest, null), created };
}

/** When the revision of an agent's pod was made; null where that is not known. */
function revisionOf({ pod, daemonSet }: Agent, context: MatchContext): Instant | null {
  const hash = pod.value.labels["controller-revision-hash"];
  const own = context
    .derive(revisions)
    .find((r) => r.value.hash === hash && `${r.value.namespace}/${r.value.owner?.name}` === daemonSet);
  return hash === undefined ? null : (own?.value.created ?? null);
}

const revisions = (view: <K extends FactKind>(kind: K) => FactView<K>): readonly Fact<"kube.revision">[] =>
  view("kube.revision").all;

/** Whether a finding is of calls on that node that are refused with 401. */
export const hits =
  (node: string) =>
  (f: { readonly about: Finding["about"] }): boolean =>
    (f.about.node ?? []).includes(node) && (f.about.error ?? []).includes("401");

/** How near the time of the pod's end is known: told by an event, or bounded by what came after it. */
export function endTold(
  { token, tokenEvidence }: Credential,
  agent: Agent | undefined,
  { at, atLatest, event }: Gone,
  context: MatchContext,
): readonly Statement[] {
  const pod = token.pod?.name ?? "";
  if (event?.first)
    return [
      say`The end of ${code(pod, tokenEvidence)} began at ${time(event.first, event.evidence)}: ${code(event.message, event.evidence)}`,
    ];
  if (!agent || !at || !atLatest) return [];
  const between = context
    .derive(revisions)
    .filter(
      ({ value: { created, namespace, owner, hash } }) =>
        `${namespace}/${owner?.name}` === agent.daemonSet &&
        hash !== agent.pod.value.labels["controller-revision-hash"] &&
        created !== null &&
        token.iat !== null &&
        created.epochMs > token.iat.epochMs &&
        created.epochMs < at.epochMs,
    );
  return [
    say`When ${code(pod, tokenEvidence)} went is not recorded: at the latest by ${time(at, agent.pod.evidence)}, when a successor was created`,
    ...between.map(
      (r) =>
        say`Revision ${word(r.value.revision, cite(r, "/revision"))} of ${code(agent.daemonSet, r.evidence)}, created at ${time(r.value.created as Instant, cite(r, "/metadata/creationTimestamp"))}, lies between the token and that successor: its rollout may have ended that pod already`,
    ),
  ];
}
