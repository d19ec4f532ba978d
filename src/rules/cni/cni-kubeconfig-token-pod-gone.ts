import type { Evidence } from "#model/evidence.js";
import { cite, type Fact } from "#model/fact.js";
import { type Instant, latest } from "#model/instant.js";
import {
  defineRule,
  effect,
  type FactView,
  foreseen,
  found,
  type MatchContext,
  refuted,
  undetermined,
} from "#model/rule.js";
import { citing, code, count, known, lapseOf, type Statement, say, time } from "#model/statement.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { byDefault, type Credential } from "./_credential.js";
import { fluent, nextCall, ofItsPlugin, pluginValue, thePlugin, theToken } from "./_credential-words.js";
import { freshToken } from "./_fresh-token.js";
import { type OwnConfig, ownConfig } from "./_parting.js";
import { endTold, type Gone, goneSince, hits, TERMINATING_LEEWAY_MS } from "./_pod-end.js";
import { lessonsOf } from "./_pod-gone-lessons.js";
import { CALICO_PLUGIN, CONTAINERD_CNI, K8S_CLAIMS, K8S_TOKEN_CACHE } from "./_references.js";
import { eachCredential, failsOtherwise, outOfStep, type Subject } from "./_refusal.js";
import { refusedTokenConsequence } from "./_refused-token.js";
import { ruledOutByList } from "./_ruled-out.js";
import { type Agent, agentOf } from "./_writer.js";

/** An agent that is younger than this and not ready, or whose init containers still run within the second span, may not have written yet. */
const STARTING_MS = 120_000;
const INIT_MS = 600_000;

export default defineRule({
  id: "cni-kubeconfig-token-pod-gone",
  title: "the CNI plugin was given a token that is bound to a pod which no longer exists",
  label: "CNI token bound to a deleted pod",
  asks: "How did the plugin come to hold a token that the API server does not accept?",
  kind: "mechanism",
  needs: { pods: "kube.pod", events: "kube.event", kubeconfigs: "kubeconfig" },
  uses: ["cni-hostpath-mount-stale-inode", "sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ pods, events }, context) {
    yield* eachCredential(context, "401", (subject) =>
      judge(subject, { pods, events }, agentOf(subject.credential, context), context),
    );
  },
  known: [
    known(
      "The API server looks up the bound pod, by name and uid, when it authenticates such a token, and refuses the token once that pod is gone, or has been Terminating for over 60 s; nothing revokes it",
      K8S_CLAIMS,
    ),
    known("A successful check is remembered for 10 s, a failed one not at all", K8S_TOKEN_CACHE),
    known(
      "Calico's plugin is a new process for every operation: it reads the kubeconfig that its configuration names and asks for ClusterInformation first, on ADD and on DEL alike",
      CALICO_PLUGIN,
    ),
    known(
      "containerd reads only the configuration, the first in ASCII order of its conf_dir; which kubeconfig counts is a field inside it",
      CONTAINERD_CNI,
    ),
  ],
  consequence: refusedTokenConsequence,
  references: [K8S_CLAIMS, K8S_TOKEN_CACHE, CALICO_PLUGIN, CONTAINERD_CNI],
  holds: ofItsPlugin,
  falsePositives: ["a list of pods from another cluster, or from before the token was issued"],
  examples: {
    found: ["cni/token-pod-gone.yaml"],
    refuted: ["cni/token-pod-alive.yaml"],
    undetermined: ["cni/token-pods-not-collected.yaml", "cni/runtime-config-not-collected.yaml"],
  },
  tags: ["calico", "cni", "containerd", "token", "networking"],
});

/** What else the rule looks at. */
interface Looked {
  readonly pods: FactView<"kube.pod">;
  readonly events: FactView<"kube.event">;
}

type Base = Pick<Subject, "subject" | "about">;

function* judge(of: Subject, views: Looked, agent: Agent | undefined, context: MatchContext) {
  const { pods } = views;
  const { credential, subject, about } = of;
  const base = { subject, about };
  const { token, tokenEvidence, node } = credential;
  const standsSince = credential.file?.value.mtime ?? null;
  if (token.pod === null) {
    yield refuted({
      ...base,
      standsSince,
      statements: [
        fluent(
          say`The token that ${thePlugin(credential, "the plugin")} on ${code(node, tokenEvidence)} was given is not bound to a pod: it has no such claim`,
        ),
      ],
    });
    return;
  }
  const { uid } = token.pod;
  const bound = pods.all.find((p) => p.value.uid === uid);
  if (bound && !outlived(bound, seenAt(bound, context.moment))) {
    const existed = fluent(
      say`The pod ${code(token.pod.name, tokenEvidence)} to which ${theToken(credential)} on ${code(node, tokenEvidence)} is bound existed ${citing(cite(bound, "/metadata/uid"))}`,
    );
    yield ruledOutByList(of, pods, "the list of pods", existed, context);
    return;
  }
  const coverage = pods.coverage();
  const [absence] = coverage.searched(`pod with uid ${uid}`);
  if (!bound && (coverage.state !== "complete" || !absence)) {
    yield undetermined({ ...base, missing: [pods.missing("the list of pods")] });
    return;
  }
  const older = outOfStep(credential, pods, "the list of pods", context);
  if (older || isStarting(agent, of, context)) {
    const awaited = {
      ...pods.missing(`the kubeconfig of ${node} after its CNI agent had started`, node),
      why: "the agent was still starting",
    };
    yield undetermined({ ...base, missing: [older ?? awaited] });
    return;
  }
  const gone = bound ? cite(bound, "/metadata/deletionTimestamp") : (absence as Evidence);
  yield foundOn(of, gone, coverage.facts, agent, views, context);
  if (!of.refusal) yield forecast(base, credential, gone, failsOtherwise(context, of));
}

/** A fresh agent writes a fresh token before anything of it is ready: until then the old one is no fault, unless calls are refused. */
function isStarting(agent: Agent | undefined, { credential, refusal }: Subject, context: MatchContext): boolean {
  const created = agent?.pod.value.created ?? null;
  if (!agent || !created || refusal) return false;
  const age = seenAt(credential.kubeconfig, context.moment).epochMs - created.epochMs;
  const { containers, conditions, phase } = agent.pod.value;
  const init = phase === "Pending" || containers.some((c) => c.init && !c.state.startsWith("terminated"));
  const ready = conditions.some((c) => c.type === "Ready" && c.status === "True");
  return (init && age < INIT_MS) || (!ready && age < STARTING_MS);
}

/** When the plugin was first given a token without its pod: not before the runtime read that directory, where that is what changed. */
function givenSince(gone: Gone, led: OwnConfig | null) {
  const since = gone.at;
  return led?.written && (since === null || latest(since) < led.written.at.epochMs)
    ? { since: led.written.at }
    : { since, ...(gone.atLatest ? { sinceAtLatest: true } : {}) };
}

const outlived = (pod: Fact<"kube.pod">, at: Instant): boolean =>
  pod.value.deletion !== null && pod.value.deletion.epochMs + TERMINATING_LEEWAY_MS < at.epochMs;

function foundOn(
  { subject, about, credential, refusal }: Subject,
  gone: Evidence,
  podCount: number,
  agent: Agent | undefined,
  views: Looked,
  context: MatchContext,
) {
  const { token, tokenEvidence, node, path, real } = credential;
  const pod = token.pod?.name ?? "";
  const [first, ...rest] = path;
  const ended = goneSince(credential, agent, views.events, refusal !== undefined, context);
  const fresh = freshToken(credential, agent, context);
  const led = agent ? ownConfig(node, credential.confDir, agent, context) : null;
  return found({
    subject,
    about: { ...about, path: [real] },
    ...givenSince(ended, led),
    lastSeen: seenAt(credential.kubeconfig, context.moment),
    unverified: [
      ...credential.unverified,
      ...(ended.isDoubtful ? [`that ${pod} was gone when calls began to be refused: its successor came later`] : []),
    ],
    value: {
      node,
      path: credential.named,
      pod,
      boundUid: token.pod?.uid ?? "",
      runtime: credential.confDir.runtime,
      ...pluginValue(credential),
      ...fresh.value,
    },
    lessons: lessonsOf(credential, context),
    statements: [
      fluent(
        say`On ${code(node, tokenEvidence)} ${thePlugin(credential)} was given a token bound to the pod ${code(pod, tokenEvidence)}, which no longer existed ${citing(gone)}`,
      ),
      say`The runtime's configuration led it to ${code(real, first, ...rest)}`,
      ...byDefault(credential),
      say`The token there is bound to the uid ${code(token.pod?.uid ?? "", tokenEvidence)}; among the ${count(podCount, "pod", gone)} collected none carries it`,
      ...times(credential),
      ...(led?.written && led.file !== null
        ? [
            say`${code(led.file, led.shown)}, by which the runtime reads that directory, was last written at ${time(led.written.at, led.written.evidence)}`,
          ]
        : []),
      ...successor(agent, pod),
      ...endTold(credential, agent, ended, context),
      ...fresh.statements,
      ...untried(node, agent, views, podCount, context),
    ],
  });
}

/** When the token was issued and the file written, and that the token's own end is not what refuses it. */
function times(credential: Credential): readonly Statement[] {
  const { token, tokenEvidence, file } = credential;
  const mtime = file?.value.mtime ?? null;
  const statements: Statement[] = [];
  if (token.iat && token.exp) {
    statements.push(
      say`It was issued at ${time(token.iat, tokenEvidence)} and expires at ${time(token.exp, tokenEvidence)}: its age is not what made it unacceptable`,
    );
  }
  if (token.iat && mtime && file) {
    statements.push(
      say`The file was last written at ${time(mtime, file.evidence)}, ${lapseOf(token.iat, mtime, file.evidence, tokenEvidence)} after the token was issued`,
    );
  }
  return statements;
}

function successor(agent: Agent | undefined, boundTo: string): readonly Statement[] {
  const created = agent?.pod.value.created ?? agent?.pod.value.startedAt ?? null;
  if (!agent || agent.pod.value.name === boundTo || !created) return [];
  return [
    say`The pod of ${code(agent.daemonSet, agent.pod.evidence)} on this node was ${code(agent.pod.value.name, cite(agent.pod, "/metadata/name"))}, there since ${time(created, cite(agent.pod, "/status/startTime"))}`,
  ];
}

/** ADD reads the same file: where none is seen to fail, it is said whether one can have been tried at all. */
function untried(
  node: string,
  agent: Agent | undefined,
  { pods, events }: Looked,
  podCount: number,
  context: MatchContext,
): readonly Statement[] {
  const since = agent?.pod.value.created ?? null;
  const [searched] = pods.coverage().searched(`pod with its own network started on ${node} after the agent's`);
  const [noEvent] = events.coverage().searched(`FailedCreatePodSandBox on ${node}`);
  const refused = context.findings("sym:failed-create-sandbox").some(hits(node));
  if (!agent || !since || !searched || !noEvent || refused || events.coverage().state !== "complete") return [];
  const started = (p: Fact<"kube.pod">): number => (p.value.startedAt ?? p.value.created)?.epochMs ?? 0;
  if (pods.on(node).some((p) => !p.value.template.hostNetwork && started(p) > since.epochMs)) return [];
  return [
    say`No creation is seen to have failed, and none to have been tried: of the ${count(podCount, "pod", searched)} that existed at the collection none with a network of its own had been started on ${code(node, searched)} after ${time(since, cite(agent.pod, "/metadata/creationTimestamp"))}, and no event tells of a failed sandbox there ${citing(noEvent)}`,
  ];
}

function forecast(base: Base, credential: Credential, gone: Evidence, isBlocked: boolean) {
  const { node, tokenEvidence, token } = credential;
  return foreseen({
    subject: base.subject,
    about: base.about,
    mechanism: "cni-kubeconfig-token-pod-gone",
    node,
    at: null,
    on: nextCall(credential, isBlocked).on,
    unless: `the kubeconfig that the plugin reads on ${node} gets a token that the API server accepts`,
    unverified: credential.unverified,
    statements: [
      fluent(
        say`${nextCall(credential, isBlocked).refused}: the token is bound to ${code(token.pod?.name ?? "", tokenEvidence)}, which no longer exists ${citing(gone)}`,
      ),
    ],
  });
}
