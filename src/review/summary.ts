import type { Evidence } from "#model/evidence.js";
import type { Change, Finding, Forecast, Slight } from "#model/finding.js";
import { formatUtc, type Instant } from "#model/instant.js";
import type { CoverageReport, Rule } from "#model/rule.js";
import { codes, count, lapseOf, type Quoted, type Statement, say, time, word } from "#model/statement.js";
import {
  type Brief,
  distinct,
  distinctEvidence,
  headline,
  hedged,
  hedgedHeadline,
  phrase,
  withWord,
} from "./inquest.js";
import { lastingOf } from "./lasting.js";
import { faultOf, latenciesOf } from "./latency.js";
import { unlooked } from "./lessons.js";
import { endingsOf, tracesOf, undecided } from "./traces.js";
import {
  excludedMechanisms,
  holdsYet,
  isApart,
  slightOutcomes,
  undecidedMechanisms,
  undecidedNow,
} from "./verdicts.js";
import { countUnexplained, tellWarnings } from "./warnings.js";

/** Paragraphs of prose that stand alone: what was seen, what caused it, what changed it, what comes. */
export function summarise(b: Brief): Statement[][] {
  if (b.findings.length + b.forecasts.length === 0) return nothingFound(b);
  const paragraphs = [
    [
      ...bySince(b.findings.filter(b.isSymptom)).flatMap((f) => [
        hedgedHeadline(f),
        ...endingsOf(b, f),
        ...stillOf(b, f),
      ]),
      ...of(b, "impact").map(hedgedHeadline),
    ],
    [...causes(b).map(hedgedHeadline), ...dormancy(b), ...undecided(b)],
    [...changesTold(b), ...tracesOf(b, "written"), ...tracesOf(b, "recovered")],
    [...remaining(b).map(hedgedHeadline), ...unlooked(b)],
    b.forecasts.flatMap((f) => foretold(b, f)),
  ];
  return paragraphs.filter((p) => p.length > 0).map(distinct);
}

const stillOf = (b: Brief, f: Finding): readonly Statement[] => {
  const still = b.stillSeen(f);
  return still ? [still] : [];
};

/** What will come. Where one forecast is sure and another is not, each unsure one says so: no word before all of them can. */
export function foretold(b: Brief, { confidence, statements }: Forecast): Statement[] {
  const isSure = (c: Forecast["confidence"]): boolean => c === "observed" || c === "established";
  if (isSure(confidence) || !b.forecasts.some((f) => isSure(f.confidence))) return [...statements];
  return statements.map((s, i) => (i === 0 ? withWord(s, ` (${confidence})`) : s));
}

/** A review without a finding is worth what was looked at: where and when, for what, and what of it could not be decided. */
function nothingFound(b: Brief): Statement[][] {
  const [first, ...rest] = distinctEvidence(
    b.survey.filter((s) => s.section === "examined").flatMap((s) => s.statement.evidence),
  );
  const last = b.moments.at(-1);
  if (!first || !last) return [];
  const nodes = [...new Set(b.moments.flatMap((m) => m.nodes))];
  const where = nodes.length > 0 ? codes(nodes, 12, first, ...rest) : word("the cluster", first, ...rest);
  const [from, to] = [time(last.startedAt, first), time(last.collectedAt, first)];
  const when =
    formatUtc(last.startedAt) === formatUtc(last.collectedAt) ? say`at ${to}` : say`between ${from} and ${to}`;
  const excluded = excludedMechanisms(b);
  const symptoms = b.rules.filter((r) => r.kind === "symptom");
  const sought = symptoms.filter((r) => wasSought(b, r));
  const unsought = symptoms.filter((r) => !sought.includes(r)).map(nameOf);
  // Absence is what a list shows, and not that no rule made a finding of what stands in it.
  const seen = slightOutcomes(b);
  const mute = sought.filter((r) => undecidedNow(b).includes(r));
  const absent = sought.filter((r) => !mute.includes(r) && !seen.some((s) => s.rule === r));
  const [lists, ...more] = distinctEvidence(absent.flatMap((r) => searchedFor(b, r)));
  const open = undecidedMechanisms(b);
  return [
    [
      say`${phrase(leadOf(b), first)} in what was collected of ${where} ${when}${optional(holdsYet(b) ? ", but for what is too young to tell" : "", first)}${optional(isApart(b) ? "; some workloads do not run, each by itself as far as is seen" : "", first)}${warned(b, first)}`,
    ],
    [
      ...(lists
        ? [say`Looked for in what the cluster lists, and not found: ${listed(absent.map(nameOf), lists, ...more)}`]
        : []),
      ...tellSlight(seen.map((s) => s.outcome)),
      ...(mute.length > 0
        ? [say`Not known, since what was collected does not say (see Gaps): ${listed(mute.map(nameOf), first)}`]
        : []),
      ...(unsought.length > 0
        ? [
            say`Not looked for, since the lists that would show it were not collected in full: ${listed(unsought, first)}`,
          ]
        : []),
      ...(excluded.length > 0
        ? [
            say`Excluded by what was collected: ${listed(
              excluded.map((e) => e.name),
              first,
              ...distinctEvidence(excluded.flatMap((e) => e.statements.flatMap((s) => s.evidence))),
            )}`,
          ]
        : []),
      ...(open.length > 0
        ? [say`Not decided for want of evidence (see Gaps): ${listed(open.map(nameOf), ...wanting(b, open, first))}`]
        : []),
    ],
  ];
}

/** What shows that it was looked for and not had: the searched artifacts that lack it, else what was examined as a whole. */
function wanting(b: Brief, rules: readonly Rule[], fallback: Evidence): readonly [Evidence, ...Evidence[]] {
  const missing = b.verdicts
    .filter((v) => rules.includes(v.rule))
    .flatMap((v) => v.outcomes.flatMap((o) => (o.outcome === "undetermined" ? o.missing.map((m) => ({ m, v })) : [])));
  const evidence = missing.flatMap(({ m, v }) => {
    const world = b.worlds.find((w) => w.context.moment.id === v.moment);
    return (
      world
        ?.view(m.kind)
        .coverage(m.node ?? undefined)
        .searched(m.what.replace(/^(?:an?|the) /, "")) ?? []
    );
  });
  const [first, ...rest] = distinctEvidence(evidence);
  return first ? [first, ...rest] : [fallback];
}

/** Words, or none: a sentence has no part that is empty. */
const optional = (text: string, first: Evidence): Quoted =>
  text === "" ? { parts: [], evidence: [first] } : phrase(text, first);

/** Where there are many, the first few and how many more: each event of them stands among the warnings. */
function tellSlight(seen: readonly Slight[]): Statement[] {
  const [first, ...rest] = distinctEvidence(
    seen.slice(SLIGHT).flatMap((s) => s.statements.flatMap((t) => t.evidence.slice(0, 1))),
  );
  return [
    ...seen.slice(0, SLIGHT).flatMap((s) => s.statements),
    ...(first ? [say`${count(seen.length - SLIGHT, "more group", first, ...rest.slice(0, SLIGHT))} of the kind`] : []),
  ];
}

const SLIGHT = 6;

/** That nothing is wrong is not said where somebody warned and nobody can say why. */
function leadOf(b: Brief): string {
  const of = isApart(b) ? " with the cluster" : "";
  return countUnexplained(tellWarnings(b)) === 0 ? `Nothing was found wrong${of}` : `There is no finding${of}`;
}

/** `; 26 warnings that no rule explains: see What Was Examined`: no finding, but not nothing. */
function warned(b: Brief, first: Evidence): Quoted {
  const warnings = tellWarnings(b);
  const evidence = distinctEvidence(
    warnings.unexplained.flatMap((w) => w.statements.flatMap((s) => s.evidence.slice(0, 2))),
  );
  const [lead, ...rest] = evidence;
  if (!lead) return optional("", first);
  const number = count(countUnexplained(warnings), "warning", lead, ...rest);
  return say`; ${number} that no rule explains: see What Was Examined`;
}

/** The lists that show a symptom, as the last moment has them. */
const listsOf = (b: Brief, rule: Rule): readonly CoverageReport[] =>
  Object.values(rule.needs)
    .filter((kind) => kind.startsWith("kube."))
    .flatMap((kind) => b.worlds.at(-1)?.view(kind).coverage() ?? []);

const wasSought = (b: Brief, rule: Rule): boolean => listsOf(b, rule).every((list) => list.state === "complete");

const searchedFor = (b: Brief, rule: Rule): readonly Evidence[] =>
  listsOf(b, rule).flatMap((list) => list.searched(nameOf(rule).replace(/^an? /, "")));

const nameOf = (rule: Rule): string => rule.label ?? rule.title;

/** Names of the tool's own; they come from rules, not from a bundle. */
const listed = (names: readonly string[], ...evidence: readonly [Evidence, ...Evidence[]]): Quoted =>
  phrase(names.join("; "), ...evidence);

const of = (b: Brief, kind: "impact" | "mechanism"): readonly Finding[] =>
  b.findings.filter((f) => b.rule(f.rule).kind === kind);

/** Mechanisms in the order of the chains, each once: of the chains that explain a symptom, else of all. What a forecast tells is told there. */
function causes(b: Brief): readonly Finding[] {
  const explaining = b.chains.filter((c) => b.isSymptom(b.finding(c[0] ?? "")));
  const chains = explaining.length > 0 ? explaining : b.chains;
  return untold(b, chains.flat());
}

/** What is still wrong and explains no symptom. */
function remaining(b: Brief): readonly Finding[] {
  const told = new Set(causes(b).map((f) => f.id));
  const past = new Set(lastingOf(b).unlooked.map((f) => f.id));
  return untold(b, b.chains.flat()).filter((f) => !told.has(f.id) && !past.has(f.id) && f.ended === null);
}

function untold(b: Brief, ids: readonly string[]): readonly Finding[] {
  const foretold = new Set(b.forecasts.flatMap((f) => f.statements.map((s) => JSON.stringify(s.parts))));
  const mechanisms = [...new Set(ids)].map(b.finding).filter((f) => b.rule(f.rule).kind === "mechanism");
  return mechanisms.filter((f) => !foretold.has(JSON.stringify(headline(f).parts)));
}

/** Repairs before what came back after them, each in order of time; what has no time of its own comes last. */
const changesTold = (b: Brief): readonly Statement[] => {
  const timed = inOrder(b.changes.filter((c) => c.kind !== "change"));
  const recoveries = timed.filter((c) => c.kind === "recovery");
  // One after the other they are for the impact table; beside another kind of recovery a summary can do without them.
  const single = recoveries.filter((c) => recoveries.filter((o) => o.rule === c.rule && o.at !== null).length <= 2);
  return [...timed.filter((c) => c.kind !== "recovery"), ...(single.length > 0 ? single : recoveries)].map(
    (c) => c.statements[0],
  );
};

export const inOrder = (changes: readonly Change[]): readonly Change[] =>
  [...changes].sort(
    (x, y) =>
      (x.at?.epochMs ?? Number.MAX_SAFE_INTEGER) - (y.at?.epochMs ?? Number.MAX_SAFE_INTEGER) ||
      (x.subject < y.subject ? -1 : 1),
  );

const bySince = (findings: readonly Finding[]): readonly Finding[] =>
  [...findings].sort(
    (x, y) =>
      (x.since?.epochMs ?? Number.POSITIVE_INFINITY) - (y.since?.epochMs ?? Number.POSITIVE_INFINITY) ||
      (x.id < y.id ? -1 : 1),
  );

/** How long each fault lay before the first symptom that follows from it. */
function dormancy(b: Brief): readonly Statement[] {
  return latenciesOf(b).flatMap((latency) => {
    const { causes, symptoms, laid, from, atLatest, isOnly } = latency;
    const [lead, ...rest] = distinctEvidence(
      [...causes, ...symptoms].flatMap((f) => f.statements.flatMap((s) => s.evidence)),
    );
    if (!lead) return [];
    const span = lapseOf(laid, from, lead, ...rest);
    const begin = atLatest
      ? say`${time(laid, lead)} at the latest`
      : isSpan(laid)
        ? say`${time({ ...laid, precisionMs: 1_000 }, lead)} at the earliest`
        : say`${time(laid, lead)}`;
    const fault = faultOf(b, latency, lead);
    const lay = atLatest ? say`${fault} lay for at least ${span}` : say`${fault} lay for ${span}`;
    const whose = phrase(isOnly ? "the first symptom" : "its first symptom", lead);
    return [hedged(causes[0], say`${lay} before ${whose}, from ${begin} to ${time(from, lead)}`)];
  });
}

/** A span of its own, and no date or minute: to cut it to the day would tell of a time long before it. */
const isSpan = ({ precisionMs }: Instant): boolean =>
  precisionMs > 1_000 && precisionMs !== MINUTE && precisionMs < DAY;

const MINUTE = 60_000;
const DAY = 86_400_000;
