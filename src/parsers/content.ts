import type { Sink } from "#model/intake.js";

/**
 * Cuts text to `limit` UTF-16 units and detaches it: V8's slices keep the text they were cut from alive, so that a short
 * sample of a log would hold on to the whole chunk it was read from.
 */
export function cut(text: string, limit: number): string {
  return Buffer.from(text.length <= limit ? text : text.slice(0, limit), "utf8").toString("utf8");
}

/**
 * A sink for formats that need the whole text, however the reader hands it on (whole or by lines). `then` gets at most `limit`
 * characters at the end, and `whole: false` where the content was cut by the reader or here.
 */
export function textSink(limit: number, then: (text: string, whole: boolean) => void): Sink {
  const parts: string[] = [];
  let length = 0;
  const take = (text: string): void => {
    if (length <= limit) parts.push(text);
    length += text.length + 1;
  };
  return {
    whole: take,
    line: take,
    end: (complete) => {
      const text = parts.join("\n");
      then(text.slice(0, limit), complete && text.length <= limit && length <= limit + 1);
    },
  };
}

const MARK = String.raw`\[REDACTED len=\d{1,9}(?: fp=[0-9A-Fa-f]{1,64})?\]`;
const MARK_AS_VALUE = new RegExp(
  String.raw`^([ \t]*(?:- )?"?[\w./-]{1,128}"?[ \t]*[:=][ \t]*)(${MARK})(?=[ \t,]*\r?$)`,
  "gm",
);
const MARK_OR_STRING = new RegExp(String.raw`"[^"\\]*(?:\\[^][^"\\]*)*"|${MARK}`, "g");

/**
 * Puts quotes around values which a collector replaced without them (`key: [REDACTED len=9 fp=…]`, alone on its line): unquoted, the
 * mark is an array in YAML and an error in TOML. Keeps the number of lines.
 */
export function quoteRedacted(text: string): string {
  return text.replace(MARK_AS_VALUE, '$1"$2"');
}

/** As `quoteRedacted`, anywhere in JSON text but within its strings. */
export function quoteRedactedJson(text: string): string {
  return text.replace(MARK_OR_STRING, (found) => (found.startsWith("[") ? `"${found}"` : found));
}
