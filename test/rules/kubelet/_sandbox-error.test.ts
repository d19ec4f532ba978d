import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainText } from "#model/statement.js";
import {
  namesNoCredential,
  neverAsked,
  refusedRequest,
  sandboxErrorClass,
  sandboxErrorTail,
  sandboxErrorWords,
  tokenAside,
} from "#rules/kubelet/_sandbox-error.js";
import { fact } from "#test/rules/_facts.js";

const test = suite("sandbox error");

const kill = (inner: string): string =>
  `error killing pod: failed to "KillPodSandbox" for "3218854c-9a9f-47e7-8742-a62d40a5b962" with KillPodSandboxError: "rpc error: code = Unknown desc = failed to destroy network for sandbox \\"72ee6918\\": plugin type=\\"calico\\" failed (delete): ${inner}"`;

const pause = (inner: string): string =>
  `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "r.corp/pause:3.9": failed to pull image "r.corp/pause:3.9": failed to pull and unpack image "r.corp/pause:3.9": failed to resolve reference "r.corp/pause:3.9": ${inner}`;

const add = (plugin: string, text: string): string =>
  `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "72ee": plugin type="${plugin}" failed (add): ${text}`;

const TABLE: readonly (readonly [string, string])[] = [
  ["401", kill("error getting ClusterInformation: connection is unauthorized: Unauthorized")],
  [
    "403",
    kill(
      'error getting ClusterInformation: connection is unauthorized: clusterinformations.crd.projectcalico.org \\"default\\" is forbidden: User \\"system:serviceaccount:kube-system:calico-node\\" cannot get resource',
    ),
  ],
  [
    "x509",
    kill(
      'error getting ClusterInformation: Get \\"https://[10.96.0.1]:443/apis\\": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ),
  ],
  [
    "timeout",
    kill('error getting ClusterInformation: Get \\"https://10.96.0.1:443\\": dial tcp 10.96.0.1:443: i/o timeout'),
  ],
  ["refused", kill("dial tcp 10.96.0.1:443: connect: connection refused")],
  ["unreachable", kill("dial tcp 10.96.0.1:443: connect: no route to host")],
  ["plugin-missing", 'failed to setup network for sandbox "aa": failed to find plugin "calico" in path [/opt/cni/bin]'],
  [
    "not-initialised",
    "network is not ready: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
  ],
  [
    "401",
    `E0523 02:01:31.123456    1203 pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \\"KillPodSandbox\\" for \\"3218854c-9a9f-47e7-8742-a62d40a5b962\\" with KillPodSandboxError: \\"rpc error: code = Unknown desc = failed to destroy network for sandbox \\\\\\"72ee\\\\\\": plugin type=\\\\\\"calico\\\\\\" failed (delete): error getting ClusterInformation: connection is unauthorized: Unauthorized\\"" pod="openebs/x" podUID="3218854c-9a9f-47e7-8742-a62d40a5b962"`,
  ],
  [
    "401",
    'time="2026-05-23T02:01:31Z" level=error msg="StopPodSandbox for \\"72ee\\" failed" error="failed to destroy network for sandbox \\"72ee\\": plugin type=\\"calico\\" failed (delete): error getting ClusterInformation: connection is unauthorized: Unauthorized"',
  ],
  [
    "image-pull",
    pause("unexpected status from HEAD request to https://r.corp/v2/pause/manifests/3.9: 401 Unauthorized"),
  ],
  ["image-pull", pause("unexpected status from HEAD request to https://r.corp/v2/pause/manifests/3.9: 403 Forbidden")],
  ["image-pull", pause('failed to do request: Head "https://r.corp/v2": dial tcp 10.9.9.9:443: i/o timeout')],
  [
    "image-pull",
    pause('failed to do request: Head "https://r.corp/v2": x509: certificate signed by unknown authority'),
  ],
  [
    "image-pull",
    'Failed create pod sandbox: rpc error: code = Unknown desc = failed pulling image "k8s.gcr.io/pause:3.2": Error response from daemon: Get https://k8s.gcr.io/v2/: dial tcp: connection refused',
  ],
  [
    "agent-not-ready:calico",
    kill(
      "stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/",
    ),
  ],
  ["datastore-not-ready", kill("error getting ClusterInformation: Calico is currently not ready to process requests")],
  [
    "agent-not-ready:cilium-cni",
    kill(
      'unable to connect to Cilium agent: failed to create cilium agent client after 30.000000 seconds timeout: Get \\"http://localhost/v1/config\\": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory',
    ),
  ],
  [
    "agent-not-ready:antrea",
    kill(
      'rpc error: code = Unavailable desc = connection error: desc = \\"transport: Error while dialing: dial unix /var/run/antrea/cni.sock: connect: connection refused\\"',
    ),
  ],
  [
    "agent-not-ready:multus",
    add("multus-shim", 'Post "http://dummy/cni": dial unix /run/multus/multus.sock: connect: connection refused'),
  ],
  [
    "agent-not-ready:kube-ovn",
    add("kube-ovn", "dial unix /run/openvswitch/kube-ovn-daemon.sock: connect: connection refused"),
  ],
  [
    "agent-not-ready:openvswitch",
    add("ovs", "dial unix /var/run/openvswitch/db.sock: connect: no such file or directory"),
  ],
  [
    "agent-not-ready:aws-cni",
    add(
      "aws-cni",
      'add cmd: Error received from AddNetwork gRPC call: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:50051: connect: connection refused"',
    ),
  ],
  ["refused", add("acme", "dial tcp 127.0.0.1:50051: connect: connection refused")],
  [
    "agent-not-ready:azure-vnet",
    add(
      "azure-vnet",
      'Failed to get IP address from CNS: http request failed: Post "http://localhost:10090/network/requestipconfigs": dial tcp 127.0.0.1:10090: connect: connection refused',
    ),
  ],
  ["timeout", add("azure-vnet", 'Post "http://localhost:10090/network/requestipconfigs": context deadline exceeded')],
  [
    "agent-not-ready:weave-net",
    add(
      "weave-net",
      'unable to allocate IP address: Post "http://127.0.0.1:6784/ip/5f1c": dial tcp 127.0.0.1:6784: connect: connection refused',
    ),
  ],
  ["refused", add("calico", 'Get "https://127.0.0.1:6443/api": dial tcp 127.0.0.1:6443: connect: connection refused')],
  [
    "agent-not-ready:ovn-k8s-cni-overlay",
    add(
      "multus-shim",
      "have you checked that your default network is ready? still waiting for readinessindicatorfile @ /host/run/multus/cni/net.d/10-ovn-kubernetes.conf. pollimmediate error: timed out waiting for the condition",
    ),
  ],
  [
    "agent-not-ready",
    add("multus", "PollImmediate error waiting for ReadinessIndicatorFile: timed out waiting for the condition"),
  ],
  ["timeout", add("multus", "timed out waiting for the condition")],
  ["refused", kill("dial unix /run/containerd/containerd.sock: connect: connection refused")],
  [
    "401",
    kill(
      'delegateDel: error invoking ConflistDel - \\"k8s-pod-network\\": error getting ClusterInformation: connection is unauthorized: Unauthorized / delegateDel: error invoking DelegateDel - \\"macvlan\\": failed to open netns',
    ),
  ],
  [
    "401",
    `error killing pod: [failed to "KillPodSandbox" for "3218854c-9a9f-47e7-8742-a62d40a5b962" with KillPodSandboxError: "rpc error: code = Unknown desc = failed to destroy network: connection is unauthorized: Unauthorized", failed to "KillContainer" for "c" with KillContainerError: "disk full"]`,
  ],
  ["401", kill("connection is unauthorized: Unauthorized; and ignoring nothing")],
  ["401-elsewhere", kill("WAPI https://10.9.9.9/wapi/v2.12/record:host: 401 Unauthorized")],
  ["401-elsewhere", kill("POST https://user:pw@ipam.corp:8443/rest?next=/apis/: Unauthorized")],
  ["401-elsewhere", kill('failed calling webhook \\"w\\": the server has asked for the client to provide credentials')],
  // What may be a Kubernetes API, and a text that names no request.
  ["401", kill("GET https://10.9.9.9/api/v1/pods: 401 Unauthorized")],
  ["401", kill("GET https://rancher.corp/k8s/clusters/c-1/apis/x: Unauthorized")],
  ["401", kill("GET https://10.96.0.1:443/: Unauthorized")],
  ["401", kill("vendor-dns: 401 Unauthorized")],
  ["401", kill('error getting ClusterInformation: Get \\"https://proxy.corp/tenant-1\\": Unauthorized')],
  // One of two answers is an API server's; the address before another error is not what answered.
  ["401", kill("WAPI https://10.9.9.9/wapi: 401 Unauthorized; connection is unauthorized: Unauthorized")],
  ["401", kill("POST https://10.9.9.9/wapi: disk full; Unauthorized")],
];

for (const [expected, message] of TABLE) {
  test(`${expected}: ${message.slice(0, 40)}…`, () => assert.is(sandboxErrorClass(message), expected));
}

const E = fact("path", {}).evidence;
const WORDS: readonly (readonly [string, string])[] = [
  ["401", "Unauthorized (HTTP 401)"],
  [
    "401-elsewhere",
    "Unauthorized from an admission webhook, which is asked after the API server has accepted the token",
  ],
  ["403", "forbidden (HTTP 403)"],
  ["x509", "a certificate that does not verify (x509)"],
  ["timeout", "a timeout"],
  ["refused", "connection refused"],
  ["plugin-missing", "a CNI plugin that was not found"],
  ["agent-not-ready:multus", "an error that the CNI plugin gives where it does not find its agent"],
  ["datastore-not-ready", "a datastore that is marked as not ready"],
  ["agent-not-ready", "an error that the CNI plugin gives where it does not find its agent"],
  ["image-pull", "an image that could not be pulled"],
  ["other:constructor", "disk full"],
];

for (const [errorClass, words] of WORDS) {
  test(`${errorClass} reads ${words}`, () =>
    assert.is(plainText(sandboxErrorWords(errorClass, "rpc error: desc = disk full", E)), words));
}

test("the word inside another sentence is no 401", () => {
  assert.ok(sandboxErrorClass(kill("Unauthorized access was logged, disk full")).startsWith("other:"));
});

test("an unknown error has the same class whatever its ids", () => {
  const a = sandboxErrorClass(kill('cannot release lease for \\"10.1.2.3\\": block abcdef0123456789 is locked'));
  const b = sandboxErrorClass(kill('cannot release lease for \\"10.9.9.9\\": block fedcba9876543210 is locked'));
  assert.is(a, b);
  assert.ok(a.startsWith("other:"), a);
});

test("the tail is what the plugin said", () => {
  assert.is(
    sandboxErrorTail(kill("error getting ClusterInformation: connection is unauthorized: Unauthorized")),
    "error getting ClusterInformation: connection is unauthorized: Unauthorized",
  );
});

test("the tail keeps a quote or bracket of its own, and loses that of what wraps it", () => {
  for (const own of [
    'failed to find plugin "portmap" in path [/opt/cni/bin]',
    'name "web" is reserved for "a3f0c1d2"',
    'no such device "x"]'.slice(0, -1),
  ])
    for (const wrapped of [
      kill(own),
      `rpc error: code = Unknown desc = ${own}`,
      `rpc error: code = Unknown desc = ${own}.`,
    ])
      assert.is(sandboxErrorTail(wrapped), own, wrapped);
  assert.is(
    sandboxErrorTail(
      'error killing pod: [failed to "KillPodSandbox" for "u" with E: "rpc error: code = Unknown desc = no route"]',
    ),
    "no route",
  );
});

test("any text has a class and a tail", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 600, unit: "binary" }), (text) => {
      assert.match(sandboxErrorClass(text), /^[a-z0-9:-]+$/);
      assert.ok(sandboxErrorTail(text).length <= 240);
    }),
  );
});

test("a long hostile text costs little", () => {
  const began = performance.now();
  sandboxErrorClass(`err="${"\\".repeat(500_000)}`);
  sandboxErrorClass('"'.repeat(1_000_000));
  // Linear takes milliseconds, quadratic minutes: the limit leaves room for a busy machine.
  assert.ok(performance.now() - began < 2_000);
});

const NODENAME = "stat /var/lib/calico/nodename: no such file or directory";

test("a missing file, a refused connection or one that never came about asked no API server", () => {
  for (const inner of [
    `${NODENAME}: check that the calico/node container is running and has mounted /var/lib/calico/`,
    "open /run/flannel/subnet.env: no such file or directory",
    'failed to Statfs \\"/var/run/netns/cni-1\\": no such file or directory',
    "dial unix /run/containerd/containerd.sock: connect: connection refused",
    'error getting ClusterInformation: Get \\"https://10.96.0.1:443/apis\\": dial tcp 10.96.0.1:443: connect: connection refused',
    'Get \\"https://[10.96.0.1]:443/api\\": dial tcp 10.96.0.1:443: connect: no route to host',
  ])
    assert.is(neverAsked(kill(inner)), true, inner);
  assert.is(neverAsked('failed to setup network for sandbox "aa": failed to find plugin "calico" in path [/x]'), true);
  assert.is(neverAsked("cni plugin not initialized"), true);
});

test("an answer of HTTP or TLS, a webhook's or a proxy's refusal, and a time-out may have asked one", () => {
  for (const inner of [
    "error getting ClusterInformation: connection is unauthorized: Unauthorized",
    `error getting ClusterInformation: connection is unauthorized: Unauthorized; ${NODENAME}`,
    "error getting ClusterInformation: connection is unauthorized:",
    'clusterinformations.crd.projectcalico.org \\"default\\" is forbidden: User \\"x\\" cannot get resource',
    'Get \\"https://10.96.0.1:443\\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
    'Get \\"https://10.96.0.1:443\\": net/http: TLS handshake timeout',
    'Get \\"https://10.96.0.1:443\\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    'Get \\"https://10.96.0.1:443\\": dial tcp 10.96.0.1:443: i/o timeout',
    'Internal error occurred: failed calling webhook \\"w\\": Post \\"https://w.x.svc\\": dial tcp 10.1.1.1:443: connect: connection refused',
    'Post \\"https://w\\": the server rejected our request; dial tcp 10.1.1.1:443: connect: connection refused',
    "CNI request failed with status 503: dial tcp 10.1.1.1:443: connect: connection refused",
    "error getting ClusterInformation: Calico is currently not ready to process requests",
    "no such file or directory",
  ])
    assert.is(neverAsked(kill(inner)), false, inner);
  assert.is(neverAsked(pause("unexpected status from HEAD request to https://r/v2: 401 Unauthorized")), false);
  assert.is(neverAsked(pause('Head "https://r.corp": x509: certificate has expired or is not yet valid')), false);
});

test("why a token had nothing to do with it: only where the message itself tells", () => {
  const get = 'error getting ClusterInformation: Get "https://10.96.0.1:443/apis/x": ';
  for (const [inner, aside] of [
    ["dial tcp 10.96.0.1:443: connect: connection refused", "unasked"],
    [`${get}x509: certificate signed by unknown authority`, "unverified"],
    [
      `${get}tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-03-11T09:20:05Z is after 2026-03-11T09:00:00Z`,
      "expired-certificate",
    ],
    [
      'error creating WorkloadEndpoint: admission webhook "v.example" denied the request: x is forbidden: namespace app is frozen',
      "answered",
    ],
    ["the server has received too many requests and has asked us to try again later (get x)", "answered"],
    ["unable to create endpoint: [PUT /endpoint/{id}][429] putEndpointIdTooManyRequests", null],
    [
      'failed calling webhook "v.example": Post "https://w.x.svc:443/": x509: certificate signed by unknown authority',
      "answered",
    ],
    ["fork/exec /opt/cni/bin/calico: exec format error", "local"],
    ["failed to write /var/lib/cni/results: write /var/lib/cni/results/x: no space left on device", "local"],
    ["failed to list chains: exit status 4: Another app is currently holding the xtables lock", "local"],
    ["Internal error occurred: no space left on device", null],
    ["open /etc/cni/net.d/x: no space left on device; connection is unauthorized:", null],
    ["failed to create shim task: context deadline exceeded", null],
    ["the lock xtables is not held", null],
    [
      "error getting ClusterInformation: resource does not exist: ClusterInformation(default) with error: the server could not find the requested resource (get ClusterInformations.crd.projectcalico.org default)",
      "answered",
    ],
    ['clusterinformations.crd.projectcalico.org "default" not found', "answered"],
    ['container "a3f0" not found', null],
    ["error getting ClusterInformation: etcdserver: request timed out", "answered"],
    ["Assigned 0 out of 1 requested IPv4 addresses; No more free affine blocks", "answered"],
    ["the server could not find the requested resource; connection is unauthorized: Unauthorized", null],
    ["POST https://10.9.9.9/wapi: 401 Unauthorized", "elsewhere"],
    ["GET https://10.9.9.9/api/v1/pods: 401 Unauthorized", null],
    ["connection is unauthorized: Unauthorized", null],
    ["connection is unauthorized: the server has received too many requests", "answered"],
    ['admission webhook "v.example" denied the request: Unauthorized', "answered"],
    ["failed to list pods: the server has asked for the client to provide credentials", null],
    ["context deadline exceeded", null],
    ["unexpected error", null],
  ] as const)
    assert.is(tokenAside(kill(inner)), aside, inner);
});

test("what the runtime of the node says of itself is no matter of a token", () => {
  for (const inner of [
    'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: expected cgroupsPath to be of format \\"slice:prefix:name\\"',
    'failed to reserve sandbox name \\"x\\": name \\"x\\" is reserved for \\"a3\\"',
  ])
    assert.is(tokenAside(`Failed to create pod sandbox: rpc error: code = Unknown desc = ${inner}`), "local", inner);
});

test("a text that ends without a word of tokens or certificates shows no refused one; a cut one may hide it", () => {
  for (const inner of [
    "failed to parse netconf: unexpected end of JSON input",
    "context deadline exceeded",
    "add cmd: failed to assign an IP address to container",
  ])
    assert.is(namesNoCredential(kill(inner)), true, inner);
  for (const inner of [
    "connection is unauthorized: Unauthorized",
    "the server has asked for the client to provide credentials",
    "tls: failed to verify certificate: x509: certificate signed by unknown authority",
    "remote error: tls: bad certificate",
    "ipamd: RequestExpired: request has expired",
    "error getting ClusterInformation: connection is…",
    "error getting ClusterInformation: connection is...",
    "token is not valid yet",
  ])
    assert.is(namesNoCredential(kill(inner)), false, inner);
  assert.is(namesNoCredential(kill("x".repeat(9_000))), false, "longer than what is read of it");
});

test("the host of a refused request stands without its port and user", () => {
  const message = kill("POST https://user:pw@IPAM.corp:8443/rest: Unauthorized");
  assert.equal(refusedRequest(message), { host: "ipam.corp", path: "/rest" });
  assert.is(
    plainText(sandboxErrorWords("401-elsewhere", message, E)),
    "Unauthorized to a request to ipam.corp that is none of the Kubernetes API",
  );
  assert.is(refusedRequest(kill("Unauthorized")), null);
});

test.run();
