import type { Coverage } from "./artifact.js";
import type { Evidence } from "./evidence.js";
import type { Fact, FactKind } from "./fact.js";
import type { AboutKey, Change, Finding, Found, Missing, Observation, Outcome, Relation, Role } from "./finding.js";
import type { Instant } from "./instant.js";
import type { Part, Reference, Statement } from "./statement.js";

/** Bundles collected together. `collectedAt` is the latest end of them. */
export interface Moment {
  /** `m1`, `m2`, … in the order of time. */
  readonly id: string;
  readonly startedAt: Instant;
  readonly collectedAt: Instant;
  readonly bundles: readonly string[];
  readonly nodes: readonly string[];
}

/** How completely a kind of fact was collected on a node (null: in the cluster). */
export interface CoverageReport {
  /** `complete` only where every artifact that could hold the kind is. */
  readonly state: Coverage;
  /** What to cite for an absence: the artifacts that were searched, one piece of evidence each. */
  readonly searched: (query: string) => readonly Evidence[];
  readonly facts: number;
}

/** All facts of one kind at one moment. */
export interface FactView<K extends FactKind> {
  readonly kind: K;
  readonly all: readonly Fact<K>[];
  readonly on: (node: string) => readonly Fact<K>[];
  /** Of a node kind: on that node. Of a cluster kind (`kube.*`): leave the node out. `origin` narrows to artifacts of that origin. */
  readonly coverage: (node?: string, origin?: RegExp) => CoverageReport;
  /** The gap to yield where this kind is missing on a node. */
  readonly missing: (what: string, node?: string, origin?: RegExp) => Missing;
}

export type Needs = Readonly<Record<string, FactKind>>;
export type Views<N extends Needs> = { readonly [P in keyof N]: FactView<N[P]> };

/** What a match knows besides its facts. */
export interface MatchContext {
  readonly moment: Moment;
  /** Findings of rules named in `uses`, at this moment. */
  readonly findings: (rule: string) => readonly Found[];
  /** Computes once per moment: shared derivations such as the path to the credential in use. Key by the function. */
  readonly derive: <T>(compute: (view: <K extends FactKind>(kind: K) => FactView<K>, context: MatchContext) => T) => T;
}

/** Which findings a rule's findings can cause, and by what they must be joined. */
export interface Effect {
  readonly rule: string;
  readonly same: readonly AboutKey[];
  readonly relation: Relation;
}

export const effect = (rule: string, same: readonly AboutKey[], relation: Relation): Effect => ({
  rule,
  same,
  relation,
});

/** One command with what it should print. The text goes into a code block; names in it are shell-quoted with `shellWord`. */
export interface Command {
  readonly run: string;
  readonly expect: string | null;
}

/** Commands that only make sense together, in this order: a pod that is created is waited for and deleted again. */
export type CommandGroup = readonly Command[];

export interface Action {
  /** Begins with a verb. */
  readonly title: Statement | string;
  readonly type: "prevent" | "mitigate" | "detect" | "repair" | "process";
  readonly priority: "Urgent" | "High" | "Medium" | "Low";
  readonly doneWhen: string;
  /** By when, where the evidence sets a date. */
  readonly due?: Instant | null;
}

/** What follows from a finding. */
export interface Consequence {
  /** The repair, step by step, in words or in parts where a time is among them; empty where the finding is over or has none of its own. */
  readonly fix: readonly { readonly step: string | readonly Part[]; readonly commands: readonly Command[] }[];
  /** What shows that it worked. A review lists a command once, and a group once as a whole. */
  readonly verify: readonly (Command | CommandGroup)[];
  readonly actions: readonly Action[];
  /** What only a person can answer. */
  readonly questions: readonly string[];
  /** Why the asking stops here, where the finding ends a chain. */
  readonly stops: string | null;
}

export const NO_CONSEQUENCE: Consequence = {
  fix: [],
  verify: [],
  actions: [],
  questions: [],
  stops: null,
};

export interface RuleCard<N extends Needs = Needs> {
  /** The file's name; a catalogue id. Symptoms are named `sym-<x>.ts` and carry the id `sym:<x>`. */
  readonly id: string;
  /** Completes "the evidence shows that …". */
  readonly title: string;
  /** A noun phrase for headings: `pods stuck Terminating`. The title where there is none. */
  readonly label?: string;
  /** Where one finding's case goes by another noun phrase than the rest; null: by the label. */
  readonly labelOf?: (finding: Finding) => string | null;
  /** Its refutation shows a usual alarm that stayed silent: quoted where a review asks how the fault went unnoticed. */
  readonly healthSign?: boolean;
  /** The "How …?" question to which the finding is the answer's subject: asked of the finding before it in a chain. */
  readonly asks: string;
  readonly kind: "symptom" | "impact" | "mechanism";
  /** Where the rule fixes its role; else the engine says failure or latent-condition. */
  readonly role?: Role;
  readonly needs: N;
  readonly uses?: readonly string[];
  readonly explains: readonly Effect[];
  readonly match: (facts: Views<N>, context: MatchContext) => Iterable<Outcome>;
  /** How the software works, as far as this mechanism needs it. Printed after the finding's own sentences. */
  readonly known: readonly Statement[];
  readonly consequence: (finding: Finding) => Consequence;
  readonly references: readonly Reference[];
  /** Whether a source is about software that the finding concerns: where it is not, neither it nor what is known by it is printed. All are where it is left out. */
  readonly holds?: (reference: Reference, finding: Finding) => boolean;
  readonly falsePositives: readonly string[];
  /** Scenario files below test/scenarios: at least one each. */
  readonly examples: {
    readonly found: readonly string[];
    readonly refuted: readonly string[];
    readonly undetermined: readonly string[];
  };
  /** Tags for the review's front matter. */
  readonly tags: readonly string[];
}

/** A rule with its needs' types forgotten, as the engine keeps it. */
export type Rule = RuleCard;

/** Checks the card's types and forgets them. */
export function defineRule<const N extends Needs>(card: RuleCard<N>): Rule {
  return card as unknown as Rule;
}

/** Compares facts of two moments (earlier, later), or yields time line rows of one moment. */
export interface ChangeCard {
  readonly id: string;
  readonly needs: Needs;
  readonly compare: (earlier: ComparedMoment, later: ComparedMoment) => Iterable<Change>;
}

export interface ComparedMoment {
  readonly context: MatchContext;
  readonly view: <K extends FactKind>(kind: K) => FactView<K>;
}

export const defineChange = (card: ChangeCard): ChangeCard => card;

/** Yields rows of the time line from facts. */
export interface TimelineCard {
  readonly id: string;
  readonly observe: (moment: ComparedMoment) => Iterable<Observation>;
}

export const defineTimeline = (card: TimelineCard): TimelineCard => card;

/** Says what the cluster is and what was looked at. */
export interface SurveyCard {
  readonly id: string;
  readonly survey: (moment: ComparedMoment) => Iterable<SurveyRow>;
}

export interface SurveyRow {
  /** `environment`: what the cluster is. `examined`: what was looked at and how completely. */
  readonly section: "environment" | "examined";
  readonly name: string;
  readonly statement: Statement;
}

export const defineSurvey = (card: SurveyCard): SurveyCard => card;

type Draft<T extends { readonly outcome: string }> = Omit<T, "outcome">;

/** The evidence shows it. */
export const found = (
  draft: Omit<Draft<Found>, "over" | "unverified" | "value" | "impact" | "lessons" | "missing"> &
    Partial<Pick<Found, "over" | "unverified" | "value" | "impact" | "lessons" | "missing">>,
): Outcome => ({
  outcome: "found",
  over: false,
  unverified: [],
  value: {},
  impact: [],
  lessons: [],
  missing: [],
  ...draft,
});

/** The evidence excludes it. */
export const refuted = (draft: {
  readonly subject: string;
  readonly about: Found["about"];
  readonly statements: Found["statements"];
  readonly standsSince?: Instant | null;
  readonly excludes?: "condition" | "cause";
  readonly alarming?: boolean;
}): Outcome => ({
  outcome: "refuted",
  alarming: false,
  standsSince: null,
  excludes: "condition",
  ...draft,
});

/** Seen, but too short or too young. */
export const slight = (draft: {
  readonly subject: string;
  readonly about: Found["about"];
  readonly statements: Found["statements"];
  readonly open?: boolean;
  readonly apart?: boolean;
}): Outcome => ({ outcome: "slight", open: false, apart: false, ...draft });

/** What would decide was not collected. */
export const undetermined = (draft: {
  readonly subject: string;
  readonly about: Found["about"];
  readonly missing: readonly [Missing, ...Missing[]];
}): Outcome => ({ outcome: "undetermined", ...draft });

/** It will happen. */
export const foreseen = (
  draft: Omit<Extract<Outcome, { outcome: "foreseen" }>, "outcome" | "unverified"> & {
    readonly unverified?: readonly string[];
  },
): Outcome => ({
  outcome: "foreseen",
  unverified: [],
  ...draft,
});

const SAFE_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A name from a bundle as one word of a POSIX shell command. */
export const shellWord = (text: string): string => (SAFE_WORD.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
