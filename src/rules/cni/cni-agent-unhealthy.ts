import { cite, type FactKind } from "#model/fact.js";
import type { Found, Missing, Outcome } from "#model/finding.js";
import { formatDuration } from "#model/instant.js";
import { defineRule, effect, type FactView, found, type MatchContext, refuted, undetermined } from "#model/rule.js";
import { citing, code, known, say, time } from "#model/statement.js";
import { AGENT_NOT_READY, agentOf } from "#rules/kubelet/_agent-text.js";
import { readBefore, signedMs } from "#rules/kubelet/_list-age.js";
import { type Pod, podName, seenAt } from "#rules/kubelet/_pods.js";
import { absence, absentFrom, credentialOn } from "./_agent-absent.js";
import { errorsOf, ITS_ERRORS, isItsMatter, mayBeAgent } from "./_agent-calls.js";
import { waitsForProxy } from "./_agent-dials.js";
import { agentByName, agentOfPlugin, goesBy } from "./_agent-name.js";
import { isListed, outside, type Searched, unanswered } from "./_agent-nowhere.js";
import { agentConsequence } from "./_agent-repair.js";
import { serviceConsequence } from "./_agent-service.js";
import {
  complaints,
  endings,
  endValue,
  isDown,
  isHeard,
  ownWarnings,
  servedSince,
  unreadLog,
  waiting,
} from "./_agent-state.js";
import { before, doubts, healthy, isJoined, isSilent, joining, unheard, wellSince, without } from "./_agent-words.js";
import { isCalicos } from "./_credential-words.js";
import { writesIt } from "./_fresh-token.js";
import { heldBack } from "./_held-back.js";
import { leftoverConsequence } from "./_leftover-repair.js";
import { CALICO_TOKEN_WATCH } from "./_references.js";
import { callNodes, headlineEvidence, refusedOn } from "./_refusal.js";
import { type Agent, agentOn, agents } from "./_writer.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** An agent that is not ready for less than this may just be starting. */
const STARTING_MS = 120_000;
/** Where no call fails, one that is not ready for longer than this is worth telling. */
const UNREADY_MS = 600_000;

export default defineRule({
  id: "cni-agent-unhealthy",
  title: "the CNI agent of the node is not running or not ready",
  label: "unhealthy CNI agent",
  asks: "How did the plugin come to be without a working agent?",
  kind: "mechanism",
  healthSign: true,
  needs: { pods: "kube.pod", hosts: "kube.node", workloads: "kube.workload", logs: "log" },
  labelOf: ({ value }) =>
    value["service"] !== undefined
      ? "CNI agent whose service has failed"
      : value["leftover"] !== undefined
        ? "CNI configuration without its agent"
        : null,
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox", "cni-conf-dir-diverged", "kube-proxy-down"],
  explains: [
    // Only of a file that it writes, and only where nothing of it runs: one that is not ready may renew it all the same.
    effect("cni-token-expired", ["node", "path"], "enables"),
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
    // The configuration that it writes is the one that the runtime misses.
    effect("cni-conf-missing", ["node", "error"], "enables"),
    // Whose kubelet says that there is no network for want of a plugin.
    effect("sym:node-notready", ["node", "error"], "propagates"),
  ],
  *match({ pods, hosts, workloads, logs }, context) {
    const all = context.derive(agents);
    const failing = callNodes(context).filter((node) => refusedOn(context, node).some(isItsMatter));
    const nodes = new Set([...context.moment.nodes, ...all.map((a) => a.node), ...failing]);
    for (const node of [...nodes].sort()) {
      const calls = refusedOn(context, node);
      const own = agentOn(all, node);
      const pod = own?.pod ?? agentByName(node, calls, context.derive(views));
      const asked = [...new Set(calls.flatMap(errorsOf).flatMap((e) => agentOf(e) ?? []))].filter((p) => p !== "");
      const fits = new Map(
        asked.map((plugin) => [
          plugin,
          pod ? isOf(plugin, pod, own, context) : !agentOfPlugin(plugin, node, context.derive(views)),
        ]),
      );
      const others = asked.filter((plugin) => fits.get(plugin) === false);
      const isOthers = (call: Found): boolean => errorsOf(call).every((e) => others.includes(agentOf(e) ?? ""));
      const unlisted = workloads.missing(`the list of DaemonSets, which tells the CNI agent of ${node}`);
      const lists = { pods, hosts, workloads, logs };
      const judged: Judged = {
        node,
        subject: node,
        calls: calls.filter((call) => !isOthers(call)),
        errors: [...ITS_ERRORS, ...asked.filter((p) => fits.get(p) !== false).map((p) => `${AGENT_NOT_READY}:${p}`)],
        silent: calls.length > 0 && calls.every(isOthers),
        premises: [
          ...(pod && !own ? [`${pod.value.name} is taken for the CNI agent of ${node} by its DaemonSet's name`] : []),
          ...asked
            .filter((plugin) => fits.get(plugin) === null)
            .map((plugin) => `${pod?.value.name} is taken for the agent of the plugin ${plugin}`),
        ],
        // A list that was had in full, with what each installs, tells no more when it is had again.
        missing: own || isListed(workloads) ? [] : [unlisted],
      };
      if (pod) yield* judge(pod, judged, lists, context);
      else if (!judged.silent) yield* judgeNone(judged, unlisted, lists, context);
      for (const plugin of others) {
        const other = agentOfPlugin(plugin, node, context.derive(views));
        const error = `${AGENT_NOT_READY}:${plugin}`;
        const subject = `${node} ${plugin}`;
        if (other)
          yield* judge(
            other,
            {
              node,
              subject,
              calls: calls.filter((call) => errorsOf(call).includes(error)),
              errors: [error],
              silent: false,
              premises: [`${other.value.name} is taken for the agent of the plugin ${plugin} by its DaemonSet's name`],
              missing: [],
            },
            lists,
            context,
          );
        else if (!isSilent(node, hosts))
          yield* unanswered(
            { subject, node, plugin, errors: [error], calls: calls.filter((call) => errorsOf(call).includes(error)) },
            lists,
            context,
          );
      }
    }
  },
  known: [
    known(
      "Calico's agent renews the token of its plugin itself: while it does not run nothing does",
      CALICO_TOKEN_WATCH,
    ),
  ],
  consequence: (finding) =>
    finding.value["service"] !== undefined
      ? serviceConsequence(finding)
      : finding.value["leftover"] !== undefined
        ? leftoverConsequence(finding)
        : agentConsequence(finding),
  references: [{ source: "calico cni-plugin/pkg/plugin/plugin.go", version: "v3.29.3" }],
  holds: (reference, { value }) =>
    !isCalicos(reference) ||
    (value["leftover"] === undefined && goesBy(String(value["daemonSet"] ?? ""), "calico") === true),
  falsePositives: ["an agent in the middle of a rollout"],
  examples: {
    found: [
      "cni/agent-unhealthy.yaml",
      "cni/agent-of-another-plugin.yaml",
      "cni/agent-nowhere.yaml",
      "cni/agent-service.yaml",
    ],
    refuted: ["cni/token-pod-gone.yaml"],
    undetermined: ["cni/token-pods-not-collected.yaml", "cni/agent-of-another-plugin-well.yaml"],
  },
  tags: ["cni"],
});

const views = (view: View): View => view;

/** One agent of a node, and what is judged of it. */
interface Judged {
  readonly node: string;
  readonly subject: string;
  /** The failing calls of the node that may be its matter, and the errors that want of it makes. */
  readonly calls: readonly Found[];
  readonly errors: readonly string[];
  /** All calls that fail ask another agent: that this one is well says nothing of them. */
  readonly silent: boolean;
  /** By what it is taken for the agent, where its own volumes do not tell. */
  readonly premises: readonly string[];
  readonly missing: readonly Missing[];
}

interface Lists extends Searched {
  readonly hosts: FactView<"kube.node">;
  readonly logs: FactView<"log">;
}

/** Is a node's agent the one that a plugin asks? Null where it is the only one that is known there and nothing says whose it is. */
function isOf(plugin: string, pod: Pod, own: Agent | undefined, context: MatchContext): boolean | null {
  const named = goesBy(pod.value.owner?.name ?? "", plugin);
  if (named === true) return true;
  const used = credentialOn(pod.value.node ?? "", context)?.plugin.type;
  if (used !== undefined && (own?.fit ?? 0) > 0) return used === plugin;
  return named;
}

/** No pod of an agent is known on the node. */
function* judgeNone(
  { node, subject, calls, errors }: Judged,
  unlisted: Missing,
  lists: Lists,
  context: MatchContext,
): Iterable<Outcome> {
  const { pods, hosts, workloads } = lists;
  const base = { subject, about: { node: [node], error: errors } };
  const absent = isSilent(node, hosts) ? null : absentFrom(node, context.derive(agents), calls.length > 0, lists);
  const [plugin, ...others] = errors.flatMap((e) => agentOf(e) || []);
  if (absent) yield absence(absent, errors, context);
  else if (plugin !== undefined && others.length === 0 && !isSilent(node, hosts))
    yield* unanswered({ subject, node, plugin, errors, calls }, lists, context);
  else if (pods.coverage().state !== "complete")
    yield undetermined({ ...base, missing: [pods.missing("the list of pods, with the CNI agent's")] });
  else if (calls.some(mayBeAgent)) {
    const listed = isListed(workloads);
    yield undetermined({ ...base, missing: [listed ? outside(node, pods) : unlisted] });
  }
}

function* judge(
  pod: Pod,
  { node, subject, calls, errors, silent, premises, missing }: Judged,
  { hosts, logs, pods }: Lists,
  context: MatchContext,
): Iterable<Outcome> {
  const about = { node: [node], error: errors };
  const index = pod.value.conditions.findIndex((c) => c.type === "Ready");
  const ready = pod.value.conditions[index];
  const shown = index < 0 ? pod.evidence : cite(pod, `/status/conditions/${index}`);
  const since = ready?.since ?? pod.value.created;
  const unready = ready !== undefined ? ready.status !== "True" : pod.value.phase !== "Running";
  const lapsed = since === null ? 0 : seenAt(pod, context.moment).epochMs - since.epochMs;
  const its = calls.some((call) => errorsOf(call).some((e) => errors.includes(e)));
  // Whatever calls fail with: that it is down is told. What its end explains its errors decide, and the file that it feeds.
  const told = lapsed > UNREADY_MS || its;
  if (isSilent(node, hosts)) return;
  if (!unready) {
    // How it was before calls failed says nothing of how it is.
    const early = readBefore(pods, "the list of pods", calls, context);
    const well = wellSince(pod, since);
    const last = calls.map(signedMs).reduce((a, b) => Math.max(a, b), 0);
    if (early) yield undetermined({ subject, about, missing: [early] });
    else if (calls.length > 0 && well && well.epochMs > last - WELL_MS) {
      yield undetermined({ subject, about, missing: [before(pod, node, well, last > 0, pods)] });
    } else if (!silent) yield refuted({ subject, about, statements: [healthy(node, pod, shown)] });
    return;
  }
  const held = heldBack(pod, node, context);
  if (held) {
    yield refuted({
      subject,
      about: { node: [node], error: errorsOf(held) },
      statements: [
        say`The CNI agent of ${code(node, shown)}, ${code(pod.value.name, shown)}, is not ready because of what fails: its own sandbox is among those that are refused${citing(headlineEvidence(held))}`,
      ],
      excludes: "cause",
    });
    return;
  }
  if (since !== null && lapsed > STARTING_MS && told) {
    const own = agentOn(context.derive(agents), node);
    const credential = own?.pod === pod ? credentialOn(node, context) : null;
    const fed = credential && own && isDown(pod) && writesIt(credential, own, context) ? [credential.real] : [];
    // On a node that has just joined none was ready before either: when its condition was set begins nothing.
    const joined = hosts.on(node).find((h) => isJoined(h, since));
    const served = its ? servedSince(pod, since, context.derive(views)) : null;
    const excluded = served?.alike === true;
    const warnings = ownWarnings(pod, since, context.derive(views));
    yield found({
      subject,
      about: {
        node: [node],
        // What a pod got without it, calls need it for no more than that one did.
        ...(excluded ? {} : { error: errors }),
        pod: [pod.value.uid],
        // By which it is the effect of what it says itself, and of nothing else that befell pods.
        object: [pod.value.uid],
        ...(fed.length > 0 ? { path: fed } : {}),
      },
      since: joined || (served && !excluded) ? null : since,
      lastSeen: seenAt(pod, context.moment),
      unverified: [...premises, ...unheard(node, hosts), ...(its && !excluded ? doubts(pod, since, served) : [])],
      missing,
      value: {
        node,
        pod: pod.value.name,
        namespace: pod.value.namespace,
        daemonSet: pod.value.owner?.kind === "DaemonSet" ? pod.value.owner.name : "",
        warned: warnings.length > 0,
        heard: isHeard(pod, context),
        waitsForProxy: waitsForProxy(pod, since, context),
        ...endValue(pod, since, context),
      },
      statements: [
        say`The CNI agent of ${code(node, shown)}, ${code(pod.value.name, shown)}, has not been ready since ${time(since, shown)}`,
        ...(joined ? joining(joined) : []),
        ...waiting(pod),
        ...endings(pod, since, context),
        ...complaints(pod, since, context),
        ...warnings,
        ...(served ? [without(node, pod, served)] : []),
      ],
    });
    if (served && excluded)
      yield refuted({ subject, about, statements: [without(node, pod, served)], excludes: "cause" });
  }
  if (its && lapsed <= STARTING_MS) {
    const why = `it had not been ready for ${formatDuration(lapsed)} only, as one that is starting`;
    const later = { ...pods.missing(`${podName(pod)}, collected some minutes later`), why };
    yield undetermined({ subject, about, missing: [later] });
  }
  if (calls.some(mayBeAgent) && !its) {
    const unread = unreadLog(pod, node, logs, context);
    if (unread) yield undetermined({ subject, about, missing: [unread] });
  }
}

/** Calls that go on failing for so long with a ready agent do not fail for want of one: a kubelet tries again within seconds. */
const WELL_MS = 60_000;
