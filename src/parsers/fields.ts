import { API_CLOCK, type Instant, parseInstant } from "#model/instant.js";
import { cut } from "./content.js";

/** Longest text taken from one field; API objects are at most 1.5 MiB, messages of the API's own recorders 1 KiB. */
const FIELD_CHARS = 16_384;

/** A JSON value of unknown make, where it lies below the document (RFC 6901), and who hears of fields of a wrong type. */
export interface View {
  readonly value: unknown;
  readonly pointer: string;
  readonly wrong: (pointer: string) => void;
}

type Keys = readonly string[];

/** The view at a path of own properties; its value is undefined where there is none, or null. */
export function below(of: View, ...keys: Keys): View {
  let value = of.value;
  for (const key of keys) {
    if (isRecord(value)) value = Object.hasOwn(value, key) ? value[key] : undefined;
    else {
      if (value !== undefined && value !== null) of.wrong(of.pointer);
      value = undefined;
    }
  }
  return { value: value ?? undefined, pointer: `${of.pointer}/${keys.join("/")}`, wrong: of.wrong };
}

/** The text of a field, cut at 16 KiB; null where it is not there, or no text (then told to `wrong`). */
export function text(of: View, ...keys: Keys): string | null {
  const { value, pointer } = below(of, ...keys);
  if (typeof value === "string") return value.length > FIELD_CHARS ? cut(value, FIELD_CHARS) : value;
  return refuse(of, value, pointer);
}

/** As `text`, with the empty text as null: Go writes empty fields which it does not omit. */
export const someText = (of: View, ...keys: Keys): string | null => text(of, ...keys) || null;

/** A count: an integer from 0 to 2^53. Numbers in quotes, fractions and negative ones are wrong. */
export function count(of: View, ...keys: Keys): number | null {
  const { value, pointer } = below(of, ...keys);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  return refuse(of, value, pointer);
}

/** A truth value; null where it is not there. */
export function flag(of: View, ...keys: Keys): boolean | null {
  const { value, pointer } = below(of, ...keys);
  return typeof value === "boolean" ? value : refuse(of, value, pointer);
}

/** An API time (RFC 3339 with seconds and zone), of the API's clock. */
export function instant(of: View, ...keys: Keys): Instant | null {
  const { value, pointer } = below(of, ...keys);
  const parsed =
    typeof value === "string" && value.length >= 20 && value.length <= 40 ? parseInstant(value, API_CLOCK) : null;
  return parsed ?? refuse(of, value, pointer);
}

/** `1` or `25%` as text: Kubernetes' IntOrString. */
export function intOrString(of: View, ...keys: Keys): string | null {
  const { value } = below(of, ...keys);
  return typeof value === "number" ? String(value) : text(of, ...keys);
}

/** The elements of an array; empty where it is not there. */
export function views(of: View, ...keys: Keys): readonly View[] {
  const { value, pointer } = below(of, ...keys);
  if (!Array.isArray(value)) {
    refuse(of, value, pointer);
    return [];
  }
  return value.map((element: unknown, i) => ({ value: element, pointer: `${pointer}/${i}`, wrong: of.wrong }));
}

/** The texts of an array of texts. */
export function texts(of: View, ...keys: Keys): readonly string[] {
  return views(of, ...keys).flatMap((element) => text(element) ?? []);
}

/** A map of text to text, as labels are. `__proto__` is left out: whoever merges the map later would change a prototype. */
export function textMap(of: View, ...keys: Keys): Readonly<Record<string, string>> {
  const { value, pointer } = below(of, ...keys);
  if (!isRecord(value)) {
    refuse(of, value, pointer);
    return {};
  }
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && entry[0] !== "__proto__",
  );
  if (entries.length < Object.keys(value).length) of.wrong(pointer);
  return Object.fromEntries(entries);
}

/** True for what JSON calls an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(of: View, value: unknown, pointer: string): null {
  if (value !== undefined && value !== null) of.wrong(pointer);
  return null;
}

/** Deeper than anything of Kubernetes' but schemas; `JSON.stringify` itself gives up at some thousand levels. */
const MAX_DEPTH = 64;

/** True where a JSON value nests deeper than 64 levels. Walks without recursion, so it cannot overflow. */
export function tooDeep(root: unknown): boolean {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.value !== "object" || next.value === null) continue;
    if (next.depth > MAX_DEPTH) return true;
    const depth = next.depth + 1;
    for (const value of Object.values(next.value)) {
      if (typeof value === "object" && value !== null) open.push({ value, depth });
    }
  }
  return false;
}
