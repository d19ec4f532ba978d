import type { Review, ReviewStatement } from "#model/review.js";
import { mergeNodes } from "./each-node.js";
import { gapNumber, gapRows, mergeMissing, placed } from "./gaps.js";
import { formatClock, formatDated, isOfReviewsDay, type ReportZone, readTime } from "./report-zone.js";

type Finding = Review["findings"][number];
type Chain = Review["chains"][number];
type Answer = Chain["answers"][number];
type Hypothesis = Review["hypotheses"][number];

/** A chain as it is told: numbered, each step with the certainty of its finding. */
export interface ToldChain {
  readonly number: number;
  readonly title: string;
  readonly steps: readonly ToldStep[];
  readonly continues: { readonly number: number; readonly title: string; readonly step: number } | null;
  /** Empty where the chain goes on in another: it stops where that one does. */
  readonly stop: string;
  /** What is asked of the whole chain after its end: how nobody noticed. */
  readonly coda: readonly ToldAnswer[];
}

/** An answer, with what the evidence shows apart from what is known of the software. */
export interface ToldAnswer {
  readonly question: string;
  readonly observed: readonly ReviewStatement[];
  readonly known: readonly ReviewStatement[];
}

export interface ToldStep extends ToldAnswer {
  readonly number: number;
  /** Null where the answer is not a finding's. */
  readonly confidence: Finding["confidence"] | null;
  readonly unverified: string;
}

/** Chains in the order of the review, counted from 1. */
export const chainsOf = (review: Review): readonly ToldChain[] =>
  review.chains.map((chain, i) => ({
    number: i + 1,
    title: chain.title,
    steps: stepsOf(chain).map((answer, step) => stepOf(answer, step + 1, review)),
    continues: continuation(chain, review),
    stop: chain.continuesIn === null ? chain.stop : "",
    coda: chain.answers.filter((answer) => !stepsOf(chain).includes(answer)).map(answerOf),
  }));

/** The causal steps: each finding once. A later answer of the same finding is the chain's coda. */
const stepsOf = (chain: Chain): readonly Answer[] =>
  chain.answers.filter((answer, i) => chain.answers.findIndex((a) => a.finding === answer.finding) === i);

const answerOf = ({ question, statements }: Answer): ToldAnswer => ({
  question,
  observed: statements.filter((s) => s.source.kind !== "known"),
  known: statements.filter((s) => s.source.kind === "known"),
});

function stepOf(answer: Answer, number: number, review: Review): ToldStep {
  const finding = review.findings.find((f) => f.id === answer.finding);
  return {
    ...answerOf(answer),
    number,
    confidence: finding?.confidence ?? null,
    unverified: finding?.unverified.join("; ") ?? "",
  };
}

function continuation(chain: Chain, review: Review): ToldChain["continues"] {
  const next = chain.continuesIn;
  if (next === null) return null;
  const at = review.chains.findIndex((other) => other.id === next.chain);
  const other = review.chains[at];
  if (other === undefined) return null;
  const shared = chain.steps[next.fromStep];
  const step = stepsOf(other).findIndex((answer) => answer.finding === shared);
  return { number: at + 1, title: other.title, step: Math.max(step, 0) + 1 };
}

/** A finding told in one line, outside the chains. */
export type UntoldFinding = Finding & { readonly premises: string };

/** Findings that no chain tells: impacts on workloads, and conditions beside the chains. */
export function untoldFindings(review: Review): {
  readonly impacts: readonly UntoldFinding[];
  readonly others: readonly UntoldFinding[];
} {
  const told = new Set(review.chains.flatMap((chain) => [...chain.steps, ...chain.answers.map((a) => a.finding)]));
  const untold = review.findings
    .filter((finding) => !told.has(finding.id))
    .map((finding) => ({ ...finding, premises: finding.unverified.join("; ") }));
  return {
    impacts: untold.filter((finding) => finding.role === "impact"),
    others: untold.filter((finding) => finding.role !== "impact"),
  };
}

/** Findings in the order in which the chains tell them; those that no chain tells come last. */
export function inToldOrder(ids: readonly string[], review: Review): readonly string[] {
  const told = [...new Set(review.chains.flatMap((chain) => stepsOf(chain).map((answer) => answer.finding)))];
  const rank = (id: string): number => (told.includes(id) ? told.indexOf(id) : told.length);
  return [...ids].sort((a, b) => rank(a) - rank(b));
}

/** Where a finding is told: `chain 1 step 2`, else its title. */
export function placeOf(id: string, review: Review): string {
  for (const [i, chain] of review.chains.entries()) {
    const step = stepsOf(chain).findIndex((answer) => answer.finding === id);
    if (step >= 0) return `chain ${i + 1} step ${step + 1}`;
  }
  return review.findings.find((finding) => finding.id === id)?.title ?? id;
}

/** The title of a mechanism. Null where the review has none. */
export function titleOf(mechanism: string, review: Review): string | null {
  const all = [...review.findings, ...review.hypotheses, ...review.forecasts];
  return all.find((entry) => entry.mechanism === mechanism)?.title ?? null;
}

/** A rival explanation as a row of the table. */
export interface Rival {
  readonly title: string;
  readonly status: Hypothesis["status"];
  /** Where the status holds, if it does not hold of all that failed alike: a reader takes a bare word for everywhere. */
  readonly nodes: readonly string[];
  /** How many more nodes there are. */
  readonly moreNodes: number;
  /** Of what it holds there, where not of all that failed on these nodes. */
  readonly places: string;
  readonly statements: readonly ReviewStatement[];
  readonly missing: readonly RivalMissing[];
}

/** Nodes that are named in a row. */
const NODES = 8;

/** The same failures on other nodes, or others of them on these, have another cause or another status; or the same explanation holds elsewhere. */
function extentOf(hypothesis: Hypothesis, review: Review): Pick<Rival, "nodes" | "moreNodes" | "places"> {
  const { of } = hypothesis;
  const own = review.findings.filter((f) => of.includes(f.id));
  const kinds = new Set(own.map((f) => f.mechanism));
  const others = review.findings.filter((f) => kinds.has(f.mechanism) && !of.includes(f.id));
  const isBare = others.length === 0 && !isElsewhere(hypothesis, nodesOf(of, review), review);
  const nodes = isBare ? [] : nodesOf(of, review);
  const isShared = others.some((f) => f.nodes.some((node) => nodes.includes(node)));
  return {
    nodes: nodes.slice(0, NODES),
    moreNodes: Math.max(0, nodes.length - NODES),
    places: isShared ? own.map((f) => placeOf(f.id, review)).join("; ") : "",
  };
}

const nodesOf = (findings: readonly string[], review: Review): readonly string[] =>
  [...new Set(review.findings.filter((f) => findings.includes(f.id)).flatMap((f) => f.nodes))].sort();

/** Whether it is judged otherwise of what failed on other nodes only, or found on them. */
function isElsewhere({ mechanism, status }: Hypothesis, own: readonly string[], review: Review): boolean {
  const rivals = review.hypotheses.filter((h) => h.mechanism === mechanism && h.status !== status);
  const found = review.findings.filter((f) => f.mechanism === mechanism);
  const elsewhere = [...rivals.map((h) => nodesOf(h.of, review)), ...found.map((f) => f.nodes)];
  return elsewhere.some((nodes) => nodes.length > 0 && !nodes.some((node) => own.includes(node)));
}

interface RivalMissing {
  /** With the nodes on which it is missing. */
  readonly what: string;
  readonly why: string;
  /** Number in the table of gaps; null where it is not there, and then the command stands here. */
  readonly gap: number | null;
  readonly command: string;
  /** What stands in a command's place where there is none to run: prose, without the mark of a comment. */
  readonly note: string | null;
}

/** A comment is for a shell; in a sentence its words are enough. */
function commandOrNote(command: string): Pick<RivalMissing, "command" | "note"> {
  const lines = command.split("\n");
  const isNote = lines.every((line) => line.startsWith("#"));
  return { command, note: isNote ? lines.map((line) => line.replace(/^#+\s*/, "")).join(" ") : null };
}

/** Where the same explanation has another status for what was seen at other moments: the moments of this one. */
function seenWhen(hypothesis: Hypothesis, review: Review, zone: ReportZone): string {
  const momentsOf = ({ of }: Hypothesis): readonly string[] => [
    ...new Set(review.findings.filter((f) => of.includes(f.id)).flatMap((f) => f.moments)),
  ];
  const own = momentsOf(hypothesis);
  const others = review.hypotheses.filter(
    (h) => h.mechanism === hypothesis.mechanism && h.status !== hypothesis.status,
  );
  const isApart = others.some((h) => momentsOf(h).every((m) => !own.includes(m)));
  const times = review.moments.flatMap((m) => (own.includes(m.id) ? (readTime(m.to) ?? []) : []));
  if (!isApart || times.length === 0) return "";
  const told = times.map((at) => (isOfReviewsDay(at, zone) ? formatClock(at, zone) : formatDated(at, zone)));
  return `, as to what the collection${told.length === 1 ? "" : "s"} of ${told.join(" and ")} show${told.length === 1 ? "s" : ""}`;
}

/** Where the condition is found all the same, on the same node at the same time: it is there, and this is not what it brought about. */
function toldApart({ mechanism, of, status }: Hypothesis, review: Review): string {
  if (status !== "refuted") return "";
  const effects = review.findings.filter((f) => of.includes(f.id));
  const meets = (a: readonly string[], b: readonly string[]): boolean => a.some((one) => b.includes(one));
  const found = review.findings.find(
    (f) => f.mechanism === mechanism && effects.some((e) => meets(e.nodes, f.nodes) && meets(e.moments, f.moments)),
  );
  return found === undefined ? "" : `, as the cause of what failed there; that it was so: ${placeOf(found.id, review)}`;
}

/** Rivals, those still open first: they are what a reader must know. */
export function rivalsOf(review: Review, zone: ReportZone): readonly Rival[] {
  const gaps = gapRows(review);
  const rivals = review.hypotheses.map((hypothesis) => ({
    title: `${hypothesis.title}${seenWhen(hypothesis, review, zone)}${toldApart(hypothesis, review)}`,
    status: hypothesis.status,
    ...extentOf(hypothesis, review),
    statements: mergeNodes(hypothesis.statements, review),
    missing: mergeMissing(hypothesis.missing).map((row) => ({
      what: placed(row),
      why: row.why,
      gap: row.entries.map((entry) => gapNumber(entry, gaps)).find((n) => n !== null) ?? null,
      ...commandOrNote(row.command),
    })),
  }));
  return [...rivals.filter((r) => r.status === "open"), ...rivals.filter((r) => r.status === "refuted")];
}
