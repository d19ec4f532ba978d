/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonMap;

/** A JSON object. */
export interface JsonMap {
  readonly [key: string]: Json;
}

/** Whether a value is a JSON object (not null, not a list). */
export function isMap(value: unknown): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. */
export function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The object below a key; empty where there is none. */
export function mapAt(map: JsonMap, key: string): JsonMap {
  const value = map[key];
  return isMap(value) ? value : {};
}

/** The text below a key; undefined where there is none or it is not text. */
export function textAt(map: JsonMap, key: string): string | undefined {
  const value = map[key];
  return typeof value === "string" ? value : undefined;
}

/** The number below a key; undefined where there is none or it is not a number. */
export function numberAt(map: JsonMap, key: string): number | undefined {
  const value = map[key];
  return typeof value === "number" ? value : undefined;
}

/** An object without the keys whose value is undefined, so that optional fields can be written as one literal. */
export function present(fields: { readonly [key: string]: Json | undefined }): JsonMap {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
