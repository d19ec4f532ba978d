import { tz } from "@date-fns/tz";
import { format } from "date-fns/format";
import type { Finding, Gap } from "#model/finding.js";
import { type Instant, lapseBetween } from "#model/instant.js";
import { type Draft, REVIEW_SCHEMA } from "#model/review.js";
import type { Reference } from "#model/statement.js";
import { gatherActions, gatherFixes, gatherQuestions } from "./actions.js";
import { tellChains } from "./chains.js";
import { tellDiagnosis } from "./diagnosis.js";
import { tellImpact } from "./impact.js";
import { type Brief, brief, hedge, type Inquest, utcOf } from "./inquest.js";
import { lastingOf, unlookedGaps } from "./lasting.js";
import { firstLatency } from "./latency.js";
import { gatherLessons } from "./lessons.js";
import { label, nameOf } from "./name.js";
import { courseOf, type Outage, outagesOf, severityOf, statusOf, statusReason } from "./status.js";
import { foretold, inOrder, summarise } from "./summary.js";
import { tellTimeline } from "./timeline.js";
import { tellTraces } from "./traces.js";
import { excludedMechanisms } from "./verdicts.js";
import { tellWarnings } from "./warnings.js";

export interface ReviewOptions {
  /** IANA name of the report's zone. */
  readonly zone: string;
  /** Version of inquest. */
  readonly version: string;
}

/** Conclusions to review: sorted and counted, every sentence with its evidence. Keys stand in the order of printing. */
export function assemble(inquest: Inquest, options: ReviewOptions): Draft {
  const b = brief(inquest);
  const naming = nameOf(b);
  const reason = statusReason(b);
  const healthy = b.findings.length === 0;
  const { unlooked } = lastingOf(b);
  const draft: Draft = {
    schema: REVIEW_SCHEMA,
    tool: { name: "inquest", version: options.version },
    title: naming.title,
    slug: naming.slug,
    date: dateOf(b, options.zone),
    zone: options.zone,
    tags: [...naming.tags],
    status: statusOf(b),
    ...(reason === null ? {} : { statusReason: reason }),
    severity: severityOf(b),
    duration: duration(b),
    summary: summarise(b),
    timeline: healthy ? [] : tellTimeline(b),
    chains: tellChains(b),
    hypotheses: hypotheses(b),
    impact: tellImpact(b),
    resolution: { diagnosis: tellDiagnosis(b), changes: changes(b), traces: tellTraces(b), ...gatherFixes(b) },
    forecasts: b.forecasts.map((f) => ({
      mechanism: f.mechanism,
      title: b.rule(f.mechanism).label ?? b.rule(f.mechanism).title,
      rule: f.rule,
      node: f.node,
      at: utcOf(f.at),
      on: f.on,
      unless: f.unless,
      confidence: f.confidence,
      unverified: [...f.unverified],
      statements: foretold(b, f),
    })),
    lessons: gatherLessons(b),
    actions: gatherActions(b),
    questions: gatherQuestions(b),
    gaps: relevantGaps(b).map((g) => ({
      ...gapRow(g),
      decides: g.blocks.map((id) => b.rule(id).label ?? b.rule(id).title),
    })),
    technical: { environment: survey(b, "environment"), signatures: signatures(b) },
    references: [],
    examined: [
      ...survey(b, "examined").map((s) => s.statement),
      ...(healthy ? excludedMechanisms(b).flatMap((e) => e.statements) : []),
    ],
    warnings: tellWarnings(b),
    findings: b.findings.map((f) => findingRow(b, f, unlooked.includes(f))),
    links: b.links.map((l) => ({ ...l })),
    moments: b.moments.map((m) => ({
      id: m.id,
      from: utcOf(m.startedAt) ?? "",
      to: utcOf(m.collectedAt) ?? "",
      bundles: [...m.bundles],
      nodes: [...m.nodes],
    })),
    refused: b.refused.map((e) => ({ file: fileName(e.subject), code: e.code, message: e.message, hint: e.hint })),
    custody: custody(b),
  };
  return { ...draft, references: citedIn(draft) };
}

/** The day of the first symptom, else of the last collection, in the report's zone. */
function dateOf(b: Brief, zone: string): string {
  const at = courseOf(b).from ?? b.moments.at(-1)?.collectedAt;
  return format(at?.epochMs ?? 0, "yyyy-MM-dd", { in: tz(zone) });
}

function duration(b: Brief): Draft["duration"] {
  const { from, to, toIsExact } = courseOf(b);
  const latency = firstLatency(b);
  const lay = latency ? lapseBetween(latency.laid, latency.from) : null;
  const laying = latency?.causes[0];
  const outages = outagesOf(b);
  return {
    from: utcOf(from),
    to: utcOf(to),
    activeMs: outages.length === 0 && from && to ? lengthOf(from, to) : null,
    ...(to && !toIsExact ? { endIsBound: true as const } : {}),
    latentMs: lay && lay.least === lay.most ? lay.most : null,
    ...(lay && lay.least < lay.most ? { latentBetweenMs: lay } : {}),
    ...(latency?.atLatest ? { latentIsLeast: true as const } : {}),
    ...(laying && hedge(laying) !== "" ? { latentConfidence: laying.confidence } : {}),
    ...(outages.length === 0 ? {} : { outages: outages.map(outageRow) }),
  };
}

/** An end that is known to the second may be written before a begin within that second. */
const lengthOf = (from: Instant, to: Instant): number => Math.max(0, to.epochMs - from.epochMs);

const outageRow = (o: Outage): NonNullable<Draft["duration"]["outages"]>[number] => ({
  from: utcOf(o.from) ?? "",
  to: utcOf(o.to),
  activeMs: o.to ? lengthOf(o.from, o.to) : null,
  exact: o.toIsExact,
});

function hypotheses(b: Brief): Draft["hypotheses"] {
  return b.hypotheses.map((h) => ({
    mechanism: h.mechanism,
    title: h.title,
    of: [...h.of],
    status: h.status,
    statements: [...h.statements],
    missing: h.missing.map((m) => ({ ...m })),
    evidence: h.statements.flatMap((s) => s.evidence),
  }));
}

function changes(b: Brief): Draft["resolution"]["changes"] {
  return inOrder(b.changes).map((c) => ({
    rule: c.rule,
    kind: c.kind,
    at: utcOf(c.at),
    statements: [...c.statements],
  }));
}

/**
 * Where something was found, what would say more of nodes that no finding concerns is left out; what could not be collected, or only
 * in part, is told in any case.
 */
function relevantGaps(b: Brief): readonly Gap[] {
  const concerned = new Set(b.findings.flatMap((f) => f.about.node ?? []));
  if (concerned.size === 0) return b.gaps;
  const gaps = [...b.gaps, ...unlookedGaps(b)];
  const mishap = /failed|denied|cut at/;
  const isConcerned = (g: Gap): boolean => {
    const nodes = g.node === null ? g.concerns : [g.node];
    return nodes.length === 0 || nodes.some((node) => concerned.has(node));
  };
  return gaps.filter((g) => isConcerned(g) || mishap.test(g.why));
}

const gapRow = ({ concerns: _, ...gap }: Gap) => ({ ...gap, blocks: [...gap.blocks] });

/** Rows that say the same at several moments are printed once. */
function survey(b: Brief, section: "environment" | "examined"): Draft["technical"]["environment"] {
  const rows = b.survey.filter((s) => s.section === section);
  return [...new Map(rows.map((r) => [`${r.name}\n${JSON.stringify(r.statement.parts)}`, r])).values()].map((r) => ({
    name: r.name,
    statement: r.statement,
  }));
}

/** The texts themselves, for who searches for them. */
function signatures(b: Brief): Draft["technical"]["signatures"] {
  const texts = b.findings.flatMap((f) => {
    const text = f.value["message"];
    return typeof text === "string"
      ? [{ title: f.rule, text, evidence: (f.statements[0]?.evidence ?? []).slice(0, 1) }]
      : [];
  });
  return [...new Map(texts.map((t) => [t.text, t])).values()];
}

/** What the sentences that are printed cite as known, each once; a rule's own list says no more of this review than its card. */
function citedIn({ findings: _, ...printed }: Draft): Reference[] {
  const cited = new Map<string, Reference>();
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (isKnown(value)) {
      const { reference } = value.source;
      cited.set(`${reference.source} ${reference.version}`, reference);
      return;
    }
    for (const entry of Object.values(value)) collect(entry);
  };
  collect(printed);
  return [...cited.keys()].sort().flatMap((key) => cited.get(key) ?? []);
}

const isKnown = (value: object): value is { readonly source: { readonly reference: Reference } } =>
  "parts" in value && "source" in value && (value.source as { readonly kind?: unknown }).kind === "known";

function findingRow(b: Brief, f: Finding, isUnlooked: boolean): Draft["findings"][number] {
  return {
    id: f.id,
    mechanism: f.rule,
    title: b.rule(f.rule).title,
    ...(b.rule(f.rule).label === undefined ? {} : { label: label(b, f) }),
    role: f.role,
    root: b.roots.has(f.id),
    confidence: f.confidence,
    nodes: [...(f.about.node ?? [])],
    moments: [...f.moments],
    since: utcOf(f.since),
    lastSeen: utcOf(f.lastSeen),
    endedBy: utcOf(f.ended?.by ?? null),
    ...(isUnlooked ? { unlooked: true as const } : {}),
    statements: [...f.statements],
    unverified: [...f.unverified],
  };
}

/** The name only: where a bundle lay must not change the review. */
const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function custody(b: Brief): Draft["custody"] {
  return b.custody.map((c, i) => ({
    id: `B${i + 1}`,
    file: fileName(c.file),
    sha256: c.sha256,
    node: c.node,
    collector: c.collector,
    collectedFrom: utcOf(c.startedAt) ?? "",
    collectedTo: utcOf(c.endedAt) ?? "",
    state: c.state,
    manifest: c.manifest,
    ...(c.sums === null ? {} : { sums: c.sums }),
    ...(c.caseId === null ? {} : { case: c.caseId }),
    ...(c.operator === null ? {} : { operator: c.operator }),
    members: c.members,
    issues: c.issues.map((x) => ({ ...x })),
  }));
}
