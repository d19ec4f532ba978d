import { isList, isMap, type Json, type JsonMap, textAt } from "./json.js";
import type { Scenario } from "./scenario.js";
import { derivedKeyId, derivedModulus } from "./seed.js";

/** The signing keys as the API server publishes them at one moment. */
export interface SigningKeys {
  /** The answer of `/openid/v1/jwks`; undefined where it was not asked for. */
  readonly jwks: JsonMap | undefined;
  /** What a token says without a header of its own. */
  readonly defaultKeyId: string;
}

/**
 * The keys at a moment: the scenario's own of that moment or else of an earlier one, else one made up for the cluster.
 * Where the scenario's own is outside the default collection, nothing is published rather than another key.
 * @param whole the scenario with all that is marked `ext`
 * @param collected the same without what was not collected
 */
export function signingKeys(whole: Scenario, collected: Scenario, moment: string): SigningKeys {
  const own = ownKeys(whole, moment);
  if (own === undefined) {
    const kid = derivedKeyId(whole.id, "jwks");
    return { jwks: { keys: [fillKey({ kid })] }, defaultKeyId: kid };
  }
  const first = isList(own["keys"]) ? own["keys"].find(isMap) : undefined;
  return {
    jwks: ownKeys(collected, moment),
    defaultKeyId: (first && textAt(first, "kid")) ?? derivedKeyId(whole.id, "jwks"),
  };
}

function ownKeys(scenario: Scenario, moment: string): JsonMap | undefined {
  const keys = scenario.moments.map((one) => one.key);
  for (let at = keys.indexOf(moment); at >= 0; at--) {
    for (const artifact of scenario.artifacts) {
      const found =
        artifact.moment === keys[at] && artifact.kind === "object"
          ? artifact.items.find((item) => isList(item.fields["keys"]))
          : undefined;
      if (found !== undefined) return { keys: (found.fields["keys"] as readonly Json[]).map(fillKey) };
    }
  }
  return undefined;
}

/** A key of a scenario may be no more than its id. */
function fillKey(key: Json): Json {
  if (!isMap(key)) return key;
  return { use: "sig", kty: "RSA", alg: "RS256", n: derivedModulus(textAt(key, "kid") ?? ""), e: "AQAB", ...key };
}
