import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  applets,
  type Bundle,
  collect,
  collectMeanwhile,
  open,
  put,
  remove,
  run,
  scratch,
  shells,
  skip,
  which,
} from "./host.js";

/** Nodes that burn: no tools, no room, no rights, names that nobody expects, and a kubectl that lies or never answers. */
const test = suite("collect: surroundings");
const work = scratch();
test.after(() => remove(work));

const script = readFileSync("collect.sh", "latin1");
const copy = join(work, "collect.sh");
writeFileSync(copy, script, "latin1");
const root = join(work, "root");
put(root, "/etc/hostname", "n\n");
put(root, "/var/log/kubelet.log", "I1122 a line\n");
// the root of the running machine, as in a debug pod: only there are commands run
put(root, "/proc/sys/kernel/random/boot_id", readFileSync("/proc/sys/kernel/random/boot_id"));
put(root, "/proc/1/cmdline", "/sbin/init\0");

const stub = (dir: string, name: string, body: string): string => {
  put(work, join(dir, name), `#!/bin/sh\n${body}\n`, 0o755);
  return join(work, dir, name);
};
const programs = (dir: string, names: readonly string[], target: (name: string) => string): string => {
  mkdirSync(join(work, dir), { recursive: true });
  for (const name of names) symlinkSync(target(name), join(work, dir, name));
  return join(work, dir);
};
/** What a run leaves in its output directory: the archive and nothing else. */
const left = (out: string): readonly string[] =>
  readdirSync(join(work, out)).filter((name) => !/^(inquest-.*\.tar(\.gz)?|SHA256SUMS)$/.test(name));
const archive = (out: string): string => readdirSync(out).find((name) => name.startsWith("inquest-")) ?? "none";
// the tool of a containerd that does not run waits for ten seconds
const quiet = join(stub("quiet", "ctr", "exit 1"), "..");
const alive = (mark: string): string =>
  spawnSync("ps", ["-eo", "args"], { encoding: "utf8" })
    .stdout.split("\n")
    .filter((line) => line.includes(mark))
    .join("\n");

// Waits for an API server that never answers, beside the other tests.
const hung = stub("hung", "kubectl", "trap '' TERM; sleep 77777 & while :; do sleep 77777; done");
const waiting = collectMeanwhile({
  out: join(work, "out-hung"),
  args: ["--no-node", "--timeout", "1", "--kubectl", hung],
});
waiting.catch(() => {});

if (which("shellcheck") === undefined) skip("shellcheck of the collector (not installed)");
else {
  test("shellcheck finds nothing, and each exception says why", () => {
    const { stdout } = spawnSync("shellcheck", ["-s", "sh", "-f", "gcc", "collect.sh"], { encoding: "utf8" });
    assert.is(stdout, "");
  });
}

test("each exception from shellcheck says why; the script is ASCII, which every locale can read", () => {
  for (const line of script.split("\n")) {
    if (line.includes("shellcheck disable")) assert.match(line, /# shellcheck disable=[SC0-9,]+ # .{20,}/);
  }
  assert.not.match(script, /[^\n\t\x20-\x7e]/);
});

const busybox = which("busybox");
const NEEDED =
  "sh awk sed tr cut head tail sort tar mktemp find rm mv ln mkdir cat sleep date wc od sha256sum df ls id grep chmod rmdir readlink env hostname uname".split(
    " ",
  );

if (busybox === undefined) skip("collector with the least tools (no busybox)");
else {
  test("without stat, timeout, ps, gzip, kubectl and everything else that it does not need", () => {
    const path = programs(
      "least",
      NEEDED.filter((name) => name !== "sh"),
      () => busybox,
    );
    symlinkSync(which("dash") ?? which("sh") ?? "/bin/sh", join(path, "sh"));
    const out = join(work, "out-least");
    mkdirSync(out);
    const result = spawnSync(join(path, "sh"), [copy, "-o", out, "--root", root], {
      env: { PATH: path },
      encoding: "utf8",
    });
    // no kubectl is found: that makes it partial
    assert.is(result.status, 2, result.stderr);
    const name = archive(out);
    assert.match(name, /\.tar$/, "without gzip");
    assert.equal(left("out-least"), []);
    const text = readFileSync(join(out, name), "latin1");
    assert.match(text, /\tabsent\t0\t0\tapi\t-\tkubectl\tno kubectl found/);
    assert.match(text, /\/var\/log\/kubelet\.log\tf\t0644\t0\t0\t/, "what ls tells stands for stat");
  });

  const chroot = which("chroot") ?? "/usr/sbin/chroot";
  const chroots = spawnSync(chroot, ["/", "true"]).status === 0;
  const prison = join(work, "prison");
  const device = (name: string, minor: string): boolean => {
    mkdirSync(join(prison, "dev"), { recursive: true });
    return spawnSync("mknod", ["-m", "666", join(prison, "dev", name), "c", "1", minor]).status === 0;
  };
  const file = spawnSync("sh", ["-c", `ldd "${busybox}"`], { encoding: "utf8" });
  if (!chroots || !device("null", "3") || !device("urandom", "9"))
    skip("collector in a chroot of busybox alone (needs root)");
  else if (/=>/.test(file.stdout)) skip("collector in a chroot of busybox alone (busybox is not static)");
  else {
    test("in a chroot with busybox and nothing else", () => {
      put(prison, "/bin/busybox", readFileSync(busybox), 0o755);
      for (const name of applets(busybox)) symlinkSync("busybox", join(prison, "bin", name));
      put(prison, "/etc/hostname", "bare\n");
      put(prison, "/var/log/kubelet.log", "password: hunter2hunter2\n");
      put(prison, "/collect.sh", script);
      mkdirSync(join(prison, "out"));
      const result = spawnSync(chroot, [prison, "/bin/sh", "/collect.sh", "-o", "/out", "--no-cluster"], {
        encoding: "utf8",
        env: { PATH: "/bin" },
      });
      assert.ok(result.status === 0 || result.status === 2, result.stderr);
      const bundle = open(join(prison, "out", archive(join(prison, "out"))), result.status, result.stderr);
      assert.match(
        bundle.text("bundle/node/fs/var/log/kubelet.log"),
        /^password: \[REDACTED len=14 fp=[0-9a-f]{16}\]\n$/,
      );
      assert.is(bundle.paths.get("/var/log/kubelet.log")?.["mode"], "0644");
    });
  }
}

const mounts = spawnSync("unshare", ["-m", "sh", "-c", `mount -t tmpfs -o size=64k none ${work}`]).status === 0;
if (!mounts) skip("collector on a full disk, and with a read-only /tmp (needs root and unshare)");
else {
  const inside = (commands: string) => spawnSync("unshare", ["-m", "sh", "-c", commands], { encoding: "utf8" });

  test("a full disk: exit 74, and nothing is left on it", () => {
    mkdirSync(join(work, "small"));
    put(root, "/var/log/containerd.log", "a line that is long enough to fill a small disk soon\n".repeat(20_000));
    // df says that there is room, as it does before another process takes it
    const df = stub("roomy", "df", "echo h; echo 'x 9999999 0 9999999 0% /'");
    for (const size of ["48k", "400k"]) {
      const { stdout, stderr } =
        inside(`cd ${work} && mount -t tmpfs -o size=${size} none small && PATH=${join(df, "..")}:${quiet}:$PATH
        sh ./collect.sh -o ${work}/small --root ${root} --no-cluster; echo "exit $?"; ls -A ${work}/small`);
      assert.match(stdout, /^exit 74\n$/, `${size}: ${stderr}`);
      assert.match(stderr, /collect\.sh: /);
    }
    const refused = inside(
      `cd ${work} && mount -t tmpfs -o size=1m none small && sh ./collect.sh -o ${work}/small --no-cluster; echo "exit $?"`,
    );
    assert.match(refused.stdout, /^exit 74\n$/);
    assert.match(refused.stderr, /less than 256 MiB free/);
  });

  const fuse = join(work, "fuse-tried");
  mkdirSync(fuse);
  const dead = `exec 9<>/dev/fuse && mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 dead`;
  if (inside(`${dead} ${fuse}`).status !== 0) skip("collector over a dead mount (needs /dev/fuse)");
  else {
    test("a mount that no longer answers costs only what lies on it", () => {
      const broken = join(work, "broken");
      put(broken, "/etc/hostname", "n1\n");
      put(broken, "/proc/1/cmdline", "init\0");
      put(broken, "/etc/resolv.conf", "nameserver 1.2.3.4\n");
      mkdirSync(join(broken, "var/lib/calico"), { recursive: true });
      const { stdout, stderr } = inside(`${dead} ${broken}/var/lib/calico && mkdir ${work}/out-dead &&
        sh ./collect.sh -o ${work}/out-dead --root ${broken} --files-only --timeout 3 9<&-; echo "exit $?"`);
      assert.match(stdout, /^exit 2$/m, stderr);
      const bundle = open(join(work, "out-dead", archive(join(work, "out-dead"))), 2, stderr);
      assert.is(bundle.row("/var/lib/calico")["coverage"], "failed");
      assert.match(bundle.row("/var/lib/calico")["note"] ?? "", /^not looked at: no answer within 3 s/);
      assert.is(bundle.row("/etc/resolv.conf")["coverage"], "complete", "it comes later");
    });
  }

  test("a read-only /tmp is not needed", () => {
    const { stdout } =
      inside(`mount --bind ${work} /mnt && mount -t tmpfs -o ro none /tmp && mkdir /mnt/out-ro && cd /mnt &&
      PATH=${quiet}:$PATH sh ./collect.sh -o /mnt/out-ro --root /mnt/root --no-cluster >/dev/null; echo "exit $?"; ls -A /mnt/out-ro | grep -c inquest`);
    assert.match(stdout, /^exit [02]\n1\n$/);
  });
}

test("a write error that a limit causes leaves no archive that looks whole", () => {
  const out = join(work, "out-limit");
  mkdirSync(out);
  put(root, "/var/log/calico/cni/cni.log", "a line that is long enough to reach the limit soon\n".repeat(40_000));
  const result = spawnSync(
    "sh",
    ["-c", `PATH=${quiet}:$PATH; trap '' XFSZ; ulimit -f 300; exec sh ${copy} -o ${out} --root ${root} --no-cluster`],
    { encoding: "utf8" },
  );
  if (result.status === 74) assert.equal(readdirSync(out), []);
  else {
    assert.is(result.status, 2, result.stderr);
    const bundle = open(join(out, archive(out)), result.status, result.stderr);
    assert.is.not(bundle.row("/var/log/calico/cni/cni.log")["coverage"], "complete");
  }
});

test("names with blanks, line ends, quotes, globs, dashes and bytes that are no UTF-8", () => {
  const odd = join(work, "odd");
  put(odd, "/etc/hostname", "odd\n");
  const names = [
    "a b",
    "line\nend",
    "tab\there",
    'quo"te',
    "apo's",
    "-rf",
    "--help",
    "*",
    "[x]",
    "back\\slash",
    "$(id)",
    "`id`",
    "~",
    "café",
    ";x",
    "%s",
  ].map((name) => Buffer.from(name));
  names.push(Buffer.from([0x62, 0xff, 0xfe, 0x62]));
  const dir = (path: string): string => {
    mkdirSync(join(odd, path), { recursive: true });
    return join(odd, path);
  };
  const within = (path: string, name: Buffer, end: string): Buffer =>
    Buffer.concat([Buffer.from(`${path}/`), name, Buffer.from(end)]);
  for (const name of names) {
    writeFileSync(within(dir("/etc/cni"), name, ""), "");
    writeFileSync(within(dir("/etc/cni/net.d"), name, ".conflist"), '{"name": "n"}\n');
    const container = within(dir("/var/log/pods/kube-system_x"), name, "");
    mkdirSync(container);
    writeFileSync(Buffer.concat([container, Buffer.from("/0.log")]), "I1122 a line of a container\n");
  }
  const out = join(work, "out-odd");
  const bundle = collect({ path: quiet, out, args: ["--root", odd, "--no-cluster"] });
  const escaped = (name: Buffer): string =>
    name.toString("latin1") === "b\xff\xfeb"
      ? "b\\xFF\\xFEb"
      : name.toString().replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  assert.is(bundle.paths.get("/etc/cni")?.["listing"], "complete");
  for (const name of names) {
    assert.is(bundle.paths.get(`/etc/cni/${escaped(name)}`)?.["type"], "f", escaped(name));
    const config = bundle.row(`/etc/cni/net.d/${escaped(name)}.conflist`);
    assert.is(config["coverage"], "complete", escaped(name));
    assert.is(bundle.text(config["member"] ?? ""), '{"name": "n"}\n');
    const container = `/var/log/pods/kube-system_x/${escaped(name)}`;
    const log = bundle.row(name.includes("\n") ? container : `${container}/0.log`);
    if (name.includes("\n"))
      assert.equal([log["coverage"], log["note"]], ["failed", "not read: a line end in its name"]);
    else assert.is(log["coverage"], "complete", escaped(name));
  }
  for (const member of bundle.members.keys()) assert.match(member, /^bundle\/[A-Za-z0-9._/-]{1,92}$/);
  assert.equal(left("out-odd"), []);
});

/** An awk that is the real one but for what the words say; a case of the shell over its arguments. */
const awkBut = (dir: string, cases: string): string =>
  join(stub(dir, "awk", `case "$*" in ${cases}\nesac\nexec ${which("awk")} "$@"`), "..");

test("a filter that fails, is killed or cannot print costs what it was to filter: failed, with the reason, and nothing raw", () => {
  const secret = `password: ${"q".repeat(30)}`;
  const tree = join(work, "root-filter");
  put(tree, "/etc/hostname", "n\n");
  put(tree, "/etc/os-release", `NAME=x\n${secret}\n`);
  put(tree, "/var/lib/kubelet/kubeconfig", `kind: Config\n${secret}\n`);
  put(tree, "/etc/default/kubelet", `--v=2\n${secret}\n`);
  put(tree, "/var/log/kubelet.log", `I1122 a line\n${secret}\n`.repeat(100));
  put(tree, "/etc/containerd/config.toml", `version = 2\n# ${secret}\n`);
  const cases = `*mode=kubeconfig*) cat; exit 2 ;; *mode=args*) kill -KILL $$ ;; *skip=rest*) exit 2 ;; *mode=toml*) exit 126 ;;`;
  // busybox's shell calls its own awk, whatever the path says
  for (const shell of shells(work).filter(({ name }) => name !== "busybox")) {
    const bundle = collect({
      shell: { ...shell, path: `${awkBut("broken-awk", cases)}:${shell.path}` },
      out: join(work, `out-filter-${shell.name}`),
      args: ["--root", tree, "--files-only", "--max-bytes", "1000"],
    });
    const said = (origin: string) => [
      bundle.row(origin)["coverage"],
      bundle.row(origin)["bytes"],
      bundle.row(origin)["note"],
    ];
    const lost = "nothing is kept: the filter for secrets";
    assert.equal(said("/var/lib/kubelet/kubeconfig"), ["failed", "0", `${lost} ended with exit code 2`], shell.name);
    assert.equal(said("/etc/default/kubelet"), ["failed", "0", `${lost} was killed by signal 9`], shell.name);
    assert.equal(said("/var/log/kubelet.log"), ["failed", "0", `${lost} ended with exit code 2`], shell.name);
    assert.equal(said("/etc/containerd/config.toml"), ["failed", "0", `${lost} could not be started (exit 126)`]);
    assert.is(bundle.row("/etc/os-release")["coverage"], "complete");
    assert.is(bundle.code, 2, bundle.stderr);
    assert.match(bundle.stderr, /awk, the filter for secrets, .*: nothing is kept/);
    for (const [member, content] of bundle.members) assert.not.match(content.toString(), /qqqqqqqqqqqq/, member);
  }
});

test("where the filter of standard error fails, what a command printed is kept, and the row says what is lost", () => {
  stub("told", "uptime", "echo up; echo password: qqqqqqqqqqqqqqqq >&2");
  const dir = stub("told", "awk", `case \${INQUEST_HASH:-} in *h.err) exit 3 ;; esac\nexec ${which("awk")} "$@"`);
  const bundle = collect({
    out: join(work, "out-told"),
    path: join(dir, ".."),
    args: ["--root", root, "--no-cluster"],
  });
  const row = bundle.row("uptime");
  assert.equal(
    [row["coverage"], row["note"]],
    ["complete", "standard error is lost: the filter for secrets ended with exit code 3"],
  );
});

test("an awk that never runs the filter, or runs it and hides nothing, ends the run before anything is read", () => {
  for (const cases of [
    "*redact.awk*) exit 2 ;;",
    "*redact.awk*) kill -KILL $$ ;;",
    "*redact.awk*) tail -n +2; exit 0 ;;",
  ]) {
    const out = join(work, "out-no-filter");
    const { code, stderr } = run({ out, path: awkBut("no-filter", cases), args: ["--root", root, "--no-cluster"] });
    assert.is(code, 70, stderr);
    assert.match(stderr, /awk does not run the filter for secrets/);
    assert.equal(readdirSync(out), []);
  }
  // and where it fails only at the end, there is no archive of names that it did not see
  const out = join(work, "out-end");
  const { code, stderr } = run({
    out,
    path: awkBut("end", "*mode=tsv*) exit 2 ;;"),
    args: ["--root", root, "--no-cluster"],
  });
  assert.is(code, 70, stderr);
  assert.match(stderr, /failed at the end/);
  assert.equal(readdirSync(out), []);
});

test("a kubectl that answers garbage: nothing of it counts as an answer", () => {
  const garbage = stub(
    "garbage",
    "kubectl",
    `case "$*" in
  *' events '*) echo '<html><body>login, please: <input name=password value=x></body></html>' ;;
  *' pods '*) printf '{"kind":"List","items":[{"metadata":{"name":"cut' ;;
  *' nodes '*) head -c 300000 /dev/urandom ;;
  *' namespaces '*) while :; do echo '{"name": "a flood without an end"}'; done ;;
  *' replicasets '*) while :; do echo yyyyyyyyyyyyyyyy; done ;;
  *' leases'*) printf '\\000\\377\\376{"kind"' ;;
  *version*) echo v1.30 ;;
esac`,
  );
  const bundle = collect({
    out: join(work, "out-garbage"),
    args: ["--no-node", "--kubectl", garbage, "--max-bytes", "20000"],
  });
  assert.is(bundle.code, 2);
  const seen = (origin: string): string => bundle.row(origin)["coverage"] ?? "";
  assert.is(seen("events"), "failed");
  assert.is(bundle.row("events")["note"], "the answer is not JSON");
  assert.is(seen("namespaces"), "truncated");
  assert.is(seen("daemonsets"), "failed", "no answer at all");
  assert.is(seen("/version"), "failed");
  assert.is(seen("nodes"), "failed");
  assert.is(seen("replicasets"), "failed", "what was cut was no JSON either");
  assert.equal([seen("pods"), bundle.row("pods")["note"]], ["truncated", "the answer ends in the middle"]);
  assert.is(bundle.collector["state"], "partial");
  assert.is(
    bundle.text(bundle.row("pods")["member"] ?? ""),
    '{"kind":"List","items":[{"metadata":{"name":"cut\n',
    "half an answer stays half",
  );
  assert.equal(left("out-garbage"), []);
});

test("a kubectl that hangs and ignores that it is told to end: no process is left, and the rest is not waited for", async () => {
  const bundle: Bundle = await waiting;
  assert.is(bundle.code, 3, "the archive only says what was tried");
  assert.is(bundle.row("/version")["exit"], "124");
  assert.is(bundle.row("pods")["coverage"], "failed");
  assert.is(alive("77777"), "");
  assert.equal(left("out-hung"), []);
});

test("a mount that says what there is, and never the first byte of it, costs only its own paths", () => {
  const dir = join(work, "silent");
  // stands for the file system: whoever wants to read that file waits
  const real = which("head") ?? "head";
  stub("silent", "head", `case "$*" in *kubelet.conf*) sleep 60606 ;; esac\nexec ${real} "$@"`);
  const node = join(work, "silent-root");
  put(node, "etc/hostname", "n1\n");
  put(node, "etc/kubernetes/kubelet.conf", "x\n");
  put(node, "etc/kubernetes/scheduler.conf", "x\n");
  const out = join(work, "out-silent");
  mkdirSync(out);
  const bundle = collect({ out, path: dir, args: ["--root", node, "--no-cluster", "--files-only", "--timeout", "2"] });
  assert.is(bundle.code, 2);
  assert.match(String(bundle.row("/etc/kubernetes/kubelet.conf")["note"]), /^not looked at: no answer within 2 s/);
  assert.is(bundle.row("/etc/kubernetes/scheduler.conf")["coverage"], "complete");
  assert.is(alive("sleep 60606"), "", "the reader that waited is ended, too");
});

test("killed, and its directory removed, it leaves no command behind for longer than that command may take", async () => {
  const slow = join(stub("slow", "uptime", "sleep 88888"), "..");
  const out = join(work, "out-killed");
  mkdirSync(out);
  const env = { ...process.env, PATH: `${slow}:${quiet}:${process.env["PATH"]}` };
  const args = ["collect.sh", "-o", out, "--root", root, "--no-cluster", "--timeout", "2"];
  const child = spawn("sh", args, { env, stdio: "ignore" });
  for (let n = 0; n < 200 && alive("sleep 88888") === ""; n++) await sleep(50);
  assert.is.not(alive("sleep 88888"), "");
  child.kill("SIGKILL");
  remove(out);
  for (let n = 0; n < 200 && alive("sleep 88888") !== ""; n++) await sleep(100);
  assert.is(alive("sleep 88888"), "");
});

test("what looks like a secret in a name is hidden in the index and the paths, and the file is read all the same", () => {
  const named = join(work, "named");
  put(named, "/etc/hostname", "named\n");
  const key = `ghp_${"a1B2".repeat(9)}`;
  put(named, `/var/log/pods/kube-system_x/${key}/0.log`, "I1122 a line\n");
  const bundle = collect({ path: quiet, out: join(work, "out-named"), args: ["--root", named, "--no-cluster"] });
  for (const [member, content] of bundle.members)
    assert.not.ok(`${member}${content.toString("latin1")}`.includes(key), member);
  const row = bundle.index.find((entry) =>
    /kube-system_x\/ghp_\[REDACTED len=36 fp=[0-9a-f]{16}\]\/0\.log$/.test(entry["origin"] ?? ""),
  );
  assert.is(row?.["coverage"], "complete");
  assert.is(bundle.text(row?.["member"] ?? ""), "I1122 a line\n");
});

test.run();
