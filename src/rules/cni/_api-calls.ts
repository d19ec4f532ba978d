import type { Evidence } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import type { Found } from "#model/finding.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { addressText, type Dialled, dialledIn } from "#rules/kubelet/_dialled.js";
import { CREATE_FAILURES, KILL_FAILURES } from "#rules/kubelet/_failure-kinds.js";
import { isReady, podsByUid } from "#rules/kubelet/_pods.js";
import { sandboxErrorClass } from "#rules/kubelet/_sandbox-error.js";
import { failureSubject, sandboxFailures } from "#rules/kubelet/_sandbox-failures.js";
import { type AgentDial, agentDials } from "./_agent-dials.js";
import { agentByName } from "./_agent-name.js";
import { type ApiAddress, asApiService } from "./_api-service.js";
import { callNodes, headlineEvidence, refusedOn } from "./_refusal.js";
import { agentOn, agents } from "./_writer.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** What on one node called the address of the API server's Service in vain: calls of the CNI plugin, its agent, or both. */
export interface ApiCalls extends Pick<Dialled, "host" | "port">, ApiAddress {
  readonly failing: readonly Found[];
  /** The classes of their errors. */
  readonly errors: readonly string[];
  readonly dial: AgentDial | null;
  /** Null where that is not known of all of them. */
  readonly first: Instant | null;
  readonly last: Instant | null;
  readonly evidence: Evidence;
}

/** Classes of errors of which a call that reached nobody is one. */
const VAIN: ReadonlySet<string> = new Set(["refused", "unreachable", "timeout"]);

/** By node, once per moment: hand it to `context.derive`. */
export function apiCalls(view: View, context: MatchContext): ReadonlyMap<string, ApiCalls> {
  const all = context.derive(agents);
  // Of hundreds of nodes those on which a part of the cluster is not well.
  const unwell = view("kube.pod").all.filter((p) => p.value.owner?.kind === "DaemonSet" && !isReady(p));
  const nodes = new Set([...callNodes(context), ...unwell.flatMap((p) => p.value.node ?? [])]);
  return new Map(
    [...nodes].sort().flatMap((node) => {
      const calls = refusedOn(context, node);
      const hits = calls.flatMap((call) => hitOf(call, node, context) ?? []);
      const agent = agentOn(all, node)?.pod ?? agentByName(node, calls, view);
      const dial = agent ? agentDials(agent, (d) => asApiService(d, context) !== null, context) : null;
      const dialled = hits[0]?.dialled ?? dial?.dialled;
      const address = dialled ? asApiService(dialled, context) : null;
      const evidence = hits[0] ? headlineEvidence(hits[0].call) : dial?.evidence;
      if (!dialled || !address || !evidence) return [];
      const begins = [...hits.map(({ call }) => call.since), ...(dial ? [dial.first] : [])];
      const own: ApiCalls = {
        host: dialled.host,
        port: dialled.port,
        shown: address.shown,
        unverified: [...address.unverified, ...new Set(hits.flatMap(({ unverified }) => unverified))],
        missing: address.missing,
        failing: hits.map(({ call }) => call),
        errors: [...new Set(hits.flatMap(({ call }) => call.about.error ?? []))],
        dial,
        first: begins.includes(null) ? null : begins.reduce<Instant | null>(earliest, null),
        last: [...hits.map(({ call }) => call.lastSeen), dial?.last ?? null].reduce<Instant | null>(latestOf, null),
        evidence,
      };
      return [[node, own] as const];
    }),
  );
}

interface Hit {
  readonly call: Found;
  readonly dialled: Dialled;
  readonly unverified: readonly string[];
}

function hitOf(call: Found, node: string, context: MatchContext): Hit | null {
  const [error = ""] = call.about.error ?? [];
  if (!VAIN.has(error)) return null;
  const all = textsOf(call, node, error, context).flatMap(dialledIn);
  const own = all.filter((d) => asApiService(d, context) !== null);
  const [dialled] = own;
  if (!dialled) return null;
  const others = [...new Set(all.filter((d) => asApiService(d, context) === null).map(addressText))].sort();
  const address = addressText(dialled);
  return {
    call,
    dialled,
    unverified: [
      ...(own.some((d) => d.unconnected)
        ? []
        : [`that no connection to ${address} came about, and not only its answer was late`]),
      // One finding tells of all calls that end in one kind of error.
      ...(others.length > 0
        ? [`that the calls which failed alike at ${others.slice(0, 3).join(", ")} are not what this is about`]
        : []),
    ],
  };
}

/** Every text of the calls that one finding tells of: those of one kind of error need not name one address. */
function textsOf(call: Found, node: string, error: string, context: MatchContext): readonly string[] {
  const texts = context.derive(messages).get(failureSubject(node, error)) ?? [];
  const told = String(call.value["message"] ?? "");
  return [...(sandboxErrorClass(told) === error ? [told] : []), ...texts.filter((text) => text !== told)];
}

function messages(view: View, context: MatchContext): ReadonlyMap<string, readonly string[]> {
  const byKey = new Map<string, readonly string[]>();
  for (const kind of [CREATE_FAILURES, KILL_FAILURES])
    for (const group of sandboxFailures(kind, view, context.derive(podsByUid))) {
      const key = failureSubject(group.node, group.errorClass);
      byKey.set(key, [...(byKey.get(key) ?? []), ...group.messages]);
    }
  return byKey;
}

/** The nodes of which an event, of whatever object, says that this Service's address was called in vain; null among them where one names no node. */
export function toldNodes(view: View, context: MatchContext): ReadonlySet<string | null> {
  const says = (text: string): boolean => dialledIn(text).some((d) => asApiService(d, context) !== null);
  return new Set(
    view("kube.event").all.flatMap(({ value, node }) =>
      [value.message, ...value.objects.map((o) => o.message)].some(says) ? [value.node ?? node] : [],
    ),
  );
}
