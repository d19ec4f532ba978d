import type { JudgedAlarm } from "./benign.js";
import type { CausalLink, Change, Finding, Forecast, Gap, Hypothesis, Observation, Outcome } from "./finding.js";
import type { ComparedMoment, Moment, Rule, SurveyRow } from "./rule.js";

/** What one rule said at one moment. */
export interface Verdicts {
  readonly rule: Rule;
  readonly moment: string;
  readonly outcomes: readonly Outcome[];
  /** Name of the error that ended the match, if one did. */
  readonly failed: string | null;
}

/** What the engine concludes: all that a review is made of. */
export interface Conclusions {
  readonly moments: readonly Moment[];
  /** What was collected at each of them. */
  readonly worlds: readonly ComparedMoment[];
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
