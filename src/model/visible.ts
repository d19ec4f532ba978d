/**
 * Characters that a reader cannot see, or that move what he sees: controls (C0, DEL, C1 with the 8-bit CSI), format characters (bidi,
 * zero width, tags), line and paragraph separators, lone surrogates, fillers, spaces that are not U+0020, variation selectors.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/gu;
const PLAIN = /^[\x20-\x7e]*$/;

/** One character as `\u{1b}`. */
const escaped = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

/**
 * Text with every hidden character written as `\u{…}`, except those in `keep`. Does not touch what a renderer gives a meaning to
 * (Markdown, HTML): that is the printer's work. Applying it twice changes nothing.
 */
export const visible = (text: string, keep = ""): string =>
  PLAIN.test(text) ? text : text.replace(HIDDEN, (char) => (keep.includes(char) ? char : escaped(char)));
