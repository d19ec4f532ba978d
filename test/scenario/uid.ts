import { type JsonMap, mapAt, textAt } from "./json.js";
import { nameOf } from "./object.js";
import { typeOfItem } from "./resource.js";
import type { Scenario } from "./scenario.js";
import { derivedUuid } from "./seed.js";

/** Knows the uid of every object of a scenario. */
export interface UidRegister {
  /**
   * The uid of an object at a moment: explicit, else that of the same object in the same or an earlier moment, else derived.
   * @param namespace empty for what has none
   */
  readonly uidOf: (kind: string, namespace: string, name: string, moment: string) => string;
}

/** Reads the explicit uids of a scenario once. */
export function registerUids(scenario: Scenario): UidRegister {
  const keys = scenario.moments.map((moment) => moment.key);
  const explicit = new Map<string, string>();
  for (const artifact of scenario.artifacts) {
    for (const item of artifact.items) {
      const type = typeOfItem(artifact.kind, item.fields);
      if (type === undefined || artifact.kind === "events") continue;
      const named = nameOf(item.fields, type.namespaced);
      const uid = explicitUid(item.fields);
      if (named === undefined || uid === undefined) continue;
      explicit.set([artifact.moment, type.kind, named.namespace, named.name].join("\0"), uid);
    }
  }
  const uidOf = (kind: string, namespace: string, name: string, moment: string) => {
    for (let at = keys.indexOf(moment); at >= 0; at--) {
      const uid = explicit.get([keys[at], kind, namespace, name].join("\0"));
      if (uid !== undefined) return uid;
    }
    return derivedUuid(scenario.id, kind, namespace, name);
  };
  return { uidOf };
}

function explicitUid(item: JsonMap): string | undefined {
  return textAt(mapAt(item, "metadata"), "uid") ?? textAt(item, "uid");
}
