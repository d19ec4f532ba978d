import { type Evidence, evidenceKey } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import type { Missing } from "#model/finding.js";
import { type Instant, latest, order } from "#model/instant.js";
import { type FactView, type MatchContext, shellWord } from "#model/rule.js";
import { code, codes, type Statement, say, time } from "#model/statement.js";
import { type CertificateWord, certificateStatement, certificateWord } from "./_client-certificate.js";
import { kubeletServices, PLAIN, readLog } from "./_distribution.js";
import { type Log, lastMs, lastOf, OWN, type Told, textOf, UNITS } from "./_kubelet-log.js";
import { readyOf } from "./_node-ready.js";
import { type Cited, seenAt, words } from "./_pods.js";
import { type Restart, restartIn } from "./_restart.js";
import { type Silence, silences } from "./_silence.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/**
 * How a kubelet that goes on fails to post: the API server is not reached or gives no answer (`unanswered`), turns the kubelet's credential or
 * request away (`refused`), shows a certificate that the kubelet does not accept (`distrusted`), or something else (`other`).
 */
export type Failure = "unanswered" | "refused" | "distrusted" | "other";

/** What the log of a silent kubelet shows of the time after its condition changed, and what it says there of its own certificate. */
export type Contact = State & { readonly certificate: CertificateWord | null };

type State =
  | {
      readonly state: "running";
      readonly failure: Failure;
      /** Null where the first line of that kind is of an outage of before. */
      readonly from: Told | null;
      readonly to: Told;
      /** Its one start in the silence, where it has gone on since then; null where it was not started anew. */
      readonly restart: Told | null;
      /** What it failed with in another way until then. */
      readonly before: (Told & { readonly text: string }) | null;
      /** What it says of its posts, without what wraps it. */
      readonly error: string;
      /** `host:port` of the API server that the text names. */
      readonly server: string | null;
      /** Nodes whose kubelets name the same one, this one among them, with a line of each. */
      readonly alike: readonly { readonly node: string; readonly evidence: Evidence }[];
      /** The latest line of a container that it started after that. */
      readonly started: Told | null;
      readonly unverified: readonly string[];
    }
  /** Its log was read after that in full, and holds no attempt of it to post any more. `said`: the last that it says of itself. */
  | { readonly state: "stopped"; readonly said: Told; readonly text: string | null; readonly readAt: Instant }
  | { readonly state: "unknown"; readonly said: Told | null; readonly missing: Missing };

/** What a kubelet writes when it cannot post its status, renew its lease or register: every few seconds as long as that lasts. */
const POSTS =
  /Error updating node status|Unable to update node status|Unable to register node with API server|[Ff]ailed to (?:update|ensure|renew|get)(?: node)? lease/;
/** Where it shares a process with a control plane, an elected leader of that renews a lease, too. */
const ELECTION = /\bleaderelection\.go:\d/;
/** One that does not come up writes such lines, too, before it gives up. */
const GIVES_UP =
  /failed to run Kubelet|"command failed"|Failed to start ContainerManager|Main process exited|Failed with result|Start request repeated too quickly/i;
const STARTED = /SyncLoop \(PLEG\).*ContainerStarted/;

/** It writes such a line every ten seconds or so: with none for so long it does so no more. */
const GOING_ON_MS = 300_000;

/** Of each silent kubelet, once per moment: hand it to `context.derive`. */
export function contacts(view: Look, context: MatchContext): ReadonlyMap<string, Contact> {
  const silent = [...context.derive(silences)].filter(([, silence]) => silence.silent);
  const own = new Map(silent.map(([name, silence]) => [name, contactOf(name, silence, view, context)]));
  const servers = new Map<string, { node: string; evidence: Evidence }[]>();
  for (const [node, contact] of own) {
    if (contact.state !== "running" || contact.server === null) continue;
    const key = `${contact.failure} ${contact.server}`;
    servers.set(key, [...(servers.get(key) ?? []), { node, evidence: contact.to.evidence }]);
  }
  return new Map(
    [...own].map(([node, contact]) => [
      node,
      contact.state === "running" && contact.server !== null
        ? { ...contact, alike: servers.get(`${contact.failure} ${contact.server}`) ?? [] }
        : contact,
    ]),
  );
}

function contactOf(name: string, silence: Silence, view: Look, context: MatchContext): Contact {
  const logs = latestFirst(
    view("log")
      .on(name)
      .filter(({ value }) => value.kind !== "podlog" && UNITS.test(value.source) && value.last !== null),
  );
  const ready = readyOf(silence.node);
  const sign = silence.notBefore ?? ready?.condition.heartbeat ?? ready?.condition.since ?? null;
  const state = stateOf(name, silence, logs, sign, view, context);
  // One that fails in another way than being refused does not fail for its certificate, whatever it said of that.
  const isRefused = state.state !== "running" || state.failure === "refused";
  const certificate = ready?.condition.since && isRefused ? certificateWord(logs, sign) : null;
  return { ...state, certificate };
}

function stateOf(
  name: string,
  { node }: Silence,
  logs: readonly Log[],
  sign: Instant | null,
  view: Look,
  context: MatchContext,
): State {
  const changed = readyOf(node)?.condition.since ?? null;
  if (!changed) return unknown(name, view, context, context.moment.collectedAt, null);
  const isAfter = (at: Instant | null): boolean => at !== null && order(at, changed) === "after";
  const [read] = logs;
  if (!read) return unknown(name, view, context, changed, null);
  const later = logs.filter(({ value }) => isAfter(value.last));
  const failing = later.filter(({ value }) => POSTS.test(value.sample) && !ELECTION.test(value.sample));
  const [post] = failing;
  const ended = later.find(({ value }) => GIVES_UP.test(value.sample));
  const readAt = seenAt(read, context.moment);
  if (post && !(ended && lastMs(ended) > lastMs(post) - GOING_ON_MS)) {
    const restart = restartIn(later, isAfter);
    // Which of several it was that failed a series of lines does not tell, nor what becomes of one that has only just begun.
    return restart.state === "several" || (restart.state === "once" && lastMs(post) < restart.ms + GOING_ON_MS)
      ? unknown(name, view, context, changed, null)
      : running(failing, startedBy(later, isAfter), { changed, sign, readAt }, restart);
  }
  if (ended) return { state: "stopped", said: lastOf(ended), text: textOf(ended), readAt };
  const own = logs.find(({ value }) => OWN.test(value.sample));
  const whole = view("log").coverage(name, UNITS).state === "complete";
  if (own && whole && !isAfter(own.value.last) && latest(changed) + GOING_ON_MS < readAt.epochMs)
    return { state: "stopped", said: lastOf(own), text: null, readAt };
  return unknown(name, view, context, changed, own && isAfter(own.value.last) ? lastOf(own) : null);
}

const unknown = (name: string, view: Look, context: MatchContext, from: Instant, said: Told | null): State => ({
  state: "unknown",
  said,
  missing: {
    ...view("log").missing(`what the kubelet of ${name} logged after it fell silent`, name, UNITS),
    command: readLog(
      context.derive(kubeletServices).get(name) ?? PLAIN,
      `--since @${Math.floor(from.epochMs / 1000)}`,
      `   # on ${shellWord(name)}, as root`,
    ),
  },
});

const latestFirst = (logs: readonly Log[]): readonly Log[] => [...logs].sort((a, b) => lastMs(b) - lastMs(a));

function running(
  failing: readonly Log[],
  started: Told | null,
  { changed, sign, readAt }: { readonly changed: Instant; readonly sign: Instant | null; readonly readAt: Instant },
  restart: Restart,
): Extract<State, { state: "running" }> {
  const post = failing[0] as Log;
  const error = textOf(post);
  const failure = failureOf(error);
  const first = failing
    .filter((log) => failureOf(textOf(log)) === failure)
    .flatMap(({ value, evidence }) => (value.first ? [{ at: value.first, evidence }] : []))
    .reduce((a, b) => (b.at.epochMs < a.at.epochMs ? b : a), lastOf(post));
  const from = sign !== null && order(first.at, sign) === "before" ? null : first;
  const to = lastOf(post);
  return {
    state: "running",
    failure,
    from,
    to,
    error,
    server: serverOf(error),
    restart: restart.state === "once" ? restart.start : null,
    before: earlierFailure(failing, failure, restart),
    alike: [],
    started,
    unverified: [
      ...(from && order(from.at, changed) === "after"
        ? ["that it was so from the beginning of its silence: the first line that says so is of later"]
        : []),
      ...(readAt.epochMs - to.at.epochMs > GOING_ON_MS
        ? ["that it still ran when its log was read: the last line that says so is of long before"]
        : []),
    ],
  };
}

function earlierFailure(failing: readonly Log[], failure: Failure, restart: Restart) {
  if (restart.state !== "once") return null;
  const log = failing.find(
    (l) =>
      failureOf(textOf(l)) !== failure && l.value.last !== null && order(l.value.last, restart.start.at) === "before",
  );
  return log ? { ...lastOf(log), text: textOf(log) } : null;
}

/** Series of one kind may begin with the end of a container and end with a start: only the lines that are there count. */
function startedBy(logs: readonly Log[], isAfter: (at: Instant | null) => boolean): Told | null {
  const lines = logs.flatMap(({ value, evidence }) => [
    ...(value.lastEvidence && value.last && STARTED.test(value.lastEvidence.excerpt)
      ? [{ at: value.last, evidence: value.lastEvidence }]
      : []),
    ...(value.first && STARTED.test(value.sample) ? [{ at: value.first, evidence }] : []),
  ]);
  return lines.find(({ at }) => isAfter(at)) ?? null;
}

function failureOf(text: string): Failure {
  if (/Unauthorized|remote error: tls:|[Ff]orbidden/.test(text)) return "refused";
  if (/\bx509: /.test(text)) return "distrusted";
  return UNANSWERED.test(text) ? "unanswered" : "other";
}

const UNANSWERED =
  /i\/o timeout|connection refused|no route to host|(?:network|host) is unreachable|deadline exceeded|Client\.Timeout|TLS handshake timeout|no such host|connection reset|\bEOF\b|connection lost|timed out/;

const serverOf = (text: string): string | null =>
  (/https:\/\/([^/\s"\\]{1,255})/.exec(text) ??
    /\bdial tcp ([^\s:]{1,255}:\d{1,5}|\[[^\]\s]{1,64}\]:\d{1,5}): /.exec(text))?.[1] ?? null;

/** The headline of a kubelet that goes on: how it fails. */
const FAILS: Readonly<Record<Failure, string>> = {
  unanswered: " and got no answer from the API server",
  refused: ", and the API server refused it",
  distrusted: " and did not accept the certificate of the API server",
  other: " and could not post the state of its node",
};

/** What the log says, the headline first where it names what the condition cannot. */
export function contactStatements(name: string, contact: Contact): readonly Statement[] {
  const { certificate } = contact;
  if (!certificate) return stateStatements(name, contact);
  const rest = contact.state === "running" ? goingOn(name, contact) : [];
  const given =
    contact.state === "stopped" && contact.text !== null && contact.text !== certificate.text
      ? stateStatements(name, contact)
      : rest;
  return [certificateStatement(name, certificate), ...given];
}

function stateStatements(name: string, contact: State): readonly Statement[] {
  if (contact.state === "running") return goingOn(name, contact);
  if (contact.state === "unknown") {
    const { said } = contact;
    if (said === null) return [];
    return [say`Its log goes on until ${time(said.at, said.evidence)} and does not say why nothing arrives.`];
  }
  const { said, text, readAt } = contact;
  if (text !== null)
    return [
      say`The kubelet of ${code(name, said.evidence)} gave up: at ${time(said.at, said.evidence)} its log says ${code(text, said.evidence)}.`,
    ];
  return [
    say`The last line of its own in its log is of ${time(said.at, said.evidence)}, and the log was read at ${time(readAt, said.evidence)}: one that runs and cannot post says so every few seconds.`,
  ];
}

function goingOn(name: string, contact: Extract<State, { state: "running" }>): readonly Statement[] {
  const { from, to, failure, error, started, alike, server, restart, before } = contact;
  const single = from === null || evidenceKey(from.evidence) === evidenceKey(to.evidence);
  const cited: Cited = single ? [to.evidence] : [from.evidence, to.evidence];
  const earlier = from !== null && restart !== null && order(from.at, restart.at) === "before";
  const when =
    from === null
      ? say`at ${time(to.at, to.evidence)}`
      : earlier
        ? say`first at ${time(from.at, from.evidence)}, and until at least ${time(to.at, to.evidence)}`
        : say`from ${time(from.at, from.evidence)} until at least ${time(to.at, to.evidence)}`;
  const ran = restart
    ? say` was started at ${time(restart.at, restart.evidence)}${words(FAILS[failure], ...cited)}${words(earlier ? ", as before that" : "", ...cited)}`
    : words(` ran on${FAILS[failure]}`, ...cited);
  const [one, ...rest] = alike.map(({ evidence }) => evidence);
  const nodes = alike.map(({ node }) => node);
  return [
    say`The kubelet of ${code(name, ...cited)}${ran}: ${when} its log says ${code(error, ...cited)}.`,
    ...(before
      ? [
          say`Before that start its log said ${code(before.text, before.evidence)}, the last time at ${time(before.at, before.evidence)}.`,
        ]
      : []),
    ...(started
      ? [
          say`Meanwhile it worked on: at ${time(started.at, started.evidence)} it tells of a container that had started.`,
        ]
      : []),
    ...(one && nodes.length > 1
      ? [
          say`The kubelets of ${codes(nodes, 5, one, ...rest)} say so alike, of the same address ${code(server ?? "", one, ...rest)}.`,
        ]
      : []),
  ];
}
