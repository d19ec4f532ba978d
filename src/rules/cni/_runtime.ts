import type { Evidence } from "#model/evidence.js";
import { type Fact, type FactKind, HOW_TO_COLLECT } from "#model/fact.js";
import type { Missing } from "#model/finding.js";
import { shellWord } from "#model/rule.js";
import type { Statement } from "#model/statement.js";
import { kubeletEndpoint, running } from "./_command-line.js";
import { exactly, type View } from "./_config-files.js";
import { containerdConfDir, daemonsOf, namedFiles, needsVersion } from "./_containerd.js";
import { crioConfDir } from "./_crio.js";
import { dockerConfDir } from "./_docker.js";

export type RuntimeName = "containerd" | "cri-o" | "docker";

/** Where the container runtime of a node looks for CNI configuration. */
export interface ConfDir {
  readonly runtime: RuntimeName;
  /** As written, and with the variables of its distribution filled in. */
  readonly written: string;
  readonly path: string;
  readonly maxConfNum: number;
  /** The network that CRI-O was told to take (`cni_default_network`); null: the first one. */
  readonly network: string | null;
  /** Where CNI plugins lie; null where that was not asked. */
  readonly binDirs: readonly string[] | null;
  readonly evidence: readonly Evidence[];
  /** Where a default of the software is in force: what shows that nothing else was set. */
  readonly because: Statement | null;
  readonly unverified: readonly string[];
}

/** The runtime of a node as its kubelet reports it: `containerd` and `1.7.16`; null where no Node object was collected. */
export function runtimeOf(node: string, view: View): { readonly name: string; readonly version: string } | null {
  const reported = view("kube.node").all.find((n) => n.value.name === node)?.value.runtimeVersion;
  const [, name, version] = /^([a-z-]+):\/\/v?(.*)$/.exec(reported ?? "") ?? [];
  return name === undefined ? null : { name, version: version ?? "" };
}

/**
 * Which runtime serves the kubelet of a node: what its Node object reports, else the socket that the kubelet was told to use, else the only runtime
 * that runs. Null where these contradict each other, or several run and nothing tells. Files that lie about tell nothing, save
 * that with CRI-O's beside containerd's not even the usual is taken for granted.
 */
export function servingRuntime(node: string, view: View): RuntimeName | null {
  const processes = view("process").on(node);
  const reported = runtimeOf(node, view)?.name ?? null;
  const asked = byEndpoint(processes);
  const run = runningOf(processes);
  if (reported !== null) {
    if (!isRuntime(reported) || (asked !== null && asked !== reported)) return null;
    // What Docker runs on is a containerd, and dockershim is the kubelet itself; a dockerd may as well run in a pod.
    const own = run.filter((name) => name !== "docker");
    return own.length > 0 && reported !== "docker" && !own.includes(reported) ? null : reported;
  }
  if (asked !== null) return asked;
  if (run.length > 0) return run.length === 1 ? (run[0] ?? null) : null;
  return view("crio.config").on(node).length === 0 ? "containerd" : null;
}

const isRuntime = (name: string): name is RuntimeName => ["containerd", "cri-o", "docker"].includes(name);

function byEndpoint(processes: readonly Fact<"process">[]): RuntimeName | null {
  const socket = kubeletEndpoint(processes)?.socket ?? "";
  if (/\/(?:cri-dockerd|dockershim)\.sock$/.test(socket)) return "docker";
  if (/\/crio\.sock$/.test(socket)) return "cri-o";
  return /\/containerd\.sock$/.test(socket) ? "containerd" : null;
}

function runningOf(processes: readonly Fact<"process">[]): readonly RuntimeName[] {
  return [
    ...(daemonsOf(processes).length > 0 ? (["containerd"] as const) : []),
    ...(running(processes, /^crio$/).length > 0 ? (["cri-o"] as const) : []),
    ...(running(processes, /^(?:cri-dockerd|dockerd)$/).length > 0 ? (["docker"] as const) : []),
  ];
}

/**
 * Follows the effective configuration of the runtime that serves the kubelet. Null where nothing tells, or where what tells was not read: a directory
 * that others use, or a file that stands beside the one in force, is no evidence of what this runtime reads.
 */
export function confDirOf(node: string, view: View): ConfDir | null {
  const name = servingRuntime(node, view);
  if (name === "containerd") return containerdConfDir(node, runtimeOf(node, view)?.version, view);
  if (name === "cri-o") return crioConfDir(node, view);
  return name === "docker" ? dockerConfDir(node, view) : null;
}

/** What would tell where the runtime of a node looks, where `confDirOf` does not know. */
export function missingConfDir(node: string, view: View): Missing {
  const name = servingRuntime(node, view);
  if (name === null) {
    return {
      ...view("kube.node").missing(`which container runtime serves the kubelet of ${node}`),
      command: `${HOW_TO_COLLECT["kube.node"]}\ncrictl version   # on ${node}, tells it at once`,
    };
  }
  if (name === "cri-o") return missing("crio.config", "CRI-O's configuration", "crio config", node, view);
  if (name === "docker") {
    const what =
      "the command line of cri-dockerd (up to Kubernetes 1.23 also of the kubelet), which names its CNI directory";
    return missing("process", what, "ps -eo args | grep -E 'cri-dockerd|kubelet'", node, view);
  }
  if (needsVersion(node, runtimeOf(node, view)?.version, view))
    return view("kube.node").missing(`the version of containerd on ${node}, which decides what its drop-ins come to`);
  const [named] = namedFiles(view("process").on(node));
  const what = `the container runtime's configuration${named === undefined ? "" : ` ${named}, which its command line names`}`;
  const asks = `containerd ${named === undefined ? "" : `--config ${shellWord(named)} `}config dump`;
  const config = view("runtime.config");
  const only = config.on(node).length > 0 || named === undefined ? undefined : exactly(named);
  return missing("runtime.config", what, asks, node, view, only);
}

function missing(kind: FactKind, what: string, asks: string, node: string, view: View, only?: RegExp): Missing {
  return {
    ...view(kind).missing(what, node, only),
    command: `${HOW_TO_COLLECT[kind]}\n${asks}   # there, tells it at once`,
  };
}
