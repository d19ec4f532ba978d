import type { Draft } from "#model/review.js";
import type { Statement } from "#model/statement.js";
import { type Brief, distinct } from "./inquest.js";
import { label } from "./name.js";

type DraftChain = Draft["chains"][number];

/** The chains with their questions and answers; a chain that runs into an earlier one says where it goes on. */
export function tellChains(b: Brief): DraftChain[] {
  const told: DraftChain[] = [];
  for (const steps of b.chains) {
    const joins = joinOf(steps, told);
    const shown = joins ? steps.slice(0, joins.fromStep) : steps;
    const root = b.finding(steps.at(-1) ?? "");
    const answers = shown.map((id) => answer(b, id));
    const unnoticed = told.length === 0 ? silence(b, steps) : [];
    if (unnoticed.length > 0) {
      answers.push({ finding: root.id, question: "How was this not noticed before?", statements: unnoticed });
    }
    told.push({
      id: `chain-${told.length + 1}`,
      title: titleOf(b, steps),
      steps: [...steps],
      answers,
      continuesIn: joins,
      stop: stopOf(b, steps),
    });
  }
  return told;
}

/** What failed, and the nearest mechanism that brought it about. */
function titleOf(b: Brief, steps: readonly string[]): string {
  const [effect, ...causes] = steps.map(b.finding);
  if (effect && !b.isSymptom(effect)) return label(b, effect);
  const cause = causes.find((f) => b.rule(f.rule).kind === "mechanism");
  return [effect, cause].flatMap((f) => (f ? [label(b, f)] : [])).join(" — ");
}

/** From which step on, at least one in, the chain is the end of one that was told before. */
function joinOf(steps: readonly string[], told: readonly DraftChain[]): DraftChain["continuesIn"] {
  for (const chain of told) {
    const at = steps.findIndex(
      (id, i) => i > 0 && chain.steps.includes(id) && steps.slice(i).every((s) => chain.steps.includes(s)),
    );
    if (at > 0) return { chain: chain.id, fromStep: at };
  }
  return null;
}

function answer(b: Brief, id: string): DraftChain["answers"][number] {
  const finding = b.finding(id);
  const rule = b.rule(finding.rule);
  const holding = rule.known.filter(
    ({ source }) => source.kind !== "known" || rule.holds?.(source.reference, finding) !== false,
  );
  return { finding: id, question: rule.asks, statements: [...finding.statements, ...holding] };
}

/**
 * The usual alarms that stayed silent while the symptom's cause was there. Only those of what could have brought about a step of the chain, or
 * what that leads to: that an agent is well says nothing where nobody asked it.
 */
function silence(b: Brief, steps: readonly string[]): Statement[] {
  const nodes = new Set(steps.flatMap((id) => b.finding(id).about.node ?? []));
  const moments = new Set(b.finding(steps[0] ?? "").moments);
  const told = new Set(steps.map((id) => b.finding(id).rule));
  // A set grows while it is gone through: what the top of the chain leads to, by as many links as there are.
  const led = new Set(steps.slice(0, 1).map((id) => b.finding(id).rule));
  for (const id of led) for (const e of b.rules.find((r) => r.id === id)?.explains ?? []) led.add(e.rule);
  const began = b.finding(steps[0] ?? "").since?.epochMs ?? Number.NEGATIVE_INFINITY;
  // What was read before anything failed had nothing to be alarmed by.
  const isEarly = (moment: string, { evidence }: Statement): boolean => {
    const read = b.worlds.find((w) => w.context.moment.id === moment)?.readAt(evidence);
    return read !== undefined && read !== null && read.epochMs < began;
  };
  const said = b.verdicts
    .filter((v) => v.rule.healthSign === true && moments.has(v.moment))
    .filter((v) => v.rule.explains.some((e) => told.has(e.rule) || led.has(e.rule)))
    .flatMap((v) => v.outcomes.map((o) => ({ o, moment: v.moment })))
    .flatMap(({ o, moment }) =>
      // That it is not the cause says nothing of how well it was.
      o.outcome === "refuted" &&
      o.excludes === "condition" &&
      !o.alarming &&
      (o.about.node ?? []).some((n) => nodes.has(n)) &&
      !isEarly(moment, o.statements[0])
        ? [o.statements[0]]
        : [],
    );
  return distinct(said).slice(0, 4);
}

function stopOf(b: Brief, steps: readonly string[]): string {
  const root = b.finding(steps.at(-1) ?? "");
  const open = b.hypotheses.filter((h) => h.status === "open" && h.of.includes(root.id));
  const own = b.consequence(root).stops;
  if (own) return own;
  return open.length > 0
    ? `what caused it could not be decided with what was collected; ${open.length} explanation${open.length === 1 ? "" : "s"} stayed open`
    : "none of the mechanisms that this version knows explains it with the evidence collected";
}
