import type { Evidence } from "#model/evidence.js";
import type { Finding } from "#model/finding.js";
import type { Instant } from "#model/instant.js";
import { citing, codes, type Quoted, say } from "#model/statement.js";
import { type Brief, phrase } from "./inquest.js";
import { label } from "./name.js";
import { courseOf, firstSymptom } from "./status.js";

/**
 * How long a fault lay before it showed: a statement about one chain, from the begin of a mechanism to the first of the symptoms that follow
 * from it on its node. What has no link to it, be it earlier, is no sign of it.
 */
export interface Latency {
  /** Alike, on several nodes: one each. */
  readonly causes: readonly [Finding, ...Finding[]];
  readonly symptoms: readonly [Finding, ...Finding[]];
  readonly laid: Instant;
  /** The begin is the latest it can be, where that is all that is known. */
  readonly atLatest: boolean;
  readonly from: Instant;
  /** All that failed follows from it: it needs no name to be told from other faults. */
  readonly isOnly: boolean;
}

/** One of each chain, in order of time; chains that differ in nothing but the node are told together. */
export function latenciesOf(b: Brief): readonly Latency[] {
  const symptoms = b.findings.filter(b.isSymptom);
  const single = new Map<string, ReturnType<typeof spanOf>[number]>();
  for (const span of b.findings.flatMap((f) => spanOf(b, f))) {
    const known = single.get(span.symptom.id);
    // of several that lead to the same failure, it was laid with the last
    if (!known || span.laid.epochMs > known.laid.epochMs) single.set(span.symptom.id, span);
  }
  const groups = new Map<string, ReturnType<typeof spanOf>[number][]>();
  for (const span of single.values()) {
    const { cause, laid, atLatest, from } = span;
    const times = [laid, from].flatMap((at) => [at.epochMs, at.precisionMs]);
    const key = JSON.stringify([label(b, cause), cause.confidence, atLatest, ...times]);
    groups.set(key, [...(groups.get(key) ?? []), span]);
  }
  const latencies = [...groups.values()].flatMap((group): Latency[] => {
    const [first, ...rest] = group;
    if (!first) return [];
    const reached = new Set(group.flatMap((span) => span.reached.map((f) => f.id)));
    return [
      {
        causes: [first.cause, ...rest.map((span) => span.cause)],
        symptoms: [first.symptom, ...rest.map((span) => span.symptom)],
        laid: first.laid,
        atLatest: first.atLatest,
        from: first.from,
        isOnly: symptoms.every((f) => reached.has(f.id)),
      },
    ];
  });
  return latencies.sort((x, y) => x.from.epochMs - y.from.epochMs || (x.causes[0].id < y.causes[0].id ? -1 : 1));
}

/** The one that ended with the first symptom of all; none where several did, or where the first of all has no cause that lay before it. */
export function firstLatency(b: Brief): Latency | undefined {
  const { from } = courseOf(b);
  const ended = latenciesOf(b).filter((l) => l.from.epochMs === from?.epochMs);
  return ended.length === 1 ? ended[0] : undefined;
}

/** Of a mechanism that explains a symptom at once and that no symptom explains, but those of its own pods: else it is what the failure led to. */
function spanOf(b: Brief, cause: Finding) {
  const { since: laid } = cause;
  const isDirect = b.links.some((l) => l.cause === cause.id && b.isSymptom(b.finding(l.effect)));
  if (b.rule(cause.rule).kind !== "mechanism" || !laid || !isDirect) return [];
  if (walk(b, cause, "effect").some((f) => b.isSymptom(f) && !isOfItself(cause, f))) return [];
  const reached = walk(b, cause, "cause").filter((f) => b.isSymptom(f) && sharesNode(cause, f));
  const symptom = firstSymptom(b, reached);
  const from = symptom?.since;
  if (!symptom || !from || from.epochMs <= laid.epochMs) return [];
  return [{ cause, symptom, laid, atLatest: cause.sinceAtLatest === true, from, reached }];
}

/** A symptom of the cause's own pods, of which no begin is known, is what that fault looks like: nothing failed before it. */
const isOfItself = (cause: Finding, { about, since }: Finding): boolean =>
  since === null && (about.pod ?? []).some((uid) => (cause.about.pod ?? []).includes(uid));

/** All that links lead to from a finding, as their cause or as their effect. */
function walk(b: Brief, from: Finding, as: "cause" | "effect"): readonly Finding[] {
  const to = as === "cause" ? "effect" : "cause";
  const seen = new Set<string>();
  const open = [from.id];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const link of b.links)
      if (link[as] === id && !seen.has(link[to])) {
        seen.add(link[to]);
        open.push(link[to]);
      }
  return [...seen].map(b.finding);
}

/** A pod without a node, and what concerns the cluster, name none. */
const sharesNode = (cause: Finding, effect: Finding): boolean => {
  const [own, other] = [cause.about.node ?? [], effect.about.node ?? []];
  return own.length === 0 || other.length === 0 || own.some((n) => other.includes(n));
};

/** `The fault`; `The fault (expired CNI token on w2)` where not all that failed follows from it. */
export function faultOf(b: Brief, { causes, isOnly }: Latency, first: Evidence, words = "The fault"): Quoted {
  const fault = phrase(words, first);
  if (isOnly) return fault;
  const nodes = [...new Set(causes.flatMap((f) => f.about.node ?? []))].sort();
  const where = nodes.length === 0 ? citing(first) : say` on ${codes(nodes, 8, first)}`;
  return say`${fault} (${phrase(label(b, causes[0]), first)}${where})`;
}
