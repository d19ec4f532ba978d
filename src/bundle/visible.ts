// Cc, Cf: controls, bidi marks, tags. Zl, Zp: line separators that are no LF. Cs: lone surrogates. DI: characters that renderers do not draw.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}]/gu;
const HIDDEN_BUT_LAYOUT = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}]/gu;
const HIDDEN_BUT_TAB = /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}]/gu;
const PLAIN = /^[\x20-\x7e]*$/;
const PLAIN_LAYOUT = /^[\t\n\r\x20-\x7e]*$/;

const escapeOne = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/**
 * Control, bidi, zero-width and other characters that do not show, and lone surrogates, written as `\u{…}`.
 * Does not touch what a renderer gives a meaning to (Markdown, HTML): that is the printer's work.
 */
export function visible(text: string): string {
  return PLAIN.test(text) ? text : text.replace(HIDDEN, escapeOne);
}

/** Like {@link visible}, but tab, LF and CR stay: for text that is parsed as a whole. */
export function visibleText(text: string): string {
  return PLAIN_LAYOUT.test(text) ? text : text.replace(HIDDEN_BUT_LAYOUT, escapeOne);
}

/** Like {@link visible}, but tab stays: for rows whose fields it separates. */
export function visibleRow(text: string): string {
  return PLAIN.test(text) ? text : text.replace(HIDDEN_BUT_TAB, escapeOne);
}
