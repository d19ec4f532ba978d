import { isList, isMap, type Json, type JsonMap, mapAt, textAt } from "./json.js";
import { show } from "./key.js";
import type { ObjectContext } from "./object.js";
import { fail } from "./scenario-error.js";
import { writeSeconds } from "./time.js";

/** How long before the collection the last heartbeat of a node's condition was. */
const heartbeatAgeUs = 10e6;

/** Reads `conds`: `Type=Status` texts, or maps as they stand; undefined where the item does not say. */
export function parseConditions(value: Json | undefined, place: string): readonly JsonMap[] | undefined {
  if (value === undefined) return undefined;
  if (!isList(value)) return fail("value", place, `conds is ${show(value)}; allowed is a list such as [Ready=True]`);
  return value.map((condition) => {
    if (isMap(condition)) return condition;
    const match = typeof condition === "string" ? /^([A-Za-z][\w./-]*)=(True|False|Unknown)$/.exec(condition) : null;
    if (match === null)
      return fail("value", place, `conds has ${show(condition)}; allowed is Type=True, Type=False or Type=Unknown`);
    return { type: match[1] ?? "", status: match[2] ?? "" };
  });
}

/** Fills in what the conditions of a pod or a node do not say: the transition was the creation, a node's heartbeat was just before. */
export function stampTransitions(
  object: JsonMap,
  context: ObjectContext,
  heartbeats: boolean,
  heartbeat?: string,
): JsonMap {
  const status = mapAt(object, "status");
  const conditions = status["conditions"];
  if (!isList(conditions)) return object;
  const created = textAt(mapAt(object, "metadata"), "creationTimestamp");
  const lastHeartbeatTime = heartbeat ?? writeSeconds(context.moment.collectedAt - heartbeatAgeUs);
  const stamped = conditions.map((condition) => {
    if (!isMap(condition)) return condition;
    const times = {
      ...(heartbeats ? { lastHeartbeatTime } : {}),
      ...(created === undefined ? {} : { lastTransitionTime: created }),
    };
    return { ...times, ...condition };
  });
  return { ...object, status: { ...status, conditions: stamped } };
}
