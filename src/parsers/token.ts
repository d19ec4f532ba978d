import { decodeJwt, decodeProtectedHeader } from "jose";
import { z } from "zod";
import type { TokenValue } from "#model/fact.js";
import { API_CLOCK, fromSeconds, type Instant } from "#model/instant.js";
import { tooDeep } from "./fields.js";

/** A compact JWS; the third part is empty where the signature was cut off. Checked first: jose also takes quotes, padding and white space. */
const COMPACT = /^[\w-]{2,2048}\.[\w-]{2,16384}\.[\w-]*$/;
const MAX_TOKEN_CHARS = 65_536;

const short = z.string().max(1_024);
/** The API server binds a token to nothing without a name or uid. */
const given = short.min(1);
const seconds = z.number().int().min(0).max(253_402_300_799);
const named = z.object({ name: short, uid: short.optional() });

const Header = z.object({ alg: short, kid: short.optional() });
const Claims = z.object({
  iss: short.optional(),
  sub: short.optional(),
  iat: seconds.optional(),
  nbf: seconds.optional(),
  exp: seconds.optional(),
  "kubernetes.io": z
    .object({
      namespace: short.optional(),
      serviceaccount: named.optional(),
      pod: z.object({ name: given, uid: given }).optional(),
      node: named.optional(),
    })
    .optional(),
  // Tokens of Secrets, until Kubernetes 1.24.
  "kubernetes.io/serviceaccount/namespace": short.optional(),
  "kubernetes.io/serviceaccount/service-account.name": short.optional(),
  "kubernetes.io/serviceaccount/service-account.uid": short.optional(),
});
type Claims = z.infer<typeof Claims>;

const EMPTY: TokenValue = {
  kind: "absent",
  alg: null,
  kid: null,
  iss: null,
  sub: null,
  iat: null,
  nbf: null,
  exp: null,
  namespace: null,
  serviceAccount: null,
  pod: null,
  node: null,
};

/** No token: what a kubeconfig with a certificate, a command or a token file has. */
export const NO_TOKEN: TokenValue = EMPTY;

/**
 * Decodes a service account token as collected, `<header>.<payload>.`. `opaque`: no JWT by its look, or replaced by the collector.
 * `malformed`: looks like a JWT and is none that the API server would make. The subject of tokens that are no service account's is
 * dropped, since it names a person. Does not verify a signature, and nothing here says that the API server accepts the token.
 */
export function decodeToken(token: string): TokenValue {
  if (token === "") return EMPTY;
  if (token.length > MAX_TOKEN_CHARS || !COMPACT.test(token))
    return { ...EMPTY, kind: /^ey[\w-]*(?:\.|$)/.test(token.slice(0, 4_096)) ? "malformed" : "opaque" };
  try {
    const payload: unknown = decodeJwt(token);
    const header = Header.safeParse(decodeProtectedHeader(token));
    const claims = tooDeep(payload) ? null : Claims.safeParse(payload);
    // A token with alg `none` needs no signature: it is a whole credential, and none of Kubernetes'.
    if (!header.success || !claims?.success || header.data.alg.toLowerCase() === "none")
      return { ...EMPTY, kind: "malformed" };
    return tokenOf(header.data, claims.data);
  } catch {
    return { ...EMPTY, kind: "malformed" };
  }
}

function tokenOf(header: z.infer<typeof Header>, claims: Claims): TokenValue {
  const bound = claims["kubernetes.io"];
  const legacyName = claims["kubernetes.io/serviceaccount/service-account.name"];
  const account =
    bound?.serviceaccount ??
    (legacyName === undefined
      ? undefined
      : { name: legacyName, uid: claims["kubernetes.io/serviceaccount/service-account.uid"] });
  const time = (s: number | undefined): Instant | null => (s === undefined ? null : fromSeconds(s, API_CLOCK));
  return {
    kind: "jwt",
    alg: header.alg,
    kid: header.kid ?? null,
    iss: claims.iss ?? null,
    sub: claims.sub?.startsWith("system:serviceaccount:") ? claims.sub : null,
    iat: time(claims.iat),
    nbf: time(claims.nbf),
    exp: time(claims.exp),
    namespace: bound?.namespace ?? claims["kubernetes.io/serviceaccount/namespace"] ?? null,
    serviceAccount: account ? { name: account.name, uid: account.uid ?? null } : null,
    pod: bound?.pod ?? null,
    node: bound?.node ? { name: bound.node.name, uid: bound.node.uid ?? null } : null,
  };
}
