import { spawn, spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { collect, leaks, link, open, put, remove, run, scratch, shells, skip, token, which } from "./host.js";

const work = scratch();
const root = join(work, "host");
const canaries = new Map<string, string>();
const secret = (name: string, value: string): string => {
  canaries.set(name, value);
  return value;
};

const pod = { "kubernetes.io": { namespace: "kube-system", pod: { name: "calico-node-62mdv", uid: "c24bd616-92e5" } } };
const jwt = await token({ ...pod, exp: 1826885465, iat: 1795349465 });
secret("token's signature", jwt.signature);
const pem = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
secret("private key", pem.split("\n")[3] ?? "");
const certificate = `-----BEGIN CERTIFICATE-----\n${"MIIDHzCCAgegAwIBAgIUChhxLVuXdRSMrae".repeat(6)}\n-----END CERTIFICATE-----\n`;
const ca = Buffer.from(certificate).toString("base64");

// A node whose /etc/cni/net.d is an absolute link, and whose runtime reads the directory behind another link.
const base = "/var/snap/microk8s/8612";
put(root, "/etc/hostname", "node-a\n");
// the root of the running machine, as in a debug pod: only there are commands run
put(root, "/proc/sys/kernel/random/boot_id", readFileSync("/proc/sys/kernel/random/boot_id"));
put(root, "/etc/os-release", 'PRETTY_NAME="A system"\n');
put(root, "/etc/machine-id", `${secret("machine id", "b7f900547596ebf8aaefd9cd02d77b82")}\n`);
put(root, "/etc/passwd", "calico:x:1234:1234::/:/bin/false\n");
link(root, "/etc/cni/net.d", "/var/snap/microk8s/current/args/cni-network", 1718181727.25);
link(root, "/var/snap/microk8s/current", "8612", 1718181727);
const conflist = (kubeconfig: string): string => `{
  "name": "k8s-pod-network",
  "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "calico",
      "k8s_auth_token": "${secret("opaque CNI token", "opaque-cni-token-0815")}",
      "etcd_endpoints": "https://root:${secret("etcd password", "etcdPassw0rd")}@10.0.0.1:2379",
      "mtu": 0,
      "unknown": "${secret("unknown key of a conflist", "unknown-value-4711")}",
      "kubernetes": {
          "kubeconfig": "${kubeconfig}"
      }
    },
    {"type": "portmap", "snat": true, "capabilities": {"portMappings": true}}
  ]
}
`;
const whole = conflist("/opt/elsewhere/calico-kubeconfig");
// one comma less: the defect must survive
const broken = whole.replace('"mtu": 0,', '"mtu": 0').replace("k8s-pod-network", "broken");
put(root, `${base}/args/cni-network/10-calico.conflist`, whole);
put(root, `${base}/args/cni-network/05-broken.conflist`, broken);
put(root, `${base}/args/cni-network/99-cut.conf`, whole.slice(0, 180));
const kubeconfig = (credential: string): string => `# token: ${secret("commented token", "commented-out-token-1")}
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: https://10.152.183.1:443
    certificate-authority-data: "${ca}"
users:
- name: calico
  user:
    ${credential}
    password: ${secret("kubeconfig password", "kubeconfigPassw0rd")}
    client-key-data: ${Buffer.from(pem).toString("base64")}
    exec:
      command: aws
      env:
      - name: AWS_SECRET_ACCESS_KEY
        value: ${secret("exec env", "execEnvValue123")}
contexts:
- name: calico-context
  context:
    cluster: local
    user: calico
current-context: calico-context
`;
put(root, `${base}/args/cni-network/calico-kubeconfig`, kubeconfig(`token: "${jwt.whole}"`), 0o600);
put(
  root,
  "/opt/elsewhere/calico-kubeconfig",
  kubeconfig(`token: ${secret("opaque kubeconfig token", "opaque-kubeconfig-token")}`),
);
put(
  root,
  `${base}/args/containerd.toml`,
  `version = 2
imports = ["/etc/containerd/conf.d/*.toml"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "pause:3.7"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni bin"
    conf_dir = "/var/snap/microk8s/8612/args/cni-network" # ${secret("comment in TOML", "comment-in-toml-77")}
  [plugins."io.containerd.grpc.v1.cri".registry.configs."r.example".auth]
    username = "bob"
    password = "${secret("registry password", "registryPassw0rd")}"
    auth = '${secret("registry auth", "Ym9iOnJlZ2lzdHJ5")}'
    blob = """
${secret("multi-line string", "multi-line-secret-3")}
"""
`,
);
put(
  root,
  "/etc/containerd/conf.d/mirror.toml",
  `[a.header]\nAuthorization = ["Basic ${secret("header", "aGVhZGVyLXNlY3JldA==")}"]\n`,
);
put(root, "/opt/cni bin/calico", "", 0o755);
put(root, `${base}/args/kubelet`, `--kubeconfig=/x\n--token=${secret("kubelet flag", "kubeletFlagToken1")}\n--v=3\n`);
put(root, `${base}/credentials/known_tokens.csv`, `${secret("known token", "knownTokenValue12")},admin,admin\n`);
put(root, `${base}/certs/server.key`, pem, 0o600);
put(root, "/var/lib/calico/nodename", "node-a");
put(root, "/var/lib/cni/results/odd\tname\n\\\u00e9", "x");
put(root, "/proc/77/cmdline", `/usr/bin/calico-node\0-felix\0--password\0${secret("argument", "argumentPassw0rd")}\0`);
put(root, "/proc/77/mountinfo", "1 2 3:4 /a /host/etc/cni/net.d//deleted rw - ext4 /dev/vda rw\n");
put(root, "/proc/78/cmdline", "/usr/bin/unrelated\0--x\0");
const logLine = (n: number): string =>
  `I1122 12:07:58.${String(n).padStart(6, "0")} 1 a.go:1] connection is unauthorized: Unauthorized\n`;
put(
  root,
  "/var/log/kubelet.log",
  `${logLine(1)}Authorization: Bearer ${jwt.whole}
password=${secret("log password", "logPassw0rd")} DB_PASS=${secret("env in a log", "dbPassInLog")}
GET https://user:${secret("URL password", "urlPassw0rd")}@host/path
{"auth":"${secret("docker auth", "dXNlcjpkb2NrZXJhdXRo")}","x":"https://${secret("URL token", "ghp_urltoken12345")}@host/"}
join token abcdef.${secret("bootstrap token", "0123456789abcdef")}
a\0password: ${secret("behind NUL and \\377", "nul\u0001secret9")}
${pem}${Buffer.from(jwt.whole).toString("base64")}
${logLine(2)}`,
);
put(root, "/var/log/calico/cni/cni.log", Array.from({ length: 400 }, (_, n) => logLine(n)).join(""));
mkdirSync(join(root, "/etc/kubernetes/pki"), { recursive: true });
utimesSync(join(root, "/etc/kubernetes"), 1631589161.5, 1631589161.5);

const stub = (dir: string, name: string, body: string): void => {
  mkdirSync(join(work, dir), { recursive: true });
  writeFileSync(join(work, dir, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(work, dir, name), 0o755);
};

// the tool of a containerd that does not run waits for ten seconds
stub("quick", "ctr", "echo 'ctr: failed to dial' >&2; exit 1");

const test = suite("collect: a node");

const everyShell = shells(work);
for (const shell of everyShell) {
  const name = shell.name.replaceAll(" ", "-");
  const bundle = collect({
    shell,
    out: join(work, `out-${name}`),
    path: join(work, "quick"),
    args: ["--root", root, "--no-cluster", "--max-bytes", "20000"],
  });

  test(`${shell.name}: nothing secret is in the bundle, in no form`, () => {
    assert.equal(leaks(bundle, canaries), []);
  });

  test(`${shell.name}: the bundle is whole and its members are hashed`, () => {
    assert.match(bundle.file, /\/inquest-node-a-\d{8}T\d{6}Z\.tar\.gz$/);
    assert.equal([...bundle.types].sort(), ["Directory", "File"]);
    for (const member of bundle.members.keys()) assert.match(member, /^bundle\/[A-Za-z0-9._/-]{1,92}$/);
    const manifest = bundle.text("bundle/MANIFEST.sha256").trimEnd().split("\n");
    const names = manifest.map((line) => line.slice(66));
    assert.equal(names, [...names].sort());
    assert.equal(names, [...bundle.members.keys()].filter((member) => !member.endsWith("MANIFEST.sha256")).sort());
    for (const line of manifest) {
      const content = bundle.members.get(line.slice(66)) ?? "";
      assert.is(line.slice(0, 64), createHash("sha256").update(content).digest("hex"));
    }
    for (const row of bundle.index) {
      const member = row["member"] ?? "";
      if (member !== "-") assert.is(Number(row["bytes"]), bundle.members.get(member)?.length, member);
    }
    assert.is(bundle.collector["schema"], "inquest-bundle/1");
    assert.equal(bundle.collector["parts"], ["node"]);
  });

  test(`${shell.name}: what says what the archive is comes first, for copies that were cut short`, () => {
    const names = ["collector.json", "index.tsv", "MANIFEST.sha256", "paths.tsv"].map((name) => `bundle/${name}`);
    assert.equal([...bundle.members.keys()].slice(0, 4), names);
  });

  test(`${shell.name}: links are data, each hop has a row, listings say whether they are complete`, () => {
    const row = (path: string) => bundle.paths.get(path) ?? {};
    assert.is(row("/etc/cni/net.d")["type"], "l");
    assert.is(row("/etc/cni/net.d")["target"], "/var/snap/microk8s/current/args/cni-network");
    assert.match(row("/etc/cni/net.d")["mtime"] ?? "", /^@1718181727\.25/);
    assert.is(row("/var/snap/microk8s/current")["target"], "8612");
    // a shell that loses bytes of names calls no listing complete
    const listed = shell.name === "yash" ? "truncated" : "complete";
    assert.is(row(`${base}/args/cni-network`)["listing"], listed);
    assert.is(row(`${base}/args/cni-network/calico-kubeconfig`)["mode"], "0600");
    assert.is(row("/etc/kubernetes")["listing"], listed);
    assert.is(row("/etc/kubernetes/pki")["type"], "d");
    assert.match(row("/etc/kubernetes")["mtime"] ?? "", /^@1631589161\.5/);
    assert.is(row("/var/lib/rancher")["type"], "absent");
    assert.is(row(`${base}/certs/server.key`)["type"], "f");
    assert.is(row("/opt/cni bin/calico")["type"], "f", "the runtime's own bin_dir is followed");
    if (listed === "complete")
      assert.is(row("/var/lib/cni/results/odd\\tname\\n\\\\\u00e9")["type"], "f", "names are escaped");
    for (const path of bundle.paths.keys())
      assert.not.match(path, /^\/(etc\/cni\/net\.d|var\/snap\/microk8s\/current)\//);
  });

  test(`${shell.name}: tokens stay readable, certificates stay, structure stays`, () => {
    const config = bundle.text(`bundle/node/fs${base}/args/cni-network/calico-kubeconfig`);
    assert.ok(config.includes(`token: "${jwt.stripped}"`));
    assert.equal(decodeJwt(jwt.stripped)["kubernetes.io"], pod["kubernetes.io"]);
    assert.is(decodeProtectedHeader(jwt.stripped)["kid"], "b95JUS6QGauW7m6vkUk2gnswcVw5");
    assert.ok(config.includes(ca));
    assert.match(config, /^ {4}password: \[REDACTED len=18 fp=[0-9a-f]{16}\]$/m);
    assert.match(config, /^current-context: calico-context$/m);
    const toml = bundle.text(`bundle/node/fs${base}/args/containerd.toml`);
    assert.match(toml, /^ {4}conf_dir = "\/var\/snap\/microk8s\/8612\/args\/cni-network" #$/m);
    assert.match(toml, /password = "\[REDACTED len=16 fp=/);
  });

  test(`${shell.name}: a broken configuration stays broken, a sound one stays sound`, () => {
    const dir = `bundle/node/fs${base}/args/cni-network`;
    const sound = JSON.parse(bundle.text(`${dir}/10-calico.conflist`));
    assert.is(sound.plugins[0].kubernetes.kubeconfig, "/opt/elsewhere/calico-kubeconfig");
    assert.is(sound.plugins[1].capabilities.portMappings, true);
    assert.match(sound.plugins[0].k8s_auth_token, /^\[REDACTED len=21 fp=/);
    const text = bundle.text(`${dir}/05-broken.conflist`);
    assert.throws(() => JSON.parse(text));
    JSON.parse(text.replace('"mtu": 0', '"mtu": 0,'));
    assert.throws(() => JSON.parse(bundle.text(`${dir}/99-cut.conf`)));
    assert.ok(bundle.members.has("bundle/node/fs/opt/elsewhere/calico-kubeconfig"), "the kubeconfig it names is read");
  });

  test(`${shell.name}: the index tells found, cut and absent apart`, () => {
    assert.is(bundle.row("/etc/containerd/config.toml")["coverage"], "absent");
    const log = bundle.row("/var/log/calico/cni/cni.log");
    assert.is(log["coverage"], "truncated");
    const kept = bundle.text(log["member"] ?? "");
    assert.ok(kept.endsWith(logLine(399)), "the end of a log counts");
    assert.match(kept, /^I1122/, "no half line");
    assert.is(bundle.row("/var/log/kubelet.log")["coverage"], "complete");
    assert.ok(bundle.text("bundle/node/fs/var/log/kubelet.log").includes(logLine(2)), "what follows a key is kept");
    assert.is(bundle.row("/proc/77/mountinfo")["coverage"], "complete");
    assert.match(
      bundle.text("bundle/node/proc/77/cmdline"),
      /^\/usr\/bin\/calico-node -felix --password \[REDACTED len=16/,
    );
    assert.not.ok(bundle.members.has("bundle/node/proc/78/cmdline"));
  });

  test(`${shell.name}: equal values have equal fingerprints, and only within one run`, () => {
    const print = (text: string) => /password: \[REDACTED len=18 fp=([0-9a-f]{16})\]/.exec(text)?.[1];
    const one = print(bundle.text(`bundle/node/fs${base}/args/cni-network/calico-kubeconfig`));
    assert.ok(one);
    assert.is(one, print(bundle.text("bundle/node/fs/opt/elsewhere/calico-kubeconfig")));
    assert.is.not(one, createHash("sha256").update("kubeconfigPassw0rd").digest("hex").slice(0, 16));
  });

  test(`${shell.name}: nothing but the archive is left`, () => {
    const left = readdirSync(join(work, `out-${name}`)).sort();
    assert.equal(left, ["SHA256SUMS", left[1] ?? ""]);
    assert.is(statSync(bundle.file).mode & 0o777, 0o600);
  });
}

test("commands that hang, fail, flood or do not exist cost only themselves", () => {
  stub("bad", "uptime", "echo begun; sleep 600 & trap '' TERM; sleep 600; wait");
  stub("bad", "free", "echo partial; echo broken tool >&2; exit 3");
  stub("bad", "mount", "while :; do echo a line of a flood; done");
  stub("bad", "ctr", "exit 1");
  stub("bad", "ip", "echo 'Operation not permitted' >&2; exit 1");
  stub("bad", "dmesg", "n=0; while [ $n -lt 500 ]; do n=$((n + 1)); echo line $n; done");
  const began = Date.now();
  const bundle = collect({
    out: join(work, "out-bad"),
    path: join(work, "bad"),
    args: ["--root", root, "--no-cluster", "--timeout", "2", "--max-bytes", "20000"],
  });
  assert.ok(Date.now() - began < 120_000, "a stub would run for ten minutes");
  assert.is(bundle.code, 2);
  assert.is(bundle.collector["state"], "partial");
  const seen = (origin: string) => [bundle.row(origin)["coverage"], bundle.row(origin)["exit"]];
  assert.equal(seen("uptime"), ["truncated", "124"]);
  assert.equal(bundle.text("bundle/node/cmd/uptime.txt"), "begun\n");
  assert.equal(seen("free"), ["truncated", "3"]);
  assert.is(bundle.row("free")["note"], "broken tool");
  assert.is(seen("mount")[0], "truncated");
  assert.is(seen("ip addr")[0], "denied");
  assert.equal(seen("chronyc tracking"), ["absent", "127"]);
  assert.equal([...seen("dmesg"), bundle.row("dmesg")["note"]], ["truncated", "0", "the last 400 lines"]);
  assert.match(bundle.stderr, /^collect\.sh: denied \d+.* \(the index says why\): /m);
  assert.not.match(bundle.stderr, /chronyc/, "what is not there is no failure");
  // what was cut is told, but for what is a tail on every run
  assert.match(bundle.stderr, /^collect\.sh: only in part, .*: 1: free$/m);
});

test("a stopped run leaves a whole bundle that says so, a killed one leaves none", async () => {
  const begun = join(work, "uptime-begun");
  stub("slow", "uptime", `printf '' >'${begun}'; sleep 600`);
  stub("slow", "ctr", "exit 1");
  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGKILL", null],
  ] as const) {
    const out = join(work, `out-${signal}`);
    mkdirSync(out);
    const env = { ...process.env, PATH: `${join(work, "slow")}:${process.env["PATH"]}` };
    const child = spawn("sh", ["collect.sh", "-o", out, "--root", root, "--no-cluster"], { env, stdio: "ignore" });
    const ended = new Promise<number | null>((done) => child.on("close", done));
    for (let n = 0; n < 400 && !existsSync(begun); n++) await sleep(50);
    assert.ok(existsSync(begun));
    await sleep(300);
    rmSync(begun);
    child.kill(signal);
    assert.is(await ended, code);
    const archives = readdirSync(out).filter((name) => name.startsWith("inquest-"));
    assert.is(archives.length, signal === "SIGTERM" ? 1 : 0);
    if (signal === "SIGTERM") {
      const bundle = open(join(out, archives[0] ?? ""), code, "");
      assert.is(bundle.collector["state"], "interrupted");
      assert.is(bundle.row("uptime")["coverage"], "failed");
      assert.equal(
        readdirSync(out).filter((name) => name !== "SHA256SUMS"),
        archives,
      );
    }
  }
});

if (which("yash") !== undefined) {
  test("a shell that loses bytes of names hands over to one that does not", () => {
    const shell = { name: "yash", argv: ["yash"], path: process.env["PATH"] ?? "" };
    const bytes = join(work, "bytes");
    put(bytes, "/etc/hostname", "node-y\n");
    put(bytes, "/etc/cni/\u00e9", "");
    const bundle = collect({ shell, out: join(work, "out-bytes"), args: ["--root", bytes, "--no-cluster"] });
    assert.is(bundle.paths.get("/etc/cni/\u00e9")?.["type"], "f");
    assert.is(bundle.paths.get("/etc/cni")?.["listing"], "complete");
  });
}

test("over the disk of another machine no command of this one speaks for it", () => {
  const other = join(work, "other");
  put(other, "/etc/hostname", "node-d\n");
  put(other, "/proc/sys/kernel/random/boot_id", "00000000-0000-4000-8000-000000000000\n");
  put(other, "/var/log/kubelet.log", "I1122 a line\n");
  const bundle = collect({ out: join(work, "out-other"), args: ["--root", other, "--no-cluster"] });
  assert.equal(
    bundle.index
      .filter((row) => row["kind"] === "command")
      .map((row) => [row["coverage"], row["origin"], row["member"]]),
    [["absent", "commands", "-"]],
  );
  assert.is(bundle.code, 0, "nothing failed");
  assert.is(bundle.collector["state"], "complete");
});

test("a tool whose service manager does not run is absent, not failed", () => {
  stub("none", "timedatectl", "echo 'System has not been booted with systemd as init system' >&2; exit 1");
  stub("none", "ctr", "exit 0");
  const bundle = collect({
    out: join(work, "out-none"),
    path: join(work, "none"),
    args: ["--root", root, "--no-cluster"],
  });
  assert.is(bundle.row("timedatectl show")["coverage"], "absent");
});

test("wrong usage, and an output that cannot be written, have their own exit codes", () => {
  const code = (...args: string[]): number | null => run({ out: join(work, "out-usage"), args }).code;
  assert.is(code("--nonsense"), 64);
  assert.is(code("--timeout", "soon"), 64);
  assert.is(code("--node", "../x"), 64);
  assert.is(code("--no-node", "--no-cluster"), 64);
  assert.is(code("-o", join(work, "missing"), "--no-cluster"), 73);
  assert.is(code("--help"), 0);
  assert.is(code("--version"), 0);
});

const others = spawnSync("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", "true"]).status === 0;
if (!others) skip("collector without the rights of root (needs root and setpriv)");
else {
  test("without rights the bundle says denied, never absent", () => {
    const closed = join(work, "closed");
    put(closed, "/etc/hostname", "node-c\n");
    put(closed, "/etc/cni/net.d/calico-kubeconfig", "x", 0o600);
    put(closed, "/var/lib/calico/nodename", "x");
    chmodSync(join(closed, "/var/lib/calico"), 0o700);
    const out = join(work, "out-closed");
    mkdirSync(out);
    for (const [dir, mode] of [
      [work, 0o755],
      [out, 0o777],
    ] as const)
      chmodSync(dir, mode);
    const nobody = {
      name: "nobody",
      argv: ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sh"],
      path: process.env["PATH"] ?? "",
    };
    const bundle = collect({ shell: nobody, out, args: ["--root", closed, "--no-cluster"] });
    assert.is(bundle.code, 2);
    // which is said where somebody looks first
    const told = /^collect\.sh: denied (\d+)(?:, failed (\d+))? \(the index says why\): (.*)$/m.exec(bundle.stderr);
    const refused = bundle.index.filter(({ coverage }) => coverage === "denied");
    assert.is(Number(told?.[1]), refused.length, bundle.stderr);
    assert.ok(told?.[3]?.startsWith(String(refused[0]?.["origin"])), bundle.stderr);
    assert.is(bundle.row("/etc/cni/net.d/calico-kubeconfig")["coverage"], "denied");
    assert.is(bundle.row("/var/lib/calico/nodename")["coverage"], "denied");
    assert.is(bundle.paths.get("/var/lib/calico")?.["listing"], "denied");
    assert.is(bundle.paths.get("/var/lib/calico/nodename")?.["type"], "denied");
    // a directory that is there and may not be listed is refused evidence as well
    const folder = join(work, "closed-folder");
    put(folder, "/etc/hostname", "node-d\n");
    put(folder, "/etc/cni/net.d/10-x.conflist", "{}");
    chmodSync(join(folder, "/etc/cni/net.d"), 0o700);
    const into = join(work, "out-folder");
    mkdirSync(into, { mode: 0o777 });
    chmodSync(into, 0o777);
    const other = collect({ shell: nobody, out: into, args: ["--root", folder, "--no-cluster"] });
    assert.is(other.code, 2);
    assert.equal([other.row("/etc/cni/net.d")["coverage"], other.collector["state"]], ["denied", "partial"]);
  });
}

if (process.getuid?.() !== 0) skip("a directory that only root may enter (needs root)");
else
  for (const shell of everyShell) {
    test(`${shell.name}: root lists a directory that no mode lets anyone enter`, () => {
      const folder = join(work, `no-x-${shell.name.replaceAll(/\W/g, "-")}`);
      put(folder, "/etc/hostname", "node-d\n");
      put(folder, "/etc/cni/net.d/10-x.conflist", "{}");
      chmodSync(join(folder, "/etc/cni/net.d"), 0o600);
      const bundle = collect({ shell, out: `${folder}-out`, args: ["--root", folder, "--no-cluster"] });
      assert.is(bundle.row("/etc/cni/net.d/10-x.conflist")["coverage"], "complete");
      // yash cannot tell bytes that are no letters
      const listed = shell.name === "yash" ? "truncated" : "complete";
      assert.is(bundle.paths.get("/etc/cni/net.d")?.["listing"], listed);
    });
  }

test("what still looks like a secret behind the filter is withheld", () => {
  // the filter with its knowledge of free text taken out, but for what a run tries it with at its start
  const script = join(work, "without-filter.sh");
  const text = readFileSync("collect.sh", "utf8");
  const begin = "\nfunction text(s,   n, i, w) {\n";
  assert.ok(text.includes(begin));
  writeFileSync(
    script,
    text.replace(begin, "\nfunction text(s) { return s ~ /^password=/ ? untold(s) : s }\nfunction untold(s) {\n"),
  );
  const plain = join(work, "plain");
  put(plain, "/etc/hostname", "node-b\n");
  put(plain, "/var/log/kubelet.log", `a line with ${jwt.whole} in it\n`);
  const part = (text: string): string => Buffer.from(text).toString("base64url");
  const name = `${part('{"alg":"HS256"}')}.${part('{"sub":"x"}')}.${part("0123456789abcdef0123456789abcdef")}`;
  put(plain, `/etc/cni/${name}`, "");
  const bundle = collect({ script, out: join(work, "out-gate"), args: ["--root", plain, "--no-cluster"] });
  assert.is(bundle.code, 5);
  assert.equal(leaks(bundle, canaries), []);
  const row = bundle.row("/var/log/kubelet.log");
  assert.equal([row["coverage"], row["member"]], ["failed", "-"]);
  assert.match(row["note"] ?? "", /^withheld/);
  assert.not.ok([...bundle.members.values()].some((content) => content.includes(name)));
  assert.is(bundle.paths.get("/etc/cni")?.["listing"], "truncated", "a name that was left out may exist");
  assert.match(bundle.stderr, /withheld: 1 lines of paths\.tsv/);
  assert.match(bundle.stderr, /withheld: bundle\/node\/fs\/var\/log\/kubelet\.log \(jwt\)/);
  assert.not.ok(bundle.stderr.includes(jwt.signature));
});

test.after(() => remove(work));
test.run();
