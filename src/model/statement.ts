import type { Evidence } from "./evidence.js";
import { evidenceKey, memberKey } from "./evidence.js";
import { formatDuration, formatLapse, formatUtc, type Instant, lapseBetween } from "./instant.js";

/**
 * A piece of a sentence. `text` is written by a rule; `code` comes from a bundle and is shown as a code span; `word` comes from a
 * bundle too but is a plain token (checked); `time` is shown in the report's zone.
 */
export type Part =
  | { readonly kind: "text"; readonly text: string; readonly counted?: Counted }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "word"; readonly text: string; readonly counted?: Counted }
  | { readonly kind: "time"; readonly epochMs: number; readonly precisionMs: number };

/** Keys of the members that the number in the text was counted from: where one was cut the engine makes it a lower bound. */
export type Counted = readonly string[];

/** How the software works in general: where that is written. */
export interface Reference {
  /** `kubernetes pkg/serviceaccount/claims.go`. */
  readonly source: string;
  /** Version, tag or date of what was read. */
  readonly version: string;
}

export type Source =
  | { readonly kind: "evidence" }
  | { readonly kind: "known"; readonly reference: Reference }
  | { readonly kind: "told"; readonly by: string };

/** One sentence with its source. Made by `say`, `known` and `told` only. */
export interface Statement {
  readonly parts: readonly Part[];
  readonly evidence: readonly Evidence[];
  readonly source: Source;
}

/** A value with the evidence that shows it. */
export interface Quoted {
  readonly parts: readonly Part[];
  readonly evidence: readonly Evidence[];
}

type Cited = readonly [Evidence, ...Evidence[]];

const PLAIN_WORD = /^[A-Za-z0-9][A-Za-z0-9 .,:+/()%-]{0,79}$/;

/** A name, path or text from the bundle, shown as code. */
export const code = (text: string, ...evidence: Cited): Quoted => ({ parts: [{ kind: "code", text }], evidence });

/** A plain token such as a number or a version; anything else is shown as code. */
export function word(text: string | number, ...evidence: Cited): Quoted {
  const shown = String(text);
  return { parts: [{ kind: PLAIN_WORD.test(shown) ? "word" : "code", text: shown }], evidence };
}

/** `1 pod`, `6 pods`: so many were found in what is cited. */
export const count = (n: number, noun: string, ...evidence: Cited): Quoted =>
  counted(word(`${n} ${n === 1 ? noun : plural(noun)}`, ...evidence));

/**
 * Marks words of which the number was counted in what they cite: `at least` is said where that was cut. `also`: what decides which of them
 * count, and is cited by other sentences.
 */
export function counted(quoted: Quoted, also: readonly Evidence[] = []): Quoted {
  const from = [...new Set([...quoted.evidence, ...also].map(memberKey))];
  const parts = quoted.parts.map((part) =>
    part.kind === "text" || part.kind === "word" ? { ...part, counted: from } : part,
  );
  return { ...quoted, parts };
}

/** The opposite: a number that one object states, such as the replicas that it wants. No list that was cut makes it less. */
export function stated(quoted: Quoted): Quoted {
  const parts = quoted.parts.map((part) => {
    if (part.kind !== "text" && part.kind !== "word") return part;
    const { counted: _, ...rest } = part;
    return rest;
  });
  return { ...quoted, parts };
}

/** `at least six pods`, `At least six pods`, ` and at least 5 more`. */
export function asLeast(text: string): string {
  const [, lead = "", rest = ""] = /^(\s*(?:and |of )?)(.*)$/s.exec(text) ?? [];
  const first = rest.charAt(0);
  return first !== first.toLowerCase()
    ? `${lead}At least ${first.toLowerCase()}${rest.slice(1)}`
    : `${lead}at least ${rest}`;
}

const plural = (noun: string): string =>
  /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : noun.endsWith("s") ? noun : `${noun}s`;

/** A time, printed in the report's zone to its own precision. */
export const time = (at: Instant, ...evidence: Cited): Quoted => ({
  parts: [{ kind: "time", epochMs: at.epochMs, precisionMs: at.precisionMs }],
  evidence,
});

/** A lapse of milliseconds computed from cited times. */
export const lapse = (ms: number, ...evidence: Cited): Quoted => word(formatDuration(ms), ...evidence);

/** The lapse between two cited times, no more exact than they are. */
export const lapseOf = (from: Instant, to: Instant, ...evidence: Cited): Quoted =>
  word(formatLapse(lapseBetween(from, to)), ...evidence);

/** Up to `limit` names as code, joined with commas and "and"; more are counted. */
export function codes(texts: readonly string[], limit: number, ...evidence: Cited): Quoted {
  const shown = texts.slice(0, limit);
  const parts: Part[] = [];
  shown.forEach((text, i) => {
    if (i > 0) parts.push({ kind: "text", text: i === shown.length - 1 && texts.length <= limit ? " and " : ", " });
    parts.push({ kind: "code", text });
  });
  if (texts.length > limit) parts.push(...counted(words(` and ${texts.length - limit} more`, ...evidence)).parts);
  return { parts, evidence };
}

const words = (text: string, ...evidence: Cited): Quoted => ({ parts: [{ kind: "text", text }], evidence });

/** Adds evidence to a sentence without adding words. */
export const citing = (...evidence: Cited): Quoted => ({ parts: [], evidence });

/** The parts of a sentence that is only a fragment of another, with its evidence. */
export const fragment = (statement: Statement, fallback: Evidence): Quoted => ({
  parts: statement.parts,
  evidence: statement.evidence.length > 0 ? statement.evidence : [fallback],
});

/**
 * One sentence from evidence: a tagged template that takes quoted values only, at least one. Write it without the final full
 * stop's citation; the printer sets the citations. An empty string as a value is not possible: leave the words out instead.
 */
export function say(strings: TemplateStringsArray, first: Quoted, ...rest: readonly Quoted[]): Statement {
  const values = [first, ...rest];
  const parts: Part[] = [];
  const evidence = new Map<string, Evidence>();
  strings.forEach((text, i) => {
    const value = values[i];
    // A value that only adds evidence leaves no gap where it stands.
    const shown = value?.parts.length === 0 ? text.trimEnd() : text;
    if (shown !== "") parts.push({ kind: "text", text: shown });
    if (!value) return;
    parts.push(...value.parts);
    for (const e of value.evidence) evidence.set(evidenceKey(e), e);
  });
  return { parts, evidence: [...evidence.values()], source: { kind: "evidence" } };
}

/** One sentence on how the software works in general. It follows a finding; it never stands for one. */
export const known = (text: string, reference: Reference): Statement => ({
  parts: [{ kind: "text", text }],
  evidence: [],
  source: { kind: "known", reference },
});

/** One sentence from a named person. */
export const told = (text: string, by: string): Statement => ({
  parts: [{ kind: "code", text }],
  evidence: [],
  source: { kind: "told", by },
});

/** The sentence as plain text, times in UTC. */
export function plainText(statement: { readonly parts: readonly Part[] }): string {
  return statement.parts.map((part) => (part.kind === "time" ? formatUtc(part) : part.text)).join("");
}
