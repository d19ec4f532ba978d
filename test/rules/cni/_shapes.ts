import { stringify } from "yaml";

/** A cluster of one node as a distribution lays it out: the runtime, what of its configuration was collected, and where it looks. */
export interface Shape {
  readonly name: string;
  /** As the Node object reports it; null: no Node object says it. */
  readonly runtime: string | null;
  readonly kubelet?: string;
  /** Command lines by name of the process. */
  readonly processes: Readonly<Record<string, string>>;
  /** Contents of files by real path. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** Listings: the directory and its lines. */
  readonly listings: Readonly<Record<string, readonly string[]>>;
  /** Outputs of commands. */
  readonly commands?: Readonly<Record<string, readonly string[]>>;
  /** The directory that the runtime reads. */
  readonly reads: string;
  /** Conflists beside Calico's in that directory, by name: the network's name and the kubeconfig that it names. */
  readonly others?: Readonly<Record<string, readonly [string, string]>>;
  /** Kubeconfigs with the dead token in places that are not in force. */
  readonly dead?: readonly string[];
  /** How the runtime tells a refused teardown. */
  readonly failure: (error: string) => string;
}

const NODE = "east";
const NOW = "2025-03-04T10:00:00Z";
const ELSEWHERE = "/opt/agent/net.d";
const SANDBOX = "72ee69185015b750318ba7866557ac0f9c328aa474a11aef68d02d121452323f";

export const byContainerd = (error: string): string =>
  `failed to destroy network for sandbox \\"${SANDBOX}\\": plugin type=\\"calico\\" failed (delete): ${error}`;
export const byCrio = (error: string): string =>
  `failed to destroy network for pod sandbox k8s_cart-0_shop_${CART}_0(${SANDBOX}): error removing pod shop_cart-0 from CNI network \\"k8s-pod-network\\": plugin type=\\"calico\\" failed (delete): ${error}`;
export const byDocker = (error: string): string =>
  `networkPlugin cni failed to teardown pod \\"cart-0_shop\\" network: plugin type=\\"calico\\" failed (delete): ${error}`;

const CART = "5f1c2a90-3333-4a6b-9c3d-0000000000c1";
const AGENT = "5f1c2a90-2222-4a6b-9c3d-0000000000b1";

const seconds = (at: string): number => Date.parse(at) / 1000;
const claims = (issued: string, lifeS: number, pod: { readonly name: string; readonly uid: string } | null) => ({
  iss: "https://kubernetes.default.svc",
  sub: `system:serviceaccount:kube-system:${pod ? "calico-node" : "calico-cni-plugin"}`,
  iat: seconds(issued),
  nbf: seconds(issued),
  exp: seconds(issued) + lifeS,
  "kubernetes.io": {
    namespace: "kube-system",
    serviceaccount: { name: pod ? "calico-node" : "calico-cni-plugin", uid: "5f1c2a90-1111-4a6b-9c3d-000000000001" },
    ...(pod ? { pod } : {}),
  },
});
/** What the agent of the day wrote, and what one of last month left. */
const FRESH = claims("2025-03-04T06:00:11Z", 86_400, null);
const DEAD = claims("2025-02-01T08:00:01Z", 31_536_000, {
  name: "calico-node-old01",
  uid: "5f1c2a90-2222-4a6b-9c3d-0000000000aa",
});

const conflist = (name: string, kubeconfig: string): string =>
  JSON.stringify({
    name,
    cniVersion: "0.3.1",
    plugins: [{ type: "calico", datastore_type: "kubernetes", kubernetes: { kubeconfig } }],
  });

/**
 * The scenario of a shape. Healthy: the agent writes where the runtime reads. Faulty: since this morning's rollout it writes elsewhere, the runtime's directory
 * holds the token of a pod that is gone, and a teardown is refused.
 */
export function scenarioOf(shape: Shape, faulty: boolean): string {
  const writes = faulty ? ELSEWHERE : shape.reads;
  const file = (path: string, lines: readonly string[], mtime: string) => ({
    ...at(path),
    kind: "file",
    mtime,
    lines: lines.map((m) => ({ m })),
  });
  const token = (path: string, of: object, mtime: string) => ({ ...at(path), kind: "claims", mtime, items: [of] });
  const list = (path: string, lines: readonly string[]) => ({
    ...at(path),
    kind: "ls",
    lines: lines.map((m) => ({ m })),
  });
  const here = `${shape.reads}/calico-kubeconfig`;
  const names = ["10-calico.conflist", ...Object.keys(shape.others ?? {}), "calico-kubeconfig"];
  const since = faulty ? "2025-02-01T08:00:02Z" : "2025-03-04T06:00:12Z";
  const inDirectory = names.map((name) => `-rw------- root root ${since.slice(0, 16)}Z ${name}`);
  return stringify({
    schema: "forensic-scenario/1",
    id: `${shape.name} ${faulty ? "faulty" : "healthy"}`.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase(),
    title: shape.name,
    source: "made up",
    tz: { bundle: "UTC" },
    cluster: { name: "compass", k8s: shape.kubelet ?? "v1.29.4", cni: "Calico" },
    nodes: [{ name: NODE }],
    bundles: { S1: { collected_at: NOW } },
    artifacts: [
      ...clusterPart(shape, faulty, writes),
      ...Object.entries(shape.processes).map(([name, m]) => ({
        ...at(`/proc/<${name}>/cmdline`),
        kind: "text",
        lines: [{ m }],
      })),
      ...Object.entries(shape.files).map(([path, lines]) => file(path, lines, "2025-01-01T00:00:00Z")),
      ...Object.entries(shape.listings).map(([path, lines]) => list(path, lines)),
      ...Object.entries(shape.commands ?? {}).map(([command, lines]) => ({
        ...at(command),
        kind: "text",
        lines: lines.map((m) => ({ m })),
      })),
      list(shape.reads, inDirectory),
      file(`${shape.reads}/10-calico.conflist`, [conflist("k8s-pod-network", here)], since),
      ...Object.entries(shape.others ?? {}).map(([name, [network, kubeconfig]]) =>
        file(`${shape.reads}/${name}`, [conflist(network, kubeconfig)], since),
      ),
      token(here, faulty ? DEAD : FRESH, since),
      ...(faulty
        ? [
            list(ELSEWHERE, ["-rw------- root root 2025-03-04T06:00Z calico-kubeconfig"]),
            token(`${ELSEWHERE}/calico-kubeconfig`, FRESH, "2025-03-04T06:00:12Z"),
          ]
        : []),
      ...(shape.dead ?? []).map((path) => token(path, DEAD, "2025-02-01T08:00:02Z")),
    ],
    expect: {},
  });
}

const at = (abspath: string) => ({
  bundle: "S1",
  path: `nodes/${NODE}/x/${abspath.replaceAll(/[^A-Za-z0-9.]+/g, "-")}`,
  abspath,
});

function clusterPart(shape: Shape, faulty: boolean, writes: string): readonly object[] {
  const part = (kind: string, items: readonly object[]) => ({
    bundle: "S1",
    path: `cluster/${kind}.json`,
    kind,
    items,
  });
  const agent = (volume: string) => ({
    images: ["calico/cni:v3.29.3", "calico/node:v3.29.3"],
    volumes: { "cni-net-dir": volume },
    env: { CNI_NET_DIR: volume },
  });
  const calico = { ns: "kube-system", owner: "DaemonSet/calico-node" };
  const cart = {
    ns: "shop",
    name: "cart-0",
    node: NODE,
    phase: "Running",
    owner: "StatefulSet/cart",
    started: "2025-03-01T08:00:00Z",
    metadata: { uid: CART },
  };
  return [
    part("pods", [
      {
        ...calico,
        name: "calico-node-east2",
        node: NODE,
        phase: "Running",
        ready: "1/1",
        started: "2025-03-04T06:00:10Z",
        labels: { "controller-revision-hash": "bbbb" },
        metadata: { uid: AGENT },
        spec: { hostNetwork: true },
      },
      faulty
        ? {
            ...cart,
            ready: "0/1",
            deleted: "2025-03-04T09:20:30Z",
            finalizers: [],
            metadata: { uid: CART, deletionGracePeriodSeconds: 30 },
          }
        : { ...cart, ready: "1/1" },
    ]),
    part("nodes", [
      {
        name: NODE,
        conds: ["Ready=True"],
        metadata: { creationTimestamp: "2024-01-01T00:00:00Z" },
        ...(shape.runtime === null ? {} : { status: { nodeInfo: { containerRuntimeVersion: shape.runtime } } }),
      },
    ]),
    part("events", [
      faulty
        ? {
            ...{
              t: "2025-03-04T09:20:31Z",
              last: "2025-03-04T09:56:00Z",
              count: 140,
              ns: "shop",
              obj: "pod/cart-0",
              uid: CART,
            },
            ...{ node: NODE, type: "Warning", reason: "FailedKillPod", component: "kubelet" },
            msg: `error killing pod: failed to "KillPodSandbox" for "${CART}" with KillPodSandboxError: "rpc error: code = Unknown desc = ${shape.failure("error getting ClusterInformation: connection is unauthorized: Unauthorized")}"`,
          }
        : {
            t: "2025-03-04T09:00:00Z",
            count: 1,
            ns: "shop",
            obj: "pod/cart-0",
            uid: CART,
            node: NODE,
            type: "Normal",
            reason: "Pulled",
            component: "kubelet",
            msg: "Container image already present",
          },
    ]),
    {
      ...{ bundle: "S1", path: "cluster/serviceaccounts.json", kind: "object" },
      items: ["calico-cni-plugin", "calico-node"].map((name) => ({
        ...{ apiVersion: "v1", kind: "ServiceAccount", ns: "kube-system", name },
        metadata: { uid: "5f1c2a90-1111-4a6b-9c3d-000000000001", creationTimestamp: "2024-01-01T00:00:00Z" },
      })),
    },
    part("controllerrevisions", [
      { ...calico, name: "calico-node-aaaa", revision: 1, created: "2025-02-01T07:59:00Z", ...agent(shape.reads) },
      { ...calico, name: "calico-node-bbbb", revision: 2, created: "2025-03-04T05:59:50Z", ...agent(writes) },
    ]),
    part("daemonsets", [
      { ns: "kube-system", name: "calico-node", desired: 1, ready: 1, updated: 1, ...agent(writes) },
    ]),
  ];
}
