import type { Review, ReviewStatement } from "#model/review.js";
import { formatDatedMinute, type ReportZone, readTime } from "./report-zone.js";

type Forecast = Review["forecasts"][number];

/** A forecast as its section tells it. */
export interface ToldForecast extends Omit<Forecast, "unverified"> {
  /** Where and when: `k8s01, 24 May 08:20 AEST`. */
  readonly heading: string;
  /** What is to come; without a date its sentence says it, since the title tells of what is there already. */
  readonly expected: string | ReviewStatement;
  readonly evidence: readonly string[];
  readonly unverified: string;
  /** What the summary does not say. */
  readonly untold: readonly ReviewStatement[];
}

/** Forecasts for their section; their sentences stand in the summary, and here only where they do not. */
export function forecastsOf(review: Review, zone: ReportZone): readonly ToldForecast[] {
  const told = new Set(review.summary.flat().map(keyOf));
  return review.forecasts.map((forecast) => ({
    ...forecast,
    heading: `${forecast.node}, ${whenOf(forecast, zone)}`,
    on: capital(forecast.on),
    ...expectation(forecast),
    unverified: forecast.unverified?.join("; ") ?? "",
    untold: forecast.statements.filter((s) => !told.has(keyOf(s))),
  }));
}

function expectation(forecast: Forecast): Pick<ToldForecast, "expected" | "evidence"> {
  const [first] = forecast.statements;
  if (forecast.at === null && first !== undefined) return { expected: first, evidence: [] };
  return { expected: forecast.title, evidence: [...new Set(forecast.statements.flatMap((s) => s.evidence))] };
}

/** `24 May 08:20 AEST`, `on the next CNI call`. */
export function whenOf(forecast: Forecast, zone: ReportZone): string {
  const at = forecast.at === null ? null : readTime(forecast.at);
  if (at !== null) return formatDatedMinute(at, zone);
  const event = forecast.on.split(/[:;,]\s/)[0] ?? forecast.on;
  const place = ` on ${forecast.node}`;
  return `on ${event.endsWith(place) ? event.slice(0, -place.length) : event}`;
}

/** A paragraph of the summary, with the bold words before one that tells what will come. */
export interface SummaryParagraph {
  readonly lead: string | null;
  readonly statements: readonly ReviewStatement[];
}

/** The summary's paragraphs. The last of those that are forecasts through and through gets its lead. */
export function summaryOf(review: Review): readonly SummaryParagraph[] {
  const foretold = new Set(review.forecasts.flatMap((f) => f.statements.map(keyOf)));
  const at = review.summary.findLastIndex((p) => p.length > 0 && p.every((s) => foretold.has(keyOf(s))));
  return review.summary.map((statements, i) => ({ lead: i === at ? leadOf(review) : null, statements }));
}

/**
 * Again: it failed before, and the date is known. Will: it has not yet failed. A forecast that is less than established says so here, too:
 * the words in bold are the ones which are read.
 */
function leadOf(review: Review): string {
  const isSure = review.forecasts.some((f) => f.confidence === "observed" || f.confidence === "established");
  const mark = isSure ? "." : ` (${review.forecasts[0]?.confidence}).`;
  if (review.status === "Latent") return `It will fail${mark}`;
  const hasFailed = review.findings.some((f) => f.role === "symptom" || f.role === "impact");
  return hasFailed && review.forecasts.some((f) => f.at !== null) ? `It will happen again${mark}` : `Expected${mark}`;
}

const keyOf = (statement: ReviewStatement): string => JSON.stringify([statement.text, statement.evidence]);

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
