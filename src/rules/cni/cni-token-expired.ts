import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import type { Finding, Outcome } from "#model/finding.js";
import { type Instant, order } from "#model/instant.js";
import {
  type Consequence,
  defineRule,
  effect,
  type FactView,
  foreseen,
  found,
  type MatchContext,
  NO_CONSEQUENCE,
  refuted,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { citing, code, known, lapse, type Statement, say, time } from "#model/statement.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { apiNow } from "./_api-time.js";
import { byDefault, type Credential, nodeFiles } from "./_credential.js";
import { fluent, nextCall, ofItsPlugin, pluginValue, thePlugin, theToken } from "./_credential-words.js";
import { freshActions, freshFix, freshQuestions, freshStop } from "./_fresh-repair.js";
import { type FreshToken, freshToken } from "./_fresh-token.js";
import { type LedThere, ledThere } from "./_led-there.js";
import { CALICO_TOKEN_WATCH, K8S_CLAIMS } from "./_references.js";
import { eachCredential, failsOtherwise, headlineEvidence, type Subject } from "./_refusal.js";
import { ruledOut } from "./_ruled-out.js";
import { type Agent, agentOf, agents } from "./_writer.js";

/** The API server accepts a token this long after its end (go-jose jwt.DefaultLeeway). */
const LEEWAY_MS = 60_000;
/** Calico's refresher sleeps a quarter of the life left, plus up to as much again: at most half of the life. */
const REFRESH_SHARE = 0.5;
const REFRESH_SLACK_MS = 30 * 60_000;

export default defineRule({
  id: "cni-token-expired",
  title: "the token that the CNI plugin is given has expired",
  label: "expired CNI token",
  asks: "How did the plugin come to hold a token that the API server does not accept?",
  kind: "mechanism",
  needs: { kubeconfigs: "kubeconfig", pods: "kube.pod" },
  uses: ["cni-hostpath-mount-stale-inode", "cni-conf-dir-diverged", "sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match(_facts, context) {
    const clocks = context.derive(clockView);
    yield* eachCredential(context, "401", function* (subject) {
      const { token, tokenEvidence, node } = subject.credential;
      if (token.kind !== "jwt") return;
      if (token.exp === null) {
        yield ruledOut(subject, say`The token on ${code(node, tokenEvidence)} never expires`);
        return;
      }
      const now = apiNow(subject.credential, context);
      const end = token.exp.epochMs + LEEWAY_MS;
      const first = subject.refusal;
      const isLater = first?.since != null && order(first.since, token.exp) === "before";
      if (first?.since && isLater) yield refusedBefore(subject, token.exp, first.since, headlineEvidence(first));
      if (end <= now.earliest) {
        const agent = agentOf(subject.credential, context);
        const fresh = freshToken(subject.credential, agent, context);
        const apart = isLater ? { ...subject, about: { ...subject.about, error: [] } } : subject;
        const led = ledThere(subject.credential, token.exp, context);
        yield expired(apart, token.exp, led, fresh, seenAt(subject.credential.kubeconfig, context.moment));
        if (!first) yield ended(subject, token.exp, failsOtherwise(context, subject));
      } else if (end <= now.latest) {
        if (isLater) return;
        yield undetermined({
          subject: subject.subject,
          about: subject.about,
          missing: [
            clocks.missing(
              `the offset between the clock of ${node} and the API server's, within a minute or two of the token's end`,
              node,
            ),
          ],
        });
      } else {
        yield ruledOut(
          subject,
          fluent(
            say`${theToken(subject.credential, "The token")} on ${code(node, tokenEvidence)} expires only at ${time(token.exp, tokenEvidence)}`,
          ),
        );
        yield* forecast(subject, token.exp, context);
      }
    });
  },
  known: [known("The API server refuses a token from 60 s after its `exp` on", K8S_CLAIMS)],
  consequence,
  references: [K8S_CLAIMS, CALICO_TOKEN_WATCH],
  holds: ofItsPlugin,
  falsePositives: ["a bundle whose node clock runs far ahead of the API server's"],
  examples: {
    found: ["cni/token-expired.yaml"],
    refuted: ["cni/token-pod-gone.yaml"],
    undetermined: ["cni/kubeconfig-not-collected.yaml", "cni/runtime-config-not-collected.yaml"],
  },
  tags: ["calico", "cni", "token", "networking"],
});

const clockView = (view: <K extends FactKind>(kind: K) => FactView<K>): FactView<"clock"> => view("clock");

/** What was refused while the token was still good was not refused because it had ended. */
const refusedBefore = (subject: Subject, exp: Instant, since: Instant, evidence: Evidence): Outcome =>
  refuted({
    subject: subject.subject,
    about: subject.about,
    standsSince: subject.credential.file?.value.mtime ?? null,
    statements: [
      say`Calls on ${code(subject.credential.node, evidence)} were refused from ${time(since, evidence)} on, and the token was good until ${time(exp, subject.credential.tokenEvidence)}`,
    ],
    excludes: "cause",
  });

/** A token that has ended, and no call was seen to be refused yet. */
function ended(subject: Subject, exp: Instant, isBlocked: boolean) {
  const { node, tokenEvidence, unverified } = subject.credential;
  const end = time(exp, tokenEvidence);
  return foreseen({
    subject: subject.subject,
    about: subject.about,
    mechanism: "cni-token-expired",
    node,
    at: null,
    on: nextCall(subject.credential, isBlocked).on,
    unless: `the kubeconfig that the plugin reads on ${node} gets a token that the API server accepts`,
    unverified,
    statements: [fluent(say`${nextCall(subject.credential, isBlocked).refused}: the token expired at ${end}`)],
  });
}

function expired(subject: Subject, exp: Instant, led: LedThere | null, fresh: FreshToken, now: Instant) {
  const { token, tokenEvidence, node, path, real, file } = subject.credential;
  const [first, ...rest] = path;
  return found({
    subject: subject.subject,
    about: { ...subject.about, path: [real] },
    since: led?.at ?? exp,
    lastSeen: now,
    unverified: subject.credential.unverified,
    value: { node, path: real, ...pluginValue(subject.credential), ...fresh.value },
    statements: [
      fluent(
        say`On ${code(node, tokenEvidence)} the token that ${thePlugin(subject.credential)} was given expired at ${time(exp, tokenEvidence)}, ${lapse(now.epochMs - exp.epochMs, tokenEvidence)} before it was read`,
      ),
      say`The runtime's configuration leads the plugin to ${code(real, first, ...rest)}`,
      ...byDefault(subject.credential),
      ...(led ? [led.statement] : []),
      ...(token.iat ? [say`The token was issued at ${time(token.iat, tokenEvidence)}`] : []),
      ...(file?.value.mtime ? [say`The file was last written at ${time(file.value.mtime, file.evidence)}`] : []),
      ...fresh.statements,
    ],
  });
}

/**
 * A token in force ends for certain where its refresher does not reach its file. A token bound to a pod ends with that pod, at no
 * date; one that a working refresher renews does not end at all: neither gives a forecast.
 */
function* forecast(subject: Subject, exp: Instant, context: MatchContext) {
  const { credential } = subject;
  if (credential.token.pod !== null) return;
  // What is known of a directory and of a refresher is of the plugin in use, not of one that is chained to it.
  const { followed } = context.derive(nodeFiles).get(credential.node) ?? {};
  if (followed?.state !== "followed" || followed.credential !== credential) return;
  const agent = agentOf(credential, context);
  const reason = whyNotRefreshed(credential, agent, context);
  if (!reason) return;
  const { node, tokenEvidence } = credential;
  yield foreseen({
    subject: `${subject.subject}|forecast`,
    about: subject.about,
    mechanism: "cni-token-expired",
    node,
    at: exp,
    on: `the expiry of the token in force on ${node}`,
    unless: reason.unless,
    unverified: [...credential.unverified, ...reason.unverified],
    statements: [
      say`The token now in force on ${code(node, tokenEvidence)} expires at ${time(exp, tokenEvidence)}, ${lapse(exp.epochMs - seenAt(credential.kubeconfig, context.moment).epochMs, tokenEvidence)} after this collection; from then on every CNI call there will be refused`,
      reason.statement,
      known(
        "The agent renews such a token every 6 to 12 h, into the directory that is mounted into it",
        CALICO_TOKEN_WATCH,
      ),
      ...(reason.remedy ? [reason.remedy] : []),
    ],
  });
}

interface Reason {
  readonly statement: Statement;
  readonly remedy?: Statement;
  readonly unless: string;
  readonly unverified: readonly string[];
}

function whyNotRefreshed(credential: Credential, agent: Agent | undefined, context: MatchContext): Reason | null {
  const { node } = credential;
  const here = (f: { readonly about: Finding["about"] }): boolean => (f.about.node ?? []).includes(node);
  const mount = context.findings("cni-hostpath-mount-stale-inode").find(here);
  const pod = agent?.pod.value.name ?? "the CNI agent's pod";
  if (mount) {
    const shown = agent ? cite(agent.pod, "/metadata/name") : credential.tokenEvidence;
    return {
      statement: mount.statements[0],
      remedy: say`Replacing ${code(pod, shown)} before then prevents it: its successor mounts the directory that is there now`,
      unless: `${pod} is replaced`,
      unverified: mount.unverified,
    };
  }
  const apart = context.findings("cni-conf-dir-diverged").find(here);
  if (apart) {
    return {
      statement: apart.statements[0],
      unless: `writer and reader on ${node} become one directory again`,
      unverified: apart.unverified,
    };
  }
  return overdue(credential, agent, context, pod);
}

/** DaemonSets that set their refresher's interval, which may be longer, in a pod, a revision or their template; and those that do not show any. */
function ownInterval(view: <K extends FactKind>(kind: K) => FactView<K>, context: MatchContext): ReadonlySet<string> {
  const templates = [
    ...context.derive(agents).map((a) => [a.daemonSet, a.pod.value.template] as const),
    ...view("kube.revision").all.map((r) => [`${r.value.namespace}/${r.value.owner?.name}`, r.value.template] as const),
    ...view("kube.workload").all.map((w) => [`${w.value.namespace}/${w.value.name}`, w.value.template] as const),
  ];
  const shown = new Set(templates.flatMap(([name, t]) => (t && t.containers.length > 0 ? [name] : [])));
  return new Set(
    templates.flatMap(([name, t]) =>
      !shown.has(name) || t?.containers.some((c) => c.env["CNI_TOKEN_REFRESH_INTERVAL"] !== undefined) ? [name] : [],
    ),
  );
}

/** The file has not been rewritten for longer than a refresher that works can take. */
function overdue(credential: Credential, agent: Agent | undefined, context: MatchContext, pod: string): Reason | null {
  const now = seenAt(credential.kubeconfig, context.moment);
  const { token, file } = credential;
  const [iat, exp, mtime] = [token.iat, token.exp, file?.value.mtime ?? null];
  const started = agent?.pod.value.startedAt;
  if (!agent || !started || !iat || !exp || !mtime || !file) return null;
  if (context.derive(ownInterval).has(agent.daemonSet)) return null;
  const limit = (exp.epochMs - iat.epochMs) * REFRESH_SHARE + REFRESH_SLACK_MS;
  const untouched = now.epochMs - Math.max(mtime.epochMs, started.epochMs);
  if (untouched <= limit || exp.epochMs - iat.epochMs > 2 * 86_400_000) return null;
  const evidence: Evidence = file.evidence;
  return {
    statement: say`The file was last written at ${time(mtime, evidence)} and ${code(agent.pod.value.name, agent.pod.evidence)} has been running for ${lapse(now.epochMs - started.epochMs, agent.pod.evidence)}: it should have renewed the token since ${citing(credential.tokenEvidence)}`,
    unless: `${pod} is replaced, or its refresher writes again`,
    unverified: ["why the refresher does not write is not in the evidence"],
  };
}

function consequence(finding: Finding): Consequence {
  const { node, path } = finding.value;
  return {
    ...NO_CONSEQUENCE,
    fix: freshFix(finding),
    verify: [
      {
        run: `# on ${String(node)}: how old is the credential?\nstat -c '%y %n' ${shellWord(String(path ?? ""))}`,
        expect: "a time at most half a token's life ago",
      },
      probeNode(String(node)),
    ],
    actions: [
      ...freshActions(finding),
      {
        title:
          "Alert on a CNI kubeconfig whose token ends within four hours, or whose file is older than half of its token's life",
        type: "detect",
        priority: "High",
        doneWhen: "the alert fires on a node whose refresher is stopped for a test, hours before the token ends",
      },
    ],
    questions: freshQuestions(finding),
    stops: freshStop(finding) ?? "the end of the token is recorded; what should have renewed it was not found",
  };
}
