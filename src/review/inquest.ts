import type { Custody } from "#model/artifact.js";
import type { Conclusions } from "#model/conclusions.js";
import type { InquestError } from "#model/error.js";
import { type Evidence, evidenceKey } from "#model/evidence.js";
import type { Finding } from "#model/finding.js";
import { formatUtc, type Instant } from "#model/instant.js";
import type { Consequence, Rule } from "#model/rule.js";
import type { Quoted, Statement } from "#model/statement.js";
import { stillSeen, withoutEarlyEnd } from "./ends.js";

/** What the engine concluded, and the bundles that it rests on. */
export interface Inquest extends Conclusions {
  readonly custody: readonly Custody[];
  readonly refused: readonly InquestError[];
}

/** Lookups that every section needs, made once. */
export interface Brief extends Inquest {
  /** Of what was seen after the reading that does not show it: that it was. Null elsewhere. */
  readonly stillSeen: (finding: Finding) => Statement | null;
  readonly finding: (id: string) => Finding;
  readonly rule: (id: string) => Rule;
  readonly consequence: (finding: Finding) => Consequence;
  readonly isSymptom: (finding: Finding) => boolean;
  /** Ids of findings that end a chain. */
  readonly roots: ReadonlySet<string>;
}

export function brief(inquest: Inquest): Brief {
  const still = new Map(inquest.findings.map((f) => [f.id, stillSeen(f, listsAtEnd(inquest, f))]));
  const own = inquest.findings.map((f) => withoutEarlyEnd(f, still.get(f.id) ?? null));
  const findings = new Map(own.map((f) => [f.id, f]));
  const rules = new Map(inquest.rules.map((r) => [r.id, r]));
  const consequences = new Map<string, Consequence>();
  const rule = (id: string): Rule => rules.get(id) as Rule;
  return {
    ...inquest,
    findings: own,
    stillSeen: (f) => still.get(f.id) ?? null,
    finding: (id) => findings.get(id) as Finding,
    rule,
    consequence: (f) => {
      const known = consequences.get(f.id) ?? rule(f.rule).consequence(f);
      consequences.set(f.id, known);
      return known;
    },
    isSymptom: (f) => rule(f.rule).kind === "symptom",
    roots: new Set(inquest.chains.flatMap((c) => c.at(-1) ?? [])),
  };
}

/** The lists of the cluster that a rule is silent of a finding in, and that were the last to be read. */
function listsAtEnd({ rules, worlds }: Inquest, { rule, ended }: Finding): readonly Evidence[] {
  const world = worlds.find((w) => w.context.moment.id === ended?.moment);
  const needs = Object.values(rules.find((r) => r.id === rule)?.needs ?? {}).filter((kind) => kind.startsWith("kube."));
  const lists = needs.flatMap((kind) => world?.view(kind).coverage().searched("sign of it") ?? []);
  return lists.filter((list) => world?.readAt([list])?.epochMs === ended?.by.epochMs);
}

/** A finding's headline evidence: statements of findings always cite. */
export const headline = (finding: Finding): Finding["statements"][number] =>
  finding.statements[0] as Finding["statements"][number];

/** ` (probable)`: the word that goes with whatever rests on a finding that is less than established. Empty for the others. */
export const hedge = ({ confidence }: Finding): string =>
  confidence === "probable" || confidence === "possible" ? ` (${confidence})` : "";

/** A sentence that rests on a finding, with the word for how sure that is where it is less than established. */
export const hedged = (finding: Finding, statement: Statement): Statement => withWord(statement, hedge(finding));

/** Words at the end of a sentence from evidence, before its full stop. */
export function withWord(statement: Statement, words: string): Statement {
  if (words === "" || statement.source.kind !== "evidence") return statement;
  const last = statement.parts.at(-1);
  const hasStop = last?.kind === "text" && /\.\s*$/.test(last.text);
  const before = hasStop ? statement.parts.slice(0, -1) : statement.parts;
  const text = hasStop ? `${last.text.replace(/\.\s*$/, "")}${words}.` : words;
  return { ...statement, parts: [...before, { kind: "text", text }] };
}

/** The headline as a section outside the chains tells it: nothing stands beside it there that says how sure it is. */
export const hedgedHeadline = (finding: Finding): Statement => hedged(finding, headline(finding));

/** Words of our own as a value of a sentence. */
export const phrase = (text: string, ...evidence: readonly [Evidence, ...Evidence[]]): Quoted => ({
  parts: [{ kind: "text", text }],
  evidence,
});

/** A time as the review's JSON has it: UTC, cut where its precision ends. */
export const utcOf = (at: Instant | null): string | null => (at === null ? null : formatUtc(at));

export const distinctEvidence = (all: readonly Evidence[]): readonly Evidence[] => [
  ...new Map(all.map((e) => [evidenceKey(e), e])).values(),
];

/** One sentence once, with all that shows it: what is said of several nodes alike is cited of each. */
export function distinct(statements: readonly Statement[]): Statement[] {
  const told = new Map<string, Statement>();
  for (const s of statements) {
    const key = JSON.stringify(s.parts);
    const known = told.get(key);
    told.set(key, known ? { ...known, evidence: distinctEvidence([...known.evidence, ...s.evidence]) } : s);
  }
  return [...told.values()];
}
