import { isList, isMap, type Json, type JsonMap, mapAt } from "./json.js";

/** Merges two objects deeply: maps merge, anything else (lists too) is replaced by what `explicit` says. */
export function mergeDeep(base: JsonMap, explicit: JsonMap): JsonMap {
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(explicit)) {
    const before = merged[key];
    merged[key] = isMap(before) && isMap(value) ? mergeDeep(before, value) : value;
  }
  return merged;
}

/** Merges a partial Kubernetes object onto a made one: as `mergeDeep`, but status.conditions merge by their type. */
export function mergeObject(base: JsonMap, explicit: JsonMap): JsonMap {
  const merged = mergeDeep(base, explicit);
  const before = mapAt(base, "status")["conditions"];
  const said = mapAt(explicit, "status")["conditions"];
  if (!isList(said)) return merged;
  const conditions = said.length === 0 ? [] : mergeConditions(isList(before) ? before : [], said);
  return { ...merged, status: { ...mapAt(merged, "status"), conditions: conditions.map(spellStatus) } };
}

function mergeConditions(before: readonly Json[], said: readonly Json[]): readonly Json[] {
  const merged = [...before];
  for (const condition of said) {
    if (!isMap(condition)) continue;
    const at = merged.findIndex((old) => isMap(old) && old["type"] === condition["type"]);
    const old = merged[at];
    if (isMap(old)) merged[at] = mergeCondition(old, condition);
    else merged.push(condition);
  }
  return merged;
}

/** Reason and message belong to the status they explain: a contradicted status takes its own or none. */
function mergeCondition(old: JsonMap, said: JsonMap): JsonMap {
  const same = said["status"] === undefined || mapAt({ said: spellStatus(said) }, "said")["status"] === old["status"];
  if (same) return { ...old, ...said };
  const { reason: _reason, message: _message, ...kept } = old;
  return { ...kept, ...said };
}

/** Kubernetes writes a condition's status as text, where YAML easily makes a boolean of it. */
function spellStatus(condition: Json): Json {
  if (!isMap(condition) || typeof condition["status"] !== "boolean") return condition;
  return { ...condition, status: condition["status"] ? "True" : "False" };
}
