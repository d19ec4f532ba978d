import type { Evidence } from "#model/evidence.js";
import { evidenceIn } from "#model/evidence.js";
import type { Fact, TokenValue } from "#model/fact.js";

/** Where the token stands in a kubeconfig, with its claims. */
export function tokenPlace({ artifact, value: { token, tokenLine } }: Fact<"kubeconfig">): Evidence {
  const line = tokenLine === null ? null : { kind: "lines" as const, from: tokenLine, to: tokenLine };
  return evidenceIn(artifact, line ?? { kind: "whole" }, claimsExcerpt(token));
}

/** The claims that matter, in one line: what a reader finds when decoding the token. */
function claimsExcerpt(token: TokenValue): string {
  const shown = {
    alg: token.alg,
    kid: token.kid,
    iss: token.iss,
    sub: token.sub,
    iat: seconds(token.iat),
    exp: seconds(token.exp),
    pod: token.pod ?? undefined,
    serviceaccount: token.serviceAccount ?? undefined,
  };
  return `decoded: ${JSON.stringify(shown)}`;
}

const seconds = (at: TokenValue["iat"]): number | null => (at === null ? null : Math.floor(at.epochMs / 1000));
