import type { Evidence } from "#model/evidence.js";
import type { Finding } from "#model/finding.js";
import { formatUtc, type Instant } from "#model/instant.js";
import type { Draft } from "#model/review.js";
import { codes, lapse, type Statement, say, time, word } from "#model/statement.js";
import { type Brief, headline } from "./inquest.js";
import { affectedNodes } from "./name.js";
import { courseOf, endOf } from "./status.js";
import { bySince } from "./summary.js";

export const utcOf = (at: Instant | null): string | null => (at === null ? null : formatUtc(at));

export function tellImpact(b: Brief): Draft["impact"] {
  return { rows: rows(b), intervals: intervals(b), scope: scope(b) };
}

function rows(b: Brief): Draft["impact"]["rows"] {
  return b.findings.flatMap((f) =>
    f.impact.map((row) => ({
      subject: row.subject,
      effect: row.effect,
      wanted: row.wanted,
      available: row.available,
      since: utcOf(row.since ?? f.since),
      until: utcOf(endOf(b, f)),
    })),
  );
}

/** The stations and what lies between; who noticed when is not in a bundle. */
function intervals(b: Brief): Draft["impact"]["intervals"] {
  const { from, to, laid, toIsExact } = courseOf(b);
  const first = bySince(b.findings.filter(b.isSymptom))[0];
  const trigger = b.findings.find((f) => f.role === "trigger" && f.since === laid);
  const onset = evidenceOf(first);
  const start = evidenceOf(trigger);
  const end = b.changes.find((c) => c.kind === "recovery" && c.at === to)?.statements[0].evidence[0] ?? onset;
  const list: Draft["impact"]["intervals"] = [];
  if (laid && from && onset && start) {
    list.push({
      name: "Fault laid to first symptom (latent)",
      statement: say`${lapse(from.epochMs - laid.epochMs, start, onset)}`,
    });
  }
  if (from && to && onset && end) {
    const bound = toIsExact ? "" : " at most";
    list.push({
      name: "First symptom to recovery",
      statement: say`${lapse(to.epochMs - from.epochMs, onset, end)}${word(bound === "" ? "exact to the sources" : "at most", end)}`,
    });
    if (laid && start)
      list.push({ name: "Fault laid to recovery", statement: say`${lapse(to.epochMs - laid.epochMs, start, end)}` });
  }
  if (from && !to && onset) {
    const last = b.moments.at(-1);
    if (last)
      list.push({
        name: "First symptom to the last collection",
        statement: say`${lapse(last.collectedAt.epochMs - from.epochMs, onset)}, still ongoing at ${time(last.collectedAt, onset)}`,
      });
  }
  return list.map((i) => ({ ...i, statement: tidy(i.statement) }));
}

/** Drops the marker word which only carries evidence. */
const tidy = (s: Statement): Statement => ({
  ...s,
  parts: s.parts.flatMap((p) =>
    p.kind === "word" && p.text === "exact to the sources"
      ? []
      : p.kind === "word" && p.text === "at most"
        ? [{ kind: "text" as const, text: " at most" }]
        : [p],
  ),
});

const evidenceOf = (finding: Finding | undefined): Evidence | undefined =>
  finding ? headline(finding).evidence[0] : undefined;

/** Which nodes are concerned, and which were looked at and are not. */
function scope(b: Brief): Draft["impact"]["scope"] {
  const nodes = affectedNodes(b);
  const first = b.findings[0];
  const evidence = evidenceOf(first);
  if (!evidence || nodes.length === 0) return [];
  const spared = b.verdicts
    .filter((v) => b.findings.some((f) => f.rule === v.rule.id && b.rule(f.rule).kind === "mechanism"))
    .flatMap((v) => v.outcomes)
    .flatMap((o) =>
      o.outcome === "refuted" && (o.about.node ?? []).every((n) => !nodes.includes(n)) ? [o.statements[0]] : [],
    );
  const distinct = [...new Map(spared.map((s) => [JSON.stringify(s.parts), s])).values()];
  return [say`Findings concern ${codes(nodes, 12, evidence)}`, ...distinct];
}
