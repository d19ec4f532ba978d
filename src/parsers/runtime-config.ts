import { parse } from "smol-toml";
import type { Artifact } from "#model/artifact.js";
import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { CniTable, RuntimeConfigValue } from "#model/fact.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { quoteRedacted, textSink } from "./content.js";
import { below, count, isRecord, text, texts, type View } from "./fields.js";
import { type LineOf, tomlLines } from "./toml-lines.js";

const CONFIG_CHARS = 1_048_576;
/** Plugin ids with a CNI table, for configuration versions 1, 2, and 3 and later (containerd docs/cri/config.md). */
const PLUGINS = ["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"] as const;
const NAMES: ReadonlySet<string> = new Set(["config.toml", "containerd.toml", "containerd-template.toml"]);

/**
 * containerd's configuration: its files (also drop-ins and Go templates), and what `containerd config dump` prints.
 *
 * ```toml
 * version = 2
 * [plugins."io.containerd.grpc.v1.cri".cni]
 *   conf_dir = "${SNAP_DATA}/args/cni-network"
 * ```
 *
 * Keeps every CNI table under the plugin id it stands under, whatever `version` says, and the ids of sections without one: whether a table counts is a rule's matter. Does not
 * expand variables, apply defaults, follow imports or merge.
 */
export const runtimeConfig: Parser = {
  id: "runtime-config",
  kinds: ["runtime.config"],
  accepts: (artifact) => isConfigDump(artifact) || (artifact.kind === "file" && isConfigFile(artifact.origin)),
  open: (artifact, emit) =>
    textSink(CONFIG_CHARS, (whole, complete) => {
      // What a cut file lacks may stand in the node's: a default would be taken for what it says.
      if (!complete) return emit.issue("W_LIMIT", "the configuration is cut: it was not read");
      const content = quoteRedacted(whole);
      const value = readConfig(artifact, content, (message) => emit.issue("W_TOML", message));
      emit.fact({
        kind: "runtime.config",
        node: artifact.node,
        value,
        artifact,
        evidence: place(artifact, value, content),
      });
    }),
};

/** True for the artifact that holds the daemon's own merged configuration. */
export function isConfigDump(artifact: Artifact): boolean {
  return artifact.kind === "command" && /(?:^|[\s/])containerd\b.{0,512}\bconfig dump\b/.test(artifact.origin);
}

function isConfigFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!/\.toml(?:\.tmpl)?$/.test(name) || path.includes("/certs.d/")) return false;
  return NAMES.has(name) || path.includes("containerd");
}

function readConfig(artifact: Artifact, content: string, complain: (message: string) => void): RuntimeConfigValue {
  const head = { path: artifact.origin, source: artifact.kind === "command" ? "dump" : "file" } as const;
  const { document, problem } = parseToml(content, artifact.origin.endsWith(".tmpl"));
  if (problem !== null) complain(problem);
  if (document === null) return { ...head, version: 1, imports: [], valid: false, problem, cni: [] };
  let wrong = 0;
  const tell = (): void => {
    wrong += 1;
  };
  const root: View = { value: document, pointer: "", wrong: tell };
  const lineOf = tomlLines(content);
  const cni = PLUGINS.flatMap((id) => cniTable(root, id, lineOf) ?? []);
  const withoutCni = PLUGINS.filter(
    (id) => isRecord(below(root, "plugins", id).value) && !cni.some((table) => table.pluginId === id),
  );
  const value: RuntimeConfigValue = {
    ...head,
    version: count(root, "version") ?? 1,
    imports: texts(root, "imports"),
    valid: true,
    problem,
    cni,
    ...(withoutCni.length > 0 ? { withoutCni } : {}),
  };
  if (wrong > 0) complain(`${wrong} values are of another type than containerd takes`);
  return value;
}

function cniTable(root: View, pluginId: string, lineOf: LineOf): CniTable | null {
  const table = below(root, "plugins", pluginId, "cni");
  if (!isRecord(table.value)) return null;
  const path = ["plugins", pluginId, "cni"];
  const one = text(table, "bin_dir");
  const many = texts(table, "bin_dirs");
  return {
    pluginId,
    confDir: text(table, "conf_dir"),
    // containerd refuses both at once; then the list is what it would take were the other one not there.
    binDirs: many.length > 0 ? many : one === null ? null : [one],
    maxConfNum: count(table, "max_conf_num"),
    line: lineOf(path, "conf_dir") ?? lineOf(path, "") ?? lineOf(path.slice(0, -1), "cni"),
  };
}

/** The parsed document, or null with what is wrong. The library's message quotes the source line, so it is not passed on. */
function parseToml(
  content: string,
  template: boolean,
): { readonly document: unknown; readonly problem: string | null } {
  const direct = tryToml(content);
  if (direct.document !== null) return { document: direct.document, problem: null };
  if (template && content.includes("{{")) {
    const actions = content.split("\n").map((row) => (row.trimStart().startsWith("{{") ? "" : row));
    const { document } = tryToml(actions.join("\n"));
    if (document !== null)
      return { document, problem: "a Go template: read without the lines that are template actions" };
    return { document: null, problem: "a Go template that is no TOML without its actions" };
  }
  return { document: null, problem: `not valid TOML${direct.line === null ? "" : `, at line ${direct.line}`}` };
}

function tryToml(content: string): { readonly document: unknown; readonly line: number | null } {
  try {
    return { document: parse(content, { integersAsBigInt: "asNeeded" }), line: null };
  } catch (error) {
    const line = isRecord(error) ? error["line"] : null;
    return { document: null, line: typeof line === "number" ? line : null };
  }
}

function place(artifact: Artifact, value: RuntimeConfigValue, content: string): Evidence {
  const line = value.cni.find((table) => table.line !== null)?.line ?? null;
  if (line === null) {
    const shown = value.valid ? `version ${value.version}, no CNI table` : (value.problem ?? "");
    return evidenceIn(artifact, { kind: "whole" }, shown);
  }
  const shown = content.split("\n", line)[line - 1] ?? "";
  return evidenceIn(artifact, { kind: "lines", from: line, to: line }, visible(shown.trim()));
}
