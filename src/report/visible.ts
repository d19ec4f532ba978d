import { visible } from "#model/visible.js";

/** pymdownx.snippets puts in the file named behind `--8<--`, even inside a fence. */
const SNIPPET = /8<-/g;

/** Text on one line: every hidden character as `\u{…}`, line feed as `\n`, tab as `\t`. Safe for a terminal. Applying it twice changes nothing. */
export const visibleLine = (text: string): string =>
  visible(text, "\n\t").replaceAll("\n", "\\n").replaceAll("\t", "\\t");

/** Text with its line feeds and tabs kept, every other hidden character as `\u{…}`. */
export const visibleLines = (text: string): string => visible(text, "\n\t");

/** Breaks the include mark of pymdownx.snippets, visibly. */
export const withoutSnippets = (text: string): string => text.replace(SNIPPET, "8\\u{3c}-");
