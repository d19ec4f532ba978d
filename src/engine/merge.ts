import type { Verdicts } from "#model/conclusions.js";
import type { Evidence } from "#model/evidence.js";
import type { Finding, Forecast, Found, Outcome } from "#model/finding.js";
import { earliest, type Instant, latestOf, order } from "#model/instant.js";
import type { Rule } from "#model/rule.js";
import { confidenceOf } from "./confidence.js";
import { couldSee, isForeseen, joined } from "./infer.js";
import type { World } from "./world.js";

/** A finding before it has its id and, for mechanisms, its role. */
export type Merged = Omit<Finding, "id" | "role"> & { readonly of: Rule };

interface Sighting {
  readonly world: World;
  readonly outcome: Found;
}

/** Merges equal findings (rule and subject) over the moments, in order of rule and subject. */
export function mergeFindings(verdicts: readonly Verdicts[], worlds: readonly World[]): readonly Merged[] {
  const byId = new Map(worlds.map((w) => [w.moment.id, w]));
  const sightings = new Map<string, { readonly rule: Rule; readonly seen: Sighting[] }>();
  for (const verdict of verdicts) {
    const world = byId.get(verdict.moment);
    if (!world) continue;
    for (const outcome of verdict.outcomes) {
      if (outcome.outcome !== "found") continue;
      const key = `${verdict.rule.id}\n${outcome.subject}`;
      const entry = sightings.get(key) ?? { rule: verdict.rule, seen: [] };
      entry.seen.push({ world, outcome });
      sightings.set(key, entry);
    }
  }
  return [...sightings.keys()].sort().flatMap((key) => {
    const entry = sightings.get(key);
    if (!entry) return [];
    return episodes(entry.rule, entry.seen, worlds, verdicts).map((seen) =>
      mergeOne(entry.rule, seen, worlds, verdicts),
    );
  });
}

/** What ended and came back, or began anew after the last collection that saw it, is another finding: it may have another cause. */
function episodes(
  rule: Rule,
  seen: readonly Sighting[],
  worlds: readonly World[],
  verdicts: readonly Verdicts[],
): readonly (readonly Sighting[])[] {
  const all: Sighting[][] = [];
  for (const sighting of seen) {
    const current = all.at(-1);
    const last = current?.at(-1);
    const ended = last ? endOf(rule, last, worlds, verdicts) : null;
    const began = sighting.outcome.since;
    const endedBefore = ended !== null && indexOf(worlds, ended.moment) < worlds.indexOf(sighting.world);
    const beganAfter = last && began !== null && order(began, last.world.moment.collectedAt) === "after";
    const isBack = !sighting.outcome.over && (endedBefore || beganAfter);
    if (current && !isBack) current.push(sighting);
    else all.push([sighting]);
  }
  return all;
}

function mergeOne(
  rule: Rule,
  seen: readonly Sighting[],
  worlds: readonly World[],
  verdicts: readonly Verdicts[],
): Merged {
  const last = seen.at(-1) as Sighting;
  const told = seen.findLast((s) => !s.outcome.over) ?? last;
  const latest = saysMore(last.outcome, told.outcome) ? last : told;
  const since = seen.map((s) => s.outcome.since).reduce(earliest, null);
  const first = seen.filter((s) => s.outcome.since?.epochMs === since?.epochMs);
  return {
    of: rule,
    rule: rule.id,
    subject: last.outcome.subject,
    about: unite(seen.map((s) => s.outcome.about)),
    moments: momentsOf(seen),
    activeAt: momentsOf(seen.some((s) => !s.outcome.over) ? seen.filter((s) => !s.outcome.over) : seen),
    since,
    ...(since !== null && first.every((s) => s.outcome.sinceAtLatest) ? { sinceAtLatest: true } : {}),
    ...notBeforeOf(seen),
    ...(seen.some((s) => s.outcome.due) ? { due: seen.map((s) => s.outcome.due ?? null).reduce(earliest, null) } : {}),
    lastSeen: seen.map((s) => s.outcome.lastSeen).reduce(latestOf, null),
    ended: endOf(rule, last, worlds, verdicts),
    statements: latest.outcome.statements,
    ending: last.outcome.over ? (last.outcome.ending ?? null) : null,
    unverified: told.outcome.unverified,
    confidence: confidenceOf(rule.kind, told.outcome.unverified),
    value: told.outcome.value,
    impact: told.outcome.impact,
    lessons: told.outcome.lessons,
  };
}

/** A sighting that cannot exclude an earlier begin leaves it open for all of them. */
function notBeforeOf(seen: readonly Sighting[]): Pick<Merged, "notBefore"> {
  return seen.every((s) => s.outcome.notBefore)
    ? { notBefore: seen.map((s) => s.outcome.notBefore ?? null).reduce(earliest, null) }
    : {};
}

/**
 * Does a later sighting know the end of the same story better? It begins no later, goes on for longer, and leaves out nothing of what it names
 * at all; who looks later may find less left of it.
 */
function saysMore(later: Found, told: Found): boolean {
  const { since, lastSeen } = later;
  if (later === told || !lastSeen || !told.lastSeen || lastSeen.epochMs <= told.lastSeen.epochMs) return false;
  if (!since || !told.since || since.epochMs > told.since.epochMs) return false;
  return Object.entries(told.about).every(([key, values]) => {
    const own = later.about[key as keyof Found["about"]] ?? [];
    return own.length === 0 || values.every((value) => own.includes(value));
  });
}

const momentsOf = (seen: readonly Sighting[]): readonly string[] => [...new Set(seen.map((s) => s.world.moment.id))];

function unite(abouts: readonly Found["about"][]): Found["about"] {
  const united: Record<string, readonly string[]> = {};
  for (const about of abouts) {
    for (const [key, values] of Object.entries(about)) united[key] = [...new Set([...(united[key] ?? []), ...values])];
  }
  return united;
}

/** A finding ended where it says so itself, or where a later moment refutes it or could have seen it and did not. */
function endOf(rule: Rule, last: Sighting, worlds: readonly World[], verdicts: readonly Verdicts[]): Finding["ended"] {
  const { over, endedAt, lastSeen, ending, about } = last.outcome;
  if (over && endedAt) return { after: endedAt, by: endedAt, moment: last.world.moment.id };
  if (over) return { after: lastSeen, ...at(last.world, ending?.evidence ?? listsOf(rule, about, last.world)) };
  for (const world of worlds.slice(worlds.indexOf(last.world) + 1)) {
    const said = verdicts.find((v) => v.rule === rule && v.moment === world.moment.id);
    // A rule that failed there was silent for another reason than that the subject is gone.
    if (!said || said.failed !== null) continue;
    const own = said.outcomes.filter((o) => o.subject === last.outcome.subject);
    const refuting = own.filter((o) => o.outcome === "refuted" && !leavesOpen(o));
    // Undecided, or begun anew and too young to tell: that is no end.
    if (own.some((o) => o.outcome === "undetermined" || (o.outcome === "slight" && o.open))) continue;
    if (refuting.length === 0 && own.some(leavesOpen)) continue;
    const after = last.outcome.lastSeen ?? last.world.moment.collectedAt;
    const shown = refuting.flatMap((o) => ("statements" in o ? o.statements.flatMap((s) => s.evidence) : []));
    if (refuting.length > 0) return { after, ...at(world, shown) };
    if (couldSee(rule, last.outcome.about, world))
      return { after, ...at(world, listsOf(rule, last.outcome.about, world)) };
  }
  return null;
}

const indexOf = (worlds: readonly World[], moment: string): number => worlds.findIndex((w) => w.moment.id === moment);

/** When what shows an end was read: a moment goes on for a while after that, and its end is the time of nothing in it. */
const at = (world: World, shown: readonly Evidence[]): { readonly by: Instant; readonly moment: string } => ({
  by: world.readAt(shown) ?? world.moment.collectedAt,
  moment: world.moment.id,
});

/** What was searched where a rule is silent of its subject. */
function listsOf(rule: Rule, about: Found["about"], world: World): readonly Evidence[] {
  return Object.values(rule.needs).flatMap((kind) => {
    const view = world.view(kind);
    return [view.coverage(), ...(about.node ?? []).map((node) => view.coverage(node))].flatMap((c) => c.searched(""));
  });
}

/** What is foreseen at the last moment that could tell; an earlier forecast that a later moment no longer makes has lapsed. */
export function mergeForecasts(verdicts: readonly Verdicts[], worlds: readonly World[]): readonly Forecast[] {
  const forecasts = new Map<string, Forecast>();
  for (const world of worlds) {
    for (const verdict of verdicts.filter((v) => v.moment === world.moment.id)) {
      if (verdict.failed !== null) continue;
      const foreseen = verdict.outcomes.filter(isForeseen);
      for (const [key, forecast] of forecasts) {
        const open = verdict.outcomes.some((o) => leavesOpen(o) && joined(o.about, forecast.about, ["node"]));
        const said = verdict.outcomes.some((o) => o.subject === forecast.subject && !leavesOpen(o));
        if (forecast.rule === verdict.rule.id && (said || (!open && couldSee(verdict.rule, forecast.about, world))))
          forecasts.delete(key);
      }
      for (const { outcome: _, ...f } of foreseen) {
        forecasts.set(`${verdict.rule.id}\n${f.subject}\n${f.mechanism}`, {
          ...f,
          rule: verdict.rule.id,
          confidence: confidenceOf("forecast", f.unverified),
        });
      }
    }
  }
  return [...forecasts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, f]) => f);
}

/** Neither that it is there nor that it is not: not decided, or only that it did not bring about what failed. */
const leavesOpen = (o: Outcome): boolean =>
  o.outcome === "undetermined" || (o.outcome === "refuted" && o.excludes === "cause");
