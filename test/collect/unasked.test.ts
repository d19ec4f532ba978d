import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fewTools } from "./fake-cluster.js";
import { type Bundle, collect, put, remove, scratch } from "./host.js";

/** A question that would start a service, load a kernel module or make a folder is not asked: the row says why. */
const work = scratch();
const few = join(work, "few");
fewTools(few);
let number = 0;

/** A node with its tools, each of which writes down that it was asked. */
class Node {
  readonly number = ++number;
  readonly root = join(work, `node${this.number}`);
  readonly bin = join(work, `bin${this.number}`);
  readonly log = join(work, `calls${this.number}`);
  constructor() {
    put(this.root, "/etc/hostname", "node-a\n");
    put(this.root, "/proc/1/cmdline", "init\0");
    put(this.root, "/proc/1/comm", "init\n");
    mkdirSync(join(this.root, "run/systemd/system"), { recursive: true });
    for (const tool of ["timedatectl", "snap", "iscsiadm", "adjtimex", "chronyc"]) this.tool(tool, "exit 0");
  }
  tool(name: string, body: string): void {
    put(this.bin, `/${name}`, `#!/bin/sh\necho "${name} $*" >>'${this.log}'\n${body}\n`, 0o755);
  }
  /** `name` is a link to the program `to`, as the alternatives of distributions are. */
  variant(name: string, to: string): void {
    this.tool(to, "echo '*filter'");
    symlinkSync(to, join(this.bin, name));
  }
  runs(pid: number, comm: string): void {
    put(this.root, `/proc/${pid}/comm`, `${comm}\n`);
    put(this.root, `/proc/${pid}/cmdline`, `/usr/lib/${comm}\0`);
  }
  collect(): { bundle: Bundle; asked: string } {
    const bundle = collect({
      out: join(work, `out${this.number}`),
      shell: { name: "sh", argv: ["sh"], path: `${this.bin}:${few}` },
      args: ["--root", this.root, "--no-cluster"],
    });
    return { bundle, asked: existsSync(this.log) ? readFileSync(this.log, "utf8") : "" };
  }
}

const clock = (bundle: Bundle): unknown => (bundle.collector["clock"] as Record<string, unknown>)["synchronised"];

const test = suite("collect: what is not asked");

test("timedatectl and snap are not asked where that would start their service; files tell instead", () => {
  const node = new Node();
  node.tool("adjtimex", '[ "$1" = -p ] || exit 1; echo "       status: 64"; echo " return value = 5"');
  put(node.root, "/snap/microk8s/8612/meta/snap.yaml", "x");
  symlinkSync("8612", join(node.root, "snap/microk8s/current"));
  put(node.root, "/var/lib/snapd/snaps/microk8s_8612.snap", "x");
  put(node.root, "/var/lib/snapd/state.json", '{"secret": 1}');
  put(node.root, "/run/systemd/timesync/synchronized", "");
  symlinkSync("/usr/share/zoneinfo/UTC", join(node.root, "etc/localtime"));
  const { bundle, asked } = node.collect();
  assert.not.match(asked, /^(timedatectl|snap) /m);
  for (const [origin, service] of [
    ["timedatectl show", "systemd-timedated"],
    ["snap list --all", "snapd"],
    ["snap changes", "snapd"],
  ] as const) {
    assert.is(bundle.row(origin)["coverage"], "absent");
    assert.is(bundle.row(origin)["note"], `not run: it would start ${service}, which does not run`);
  }
  assert.is(bundle.paths.get("/snap/microk8s/current")?.["target"], "8612");
  assert.is(bundle.paths.get("/var/lib/snapd/snaps/microk8s_8612.snap")?.["type"], "f");
  assert.is(bundle.paths.get("/etc/localtime")?.["target"], "/usr/share/zoneinfo/UTC");
  assert.is(bundle.paths.get("/run/systemd/timesync/synchronized")?.["type"], "f");
  assert.not.ok(
    [...bundle.members.keys()].some((name) => name.includes("snapd")),
    "its state holds secrets",
  );
  assert.is(clock(bundle), "no", "the kernel says that the clock is not synchronised");
});

test("they are asked where their service runs", () => {
  const node = new Node();
  node.runs(7, "systemd-timedat");
  node.runs(8, "snapd");
  node.tool("timedatectl", "echo NTPSynchronized=yes");
  const { bundle, asked } = node.collect();
  assert.match(asked, /^timedatectl show$/m);
  assert.match(asked, /^snap list --all$/m);
  assert.is(clock(bundle), "yes");
});

test("whether the clock is kept right is told by the file of systemd-timesyncd, and is unknown without it", () => {
  const with_ = new Node();
  put(with_.root, "/run/systemd/timesync/synchronized", "");
  assert.is(clock(with_.collect().bundle), "yes");
  assert.is(clock(new Node().collect().bundle), "unknown");
});

test("the packet filter is asked only by the program whose tables there are", () => {
  const cases: readonly [string, string, readonly string[], string | null][] = [
    // k3s loads the older tables; the node's own program is the newer one, and would load its module
    [
      "newer, older tables only",
      "xtables-nft-multi",
      ["/sys/module/x_tables/x", "names"],
      "xtables-nft-multi would load the kernel module nf_tables",
    ],
    ["newer, loaded", "xtables-nft-multi", ["/sys/module/nf_tables/x"], null],
    ["newer, built in", "xtables-nft-multi", ["builtin"], null],
    ["older, tables", "xtables-legacy-multi", ["names"], null],
    [
      "older, no tables",
      "xtables-legacy-multi",
      ["/sys/module/x_tables/x", "/proc/net/ip_tables_names"],
      "/proc/net/ip_tables_names names no table",
    ],
    ["older, none", "xtables-legacy-multi", ["/sys/module/nf_tables/x"], "/proc/net/ip_tables_names names no table"],
    ["unknown, one of two", "wrapper", ["/sys/module/nf_tables/x"], "/proc/net/ip_tables_names names no table"],
    ["unknown, both", "wrapper", ["/sys/module/nf_tables/x", "names"], null],
  ];
  for (const [what, program, files, why] of cases) {
    const node = new Node();
    node.variant("iptables-save", program);
    put(node.root, "/proc/sys/kernel/osrelease", "6.1.0\n");
    for (const file of files) {
      if (file === "names") put(node.root, "/proc/net/ip_tables_names", "filter\n");
      else if (file === "builtin")
        put(node.root, "/lib/modules/6.1.0/modules.builtin", "kernel/net/netfilter/nf_tables.ko\n");
      else put(node.root, file, "");
    }
    const { bundle, asked } = node.collect();
    const row = bundle.row("iptables-save");
    assert.is(asked.includes(program), why === null, what);
    assert.is(row["coverage"], why === null ? "complete" : "absent", what);
    if (why !== null) assert.is(row["note"], `not run: ${why}`, what);
  }
});

test("iscsiadm would make its folder: it is not asked where there is none", () => {
  const node = new Node();
  mkdirSync(join(node.root, "sys/class/iscsi_session"), { recursive: true });
  const { bundle, asked } = node.collect();
  assert.not.match(asked, /iscsiadm/);
  assert.is(bundle.row("iscsiadm -m session -P 1")["note"], "not run: there is no /etc/iscsi");
});

test("a command that told a part and failed makes the run partial; one that told all does not", () => {
  const whole = new Node();
  whole.tool("df", "echo 'Filesystem 1024-blocks'; echo '/dev/sda1 9999999 0 9999999 0% /'");
  const { bundle: complete } = whole.collect();
  assert.is(
    complete.collector["state"],
    "complete",
    complete.index
      .filter((r) => r["coverage"] === "failed")
      .map((r) => r["origin"])
      .join(),
  );
  assert.is(complete.code, 0);
  const node = new Node();
  node.tool(
    "df",
    "echo 'Filesystem 1024-blocks'; echo '/dev/sda1 9999999 0 9999999 0% /'; echo 'df: /mnt: Stale file handle' >&2; exit 1",
  );
  const { bundle } = node.collect();
  assert.is(bundle.row("df -Pk")["coverage"], "truncated");
  assert.is(bundle.row("df -Pk")["note"], "df: /mnt: Stale file handle");
  assert.is(bundle.collector["state"], "partial");
  assert.is(bundle.code, 2);
});

test.after(() => remove(work));
test.run();
