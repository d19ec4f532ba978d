import { z } from "zod";
import type { Custody } from "#model/artifact.js";
import { visible } from "#model/visible.js";
import type { Inventory } from "./inventory.js";
import { isDeeperThan } from "./json-depth.js";
import type { Ledger } from "./ledger.js";
import type { Limits } from "./limits.js";
import type { Verdict } from "./manifest.js";
import { redact } from "./redact.js";
import type { Refuse } from "./refuse.js";

export const COLLECTOR = "collector.json";

/** What collector.json says, each field null where it says nothing that can be read. Times are text yet: their clock is the node's. */
export interface CollectorRecord
  extends Pick<
    Custody,
    | "hostname"
    | "machineIdSha256"
    | "bootId"
    | "kernel"
    | "os"
    | "collectorSha256"
    | "apiOffsetS"
    | "apiOffsetErrorS"
    | "caseId"
    | "operator"
  > {
  readonly schema: string | null;
  readonly collector: string | null;
  readonly node: string | null;
  readonly parts: Custody["parts"] | null;
  readonly state: Custody["state"] | null;
  readonly synchronised: Custody["synchronised"] | null;
  readonly start: string | null;
  readonly end: string | null;
  readonly zone: string | null;
}

const text = z.string().min(1).max(1_024);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const offset = z.number().min(-1e9).max(1e9);

/**
 * Reads collector.json field by field: one bad field costs that field. A missing or damaged record leaves everything null.
 *
 * @throws InquestError E_SCHEMA for a record without schema or of another major version, and where nothing shows that this is a bundle at all
 */
export function readCollector(
  inventory: Inventory,
  verdict: Verdict,
  limits: Limits,
  ledger: Ledger,
  refuse: Refuse,
): CollectorRecord {
  const bytes = inventory.meta(COLLECTOR);
  const parsed =
    bytes === null
      ? undefined
      : parse(
          redact(bytes.toString("utf8"), (rule) => ledger.secret(COLLECTOR, rule)),
          limits,
        );
  const root = record(parsed);
  if (root === null) {
    if (inventory.meta("index.tsv") === null)
      throw refuse("E_SCHEMA", "neither collector.json nor index.tsv can be read: this is no inquest bundle");
    ledger.note("W_COLLECTOR", COLLECTOR, bytes === null ? "missing" : "not a JSON object");
    return fields(new Map(), () => undefined);
  }
  if (!verdict.trusted(COLLECTOR)) {
    // Its schema cannot be believed either: one byte that differs must not cost the bundle.
    ledger.note("W_COLLECTOR", COLLECTOR, "differs from the manifest: not used");
    return fields(new Map(), () => undefined);
  }
  checkSchema(root.get("schema"), refuse);
  const unreadable: string[] = [];
  const found = fields(root, (name) => unreadable.push(name));
  if (unreadable.length > 0) ledger.note("W_COLLECTOR", COLLECTOR, `not as the layout says: ${unreadable.join(", ")}`);
  return found;
}

function checkSchema(schema: unknown, refuse: Refuse): void {
  if (typeof schema !== "string") throw refuse("E_SCHEMA", "collector.json names no schema");
  if (!/^inquest-bundle\/1(?:\.\d{1,4})?$/.test(schema)) throw refuse("E_SCHEMA", "the schema is not inquest-bundle/1");
}

function fields(root: ReadonlyMap<string, unknown>, unreadable: (field: string) => void): CollectorRecord {
  const read = <T>(group: string | null, key: string, schema: z.ZodType<T>): T | null => {
    const value = (group === null ? root : record(root.get(group)))?.get(key);
    if (value === undefined || value === null) return null;
    const result = schema.safeParse(value);
    if (!result.success) unreadable(group === null ? key : `${group}.${key}`);
    return result.success ? shown(result.data) : null;
  };
  const name = read("collector", "name", text);
  const version = read("collector", "version", text);
  return {
    schema: read(null, "schema", text),
    collector: name === null ? null : [name, version].filter((part) => part !== null).join(" "),
    collectorSha256: read("collector", "sha256", sha256),
    node: read("node", "name", z.string().min(1).max(253)),
    hostname: read("node", "hostname", text),
    machineIdSha256: read("node", "machine_id_sha256", sha256),
    bootId: read("node", "boot_id", text),
    kernel: read("node", "kernel", text),
    os: read("node", "os", text),
    caseId: read("custody", "case", text),
    operator: read("custody", "operator", text),
    parts: read(null, "parts", z.array(z.enum(["node", "cluster"])).max(2)),
    state: read(null, "state", z.enum(["complete", "partial", "interrupted"])),
    start: read("clock", "start", text),
    end: read("clock", "end", text),
    zone: read("clock", "zone", text),
    synchronised: read("clock", "synchronised", z.enum(["yes", "no", "unknown"])),
    apiOffsetS: read("clock", "api_offset_s", offset),
    apiOffsetErrorS: read("clock", "api_offset_error_s", offset.nonnegative()),
  };
}

/** Strings leave with their hidden characters visible; the schemas allow nothing that holds strings further down. */
const shown = <T>(value: T): T => (typeof value === "string" ? (visible(value) as T & string) : value);

function parse(json: string, limits: Limits): unknown {
  if (isDeeperThan(json, limits.jsonDepth)) return undefined;
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}

/** Own properties only: a key named `__proto__` is a key like any other. */
const record = (value: unknown): ReadonlyMap<string, unknown> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : null;
