import type { JudgedAlarm } from "./benign.js";
import type { Evidence } from "./evidence.js";
import type { CausalLink, Change, Finding, Forecast, Gap, Hypothesis, Observation, Outcome } from "./finding.js";
import type { Instant } from "./instant.js";
import type { ComparedMoment, Moment, Rule, SurveyRow } from "./rule.js";

/** What one rule said at one moment. */
export interface Verdicts {
  readonly rule: Rule;
  readonly moment: string;
  readonly outcomes: readonly Outcome[];
  /** Name of the error that ended the match, if one did. */
  readonly failed: string | null;
}

/** What was collected at a moment, and when: a moment goes on for a while, and its end is the time of nothing in it. */
export interface ReadMoment extends ComparedMoment {
  /** When the last of these was read, or by when; null where no time of their bundles is known, or they are another moment's. */
  readonly readAt: (evidence: readonly Evidence[]) => Instant | null;
  /** When the first of these was read, or the first time that it can have been. */
  readonly readFrom: (evidence: readonly Evidence[]) => Instant | null;
}

/** What the engine concludes: all that a review is made of. */
export interface Conclusions {
  readonly moments: readonly Moment[];
  /** What was collected at each of them. */
  readonly worlds: readonly ReadMoment[];
  readonly findings: readonly Finding[];
  readonly links: readonly CausalLink[];
  /** Finding ids, effect first, root last. */
  readonly chains: readonly (readonly string[])[];
  readonly hypotheses: readonly Hypothesis[];
  readonly forecasts: readonly Forecast[];
  readonly changes: readonly Change[];
  readonly observations: readonly Observation[];
  readonly survey: readonly SurveyRow[];
  readonly gaps: readonly Gap[];
  readonly rules: readonly Rule[];
  readonly verdicts: readonly Verdicts[];
  /** Warnings that were seen, each with what the rules know of it. */
  readonly alarms: readonly JudgedAlarm[];
}
