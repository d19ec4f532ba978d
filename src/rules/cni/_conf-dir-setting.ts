import type { Finding } from "#model/finding.js";
import { type Command, shellWord } from "#model/rule.js";
import { restartOf, serviceFrom } from "#rules/kubelet/_distribution.js";

/** By what the runtime of a node is told which directory it reads, and how that is changed so that it lasts. */
export interface Setting {
  /** What it is called there. */
  readonly key: string;
  /** The file to change; null where none is known. */
  readonly file: string | null;
  /** `in FILE`, or where else; empty where nothing tells. */
  readonly where: string;
  /** Who makes the file in force of that one at each start; null where that is the one. */
  readonly maker: string | null;
  readonly made: string;
  /** What finds it before it is changed. */
  readonly find: Command;
  /** What tells of the directory; `before` the restart already where it asks the files, else only what is in force by then. */
  readonly before: boolean;
  readonly asked: (dir: string) => Command;
  readonly restart: string;
}

/** Files that are written anew at each start, of a template: containerd 1.x and 2.x (k3s docs, advanced; microk8s run-containerd-with-args). */
export function templateOf(path: string, version: number): string | null {
  const dir = path.slice(0, path.lastIndexOf("/") + 1);
  if (/\/rancher\/(?:k3s|rke2)\/agent\/etc\/containerd\/config\.toml$/.test(path))
    return `${dir}${version >= 3 ? "config-v3" : "config"}.toml.tmpl`;
  return OF_MICROK8S.test(path) ? `${dir}containerd-template.toml` : null;
}

const OF_MICROK8S = /^\/var\/snap\/microk8s\/[^/]+\/args\/containerd(?:-template)?\.toml$/;

/** Its time tells of the last start only, and not since when it says so. */
export const isMade = ({ confFile, confTemplate }: Finding["value"]): boolean =>
  typeof confTemplate === "string" && confTemplate !== confFile;

/** Of the finding: which file, or which program's command line, has its runtime read another directory than its agent writes to. */
export function settingOf({ value }: Pick<Finding, "value">): Setting {
  const text = (key: string): string => String(value[key] ?? "");
  const [node, file, program, runtime] = ["node", "confFile", "confProgram", "runtime"].map(text) as [
    string,
    string,
    string,
    string,
  ];
  if (program !== "") return byFlag(node, program);
  if (runtime === "cri-o") return ofCrio(node, file);
  const restart = restartOf(serviceFrom(value));
  const own = /\/rancher\/(k3s|rke2)\//.exec(text("confFileDrops") || file)?.[1];
  const named = serviceFrom(value).distribution;
  if (own === "k3s" || own === "rke2")
    return ofRancher(node, own, file, text("confTemplate"), own === named ? restart : unitOf(own));
  if (file.startsWith("/var/snap/microk8s/")) return ofMicrok8s(node, file, text("confTemplate"));
  return ofContainerd(node, file);
}

const asRoot = (node: string, question: string): string => `# on ${shellWord(node)}, as root: ${question}\n`;
const FIND = "which files set it?";
const COME_TO = "what do the files come to?";
const IN_FORCE = "what is in force?";

const plainly = (key: string, file: string) => ({
  key,
  file: file === "" ? null : file,
  where: file === "" ? "" : ` in ${file}`,
  maker: null,
  made: "",
});

function ofContainerd(node: string, file: string): Setting {
  const k0s = file.startsWith("/etc/k0s/");
  const dump = k0s
    ? "/var/lib/k0s/bin/containerd --config /etc/k0s/containerd.toml config dump"
    : "containerd config dump";
  return {
    ...plainly("conf_dir", file),
    find: {
      run: `${asRoot(node, FIND)}grep -rn conf_dir ${file === "" ? "/etc/containerd" : shellWord(file)}`,
      expect: null,
    },
    before: true,
    asked: (dir) => ({
      run: `${asRoot(node, COME_TO)}${dump} | grep conf_dir`,
      expect: `conf_dir = "${dir}"`,
    }),
    restart: k0s
      ? restartOf({ distribution: "k0s", units: ["k0scontroller", "k0sworker"] })
      : "systemctl restart containerd",
  };
}

const unitOf = (distribution: "k3s" | "rke2"): string =>
  `systemctl restart "$(systemctl list-units --plain --no-legend '${distribution}*.service' | cut -d ' ' -f 1)"`;

/** Its containerd is asked by the crictl that it brings. */
function ofRancher(node: string, maker: "k3s" | "rke2", file: string, template: string, restart: string): Setting {
  const made = template !== "";
  const crictl =
    maker === "k3s"
      ? "k3s crictl"
      : "CRI_CONFIG_FILE=/var/lib/rancher/rke2/agent/etc/crictl.yaml /var/lib/rancher/rke2/bin/crictl";
  return {
    ...plainly("conf_dir", made ? template : file),
    maker: made ? maker : null,
    made: made ? file : "",
    find: {
      run: `${asRoot(node, FIND)}grep -rn conf_dir ${shellWord(file.replace(/(\/agent\/etc\/containerd)\/.*$/, "$1"))}`,
      expect: null,
    },
    before: false,
    asked: (dir) => ({
      run: `${asRoot(node, IN_FORCE)}${crictl} info | grep -i confdir`,
      expect: `"confDir": "${dir}"`,
    }),
    restart,
  };
}

function ofMicrok8s(node: string, file: string, template: string): Setting {
  const made = file.replace(/containerd-template\.toml$/, "containerd.toml");
  const isMade = template !== "";
  return {
    ...plainly("conf_dir", isMade ? template : file),
    maker: isMade ? "MicroK8s" : null,
    made: isMade ? made : "",
    find: {
      run: `${asRoot(node, FIND)}grep -n conf_dir ${[...new Set([made, isMade ? template : file])].map(shellWord).join(" ")}`,
      expect: null,
    },
    before: false,
    asked: (dir) => ({
      run: `${asRoot(node, IN_FORCE)}grep -n conf_dir ${shellWord(made)}`,
      expect: `conf_dir = "${dir}"${dir.startsWith("/var/snap/microk8s/") ? ", or the same below the revision that `current` stands for; in the template SNAP_DATA is that directory" : ""}`,
    }),
    restart: "snap restart microk8s.daemon-containerd",
  };
}

/** `crio config` is asked without the daemon's flags, so a file elsewhere has to be named. */
function ofCrio(node: string, file: string): Setting {
  const named = file === "" || file.startsWith("/etc/crio/") ? "" : ` --config ${shellWord(file)}`;
  return {
    ...plainly("network_dir", file),
    find: {
      run: `${asRoot(node, FIND)}grep -rn network_dir ${file === "" ? "/etc/crio" : shellWord(file)}`,
      expect: null,
    },
    before: true,
    asked: (dir) => ({
      run: `${asRoot(node, COME_TO)}crio${named} config 2>/dev/null | grep network_dir`,
      expect: `network_dir = "${dir}"${dir === "/etc/cni/net.d" ? ", or the same as a comment: it is CRI-O's default" : ""}`,
    }),
    restart: "systemctl restart crio",
  };
}

const FLAGS: Readonly<Record<string, readonly [key: string, unit: string, files: string]>> = {
  crio: ["--cni-config-dir", "crio", "/etc/sysconfig/crio /etc/default/crio"],
  "cri-dockerd": ["--cni-conf-dir", "cri-docker", "/etc/sysconfig/cri-docker /etc/default/cri-docker"],
  kubelet: [
    "--cni-conf-dir",
    "kubelet",
    "/var/lib/kubelet/kubeadm-flags.env /etc/default/kubelet /etc/sysconfig/kubelet",
  ],
};

function byFlag(node: string, program: string): Setting {
  const [key, unit, files] = FLAGS[program] ?? ["--cni-conf-dir", program, ""];
  return {
    key,
    file: null,
    where: ` on the command line of ${program}`,
    maker: null,
    made: "",
    find: {
      run: `${asRoot(node, "where does its command line come from?")}systemctl cat ${unit}\ngrep -n -- ${key} ${files}`,
      expect: null,
    },
    before: false,
    asked: (dir) => ({
      run: `${asRoot(node, IN_FORCE)}ps -eo args | grep -- '[-]${key.slice(1)}'`,
      expect: `${key}=${dir}${dir === "/etc/cni/net.d" ? ", or no line: it is the default" : ""}`,
    }),
    restart: `systemctl daemon-reload && systemctl restart ${unit}`,
  };
}
