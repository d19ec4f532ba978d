import type { Artifact } from "#model/artifact.js";
import { evidenceIn } from "#model/evidence.js";
import type { FactKind, FactKinds } from "#model/fact.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { textSink } from "./content.js";
import { someText, type View, views } from "./fields.js";
import { scanJson } from "./json-scan.js";

const ANSWER_CHARS = 1_048_576;

/** `/version`, or what `kubectl version -o json` says of the server. */
export const kubeVersion = answer("kube-version", "kube.version", /^\/version\/?$/, (root) => {
  const gitVersion = someText(root, "gitVersion") ?? someText(root, "serverVersion", "gitVersion");
  return gitVersion === null ? null : { gitVersion };
});

/** `/openid/v1/jwks`: ids of the keys which the API server signs tokens with now. Public by their nature. */
export const kubeJwks = answer("kube-jwks", "kube.jwks", /^\/openid\/v1\/jwks\/?$/, (root) => {
  const kids = views(root, "keys").flatMap((key) => someText(key, "kid") ?? []);
  return kids.length === 0 ? null : { kids };
});

/** `/.well-known/openid-configuration`: the issuer which tokens name. */
export const kubeIssuer = answer("kube-issuer", "kube.issuer", /^\/\.well-known\/openid-configuration\/?$/, (root) => {
  const issuer = someText(root, "issuer");
  return issuer === null ? null : { issuer };
});

function answer<K extends FactKind>(
  id: string,
  kind: K,
  url: RegExp,
  read: (root: View) => FactKinds[K] | null,
): Parser {
  return {
    id,
    kinds: [kind],
    accepts: (artifact: Artifact) => artifact.kind === "api" && artifact.form !== "items" && url.test(artifact.origin),
    open: (artifact, emit) =>
      textSink(ANSWER_CHARS, (text) => {
        const { fault } = scanJson(text);
        if (fault !== null) return emit.issue("W_UNREADABLE", `no JSON: ${fault.problem}`, fault.line);
        const value = read({ value: parsed(text), pointer: "", wrong: () => {} });
        if (value === null) return emit.issue("W_UNREADABLE", "JSON without what this answer of the API is for");
        const evidence = evidenceIn(artifact, { kind: "whole" }, visible(JSON.stringify(value)));
        emit.fact({ kind, node: null, value, artifact, evidence });
      }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
