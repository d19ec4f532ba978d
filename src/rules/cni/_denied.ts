import type { Found } from "#model/finding.js";
import { shellWord } from "#model/rule.js";

/** Whom the API server took the caller for when it answered 403: `User "…" cannot get resource …` (apiserver responsewriters/errors.go). */
export const deniedUser = (call: Found): string | null =>
  /\bUser \\*"([^"\\]{1,256})\\*" cannot /.exec(String(call.value["message"] ?? ""))?.[1] ?? null;

/** A call that carried no token at all; one with a token that is not accepted is answered 401. */
export const ANONYMOUS = "system:anonymous";

/** What the API server's message denies (apiserver pkg/endpoints/handlers/responsewriters/errors.go). */
const DENIED =
  /User \\*"[^"\\]+\\*" cannot (\w+) resource \\*"([^"\\/]+)(?:\/([^"\\]+))?\\*" in API group \\*"([^"\\]*)\\*"(?: in the namespace \\*"([^"\\]+))?/;

/** What was denied: `resource.group`; each empty where the message does not tell. */
export interface Permission {
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty: at the cluster scope. */
  readonly namespace: string;
}

export function deniedPermission(denied: Found): Permission {
  const [, verb = "", resource = "", subresource = "", group = "", namespace = ""] =
    DENIED.exec(String(denied.value["message"] ?? "")) ?? [];
  return { verb, resource: group === "" ? resource : `${resource}.${group}`, subresource, namespace };
}

/** For `kubectl auth can-i`: what was denied, else what Calico's plugin asks for at every call. */
export function permissionOf({ verb, resource, subresource, namespace }: Permission): string {
  const asked = [verb || "get", resource || "clusterinformations.crd.projectcalico.org"].map(shellWord).join(" ");
  const part = subresource === "" ? "" : ` --subresource=${shellWord(subresource)}`;
  return `${asked}${part}${namespace === "" ? "" : ` -n ${shellWord(namespace)}`}`;
}

/** The account that a service account's user name names. */
export const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
