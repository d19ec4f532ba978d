import type { Artifact } from "#model/artifact.js";
import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { CrioConfigValue } from "#model/fact.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { quoteRedacted, textSink } from "./content.js";
import { below, isRecord, text, texts, type View } from "./fields.js";
import { parseToml } from "./toml.js";
import { tomlLines } from "./toml-lines.js";

const CONFIG_CHARS = 1_048_576;
const TABLE = ["crio", "network"] as const;

/**
 * CRI-O's configuration (crio.conf(5)): its files, and what `crio config` prints.
 *
 * ```toml
 * [crio.network]
 * network_dir = "/etc/cni/net.d/"
 * cni_default_network = "cbr0"
 * ```
 *
 * Every file in a drop-in directory counts, whatever its name ends in. Does not merge, and applies no default.
 */
export const crioConfig: Parser = {
  id: "crio-config",
  kinds: ["crio.config"],
  accepts: (artifact) => isCrioDump(artifact) || (artifact.kind === "file" && isCrioFile(artifact.origin)),
  open: (artifact, emit) =>
    textSink(CONFIG_CHARS, (whole, complete) => {
      // What a cut file lacks may stand in the node's: a default would be taken for what it says.
      if (!complete) return emit.issue("W_LIMIT", "the configuration is cut: it was not read");
      const content = quoteRedacted(whole);
      const { document, problem } = parseToml(content, false);
      if (problem !== null) emit.issue("W_TOML", problem);
      const value = readConfig(artifact, content, document, (message) => emit.issue("W_TOML", message));
      const evidence = place(artifact, value, content);
      emit.fact({ kind: "crio.config", node: artifact.node, value, artifact, evidence });
    }),
};

/** True for the output of `crio config`, which is what its files and drop-ins come to; of another `crio config --default` it is not. */
export const isCrioDump = (artifact: Artifact): boolean =>
  artifact.kind === "command" && /(?:^|[\s/])crio config$/.test(artifact.origin);

const isCrioFile = (path: string): boolean => /\/crio\.conf(?:\.d\/[^/]+)?$/.test(path);

function readConfig(
  artifact: Artifact,
  content: string,
  document: unknown,
  complain: (message: string) => void,
): CrioConfigValue {
  const source = artifact.kind === "command" ? "dump" : "file";
  const head = { path: artifact.origin, source } as const;
  let wrong = 0;
  const tell = (): void => {
    wrong += 1;
  };
  const table = below({ value: document, pointer: "", wrong: tell }, ...TABLE);
  const lineOf = tomlLines(content);
  const value: CrioConfigValue = {
    ...head,
    valid: document !== null,
    networkDir: document === null ? null : text(table, "network_dir"),
    defaultNetwork: document === null ? null : text(table, "cni_default_network"),
    pluginDirs: dirsOf(table),
    dirLine: lineOf(TABLE, "network_dir"),
    networkLine: lineOf(TABLE, "cni_default_network"),
  };
  if (wrong > 0) complain(`${wrong} values are of another type than CRI-O takes`);
  return wrong > 0 ? { ...value, valid: false } : value;
}

function dirsOf(table: View): readonly string[] | null {
  if (!isRecord(table.value) || !Array.isArray(table.value["plugin_dirs"])) return null;
  return texts(table, "plugin_dirs");
}

function place(artifact: Artifact, value: CrioConfigValue, content: string): Evidence {
  const line = value.dirLine;
  if (line === null || !value.valid)
    return evidenceIn(artifact, { kind: "whole" }, value.valid ? "no network_dir" : "not valid");
  const shown = content.split("\n", line)[line - 1] ?? "";
  return evidenceIn(artifact, { kind: "lines", from: line, to: line }, visible(shown.trim()));
}
