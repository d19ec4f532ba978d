import type { FactKind } from "./fact.js";
import type { Instant } from "./instant.js";
import type { Statement } from "./statement.js";

/** What findings are joined by. Every value is a set; two findings share a key where the sets meet. */
export type AboutKey = "node" | "pod" | "path" | "error" | "workload" | "volume" | "token" | "object";
export type About = Readonly<Partial<Record<AboutKey, readonly string[]>>>;

export type Role = "trigger" | "latent-condition" | "contributing-factor" | "failure" | "symptom" | "impact";

/**
 * observed: recorded in an artifact. established: inferred, every premise observed. probable: one premise unverified. possible: more.
 * The only words for certainty that a review uses; computed in engine/confidence.ts.
 */
export type Confidence = "observed" | "established" | "probable" | "possible";

export type Relation = "triggers" | "enables" | "propagates" | "prevents-recovery" | "conceals";

/** What a rule says of one subject. */
export type Outcome = Found | Refuted | Undetermined | Foreseen | Slight;

export interface Found {
  readonly outcome: "found";
  /** Stable name of the subject, the same at every moment: what findings are merged by. */
  readonly subject: string;
  readonly about: About;
  /** First and last time it was true, as far as evidence goes. `over`: it was over at this collection. */
  readonly since: Instant | null;
  /** `since` is only the latest that it can have begun: what is counted from it is "at least". */
  readonly sinceAtLatest?: boolean;
  /** Its evidence shows that it was not there before: it cannot have begun earlier. `since` alone may be when it was first seen. */
  readonly notBefore?: Instant | null;
  /** Where it begins as what is ordinary and is a symptom by its lasting: when it had outlived that. What began later did not bring it so far. */
  readonly due?: Instant | null;
  readonly lastSeen: Instant | null;
  readonly over: boolean;
  /** The first is the headline: it stands alone in the summary. */
  readonly statements: readonly [Statement, ...Statement[]];
  /** Where it was over: what shows that, as of this collection. It stands among the statements, too. */
  readonly ending?: Statement | null;
  /** Where it was over: when it ended, if the evidence tells that and not only that it was. */
  readonly endedAt?: Instant | null;
  /** Premises that were inferred and not seen, each in a few words. */
  readonly unverified: readonly string[];
  /** What other rules compute with; plain data. */
  readonly value: Readonly<Record<string, string | number | boolean | null>>;
  /** Rows of the impact table, where the finding is an impact on a workload. */
  readonly impact: readonly ImpactRow[];
  /** What is to be learnt from it, with its evidence. */
  readonly lessons: readonly Lesson[];
  /** What was not collected and would verify the unverified premises. */
  readonly missing: readonly Missing[];
}

export interface Lesson {
  readonly kind: "well" | "badly" | "surprise";
  readonly statement: Statement;
}

export interface ImpactRow {
  readonly subject: string;
  readonly effect: Statement;
  readonly wanted: number | null;
  readonly available: number | null;
  readonly since: Instant | null;
}

export interface Refuted {
  readonly outcome: "refuted";
  readonly subject: string;
  readonly about: About;
  readonly statements: readonly [Statement, ...Statement[]];
  /** Since when what refutes it has stood there: it says nothing of a symptom that was over before. Null: it is no matter of time. */
  readonly standsSince: Instant | null;
  /** `condition`: it is not there. `cause`: it may be there, and what failed shows by itself that it was not brought about by it. */
  readonly excludes: "condition" | "cause";
  /** What refutes it is an alarm by itself: it shows no usual one that stayed silent. */
  readonly alarming: boolean;
}

export interface Undetermined {
  readonly outcome: "undetermined";
  readonly subject: string;
  readonly about: About;
  readonly missing: readonly [Missing, ...Missing[]];
}

/** Why something is missing that a later state has taken the place of: no command brings it back. */
export const REPLACED = "replaced before this collection";
/** What stands in the place of a command there: it is told with the explanation that it leaves open, and is no gap that anybody could close. */
export const ONLY_THEN = "# only a bundle that was collected during the fault holds it";

/** What was not collected, where, why, and what would close the gap. */
export interface Missing {
  readonly kind: FactKind;
  readonly node: string | null;
  /** What is missing, as a noun phrase: `the mount table of the CNI agent`. */
  readonly what: string;
  /** `not attempted`, `truncated`, `permission denied`, … in words. */
  readonly why: string;
  readonly command: string;
}

/** Something of the kind was seen, too short or too young to be what the rule is about: no finding, and yet nothing that was not there. */
export interface Slight {
  readonly outcome: "slight";
  readonly subject: string;
  readonly about: About;
  /** Each stands alone in the summary. */
  readonly statements: readonly [Statement, ...Statement[]];
  /** It holds at the collection, and only a later one could tell whether it passes: nobody may say that nothing is wrong. */
  readonly open: boolean;
  /** It is of a workload alone, and says nothing of the cluster. */
  readonly apart: boolean;
}

export interface Foreseen {
  readonly outcome: "foreseen";
  readonly subject: string;
  readonly about: About;
  /** Id of the mechanism or symptom that will follow. */
  readonly mechanism: string;
  readonly node: string;
  /** When, if a date is known. */
  readonly at: Instant | null;
  /** What trips it, and what would prevent it, in plain words. */
  readonly on: string;
  readonly unless: string;
  readonly statements: readonly [Statement, ...Statement[]];
  readonly unverified: readonly string[];
}

/** A merged finding: one subject over all moments. */
export interface Finding {
  /** `f1`, `f2`, … in the order of the review. */
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly role: Role;
  readonly about: About;
  readonly moments: readonly string[];
  /** Those of them at which it was not over; all of them where it always was. */
  readonly activeAt: readonly string[];
  readonly since: Instant | null;
  /** `since` is only the latest that it can have begun. */
  readonly sinceAtLatest?: boolean;
  /** As of the outcomes that it was merged of, the earliest of each. */
  readonly notBefore?: Instant | null;
  readonly due?: Instant | null;
  readonly lastSeen: Instant | null;
  /** Null: present at the last collection that could tell. Else it ended in [after, by], as the moment named shows; both are the same where its end is known. */
  readonly ended: { readonly after: Instant | null; readonly by: Instant; readonly moment: string } | null;
  readonly statements: readonly Statement[];
  /** What the last collection that saw it shows of its end; null where it shows none. */
  readonly ending: Statement | null;
  readonly unverified: readonly string[];
  readonly confidence: Confidence;
  readonly value: Found["value"];
  readonly impact: readonly ImpactRow[];
  readonly lessons: readonly Lesson[];
}

export interface CausalLink {
  /** Finding ids. */
  readonly cause: string;
  readonly effect: string;
  readonly relation: Relation;
  readonly order: "verified" | "unverified";
  readonly confidence: Confidence;
}

/** A rival explanation of a finding that was tested. */
export interface Hypothesis {
  readonly mechanism: string;
  readonly title: string;
  /** Ids of the findings it would explain. */
  readonly of: readonly string[];
  readonly status: "refuted" | "open";
  readonly statements: readonly Statement[];
  readonly missing: readonly Missing[];
}

export interface Gap extends Missing {
  /** Rules that could not decide for want of it. */
  readonly blocks: readonly string[];
  /** Nodes of the subjects that they could not decide; empty where those name none. */
  readonly concerns: readonly string[];
}

export interface Forecast extends Omit<Foreseen, "outcome"> {
  readonly rule: string;
  readonly confidence: Confidence;
}

/** One subject at two moments. Never itself a cause. */
export interface Change {
  readonly rule: string;
  readonly subject: string;
  readonly kind: "repair" | "recovery" | "regression" | "change";
  readonly about: About;
  /** When it happened, as far as evidence tells. */
  readonly at: Instant | null;
  readonly statements: readonly [Statement, ...Statement[]];
}

/** One row of the time line, from a fact that no finding need claim. */
export interface Observation {
  readonly at: Instant;
  readonly approximate: boolean;
  readonly statement: Statement;
  /** `event, first seen`, `mtime`, `token iat`. */
  readonly source: string;
  /** Where it may be a part of the way out: a sentence with its time, for a review that has one collection only to tell of it. */
  readonly trace?: Trace;
}

/** What one collection shows of a change by its time alone. It says when, and never that it was what helped. */
export interface Trace {
  /** `written`: something on the node was. `recovered`: what had waited got on. */
  readonly kind: "written" | "recovered";
  readonly node: string;
  readonly statement: Statement;
}
