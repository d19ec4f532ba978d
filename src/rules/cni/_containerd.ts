import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { CniTable, Fact } from "#model/fact.js";
import { fileTree } from "#model/file-tree.js";
import { code, codes, type Statement, say } from "#model/statement.js";
import { flagOf, kubeletEndpoint, running, socketOf } from "./_command-line.js";
import { fileAt, filesLike, UNREAD, type View } from "./_config-files.js";
import type { ConfDir } from "./_runtime.js";

type Config = Fact<"runtime.config">;

/**
 * Where containerd looks, from its effective configuration: the daemon's own dump, else the file that its command line names, else the one in
 * a known place, with all that it imports. Where these are complete and silent, or the file of a containerd that was started without naming
 * one does not exist, its default is in force; where one was not read nothing is (null).
 *
 * Defaults: pkg/cri/config/config_unix.go (1.6, 1.7), internal/cri/config/config_unix.go (2.x). Loading and imports: services/server/config/config.go
 * (1.x), cmd/containerd/server/config/config.go (2.x). A file which was named and does not exist is no silence: containerd does not start then
 * (cmd/containerd/command/main.go, `IsSet("config")`), so it was there once, and what it said is not known.
 */
export function containerdConfDir(node: string, version: string | undefined, view: View): ConfDir | null {
  const configs = view("runtime.config").on(node);
  const dump = configs.find((c) => c.value.source === "dump" && c.value.valid && speaksOf(c, view("process").on(node)));
  const found = dump ? { main: dump } : mainFile(node, view);
  if (!found) return null;
  if ("absence" in found) return builtIn(found, node, version, view);
  const { main } = found;
  const { chain, state, absences } = dump
    ? { chain: [main], state: "read" as const, absences: [] }
    : loaded(main, node, view);
  if (state === "unread") return null;
  const decided = decidingOf(chain, version);
  if (decided === null) return null;
  const deciding = decided ?? main;
  const table = tableOf(deciding);
  const silent = (table?.confDir ?? null) === null;
  if (silent && (state !== "read" || (!dump && dropInsMayTell(main, node, version, view)))) return null;
  const written = table?.confDir ?? DEFAULT_CONF_DIR;
  const path = expand(written, [deciding, ...configs.filter((c) => c.value.source === "file")]);
  return {
    runtime: "containerd",
    written,
    path: path ?? written,
    maxConfNum: table?.maxConfNum ?? DEFAULT_MAX_CONF_NUM,
    network: null,
    binDirs: table?.binDirs ?? null,
    evidence: silent ? [...[...new Set([deciding, ...chain])].map((c) => lineOf(c)), ...absences] : [lineOf(deciding)],
    because: silent ? silence(node, chain, absences) : null,
    unverified: [
      ...(path === null ? [`the variable in ${written} could not be resolved`] : []),
      ...(state === "unseen"
        ? [`files that ${main.value.path} imports, and that nobody looked for, do not set conf_dir`]
        : []),
    ],
  };
}

export const DEFAULT_CONF_DIR = "/etc/cni/net.d";
const DEFAULT_MAX_CONF_NUM = 1;
/** defaults/defaults_unix.go. */
const DEFAULT_FILE = "/etc/containerd/config.toml";
/** Imported by the built-in configuration from 2.2 on (defaults/defaults_unix.go, 9ca659a53). */
const DEFAULT_DROP_INS = "/etc/containerd/conf.d/*.toml";

/** A dump that was had in full, and was not asked of another file than the one which serves the kubelet. */
function speaksOf(dump: Config, processes: readonly Fact<"process">[]): boolean {
  const asked = flagOf(dump.value.path, "config", "c");
  const named = namedFiles(processes);
  const same = asked === null || daemonsOf(processes).length === 0 || (named.length === 1 && named[0] === asked);
  return same && dump.artifact.coverage === "complete";
}

/** The plugin whose CNI table counts, by the version of the file (containerd docs/cri/config.md). */
function tableOf(config: Config): CniTable | undefined {
  return idsOf(config)
    .map((id) => config.value.cni.find((table) => table.pluginId === id))
    .find((table) => table !== undefined);
}

function idsOf(config: Config): readonly string[] {
  const { version, source } = config.value;
  return source === "dump" || version >= 3
    ? ["io.containerd.cri.v1.runtime", ...(source === "dump" ? ["io.containerd.grpc.v1.cri", "cri"] : [])]
    : version === 2
      ? ["io.containerd.grpc.v1.cri"]
      : ["cri"];
}

/** True where the file has the section of that plugin, with a CNI table in it or without. */
const hasSection = (config: Config): boolean =>
  tableOf(config) !== undefined || idsOf(config).some((id) => config.value.withoutCni?.includes(id));

/** The file that decides, or null where that depends on the version: 1.x replaces a plugin's whole section, 2.x merges it key by key. */
function decidingOf(chain: readonly Config[], version: string | undefined): Config | null | undefined {
  const merged = chain.findLast((c) => tableOf(c)?.confDir != null);
  const replaced = chain.findLast(hasSection);
  const confDir = (c: Config | undefined): string => (c ? tableOf(c)?.confDir : null) ?? DEFAULT_CONF_DIR;
  if (version?.startsWith("1.")) return replaced;
  if (/^\d/.test(version ?? "") || confDir(merged) === confDir(replaced)) return merged;
  return null;
}

/** Whether the files of a node were collected, and only the version of the runtime is missing to tell what they come to. */
export function needsVersion(node: string, version: string | undefined, view: View): boolean {
  const found = mainFile(node, view);
  return found !== undefined && "main" in found && decidingOf(loaded(found.main, node, view).chain, version) === null;
}

function lineOf(config: Config) {
  const table = tableOf(config);
  const line = table?.line ?? null;
  const shown = table?.confDir
    ? `conf_dir = "${table.confDir}"`
    : `no conf_dir (plugin table of version ${config.value.version})`;
  return line === null ? config.evidence : evidenceIn(config.artifact, { kind: "lines", from: line, to: line }, shown);
}

function silence(node: string, chain: readonly Config[], absences: readonly Evidence[]): Statement {
  const [first, ...rest] = chain.map((c) => c.evidence) as [Evidence, ...Evidence[]];
  const names = chain.map((c) => c.value.path);
  const [on, paths] = [code(node, first), codes(names, 4, first, ...rest, ...absences)];
  const standing = code(DEFAULT_CONF_DIR, first);
  return chain.some((c) => c.value.cni.some((table) => table.confDir !== null))
    ? say`containerd's configuration on ${on} (${paths}) sets no conf_dir that counts, so its default ${standing} is in force`
    : say`containerd's configuration on ${on} (${paths}) sets no conf_dir, so its default ${standing} is in force`;
}

interface Absent {
  /** The containerd that was started without naming a file, and what shows that the one which it then takes does not exist. */
  readonly daemon: Fact<"process">;
  readonly absence: Evidence;
}

/** No file at all: the defaults, unless drop-ins that newer releases load by themselves may say something else. */
function builtIn({ daemon, absence }: Absent, node: string, version: string | undefined, view: View): ConfDir | null {
  const dropIns = filesLike("runtime.config", DEFAULT_DROP_INS, node, view);
  if (!beforeDropIns(version) && (dropIns.state !== "read" || tellOther(dropIns.facts))) return null;
  return {
    runtime: "containerd",
    written: DEFAULT_CONF_DIR,
    path: DEFAULT_CONF_DIR,
    maxConfNum: DEFAULT_MAX_CONF_NUM,
    network: null,
    binDirs: null,
    evidence: [absence, daemon.evidence],
    because: say`containerd on ${code(node, daemon.evidence)} was started as ${code(daemon.value.cmdline, daemon.evidence)} and ${code(DEFAULT_FILE, absence)} does not exist: it has no configuration, so its default ${code(DEFAULT_CONF_DIR, absence)} is in force`,
    unverified: [],
  };
}

const beforeDropIns = (version: string | undefined): boolean => /^(?:1|2\.[01])\./.test(version ?? "");
const tellOther = (files: readonly Config[]): boolean =>
  files.some((c) => (tableOf(c)?.confDir ?? DEFAULT_CONF_DIR) !== DEFAULT_CONF_DIR);

/** Drop-ins beside a file that imports none: of releases that may load them all the same a silent file is not the last word. */
function dropInsMayTell(main: Config, node: string, version: string | undefined, view: View): boolean {
  if (main.value.imports.length > 0 || beforeDropIns(version)) return false;
  const dropIns = filesLike("runtime.config", DEFAULT_DROP_INS, node, view);
  return dropIns.state === "unread" || tellOther(dropIns.facts);
}

/** Docker's own containerd serves no kubelet: it runs with its CRI plugin switched off (moby libcontainerd/supervisor). */
const OF_DOCKER = /^\/(?:var\/)?run\/docker\//;
const DEFAULT_SOCKET = "/run/containerd/containerd.sock";

/** Those containerds that may serve the kubelet; where its command line names a socket that one listens on, these only. */
export function daemonsOf(processes: readonly Fact<"process">[]): readonly Fact<"process">[] {
  const all = running(processes, /^containerd$/).filter((p) => !OF_DOCKER.test(configFlag(p) ?? ""));
  const asked = kubeletEndpoint(processes)?.socket;
  const serving = all.filter((p) => socketOf(flagOf(p.value.cmdline, "address", "a") ?? DEFAULT_SOCKET) === asked);
  return serving.length > 0 ? serving : all;
}

const configFlag = (daemon: Fact<"process">): string | null => flagOf(daemon.value.cmdline, "config", "c");

/** Configuration files that command lines of containerd name. */
export const namedFiles = (processes: readonly Fact<"process">[]): readonly string[] => [
  ...new Set(daemonsOf(processes).flatMap((p) => configFlag(p) ?? [])),
];

/** A snap's `current` is a link to its revision. */
const isNamed = (path: string, named: string): boolean =>
  path === named || path === named.replace("/current/", path.match(/\/\d+\//)?.[0] ?? "/current/");

/** Where distributions keep the file, the one that is more particular first; a template stands for what is made of it at each start. */
const KNOWN_PLACES: readonly RegExp[] = [
  /\/args\/containerd\.toml$/,
  /\/args\/containerd-template\.toml$/,
  /\/rancher\/(?:k3s|rke2)\/agent\/etc\/containerd\/config\.toml$/,
  /^\/etc\/(?:k0s\/containerd|containerd\/config|cri\/containerd)\.toml$/,
];

/** Those of them that are one path, which may be a link: a file is recorded where it really lies. */
const KNOWN_PATHS: readonly string[] = [
  "/var/lib/rancher/k3s/agent/etc/containerd/config.toml",
  "/var/lib/rancher/rke2/agent/etc/containerd/config.toml",
  "/etc/k0s/containerd.toml",
  DEFAULT_FILE,
  "/etc/cri/containerd.toml",
];

/** The file that was in force, or that there is none; undefined where it, or one that may be it, was not read whole. */
function mainFile(node: string, view: View): { readonly main: Config } | Absent | undefined {
  const processes = view("process").on(node);
  const valid = view("runtime.config")
    .on(node)
    .filter((c) => c.value.source === "file" && c.value.valid && !c.value.servesNoKubelet);
  const named = namedFiles(processes);
  if (named.length > 0) return namedMain(named, valid, node, view);
  const [daemon] = daemonsOf(processes);
  if (daemon) {
    const { state, facts, absence } = fileAt("runtime.config", DEFAULT_FILE, node, view);
    if (absence !== null) return { daemon, absence };
    const main = state === "read" ? facts.find((c) => valid.includes(c)) : undefined;
    return main && { main };
  }
  return placedMain(valid, node, view);
}

const linked = (path: string, c: Config, node: string, view: View): boolean =>
  fileTree(view("path").on(node)).resolve(path).real === c.value.path;

function namedMain(named: readonly string[], valid: readonly Config[], node: string, view: View) {
  const read = new Set(
    named.map((n) => valid.find((c) => isNamed(c.value.path, n)) ?? valid.find((c) => linked(n, c, node, view))),
  );
  const [main] = read;
  return read.size === 1 && main ? { main } : undefined;
}

function placedMain(valid: readonly Config[], node: string, view: View) {
  const place = KNOWN_PLACES.find((known) => valid.some((c) => known.test(c.value.path)));
  const path = place ? undefined : KNOWN_PATHS.find((known) => valid.some((c) => linked(known, c, node, view)));
  const inPlace = valid.filter((c) =>
    place ? place.test(c.value.path) : path !== undefined && linked(path, c, node, view),
  );
  const [main] = [...inPlace].sort((a, b) => (a.value.path < b.value.path ? -1 : 1));
  // Two that say different things, and nothing tells which is in force.
  if (new Set(inPlace.map((c) => tableOf(c)?.confDir ?? DEFAULT_CONF_DIR)).size !== 1) return undefined;
  return main && readWhole(node, view, KNOWN_PLACES) ? { main } : undefined;
}

/** No configuration file whose path fits failed, was denied, was cut or does not parse. */
function readWhole(node: string, view: View, paths: readonly RegExp[]): boolean {
  const config = view("runtime.config");
  return (
    paths.every((fits) => !UNREAD.has(config.coverage(node, fits).state)) &&
    !config.on(node).some((c) => c.value.source === "file" && !c.value.valid && paths.some((p) => p.test(c.value.path)))
  );
}

interface Loaded {
  readonly chain: readonly Config[];
  readonly state: string;
  /** What shows that a pattern of imports means no file. */
  readonly absences: readonly Evidence[];
}

/** The main file and all that it imports, in the order of their loading: later ones win. The state is that of the least known of them. */
function loaded(main: Config, node: string, view: View): Loaded {
  const chain = [main];
  const absences: Evidence[] = [];
  const states = new Set<string>();
  for (let next = 0; next < chain.length; next += 1) {
    const importer = chain[next] as Config;
    for (const written of importer.value.imports) {
      const pattern = absolute(importer, written);
      const files = written.includes("*")
        ? filesLike("runtime.config", pattern, node, view)
        : fileAt("runtime.config", pattern, node, view);
      // A single file that is not there stops containerd from starting: it was there once, and may have said anything.
      states.add(files.facts.length === 0 && !written.includes("*") && files.state === "read" ? "unseen" : files.state);
      if (files.absence) absences.push(files.absence);
      for (const file of files.facts) if (file.value.valid && !chain.includes(file)) chain.push(file);
    }
  }
  return { chain, absences, state: ["unread", "unseen"].find((s) => states.has(s)) ?? "read" };
}

/** Relative to the file that imports. */
const absolute = (importer: Config, written: string): string =>
  written.startsWith("/")
    ? written
    : `${importer.value.path.slice(0, importer.value.path.lastIndexOf("/") + 1)}${written}`;

/** Snap variables follow from the path of the configuration itself (snapcraft.io: SNAP_DATA is /var/snap/NAME/REVISION, `current` links to it). */
function expand(written: string, near: readonly Config[]): string | null {
  if (!written.includes("$")) return written;
  const snap = near.flatMap((c) => /^\/var\/snap\/([a-z0-9-]+)\//.exec(c.value.path)?.[1] ?? [])[0];
  if (snap === undefined) return null;
  const filled = written
    .replaceAll(/\$\{?SNAP_DATA\}?/g, `/var/snap/${snap}/current`)
    .replaceAll(/\$\{?SNAP_COMMON\}?/g, `/var/snap/${snap}/common`);
  return filled.includes("$") ? null : filled;
}
