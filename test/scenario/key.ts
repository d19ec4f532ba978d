import type { JsonMap } from "./json.js";
import { fail } from "./scenario-error.js";

/** The keys that only tell a reader of the scenario something; `syn_…` may stand beside them. */
export const marks: readonly string[] = ["ext", "syn", "approx", "form", "note"];

/** A map without its marks. */
export function withoutMarks(map: JsonMap): JsonMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !marks.includes(key) && !key.startsWith("syn_")));
}

/**
 * Refuses a key that is not among the allowed ones.
 * @throws ScenarioError with code `key`
 */
export function checkKeys(map: JsonMap, allowed: readonly string[], place: string): void {
  for (const key of Object.keys(map)) {
    if (!allowed.includes(key)) fail("key", place, `unknown key "${key}"; allowed: ${allowed.join(", ")}`);
  }
}

/** A value as an error message shows it. */
export function show(value: unknown): string {
  return value === undefined ? "missing" : (JSON.stringify(value) ?? String(value)).slice(0, 80);
}
