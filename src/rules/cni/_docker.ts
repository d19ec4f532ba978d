import type { Fact } from "#model/fact.js";
import { code, say } from "#model/statement.js";
import { flagOf, running } from "./_command-line.js";
import type { View } from "./_config-files.js";
import type { ConfDir } from "./_runtime.js";

/** cri-dockerd config/options.go; kubelet pkg/kubelet/config/flags.go up to 1.23. */
const DEFAULT_DIR = "/etc/cni/net.d";
const DEFAULT_BIN_DIR = "/opt/cni/bin";

/**
 * Where what stands before Docker looks: cri-dockerd, or the kubelet itself (dockershim, up to 1.23). Both are set up by their command line alone,
 * so without it nothing tells. cri-dockerd calls CNI plugins unless told otherwise (config/options.go); the kubelet only with
 * `--network-plugin=cni` (pkg/kubelet/config/flags.go).
 */
export function dockerConfDir(node: string, view: View): ConfDir | null {
  const shim = shimOf(node, view);
  if (!shim) return null;
  const { fact, name, plugin } = shim;
  const { cmdline } = fact.value;
  if ((flagOf(cmdline, "network-plugin") ?? plugin) !== "cni") return null;
  const flagged = flagOf(cmdline, "cni-conf-dir");
  const written = flagged ?? DEFAULT_DIR;
  if (!written.startsWith("/")) return null;
  const because = say`${code(name, fact.evidence)} on ${code(node, fact.evidence)} was started without ${code("--cni-conf-dir", fact.evidence)}, so its default ${code(DEFAULT_DIR, fact.evidence)} is in force`;
  return {
    runtime: "docker",
    written,
    path: written.replace(/(?<=.)\/+$/, ""),
    maxConfNum: 1,
    network: null,
    binDirs: (flagOf(cmdline, "cni-bin-dir") ?? DEFAULT_BIN_DIR).split(","),
    evidence: [fact.evidence],
    because: flagged === null ? because : null,
    unverified: [],
  };
}

interface Shim {
  readonly fact: Fact<"process">;
  readonly name: string;
  /** What it calls where its command line does not say. */
  readonly plugin: "cni" | "";
}

function shimOf(node: string, view: View): Shim | null {
  const processes = view("process").on(node);
  const shims = running(processes, /^cri-dockerd$/);
  const [fact] = shims;
  if (fact)
    return new Set(shims.map((s) => s.value.cmdline)).size === 1 ? { fact, name: "cri-dockerd", plugin: "cni" } : null;
  const kubelets = running(processes, /^kubelet$/);
  const [kubelet] = kubelets;
  const version = view("kube.node").all.find((n) => n.value.name === node)?.value.kubeletVersion ?? "";
  const minor = Number(/^v?1\.(\d+)\./.exec(version)?.[1] ?? Number.NaN);
  const remote = kubelet && flagOf(kubelet.value.cmdline, "container-runtime") === "remote";
  return kubelet && kubelets.length === 1 && minor <= 23 && !remote
    ? { fact: kubelet, name: "kubelet", plugin: "" }
    : null;
}
