import type { Coverage } from "#model/artifact.js";
import type { Evidence } from "#model/evidence.js";
import { evidenceIn } from "#model/evidence.js";
import { type CniTable, type Fact, type FactKind, HOW_TO_COLLECT } from "#model/fact.js";
import { fileTree } from "#model/file-tree.js";
import type { Missing } from "#model/finding.js";
import { type FactView, shellWord } from "#model/rule.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** Where the container runtime of a node looks for CNI configuration. */
export interface ConfDir {
  /** As written, and with the variables of its distribution filled in. */
  readonly written: string;
  readonly path: string;
  readonly maxConfNum: number;
  readonly evidence: readonly Evidence[];
  readonly unverified: readonly string[];
}

/** containerd's defaults: internal/cri/config/config_unix.go, v1.6 to v2.3. */
const DEFAULT_CONF_DIR = "/etc/cni/net.d";
const DEFAULT_MAX_CONF_NUM = 1;

/** The plugin whose CNI table counts, by the version of the file (containerd docs/cri/config.md). */
function tableOf(config: Fact<"runtime.config">): CniTable | undefined {
  return idsOf(config)
    .map((id) => config.value.cni.find((table) => table.pluginId === id))
    .find((table) => table !== undefined);
}

function idsOf(config: Fact<"runtime.config">): readonly string[] {
  const { version, source } = config.value;
  return source === "dump" || version >= 3
    ? ["io.containerd.cri.v1.runtime", ...(source === "dump" ? ["io.containerd.grpc.v1.cri", "cri"] : [])]
    : version === 2
      ? ["io.containerd.grpc.v1.cri"]
      : ["cri"];
}

/** True where the file has the section of that plugin, with a CNI table in it or without. */
const hasSection = (config: Fact<"runtime.config">): boolean =>
  tableOf(config) !== undefined || idsOf(config).some((id) => config.value.withoutCni?.includes(id));

/** The runtime of a node as its kubelet reports it: `containerd` and `1.7.16`; null where no Node object was collected. */
export function runtimeOf(node: string, view: View): { readonly name: string; readonly version: string } | null {
  const reported = view("kube.node").all.find((n) => n.value.name === node)?.value.runtimeVersion;
  const [, name, version] = /^([a-z-]+):\/\/v?(.*)$/.exec(reported ?? "") ?? [];
  return name === undefined ? null : { name, version: version ?? "" };
}

/** CRI-O and dockershim read no configuration of containerd. */
function isOther(node: string, view: View): boolean {
  const name = runtimeOf(node, view)?.name;
  return name === "cri-o" || name === "docker";
}

/** The file that decides, or null where that depends on the version: 1.x replaces a plugin's whole section, 2.x merges it key by key. */
function decidingOf(
  chain: readonly Fact<"runtime.config">[],
  version: string | undefined,
): Fact<"runtime.config"> | null | undefined {
  const merged = chain.findLast((c) => tableOf(c)?.confDir != null);
  const replaced = chain.findLast(hasSection);
  const confDir = (c: Fact<"runtime.config"> | undefined): string =>
    (c ? tableOf(c)?.confDir : null) ?? DEFAULT_CONF_DIR;
  if (version?.startsWith("1.")) return replaced;
  if (/^\d/.test(version ?? "") || confDir(merged) === confDir(replaced)) return merged;
  return null;
}

/** Whether the files of a node were collected, and only the version of the runtime is missing to tell what they come to. */
function needsVersion(node: string, view: View): boolean {
  const main = isOther(node, view) ? undefined : mainFile(node, view);
  const configs = view("runtime.config").on(node);
  return main !== undefined && decidingOf([main, ...imported(main, configs)], runtimeOf(node, view)?.version) === null;
}

/** What would tell where the runtime of a node looks, where `confDirOf` does not know. */
export function missingConfDir(node: string, view: View): Missing {
  if (needsVersion(node, view))
    return view("kube.node").missing(`the version of containerd on ${node}, which decides what its drop-ins come to`);
  const [named] = namedFiles(view("process").on(node));
  const other = isOther(node, view) ? runtimeOf(node, view)?.name : undefined;
  const what = other
    ? `the container runtime's configuration: that of ${other} is not evaluated`
    : named === undefined
      ? "the container runtime's configuration"
      : `the container runtime's configuration ${named}, which its command line names`;
  const asks = other
    ? "crictl info"
    : `containerd ${named === undefined ? "" : `--config ${shellWord(named)} `}config dump`;
  const config = view("runtime.config");
  return {
    ...config.missing(what, node, config.on(node).length > 0 || named === undefined ? undefined : exactly(named)),
    command: `${HOW_TO_COLLECT["runtime.config"]}\n${asks}   # there, tells it at once`,
  };
}

/**
 * Follows containerd's effective configuration on a node: the daemon's own dump, else the file that its command line names, else the
 * one in a known place, with its imports. Null where nothing tells, or where what tells was not read: a directory that others use,
 * or a file that stands beside the one in force, is no evidence of what this runtime reads.
 */
export function confDirOf(node: string, view: View): ConfDir | null {
  if (isOther(node, view)) return null;
  const configs = view("runtime.config").on(node);
  const dump = configs.find((c) => c.value.source === "dump" && c.value.valid);
  const main = dump ?? mainFile(node, view);
  if (!main) return null;
  const chain = dump ? [main] : [main, ...imported(main, configs)];
  const decided = decidingOf(chain, runtimeOf(node, view)?.version);
  if (decided === null) return null;
  const deciding = decided ?? main;
  const table = tableOf(deciding);
  const written = table?.confDir ?? DEFAULT_CONF_DIR;
  const path = expand(written, [deciding, ...configs.filter((c) => c.value.source === "file")]);
  const line = table?.line ?? null;
  const shown = table?.confDir
    ? `conf_dir = "${table.confDir}"`
    : `no conf_dir (plugin table of version ${deciding.value.version})`;
  const evidence =
    line === null ? deciding.evidence : evidenceIn(deciding.artifact, { kind: "lines", from: line, to: line }, shown);
  return {
    written,
    path: path ?? written,
    maxConfNum: table?.maxConfNum ?? DEFAULT_MAX_CONF_NUM,
    evidence: [evidence],
    unverified: path === null ? [`the variable in ${written} could not be resolved`] : [],
  };
}

/** Docker's own containerd serves no kubelet: it runs with its CRI plugin switched off (moby libcontainerd/supervisor). */
const OF_DOCKER = /^\/(?:var\/)?run\/docker\//;

/** Configuration files that command lines of containerd name. */
const namedFiles = (processes: readonly Fact<"process">[]): readonly string[] => [
  ...new Set(
    processes
      .filter((p) => /(^|\/)containerd(\s|$)/.test(p.value.cmdline))
      .flatMap((p) => /--?c(?:onfig)?[= ](\S+)/.exec(p.value.cmdline)?.[1] ?? [])
      .filter((path) => !OF_DOCKER.test(path)),
  ),
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
  "/etc/containerd/config.toml",
  "/etc/cri/containerd.toml",
];

/** The file that was in force, with all that it imports; none where it, or one that may be it, was not read whole. */
function mainFile(node: string, view: View): Fact<"runtime.config"> | undefined {
  const configs = view("runtime.config").on(node);
  const valid = configs.filter((c) => c.value.source === "file" && c.value.valid);
  if (valid.length === 0) return undefined;
  const linked = (path: string, c: Fact<"runtime.config">): boolean =>
    fileTree(view("path").on(node)).resolve(path).real === c.value.path;
  const named = namedFiles(view("process").on(node));
  if (named.length > 0) {
    const read = new Set(
      named.map((n) => valid.find((c) => isNamed(c.value.path, n)) ?? valid.find((c) => linked(n, c))),
    );
    const [main] = read;
    return read.size === 1 && main && readWhole(node, view, importsOf(main)) ? main : undefined;
  }
  const place = KNOWN_PLACES.find((known) => valid.some((c) => known.test(c.value.path)));
  const path = place ? undefined : KNOWN_PATHS.find((known) => valid.some((c) => linked(known, c)));
  const inPlace = valid.filter((c) => (place ? place.test(c.value.path) : path !== undefined && linked(path, c)));
  const [main] = [...inPlace].sort((a, b) => (a.value.path < b.value.path ? -1 : 1));
  // Two that say different things, and nothing tells which is in force.
  if (new Set(inPlace.map((c) => tableOf(c)?.confDir ?? DEFAULT_CONF_DIR)).size !== 1) return undefined;
  return main && readWhole(node, view, [...KNOWN_PLACES, ...importsOf(main)]) ? main : undefined;
}

const importsOf = (main: Fact<"runtime.config">): readonly RegExp[] =>
  main.value.imports.map((glob) => globOf(main, glob));

/** No configuration file whose path fits failed, was denied, was cut or does not parse. */
function readWhole(node: string, view: View, paths: readonly RegExp[]): boolean {
  const config = view("runtime.config");
  return (
    paths.every((fits) => !UNREAD.has(config.coverage(node, fits).state)) &&
    !config.on(node).some((c) => c.value.source === "file" && !c.value.valid && paths.some((p) => p.test(c.value.path)))
  );
}

const UNREAD: ReadonlySet<Coverage> = new Set(["failed", "denied", "truncated"]);

const exactly = (path: string): RegExp => new RegExp(`^${escaped(path)}$`);
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** `*` within one path component, as Go's filepath.Glob; nothing else is used in practice. Relative to the file that imports. */
function globOf(main: Fact<"runtime.config">, glob: string): RegExp {
  const own = main.value.path.slice(0, main.value.path.lastIndexOf("/") + 1);
  const absolute = glob.startsWith("/") ? glob : `${own}${glob}`;
  return new RegExp(`^${absolute.split("/").map(component).join("/")}$`);
}

/** Of several `*` the text between them does not count: an expression with many would be slow on purpose. */
function component(pattern: string): string {
  const pieces = pattern.split("*");
  const [first, last] = [pieces[0] ?? "", pieces.at(-1) ?? ""];
  return pieces.length === 1 ? escaped(pattern) : `${escaped(first)}[^/]*${escaped(last)}`;
}

/** Files that the main file imports, in the order of their loading: later ones win. */
function imported(
  main: Fact<"runtime.config">,
  configs: readonly Fact<"runtime.config">[],
): readonly Fact<"runtime.config">[] {
  return main.value.imports.flatMap((glob) => {
    const fits = globOf(main, glob);
    return configs
      .filter((c) => c !== main && c.value.valid && fits.test(c.value.path))
      .sort((a, b) => (a.value.path < b.value.path ? -1 : 1));
  });
}

/** Snap variables follow from the path of the configuration itself (snapcraft.io: SNAP_DATA is /var/snap/NAME/REVISION, `current` links to it). */
function expand(written: string, near: readonly Fact<"runtime.config">[]): string | null {
  if (!written.includes("$")) return written;
  const snap = near.flatMap((c) => /^\/var\/snap\/([a-z0-9-]+)\//.exec(c.value.path)?.[1] ?? [])[0];
  if (snap === undefined) return null;
  const filled = written
    .replaceAll(/\$\{?SNAP_DATA\}?/g, `/var/snap/${snap}/current`)
    .replaceAll(/\$\{?SNAP_COMMON\}?/g, `/var/snap/${snap}/common`);
  return filled.includes("$") ? null : filled;
}
