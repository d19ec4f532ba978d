import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readKubeconfig } from "#parsers/kubeconfig.js";
import { decodeToken } from "#parsers/token.js";
import { artifact, intakeOf, ofKind } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("kubeconfig");

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
/** A token as collected: header and payload, and no signature. */
const token = (claims: unknown, header: unknown = { alg: "RS256", kid: "key-1" }): string =>
  `${part(header)}.${part(claims)}.`;

const BOUND = {
  aud: ["https://kubernetes.default.svc"],
  exp: 1810944929,
  iat: 1779408929,
  iss: "https://kubernetes.default.svc",
  "kubernetes.io": {
    namespace: "kube-system",
    pod: { name: "calico-node-62cn9", uid: "pod-uid" },
    serviceaccount: { name: "calico-node", uid: "sa-uid" },
    warnafter: 1779412536,
  },
  nbf: 1779408929,
  sub: "system:serviceaccount:kube-system:calico-node",
};

// A self-signed certificate made for this test; nobody has its key.
const CA = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUITEJvBTYhjG0uikyXniBLnH2OIQwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKZXhhbXBsZS1jYTAeFw0yNjExMjIxMzU0MDdaFw0zNjExMTkx
MzU0MDdaMBUxEzARBgNVBAMMCmV4YW1wbGUtY2EwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARN/2HaumgOaiS0hgzmB1y7eySB6XjPpkhsrJcwi2FU7Rrewei8eaPS
20A97HPpSAn2+y1JEAVF8XGiexyz69ozo1MwUTAdBgNVHQ4EFgQUek8yi3lPIARe
TCm3FpZqA6uu9/AwHwYDVR0jBBgwFoAUek8yi3lPIAReTCm3FpZqA6uu9/AwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA8tk6vHbI+Lcm04jabakX
tnQzKfjWjKpzqr53zEoAPgkCIGgtQo/ZhAs9LZ2t0YDv/K1h0Ptatn8amHgiGjFf
ks1f
-----END CERTIFICATE-----
`;

const config = (credential: string): string => `# Kubeconfig file for Calico CNI plugin.
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: https://[10.152.183.1]:443
    certificate-authority-data: "${Buffer.from(CA).toString("base64")}"
users:
- name: calico
  user:
    ${credential}
contexts:
- name: calico-context
  context:
    cluster: local
    user: calico
current-context: calico-context
`;

test("server, CA and bound token of the current context; the token's line and claims are cited, not the token", () => {
  const origin = "/etc/cni/net.d/calico-kubeconfig";
  const given = token(BOUND);
  const [fact] = ofKind(intakeOf([artifact({ origin }), config(`token: "${given}"`)]), "kubeconfig");
  assert.is(fact?.value.valid, true);
  assert.is(fact?.value.server, "https://[10.152.183.1]:443");
  assert.is(fact?.value.caSha256, "3d97515b61241b40eee904a2e4f9d5f05e204b8823860539d2cf31dd4c513274");
  assert.is(fact?.value.tokenLine, 12);
  const time = (s: number) => ({ epochMs: s * 1000, precisionMs: 1000, clock: "api" });
  assert.equal(fact?.value.token, {
    kind: "jwt",
    alg: "RS256",
    kid: "key-1",
    iss: "https://kubernetes.default.svc",
    sub: "system:serviceaccount:kube-system:calico-node",
    iat: time(1779408929),
    nbf: time(1779408929),
    exp: time(1810944929),
    namespace: "kube-system",
    serviceAccount: { name: "calico-node", uid: "sa-uid" },
    pod: { name: "calico-node-62cn9", uid: "pod-uid" },
    node: null,
  });
  assert.equal(fact?.evidence.locator, { kind: "lines", from: 12, to: 12 });
  assert.match(
    fact?.evidence.excerpt ?? "",
    "pod=calico-node-62cn9 (uid pod-uid) iat=2026-05-22T00:15:29Z exp=2027-05-22T00:15:29Z",
  );
  assert.not.match(JSON.stringify(fact), given);
});

test("tokens: the status is typed, whatever comes", () => {
  const { "kubernetes.io": bound, ...unbound } = BOUND;
  const boundTo = (pod: object) => ({ ...BOUND, "kubernetes.io": { ...bound, pod } });
  const cases: readonly (readonly [string, string])[] = [
    [token(unbound), "jwt"],
    ["", "absent"],
    ["abcdef.0123456789abcdef", "opaque"],
    ["[REDACTED len=900 fp=0123456789abcdef]", "opaque"],
    [`${part({ alg: "RS256" })}.${part(BOUND)}`, "malformed"],
    [`${token(BOUND)}.x.y`, "malformed"],
    [token(BOUND, { alg: "none" }), "malformed"],
    [token(BOUND, "garbage"), "malformed"],
    [token([1, 2]), "malformed"],
    [token(null), "malformed"],
    [token({ ...BOUND, exp: "1810944929" }), "malformed"],
    [token(boundTo({ name: "", uid: "" })), "malformed"],
    [token(boundTo({ name: "calico-node-62cn9", uid: "" })), "malformed"],
    [token(boundTo({ name: "", uid: "pod-uid" })), "malformed"],
    [token(boundTo({ name: "p", uid: "u" })), "jwt"],
    [token({ ...BOUND, exp: -1 }), "malformed"],
    [token({ ...BOUND, exp: 1e300 }), "malformed"],
    [token({ ...BOUND, iss: "x".repeat(5_000) }), "malformed"],
    [`${part({ alg: "RS256" })}.e30x!.`, "malformed"],
    [`ey${"A".repeat(5_000_000)}.ey.`, "malformed"],
    [` ${token(BOUND)}`, "opaque"],
  ];
  for (const [given, kind] of cases) assert.is(decodeToken(given).kind, kind, given.slice(0, 60));
});

test("a person's name is dropped, a Secret's token is read in its own form", () => {
  assert.is(decodeToken(token({ iss: "https://login.example", sub: "jane@example.org" })).sub, null);
  const legacy = decodeToken(
    token({
      iss: "kubernetes/serviceaccount",
      "kubernetes.io/serviceaccount/namespace": "kube-system",
      "kubernetes.io/serviceaccount/service-account.name": "calico-node",
      sub: "system:serviceaccount:kube-system:calico-node",
    }),
  );
  assert.equal(legacy.serviceAccount, { name: "calico-node", uid: null });
  assert.is(legacy.namespace, "kube-system");
  assert.is(legacy.exp, null);
});

test("other credentials are no token", () => {
  for (const credential of [
    "client-certificate-data: AAAA",
    "tokenFile: /var/run/t",
    "exec: {command: x}",
    "token:",
    "token: 5",
  ]) {
    const value = readKubeconfig("/k", config(credential));
    assert.is(value.valid, true, credential);
    assert.is(value.token.kind, "absent", credential);
    assert.is(value.tokenLine, null, credential);
  }
});

test("what is no kubeconfig says why in own words, and shows nothing of it", () => {
  const secret = "hunter2hunter2";
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /empty/],
    ["null", /no map/],
    ["- a", /no map/],
    ["users: 5", /no context/],
    [`a: 1\n\tb: ${secret}`, /not valid YAML/],
    [`token: ${secret}\ntoken: ${secret}`, /twice/],
    [config(`token: ${secret}\n    token: ${secret}`), /twice/],
    [`a: !secret ${secret}`, /YAML with tags/],
    ["a: &a 1\nb: *a", /aliases/],
    ["a: {x: 1}\nb:\n  <<: {y: 2}", /merge/],
    ["a: 1\n---\nb: 2", /more than one/],
    [`k: ${"[".repeat(5_000)}`, /not valid YAML/],
    [config("token: a").replace("current-context: calico-context", "current-context: other"), /no context/],
    [config("token: a").replace("server:", "sever:"), /no server/],
  ];
  for (const [content, problem] of cases) {
    const intake = intakeOf([artifact({ origin: "/etc/kubeconfig" }), content]);
    const [fact] = ofKind(intake, "kubeconfig");
    assert.is(fact?.value.valid, false, content.slice(0, 80));
    assert.match(fact?.value.problem ?? "", problem);
    assert.not.match(JSON.stringify([fact?.value, fact?.evidence, intake.issues.map((i) => i.message)]), secret);
  }
});

test("of a cut file nothing is said, since what it lacks may stand in the node's", () => {
  const intake = intakeOf([artifact({ origin: "/etc/kubeconfig" }), "x".repeat(300_000)]);
  assert.equal(ofKind(intake, "kubeconfig"), []);
  assert.match(intake.issues.map((i) => i.message).join(), /is cut/);
});

test("CA data that is no certificate gives no fingerprint", () => {
  const withCa = (data: string): string => config("token: a").replace(/data: "[^"]*"/, `data: "${data}"`);
  const pem = (text: string): string => Buffer.from(text).toString("base64");
  for (const data of ["garbage", "", pem(CA.slice(0, 200)), pem(CA.replaceAll("CERTIFICATE", "PRIVATE KEY"))])
    assert.is(readKubeconfig("/k", withCa(data)).caSha256, null, data.slice(0, 20));
});

test("files that may be one count where they say so", () => {
  const found = (origin: string, content: string) =>
    ofKind(intakeOf([artifact({ origin }), content]), "kubeconfig").length;
  assert.is(found("/var/snap/microk8s/current/credentials/kubelet.config", config("token: a")), 1);
  assert.is(found("/etc/kubernetes/kubelet.conf", config("token: a")), 1);
  assert.is(found("/etc/kubernetes/other.conf", "kind: KubeletConfiguration\n"), 0);
  assert.is(found("/etc/resolv.conf", "nameserver 10.0.0.1"), 0);
});

test("a wide map is read in time", () => {
  const wide = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join("\n");
  const start = performance.now();
  readKubeconfig("/k", wide);
  assert.ok(performance.now() - start < 5_000);
});

test("no input throws", () => {
  const whole = config(`token: ${token(BOUND)}`);
  const mutated = fc
    .tuple(fc.nat(whole.length), fc.nat(20), fc.string())
    .map(([at, cut, put]) => whole.slice(0, at) + put + whole.slice(at + cut));
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: "binary" })), (content) =>
      sound(intakeOf([artifact({ origin: "/etc/kubeconfig" }), content])),
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.anything().map((c) => token(c ?? null)),
      ),
      (given) => decodeToken(given).kind !== undefined,
    ),
  );
});

test.run();
