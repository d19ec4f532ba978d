import type { Alarm, JudgedAlarm } from "#model/benign.js";
import { type Evidence, evidenceKey } from "#model/evidence.js";
import type { Finding } from "#model/finding.js";
import { earliest, formatUtc, type Instant, latestOf } from "#model/instant.js";
import type { Draft } from "#model/review.js";
import { citing, code, codes, type Quoted, type Statement, say, time, word } from "#model/statement.js";
import type { Brief } from "./inquest.js";

type Cited = readonly [Evidence, ...Evidence[]];
type Group = readonly [JudgedAlarm, ...JudgedAlarm[]];

/** Groups that are told one by one; further ones are only counted. */
const SHOWN = 8;
/** Places that are cited for one sentence: enough to check it; where there are more, their list is. */
const CITED = 6;
/** Names of nodes; of pods, which are long and alike, one stands for many. */
const NAMES = 3;
const OBJECTS = 2;
const MESSAGE_CHARS = 240;

/**
 * Warnings that no finding tells of: those that are harmless, with what shows it, and those that nobody can explain. Neither is a finding.
 * The commonest first.
 */
export function tellWarnings(b: Brief): Draft["warnings"] {
  const told = coveredBy(b.findings);
  const others = b.alarms.filter((a) => !told(a));
  const isBenign = (a: JudgedAlarm): boolean => a.verdict === "benign";
  const harmless = groups(others.filter(isBenign), (a) => [a.rule?.id, a.reason]);
  const open = groups(
    others.filter((a) => !isBenign(a)),
    (a) => [a.rule?.id ?? null, a.rule ? a.reason : a.alarm.name, a.alarm.form, a.alarm.kind],
  );
  return {
    benign: harmless.slice(0, SHOWN).map((g, i) => {
      const isTold = harmless.slice(0, i).some(([{ rule }]) => rule === g[0].rule);
      return { ...rowOf(g), statements: benignStatements(g, isTold) };
    }),
    unexplained: open.slice(0, SHOWN).map((g) => ({ ...rowOf(g), statements: openStatements(g) })),
    more: { benign: restOf(harmless), unexplained: restOf(open) },
  };
}

/** How many warnings nobody can explain. */
export const countUnexplained = ({ unexplained, more }: Draft["warnings"]): number =>
  unexplained.reduce((sum, w) => sum + w.count, more.unexplained.count);

const restOf = (all: readonly Group[]): { readonly kinds: number; readonly count: number } => {
  const rest = all.slice(SHOWN);
  return { kinds: rest.length, count: rest.reduce((sum, g) => sum + countOf(g), 0) };
};

/**
 * Does a finding tell of a warning? It cites it; or it cites another of the same series and names the object; or it names the object and
 * quotes the text.
 */
function coveredBy(findings: readonly Finding[]): (alarm: JudgedAlarm) => boolean {
  const cited = new Set(findings.flatMap((f) => evidenceOf(f).map(placeOf)));
  const named = new Map<string, Finding[]>();
  for (const finding of findings) {
    for (const name of [...(finding.about.pod ?? []), ...(finding.about.object ?? []), ...(finding.about.node ?? [])])
      named.set(name, [...(named.get(name) ?? []), finding]);
  }
  return ({ alarm, alike }) => {
    if ([alarm.evidence, ...alike].some((e) => cited.has(placeOf(e)))) return true;
    const about = [alarm.uid, alarm.kind === "Node" ? alarm.object : null].flatMap((n) => named.get(n ?? "") ?? []);
    if (about.length === 0) return false;
    return cited.has(placeOf(alarm.series)) || about.some((f) => f.value["message"] === alarm.message);
  };
}

const evidenceOf = (f: Finding): readonly Evidence[] =>
  [...f.statements, ...f.lessons.map((l) => l.statement), ...f.impact.map((r) => r.effect)].flatMap((s) => s.evidence);

/** Where evidence lies, whatever of it is quoted. */
const placeOf = (e: Evidence): string => evidenceKey({ ...e, excerpt: "" });

function groups(alarms: readonly JudgedAlarm[], key: (of: JudgedAlarm) => unknown): readonly Group[] {
  const by = new Map<string, JudgedAlarm[]>();
  for (const alarm of alarms) {
    const at = JSON.stringify(key(alarm));
    const group = by.get(at);
    if (group) group.push(alarm);
    else by.set(at, [alarm]);
  }
  return [...by]
    .sort(([k, x], [l, y]) => countOf(y) - countOf(x) || (k < l ? -1 : 1))
    .flatMap(([, [first, ...rest]]) => (first ? [[first, ...rest] as const] : []));
}

const countOf = (group: readonly JudgedAlarm[]): number => group.reduce((sum, { alarm }) => sum + alarm.count, 0);

function rowOf(group: Group): Omit<Draft["warnings"]["benign"][number], "statements"> {
  const [{ rule, alarm, reason }] = group;
  const nodes = group.flatMap((a) => a.alarm.node ?? []);
  return {
    rule: rule?.id ?? null,
    title: rule?.title ?? null,
    form: alarm.form,
    name: alarm.name,
    reason: reason === "" ? null : reason,
    count: countOf(group),
    objects: objectCount(group),
    nodes: [...new Set(nodes)].sort(),
  };
}

/** `isTold`: another group has said already how the software works. */
function benignStatements(group: Group, isTold: boolean): Statement[] {
  const [{ rule, reason }, ...rest] = group;
  const all = bounded([...group[0].evidence, ...rest.flatMap((a) => a.evidence)]);
  const [first, ...more] = all.length > 0 ? all : [group[0].alarm.evidence];
  if (!first) return [];
  const why = text(`seen, benign because ${reason}`, first, ...more);
  return [say`${seen(group)}: ${why}`, ...(rule && !isTold ? [rule.known] : [])];
}

function openStatements(group: Group): Statement[] {
  const [{ rule, reason }] = group;
  const [first, ...more] = bounded(group.flatMap((a) => a.evidence));
  if (!rule) return [say`${seen(group)}`];
  const place = first ?? group[0].alarm.evidence;
  return [say`${seen(group)}: harmless where ${text(`${rule.condition}; but ${reason}`, place, ...more)}`];
}

/** `36 `FailedScheduling` warnings on 18 pods (…) between … and …: `text``. */
function seen(group: Group): Quoted {
  const [{ alarm }] = group;
  const [first, ...rest] = bounded(group.map((a) => a.alarm.evidence));
  const evidence: Cited = [first ?? alarm.evidence, ...rest];
  const n = countOf(group);
  const what =
    alarm.form === "event"
      ? say`${word(n, ...evidence)} ${code(alarm.name, ...evidence)} ${text(n === 1 ? "warning" : "warnings", ...evidence)}`
      : say`${word(n, ...evidence)} ${text(n === 1 ? "line" : "lines", ...evidence)} of ${codes([...new Set(group.map((a) => a.alarm.name))].sort(), NAMES, ...evidence)}`;
  const texts = new Set(group.map((a) => a.alarm.message));
  const others = texts.size > 1 ? text(" and the like", ...evidence) : citing(...evidence);
  const said = code(cut(alarm.message), alarm.evidence);
  return say`${what}${place(group, evidence)}${when(group, evidence)} (${said}${others})`;
}

/** ` on 2 pods (`shop/web-0` and `shop/web-1`)`, ` on `k8s01``. */
function place(group: Group, evidence: Cited): Quoted {
  const [{ alarm }] = group;
  const nodes = [...new Set(group.flatMap((a) => a.alarm.node ?? []))].sort();
  const on = nodes.length > 0 ? say` on ${codes(nodes, NAMES, ...evidence)}` : citing(...evidence);
  if (alarm.form === "log" || alarm.kind === "Node" || alarm.kind === null) return on;
  const names = objectsOf(group);
  const number = objectCount(group);
  const noun = text(`${number === 1 ? "" : `${number} `}${nounOf(alarm.kind, number)}`, ...evidence);
  return say` about ${noun}${examples(names, number, evidence)}${on}`;
}

/** ` `shop/web-0` and `shop/web-1``, ` `shop/web-0` and 5 more`. */
function examples(names: readonly string[], number: number, evidence: Cited): Quoted {
  const shown = names.slice(0, number > OBJECTS ? 1 : OBJECTS);
  if (shown.length === 0) return citing(...evidence);
  const rest = number > shown.length ? text(` and ${number - shown.length} more`, ...evidence) : citing(...evidence);
  return say` ${codes(shown, OBJECTS, ...evidence)}${rest}`;
}

/** Those that are named, and those that a series only counts. */
const objectCount = (group: Group): number =>
  objectsOf(group).length +
  group.reduce((sum, { alarm }) => sum + (alarm.object === null && alarm.kind !== null ? alarm.objects : 0), 0);

const nounOf = (kind: string, n: number): string =>
  /^[A-Za-z]{1,64}$/.test(kind) ? `${kind}${n === 1 ? "" : kind.endsWith("s") ? "es" : "s"}` : "objects";

const objectsOf = (group: Group): readonly string[] => [
  ...new Set(group.flatMap(({ alarm }) => (alarm.object === null ? [] : [nameOf(alarm)]))),
];

const nameOf = ({ namespace, object }: Alarm): string => (namespace === null ? `${object}` : `${namespace}/${object}`);

function when(group: Group, evidence: Cited): Quoted {
  const from = group.map((a) => a.alarm.first).reduce<Instant | null>(earliest, null);
  const to = group.map((a) => a.alarm.last ?? a.alarm.first).reduce<Instant | null>(latestOf, null);
  if (!from || !to) return citing(...evidence);
  if (formatUtc(from) === formatUtc(to)) return say` at ${time(from, ...evidence)}`;
  return say` between ${time(from, ...evidence)} and ${time(to, ...evidence)}`;
}

/** Distinct evidence; where there is more than a few, the lists that hold the rest as a whole. */
function bounded(all: readonly Evidence[]): readonly Evidence[] {
  const distinct = [...new Map(all.map((e) => [evidenceKey(e), e])).values()];
  if (distinct.length <= CITED) return distinct;
  const rest = new Map<string, { readonly of: Evidence; n: number }>();
  for (const e of distinct.slice(CITED)) {
    const key = `${e.bundle}\n${e.member}`;
    const known = rest.get(key);
    if (known) known.n += 1;
    else rest.set(key, { of: e, n: 1 });
  }
  const lists = [...rest.values()].slice(0, CITED).map(
    ({ of, n }): Evidence => ({
      ...of,
      locator: { kind: "whole" },
      excerpt: `${n} more ${n === 1 ? "place" : "places"}`,
    }),
  );
  return [...distinct.slice(0, CITED), ...lists];
}

const text = (words: string, ...evidence: Cited): Quoted => ({ parts: [{ kind: "text", text: words }], evidence });

const cut = (message: string): string =>
  message.length <= MESSAGE_CHARS ? message : `${message.slice(0, MESSAGE_CHARS).replace(/[\ud800-\udbff]$/, "")}…`;
