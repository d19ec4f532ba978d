import { createHash, X509Certificate } from "node:crypto";
import type { Artifact } from "#model/artifact.js";
import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { KubeconfigValue, TokenValue } from "#model/fact.js";
import { formatUtc } from "#model/instant.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { quoteRedacted, textSink } from "./content.js";
import { below, isRecord, someText, text, type View, views } from "./fields.js";
import { saysKubeconfig } from "./kubeconfig-file.js";
import { decodeToken, NO_TOKEN } from "./token.js";
import { readYaml, type YamlDocument } from "./yaml-document.js";

const KUBECONFIG_CHARS = 262_144;
const NAMED = /kubeconfig[^/]*$/i;
const MAYBE = /\.(?:conf|config)$|\/\.kube\/config$|\/(?:k3s|rke2)\.yaml$/;

/**
 * A kubeconfig: server, CA and credential of its current context (without one: of its only context). Files not named so count where they
 * say `kind: Config`. Certificates, commands and token files are no token: its kind is `absent`. Does not verify anything.
 */
export const kubeconfig: Parser = {
  id: "kubeconfig",
  kinds: ["kubeconfig"],
  accepts: (artifact) => artifact.kind === "file" && isCandidate(artifact.origin),
  open: (artifact, emit) =>
    textSink(KUBECONFIG_CHARS, (content, complete) => {
      if (!NAMED.test(artifact.origin) && !saysKubeconfig(content)) return;
      // What a cut file lacks may stand in the node's.
      if (!complete) return emit.issue("W_LIMIT", "the kubeconfig is cut: it was not read");
      const value = readKubeconfig(artifact.origin, quoteRedacted(content));
      if (value.problem !== null) emit.issue("W_YAML", value.problem);
      emit.fact({ kind: "kubeconfig", node: artifact.node, value, artifact, evidence: place(artifact, value) });
    }),
};

/** `/etc/resolv.conf` and the like are none. */
const isCandidate = (path: string): boolean => NAMED.test(path) || (MAYBE.test(path) && !/^\/etc\/[^/]+$/.test(path));

/** Reads the text of the kubeconfig at `path`. */
export function readKubeconfig(path: string, content: string): KubeconfigValue {
  if (content.trim() === "") return refused(path, "the file is empty");
  const document = readYaml(content);
  if (typeof document === "string") return refused(path, document);
  if (!isRecord(document.value)) return refused(path, "the file holds no map");
  const root: View = { value: document.value, pointer: "", wrong: () => {} };
  const contexts = views(root, "contexts");
  const current = someText(root, "current-context");
  const context = current === null ? only(contexts) : (contexts.find((one) => text(one, "name") === current) ?? null);
  if (context === null) return refused(path, "no context is the current one");
  const cluster = entry(root, "clusters", text(context, "context", "cluster"));
  const user = entry(root, "users", text(context, "context", "user"));
  const server = cluster === null ? null : someText(cluster.of, "cluster", "server");
  const found = user === null ? null : tokenIn(user, document);
  return {
    path,
    valid: server !== null,
    problem: server === null ? "the current context leads to no server" : null,
    server,
    token: found?.token ?? NO_TOKEN,
    tokenLine: found?.line ?? null,
    caSha256: cluster === null ? null : caSha256(text(cluster.of, "cluster", "certificate-authority-data")),
  };
}

const only = (contexts: readonly View[]): View | null => (contexts.length === 1 ? (contexts[0] ?? null) : null);

function refused(path: string, problem: string): KubeconfigValue {
  return { path, valid: false, problem, server: null, token: NO_TOKEN, tokenLine: null, caSha256: null };
}

interface Entry {
  readonly of: View;
  readonly index: number;
}

function entry(root: View, list: "clusters" | "users", name: string | null): Entry | null {
  const all = views(root, list);
  const index = all.findIndex((one) => name !== null && text(one, "name") === name);
  const of = all[index];
  return of === undefined ? null : { of, index };
}

function tokenIn(user: Entry, document: YamlDocument): { readonly token: TokenValue; readonly line: number | null } {
  const { value } = below(user.of, "user", "token");
  if (typeof value !== "string") return { token: NO_TOKEN, line: null };
  return { token: decodeToken(value), line: document.lineOf(["users", user.index, "user", "token"]) };
}

/** sha256 over the DER of the first certificate of base64 PEM text, hex; null where it is none. */
function caSha256(base64: string | null): string | null {
  if (base64 === null) return null;
  try {
    const pem = Buffer.from(base64, "base64").toString("latin1");
    if (!pem.includes("-----BEGIN CERTIFICATE-----")) return null;
    return createHash("sha256").update(new X509Certificate(pem).raw).digest("hex");
  } catch {
    return null;
  }
}

function place(artifact: Artifact, value: KubeconfigValue): Evidence {
  const line = value.tokenLine;
  if (line === null)
    return evidenceIn(artifact, { kind: "whole" }, visible(value.problem ?? `server: ${value.server}`));
  return evidenceIn(artifact, { kind: "lines", from: line, to: line }, visible(shown(value.token)));
}

/** The decoded claims in one line: what a reader of the appendix would decode the token for. */
function shown(token: TokenValue): string {
  if (token.kind !== "jwt") return `token: ${token.kind}`;
  const parts: readonly (readonly [string, string | null | undefined])[] = [
    ["sub", token.sub],
    ["pod", token.pod && `${token.pod.name} (uid ${token.pod.uid})`],
    ["node", token.node?.name],
    ["iat", token.iat && formatUtc(token.iat)],
    ["exp", token.exp && formatUtc(token.exp)],
    ["iss", token.iss],
    ["kid", token.kid],
  ];
  return `token: ${parts.flatMap(([name, value]) => (value ? [`${name}=${value}`] : [])).join(" ")}`;
}
