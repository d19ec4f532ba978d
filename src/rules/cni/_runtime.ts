import type { Evidence } from "#model/evidence.js";
import { evidenceIn } from "#model/evidence.js";
import type { CniTable, Fact, FactKind } from "#model/fact.js";
import type { FactView, MatchContext } from "#model/rule.js";

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

/** Directories that distributions are known to use, tried where no configuration was collected. */
const USUAL_CONF_DIRS: readonly string[] = [
  DEFAULT_CONF_DIR,
  "/var/snap/microk8s/current/args/cni-network",
  "/var/lib/rancher/k3s/agent/etc/cni/net.d",
  "/var/lib/rancher/rke2/agent/etc/cni/net.d",
];

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

/** CRI-O and dockershim pass over files that are not valid, and read no configuration of containerd. */
export function skipsInvalid(node: string, view: View): boolean {
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
export function needsVersion(node: string, view: View): boolean {
  const configs = view("runtime.config").on(node);
  const main = mainFile(configs, namedFiles(view("process").on(node)));
  const runtime = runtimeOf(node, view);
  return main !== undefined && decidingOf([main, ...imported(main, configs)], runtime?.version) === null;
}

/**
 * Follows containerd's effective configuration on a node: the daemon's own dump, else the file that its command line names, else the
 * one in a known place, with its imports. Null where nothing tells.
 */
export function confDirOf(node: string, view: View, _context: MatchContext): ConfDir | null {
  const configs = view("runtime.config").on(node);
  if (skipsInvalid(node, view)) return guess(node, view);
  const dump = configs.find((c) => c.value.source === "dump" && c.value.valid);
  const named = namedFiles(view("process").on(node));
  const main = dump ?? mainFile(configs, named);
  if (!main) return guess(node, view);
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
    unverified: [
      ...(path === null ? [`the variable in ${written} could not be resolved`] : []),
      ...(dump || named.length === 0 || named.some((n) => isNamed(main.value.path, n))
        ? []
        : [`${named[0]}, which containerd's command line names, was not collected; ${main.value.path} stands for it`]),
    ],
  };
}

/** Configuration files that command lines of containerd name. */
const namedFiles = (processes: readonly Fact<"process">[]): readonly string[] =>
  processes
    .filter((p) => /(^|\/)containerd(\s|$)/.test(p.value.cmdline))
    .flatMap((p) => /--?c(?:onfig)?[= ](\S+)/.exec(p.value.cmdline)?.[1] ?? []);

/** A snap's `current` is a link to its revision. */
const isNamed = (path: string, named: string): boolean =>
  path === named || path === named.replace("/current/", path.match(/\/\d+\//)?.[0] ?? "/current/");

function mainFile(
  configs: readonly Fact<"runtime.config">[],
  named: readonly string[],
): Fact<"runtime.config"> | undefined {
  const files = configs.filter((c) => c.value.source === "file" && c.value.valid);
  const rank = (path: string): number => {
    if (named.some((n) => isNamed(path, n))) return 0;
    if (/\/args\/containerd\.toml$/.test(path)) return 1;
    if (/\/args\/containerd-template\.toml$/.test(path)) return 2;
    if (/\/rancher\/(k3s|rke2)\/agent\/etc\/containerd\/config\.toml$/.test(path)) return 3;
    if (path === "/etc/k0s/containerd.toml" || path === "/etc/containerd/config.toml") return 4;
    return /\/(conf|certs)\.d\//.test(path) ? 9 : 5;
  };
  return [...files].sort(
    (a, b) => rank(a.value.path) - rank(b.value.path) || (a.value.path < b.value.path ? -1 : 1),
  )[0];
}

/** Files that the main file imports, in the order of their loading: later ones win. */
function imported(
  main: Fact<"runtime.config">,
  configs: readonly Fact<"runtime.config">[],
): readonly Fact<"runtime.config">[] {
  return main.value.imports.flatMap((glob) => {
    const absolute = glob.startsWith("/")
      ? glob
      : `${main.value.path.slice(0, main.value.path.lastIndexOf("/") + 1)}${glob}`;
    return configs
      .filter((c) => c !== main && c.value.valid && matchesGlob(c.value.path, absolute))
      .sort((a, b) => (a.value.path < b.value.path ? -1 : 1));
  });
}

/** `*` within one path component, as Go's filepath.Glob; nothing else is used in practice. */
function matchesGlob(path: string, glob: string): boolean {
  const [parts, wanted] = [path.split("/"), glob.split("/")];
  return parts.length === wanted.length && wanted.every((w, i) => matchesComponent(parts[i] ?? "", w));
}

function matchesComponent(name: string, pattern: string): boolean {
  const pieces = pattern.split("*");
  if (pieces.length === 1) return name === pattern;
  const [first, last] = [pieces[0] ?? "", pieces.at(-1) ?? ""];
  return name.length >= first.length + last.length && name.startsWith(first) && name.endsWith(last);
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

/** Without any configuration: the one usual directory that holds CNI configuration, named as an assumption. */
function guess(node: string, view: View): ConfDir | null {
  const netconfs = view("cni.netconf").on(node);
  const directories = new Set(netconfs.map((n) => n.value.path.slice(0, n.value.path.lastIndexOf("/"))));
  const usual = [...directories].filter((d) =>
    USUAL_CONF_DIRS.includes(d.replace(/^(\/var\/snap\/[a-z0-9-]+)\/[^/]+\//, "$1/current/")),
  );
  const [only] = usual;
  const fact = netconfs.find((n) => n.value.path.startsWith(`${only}/`));
  if (usual.length !== 1 || only === undefined || !fact) return null;
  return {
    written: only,
    path: only,
    maxConfNum: DEFAULT_MAX_CONF_NUM,
    evidence: [fact.evidence],
    unverified: [
      "the runtime's configuration was not collected; its conf_dir is taken to be the only usual one in use",
    ],
  };
}
