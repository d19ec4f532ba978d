import { isList, isMap, type Json, type JsonMap, textAt } from "./json.js";
import type { Scenario } from "./scenario.js";
import { derivedKeyId } from "./seed.js";

/** The public half of an RSA key whose private half was thrown away. */
const modulus =
  "qnlbCkYCBA3ltpOyWYsODKL95f5Vta5He5Sbe1v9ia3ICcyCVFi-D1he_eL6aumV22Zi_f6e-3UREL0lQQ7uUu8LRIcrAV50As4iwn2IE5ig2sOFuW3pQ_wY6y_Q84_M_dOkd9Je9OOwKhtffLhiF7RUBw9Gusi6f3d4jB-JZC1seuhdhjVkca141i3Jefp0Wg0Nlv0Hf-JVd2gOmNwJ7PFNgW2HoYam5KtlIg0PSLK8r6v20dG0UMZoWCJMl-6kGfjGpB2HMTaV8wh2e4and_V0zeG9leItjrCWXK_y2eqORuC_gDSU4dHC-NLhADyiCAsR209VaQz4fZOVhMmGoQ";

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
    const key = { use: "sig", kty: "RSA", kid, alg: "RS256", n: modulus, e: "AQAB" };
    return { jwks: { keys: [key] }, defaultKeyId: kid };
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
  return isMap(key) ? { use: "sig", kty: "RSA", alg: "RS256", n: modulus, e: "AQAB", ...key } : key;
}
