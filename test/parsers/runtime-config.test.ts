import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { artifact, intakeOf, ofKind } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("runtime-config");
const read = (content: string, origin = "/etc/containerd/config.toml") => {
  const intake = intakeOf([artifact({ origin }), content]);
  return { intake, fact: ofKind(intake, "runtime.config")[0] };
};

const MICROK8S = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "\${SNAP_DATA}/opt/cni/bin"
    # conf_dir = "/not/this"
    conf_dir = "\${SNAP_DATA}/args/cni-network"
`;

test("a version 2 file: variables stay, the line of conf_dir is cited", () => {
  const { fact } = read(MICROK8S, "/var/snap/microk8s/current/args/containerd-template.toml");
  assert.equal(fact?.value, {
    path: "/var/snap/microk8s/current/args/containerd-template.toml",
    source: "file",
    version: 2,
    imports: [],
    valid: true,
    problem: null,
    cni: [
      {
        pluginId: "io.containerd.grpc.v1.cri",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: containerd's template has it
        confDir: "${SNAP_DATA}/args/cni-network",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: containerd's template has it
        binDirs: ["${SNAP_DATA}/opt/cni/bin"],
        maxConfNum: null,
        line: 7,
      },
    ],
  });
  assert.equal(fact?.evidence.locator, { kind: "lines", from: 7, to: 7 });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: containerd's template has it
  assert.is(fact?.evidence.excerpt, 'conf_dir = "${SNAP_DATA}/args/cni-network"');
});

test("tables of every version, whatever the file's version says", () => {
  const cases: readonly (readonly [string, string, string | null, number, number | null])[] = [
    ['[plugins.cri.cni]\nconf_dir="/a"', "cri", "/a", 1, 2],
    [
      "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dirs=['/x','/y']",
      "io.containerd.cri.v1.runtime",
      null,
      3,
      2,
    ],
    [
      'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\ncni.conf_dir = "/b"',
      "io.containerd.grpc.v1.cri",
      "/b",
      2,
      3,
    ],
    [
      'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\ncni = {conf_dir = "/c"}',
      "io.containerd.grpc.v1.cri",
      "/c",
      2,
      3,
    ],
  ];
  for (const [content, id, confDir, version, line] of cases) {
    const { fact } = read(content);
    assert.is(fact?.value.version, version, content);
    assert.is(fact?.value.cni[0]?.pluginId, id, content);
    assert.is(fact?.value.cni[0]?.confDir, confDir, content);
    assert.is(fact?.value.cni[0]?.line, line, content);
  }
  assert.equal(read(cases[1]?.[0] ?? "").fact?.value.cni[0]?.binDirs, ["/x", "/y"]);
});

test("what the daemon dumps, and what a near miss is", () => {
  const command = artifact({ kind: "command", origin: "containerd --config /x.toml config dump", form: "lines" });
  const [fact] = ofKind(intakeOf([command, "version = 2\nimports = ['/etc/x/*.toml']"]), "runtime.config");
  assert.is(fact?.value.source, "dump");
  assert.equal(fact?.value.imports, ["/etc/x/*.toml"]);
  for (const origin of ["/etc/containerd/certs.d/docker.io/hosts.toml", "/etc/traefik/traefik.toml"])
    assert.is(read("", origin).fact, undefined, origin);
  assert.ok(read("", "/etc/containerd/conf.d/50-cni.toml").fact);
});

test("invalid TOML says so in own words, and never quotes", () => {
  const secret = "hunter2-hunter2";
  const broken = [
    "a = [1 # c",
    `password = "${secret}" oops`,
    `a = 1\na = "${secret}"`,
    `[x]\ny = 1\n[x]\n# ${secret}`,
    `k = ${secret}`,
  ];
  for (const content of broken) {
    const { intake, fact } = read(content);
    assert.is(fact?.value.valid, false, content);
    assert.match(fact?.value.problem ?? "", /^not valid TOML/);
    assert.is(intake.issues.length, 1);
    assert.not.match(JSON.stringify([intake.issues.map((i) => i.message), fact?.value, fact?.evidence]), secret);
  }
});

test("big integers and values that a collector replaced are no faults", () => {
  const { fact } = read("version = 2\nbig = 9223372036854775807\npassword = [REDACTED len=9 fp=0123456789abcdef]\n");
  assert.is(fact?.value.valid, true);
});

test("a Go template is read without its actions where that is TOML", () => {
  const origin = "/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl";
  const good = read(
    "{{ template \"base\" . }}\nversion = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nconf_dir = '/a'",
    origin,
  );
  assert.is(good.fact?.value.cni[0]?.confDir, "/a");
  assert.match(good.fact?.value.problem ?? "", /template/);
  assert.is(read("version = {{ .V }}", origin).fact?.value.valid, false);
});

test("hostile sizes end", () => {
  read(`${"a.".repeat(50_000)}a = 1`);
  read(`k = ${"[".repeat(20_000)}`);
  assert.is(read("x".repeat(2_000_000)).intake.coverage[0]?.coverage, "truncated");
});

test("no input throws", () => {
  const mutated = fc
    .tuple(fc.nat(MICROK8S.length), fc.nat(20), fc.string())
    .map(([at, cut, put]) => MICROK8S.slice(0, at) + put + MICROK8S.slice(at + cut));
  fc.assert(fc.property(fc.oneof(mutated, fc.string({ unit: "binary" })), (content) => sound(read(content).intake)));
});

test("a file that switches the CRI service off says so; Talos' drop-in is one of containerd's", () => {
  assert.is(read('disabled_plugins = ["cri"]\n').fact?.value.servesNoKubelet, true);
  assert.is(read('disabled_plugins = ["io.containerd.grpc.v1.cri"]\n').fact?.value.servesNoKubelet, true);
  assert.is(read('disabled_plugins = ["aufs"]\n').fact?.value.servesNoKubelet, undefined);
  assert.ok(read("version = 3\n", "/etc/cri/conf.d/cri.toml").fact);
});

test.run();
