import type { Evidence } from "#model/evidence.js";
import type { Finding } from "#model/finding.js";
import { type Instant, latestOf } from "#model/instant.js";
import type { Draft } from "#model/review.js";
import { codes, lapseOf, type Statement, say } from "#model/statement.js";
import { type Brief, headline, hedged, utcOf } from "./inquest.js";
import { faultOf, type Latency, latenciesOf } from "./latency.js";
import { affectedNodes } from "./name.js";
import { courseOf, endOf, firstSymptom, isBroken, type Outage, outagesOf, seenLast } from "./status.js";

export function tellImpact(b: Brief): Draft["impact"] {
  return { rows: rows(b), intervals: intervals(b), scope: scope(b) };
}

function rows(b: Brief): Draft["impact"]["rows"] {
  return b.findings.flatMap((f) =>
    f.impact.map((row) => ({
      subject: row.subject,
      effect: hedged(f, row.effect),
      wanted: row.wanted,
      available: row.available,
      since: utcOf(row.since),
      until: utcOf(f.ended === null ? null : (recoveredAt(b, row.subject) ?? endOf(b, f))),
    })),
  );
}

/** When this very subject came back, where a change tells. */
const recoveredAt = (b: Brief, subject: string): Instant | null =>
  b.changes
    .filter((c) => c.kind === "recovery" && (c.about.object ?? []).includes(subject))
    .map((c) => c.at)
    .reduce(latestOf, null);

/** The stations and what lies between; who noticed when is not in a bundle. */
function intervals(b: Brief): Draft["impact"]["intervals"] {
  const { from, to, toIsExact } = courseOf(b);
  const onset = evidenceOf(firstSymptom(b));
  const latencies = latenciesOf(b);
  const outages = outagesOf(b);
  const recovery = b.changes.find((c) => c.kind === "recovery" && c.at === to);
  const ended = b.findings.find((f) => b.isSymptom(f) && f.ending !== null && f.ended?.by === to);
  const end = recovery ? recovery.statements[0].evidence : (ended?.ending?.evidence ?? onset);
  const list: Draft["impact"]["intervals"] = [];
  const add = (
    name: string,
    span: readonly [Instant, Instant],
    first: readonly Evidence[],
    second: readonly Evidence[],
    of?: Latency,
  ): void => {
    const [lead, ...rest] = [...first, ...second];
    const length = lead && lapseOf(...span, lead, ...rest);
    if (!lead || !length) return;
    const told = of?.atLatest ? say`at least ${length}` : say`${length}`;
    list.push({ name, statement: of ? hedged(of.causes[0], whose(b, of, told, lead)) : told });
  };
  const bound = toIsExact ? "" : " (at most: the end is the later collection)";
  for (const latency of latencies) {
    const [start, sign] = [latency.causes.flatMap(evidenceOf), latency.symptoms.flatMap(evidenceOf)];
    add("Fault laid to first symptom (latent)", [latency.laid, latency.from], start, sign, latency);
  }
  if (outages.length > 0) {
    outages.forEach((outage, i) => {
      const { symptoms } = outage;
      const until = outage.to ?? symptoms.map((f) => f.lastSeen).reduce(latestOf, null);
      const ends = symptoms.flatMap((f) => f.ending?.evidence ?? evidenceOf(f));
      const name = `Outage ${i + 1}: ${spanName(b, outage)}`;
      if (until) add(name, [outage.from, until], evidenceOf(outage.first), ends);
    });
    return list;
  }
  if (from && to) add(`First symptom to recovery${bound}`, [from, to], onset, end);
  // From the latest beginning to the latest end is neither the longest nor the shortest that it can have been.
  // The end is of all that failed: no other fault's where they are several.
  const only = latencies.find((l) => l.isOnly);
  if (only && to && (toIsExact || !only.atLatest))
    add(`Fault laid to recovery${bound}`, [only.laid, to], only.causes.flatMap(evidenceOf), end, only);
  if (from && !to) {
    const going = b.findings.filter((f) => b.isSymptom(f) && f.ended === null);
    const until = going.map((f) => f.lastSeen).reduce(latestOf, null) ?? b.moments.at(-1)?.collectedAt ?? null;
    const name = isBroken(b)
      ? "First symptom to the last sign of one; whether it went on between is not in evidence"
      : goingName(b, going);
    if (until)
      add(
        name,
        [from, until],
        onset,
        going.flatMap((f) => evidenceOf(f)),
      );
  }
  return list;
}

/** Of one fault among several it is said whose it is. */
const whose = (b: Brief, latency: Latency, length: Statement, lead: Evidence): Statement =>
  latency.isOnly ? length : say`${length}: ${faultOf(b, latency, lead, "the fault")}`;

const goingName = (b: Brief, going: readonly Finding[]): string =>
  going.some((f) => seenLast(b, f))
    ? "First symptom to the last collection that shows it, still ongoing"
    : "First symptom to its last sign; whether it went on is not in evidence";

/** The same of one outage of several. */
function spanName(b: Brief, { to, toIsExact, symptoms }: Outage): string {
  const going = symptoms.filter((f) => f.ended === null);
  const name = to
    ? `First symptom to recovery${toIsExact ? "" : " (at most: the end is the later collection)"}`
    : goingName(b, going);
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}

const evidenceOf = (finding: Finding | undefined): readonly Evidence[] => (finding ? headline(finding).evidence : []);

/** Which nodes are concerned, and which were looked at and are not. */
function scope(b: Brief): Draft["impact"]["scope"] {
  const nodes = affectedNodes(b);
  const first = b.findings[0];
  const [evidence] = evidenceOf(first);
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
