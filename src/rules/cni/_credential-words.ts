import type { Finding } from "#model/finding.js";
import type { Reference } from "#model/statement.js";
import { code, type Part, type Quoted, type Statement, say } from "#model/statement.js";
import { ofItsRuntime } from "#rules/kubelet/_node-runtime.js";
import type { Credential } from "./_credential.js";

/** `the CNI plugin`, and which of them where several have a credential. */
export const thePlugin = ({ isOnly, plugin, tokenEvidence }: Credential, called = "the CNI plugin"): Quoted => ({
  parts: [
    { kind: "text", text: called },
    ...(isOnly ? [] : [{ kind: "text" as const, text: " " }, ...code(plugin.type, tokenEvidence).parts]),
  ],
  evidence: [tokenEvidence],
});

/** `the token`, and of which plugin where several have one. */
export const theToken = ({ isOnly, plugin, tokenEvidence }: Credential, called = "the token"): Quoted => {
  const named: Quoted = { parts: [{ kind: "text", text: called }], evidence: [tokenEvidence] };
  return isOnly ? named : say`${named} of ${code(plugin.type, tokenEvidence)}`;
};

/** Which plugin is given it, for what follows from a finding: left out of Calico's, which the references are about. */
export const pluginValue = ({ plugin }: Credential): { readonly plugin?: string } =>
  plugin.type === CALICO ? {} : { plugin: plugin.type };

/** What is known of Calico alone says nothing of a finding about another plugin; the same of runtimes. */
export const ofItsPlugin = (reference: Reference, finding: Finding): boolean =>
  ofItsRuntime(reference, finding) && (!isCalicos(reference) || finding.value["plugin"] === undefined);

export const isCalicos = ({ source }: Reference): boolean => source.startsWith("calico ");

const CALICO = "calico";

/**
 * What trips a token that is not accepted. Calico's plugin shows its token at every call; of another it is not known that each of its calls
 * asks the API server. `isBlocked`: calls fail before that now.
 */
export function nextCall({ node, plugin, tokenEvidence }: Credential, isBlocked: boolean) {
  const where = code(node, tokenEvidence);
  if (plugin.type !== CALICO)
    return {
      on: `the next call of ${plugin.type} on ${node} that asks the API server: a pod with its own network that is created or deleted there`,
      refused: say`The next call of ${code(plugin.type, tokenEvidence)} on ${where} that asks the API server will be refused`,
    };
  return {
    on: `the next CNI call on ${node}${isBlocked ? " that reaches the API server" : ""}: any pod with its own network that is created or deleted there`,
    refused: isBlocked
      ? say`Once a CNI call on ${where} reaches the API server, it will be refused`
      : say`The next CNI call on ${where} will be refused`,
  };
}

/** A sentence of which words were put in, in as few pieces as one that was written at once. */
export function fluent(statement: Statement): Statement {
  const parts: Part[] = [];
  for (const part of statement.parts) {
    const last = parts.at(-1);
    if (last?.kind === "text" && part.kind === "text")
      parts[parts.length - 1] = { kind: "text", text: last.text + part.text };
    else parts.push(part);
  }
  return { ...statement, parts };
}
