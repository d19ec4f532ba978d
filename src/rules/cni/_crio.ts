import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { Fact } from "#model/fact.js";
import { code, codes, type Statement, say } from "#model/statement.js";
import { flagOf, running } from "./_command-line.js";
import { fileAt, filesLike, type View } from "./_config-files.js";
import type { ConfDir } from "./_runtime.js";

type Config = Fact<"crio.config">;

/** pkg/config/config.go `DefaultConfig`, crio.conf(5). */
const DEFAULT_DIR = "/etc/cni/net.d";
/** The first is upstream's; packages are built with the others. */
const DEFAULT_BIN_DIRS = ["/opt/cni/bin", "/usr/libexec/cni", "/usr/lib/cni"];
const DEFAULT_FILE = "/etc/crio/crio.conf";
const DEFAULT_DROP_INS = "/etc/crio/crio.conf.d";

/**
 * Where CRI-O looks. Flags of its command line come before its configuration (internal/criocli/criocli.go), of which later files override
 * earlier ones key by key: the file, then all of the drop-in directory in ASCII order (pkg/config/config.go `UpdateFromFile`, `UpdateFromPath`). A file which
 * is not there is passed over unless a flag names it. `crio config` prints what these come to, with defaults as comments
 * (crio(8)). Null where one of them was not read, or nothing shows that there are no more. CRI-O also takes CONTAINER_CNI_CONFIG_DIR from its environment, which is not collected.
 */
export function crioConfDir(node: string, view: View): ConfDir | null {
  const lines = [...new Set(daemonsOf(node, view).map((p) => p.value.cmdline))];
  const [daemon] = daemonsOf(node, view);
  if (lines.length > 1) return null;
  const flag = (name: string, short = name): string | null =>
    daemon ? flagOf(daemon.value.cmdline, name, short) : null;
  const config = configOf(node, view, flag("config", "c"), flag("config-dir", "d"), daemon);
  const flagged = flag("cni-config-dir");
  if (!config && flagged === null) return null;
  const set = config?.chain.findLast((c) => c.value.networkDir !== null);
  const written = flagged ?? set?.value.networkDir ?? DEFAULT_DIR;
  if (!written.startsWith("/")) return null;
  const named = config?.chain.findLast((c) => c.value.defaultNetwork !== null);
  const network = flag("cni-default-network") ?? named?.value.defaultNetwork ?? "";
  // What a flag does not say of the network stands in the configuration.
  if (!config && flag("cni-default-network") === null) return null;
  const own = flagged !== null && daemon ? [daemon.evidence] : set ? [dirLine(set)] : (config?.evidence ?? []);
  const byName = network !== "" && named ? [networkLine(named)] : [];
  return {
    runtime: "cri-o",
    written,
    path: written.replace(/(?<=.)\/+$/, ""),
    maxConfNum: 1,
    network: network === "" ? null : network,
    binDirs: config?.chain.findLast((c) => c.value.pluginDirs !== null)?.value.pluginDirs ?? DEFAULT_BIN_DIRS,
    evidence: [...own, ...byName],
    because: flagged === null && !set && config ? config.silence : null,
    unverified: daemon ? [] : ["the command line of CRI-O, which was not collected, names no other configuration"],
  };
}

/** The daemon itself; `crio config` and the like are over before anything is asked of them. */
const daemonsOf = (node: string, view: View): readonly Fact<"process">[] => running(view("process").on(node), /^crio$/);

interface Whole {
  readonly chain: readonly Config[];
  readonly evidence: readonly Evidence[];
  /** Told where none of it sets the directory. */
  readonly silence: Statement;
}

/** All of its configuration, or null. */
function configOf(
  node: string,
  view: View,
  file: string | null,
  folder: string | null,
  daemon: Fact<"process"> | undefined,
): Whole | null {
  const dump = view("crio.config")
    .on(node)
    .find((c) => c.value.source === "dump" && c.value.valid && c.artifact.coverage === "complete");
  // It is asked without the daemon's flags.
  if (dump && (file ?? DEFAULT_FILE) === DEFAULT_FILE && (folder ?? DEFAULT_DROP_INS) === DEFAULT_DROP_INS) {
    const silence = say`CRI-O's configuration on ${code(node, dump.evidence)} as ${code("crio config", dump.evidence)} prints it sets no network_dir, so its default ${code(DEFAULT_DIR, dump.evidence)} is in force`;
    return { chain: [dump], evidence: [dump.evidence], silence };
  }
  if (![file, folder].every((path) => path === null || path.startsWith("/"))) return null;
  const main = fileAt("crio.config", file ?? DEFAULT_FILE, node, view);
  const dropIns = filesLike("crio.config", `${(folder ?? DEFAULT_DROP_INS).replace(/\/+$/, "")}/*`, node, view);
  if (main.state !== "read" || dropIns.state !== "read") return null;
  // A file that a flag names is not passed over: CRI-O does not start without it, so what it said is not known.
  if (file !== null && main.facts.length === 0) return null;
  const chain = [...main.facts, ...dropIns.facts];
  const [first, ...rest] = chain.map((c) => c.evidence);
  if (first) {
    const none = [main, dropIns].flatMap(({ absence }) => absence ?? []);
    const names = chain.map((c) => c.value.path);
    const paths = codes(names, 4, first, ...rest, ...none);
    const silence = say`CRI-O's configuration on ${code(node, first)} (${paths}) sets no network_dir, so its default ${code(DEFAULT_DIR, first)} is in force`;
    return { chain, evidence: [first, ...rest, ...none], silence };
  }
  // Without any file only the command line tells that none was named.
  if (!daemon || main.absence === null) return null;
  const silence = say`CRI-O on ${code(node, daemon.evidence)} was started as ${code(daemon.value.cmdline, daemon.evidence)}, and neither ${code(DEFAULT_FILE, main.absence)} nor a drop-in exists, so its default ${code(DEFAULT_DIR, main.absence)} is in force`;
  return { chain, evidence: [main.absence, ...(dropIns.absence ? [dropIns.absence] : []), daemon.evidence], silence };
}

const dirLine = (config: Config): Evidence =>
  at(config, config.value.dirLine, `network_dir = "${config.value.networkDir}"`);
const networkLine = (config: Config): Evidence =>
  at(config, config.value.networkLine, `cni_default_network = "${config.value.defaultNetwork}"`);

const at = (config: Config, line: number | null, shown: string): Evidence =>
  line === null ? config.evidence : evidenceIn(config.artifact, { kind: "lines", from: line, to: line }, shown);
