import type { ScenarioArtifact } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { derivedInteger } from "./seed.js";

/** Where a `text` comes from. */
export type TextOrigin =
  | { readonly kind: "command"; readonly command: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "proc"; readonly pid: number; readonly file: string; readonly process: string | undefined };

/**
 * Commands behind the usual slugs of a `text` without `abspath`; any other slug is the command with `-` for a space
 * (`ip-neigh` is `ip neigh`).
 */
const commands: Readonly<Record<string, string>> = {
  dmesg: "dmesg --time-format iso",
  "dmesg-tail": "dmesg --time-format iso",
  df: "df -Pk",
  "df-k": "df -Pk",
  "df-i": "df -Pi",
  free: "free -m",
  "ip-link": "ip -d link",
  "ip-d-link": "ip -d link",
  ss: "ss -tlnp",
  "ss-tlnp": "ss -tlnp",
  "iptables-save": "iptables-save",
  "iscsiadm-session": "iscsiadm -m session",
  "iscsi-sessions": "iscsiadm -m session",
  "snap-list": "snap list --all",
  "ctr-tasks": "ctr -n k8s.io tasks ls",
  "ctr-tasks-ls": "ctr -n k8s.io tasks ls",
  "ctr-containers": "ctr -n k8s.io containers ls",
  "ctr-containers-ls": "ctr -n k8s.io containers ls",
  "crictl-ps": "crictl ps -a",
  "sysctl-ip-forward": "sysctl net.ipv4.ip_forward",
  "date-z": "date +%z",
  chrony: "chronyc tracking",
  mounts: "/proc/mounts",
  meminfo: "/proc/meminfo",
  loadavg: "/proc/loadavg",
};

/** Real paths behind the usual hints of `file`, `claims` and `ls` without `abspath`; a folder's hint ends in `/`. */
const places: Readonly<Record<string, string>> = {
  "fs/etc-cni.ls": "/etc/cni",
  "fs/args-cni-network.ls": "/var/snap/microk8s/current/args/cni-network",
  "fs/snap.ls": "/var/snap/microk8s",
  "containerd/config.toml": "/etc/containerd/config.toml",
  "containerd/containerd-template.toml": "/var/snap/microk8s/current/args/containerd-template.toml",
  "containerd/containerd.toml": "/var/snap/microk8s/current/args/containerd.toml",
  "kubeconfig/etc-cni.claims.json": "/etc/cni/net.d/calico-kubeconfig",
  "kubeconfig/args-cni-network.claims.json": "/var/snap/microk8s/current/args/cni-network/calico-kubeconfig",
  "cni/etc-cni/": "/etc/cni/net.d/",
  "cni/args-cni-network/": "/var/snap/microk8s/current/args/cni-network/",
  "args/": "/var/snap/microk8s/current/args/",
};

/** The last part of a hint without its extension, in the characters of a member name. */
export function slugOf(path: string): string {
  return (
    (path.split("/").at(-1) ?? path).replace(/\.(txt|log|json|ls|out)$/, "").replace(/[^A-Za-z0-9._-]+/g, "-") ||
    "output"
  );
}

/**
 * The real path of a `file`, `claims` or `ls`.
 * @throws ScenarioError where neither abspath nor the hint tells it
 */
export function realPathOf(artifact: ScenarioArtifact): string {
  const hint = artifact.path.split("/").slice(2).join("/");
  const folder = Object.keys(places).find((key) => key.endsWith("/") && hint.startsWith(key));
  const byFolder = folder === undefined ? undefined : `${places[folder]}${hint.slice(folder.length)}`;
  const byDashes =
    artifact.kind === "ls" && hint.startsWith("fs/") ? `/${slugOf(hint).replaceAll("-", "/")}` : undefined;
  const path = artifact.abspath ?? places[hint] ?? byFolder ?? byDashes;
  if (path?.startsWith("/") && !path.includes("\0")) return path;
  return fail(
    "path",
    artifact.place,
    path === undefined
      ? "abspath is missing and the path does not tell it"
      : `abspath is "${path}"; allowed is an absolute path`,
  );
}

/**
 * What a `text` is the output of: `/proc/<name or pid>/…` is a process's file, a bare path below /proc, /sys, /etc, /run or
 * /var a file, anything else a command.
 */
export function textOriginOf(artifact: ScenarioArtifact, scenario: string): TextOrigin {
  const slug = slugOf(artifact.path);
  const said = artifact.abspath ?? commands[slug] ?? slug.replaceAll("-", " ");
  const proc = /^\/proc\/(?:<([^<>/]+)>|(\d+))\/([A-Za-z0-9._/-]+)$/.exec(said);
  if (proc !== null) {
    const name = proc[1];
    const pid =
      name === undefined
        ? Number(proc[2])
        : derivedInteger(900, 60_000, scenario, "process", artifact.node ?? "", name);
    return { kind: "proc", pid, file: proc[3] ?? "", process: name };
  }
  if (/^\/(proc|sys|etc|run|var)\/\S+$/.test(said)) return { kind: "file", path: said };
  return { kind: "command", command: said };
}
