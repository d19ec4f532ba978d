/**
 * Characters that a reader cannot see or that move what he sees: controls (C0, DEL, C1 with the 8-bit CSI), format characters (bidi,
 * zero width, tags), line and paragraph separators, lone surrogates, fillers, spaces that are not U+0020, variation selectors.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/gu;

/** pymdownx.snippets puts in the file named behind `--8<--`, even inside a fence. */
const SNIPPET = /8<-/g;

const escaped = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

/** Text on one line: every hidden character as `\u{…}`, line feed as `\n`, tab as `\t`. Safe for a terminal. Applying it twice changes nothing. */
export function visibleLine(text: string): string {
  return text.replace(HIDDEN, (char) => (char === "\n" ? "\\n" : char === "\t" ? "\\t" : escaped(char)));
}

/** Text with its line feeds and tabs kept, every other hidden character as `\u{…}`. */
export function visibleLines(text: string): string {
  return text.replace(HIDDEN, (char) => (char === "\n" || char === "\t" ? char : escaped(char)));
}

/** Breaks the include mark of pymdownx.snippets, visibly. */
export const withoutSnippets = (text: string): string => text.replace(SNIPPET, "8\\u{3c}-");
