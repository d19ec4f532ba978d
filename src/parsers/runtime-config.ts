import type { Artifact } from "#model/artifact.js";
import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { CniTable, RuntimeConfigValue } from "#model/fact.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { quoteRedacted, textSink } from "./content.js";
import { below, count, isRecord, text, texts, type View } from "./fields.js";
import { parseToml } from "./toml.js";
import { type LineOf, tomlLines } from "./toml-lines.js";

const CONFIG_CHARS = 1_048_576;
/** Plugin ids with a CNI table, for configuration versions 1, 2, and 3 and later (containerd docs/cri/config.md). */
const PLUGINS = ["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"] as const;
/** Disabling one of them switches the CRI service off, as Docker's packages of containerd do (containerd docs/PLUGINS.md). */
const CRI_IDS: ReadonlySet<string> = new Set(["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"]);
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
  // Talos' containerd imports /etc/cri/conf.d/cri.toml (siderolabs/talos internal/app/machined/pkg/system/services/cri.go).
  return NAMES.has(name) || path.includes("containerd") || path.startsWith("/etc/cri/conf.d/");
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
    ...(texts(root, "disabled_plugins").some((id) => CRI_IDS.has(id)) ? { servesNoKubelet: true as const } : {}),
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

function place(artifact: Artifact, value: RuntimeConfigValue, content: string): Evidence {
  const line = value.cni.find((table) => table.line !== null)?.line ?? null;
  if (line === null) {
    const shown = value.valid ? `version ${value.version}, no CNI table` : (value.problem ?? "");
    return evidenceIn(artifact, { kind: "whole" }, shown);
  }
  const shown = content.split("\n", line)[line - 1] ?? "";
  return evidenceIn(artifact, { kind: "lines", from: line, to: line }, visible(shown.trim()));
}
