import type { AlarmPattern, BenignCard, JudgedAlarm } from "#model/benign.js";
import { type Alarm, type BenignVerdict, eventAlarms, logAlarm, unknown } from "#model/benign.js";
import type { Evidence } from "#model/evidence.js";
import type { ComparedMoment } from "#model/rule.js";

/**
 * Every Warning event, and every kind of line that a rule knows, with what the rules say of it; each alarm once, however many moments show
 * it. Of several moments the last counts that could tell: an object that is gone by then proves nothing.
 */
export function judgeAlarms(cards: readonly BenignCard[], worlds: readonly ComparedMoment[]): readonly JudgedAlarm[] {
  const judged = new Map<string, JudgedAlarm>();
  for (const world of worlds) {
    for (const alarm of [...eventAlarms(world), ...lines(cards, world)]) {
      const rule = cards.find((card) => matches(card.matches, alarm)) ?? null;
      const key = keyOf(alarm);
      judged.set(key, later(judged.get(key), { alarm, rule, alike: [], ...verdictOf(rule, alarm, world) }));
    }
  }
  return [...judged.values()];
}

/** One search over each kind of line for all rules together: there are a million of them in a large cluster. */
function lines(cards: readonly BenignCard[], world: ComparedMoment): readonly Alarm[] {
  const sought = cards.flatMap((card) => (card.matches.form === "log" ? [card.matches.line] : []));
  if (sought.length === 0) return [];
  const any = new RegExp(sought.map((line) => line.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"));
  const known = world.view("log").all.filter((fact) => fact.value.kind !== "podlog" && any.test(fact.value.sample));
  return known.map(logAlarm).filter((alarm) => cards.some((card) => matches(card.matches, alarm)));
}

function matches(pattern: AlarmPattern, alarm: Alarm): boolean {
  if (pattern.form !== alarm.form) return false;
  if (pattern.form === "event") return pattern.reason === alarm.name && pattern.message.test(alarm.message);
  return alarm.message.includes(pattern.line) && (pattern.message?.test(alarm.message) ?? true);
}

/** What no list kept cannot be checked; a rule that fails says nothing. */
function verdictOf(rule: BenignCard | null, alarm: Alarm, world: ComparedMoment): BenignVerdict {
  if (rule === null) return unknown("");
  if (alarm.form === "event" && alarm.object === null) return unknown("more objects than are kept one by one");
  try {
    return rule.judge(alarm, world);
  } catch (error) {
    return unknown(`the rule failed on it (${error instanceof Error ? error.name : "error"})`);
  }
}

function later(before: JudgedAlarm | undefined, now: JudgedAlarm): JudgedAlarm {
  if (before === undefined) return now;
  const [told, other] = now.verdict === "unknown" && before.verdict !== "unknown" ? [before, now] : [now, before];
  const alike: readonly Evidence[] = [...before.alike, other.alarm.evidence];
  return { ...told, alike };
}

const keyOf = ({ form, name, node, kind, namespace, object, uid, first, message }: Alarm): string =>
  JSON.stringify([form, name, node, kind, namespace, object, uid, first?.epochMs ?? null, message]);
