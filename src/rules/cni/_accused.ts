import type { Fact, FactKind, NetconfPlugin } from "#model/fact.js";
import type { FileTree } from "#model/file-tree.js";
import type { Missing } from "#model/finding.js";
import type { FactView } from "#model/rule.js";
import { pluginsNamed, refusedRequest, sandboxErrorClass, saysCalico } from "#rules/kubelet/_sandbox-error.js";
import { serverHost } from "#rules/kubelet/_sandbox-failures.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** A plugin of the configuration in force that is given a kubeconfig. */
export interface Choice {
  readonly netconf: Fact<"cni.netconf">;
  readonly plugin: NetconfPlugin;
}

/**
 * Is a credential the one of the calls on its node that were answered 401 or 403? A 401 judges the token of the plugin that the message names,
 * and no other. `unasked`: no call was answered so; `named`: its plugin is the one that the texts name, or it is the only credential and they
 * name none; `other`: they name another; `unsaid`: they name several, or one whose credential is not in the configuration.
 */
export type Accused =
  | { readonly state: "unasked" | "named" | "other" }
  | { readonly state: "unsaid"; readonly missing: Missing };

/** Whose calls were answered so, by the texts of one node: asked once for each credential of its configuration. */
export function accusedOf(
  choices: readonly Choice[],
  node: string,
  tree: FileTree,
  answered: ReturnType<typeof answers>,
  view: View,
): (choice: Choice) => Accused {
  const fileOf = (c: Choice): string => tree.resolve(c.plugin.kubeconfig ?? "").real;
  const files = new Set(choices.map(fileOf));
  const texts = [...(answered.get(node) ?? [])];
  if (texts.length === 0) return () => ({ state: "unasked" });
  const isServer = (choice: Choice, host: string): boolean =>
    view("kubeconfig")
      .on(node)
      .every((k) => k.value.path !== fileOf(choice) || k.value.server === null || serverHost(k.value.server) === host);
  const fileIn = (text: string): string | null => {
    const choice =
      named(text, choices, fileOf) ?? (files.size === 1 && pluginsNamed(text).length === 0 ? choices[0] : null);
    const asked = refusedRequest(text)?.host;
    return choice && (asked === undefined || isServer(choice, asked)) ? fileOf(choice) : null;
  };
  const accused = new Set(texts.map(fileIn));
  const [only] = accused;
  if (accused.size === 1 && only != null) return (choice) => ({ state: fileOf(choice) === only ? "named" : "other" });
  const stray = texts.find((text) => fileIn(text) === null);
  const plugin = stray === undefined ? undefined : pluginsNamed(stray).at(-1);
  const host = stray === undefined ? undefined : refusedRequest(stray)?.host;
  const types = [...new Set(choices.map((c) => c.plugin.type))];
  const what =
    plugin !== undefined && types.includes(plugin) && host !== undefined
      ? `whether ${host}, which refused ${plugin} on ${node}, is an API server of the cluster: no kubeconfig of it names that server`
      : plugin === undefined || types.includes(plugin)
        ? `which plugin was refused on ${node}: ${types.join(" and ")} ${types.length > 1 ? "have a credential each" : "has a credential"}, and the errors do not tell one`
        : `what the plugin ${plugin} on ${node} presents, and to which server: the configuration names no kubeconfig of it`;
  return () => ({ state: "unsaid", missing: view("log").missing(what, node) });
}

/** What was said of calls for a network that were answered 401 or 403, by node, each text once. Made once per moment: there are many events. */
export function answers(view: View): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const fact of [...view("kube.event").all, ...view("log").all]) {
    const isEvent = fact.kind === "kube.event";
    const node = isEvent ? fact.value.node : fact.node;
    const text = isEvent ? fact.value.message : fact.value.sample;
    if (node === null || !OF_NETWORK.test(text) || !/^40[13]$/.test(sandboxErrorClass(text))) continue;
    found.set(node, (found.get(node) ?? new Set<string>()).add(text));
  }
  return found;
}

const OF_NETWORK = /failed to (?:setup|set up|destroy|teardown|tear down)\b.{0,200}network|from CNI network/;

/** The credential of the plugin that failed, or of the one that it calls (Multus, or one that asks an ipam plugin for addresses). */
function named(text: string, choices: readonly Choice[], fileOf: (c: Choice) => string): Choice | null {
  const types = pluginsNamed(text);
  const [outer, inner] = [types[0], types.at(-1)];
  const calico = choices.filter((c) => c.plugin.type === "calico");
  const direct = choices.filter((c) => c.plugin.type === outer && c.plugin.delegatedBy === undefined);
  const called = choices.filter((c) => c.plugin.delegatedBy === outer);
  const fits =
    saysCalico(text) && calico.length > 0
      ? calico
      : types.length > 1
        ? choices.filter((c) => c.plugin.type === inner)
        : called.length > 0 &&
            (/\bdelegate|conflist(?:Add|Del)/i.test(text) || (direct.length === 0 && called.every(isIpam)))
          ? called
          : direct;
  return new Set(fits.map(fileOf)).size === 1 ? (fits[0] ?? null) : null;
}

const isIpam = ({ plugin }: Choice): boolean => /\/ipam\/(?:kubernetes\/)?kubeconfig$/.test(plugin.pointer ?? "");
