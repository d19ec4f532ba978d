import type { Found } from "#model/finding.js";
import { shellWord } from "#model/rule.js";

/** Whom the API server took the caller for when it answered 403: `User "…" cannot get resource …` (apiserver responsewriters/errors.go). */
export const deniedUser = (call: Found): string | null =>
  /\bUser \\*"([^"\\]{1,256})\\*" cannot /.exec(String(call.value["message"] ?? ""))?.[1] ?? null;

/** A call that carried no token at all; one with a token that is not accepted is answered 401. */
export const ANONYMOUS = "system:anonymous";

/** What the API server's message denies (apiserver pkg/endpoints/handlers/responsewriters/errors.go). */
const DENIED = /User \\*"[^"\\]+\\*" cannot (\w+) resource \\*"([^"\\]+)\\*" in API group \\*"([^"\\]*)/;

/** Verb and `resource.group` that were denied; empty where the message does not tell. */
export interface Permission {
  readonly verb: string;
  readonly resource: string;
}

export function deniedPermission(denied: Found): Permission {
  const [, verb = "", resource = "", group = ""] = DENIED.exec(String(denied.value["message"] ?? "")) ?? [];
  return { verb, resource: group === "" ? resource : `${resource}.${group}` };
}

/** For `kubectl auth can-i`: what was denied, else what Calico's plugin asks for at every call. */
export const permissionOf = ({ verb, resource }: Permission): string =>
  [verb || "get", resource || "clusterinformations.crd.projectcalico.org"].map(shellWord).join(" ");

/** The account that a service account's user name names. */
export const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
