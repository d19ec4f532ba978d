import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cite } from "#model/fact.js";
import { lists, resourceOf } from "#parsers/resource.js";
import { apiList, artifact, intakeOf, ofKind, values } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("kube objects");

const api = (time: string) => ({ epochMs: Date.parse(time), precisionMs: 1000, clock: "api" });

/** A pod that hangs in deletion, as a 1.20 API server gives it. */
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "pvc-1-jiva-rep-1-5dd8f67sqmz",
    namespace: "openebs",
    uid: "pod-uid",
    creationTimestamp: "2026-05-22T00:15:00Z",
    deletionTimestamp: "2026-05-23T02:01:30Z",
    deletionGracePeriodSeconds: 30,
    labels: { "openebs.io/component": "jiva-replica" },
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", kept: "yes" },
    managedFields: [{ manager: "kubelet" }],
    ownerReferences: [
      { kind: "Thing", name: "other", uid: "1" },
      { kind: "ReplicaSet", name: "pvc-1-jiva-rep-1-5dd8f66465", uid: "rs-uid", controller: true },
    ],
  },
  spec: {
    nodeName: "k8s01",
    nodeSelector: { disk: "ssd" },
    serviceAccountName: "default",
    containers: [
      {
        name: "jiva-replica",
        image: "jiva:3.6.0",
        env: [
          { name: "A", value: "1" },
          { name: "B", valueFrom: {} },
        ],
        volumeMounts: [{ name: "openebs", mountPath: "/openebs" }],
      },
      { name: "late", image: "late:1" },
    ],
    volumes: [
      { name: "openebs", hostPath: { path: "/var/openebs/pvc-1", type: "DirectoryOrCreate" } },
      { name: "data", persistentVolumeClaim: { claimName: "data-0" } },
      { name: "scratch", ephemeral: { volumeClaimTemplate: {} } },
    ],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "topology/nodeName", operator: "In", values: ["k8s01"] }] },
            {},
          ],
        },
      },
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { a: "b" } }, topologyKey: "kubernetes.io/hostname" },
          { topologyKey: "kubernetes.io/hostname" },
        ],
      },
    },
  },
  status: {
    phase: "Running",
    startTime: "2026-05-22T00:15:05Z",
    conditions: [
      {
        type: "Ready",
        status: "False",
        reason: "ContainersNotReady",
        lastProbeTime: null,
        lastTransitionTime: "2026-05-23T02:01:40Z",
      },
    ],
    containerStatuses: [
      {
        name: "jiva-replica",
        image: "docker.io/jiva:3.6.0",
        ready: false,
        restartCount: 2,
        state: { terminated: { reason: "Completed", startedAt: "2026-05-22T00:15:06Z" } },
      },
    ],
  },
};

test("how a container last ended, and its memory limit, where it has one", () => {
  const of = (status: object, resources: object) => {
    const spec = { containers: [{ name: "a", resources }] };
    const item = { metadata: POD.metadata, spec, status: { containerStatuses: [{ name: "a", ...status }] } };
    const [fact] = ofKind(intakeOf([apiList("pods"), [item]]), "kube.pod");
    return fact?.value.containers[0];
  };
  const oom = { exitCode: 137, reason: "OOMKilled", signal: 9, finishedAt: "2026-05-22T00:15:06Z" };
  const limited = { limits: { memory: "128Mi" } };
  const waiting = of({ state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: oom } }, limited);
  assert.equal(waiting?.ended, { reason: "OOMKilled", exitCode: 137, signal: 9, at: api("2026-05-22T00:15:06Z") });
  assert.is(waiting?.memoryLimit, "128Mi");
  // The state is of a later end than the last one.
  const state = { terminated: { exitCode: 1, reason: "Error" } };
  assert.is(of({ state, lastState: { terminated: oom } }, {})?.ended?.exitCode, 1);
  const never = of({ state: { running: {} }, lastState: {} }, { limits: { cpu: 1 }, requests: { memory: "1Gi" } });
  assert.equal([never?.ended, never?.memoryLimit], [undefined, undefined]);
});

test("a pod", () => {
  const [fact] = ofKind(intakeOf([apiList("pods"), [POD]]), "kube.pod");
  const pod = fact?.value;
  assert.is(fact?.node, "k8s01");
  assert.is(pod?.phase, "Running");
  assert.equal(pod?.deletion, api("2026-05-23T02:01:30Z"));
  assert.is(pod?.graceSeconds, 30);
  assert.equal(pod?.owner, { kind: "ReplicaSet", name: "pvc-1-jiva-rep-1-5dd8f66465", uid: "rs-uid" });
  assert.equal(pod?.containers, [
    {
      name: "jiva-replica",
      image: "docker.io/jiva:3.6.0",
      init: false,
      ready: false,
      restarts: 2,
      state: "terminated:Completed",
      startedAt: api("2026-05-22T00:15:06Z"),
      ended: { reason: "Completed", exitCode: null, signal: null, at: null },
    },
    { name: "late", image: "late:1", init: false, ready: false, restarts: 0, state: "unknown", startedAt: null },
  ]);
  assert.equal(pod?.nodeAffinity, [[{ key: "topology/nodeName", operator: "In", values: ["k8s01"] }]]);
  assert.equal(pod?.antiAffinity, [
    {
      topologyKey: "kubernetes.io/hostname",
      selector: { matchLabels: { a: "b" }, matchExpressions: [] },
      namespaces: [],
    },
  ]);
  assert.equal(pod?.claims, ["data-0", "pvc-1-jiva-rep-1-5dd8f67sqmz-scratch"]);
  assert.equal(pod?.template.hostPaths, [{ name: "openebs", path: "/var/openebs/pvc-1" }]);
  assert.equal(pod?.template.containers[0], {
    name: "jiva-replica",
    image: "jiva:3.6.0",
    init: false,
    env: { A: "1" },
    mounts: [{ volume: "openebs", path: "/openebs" }],
  });
  assert.equal(pod?.conditions, [
    {
      type: "Ready",
      status: "False",
      reason: "ContainersNotReady",
      message: null,
      since: api("2026-05-23T02:01:40Z"),
      heartbeat: null,
    },
  ]);
});

test("a field can be cited by pointer, and what only repeats the object is gone", () => {
  const other = { ...POD, metadata: { ...POD.metadata, uid: "other" } };
  const [, fact] = ofKind(intakeOf([apiList("pods"), [other, POD]]), "kube.pod");
  assert.is(fact?.evidence.excerpt, "Pod openebs/pvc-1-jiva-rep-1-5dd8f67sqmz");
  if (fact === undefined) return assert.unreachable();
  const field = cite(fact, "/metadata/deletionTimestamp");
  assert.equal(field.locator, { kind: "json", pointer: "/items/1/metadata/deletionTimestamp" });
  assert.match(JSON.stringify(fact.json), '"annotations":{"kept":"yes"}');
  assert.not.match(JSON.stringify(fact.json), "managedFields");
});

test("a pod that no node has, and nearly no fields", () => {
  const [pod] = values(
    intakeOf([apiList("pods"), [{ metadata: { name: "a", namespace: "b", uid: "c" } }]]),
    "kube.pod",
  );
  assert.is(pod?.node, null);
  assert.is(pod?.phase, "Unknown");
  assert.is(pod?.created, null);
  assert.equal(pod?.containers, []);
});

test("an object that a list holds twice counts once, and that is told; another of its name does not", () => {
  const again = { ...POD, metadata: { ...POD.metadata, uid: "later" } };
  const intake = intakeOf([apiList("pods"), [POD, again, POD, POD]]);
  assert.equal(
    values(intake, "kube.pod").map((pod) => pod.uid),
    ["pod-uid", "later"],
  );
  assert.equal(
    intake.issues.map((i) => `${i.code} ${i.message}`),
    ["W_TWICE 2 objects are in the list more than once: each counts where it comes first"],
  );
  assert.is(intake.coverage[0]?.coverage, "complete");
  // Without uids, as some tools write them, namespace and name tell objects apart.
  const bare = ["a", "b", "a"].map((name) => ({ metadata: { namespace: "n", name }, revision: 1 }));
  assert.is(values(intakeOf([apiList("controllerrevisions"), bare]), "kube.revision").length, 2);
});

test("a deletion at a time that cannot be read is no missing deletion: the pod is left out, and the list is not whole", () => {
  const at = (deletionTimestamp: unknown) =>
    intakeOf([apiList("pods"), [{ ...POD, metadata: { ...POD.metadata, deletionTimestamp } }]]);
  for (const odd of ["yesterday", "", "2026-13-01T00:00:00Z", "2026-05-23T02:01:30", 5, {}, false]) {
    const intake = at(odd);
    assert.is(values(intake, "kube.pod").length, 0, JSON.stringify(odd));
    assert.is(intake.coverage[0]?.coverage, "truncated");
    assert.equal(
      intake.issues.filter((i) => i.code === "W_ITEM").map((i) => i.message),
      ["the object at /items/0 is being deleted, at a time that cannot be read"],
    );
  }
  for (const none of [null, undefined]) assert.equal(values(at(none), "kube.pod")[0]?.deletion, null);
});

test("wrong types cost the field, missing names the object, and both are told", () => {
  const odd = {
    metadata: {
      name: "a",
      namespace: "b",
      uid: "c",
      deletionGracePeriodSeconds: "30",
      labels: { x: 1, y: "z" },
      creationTimestamp: "yesterday",
    },
    spec: 5,
    status: [],
  };
  const intake = intakeOf([apiList("pods"), [odd, { metadata: { name: "x" } }, 7, null, ["a"]]]);
  const [pod] = values(intake, "kube.pod");
  assert.is(pod?.graceSeconds, null);
  assert.equal(pod?.labels, { y: "z" });
  assert.equal(
    intake.issues.map((i) => i.code),
    ["W_ITEM", "W_ITEM", "W_ITEM", "W_ITEM", "W_FIELD"],
  );
  assert.match(intake.issues.at(-1)?.message ?? "", "/items/0");
  assert.is(intake.coverage[0]?.coverage, "truncated");
});

test("a node", () => {
  const item = {
    metadata: { name: "k8s02", uid: "n" },
    spec: { unschedulable: true, taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }] },
    status: {
      nodeInfo: { kubeletVersion: "v1.20.2", containerRuntimeVersion: "containerd://1.6.20" },
      conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: "2026-05-23T02:01:40Z" }],
    },
  };
  const [fact] = ofKind(intakeOf([apiList("nodes"), [item]]), "kube.node");
  assert.is(fact?.node, "k8s02");
  assert.is(fact?.value.unschedulable, true);
  assert.is(fact?.value.kubeletVersion, "v1.20.2");
  assert.equal(fact?.value.conditions[0]?.heartbeat, api("2026-05-23T02:01:40Z"));
});

const TEMPLATE = {
  spec: {
    containers: [{ name: "calico-node" }],
    initContainers: [{ name: "install-cni", env: [{ name: "CNI_NET_DIR", value: "/etc/cni/net.d" }] }],
    volumes: [{ name: "cni-net-dir", hostPath: { path: "/etc/cni/net.d" } }],
  },
};

test("workloads: the numbers of each kind; what Go leaves out is zero", () => {
  const meta = { name: "w", namespace: "n" };
  const cases: readonly (readonly [string, object, object])[] = [
    [
      "daemonsets.apps",
      {
        spec: { template: TEMPLATE, updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } } },
        status: { desiredNumberScheduled: 3, numberReady: 2 },
      },
      {
        kind: "DaemonSet",
        desired: 3,
        ready: 2,
        available: 0,
        updated: 0,
        strategy: { type: "RollingUpdate", maxSurge: null, maxUnavailable: "1" },
      },
    ],
    [
      "deployments.v1.apps",
      { spec: { replicas: 1, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%" } } }, status: {} },
      {
        kind: "Deployment",
        desired: 1,
        ready: 0,
        available: 0,
        updated: 0,
        strategy: { type: "RollingUpdate", maxSurge: "25%", maxUnavailable: null },
      },
    ],
    [
      "replicasets",
      { spec: { replicas: 1 } },
      { kind: "ReplicaSet", desired: 1, ready: null, available: null, updated: null, strategy: null },
    ],
    [
      "jobs.batch",
      { spec: { completions: 4 }, status: { ready: 1 } },
      { kind: "Job", desired: 4, ready: 1, available: null, updated: null, strategy: null },
    ],
  ];
  for (const [origin, item, expected] of cases) {
    const [workload] = values(intakeOf([apiList(origin), [{ metadata: meta, ...item }]]), "kube.workload");
    const shown = workload && {
      kind: workload.kind,
      desired: workload.desired,
      ready: workload.ready,
      available: workload.available,
      updated: workload.updated,
      strategy: workload.strategy,
    };
    assert.equal(shown, expected, origin);
  }
});

test("a controller revision keeps the template of its time", () => {
  const item = {
    metadata: { name: "calico-node-bc89d77c5", namespace: "kube-system", creationTimestamp: "2026-05-22T00:15:00Z" },
    revision: 1,
    data: { spec: { template: TEMPLATE } },
  };
  const [revision] = values(intakeOf([apiList("controllerrevisions.apps"), [item]]), "kube.revision");
  assert.is(revision?.hash, "bc89d77c5");
  assert.is(revision?.template?.containers[0]?.env["CNI_NET_DIR"], "/etc/cni/net.d");
  assert.equal(revision?.template?.hostPaths, [{ name: "cni-net-dir", path: "/etc/cni/net.d" }]);
});

test("service accounts, and any other object by its name", () => {
  const metadata = { name: "calico-node", namespace: "kube-system", uid: "sa" };
  assert.is(values(intakeOf([apiList("serviceaccounts"), [{ metadata }]]), "kube.serviceaccount")[0]?.uid, "sa");
  const object = {
    apiVersion: "crd.projectcalico.org/v1",
    kind: "ClusterInformation",
    metadata: { name: "default" },
    spec: { calicoVersion: "v3.29.3" },
  };
  const [fact] = ofKind(intakeOf([apiList("clusterinformations.crd.projectcalico.org"), [object]]), "kube.object");
  assert.is(fact?.value.kind, "ClusterInformation");
  assert.is(fact?.value.namespace, null);
  assert.match(JSON.stringify(fact?.json), "v3.29.3");
  assert.is(values(intakeOf([apiList("nodes.metrics.k8s.io"), [object]]), "kube.object").length, 1);
});

test("services with the addresses that they have within the cluster", () => {
  const service = (name: string, spec: unknown) => ({ metadata: { name, namespace: "default" }, spec });
  const ports = [{ name: "https", port: 443, targetPort: 6443 }];
  const list = [
    service("kubernetes", { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd00:96::1"], ports }),
    service("old", { clusterIP: "10.96.0.9", ports }),
    service("headless", { clusterIP: "None", clusterIPs: ["None"] }),
    service("away", { type: "ExternalName", externalName: "example.com" }),
  ];
  const services = values(intakeOf([apiList("services"), list]), "kube.service");
  assert.equal(
    services.map(({ name, clusterIps, ports }) => [name, clusterIps.join(" "), ports.join(" ")]),
    [
      ["kubernetes", "10.96.0.1 fd00:96::1", "443"],
      ["old", "10.96.0.9", "443"],
      ["headless", "", ""],
      ["away", "", ""],
    ],
  );
  assert.is(values(intakeOf([apiList("services.serving.knative.dev"), list]), "kube.service").length, 0);
});

test("resources as kubectl names them", () => {
  assert.equal(resourceOf(apiList("pods.v1.")), { plural: "pods", group: "" });
  assert.equal(resourceOf(apiList("daemonsets.v1.apps")), { plural: "daemonsets", group: "apps" });
  assert.equal(resourceOf(apiList("events.events.k8s.io")), { plural: "events", group: "events.k8s.io" });
  assert.is(resourceOf(apiList("/version")), null);
  assert.is(resourceOf(artifact({ kind: "api", origin: "pods", form: "whole" })), null);
  assert.ok(lists(apiList("pods"), ["pods"]));
  assert.not(lists(apiList("pods.metrics.k8s.io"), ["pods"]));
});

test("prototype keys change nothing", () => {
  const item: unknown = JSON.parse(
    '{"metadata":{"name":"a","namespace":"b","uid":"c","labels":{"__proto__":"x","constructor":"y"}},"__proto__":{"polluted":1}}',
  );
  const [pod] = values(intakeOf([apiList("pods"), [item]]), "kube.pod");
  assert.equal(Object.keys(pod?.labels ?? {}), ["constructor"]);
  assert.is(Object.hasOwn(Object.prototype, "polluted"), false);
});

test("depth costs the object only", () => {
  const deep: unknown = JSON.parse(`{"metadata":{"name":"a"},"x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
  const intake = intakeOf([apiList("pods"), [deep, POD]]);
  assert.is(intake.facts.length, 1);
  assert.is(intake.coverage[0]?.coverage, "truncated");
});

test("no input throws", () => {
  const origin = fc.constantFrom(
    "pods",
    "nodes",
    "daemonsets.apps",
    "jobs",
    "controllerrevisions",
    "serviceaccounts",
    "services",
    "things",
  );
  const anything = fc.oneof(fc.jsonValue({ maxDepth: 4 }), mutated(POD));
  fc.assert(fc.property(origin, fc.array(anything), (name, items) => sound(intakeOf([apiList(name), items]))));
});

/** The object with one value somewhere in it replaced by another. */
function mutated(object: unknown): fc.Arbitrary<unknown> {
  const places = [...JSON.stringify(object).matchAll(/:/g)].length;
  return fc.tuple(fc.nat(places), fc.jsonValue({ maxDepth: 2 })).map(([at, put]) => {
    let seen = 0;
    return JSON.parse(JSON.stringify(object), (_, value: unknown) => (seen++ === at ? put : value)) as unknown;
  });
}

test.run();
