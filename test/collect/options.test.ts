import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fakeCluster } from "./fake-cluster.js";
import { collect, open, put, remove, run, scratch } from "./host.js";

const work = scratch();
const host = join(work, "host");
put(host, "etc/hostname", "n1\n");
put(
  host,
  "etc/cni/net.d/10-x.conflist",
  '{"name": "x", "plugins": [{"type": "x", "kubeconfig": "/etc/cni/net.d/kc"}]}\n',
);
put(host, "etc/cni/net.d/kc", "clusters:\n- cluster:\n    server: https://10.0.0.1:6443\n");
put(host, "proc/1/cmdline", "init\0");

let number = 0;
/** A PATH with the fewest tools, a kubectl of one node, and the given scripts. */
function tools(scripts: Readonly<Record<string, string>> = {}) {
  number++;
  const fake = fakeCluster(join(work, `c${number}`), host);
  fake.node("n1");
  for (const [name, script] of Object.entries(scripts)) {
    // it may be a link to this machine's own tool
    remove(join(fake.bin, name));
    writeFileSync(join(fake.bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(fake.bin, name), 0o755);
  }
  return { shell: { name: "sh", argv: ["sh"], path: fake.bin }, out: join(work, `out${number}`), fake };
}
const node = ["--root", host, "--no-cluster"];

const test = suite("collect: options");

test("-o -: the archive on standard output, its sum on standard error, nothing left", () => {
  const { shell, out } = tools();
  mkdirSync(out);
  const { status, stdout, stderr } = spawnSync("sh", ["collect.sh", "-o", "-", ...node], {
    env: { PATH: shell.path, TMPDIR: out },
  });
  assert.is(status, 0, stderr.toString());
  const sum = createHash("sha256").update(stdout).digest("hex");
  assert.match(stderr.toString(), new RegExp(`^${sum}  inquest-n1-\\d{8}T\\d{6}Z\\.tar\\.gz$`, "m"));
  assert.equal(readdirSync(out), []);
  const file = join(work, "stdout.tar.gz");
  writeFileSync(file, stdout);
  assert.is(open(file, 0, "").collector["state"], "complete");
});

test("a second run of the same second takes the next name: no archive is replaced, none is lost", () => {
  const { shell, out } = tools({
    date: 'exec /bin/date -d @1709632800 "$@"',
  });
  mkdirSync(out);
  for (const _ of [1, 2, 3]) {
    const { code, stderr } = run({ shell, out, args: node });
    assert.is(code, 0, stderr);
  }
  const stem = "inquest-n1-20240305T100000Z";
  assert.equal(readdirSync(out), ["SHA256SUMS", `${stem}-2.tar.gz`, `${stem}-3.tar.gz`, `${stem}.tar.gz`]);
  const { status, stdout } = spawnSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: out });
  assert.is(status, 0);
  assert.is(stdout.toString().split("\n").length, 4);
});

test("-o - whose reader has gone ends, and leaves nothing", () => {
  const { shell, out } = tools();
  mkdirSync(out);
  const { stdout } = spawnSync(
    "sh",
    ["-c", `sh collect.sh -o - ${node.join(" ")} 2>"${out}/err" | true; sleep 2; ls -A "${out}"`],
    {
      env: { PATH: shell.path, TMPDIR: out },
      encoding: "utf8",
    },
  );
  assert.is(stdout.trim(), "err");
});

test("the sums of several runs lie side by side, and those of other files stay", () => {
  const { shell, out } = tools();
  mkdirSync(out);
  writeFileSync(join(out, "SHA256SUMS"), `${"0".repeat(64)}  mine.txt\n`);
  const first = collect({ shell, out, args: node });
  const second = collect({ shell, out, args: ["--root", host, "--no-cluster", "--node", "n2"] });
  const lines = readFileSync(join(out, "SHA256SUMS"), "utf8").trimEnd().split("\n");
  assert.equal(
    lines.map((line) => line.slice(66)),
    ["mine.txt", first.file.split("/").at(-1), second.file.split("/").at(-1)],
  );
});

test("--deadline ends the run with what there is, and says so", () => {
  const { shell, out } = tools({ hostname: "echo before; exec sleep 60" });
  const began = Date.now();
  const bundle = collect({ shell, out, args: [...node, "--deadline", "3"] });
  assert.ok(Date.now() - began < 20_000);
  assert.is(bundle.code, 2);
  assert.is(bundle.collector["state"], "partial");
  assert.is(bundle.row("hostname")["exit"], "124");
  assert.match(bundle.row("end of the run")["note"] ?? "", "the deadline of 3 s had passed");
  assert.match(bundle.stderr, "--deadline");
  assert.is(bundle.row("/etc/cni/net.d/10-x.conflist")["coverage"], "complete");
});

test("a worker that hangs where no signal reaches it is left behind, and what it had is packed", async () => {
  const { shell, out } = tools({ hostname: "sleep 30" });
  mkdirSync(out);
  const child = spawn("sh", ["collect.sh", "-o", out, ...node, "--deadline", "2"], {
    env: { PATH: shell.path, TMPDIR: out },
  });
  const ended = new Promise<number | null>((done) => child.on("close", done));
  const workers = (): string =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0] ?? "";
  for (let n = 0; n < 50 && workers() === ""; n++) await sleep(100);
  await sleep(700);
  // stopped, it does not even notice its deadline
  process.kill(Number(workers()), "SIGSTOP");
  assert.is(await ended, 2);
  const [file = ""] = readdirSync(out).filter((name) => name.endsWith(".tar.gz"));
  const bundle = open(join(out, file), 2, "");
  assert.match(bundle.row("end of the run")["note"] ?? "", /^hung at /);
  assert.is(bundle.collector["state"], "partial");
  assert.equal(readdirSync(out).sort(), ["SHA256SUMS", file].sort());
});

test("a disk that fills up while it runs ends the run with what there is; one that is full stops it before", () => {
  const count = join(work, "asked");
  const df = (first: number, then: number): string =>
    `echo 'Filesystem 1024-blocks Used Available Capacity Mounted'; if [ -e '${count}' ]; then n=${then}; else n=${first}; fi; : >'${count}'; echo "x 1 1 $n 1% /"`;
  const first = tools();
  remove(join(first.fake.bin, "df"));
  writeFileSync(join(first.fake.bin, "df"), `#!/bin/sh\n${df(300_000, 1_000)}\n`);
  chmodSync(join(first.fake.bin, "df"), 0o755);
  const bundle = collect({ shell: first.shell, out: first.out, args: node });
  assert.is(bundle.code, 2);
  assert.match(bundle.row("end of the run")["note"] ?? "", "the disk was nearly full");
  const full = run({ shell: first.shell, out: join(work, "full"), args: node });
  assert.is(full.code, 74);
  assert.match(full.stderr, "less than 256 MiB free");
  assert.equal(readdirSync(join(work, "full")), []);
});

test("--dry-run does nothing, and prints every command, unit and request that a run then tries", () => {
  const { shell, out, fake } = tools({ journalctl: "exit 0" });
  const dry = run({ shell, out, args: ["--root", host, "--dry-run"] });
  assert.is(dry.code, 0);
  assert.equal(readdirSync(out), []);
  assert.is(readFileSync(fake.log, "utf8"), "");
  const bundle = collect({ shell, out, args: ["--root", host] });
  // what depends on the node stands in brackets
  const said = dry.stdout.replaceAll(/ \[[^\]]*\]/g, "").replaceAll(/ +# where .*$/gm, "");
  for (const row of bundle.index) {
    const origin = (row["origin"] ?? "").replace(/ kubelet containerd .*$/, " UNIT...");
    if (row["kind"] === "command" && !origin.startsWith("Date of ") && !/config dump|^ctr /.test(origin))
      assert.ok(said.includes(`run ${origin}\n`), origin);
    if (row["kind"] === "journal")
      assert.ok(said.includes(`journalctl -u ${origin} `) || origin === "journalctl", origin);
    if (row["kind"] === "api") assert.ok(said.includes(origin), origin);
  }
});

test("--dry-run names the kubectl that would be called, without calling it", () => {
  const { shell, out, fake } = tools({ microk8s: `: >'${join(work, "called")}'` });
  remove(join(fake.bin, "kubectl"));
  const said = run({ shell, out, args: ["--cluster-only", "--dry-run", "--context", "c"] }).stdout;
  assert.match(said, /^microk8s kubectl --context c get pods -A -o json$/m);
  assert.not.ok(existsSync(join(work, "called")));
  remove(join(fake.bin, "microk8s"));
  const none = run({ shell, out, args: ["--cluster-only", "--dry-run"] }).stdout;
  assert.match(none, "nothing is asked, there is none of kubectl, microk8s kubectl");
  assert.match(none, /^kubectl get pods -A -o json$/m);
});

test("a kubectl without a configuration makes way for a distribution's own", () => {
  const { shell, out } = tools({ microk8s: "exit 1" });
  const home = join(work, "no-home");
  const named = (env: Readonly<Record<string, string>>): string => {
    const { stdout } = run({ shell: { ...shell, env }, out, args: ["--cluster-only", "--dry-run"] });
    return /^(.*) get pods -A -o json$/m.exec(stdout)?.[1] ?? "";
  };
  const bare = { HOME: home, KUBECONFIG: "", KUBERNETES_SERVICE_HOST: "" };
  // a machine that is a node of a cluster has a configuration in its place
  assert.match(named(bare), /^(microk8s kubectl|kubectl --kubeconfig \/.*)$/);
  assert.is(named({ ...bare, KUBECONFIG: "/x" }), "kubectl");
  assert.is(named({ ...bare, KUBERNETES_SERVICE_HOST: "10.96.0.1" }), "kubectl", "in a pod");
  put(home, ".kube/config", "x");
  assert.is(named(bare), "kubectl");
});

test("the clock of a node without kubectl: from the Date of the server that its kubeconfig names, without a credential", () => {
  const args = join(work, "curl-args");
  const { shell, out } = tools({
    curl: `printf '%s\\n' "$*" >'${args}'; printf 'HTTP/2 401\\r\\n'; LC_ALL=C date -u -d '-90 seconds' '+date: %a, %d %b %Y %H:%M:%S GMT'; echo; echo '{"kind": "Status", "code": 401}'`,
  });
  const bundle = collect({ shell, out, args: node });
  const clock = bundle.collector["clock"] as Record<string, number>;
  assert.ok(Math.abs((clock["api_offset_s"] ?? 0) - 90) <= 2, JSON.stringify(clock));
  assert.match(readFileSync(args, "utf8"), "https://10.0.0.1:6443/version");
  assert.not.match(readFileSync(args, "utf8"), /authorization|cert |token/i);
  assert.is(bundle.code, 0);
});

test("an API server that does not answer the node leaves the offset unknown, and the run complete", () => {
  const date = `LC_ALL=C date -u '+Date: %a, %d %b %Y %H:%M:%S GMT'`;
  // the second answers, but it is no API server
  const { shell, out } = tools({ curl: "exit 7", openssl: "exit 1", wget: `${date}; echo; echo '<html>'; exit 8` });
  const bundle = collect({ shell, out, args: node });
  assert.is((bundle.collector["clock"] as Record<string, unknown>)["api_offset_s"], null);
  assert.is(bundle.code, 0);
});

test("--namespace asks for that namespace only, and what was not asked for does not count as known", () => {
  const { shell, out, fake } = tools();
  const bundle = collect({ shell, out, args: ["--cluster-only", "--namespace", "shop", "--namespace", "web"] });
  const pods = bundle.index.filter((row) => row["origin"] === "pods");
  assert.equal(
    pods.map((row) => [row["coverage"], row["member"], row["note"]]),
    [
      ["truncated", "bundle/cluster/pods.shop.json", "namespace shop only"],
      ["truncated", "bundle/cluster/pods.web.json", "namespace web only"],
    ],
  );
  assert.not.match(readFileSync(fake.log, "utf8"), /get pods -A/);
  // nor are names alone asked for elsewhere
  assert.not.match(readFileSync(fake.log, "utf8"), /get \S+ -A/);
  assert.is(bundle.index.find((row) => row["origin"] === "ipamhandles")?.["coverage"], "truncated");
  const dry = run({ shell, out, args: ["--cluster-only", "--namespace", "shop", "--dry-run"] }).stdout;
  assert.not.match(dry, / -A /);
});

test("without --root --files-only is refused; with it no command runs", () => {
  const { shell, out } = tools({ hostname: `: >'${join(work, "ran")}'`, uptime: `: >'${join(work, "ran")}'` });
  assert.is(run({ shell, out, args: ["--files-only"] }).code, 64);
  const bundle = collect({ shell, out, args: ["--root", host, "--files-only"] });
  assert.not.ok(existsSync(join(work, "ran")));
  assert.not.ok(bundle.index.some((row) => row["kind"] === "command" || row["kind"] === "journal"));
});

test.after(() => remove(work));
test.run();
