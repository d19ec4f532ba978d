import type { Evidence } from "#model/evidence.js";
import type { Finding } from "#model/finding.js";
import { lapseBetween, latestOf, UNMEASURED_SKEW_MS } from "#model/instant.js";
import type { Draft } from "#model/review.js";
import { citing, codes, lapseOf, type Quoted, type Statement, say, time } from "#model/statement.js";
import { type Brief, distinct, distinctEvidence, headline, hedge, hedged, phrase } from "./inquest.js";
import { lastingOf } from "./lasting.js";
import { faultOf, latenciesOf } from "./latency.js";
import { affectedNodes, label } from "./name.js";
import { replaced } from "./traces.js";

/** What is to be learnt: what rules say of their findings, and what the whole of the evidence shows. What people did well only they can say. */
export function gatherLessons(b: Brief): Draft["lessons"] {
  const told = b.findings.flatMap((f) => f.lessons.map((l) => ({ ...l, statement: hedged(f, l.statement) })));
  const of = (kind: "well" | "badly" | "surprise"): readonly Statement[] =>
    told.filter((l) => l.kind === kind).map((l) => l.statement);
  return {
    well: distinct([...of("well"), ...keptReplicas(b), ...spared(b), ...reachedRoot(b)]),
    badly: distinct([...of("badly"), ...layUnseen(b), ...leftOver(b), ...unlooked(b), ...lostBefore(b)]),
    surprise: distinct(of("surprise")),
  };
}

/** What lacked replicas and had one ready all the same: as of the collection that saw it, and no longer. */
function keptReplicas(b: Brief): readonly Statement[] {
  return b.findings.flatMap((f) => {
    const least = Math.min(...f.impact.map((row) => row.available ?? 0));
    const [first, ...rest] = distinctEvidence(f.impact.flatMap((row) => row.effect.evidence));
    if (!first || least < 1 || !f.lastSeen) return [];
    const nouns = f.impact.every((row) => row.subject.startsWith("volume ")) ? "volume" : "workload";
    const one = f.impact.length === 1;
    const which = one ? `the ${nouns}` : `each ${nouns}`;
    return [
      hedged(
        f,
        say`At ${time(f.lastSeen, first)} ${phrase(`${which} seen to lack replicas still had ${one ? "" : "at least "}${least} replica${least === 1 ? "" : "s"} ready`, first, ...rest)}`,
      ),
    ];
  });
}

/** Nodes that were collected, and of which a mechanism that was found elsewhere was excluded; none that shares with one what was found there. */
function spared(b: Brief): readonly Statement[] {
  const concerned = [...affectedNodes(b), ...b.findings.flatMap((f) => String(f.value["shared"] ?? "").split(" "))];
  const excluded = b.verdicts
    .filter((v) => b.rule(v.rule.id).kind === "mechanism" && b.findings.some((f) => f.rule === v.rule.id))
    .flatMap((v) => v.outcomes)
    .filter((o) => o.outcome === "refuted")
    .filter((o) => (o.about.node ?? []).length > 0 && (o.about.node ?? []).every((n) => !concerned.includes(n)));
  const nodes = [...new Set(excluded.flatMap((o) => o.about.node ?? []))].sort();
  const [first, ...rest] = distinctEvidence(excluded.flatMap((o) => o.statements[0].evidence));
  if (!first || concerned.length === 0) return [];
  return [say`No finding concerns ${codes(nodes, 12, first, ...rest)}, ${phrase("looked at as well", first)}`];
}

/** A chain whose steps a later collection could see, and saw no more, after a repair of the same nodes: what it shows of its last is cited. */
function reachedRoot(b: Brief): readonly Statement[] {
  return [...new Set(b.chains.map((c) => c.at(-1) ?? ""))].map(b.finding).flatMap((root) => {
    const chains = b.chains.filter((c) => c.at(-1) === root.id);
    const explains = chains.some((c) => b.isSymptom(b.finding(c[0] ?? "")));
    const isOver = chains.every((c) => c.every((id) => b.finding(id).ended !== null));
    const repairs = b.changes.filter((c) => c.kind === "repair" && sharesNode(c.about, root));
    const by = chains.flatMap((c) => c.map((id) => b.finding(id).ended?.by ?? null)).reduce(latestOf, null);
    const [first, ...rest] = distinctEvidence([
      ...excludedAfter(b, root),
      ...repairs.flatMap((c) => c.statements[0].evidence),
    ]);
    if (!first || !by || !isOver || !explains || b.isSymptom(root) || repairs.length === 0) return [];
    const last = phrase(
      `${chainOf(b, root)} was found any more, its last (${label(b, root)}${hedge(root).replace(/^ \((.*)\)$/, ", $1")}) included`,
      first,
      ...rest,
    );
    return [say`By ${time(by, first)}, after the changes told under Resolution, no condition of ${last}`];
  });
}

const sharesNode = (about: Finding["about"], finding: Finding): boolean =>
  (about.node ?? []).some((n) => (finding.about.node ?? []).includes(n));

/** What refuted it at the collection that saw its end. */
const excludedAfter = (b: Brief, root: Finding): readonly Evidence[] => {
  return b.verdicts
    .filter((v) => v.rule.id === root.rule && v.moment === root.ended?.moment)
    .flatMap((v) => v.outcomes)
    .flatMap((o) =>
      o.outcome === "refuted" && o.excludes === "condition" && sharesNode(o.about, root)
        ? o.statements[0].evidence
        : [],
    );
};

const chainOf = (b: Brief, root: Finding): string => `chain ${b.chains.findIndex((c) => c.at(-1) === root.id) + 1}`;

/** A fault that was there before its chain failed, and longer than two clocks may differ. */
function layUnseen(b: Brief): readonly Statement[] {
  return latenciesOf(b).flatMap((latency) => {
    const { causes, symptoms, laid, from, atLatest } = latency;
    if (lapseBetween(laid, from).least <= UNMEASURED_SKEW_MS) return [];
    const [first, ...rest] = distinctEvidence([...causes, ...symptoms].flatMap((f) => headline(f).evidence));
    if (!first) return [];
    const length = lapseOf(laid, from, first, ...rest);
    const fault = faultOf(b, latency, first);
    const lay = atLatest ? say`${fault} lay for at least ${length}` : say`${fault} lay for ${length}`;
    return [
      hedged(causes[0], say`${lay}, and its first sign in what was collected is what failed at ${time(from, first)}`),
    ];
  });
}

/** What was still there when all that had failed was over. */
function leftOver(b: Brief): readonly Statement[] {
  const last = b.moments.at(-1);
  return lastingOf(b).left.flatMap((f) => {
    const [first, ...rest] = headline(f).evidence;
    if (!first || !last) return [];
    const what = phrase(`${label(b, f)}${hedge(f)}`, first, ...rest);
    return [
      say`Still there after the failures had ended${onNodes(f.about.node ?? [], first)}: ${what}, seen at ${time(f.lastSeen ?? last.collectedAt, first)}`,
    ];
  });
}

/** What was last seen before that: each set of nodes once. */
export function unlooked(b: Brief): readonly Statement[] {
  const groups = new Map<string, Finding[]>();
  for (const f of lastingOf(b).unlooked) {
    const key = (f.about.node ?? []).join(" ");
    groups.set(key, [...(groups.get(key) ?? []), f]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first, ...rest] = distinctEvidence(group.flatMap((f) => headline(f).evidence));
    const seen = group.map((f) => f.lastSeen).reduce(latestOf, null);
    if (!first) return [];
    const names = group.map((f) => `${label(b, f)}${hedge(f)}`);
    const what = phrase(names.join("; "), first, ...rest);
    const until = seen ? say`, last seen at ${time(seen, first)}` : citing(first);
    const it = phrase(names.length === 1 ? "this still holds" : "these still hold", first);
    return [
      say`Whether ${it}${onNodes(group[0]?.about.node ?? [], first)} was not collected after the failures had ended: ${what}${until}`,
    ];
  });
}

const onNodes = (nodes: readonly string[], first: Evidence): Quoted =>
  nodes.length > 0 ? say` on ${codes(nodes, 8, first)}` : citing(first);

/** The collection came too late for what would decide. */
function lostBefore(b: Brief): readonly Statement[] {
  const { nodes, evidence } = replaced(b);
  const [first, ...rest] = evidence;
  if (!first || nodes.length === 0) return [];
  return [
    say`What was in force on ${codes(nodes, 8, first, ...rest)} when the last failure was seen is in no collection: it had been replaced before the first of them`,
  ];
}
