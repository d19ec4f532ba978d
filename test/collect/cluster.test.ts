import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Bundle, collect, collectMeanwhile, leaks, remove, scratch, shells, skip, token, which } from "./host.js";

const work = scratch();
const canaries = new Map<string, string>();
const secret = (name: string, value: string): string => {
  canaries.set(name, value);
  return value;
};
const jwt = await token({ sub: "system:serviceaccount:a:b" });
secret("token's signature", jwt.signature);

const container = (name: string, version: string) => ({
  args: ["--v=2", `--token=${secret("argument", "argumentToken77")}`, "--", secret("bare argument", "p4ss w0rd#1")],
  env: [
    { name: "CNI_NET_DIR", value: "/etc/cni/net.d" },
    { name: "DB_PASSWORD", value: secret("env", "envPassw0rd1") },
    { name: "HARMLESS_LOOKING", value: secret("env without a telling name", "envHarmless22") },
    { name: "CALICO_ETCD_TOKEN", value: secret("env of Calico", "envCalico333") },
    { name: "NODENAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } },
  ],
  image: `calico/${name}:${version}`,
  name,
  readinessProbe: {
    httpGet: {
      httpHeaders: [{ name: "Authorization", value: secret("header", "headerValue99") }],
      path: "/x",
      port: 1,
    },
  },
  volumeMounts: [{ mountPath: "/host/etc/cni/net.d", name: "cni-net-dir" }],
});
const spec = {
  containers: [container("calico-node", "v3.29.3")],
  hostNetwork: true,
  initContainers: [container("install-cni", "v3.29.3")],
  nodeName: "k8s01",
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: [{ effect: "NoSchedule", key: "a", operator: "Equal", value: "tolerated" }],
  volumes: [
    { hostPath: { path: "/etc/cni/net.d", type: "" }, name: "cni-net-dir" },
    { name: "s", secret: { secretName: "names-are-kept" } },
  ],
};
const metadata = (name: string, namespace: string) => ({
  annotations: {
    "kubectl.kubernetes.io/last-applied-configuration": `{"env":[{"name":"X","value":"${secret("last applied", "lastApplied55")}"}]}`,
    "example.com/note": secret("annotation", "annotationValue66"),
    "deployment.kubernetes.io/revision": "3",
  },
  creationTimestamp: "2026-11-22T12:11:00Z",
  labels: { "k8s-app": name },
  managedFields: [
    {
      fieldsType: "FieldsV1",
      fieldsV1: { "f:spec": { "f:x": {}, [`v:"${secret("managed field", "managedField88")}"`]: {} } },
      manager: "kubectl",
      operation: "Update",
      time: "2026-11-22T12:11:00Z",
    },
  ],
  name,
  namespace,
  ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "calico-node", uid: "d146ddc8" }],
  uid: "c24bd616",
});
const list = (apiVersion: string, kind: string, items: readonly object[]) => ({
  apiVersion: "v1",
  items: items.map((item) => ({ apiVersion, kind, ...item })),
  kind: "List",
  metadata: { resourceVersion: "" },
});
const message = `failed: "unauthorized" Bearer ${jwt.whole} password=${secret("event", "eventPassw0rd")} \\n connection is unauthorized: Unauthorized`;
const answers: Record<string, object> = {
  events: list("v1", "Event", [
    {
      count: 36,
      firstTimestamp: "2026-11-22T12:11:40Z",
      involvedObject: { kind: "Pod", name: "a", namespace: "b", uid: "u" },
      lastTimestamp: "2026-11-22T12:18:00Z",
      message,
      metadata: metadata("a", "b"),
      reason: "FailedKillPod",
      source: { component: "kubelet", host: "k8s01" },
      type: "Warning",
    },
  ]),
  pods: list("v1", "Pod", [
    {
      metadata: metadata("calico-node-62mdv", "kube-system"),
      spec,
      status: { hostIP: "10.0.0.1", phase: "Running", startTime: "2026-11-22T12:11:00Z" },
    },
    {
      metadata: metadata("other", "default"),
      spec: { ...spec, initContainers: [], containers: [container("web", "1")] },
      status: { phase: "Pending" },
    },
  ]),
  controllerrevisions: list("apps/v1", "ControllerRevision", [
    { data: { spec: { template: { $patch: "replace", spec } } }, metadata: metadata("r", "kube-system"), revision: 2 },
  ]),
};

/** A kubectl of which every answer is known. */
function fakeKubectl(name: string, extra = ""): string {
  const dir = join(work, name);
  mkdirSync(dir);
  for (const [resource, answer] of Object.entries(answers)) {
    writeFileSync(join(dir, `${resource}.json`), `${JSON.stringify(answer, null, 4)}\n`);
  }
  const program = join(dir, "kubectl");
  writeFileSync(
    program,
    `#!/bin/sh
printf '%s\\n' "$*" >>${dir}/calls
for word; do case $word in --v=8 | -v=8) echo 'I1122 round_trippers.go:580]     Date: Sun, 22 Nov 2026 12:23:25 GMT' >&2 ;; esac; done
while [ $# -gt 0 ]; do case $1 in --cache-dir) shift 2 ;; -*) shift ;; *) break ;; esac; done
verb=$1; shift
${extra}
case $verb in
  get)
    [ "$1" = --raw ] && case $2 in
      /version) echo '{"major": "1", "minor": "20", "gitVersion": "v1.20.2"}'; exit 0 ;;
      /openid/v1/jwks) echo '{"keys":[{"use":"sig","kty":"RSA","kid":"k1","alg":"RS256","n":"abcDEF","e":"AQAB","d":"${secret("private half of a key", "privateHalf12")}"}]}'; exit 0 ;;
      *) echo 'Error from server (Forbidden): forbidden' >&2; exit 1 ;;
    esac
    [ -f ${dir}/"\${1%%.*}.json" ] && case $1 in events.events*) ;; *) cat ${dir}/"\${1%%.*}.json"; exit 0 ;; esac
    echo "error: the server doesn't have a resource type \\"$1\\"" >&2; exit 1 ;;
  logs)
    case "$*" in
      *--previous*) echo 'Error from server (BadRequest): previous terminated container "x" in pod "y" not found' >&2; exit 1 ;;
    esac
    echo "2026-11-22T12:11:01Z a line --password ${secret("log", "logPassw0rd44")} of $*" ;;
esac
`,
  );
  chmodSync(program, 0o755);
  return program;
}

const test = suite("collect: the cluster");

const kubectl = fakeKubectl("fake");
const bundles: [string, Bundle][] = shells(work).map((shell) => [
  shell.name,
  collect({
    shell,
    out: join(work, `out-${shell.name.replaceAll(" ", "-")}`),
    args: ["--no-node", "--kubectl", kubectl],
  }),
]);

for (const [name, bundle] of bundles) {
  const parsed = (member: string) => JSON.parse(bundle.text(member));

  test(`${name}: nothing secret is in the lists`, () => {
    assert.equal(leaks(bundle, canaries), []);
  });

  test(`${name}: what explains an incident is kept`, () => {
    const { items } = parsed("bundle/cluster/pods.json");
    const pod = items[0];
    assert.is(pod.metadata.name, "calico-node-62mdv");
    assert.is(pod.metadata.labels["k8s-app"], "calico-node-62mdv");
    assert.is(pod.metadata.ownerReferences[0].uid, "d146ddc8");
    assert.is(pod.metadata.annotations["deployment.kubernetes.io/revision"], "3");
    assert.match(pod.metadata.annotations["example.com/note"], /^\[REDACTED len=17 fp=[0-9a-f]{16}\]$/);
    assert.equal(pod.metadata.managedFields[0].fieldsV1, {});
    assert.is(pod.metadata.managedFields[0].time, "2026-11-22T12:11:00Z");
    assert.is(pod.spec.volumes[0].hostPath.path, "/etc/cni/net.d");
    assert.is(pod.spec.volumes[1].secret.secretName, "names-are-kept");
    assert.is(pod.spec.containers[0].env[0].value, "/etc/cni/net.d");
    assert.is(pod.spec.containers[0].env[4].valueFrom.fieldRef.fieldPath, "spec.nodeName");
    assert.is(pod.spec.containers[0].args[0], "--v=2");
    assert.is(pod.spec.tolerations[0].value, "tolerated");
    assert.is(pod.spec.hostNetwork, true);
    const event = parsed("bundle/cluster/events.json").items[0];
    assert.is(event.count, 36);
    assert.ok(event.message.includes("connection is unauthorized: Unauthorized"));
    assert.ok(event.message.includes(`Bearer ${jwt.stripped} `));
    assert.is(
      parsed("bundle/cluster/controllerrevisions.json").items[0].data.spec.template.spec.volumes[0].hostPath.path,
      "/etc/cni/net.d",
    );
    assert.is(parsed("bundle/cluster/jwks.json").keys[0].n, "abcDEF");
  });

  test(`${name}: rows say what was answered, refused and not there`, () => {
    assert.is(bundle.collector["node"], null);
    assert.is(bundle.row("pods")["coverage"], "complete");
    assert.is(bundle.row("ippools")["coverage"], "absent");
    assert.is(bundle.row("/.well-known/openid-configuration")["coverage"], "denied");
    assert.is(bundle.row("kube-system/calico-node-62mdv/install-cni")["coverage"], "complete");
    assert.is(bundle.row("kube-system/calico-node-62mdv/install-cni#previous")["coverage"], "absent");
    assert.not.ok(
      bundle.index.some((row) => (row["origin"] ?? "").startsWith("default/")),
      "only the agent's logs",
    );
    assert.is(typeof (bundle.collector["clock"] as Record<string, unknown>)["api_offset_s"], "number");
  });
}

test("secrets and ConfigMaps are never asked for, and nothing but reading", () => {
  const calls = readFileSync(join(work, "fake", "calls"), "utf8");
  assert.not.match(calls, /get \S*(secrets|configmaps)/);
  for (const call of calls.trim().split("\n")) assert.match(call, / (get|logs|api-resources) /);
});

test("an API server that never answers costs three waits, not one for each list", () => {
  const dead = fakeKubectl(
    "dead",
    'echo "The connection to the server 10.0.0.1:443 was refused - dial tcp: i/o timeout" >&2; exit 1',
  );
  const bundle = collect({ out: join(work, "out-dead"), args: ["--no-node", "--kubectl", dead] });
  assert.is(bundle.code, 3);
  assert.is(
    readFileSync(join(work, "dead", "calls"), "utf8")
      .trim()
      .split("\n").length,
    3,
  );
  assert.is(bundle.row("pods")["coverage"], "failed");
  assert.ok(bundle.index.length > 20, "each list has a row that says it was not asked for");
  assert.is((bundle.collector["clock"] as Record<string, unknown>)["api_offset_s"], null);
});

test("no kubectl: the bundle says so", () => {
  const bundle = collect({ out: join(work, "out-none"), args: ["--no-node", "--kubectl", "no-such-kubectl"] });
  assert.is(bundle.code, 3);
  assert.is(bundle.row("kubectl")["coverage"], "absent");
});

const real = which("kubectl");
if (real === undefined) skip("collector with a real kubectl (not installed)");
else {
  test("a real kubectl against a small API server", async () => {
    const resources: Record<string, object> = {
      "/api": { kind: "APIVersions", versions: ["v1"] },
      "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
      "/api/v1": {
        kind: "APIResourceList",
        groupVersion: "v1",
        resources: ["pods:Pod", "events:Event", "nodes:Node"].map((entry) => {
          const [name = "", kind = ""] = entry.split(":");
          return { name, singularName: "", namespaced: name !== "nodes", kind, verbs: ["get", "list"] };
        }),
      },
      "/version": { major: "1", minor: "30", gitVersion: "v1.30.0" },
      "/api/v1/pods": { ...answers["pods"], kind: "PodList" },
      "/api/v1/events": { ...answers["events"], kind: "EventList" },
      "/api/v1/nodes": { kind: "NodeList", apiVersion: "v1", metadata: {}, items: [] },
    };
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://x");
      const body = resources[pathname];
      response.sendDate = false;
      response.writeHead(body === undefined ? 404 : 200, {
        "Content-Type": "application/json",
        Date: new Date(Date.now() - 90_000).toUTCString(),
      });
      response.end(
        JSON.stringify(body ?? { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 }),
      );
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const { port } = server.address() as AddressInfo;
    const config = join(work, "kubeconfig");
    const entry = (name: string, rest: object) => [{ name, ...rest }];
    writeFileSync(
      config,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: entry("c", { cluster: { server: `http://127.0.0.1:${port}` } }),
        users: entry("u", { user: {} }),
        contexts: entry("x", { context: { cluster: "c", user: "u" } }),
      }),
    );
    try {
      const bundle = await collectMeanwhile({
        out: join(work, "out-real"),
        args: ["--no-node", "--kubectl", real, "--context", "x"],
        env: { KUBECONFIG: config },
      });
      assert.equal(leaks(bundle, canaries), []);
      assert.is(JSON.parse(bundle.text("bundle/cluster/pods.json")).items[0].spec.nodeName, "k8s01");
      assert.is(bundle.row("nodes")["coverage"], "complete");
      assert.is(bundle.row("ippools")["coverage"], "absent");
      const clock = bundle.collector["clock"] as Record<string, number>;
      assert.ok(
        Math.abs((clock["api_offset_s"] ?? 0) - 90) <= (clock["api_offset_error_s"] ?? 0) + 1,
        JSON.stringify(clock),
      );
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
}

test.after(() => remove(work));
test.run();
