import type { Artifact } from "#model/artifact.js";
import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { NetconfPlugin, NetconfValue } from "#model/fact.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { quoteRedactedJson, textSink } from "./content.js";
import { below, isRecord, someText, text, type View, views } from "./fields.js";
import { type JsonFault, scanJson } from "./json-scan.js";
import { saysKubeconfig } from "./kubeconfig-file.js";

const NETCONF_CHARS = 1_048_576;
/** What go-cni loads: the extension exactly one of these (containerd go-cni opts.go, loadFromConfDir). */
const EXTENSION = /\.(?:conf|conflist|json)$/;
/** Places in which there is none that a runtime loads, whatever the files are called. */
const NEVER = /\/var\/log\/|^\/(?:proc|sys)\/|\/var\/lib\/kubelet\/pods\//;
/** What is one wherever it lies: by an extension that nothing else has, or by its directory (OpenShift's is /etc/kubernetes/cni/net.d). */
const OWN = /\.conflist$|\/(?:cni(?:\.d|-network)?|net\.d)\//;
/** Files with these extensions that are known to be something else. */
const OTHERS =
  /^\/(?:etc\/(?:containerd|kubernetes|docker|systemd|sysctl\.d|modprobe\.d|modules-load\.d|containers|crio)\/|run\/systemd\/|usr\/lib\/|lib\/)|^\/etc\/[^/]+$|\/var\/lib\/kubelet\/|\.service\.d\/|\/credentials\/|\/certs?(?:\.d)?\/|\/kubelet\.conf\.d\//;

const isNetconf = (path: string): boolean =>
  EXTENSION.test(path) && !NEVER.test(path) && (OWN.test(path) || !OTHERS.test(path));

/**
 * One CNI network configuration: `*.conflist` with a list of plugins, `*.conf` and `*.json` with one (containerd go-cni, libcni).
 * `valid: false` is what containerd would refuse; then the whole load fails where the file is the first of its directory.
 * Says where each plugin's kubeconfig is named. Does not know which file of a directory wins.
 */
export const netconf: Parser = {
  id: "netconf",
  kinds: ["cni.netconf"],
  accepts: (artifact) => artifact.kind === "file" && isNetconf(artifact.origin),
  open: (artifact, emit) =>
    textSink(NETCONF_CHARS, (whole, complete) => {
      if (saysKubeconfig(whole) && !/\/cni\b/.test(artifact.origin)) return;
      // Where a copy ends says nothing of where the node's file ends.
      if (!complete) return emit.issue("W_LIMIT", "the network configuration is cut: it was not read");
      const value = readNetconf(artifact.origin, quoteRedactedJson(whole));
      if (value.problem !== null) emit.issue("W_NETCONF", value.problem, value.problemLine ?? undefined);
      emit.fact({ kind: "cni.netconf", node: artifact.node, value, artifact, evidence: place(artifact, value, whole) });
    }),
};

/** Reads the text of the file at `path`; the extension decides between a list and a single configuration. */
export function readNetconf(path: string, content: string): NetconfValue {
  const scan = scanJson(content);
  if (scan.fault !== null) return refused(path, null, scan.fault);
  const root: View = { value: parsed(content), pointer: "", wrong: () => {} };
  const name = someText(root, "name");
  if (!isRecord(root.value)) return refused(path, null, { problem: "the file holds no JSON object", line: 1 });
  const list = path.endsWith(".conflist");
  const elements = list ? views(root, "plugins") : [root];
  const own = elements.map((element) => plugin(element, scan.lines));
  const plugins = [
    ...own,
    ...elements.flatMap((element) => [...addresses(element, scan.lines), ...delegates(element, scan.lines)]),
  ];
  const problem = list ? listProblem(name, root, own) : singleProblem(root, own);
  if (problem !== null)
    return { ...refused(path, name, { problem, line: 1 }), plugins: plugins.filter((p) => p.type !== "") };
  return { path, valid: true, problem: null, problemLine: null, name, plugins };
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    // Not reached while the scan and JSON.parse agree, which a test holds.
    return null;
  }
}

function refused(path: string, name: string | null, fault: JsonFault): NetconfValue {
  return {
    path,
    valid: false,
    problem: `${fault.problem} at line ${fault.line}`,
    problemLine: fault.line,
    name,
    plugins: [],
  };
}

/** What libcni's NetworkConfFromBytes refuses. */
function listProblem(name: string | null, root: View, plugins: readonly NetconfPlugin[]): string | null {
  if (name === null) return "the list has no `name`";
  if (!Array.isArray(below(root, "plugins").value)) return "the list has no `plugins`";
  if (plugins.length === 0) return "the list has no plugin in it";
  return plugins.some((one) => one.type === "") ? "a plugin of the list has no `type`" : null;
}

function singleProblem(root: View, plugins: readonly NetconfPlugin[]): string | null {
  if (plugins[0]?.type !== "") return null;
  const list = Array.isArray(below(root, "plugins").value);
  return list ? "no `type`: a list of plugins, which only a .conflist file may hold" : "no `type`";
}

function plugin(of: View, lines: ReadonlyMap<string, number>): NetconfPlugin {
  const type = text(of, "type") ?? "";
  const nested = someText(of, "kubernetes", "kubeconfig");
  const kubeconfig = nested ?? someText(of, "kubeconfig");
  if (kubeconfig === null) return { type, kubeconfig, pointer: null, line: null };
  const pointer = `${of.pointer}${nested === null ? "" : "/kubernetes"}/kubeconfig`;
  return { type, kubeconfig, pointer, line: lines.get(pointer) ?? null };
}

/** The plugin that a plugin asks for addresses, where that one has a credential of its own (whereabouts). */
function addresses(of: View, lines: ReadonlyMap<string, number>): readonly NetconfPlugin[] {
  const one = below(of, "ipam");
  if (!isRecord(one.value)) return [];
  const ipam = plugin({ ...one, pointer: `${of.pointer}/ipam` }, lines);
  return ipam.type === "" || ipam.kubeconfig === null ? [] : [{ ...ipam, delegatedBy: text(of, "type") ?? "" }];
}

/** What a meta plugin (multus) calls: each of its delegates is a configuration or a list of its own. */
function delegates(of: View, lines: ReadonlyMap<string, number>): readonly NetconfPlugin[] {
  const delegatedBy = text(of, "type") ?? "";
  return views(of, "delegates")
    .flatMap((one) => (Array.isArray(below(one, "plugins").value) ? views(one, "plugins") : [one]))
    .map((one) => ({ ...plugin(one, lines), delegatedBy }))
    .filter((one) => one.type !== "");
}

function place(artifact: Artifact, value: NetconfValue, content: string): Evidence {
  const line = value.plugins.find((one) => one.line !== null)?.line ?? null;
  if (!value.valid && value.problemLine !== null)
    return evidenceIn(artifact, { kind: "lines", from: value.problemLine, to: value.problemLine }, value.problem ?? "");
  if (line === null)
    return evidenceIn(artifact, { kind: "whole" }, `plugins: ${value.plugins.map((p) => p.type).join(", ")}`);
  const shown = content.split("\n", line)[line - 1] ?? "";
  return evidenceIn(artifact, { kind: "lines", from: line, to: line }, visible(shown.trim()));
}
