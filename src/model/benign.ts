import type { Evidence } from "./evidence.js";
import type { EventObject, Fact } from "./fact.js";
import type { Instant } from "./instant.js";
import type { ComparedMoment } from "./rule.js";
import type { Statement } from "./statement.js";

/** Something that alarms who reads it: the Warning events of one object that say the same, or one kind of line of one log. */
export interface Alarm {
  readonly form: "event" | "log";
  /** Reason of the event; where the line stands (unit, path or command). */
  readonly name: string;
  readonly message: string;
  readonly node: string | null;
  /** Kind, namespace, name and uid of the object; all null for lines of a log, the name for objects that are only counted. */
  readonly kind: string | null;
  readonly namespace: string | null;
  readonly object: string | null;
  readonly uid: string | null;
  readonly first: Instant | null;
  readonly last: Instant | null;
  /** A lower bound. */
  readonly count: number;
  /** Objects that it stands for: more than one where a series kept no more than their number. */
  readonly objects: number;
  readonly evidence: Evidence;
  /** The series that it is of: what is cited of one of them speaks of its kind. */
  readonly series: Evidence;
}

/** Which alarms a rule is about. A line is tested where its text holds `line`; keep that a literal, every kind of line is searched for it. */
export type AlarmPattern =
  | { readonly form: "event"; readonly reason: string; readonly message: RegExp }
  | { readonly form: "log"; readonly line: string; readonly message?: RegExp };

/**
 * Is an alarm harmless? `benign`: its condition was shown. `contrary`: the evidence shows the contrary. `unknown`: what would show it was not
 * collected. Reasons are the rule's own words and complete "seen, benign because …" and "not taken for benign: …".
 */
export interface BenignVerdict {
  readonly verdict: "benign" | "contrary" | "unknown";
  readonly reason: string;
  readonly evidence: readonly Evidence[];
}

/** A kind of alarm that is harmless under a condition, which is checked each time. Never an exception for one cluster. */
export interface BenignCard {
  /** `benign:<name>`; its file is `benign-<name>.ts`. */
  readonly id: string;
  /** What the alarm is, as a noun phrase with a capital: `A pod that had to wait until nodes were Ready`. */
  readonly title: string;
  readonly matches: AlarmPattern;
  /** Under which it is harmless, in words: completes "harmless where …". */
  readonly condition: string;
  readonly judge: (alarm: Alarm, moment: ComparedMoment) => BenignVerdict;
  /** Why the software says it then, and where that is written. */
  readonly known: Statement;
  /** Scenario files below test/scenarios: alarms that are benign, and near misses that are not. */
  readonly examples: { readonly benign: readonly string[]; readonly unexplained: readonly string[] };
}

export const defineBenign = (card: BenignCard): BenignCard => card;

export const benign = (reason: string, ...evidence: readonly Evidence[]): BenignVerdict => ({
  verdict: "benign",
  reason,
  evidence,
});
export const contrary = (reason: string, ...evidence: readonly Evidence[]): BenignVerdict => ({
  verdict: "contrary",
  reason,
  evidence,
});
export const unknown = (reason: string): BenignVerdict => ({ verdict: "unknown", reason, evidence: [] });

/** An alarm with what its rule says of it; no rule: nobody knows it for harmless. */
export interface JudgedAlarm extends BenignVerdict {
  readonly alarm: Alarm;
  readonly rule: BenignCard | null;
  /** The same alarm in the lists of other moments: cited there, it is cited. */
  readonly alike: readonly Evidence[];
}

/** Warning events of a moment, by object. */
export function* eventAlarms(moment: ComparedMoment): Iterable<Alarm> {
  for (const fact of moment.view("kube.event").all) {
    if (fact.value.type !== "Warning") continue;
    let kept = 0;
    for (const object of fact.value.objects) {
      kept += object.count ?? 1;
      yield ofObject(fact, object);
    }
    const { moreObjects: objects } = fact.value;
    if (objects > 0) yield { ...ofSeries(fact), count: Math.max(objects, fact.value.count - kept), objects };
  }
}

function ofSeries({ value, evidence }: Fact<"kube.event">): Alarm {
  const { reason: name, message, node, objectKind: kind, namespace, first, last, count } = value;
  const none = { object: null, uid: null, objects: 1 };
  return {
    form: "event",
    name,
    message,
    node,
    kind,
    namespace,
    first,
    last,
    count,
    evidence,
    series: evidence,
    ...none,
  };
}

function ofObject(fact: Fact<"kube.event">, of: EventObject): Alarm {
  const { message, first, last, evidence, uid, name: object } = of;
  return { ...ofSeries(fact), message, first, last, count: of.count ?? 1, evidence, object, uid };
}

/** The lines of one kind as an alarm. */
export function logAlarm({ value, node, evidence }: Fact<"log">): Alarm {
  const { source: name, sample: message, first, last, count } = value;
  const none = { kind: null, namespace: null, object: null, uid: null, objects: 1 };
  return { form: "log", name, message, node, first, last, count, evidence, series: evidence, ...none };
}
