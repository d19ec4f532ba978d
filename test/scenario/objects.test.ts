import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type JsonMap, mapAt } from "./json.js";
import { itemsOf, scenarioOf } from "./sample.js";
import { objectsOf, tableOf, unpackScenario } from "./unpacked.js";

const objects = suite("scenario: Kubernetes objects");

function build(kind: string, resource: string, ...items: readonly string[]): readonly JsonMap[] {
  return objectsOf(unpackScenario(scenarioOf(itemsOf(kind, ...items))).get("cluster"), resource);
}

function first(kind: string, resource: string, item: string): JsonMap {
  return build(kind, resource, item)[0] ?? {};
}

function conditionsOf(object: JsonMap): readonly JsonMap[] {
  return (mapAt(object, "status")["conditions"] ?? []) as readonly JsonMap[];
}

objects("a pod has a status for each of b containers, a of them ready", () => {
  const pod = first(
    "pods",
    "pods",
    'ns: x, name: web-5d8f-abcde, node: a, phase: Running, ready: 1/2, started: "2024-01-01T00:00:00Z", restarts: 3, owner: ReplicaSet/web-5d8f',
  );
  const statuses = mapAt(pod, "status")["containerStatuses"] as readonly JsonMap[];
  assert.equal(
    statuses.map((status) => [status["name"], status["ready"], status["restartCount"]]),
    [
      ["web", true, 0],
      ["web-2", false, 3],
    ],
  );
  assert.is(mapAt(pod, "status")["startTime"], "2024-01-01T00:00:00Z");
  assert.is(mapAt(pod, "status")["hostIP"], "10.0.0.1");
  assert.is(mapAt(pod, "metadata")["creationTimestamp"], "2024-01-01T00:00:00Z");
});

objects("waiting, exit and init are what the containers say", () => {
  const crash = first(
    "pods",
    "pods",
    "name: p, node: a, phase: Running, ready: 0/1, waiting: CrashLoopBackOff, exit: 137, restarts: 4",
  );
  const [status] = mapAt(crash, "status")["containerStatuses"] as readonly JsonMap[];
  assert.equal(mapAt(status ?? {}, "state"), { waiting: { reason: "CrashLoopBackOff" } });
  assert.equal(mapAt(status ?? {}, "lastState"), { terminated: { exitCode: 137, reason: "Error" } });
  const init = first("pods", "pods", "name: p, node: a, phase: Pending, init: ImagePullBackOff");
  const [first_] = mapAt(init, "status")["initContainerStatuses"] as readonly JsonMap[];
  assert.equal(mapAt(first_ ?? {}, "state"), { waiting: { reason: "ImagePullBackOff" } });
});

objects("deleted is the deletionTimestamp itself, and only the scenario gives a grace period", () => {
  const metadata = mapAt(
    first(
      "pods",
      "pods",
      'name: p, node: a, phase: Running, ready: 0/1, deleted: "2024-01-01T00:00:30Z", finalizers: []',
    ),
    "metadata",
  );
  assert.is(metadata["deletionTimestamp"], "2024-01-01T00:00:30Z");
  assert.is(metadata["deletionGracePeriodSeconds"], undefined);
  assert.is(metadata["finalizers"], undefined);
});

objects("conds: [] is no condition, conds: [Ready=True] is that one, and explicit ones merge by type", () => {
  assert.equal(conditionsOf(first("pods", "pods", "name: p, phase: Pending, conds: []")), []);
  const one = conditionsOf(first("nodes", "nodes", "name: a, age: 1d, conds: [Ready=True]"));
  assert.equal(
    one.map((condition) => condition["type"]),
    ["Ready"],
  );
  assert.is(one[0]?.["lastHeartbeatTime"], "2024-01-01T23:59:50Z");
  assert.is(one[0]?.["lastTransitionTime"], "2024-01-01T00:00:00Z");
  const merged = conditionsOf(
    first(
      "pods",
      "pods",
      "name: p, phase: Pending, conds: [PodScheduled=False], status: {conditions: [{type: PodScheduled, message: m}, {type: Mine, status: True}]}",
    ),
  );
  assert.equal(merged, [
    { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "m" },
    { type: "Mine", status: "True" },
  ]);
});

objects("a contradicted condition keeps no reason of the status which it had", () => {
  const [ready] = conditionsOf(
    first(
      "pods",
      "pods",
      "name: p, node: a, phase: Running, ready: 0/1, status: {conditions: [{type: Ready, status: 'True'}]}",
    ),
  ).filter((condition) => condition["type"] === "Ready");
  assert.equal(ready, { type: "Ready", status: "True" });
});

objects("a pod which the kubelet has not taken up has no container statuses", () => {
  const status = mapAt(
    first("pods", "pods", "name: p, node: a, phase: Pending, ready: 0/1, created: '2024-01-01T00:00:00Z'"),
    "status",
  );
  assert.is(status["containerStatuses"], undefined);
  assert.is(status["startTime"], undefined);
});

objects("creation: explicit, else created, else started, else the age, else unknown", () => {
  const created = (item: string) =>
    mapAt(first("jobs", "jobs", `ns: x, name: j, ${item}`), "metadata")["creationTimestamp"];
  const all = 'started: "2024-01-01T03:00:00Z", age: 2h';
  assert.is(
    created(`metadata: {creationTimestamp: "2024-01-01T01:00:00Z"}, created: "2024-01-01T02:00:00Z", ${all}`),
    "2024-01-01T01:00:00Z",
  );
  assert.is(created(`created: "2024-01-01T02:00:00Z", ${all}`), "2024-01-01T02:00:00Z");
  assert.is(created(all), "2024-01-01T03:00:00Z");
  assert.is(created("age: 1d2h"), "2023-12-31T22:00:00Z");
  assert.is(created("syn: true"), undefined);
});

objects("uid: explicit, else that of an earlier moment, else derived; owners and events agree with it", () => {
  const yamlText = scenarioOf(
    itemsOf("replicasets", "ns: x, name: web-1, uid: rs-uid"),
    itemsOf("pods", "ns: x, name: web-1-a, owner: ReplicaSet/web-1", "ns: x, name: later"),
    itemsOf("events", 't: "2024-01-01T00:00:00Z", ns: x, obj: pod/later, reason: A'),
  );
  const cluster = unpackScenario(yamlText).get("cluster");
  const [pod, later] = objectsOf(cluster, "pods").map((object) => mapAt(object, "metadata"));
  const [owner] = (pod?.["ownerReferences"] ?? []) as readonly JsonMap[];
  assert.is(owner?.["uid"], "rs-uid");
  assert.is(owner?.["apiVersion"], "apps/v1");
  assert.match(String(later?.["uid"]), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.is(mapAt(objectsOf(cluster, "events")[0] ?? {}, "involvedObject")["uid"], later?.["uid"]);
});

objects("an event is core/v1, unless it comes from the scheduler or has an eventTime", () => {
  const [core, scheduler, counted] = build(
    "events",
    "events",
    't: "2024-01-01T00:00:00Z", last: "2024-01-01T00:10:00Z", count: 7, ns: x, obj: pod/p, node: a, component: kubelet, type: Warning, reason: FailedKillPod, msg: m',
    't: "2024-01-01T00:00:00Z", ns: x, obj: pod/p, component: default-scheduler, reason: FailedScheduling, msg: m, series: {count: 2}',
    't: "2024-01-01T00:00:00Z", count: 3, ns: x, obj: pod/p, reason: FailedScheduling, msg: m',
  );
  assert.equal(core?.["source"], { component: "kubelet", host: "a" });
  assert.equal(
    [core?.["firstTimestamp"], core?.["lastTimestamp"], core?.["count"]],
    ["2024-01-01T00:00:00Z", "2024-01-01T00:10:00Z", 7],
  );
  assert.equal([core?.["eventTime"], core?.["reportingComponent"]], [null, ""]);
  assert.equal(
    [scheduler?.["firstTimestamp"], scheduler?.["lastTimestamp"], scheduler?.["count"]],
    [null, null, undefined],
  );
  assert.equal(
    [scheduler?.["eventTime"], scheduler?.["reportingComponent"]],
    ["2024-01-01T00:00:00.000000Z", "default-scheduler"],
  );
  assert.equal(scheduler?.["series"], { count: 2 });
  assert.is(counted?.["count"], 3);
});

objects("an event of a node lies in namespace default; alike events have names of their own", () => {
  const item = 't: "2024-01-01T00:00:00Z", obj: node/a, reason: Rebooted, msg: m';
  const [one, two] = build("events", "events", item, item);
  assert.is(mapAt(one ?? {}, "metadata")["namespace"], "default");
  assert.is(mapAt(one ?? {}, "involvedObject")["namespace"], undefined);
  assert.is.not(mapAt(one ?? {}, "metadata")["name"], mapAt(two ?? {}, "metadata")["name"]);
});

objects("an image whose name has cni is init container install-cni, with the environment", () => {
  const item =
    'ns: k, name: calico-node-77, owner: DaemonSet/calico-node, revision: 2, images: ["calico/cni:v3", "calico/node:v3"], volumes: {cni-net-dir: /etc/cni/net.d, cni-bin-dir: /opt/cni/bin}, env: {CNI_NET_DIR: /x}';
  const revision = first("controllerrevisions", "controllerrevisions", item);
  assert.is(revision["revision"], 2);
  const spec = mapAt(mapAt(mapAt(mapAt(revision, "data"), "spec"), "template"), "spec");
  const net = { name: "cni-net-dir", mountPath: "/host/etc/cni/net.d" };
  assert.equal(spec["initContainers"], [
    {
      name: "install-cni",
      image: "calico/cni:v3",
      env: [{ name: "CNI_NET_DIR", value: "/x" }],
      volumeMounts: [net, { name: "cni-bin-dir", mountPath: "/host/opt/cni/bin" }],
    },
  ]);
  assert.equal(spec["containers"], [{ name: "calico-node", image: "calico/node:v3", volumeMounts: [net] }]);
  assert.equal((spec["volumes"] as readonly JsonMap[])[0], {
    name: "cni-net-dir",
    hostPath: { path: "/etc/cni/net.d", type: "" },
  });
});

objects("workloads count as the API counts: what is 0 there is left out", () => {
  const replicas = first("replicasets", "replicasets", "ns: x, name: r, replicas: 2, readyReplicas: 0");
  assert.equal([replicas["spec"], replicas["status"]], [{ replicas: 2 }, { replicas: 2 }]);
  const daemons = first("daemonsets", "daemonsets", "ns: x, name: d, desired: 3, ready: 2, updated: 1");
  assert.equal(daemons["status"], {
    desiredNumberScheduled: 3,
    currentNumberScheduled: 3,
    numberMisscheduled: 0,
    numberReady: 2,
    numberAvailable: 2,
    numberUnavailable: 1,
    updatedNumberScheduled: 1,
  });
});

objects("lists replace, maps merge, null stays, and what nobody knows is merged as it stands", () => {
  const pod = first(
    "pods",
    "pods",
    "name: p, spec: {containers: [{name: mine}], tolerations: [{key: k}]}, mine: {a: 1}, status: {phase: null}",
  );
  assert.equal(mapAt(pod, "spec"), { containers: [{ name: "mine" }], tolerations: [{ key: "k" }] });
  assert.equal(pod["mine"], { a: 1 });
  assert.is(mapAt(pod, "status")["phase"], null);
});

objects("name_re with count gives that many names which match", () => {
  const names = build("pods", "pods", 'ns: x, name_re: "web-[a-f0-9]{4,6}-(foo|ba[rz])", count: 4').map((pod) =>
    String(mapAt(pod, "metadata")["name"]),
  );
  assert.is(new Set(names).size, 4);
  for (const name of names) assert.match(name, /^web-[a-f0-9]{4,6}-(foo|ba[rz])$/);
});

objects("an object goes to its own resource, with the group where it is not built in", () => {
  const items = [
    "apiVersion: crd.projectcalico.org/v1, kind: ClusterInformation, name: default, spec: {calicoVersion: v3}",
    "apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, ns: x, name: n",
    "apiVersion: v1, kind: Endpoints, ns: x, name: e",
  ];
  const cluster = unpackScenario(scenarioOf(itemsOf("object", ...items))).get("cluster");
  const origins = tableOf(cluster, "index.tsv").map((row) => row["origin"]);
  assert.equal(origins.slice(-3), ["clusterinformations.crd.projectcalico.org", "networkpolicies", "endpoints"]);
  assert.is(
    mapAt(objectsOf(cluster, "clusterinformations.crd.projectcalico.org")[0] ?? {}, "metadata")["namespace"],
    undefined,
  );
});

objects("leases, volumes, claims and endpoints have their short names", () => {
  const lease = first(
    "leases",
    "leases",
    'ns: k, name: l, holder: a_1, renewed: "2024-01-01T00:00:00Z", acquired: "2023-01-01T00:00:00Z", transitions: 4',
  );
  assert.equal(lease["spec"], {
    holderIdentity: "a_1",
    leaseDurationSeconds: 15,
    renewTime: "2024-01-01T00:00:00.000000Z",
    acquireTime: "2023-01-01T00:00:00.000000Z",
    leaseTransitions: 4,
  });
  const cluster = unpackScenario(
    scenarioOf(itemsOf("pv", "name: v, claim: x/c, size: 5Gi"), itemsOf("pvc", "ns: x, name: c")),
  ).get("cluster");
  const [volume] = objectsOf(cluster, "persistentvolumes");
  const [claim] = objectsOf(cluster, "persistentvolumeclaims");
  assert.is(mapAt(mapAt(volume ?? {}, "spec"), "claimRef")["uid"], mapAt(claim ?? {}, "metadata")["uid"]);
  assert.is(mapAt(claim ?? {}, "spec")["volumeName"], "v");
  const slice = first("endpointslices", "endpointslices", "ns: x, svc: s, addr: 10.1.1.1, targetRef: pod/p");
  assert.equal(mapAt(mapAt(slice, "metadata"), "labels"), { "kubernetes.io/service-name": "s" });
  const [endpoint] = slice["endpoints"] as readonly JsonMap[];
  assert.is(mapAt(endpoint ?? {}, "targetRef")["name"], "p");
});

objects.run();
