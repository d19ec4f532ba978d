import type { Instant } from "./instant.js";

/** lstat of one path on a node; links are data, never followed. */
export interface PathValue {
  readonly path: string;
  readonly type: "f" | "d" | "l" | "c" | "b" | "p" | "s" | "absent" | "denied";
  readonly mode: string | null;
  readonly owner: string | null;
  readonly group: string | null;
  readonly size: number | null;
  readonly mtime: Instant | null;
  readonly ctime: Instant | null;
  readonly btime: Instant | null;
  readonly target: string | null;
  readonly listing: "complete" | "truncated" | "denied" | null;
}

/** One containerd configuration file, or the daemon's own dump (`source: "dump"`, which wins). */
export interface RuntimeConfigValue {
  readonly path: string;
  readonly source: "file" | "dump";
  /** `version` of the file; 1 where it has none (containerd RELEASES.md). */
  readonly version: number;
  readonly imports: readonly string[];
  /** False where the file is no valid TOML: then all below is null. */
  readonly valid: boolean;
  readonly problem: string | null;
  /** The CNI table as written, by plugin id, unexpanded. Null values: key absent. */
  readonly cni: readonly CniTable[];
  /** Plugin ids with a section in this file but no CNI table; left out where there is none such. containerd 1.x replaces whole sections. */
  readonly withoutCni?: readonly string[];
  /** `disabled_plugins` names the CRI plugin: whoever runs with this file serves no kubelet. Left out where it does not. */
  readonly servesNoKubelet?: true;
}

/** One configuration file of CRI-O, or what `crio config` prints (`source: "dump"`: files and drop-ins merged). */
export interface CrioConfigValue {
  readonly path: string;
  readonly source: "file" | "dump";
  /** False where the file is no valid TOML: then all below is null. */
  readonly valid: boolean;
  /** `network_dir` and `cni_default_network` of `[crio.network]`, and `plugin_dirs`, as written. Null values: key absent. */
  readonly networkDir: string | null;
  readonly defaultNetwork: string | null;
  readonly pluginDirs: readonly string[] | null;
  /** Lines of the first two. */
  readonly dirLine: number | null;
  readonly networkLine: number | null;
}

export interface CniTable {
  readonly pluginId: string;
  readonly confDir: string | null;
  readonly binDirs: readonly string[] | null;
  readonly maxConfNum: number | null;
  /** Line of the conf_dir key, or of the table; null in a dump that cannot say. */
  readonly line: number | null;
}

/** One CNI network configuration file. `valid: false`: not JSON, or not a network configuration; the runtime refuses it. */
export interface NetconfValue {
  readonly path: string;
  readonly valid: boolean;
  readonly problem: string | null;
  readonly problemLine: number | null;
  readonly name: string | null;
  readonly plugins: readonly NetconfPlugin[];
}

export interface NetconfPlugin {
  readonly type: string;
  /** `kubernetes.kubeconfig`, else `kubeconfig`: the file that the plugin reads at each call. */
  readonly kubeconfig: string | null;
  /** RFC 6901 pointer of that field. */
  readonly pointer: string | null;
  /** Line of that field, 1-based, where it could be found. */
  readonly line: number | null;
  /** Type of the plugin that calls this one (multus); left out where the runtime calls it itself. */
  readonly delegatedBy?: string;
}

/** Claims of a service account token as collected (signature already cut off). Seconds since 1970 become instants of the API's clock. */
export interface TokenValue {
  readonly kind: "jwt" | "opaque" | "malformed" | "absent";
  readonly alg: string | null;
  readonly kid: string | null;
  readonly iss: string | null;
  readonly sub: string | null;
  readonly iat: Instant | null;
  readonly nbf: Instant | null;
  readonly exp: Instant | null;
  readonly namespace: string | null;
  readonly serviceAccount: { readonly name: string; readonly uid: string | null } | null;
  readonly pod: { readonly name: string; readonly uid: string } | null;
  readonly node: { readonly name: string; readonly uid: string | null } | null;
}

/** One kubeconfig: the current context's server and credential. */
export interface KubeconfigValue {
  readonly path: string;
  readonly valid: boolean;
  readonly problem: string | null;
  readonly server: string | null;
  readonly token: TokenValue;
  /** Line of the token. */
  readonly tokenLine: number | null;
  /** sha256 over the CA certificate's DER, hex. */
  readonly caSha256: string | null;
}

export interface ProcessValue {
  readonly pid: number;
  readonly name: string;
  readonly cmdline: string;
}

/** A service as systemd has it (systemctl(1)): `loaded`, `failed`, `failed`. */
export interface UnitValue {
  readonly name: string;
  readonly load: string;
  readonly active: string;
  readonly sub: string;
}

/** One row of a process's mountinfo (proc(5)). */
export interface MountValue {
  readonly pid: number;
  readonly process: string;
  readonly mountPoint: string;
  /** Path of the mounted directory in its file system, without the `//deleted` mark. */
  readonly root: string;
  /** The mounted directory has been removed or replaced: `//deleted` in mountinfo. */
  readonly deleted: boolean;
  readonly fsType: string;
  readonly source: string;
}
