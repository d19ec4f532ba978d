import type { FactKind } from "#model/fact.js";
import type { Missing } from "#model/finding.js";
import { formatUtc } from "#model/instant.js";
import { type FactView, type MatchContext, shellWord } from "#model/rule.js";
import { type KubeletService, kubeletServices, PLAIN, RKE2_LOG, unitFlags } from "./_distribution.js";
import { type Pod, podName, seenAt } from "./_pods.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** How long an API server keeps events by default (--event-ttl). */
const EVENT_TTL_MS = 3_600_000;

/** Uids of which a collected event speaks; once per moment. */
const toldOf = (view: Look): ReadonlySet<string> =>
  new Set(view("kube.event").all.flatMap(({ value }) => value.objects.flatMap((o) => o.uid ?? [])));

const wholeEvents = (view: Look): boolean => view("kube.event").coverage().state === "complete";

/** Nodes of which the log of a kubelet was collected; once per moment. */
const loggedNodes = (view: Look): ReadonlySet<string> =>
  new Set(view("log").all.flatMap(({ value, node }) => (node !== null && value.kind === "journal" ? node : [])));

/**
 * The gap where pods have been in trouble for longer than events live, and the collected list, though whole, has none that speaks of them:
 * what was said in the beginning is gone, and no list brings it back. The kubelet's own log may have it.
 */
export function agedEvents(pods: readonly Pod[], context: MatchContext): readonly Missing[] {
  const told = context.derive(toldOf);
  const silent = pods.filter((pod) => {
    const since = pod.value.deletion ?? pod.value.startedAt ?? pod.value.created;
    return (
      since !== null && seenAt(pod, context.moment).epochMs - since.epochMs > EVENT_TTL_MS && !told.has(pod.value.uid)
    );
  });
  const [first] = silent;
  const node = first?.value.node ?? null;
  if (!first || node === null || !context.derive(wholeEvents) || context.derive(loggedNodes).has(node)) return [];
  const since = first.value.deletion ?? first.value.startedAt ?? first.value.created;
  const from = since ? formatUtc(since).replace(/Z$/, " UTC").replace("T", " ") : "";
  return [
    {
      kind: "kube.event",
      node: null,
      what: `the events of ${podName(first)}${silent.length > 1 ? ` and ${silent.length - 1} more` : ""}`,
      why: "events aged out: they live for 1 h by default, and the list has none of it",
      command: `${searchLog(context.derive(kubeletServices).get(node) ?? PLAIN, from, first.value.uid)}   # on ${node}, as root`,
    },
  ];
}

const searchLog = (service: KubeletService, from: string, uid: string): string =>
  service.distribution === "rke2"
    ? `grep ${shellWord(uid)} ${RKE2_LOG}`
    : `journalctl --utc ${unitFlags(service)} --since ${shellWord(from)} | grep ${shellWord(uid)}`;
