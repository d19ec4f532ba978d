import type { World } from "#engine/world.js";
import type { CniTable, Fact, FactKinds, PodTemplate, TokenValue } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { nodeClock } from "#model/instant.js";
import { found, type Rule } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { at, type Collected, fact, judge, pod, world } from "#test/rules/_facts.js";

/** A time of the clock of n1. */
export const onNode = (text: string) => at(text, nodeClock("n1"));

export const V1 = "cri";
export const V2 = "io.containerd.grpc.v1.cri";
export const V3 = "io.containerd.cri.v1.runtime";

export const table = (pluginId: string, confDir: string | null, part: Partial<CniTable> = {}): CniTable => ({
  pluginId,
  confDir,
  binDirs: null,
  maxConfNum: null,
  line: null,
  ...part,
});

/** A configuration file of version 2 that sets conf_dir, unless the test says otherwise. */
export const config = (part: Partial<FactKinds["runtime.config"]> = {}, node = "n1"): Fact<"runtime.config"> =>
  fact(
    "runtime.config",
    {
      path: "/etc/containerd/config.toml",
      source: "file",
      version: 2,
      imports: [],
      valid: true,
      problem: null,
      cni: [table(V2, "/etc/cni/net.d")],
      ...part,
    },
    node,
  );

type Path = Fact<"path">;
export const directory = (path: string, part: Partial<FactKinds["path"]> = {}, node = "n1"): Path =>
  fact("path", { path, type: "d", listing: "complete", ...part }, node);
export const file = (path: string, mtime = "2024-03-05T06:00:00Z", node = "n1"): Path =>
  fact("path", { path, type: "f", mtime: onNode(mtime) }, node);
export const link = (path: string, target: string, mtime: string | null = null, node = "n1"): Path =>
  fact("path", { path, type: "l", target, mtime: mtime === null ? null : onNode(mtime) }, node);

/** A conflist of Calico that names a kubeconfig; null names none. */
export const netconf = (path: string, kubeconfig: string | null, node = "n1"): Fact<"cni.netconf"> =>
  fact(
    "cni.netconf",
    { path, plugins: [{ type: "calico", kubeconfig, pointer: kubeconfig === null ? null : "/plugins/0", line: null }] },
    node,
  );

const DAY: TokenValue = {
  kind: "jwt",
  alg: "RS256",
  kid: "k1",
  iss: "https://kubernetes.default.svc",
  sub: "system:serviceaccount:kube-system:calico-cni-plugin",
  iat: at("2024-03-05T06:00:00Z"),
  nbf: null,
  exp: at("2024-03-06T06:00:00Z"),
  namespace: "kube-system",
  serviceAccount: { name: "calico-cni-plugin", uid: "sa-1" },
  pod: null,
  node: null,
};

/** A day's token without a pod, issued at six, unless the test says otherwise. */
export const token = (part: Partial<TokenValue> = {}): TokenValue => ({ ...DAY, ...part });

export const kubeconfig = (path: string, of: TokenValue = token(), node = "n1"): Fact<"kubeconfig"> =>
  fact("kubeconfig", { path, token: of, tokenLine: 7 }, node);

export const CONF_DIR = "/etc/cni/net.d";
export const KUBECONFIG = `${CONF_DIR}/calico-kubeconfig`;
export const CONFLIST = `${CONF_DIR}/10-calico.conflist`;

/** A node as an upstream installation leaves it: one directory, its conflist, and the kubeconfig beside it. */
export const plain = (of: TokenValue = token(), node = "n1"): readonly Fact[] => [
  config({}, node),
  directory(CONF_DIR, {}, node),
  file(CONFLIST, undefined, node),
  file(KUBECONFIG, undefined, node),
  netconf(CONFLIST, KUBECONFIG, node),
  kubeconfig(KUBECONFIG, of, node),
];

const template = (hostPath: string): PodTemplate => ({
  containers: [
    {
      name: "calico-node",
      image: "calico/node:v3.29.3",
      init: false,
      env: {},
      mounts: [{ volume: "cni-net-dir", path: "/host/etc/cni/net.d" }],
    },
  ],
  hostPaths: [{ name: "cni-net-dir", path: hostPath }],
  serviceAccount: "calico-node",
  hostNetwork: true,
});

/** The pod of a CNI agent that writes to a directory, started at five. */
export const agent = (
  hostPath: string = CONF_DIR,
  part: Partial<FactKinds["kube.pod"]> = {},
  started = "2024-03-05T05:00:00Z",
): Fact<"kube.pod"> =>
  pod({
    namespace: "kube-system",
    name: "calico-node-x",
    owner: { kind: "DaemonSet", name: "calico-node", uid: "ds-1" },
    created: at(started),
    startedAt: at(started),
    conditions: [ready("True", started)],
    template: template(hostPath),
    ...part,
  });

export const ready = (status: string, since: string) => ({
  type: "Ready",
  status,
  reason: null,
  message: null,
  since: at(since),
  heartbeat: null,
});

export const mount = (root: string, deleted = false, part: Partial<FactKinds["mount"]> = {}): Fact<"mount"> =>
  fact(
    "mount",
    {
      pid: 7,
      process: "calico-node",
      mountPoint: "/host/etc/cni/net.d",
      root,
      deleted,
      fsType: "ext4",
      source: "/dev/sda1",
      ...part,
    },
    "n1",
  );

const COLLECTED: NonNullable<Collected["coverage"]> = {
  "kube.pod": "complete",
  "kube.revision": "complete",
  "kube.workload": "complete",
  "kube.event": "complete",
  "kube.serviceaccount": "complete",
  path: "complete",
  "runtime.config": "complete",
  "cni.netconf": "complete",
  kubeconfig: "complete",
};

/** A moment at which all of it was collected, but for what `coverage` takes away. */
export const scene = (facts: readonly Fact[], part: Omit<Collected, "facts"> = {}): World =>
  world({ facts, ...part, coverage: { ...COLLECTED, ...part.coverage } });

/** What a rule says of such a moment. */
export const said = (rule: Rule, ...facts: readonly Fact[]): readonly Outcome[] => judge(rule, scene(facts));

/** What a symptom rule would have found: refused calls on a node. */
export const refusal = (error: string, node = "n1"): Found => {
  const { evidence } = config();
  return found({
    subject: `${node}|${error}`,
    about: { node: [node], error: [error] },
    since: at("2024-03-05T10:00:00Z"),
    lastSeen: at("2024-03-05T10:29:00Z"),
    statements: [say`Calls are refused with ${code(error, evidence)}`],
  }) as Found;
};
