import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createLineRedactor, mayHoldSecret, redact } from "#bundle/redact.js";
import { bundle, CONF, LOG, PODS, read } from "./archive.js";

const test = suite("bundle/redact");

const b64 = (value: string): string => Buffer.from(value).toString("base64url");
const HEAD = b64('{"alg":"RS256","kid":"k"}');
const BODY = b64('{"sub":"system:serviceaccount:kube-system:calico-cni-plugin","exp":1811000000}');
const SIGNATURE = "c2lnbmF0dXJlLWNhbmFyeS1jMmxuYm1GMGRYSmw";
const JWT = `${HEAD}.${BODY}.${SIGNATURE}`;
const KEY_BODY = "MIIEpAIBAAKCAQEAcanaryKEYcanaryKEYcanaryKEYcanaryKEY0123456789ab";
const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${KEY_BODY}\n${KEY_BODY}\nab==\n-----END RSA PRIVATE KEY-----`;

/** [rule, text, what must not remain]. */
const CANARIES: readonly (readonly [string, string, string])[] = [
  ["jwt", `token: ${JWT}`, SIGNATURE],
  ["jwt", `"token":"${JWT}"`, SIGNATURE],
  ["jwt", `Authorization: Bearer ${JWT}`, SIGNATURE],
  ["jwt", `x_${JWT}`, SIGNATURE],
  ["jwt", `${b64('{ "alg": "RS256" }')}.${b64('{\n "sub": "x" }')}.${SIGNATURE}`, SIGNATURE],
  ["jwe", `${HEAD}.${"k".repeat(40)}.${"i".repeat(16)}.${SIGNATURE}.${"t".repeat(22)}`, SIGNATURE],
  ["jwe", `${HEAD}..${"i".repeat(16)}.${SIGNATURE}.${"t".repeat(22)}`, SIGNATURE],
  ["base64-jwt", Buffer.from(JWT).toString("base64"), Buffer.from(JWT).toString("base64").slice(60, 120)],
  ["private-key", PEM, KEY_BODY],
  ["private-key", PEM.replaceAll("\n", "\\n"), KEY_BODY],
  ["private-key", `${PEM.slice(0, PEM.indexOf("-----END"))}`, KEY_BODY],
  ["private-key", PEM.replaceAll("RSA ", "ENCRYPTED "), KEY_BODY],
  [
    "base64-private-key",
    `client-key-data: ${Buffer.from(PEM).toString("base64")}`,
    Buffer.from(KEY_BODY).toString("base64").slice(4, 40),
  ],
  ["base64-private-key", Buffer.from(PEM.replaceAll("RSA ", "EC ")).toString("base64"), "Y2FuYXJ5"],
  ["base64-private-key", Buffer.from(PEM.replaceAll("RSA ", "")).toString("base64"), "Y2FuYXJ5"],
  ["base64-private-key", Buffer.from(PEM.replaceAll("RSA ", "OPENSSH ")).toString("base64"), "Y2FuYXJ5"],
  ["url-password", "proxy http://svc:canary-pass@proxy:3128/", "canary-pass"],
  ["url-password", "https://:canary@pass@host", "canary"],
  ["url-password", "https:\\/\\/u:canarypass@host", "canarypass"],
  ["authorization", "Authorization: Basic c3ZjOmNhbmFyeQ==", "c3ZjOmNhbmFyeQ"],
  ["authorization", 'authorization = ["Basic c3ZjOmNhbmFyeQ=="]', "c3ZjOmNhbmFyeQ"],
  ["bearer", "curl -H 'X: Bearer canary7opaquetoken'", "canary7opaquetoken"],
  ["bootstrap-token", "kubeadm join --token abcdef.0123456789abcdef", "0123456789abcdef"],
  ["bootstrap-token", "07401b.f395accd246ae52d", "f395accd246ae52d"],
  ["aws-key", "id AKIAIOSFODNN7CANARY1 x", "AKIAIOSFODNN7CANARY1"],
  ["github-token", `ghp_${"canary".repeat(6)}`, "canarycanary"],
  ["github-token", `github_pat_${"canary_".repeat(6)}`, "canary_canary"],
  ["gitlab-token", `glpat-${"canary-".repeat(3)}`, "canary-canary"],
  ["slack-token", "xoxb-1234567890-canary", "canary"],
  ["google-key", `AIza${"canary0".repeat(5)}`, "canary0canary0"],
  ["google-key", "ya29.canary-canary-canary-canary", "canary-canary"],
];

const INNOCENT: readonly string[] = [
  "Warning FailedCreatePodSandBox event worker.17f0d0a2b3c4d5e6 on k8s001.184f3a2b1c0d9e8f",
  "connection is unauthorized: use bearer authentication instead",
  "dial tcp https://10.152.183.1:443/api?x=1",
  "prometheus-keyserver-abcdefgh.monitoring.svc.cluster.local",
  "newserver-1.ewald.example.com and keynote.eyes-wide.example.org",
  "registry.k8s.io/pause:3.10@sha256:0123456789abcdef",
  "policy.authorizationrbac",
  `${HEAD}.${BODY}.`,
  `Authorization: Bearer ${HEAD}.${BODY}.`,
  "http://svc:[REDACTED len=5 fp=0123456789abcdef]@proxy",
  "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
];

test("canaries are masked, each by its rule", () => {
  for (const [rule, text, canary] of CANARIES) {
    const hits: string[] = [];
    const shown = redact(text, (id) => hits.push(id));
    assert.not.ok(shown.includes(canary), `${rule}: ${shown}`);
    assert.ok(hits.includes(rule), `${rule}: ${hits.join()}`);
    assert.ok(mayHoldSecret(text));
    assert.is(
      redact(shown, () => assert.unreachable(shown)),
      shown,
    );
  }
});

test("what looks alike stays", () => {
  for (const text of INNOCENT)
    assert.is(
      redact(text, (id) => assert.unreachable(`${id}: ${text}`)),
      text,
    );
});

test("a token keeps header and payload", () => {
  assert.is(
    redact(`a ${JWT} b`, () => undefined),
    `a ${HEAD}.${BODY}. b`,
  );
});

test("a private key across lines, with and without a prefix, with and without its end", () => {
  for (const prefix of ["", "2026-05-23T02:00:00Z host unit[1]: "])
    for (const end of [true, false]) {
      const redactLine = createLineRedactor(() => undefined);
      const lines = PEM.split("\n").slice(0, end ? 99 : -1);
      const shown = [...lines, "after the key"].map((line) => redactLine(prefix + line));
      assert.not.match(shown.join("\n"), /canaryKEY|ab==/);
      if (end) assert.is(shown.at(-1), `${prefix}after the key`);
    }
});

test("no canary leaves by any way, and each is counted", async () => {
  for (const [, text, canary] of CANARIES) {
    const { received, custody, artifacts } = await read(
      bundle([
        { ...LOG, body: `x ${text}\n` },
        { ...CONF, body: `a: ${text}\n` },
        { ...PODS, body: JSON.stringify({ items: [{ status: { message: text }, [text]: 1 }] }) },
        {
          kind: "command",
          member: "-",
          origin: "x",
          coverage: "failed",
          note: text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n"),
        },
      ]),
    );
    assert.not.ok(JSON.stringify([received, custody, artifacts]).includes(canary), text);
    const members = custody.issues.filter((issue) => issue.code === "W_SECRET").map((issue) => issue.member);
    for (const member of [LOG.member, CONF.member, PODS.member, "index.tsv"])
      assert.ok(members.includes(member), `${member}: ${text}`);
  }
});

test("a secret behind JSON escapes", async () => {
  const escaped = [...JWT].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  const { of } = await read(
    bundle([{ ...PODS, body: `{"items":[{"t":"${escaped}"},{"u":"https:\\/\\/a:canary\\u0026pw@h"}]}` }]),
  );
  assert.equal(of("pods")?.items, [{ t: `${HEAD}.${BODY}.` }, { u: "https://a:[REDACTED len=9]@h" }]);
});

test("a secret across the line limit, and across chunks", async () => {
  const { of } = await read(bundle([{ ...LOG, body: `${"x".repeat(90)} http://u:canarypass@h\n` }]), {
    lineBytes: 108,
  });
  assert.not.match(of("kubelet")?.lines[0] ?? "", /canary/);
});

test("one issue for each member and rule, without the value", async () => {
  const { custody } = await read(bundle([{ ...LOG, body: `${JWT}\n${JWT}\n` }]));
  assert.equal(custody.issues, [
    {
      code: "W_SECRET",
      member: LOG.member,
      message: "rule jwt masked 2 values on reading; the bundle itself still holds them",
    },
  ]);
});

test.run();
