import { z } from "zod";
import { type Review, reviewSchema } from "#model/review.js";

/** What JSON.stringify leaves raw but no terminal or editor shows: DEL, C1, format characters, separators. */
const RAW_HIDDEN = /[\u{7f}-\u{9f}\p{Cf}\p{Zl}\p{Zp}\u{a0}]/gu;

/** A value as JSON, two spaces deep, with hidden characters as `\u` escapes: the same data. A JSON string is a YAML string, too. */
export const jsonText = (value: unknown): string => JSON.stringify(value, null, 2).replace(RAW_HIDDEN, unitEscapes);

/** The review as JSON, keys in the schema's order, one line feed at the end. */
export const renderJson = (review: Review): string => `${jsonText(review)}\n`;

/** The contract of `review.json` as JSON Schema (draft 2020-12). */
export const reviewJsonSchema = (): object => z.toJSONSchema(reviewSchema);

function unitEscapes(char: string): string {
  const units = Array.from({ length: char.length }, (_, i) => char.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
