import { visible } from "#model/visible.js";
import type { Limits } from "./limits.js";
import { mayHoldSecret, redact, type SecretHit } from "./redact.js";
import type { ScannedValue } from "./value-scanner.js";

/** An element of a list, or why it is not handed over. The reason never quotes the element: JSON.parse's own message would. */
export type ParsedItem = { readonly item: unknown } | { readonly code: "W_LIMIT" | "W_JSON"; readonly reason: string };

/** Parses one element and makes every string and key in it safe: redacted, with hidden characters visible. */
export function parseItem(value: ScannedValue, limits: Limits, hit: SecretHit): ParsedItem {
  if (value.tooLong) return { code: "W_LIMIT", reason: `longer than ${limits.itemBytes} bytes` };
  if (value.depth > limits.jsonDepth)
    return { code: "W_LIMIT", reason: `nests deeper than ${limits.jsonDepth} levels` };
  const text = value.bytes().toString("utf8");
  let item: unknown;
  try {
    item = JSON.parse(text);
  } catch {
    return { code: "W_JSON", reason: "not valid JSON" };
  }
  return { item: isHarmless(text) ? item : safe(item, hit) };
}

/**
 * Most elements hold nothing to mask or to make visible, and walking them would double the time. An escaped character can be
 * part of either, so an element with one is walked: decoded strings are the only ones in which a pattern can be trusted.
 */
const isHarmless = (text: string): boolean =>
  /^[\t\n\r\x20-\x7e]*$/.test(text) && !text.includes("\\u") && !mayHoldSecret(text);

function safe(value: unknown, hit: SecretHit): unknown {
  if (typeof value === "string") return visible(redact(value, hit), "\t\n\r");
  if (Array.isArray(value)) return value.map((element: unknown) => safe(element, hit));
  if (typeof value !== "object" || value === null) return value;
  // fromEntries defines properties, it does not assign them: a key `__proto__` stays a key.
  return Object.fromEntries(
    Object.entries(value).map(([key, member]: [string, unknown]) => [
      visible(redact(key, hit), "\t\n\r"),
      safe(member, hit),
    ]),
  );
}
