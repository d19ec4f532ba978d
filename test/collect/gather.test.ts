import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Bundle, collect, collectMeanwhile, put, remove, scratch, skip, which } from "./host.js";

const work = scratch();
const test = suite("collect: what is gathered");

const node = (name: string, args: readonly string[] = [], path?: string): Bundle =>
  collect({
    out: join(work, `out-${name}`),
    args: ["--root", join(work, name), "--no-cluster", ...args],
    ...(path === undefined ? {} : { path }),
  });

test("of pods' log files the newest two of each container count, within a limit for all", () => {
  const root = join(work, "podlogs");
  put(root, "/etc/hostname", "node-a\n");
  const pods = "/var/log/pods";
  const line = `2026-11-22T12:07:58.1Z stderr F ${"x".repeat(60)}\n`;
  for (const n of [0, 1, 9, 10]) put(root, `${pods}/kube-system_a_u1/app/${n}.log`, `${n}\n${line}`);
  put(root, `${pods}/kube-system_a_u1/app/9.log.20261122-1.gz`, "x");
  for (let n = 0; n < 30; n++) put(root, `${pods}/kube-system_b${n}_u2/app/0.log`, line.repeat(90));
  put(root, `${pods}/default_c_u3/app/0.log`, line);
  const bundle = node("podlogs", ["--max-bytes", "20000"]);
  const read = (path: string) => bundle.index.find((row) => row["origin"] === `${pods}/${path}`);
  assert.is(read("kube-system_a_u1/app/10.log")?.["coverage"], "complete");
  assert.is(read("kube-system_a_u1/app/9.log")?.["coverage"], "complete");
  assert.is(read("kube-system_a_u1/app/1.log"), undefined);
  assert.is(read("kube-system_a_u1/app/9.log.20261122-1.gz"), undefined);
  assert.is(read("default_c_u3/app/0.log"), undefined, "a log of the user's own pod is none of our business");
  const rows = bundle.index.filter((row) => /_b\d+_/.test(row["origin"] ?? ""));
  assert.is(rows.length, 30);
  assert.ok(rows.every((row) => row["coverage"] === "truncated"));
  const bytes = rows.reduce((sum, row) => sum + Number(row["bytes"]), 0);
  assert.ok(bytes > 36_000 && bytes <= 42_500, `${bytes}`);
  assert.match(rows.at(-1)?.["note"] ?? "", /^not read: 40000 bytes/);
});

test("a directory of very many entries is listed in seconds, and says where it was cut", () => {
  const root = join(work, "many");
  put(root, "/etc/hostname", "node-a\n");
  put(root, "/etc/os-release", 'NAME="x"\n');
  for (let n = 0; n < 300; n++) put(root, `/opt/cni/bin/entry-${n}`, "");
  for (let n = 0; n < 2001; n++) put(root, `/var/lib/cni/networks/n/10.0.${n}`, "");
  symlinkSync("/x y", join(root, "/opt/cni/bin/a link"));
  const began = Date.now();
  const bundle = node("many");
  assert.ok(Date.now() - began < 60_000);
  assert.is(bundle.paths.get("/opt/cni/bin")?.["listing"], "complete");
  assert.is(bundle.paths.get("/opt/cni/bin/entry-299")?.["type"], "f");
  assert.is(bundle.paths.get("/opt/cni/bin/a link")?.["target"], "/x y");
  assert.is(bundle.paths.get("/var/lib/cni/networks/n")?.["listing"], "truncated");
});

test("of a file with a key only whole certificates are taken, however it is laid out", () => {
  const root = join(work, "cert");
  put(root, "/etc/hostname", "node-a\n");
  const key = "TUlJRXZRSUJBREFOQmdrcWhraUc5dzBCQVFFRkFBU0M";
  const file = `Bag Attributes\n-----BEGIN CERTIFICATE-----\nQUJD\n-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n${key}\n-----BEGIN CERTIFICATE-----\r\nREVG\r\n-----END CERTIFICATE-----\r\n${key}\n`;
  put(root, "/etc/kubernetes/pki/odd.crt", file);
  const bundle = node("cert");
  const text = bundle.text("bundle/node/fs/etc/kubernetes/pki/odd.crt");
  assert.not.ok(text.includes(key));
  assert.match(text, /REVG/);
  assert.is(bundle.row("/etc/kubernetes/pki/odd.crt")["note"], "only its certificates");
});

test("ss, which may load a module, is not run where that is not loaded: the tables themselves are read, and the rows say so", () => {
  const root = join(work, "no-diag");
  put(root, "/etc/hostname", "node-a\n");
  put(root, "/proc/sys/kernel/random/boot_id", readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  put(root, "/proc/sys/kernel/osrelease", "6.1.0\n");
  // near misses: a module that is called alike, and one that is there but not built in
  put(root, "/proc/modules", "mptcp_diag 28672 0 - Live 0x0\n");
  put(root, "/lib/modules/6.1.0/modules.builtin", "kernel/net/ipv4/tcp_cubic.ko\nkernel/net/mptcp/mptcp_diag.ko\n");
  put(root, "/proc/1/cmdline", "/sbin/init\0");
  for (const name of ["ss", "netstat"]) put(work, `diag/${name}`, `#!/bin/sh\necho "${name} ran"; exit 3\n`, 0o755);
  const cat = which("cat");
  put(work, "diag/cat", `#!/bin/sh\ncase $* in /proc/net/*) echo "read $*" ;; *) exec ${cat} "$@" ;; esac\n`, 0o755);
  const bundle = node("no-diag", [], join(work, "diag"));
  assert.is(bundle.row("ss -tlnp")["note"], "not run: there is no /sys/module/tcp_diag");
  assert.is(bundle.row("ss -s")["coverage"], "absent");
  assert.is(bundle.row("cat /proc/net/tcp /proc/net/tcp6")["coverage"], "complete");
  assert.is(bundle.text("bundle/node/cmd/ss-s.txt"), "read /proc/net/sockstat /proc/net/sockstat6\n");
  assert.not.ok([...bundle.members.values()].some((content) => content.includes("ss ran")));
  // built into the kernel it cannot be loaded
  put(root, "/lib/modules/6.1.0/modules.builtin", "kernel/net/ipv4/tcp_diag.ko\n");
  assert.is(
    collect({ out: join(work, "out-builtin"), path: join(work, "diag"), args: ["--root", root, "--no-cluster"] }).row(
      "ss -s",
    )["exit"],
    "3",
  );
});

test("containerd's socket is found where only its configuration names it", async () => {
  const root = join(work, "grpc");
  put(root, "/etc/hostname", "node-a\n");
  put(root, "/proc/sys/kernel/random/boot_id", readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  put(root, "/proc/9/cmdline", "/bin/containerd\0--config\0/opt/c.toml\0");
  const config = (address: string): string =>
    `version = 2\n[debug]\n  address = "/run/debug.sock"\n[ grpc ] # here\n  uid = 0\n  address = ${address}\n[ttrpc]\n  address = "/run/t.sock"\n`;
  put(root, "/opt/c.toml", config("'/run/odd/ctr.sock' # a comment"));
  for (const name of ["ctr", "crictl"]) put(work, `grpc-bin/${name}`, `#!/bin/sh\necho "${name} $*"\n`, 0o755);
  for (const dir of ["run/odd", "run/containerd"]) mkdirSync(join(root, dir), { recursive: true });
  const servers = ["run/debug.sock", "run/t.sock", "run/odd/ctr.sock"].map((path) =>
    createServer().listen(join(root, path)),
  );
  const asked = async (out: string): Promise<Bundle> =>
    collectMeanwhile({ out: join(work, out), path: join(work, "grpc-bin"), args: ["--root", root, "--no-cluster"] });
  try {
    const bundle = await asked("out-grpc");
    assert.is(bundle.text("bundle/node/cmd/ctr-tasks-ls.txt"), "ctr -a /run/odd/ctr.sock -n k8s.io tasks ls\n");
    assert.match(bundle.text("bundle/node/cmd/crictl-ps.txt"), "unix:///run/odd/ctr.sock ps -a");
    // what is no plain path is not taken, and the usual place is tried
    put(root, "/opt/c.toml", config('"/run/odd/$(id).sock"'));
    servers.push(createServer().listen(join(root, "run/containerd/containerd.sock")));
    const usual = await asked("out-usual");
    assert.match(usual.text("bundle/node/cmd/ctr-tasks-ls.txt"), "-a /run/containerd/containerd.sock");
  } finally {
    for (const server of servers) server.close();
  }
});

test("what was cut is told at the end, with the option that gives more; nothing is said where nothing was", () => {
  const root = join(work, "cuts");
  put(root, "/etc/hostname", "node-a\n");
  put(root, "/var/log/kubelet.log", "a line\n".repeat(1000));
  put(root, "/var/log/containerd.log", "a line\n".repeat(3));
  const bundle = node("cuts", ["--files-only", "--max-bytes", "2000"]);
  assert.is(bundle.code, 0);
  assert.is(bundle.row("/var/log/kubelet.log")["coverage"], "truncated");
  assert.match(bundle.stderr, "cut at the limit of bytes (--max-bytes raises it, now 2000): 1: /var/log/kubelet.log\n");
  assert.is(collect({ out: join(work, "out-whole"), args: ["--root", root, "--files-only"] }).stderr, "");
});

test("what a kubelet that does not run would be started with: its units, their drop-ins and variables, without their secrets", () => {
  const root = join(work, "units");
  put(root, "/etc/hostname", "node-a\n");
  const flags = "--kubeconfig=/etc/kubernetes/kubelet.conf --cni-conf-dir=/etc/wrong/net.d";
  put(
    root,
    "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
    `[Service]\nEnvironment="KUBELET_KUBECONFIG_ARGS=${flags}"\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nExecStart=\nExecStart=-/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS --token tofunikeladi\nRestartSec=10\n`,
  );
  put(
    root,
    "/etc/systemd/system/kubelet.service.d/20-proxy.conf",
    "[Service]\nEnvironment=HTTP_PROXY=http://bob:tofunikeladi@p.example:80 DB_PASSWORD=tofunikeladi\nSetCredential=x:tofunikeladi\n",
  );
  // names that are none of systemd's are judged by what they say
  put(
    root,
    "/etc/default/kubelet",
    'Token=tofunikeladi\nApiKey=tofunikeladi\nPass=tofunikeladi\nK3S_TOKEN=-tofunikeladi\nTOKEN = tofunikeladi\nREGISTRY_PASS= tofunikeladi\nPASS="a tofunikeladi b"\nRegistry=--tofunikeladi\nexport MY-TOKEN += tofunikeladi\nTOKEN = \\\n  tofunikeladi\nNAME=""\n',
  );
  put(
    root,
    "/etc/systemd/system/k3s.service",
    "ExecStart=/usr/local/bin/k3s server '--flannel-backend=none' '--token=tofunikeladi' --agent-token \\\n# a comment\n    tofunikeladi \\\n    --disable traefik\nExecStartPost=/bin/mc alias set a https://h x \\\n  tofunikeladi\n",
  );
  put(root, "/var/lib/kubelet/kubeadm-flags.env", `KUBELET_KUBEADM_ARGS="${flags} --token=tofunikeladi"\n`);
  // few digits are as much of a secret in quotes as behind a flag; what begins on the next line is judged there
  const digits = ['PIN="7391"', "CARD_PIN='7391'", 'export PIN="7391"', 'Environment="PIN=7391"', 'PIN[0]="7391"'];
  const cut = [
    "DB_PASSWORD=",
    "X=",
    "declare -x DB_PASSWORD=",
    "ExecStart=/bin/x --password=",
    "KUBELET_EXTRA_ARGS=\\\n--client-secret=",
    "KUBELET_EXTRA_ARGS=\\\n--v=2 \\\nDB_PASSWORD=",
    "ExecStart=/x AUTH=",
    "KUBELET_EXTRA_ARGS=--cloud-provider= \\\n  DB_PASSWORD+=",
    "KUBELET_EXTRA_ARGS=\\\n--token=\\\n-",
  ].map((line) => (/[-+]=?$/.test(line) ? `${line}tofunikeladi` : `${line}\\\n  tofunikeladi`));
  const readable = [
    `KUBELET_EXTRA_ARGS=\\\n  ${flags} --v=2 \\\n  --root-dir=\\\n/var/lib/kubelet`,
    "ETCDCTL_KEY=/etc/kubernetes/pki/etcd/server.key",
    'Environment="TLS_KEY=/etc/calico/certs/key.pem"',
    "DOCKER_USERLAND_PROXY=false",
    "DOCKER_USERLAND_PROXY=no",
    "TLS_KEY=/certs/server.key",
    'ARGS[0]="--v=2"',
  ];
  put(root, "/etc/sysconfig/kubelet", `${[...digits, ...cut, ...readable].join("\n")}\n`);
  const bundle = node("units");
  const text = (path: string): string => bundle.text(bundle.row(path)["member"] ?? "");
  assert.is(
    text("/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf").replaceAll(/\[REDACTED[^\]]*\]/g, "@"),
    `[Service]\nEnvironment="KUBELET_KUBECONFIG_ARGS=${flags}"\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nExecStart=\nExecStart=-/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS --token @\nRestartSec=10\n`,
  );
  assert.match(text("/var/lib/kubelet/kubeadm-flags.env"), `KUBELET_KUBEADM_ARGS="${flags} --token=[REDACTED`);
  assert.match(
    text("/etc/systemd/system/k3s.service"),
    /^ExecStart=\/usr\/local\/bin\/k3s server '--flannel-backend=none' '--token=\[REDACTED/,
  );
  assert.match(text("/etc/default/kubelet"), /^NAME=""$/m);
  const sysconfig = text("/etc/sysconfig/kubelet");
  for (const line of readable) assert.match(sysconfig, line);
  assert.not.match(sysconfig.replaceAll(/\[REDACTED[^\]]*\]/g, "@"), /7391/);
  assert.is(bundle.row("/etc/systemd/system/kubelet.service.d/20-proxy.conf")["coverage"], "complete");
  for (const [member, content] of bundle.members) assert.not.match(content.toString(), /tofunikeladi/, member);
});

const busybox = which("busybox");
const still = busybox !== undefined && spawnSync("chroot", ["/", "true"]).status === 0;
if (!still) skip("collector with the node's own tools (needs root and busybox)");
else {
  test("the node's own tools are asked where its runtime really is, and what cannot be there is not tried", async () => {
    const root = join(work, "live");
    put(root, "/etc/hostname", "node-a\n");
    put(root, "/proc/sys/kernel/random/boot_id", readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
    const socket = "/run/k3s/containerd/containerd.sock";
    put(root, "/proc/9/cmdline", `/bin/containerd\0-c\0/c.toml\0--address\0${socket}\0`);
    put(root, "/proc/modules", "inet_diag 28672 1 tcp_diag, Live 0x0\ntcp_diag 16384 0 - Live 0x0\n");
    put(root, "/usr/bin/ss", '#!/bin/sh\necho "ss $*"\n', 0o755);
    put(root, "/proc/10/cmdline", `/bin/kubelet\0--container-runtime-endpoint=unix://${socket}\0`);
    mkdirSync(join(root, "/run/systemd/system"), { recursive: true });
    mkdirSync(join(root, "/run/k3s/containerd"), { recursive: true });
    mkdirSync(join(root, "/bin"), { recursive: true });
    copyFileSync(busybox, join(root, "/bin/sh"));
    chmodSync(join(root, "/bin/sh"), 0o755);
    const tool = (name: string, body: string): void => put(root, `/usr/bin/${name}`, `#!/bin/sh\n${body}\n`, 0o755);
    for (const name of ["crictl", "ctr", "containerd", "systemctl"]) tool(name, `echo "${name} $*"`);
    tool("iscsiadm", 'echo "iscsiadm: No active sessions." >&2; exit 21');
    tool("chronyc", 'echo "506 Cannot talk to daemon"; echo "506 Cannot talk to daemon" >&2; exit 1');
    put(root, "/sys/module/nf_tables/refcnt", "1\n");
    tool("nft", 'echo "table ip a {"; echo "  ip saddr 1.2.3.4 drop"; echo "  ip daddr 1.2.3.4 drop"; echo "}"');
    tool(
      "journalctl",
      'case "$*" in *"-F UNIT"*) echo k0sworker.service ;; *-F*) echo kubelet.service ;; *"-u kubelet"* | *"-u k0sworker"*) echo "2026-11-22T12:00:00+0000 n x[1]: $*" ;; *) echo unasked; exit 3 ;; esac',
    );
    tool("df", 'echo "of the node"');
    // busybox may run an applet of its own where a program is called by its name
    const applets = join(work, "applets");
    put(
      applets,
      "chroot",
      `#!/bin/sh\ncase $2 in */*) exec ${which("chroot")} "$@" ;; *) echo an applet ;; esac\n`,
      0o755,
    );
    const server = createServer();
    await new Promise<void>((ready) => server.listen(join(root, socket), ready));
    let bundle: Bundle;
    try {
      const args = ["--root", root, "--no-cluster"];
      bundle = await collectMeanwhile({ out: join(work, "out-live"), path: applets, args });
    } finally {
      server.close();
    }
    const said = (slug: string): string => bundle.text(`bundle/node/cmd/${slug}.txt`);
    assert.is(said("df-Pk"), "of the node\n");
    assert.is(said("crictl-pods"), `crictl --runtime-endpoint unix://${socket} pods\n`);
    assert.is(said("ctr-containers-ls"), `ctr -a ${socket} -n k8s.io containers ls\n`);
    assert.ok(bundle.index.some((row) => row["origin"] === "containerd --config /c.toml config dump"));
    assert.is(said("ss-tlnp"), "ss -tlnp\n");
    assert.match(said("unit-states"), /-p Id,.*NRestarts.* kubelet containerd crio .*snapd/);
    assert.is(said("nft-list-ruleset"), "4 lines in all\n2 ip\n1 table\n1 }\n");
    assert.is(bundle.row("iscsiadm -m session -P 1")["note"], "not run: there is no /sys/class/iscsi_session");
    assert.is(bundle.row("chronyc tracking")["coverage"], "absent");
    assert.is(bundle.row("crio config")["coverage"], "absent");
    assert.is(bundle.row("kubelet")["coverage"], "complete");
    assert.is(bundle.row("k0sworker")["coverage"], "complete");
    assert.is(bundle.row("containerd")["coverage"], "absent");
    assert.not.ok(bundle.members.has("bundle/node/journal/units"));
  });
}

test("tools of the machine that collects do not answer for a disk that lies in it", () => {
  const stubs = join(work, "stubs");
  put(stubs, "containerd", "#!/bin/sh\necho 'version = 2'\n", 0o755);
  put(join(work, "copy"), "/etc/hostname", "node-a\n");
  put(join(work, "copy"), "/etc/os-release", 'NAME="x"\n');
  const bundle = node("copy", [], stubs);
  assert.not.ok(bundle.index.some((row) => row["origin"] === "containerd config dump" && row["coverage"] !== "absent"));
});

/** A pod as the API server lists it. */
const pod = (namespace: string, name: string, on: string, ready: boolean, restartCount: number) => ({
  metadata: { name, namespace },
  spec: { containers: [{ name: "main" }], nodeName: on },
  status: { containerStatuses: [{ name: "main", ready, restartCount, state: { running: { startedAt: "x" } } }] },
});

function kubectl(name: string, pods: readonly object[], types: string): string {
  const program = join(work, name, "kubectl");
  mkdirSync(join(work, name));
  writeFileSync(join(work, name, "pods.json"), JSON.stringify({ kind: "List", items: pods }, null, 4));
  writeFileSync(
    program,
    `#!/bin/sh
printf '%s\\n' "$*" >>${join(work, name)}/calls
while [ $# -gt 0 ]; do case $1 in --cache-dir) shift 2 ;; -*) shift ;; *) break ;; esac; done
case "$1 $2" in
  "api-resources "*) printf '${types}' ;;
  "get pods") cat ${join(work, name)}/pods.json ;;
  "get --raw") case $3 in
    /livez*) printf '[+]ping ok\\nlivez check passed\\n' ;;
    /readyz*) echo 'Error from server (InternalError): an error on the server ("[+]ping ok\\n[-]etcd failed: reason withheld\\nreadyz check failed") has prevented the request from succeeding' >&2; exit 1 ;;
    *) echo '{}' ;; esac ;;
  "get ipamhandles"*) echo ipamhandle.crd.projectcalico.org/one; echo ipamhandle.crd.projectcalico.org/two ;;
  "get "*) echo '{"kind": "List", "items": []}' ;;
  "logs "*) echo "2026-11-22T12:00:00Z $*" ;;
esac
`,
  );
  chmodSync(program, 0o755);
  return program;
}
const TYPES = "pods\\nevents\\nendpoints\\nipamhandles.crd.projectcalico.org\\n";
const cluster = (name: string, pods: readonly object[], types = TYPES): Bundle =>
  collect({
    out: join(work, `out-${name}`),
    args: ["--no-node", "--node", "n1", "--kubectl", kubectl(name, pods, types)],
  });
const calls = (name: string): readonly string[] =>
  readFileSync(join(work, name, "calls"), "utf8")
    .trim()
    .split("\n");

test("logs: this node's first, the CNI's agent first of those, then what is in trouble; the run before only where there was one", () => {
  const bundle = cluster("logs", [
    pod("kube-system", "coredns-1", "n2", true, 0),
    pod("kube-system", "kube-proxy-1", "n1", true, 0),
    pod("kube-system", "kube-proxy-2", "n2", false, 0),
    pod("kube-system", "calico-node-1", "n1", true, 2),
    pod("openebs", "healthy-1", "n2", true, 0),
    pod("openebs", "replica-1", "n2", false, 7),
    pod("default", "app-1", "n1", false, 9),
    ...Array.from({ length: 40 }, (_, n) => pod("kube-system", `many-${n}`, "n3", true, 0)),
  ]);
  const logs = bundle.index.filter((row) => row["kind"] === "podlog");
  const read = logs.filter((row) => row["coverage"] === "complete").map((row) => row["origin"]);
  assert.equal(read.slice(0, 7), [
    "kube-system/calico-node-1/main",
    "kube-system/calico-node-1/main#previous",
    "kube-system/kube-proxy-1/main",
    "kube-system/kube-proxy-2/main",
    "openebs/replica-1/main",
    "openebs/replica-1/main#previous",
    "kube-system/coredns-1/main",
  ]);
  assert.is(bundle.row("kube-system/kube-proxy-1/main#previous")["coverage"], "absent");
  assert.not.ok(logs.some((row) => /^(default|openebs\/healthy)/.test(row["origin"] ?? "")));
  const rest = bundle.row("*/*/*");
  assert.equal(
    [rest["coverage"], rest["note"]],
    ["truncated", "not asked: 5 further containers of the system, at most 40 are"],
  );
});

test("resource types that the server lacks are absent, and are not asked for", () => {
  const bundle = cluster("types", []);
  assert.is(bundle.row("ipamblocks")["coverage"], "absent");
  assert.is(bundle.row("endpoints")["coverage"], "complete");
  assert.is(bundle.row("ipamhandles")["member"], "bundle/cluster/ipamhandles.txt");
  assert.is(bundle.text("bundle/cluster/ipamhandles.txt").split("\n").length, 3);
  assert.not.ok(calls("types").some((call) => call.includes("ipamblocks")));
  assert.is(bundle.code, 0, "nothing of that makes the run partial");
  const asked = calls("types").map((call) => call.replace(/^.*?(get|api-resources) /, ""));
  assert.match(asked[0] ?? "", /version/);
  assert.match(asked.find((call) => !call.includes("--raw")) ?? "", /^events /, "events before every other object");
});

test("a server that does not tell its types is asked for each", () => {
  const bundle = cluster("untold", [], "");
  assert.is(bundle.row("ipamblocks")["coverage"], "complete");
});

test("a server that is not ready says in what", () => {
  const bundle = cluster("ready", []);
  assert.is(bundle.row("/readyz?verbose")["coverage"], "complete");
  assert.match(bundle.text("bundle/cluster/readyz.txt"), /\[-\]etcd failed/);
  assert.match(bundle.text("bundle/cluster/livez.txt"), /^\[\+\]ping ok\n/);
});

test.after(() => remove(work));
test.run();
