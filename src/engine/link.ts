import type { Verdicts } from "#model/conclusions.js";
import {
  type CausalLink,
  type Hypothesis,
  type Missing,
  ONLY_THEN,
  type Outcome,
  REPLACED,
  type Refuted,
  type Relation,
  type Role,
} from "#model/finding.js";
import { type Instant, order } from "#model/instant.js";
import type { Effect, Rule } from "#model/rule.js";
import { linkConfidence } from "./confidence.js";
import { failure, joined, mayMeet } from "./infer.js";
import type { Merged } from "./merge.js";
import type { World } from "./world.js";

/** A merged finding with its provisional number. */
export type Numbered = Merged & { readonly id: string };

/** Links every cause to every effect that its rule names, where the join holds and the order in time does not refute it. Acyclic by construction. */
export function linkFindings(findings: readonly Numbered[]): readonly CausalLink[] {
  const links: CausalLink[] = [];
  for (const cause of findings) {
    for (const effect of cause.of.explains) {
      for (const target of findings) {
        const link = target.rule === effect.rule && target !== cause ? linkOf(cause, target, effect) : null;
        if (link && !reaches(links, link.effect, link.cause)) links.push(link);
      }
    }
  }
  return links;
}

function linkOf(cause: Numbered, target: Numbered, effect: Effect): CausalLink | null {
  if (!joined(cause.about, target.about, effect.same)) return null;
  if (!cause.moments.some((m) => target.moments.some((t) => rank(m) <= rank(t)))) return null;
  // What was over before the effect began did not bring it about.
  if (cause.ended !== null && target.since !== null && order(cause.ended.by, target.since) === "before") return null;
  if (effect.relation !== "triggers" && wasGone(cause, target)) return null;
  if (cameTooLate(cause, target)) return null;
  const verdict = compare(cause, target, effect.relation);
  if (verdict === "refuted") return null;
  return {
    cause: cause.id,
    effect: target.id,
    relation: effect.relation,
    order: verdict,
    confidence: linkConfidence(cause.confidence, verdict),
  };
}

/**
 * Was the cause gone wherever the effect was seen, and did that neither begin while the cause was seen nor end before it was missed?
 * Then something else brought it about, however well the rest fits.
 */
function wasGone(cause: Numbered, target: Numbered): boolean {
  if (cause.ended === null || target.activeAt.some((m) => cause.activeAt.includes(m))) return false;
  if (target.ended !== null && rank(target.ended.moment) <= rank(cause.ended.moment)) return false;
  return target.since === null || cause.ended.after === null || order(target.since, cause.ended.after) === "after";
}

/**
 * Had the effect outlived what is ordinary when the cause had not begun yet? Then something else held it until then, and that is the
 * question: what came on top may keep it from ending since, and is a finding of its own.
 */
const cameTooLate = ({ notBefore }: Numbered, { due }: Numbered): boolean =>
  Boolean(notBefore && due && order(notBefore, due) === "after");

/** Place of a moment in time: m10 comes after m2. */
const rank = (moment: string): number => Number(moment.slice(1));

/** A cause begins before its effect; what only keeps it from ending must begin before it was last seen. */
function compare(cause: Numbered, target: Numbered, relation: Relation): CausalLink["order"] | "refuted" {
  const bound: Instant | null = relation === "prevents-recovery" ? (target.lastSeen ?? target.since) : target.since;
  if (cause.since === null || bound === null) return "unverified";
  const found = order(cause.since, bound);
  if (found === "after") return "refuted";
  return found === "before" ? "verified" : "unverified";
}

function reaches(links: readonly CausalLink[], from: string, to: string): boolean {
  if (from === to) return true;
  return links.some((l) => l.cause === from && reaches(links, l.effect, to));
}

/** A rule may fix the role; else a mechanism is a failure where it explains something, and a latent condition where it does not yet. */
export function roleOf(finding: Numbered, links: readonly CausalLink[], byId: ReadonlyMap<string, Numbered>): Role {
  if (finding.of.kind === "symptom") return "symptom";
  if (finding.of.kind === "impact") return "impact";
  if (finding.of.role) return finding.of.role;
  const explains = (id: string): boolean =>
    links.some((l) => l.cause === id && (byId.get(l.effect)?.of.kind === "symptom" || explains(l.effect)));
  return explains(finding.id) ? "failure" : "latent-condition";
}

/** The tested rivals: for every finding each rule that could explain it and does not, and each that could not be tested. */
export function findHypotheses(
  findings: readonly Numbered[],
  links: readonly CausalLink[],
  rules: readonly Rule[],
  verdicts: readonly Verdicts[],
  worlds: readonly World[] = [],
): readonly Hypothesis[] {
  const byId = new Map(findings.map((f) => [f.id, f]));
  return rules.flatMap((rule) => {
    const explained = (id: string): boolean =>
      links.some((l) => l.effect === id && byId.get(l.cause)?.rule === rule.id);
    return weigh(rule, findings, verdicts, explained, worlds);
  });
}

/** Ruled out for some findings and open for others are two hypotheses: a gap on one node is not closed by evidence of another. */
function weigh(
  rule: Rule,
  findings: readonly Numbered[],
  verdicts: readonly Verdicts[],
  explained: (id: string) => boolean,
  worlds: readonly World[],
): readonly Hypothesis[] {
  const refuted = { of: new Set<string>(), said: [] as Refuted[] };
  const open = { of: new Set<string>(), missing: [] as Missing[] };
  for (const effect of rule.explains) {
    for (const finding of findings) {
      if (finding.rule !== effect.rule || explained(finding.id)) continue;
      const said = saidOf(rule, finding, effect, verdicts);
      const excluding = said.filter((o) => o.outcome === "refuted");
      const inTime = excluding.filter((o) => !isTooYoung(o, finding));
      if (inTime.length > 0) {
        refuted.of.add(finding.id);
        refuted.said.push(...inTime);
        continue;
      }
      const missing = [
        ...excluding.map(replaced),
        ...said.flatMap((o) => (o.outcome === "undetermined" ? o.missing : [])),
        ...(said.length === 0 ? unseen(rule, finding, worlds) : []),
        ...verdicts
          .filter((v) => v.rule === rule && v.failed !== null && finding.activeAt.includes(v.moment))
          .map(failure),
      ];
      if (missing.length > 0) open.of.add(finding.id);
      open.missing.push(...missing);
    }
  }
  const card = { mechanism: rule.id, title: rule.title };
  const statements = unique(refuted.said).map((o) => o.statements[0]);
  const missing = [...new Map(open.missing.map((m) => [`${m.node} ${m.what}`, m])).values()];
  return [
    ...(refuted.of.size > 0
      ? [{ ...card, of: [...refuted.of], status: "refuted" as const, statements, missing: [] }]
      : []),
    ...(open.of.size > 0 ? [{ ...card, of: [...open.of], status: "open" as const, statements: [], missing }] : []),
  ];
}

/**
 * What a rule said of a finding's subject while it lasted. A rival is asked whatever the error: that is what it is refuted by. What could
 * not decide for want of a list cannot name whom it would be about, and may be about any.
 */
function saidOf(rule: Rule, finding: Numbered, effect: Effect, verdicts: readonly Verdicts[]): readonly Outcome[] {
  const keys = effect.same.filter((k) => k !== "error");
  return verdicts
    .filter((v) => v.rule === rule && finding.activeAt.includes(v.moment))
    .flatMap((v) =>
      v.outcomes.filter((o) =>
        o.outcome === "undetermined" ? mayMeet(o.about, finding.about, keys) : joined(o.about, finding.about, keys),
      ),
    );
}

/** A symptom is only told where it is seen: where the lists that would show it were not had in full, that it is not told says nothing. */
function unseen(rule: Rule, finding: Numbered, worlds: readonly World[]): readonly Missing[] {
  if (rule.kind !== "symptom") return [];
  return worlds
    .filter((world) => finding.activeAt.includes(world.moment.id))
    .flatMap((world) => Object.values(rule.needs).map((kind) => world.view(kind)))
    .flatMap((view) =>
      view.coverage().state === "complete" ? [] : [view.missing(`all that would show ${rule.label ?? rule.title}`)],
    );
}

/** What refutes it came to be after the finding was last seen: the state before that is not known. */
const isTooYoung = (outcome: Refuted, finding: Numbered): boolean =>
  outcome.standsSince !== null &&
  finding.lastSeen !== null &&
  order(outcome.standsSince, finding.lastSeen, 0) === "after";

const replaced = (outcome: Refuted): Missing => ({
  kind: "kubeconfig",
  node: outcome.about.node?.[0] ?? null,
  what: "what was in force before it was replaced",
  why: REPLACED,
  command: ONLY_THEN,
});

/** One outcome per subject. */
function unique(outcomes: readonly Refuted[]): readonly Refuted[] {
  return [...new Map(outcomes.map((o) => [o.subject, o])).values()];
}
