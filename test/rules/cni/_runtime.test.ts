import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Coverage } from "#model/artifact.js";
import type { Fact, FactKinds } from "#model/fact.js";
import { type ConfDir, confDirOf, missingConfDir } from "#rules/cni/_runtime.js";
import { fact } from "#test/rules/_facts.js";
import { config, link, netconf, scene, table, V1, V2, V3 } from "./_nodes.js";

const test = suite("conf_dir");

const confDir = (...facts: readonly Fact[]) => {
  const { view } = scene(facts);
  return confDirOf("n1", view);
};
const path = (...facts: readonly Fact[]): string | undefined => confDir(...facts)?.path;
const containerd = (cmdline: string): Fact<"process"> => fact("process", { pid: 1, name: "containerd", cmdline }, "n1");
const file = (of: string, dir: string | null, part: Partial<FactKinds["runtime.config"]> = {}) =>
  config({ path: of, cni: dir === null ? [] : [table(V2, dir)], ...part });

test("without a configuration and without a usual directory nothing tells", () => {
  assert.is(confDir(), null);
  assert.is(confDir(netconf("/opt/own/net.d/10-x.conflist", null)), null);
});

test("a table of another version than the file's is ineffective: the default holds", () => {
  const rivals = [
    [2, V3],
    [2, V1],
    [3, V2],
    [4, V2],
    [1, V2],
    [1, V3],
  ] as const;
  for (const [version, plugin] of rivals) {
    const told = confDir(config({ version, cni: [table(plugin, "/opt/cni/conf")] }));
    assert.is(told?.path, "/etc/cni/net.d", `${plugin} in version ${version}`);
    assert.equal(told?.unverified, []);
  }
});

test("a file that is not valid tells nothing", () => {
  assert.is(confDir(config({ valid: false, cni: [table(V2, "/opt/cni/conf")] })), null);
});

test("each version has its own table", () => {
  for (const [version, plugin] of [
    [1, V1],
    [2, V2],
    [3, V3],
    [4, V3],
  ] as const)
    assert.is(path(config({ version, cni: [table(plugin, "/opt/cni/conf")] })), "/opt/cni/conf", `version ${version}`);
});

test("of several tables in one file the one of its version counts, with its line", () => {
  const told = confDir(
    config({ version: 2, cni: [table(V3, "/v3", { line: 3 }), table(V2, "/v2", { line: 9 }), table(V1, "/v1")] }),
  );
  assert.is(told?.path, "/v2");
  assert.equal(told?.evidence[0]?.locator, { kind: "lines", from: 9, to: 9 });
  assert.is(told?.evidence[0]?.excerpt, 'conf_dir = "/v2"');
});

test("the daemon's own dump wins over its files, under whatever id it prints", () => {
  for (const plugin of [V1, V2, V3]) {
    const dump = config({
      path: "containerd config dump",
      source: "dump",
      version: 3,
      cni: [table(plugin, "/dumped")],
    });
    assert.is(path(file("/etc/containerd/config.toml", "/written"), dump), "/dumped", plugin);
  }
});

test("a dump that is not valid leaves the file to tell", () => {
  const dump = config({ path: "containerd config dump", source: "dump", valid: false, cni: [] });
  assert.is(path(dump, file("/etc/containerd/config.toml", "/written")), "/written");
});

test("a file that nothing imports does not override", () => {
  assert.is(
    path(file("/etc/containerd/config.toml", "/main"), file("/etc/containerd/conf.d/9.toml", "/drop")),
    "/main",
  );
});

test("an import that says nothing of it does not override", () => {
  const imports = ["/etc/containerd/conf.d/*.toml"];
  assert.is(
    path(file("/etc/containerd/config.toml", "/main", { imports }), file("/etc/containerd/conf.d/9.toml", null)),
    "/main",
  );
  const ineffective = config({ path: "/etc/containerd/conf.d/9.toml", version: 2, cni: [table(V3, "/drop")] });
  assert.is(path(file("/etc/containerd/config.toml", "/main", { imports }), ineffective), "/main");
});

test("imports override the file that imports them, the last in ASCII order first, relative to it or not", () => {
  for (const glob of ["/etc/containerd/conf.d/*.toml", "conf.d/*.toml"]) {
    const main = file("/etc/containerd/config.toml", "/main", { imports: [glob] });
    const drops = [
      file("/etc/containerd/conf.d/9.toml", "/nine"),
      file("/etc/containerd/conf.d/10.toml", "/ten"),
      file("/etc/containerd/conf.d/z.conf", "/not"),
      file("/etc/containerd/conf.d/deep/a.toml", "/deep"),
    ];
    assert.is(path(main, ...drops), "/nine", glob);
  }
});

test("the command line of the process names the file", () => {
  const usual = file("/etc/containerd/config.toml", "/usual");
  const own = file("/opt/own/containerd.toml", "/own");
  assert.is(path(usual, own), "/usual");
  for (const flags of [
    "--config /opt/own/containerd.toml",
    "--config=/opt/own/containerd.toml",
    "-c /opt/own/containerd.toml",
  ])
    assert.is(path(usual, own, containerd(`/usr/bin/containerd ${flags}`)), "/own", flags);
  assert.is(path(usual, own, containerd("/usr/bin/containerd-shim-runc-v2 -c /opt/own/containerd.toml")), "/usual");
});

test("a file that the command line names and nobody read is not stood for by one in a usual place", () => {
  const usual = file("/etc/containerd/config.toml", "/usual");
  const other = containerd("/usr/bin/containerd --config /opt/x.toml");
  assert.is(confDir(usual, other), null);
  assert.is(confDir(usual, file("/opt/x.toml", "/x", { valid: false }), other), null);
  assert.is(
    path(usual, config({ path: "containerd config dump", source: "dump", cni: [table(V2, "/d")] }), other),
    "/d",
  );
});

test("two containerds that name two files leave it open, unless one is Docker's own", () => {
  const own = [file("/opt/a.toml", "/a"), containerd("/usr/bin/containerd -c /opt/a.toml")];
  const other = [file("/opt/b.toml", "/b"), containerd("/usr/bin/containerd -c /opt/b.toml")];
  const docker = containerd("containerd --config /var/run/docker/containerd/containerd.toml");
  assert.is(confDir(...own, ...other), null);
  assert.is(path(...own, docker), "/a");
});

/** What a node comes to of whose configuration files one was looked for, and this became of it. */
const beside = (origin: string, coverage: Coverage, ...facts: readonly Fact[]): ConfDir | null => {
  const { view } = scene(facts);
  const seen: typeof view = (kind) => {
    const of = view(kind);
    return kind === "runtime.config"
      ? {
          ...of,
          coverage: (node, fits) => ({ ...of.coverage(node), state: fits?.test(origin) ? coverage : "complete" }),
        }
      : of;
  };
  return confDirOf("n1", seen);
};

test("a configuration that may be the one in force and was not read whole leaves it open", () => {
  const main = file("/etc/containerd/config.toml", "/main", { imports: ["conf.d/*.toml"] });
  const named = containerd("/usr/bin/containerd -c /etc/containerd/config.toml");
  const K3S = "/var/lib/rancher/k3s/agent/etc/containerd/config.toml";
  for (const state of ["failed", "denied", "truncated"] as const) {
    assert.is(beside(K3S, state, main), null, state);
    assert.is(beside(K3S, state, main, named)?.path, "/main", "another is named");
    assert.is(beside("/etc/containerd/conf.d/9.toml", state, main, named), null, "a drop-in");
    assert.is(beside("/etc/containerd/conf.d/deep/9.toml", state, main, named)?.path, "/main", "no drop-in");
    assert.is(beside("containerd config dump", state, main)?.path, "/main", "the file tells what the dump would");
  }
  for (const state of ["complete", "absent"] as const) assert.is(beside(K3S, state, main)?.path, "/main", state);
  assert.is(confDir(main, file(K3S, null, { valid: false })), null);
});

test("a glob with many stars is not slow", () => {
  const imports = [`/${"*a".repeat(5_000)}b.toml`];
  const main = file("/etc/containerd/config.toml", "/main", { imports });
  assert.is(path(main, file(`/${"a".repeat(5_000)}.toml`, "/drop")), "/main");
});

test("a file named through `current` is the one of the revision", () => {
  const usual = file("/etc/containerd/config.toml", "/usual");
  const snap = file("/var/snap/microk8s/7421/args/containerd.toml", "/snap");
  const other = containerd("/snap/bin/containerd --config /var/snap/microk8s/current/args/containerd.toml");
  assert.is(path(usual, snap, other), "/snap");
});

/** `${NAME}` as the file writes it. */
const braced = (name: string): string => `$${"{"}${name}}`;

test("variables of a snap are filled in from where its configuration lies", () => {
  const snap = (written: string) => confDir(file("/var/snap/microk8s/current/args/containerd.toml", written));
  assert.is(snap(`${braced("SNAP_DATA")}/args/cni-network`)?.path, "/var/snap/microk8s/current/args/cni-network");
  assert.is(snap("$SNAP_DATA/args/cni-network")?.path, "/var/snap/microk8s/current/args/cni-network");
  assert.is(snap(`${braced("SNAP_COMMON")}/x`)?.path, "/var/snap/microk8s/common/x");
  assert.equal(snap(`${braced("SNAP_DATA")}/x`)?.unverified, []);
});

test("a variable that nothing explains stays as written, and is an unverified premise", () => {
  const told = confDir(file("/etc/containerd/config.toml", `${braced("SNAP_DATA")}/x`));
  assert.is(told?.path, `${braced("SNAP_DATA")}/x`);
  assert.is(told?.unverified.length, 1);
});

test("where no configuration was collected no directory is taken for the runtime's, however usual", () => {
  for (const directory of ["/etc/cni/net.d", "/var/lib/rancher/k3s/agent/etc/cni/net.d"])
    assert.is(confDir(netconf(`${directory}/10-calico.conflist`, null)), null);
});

test("a file in no known place that no command line names tells nothing", () => {
  assert.is(confDir(file("/opt/containerd/own.toml", "/own")), null);
  assert.is(confDir(file("/etc/containerd/conf.d/9.toml", "/drop")), null);
});

test("each distribution's own file decides, with no premise, where no command line was read", () => {
  for (const own of [
    "/etc/containerd/config.toml",
    "/etc/k0s/containerd.toml",
    "/etc/cri/containerd.toml",
    "/var/lib/rancher/k3s/agent/etc/containerd/config.toml",
    "/var/lib/rancher/rke2/agent/etc/containerd/config.toml",
    "/var/snap/microk8s/7421/args/containerd.toml",
  ]) {
    const told = confDir(file(own, "/own"), file(`${own}.tmpl`, null, { valid: false }));
    assert.is(told?.path, "/own", own);
    assert.equal(told?.unverified, [], own);
  }
});

test("a configuration that lies behind a link is the one that is named, or the one in a known place", () => {
  const real = file("/data/own/agent/containerd/config.toml", "/own");
  const K3S = "/var/lib/rancher/k3s/agent/etc/containerd/config.toml";
  const links = [link("/var/lib/rancher/k3s/agent/etc", "/data/own/agent"), link("/opt/c.toml", real.value.path)];
  const rows = [...links, fact("path", { path: real.value.path, type: "f" }, "n1")];
  assert.is(path(real, ...rows), "/own");
  assert.is(path(real, ...rows, containerd("containerd -c /opt/c.toml")), "/own");
  assert.is(path(real, ...rows, containerd(`containerd -c ${K3S}`)), "/own");
  assert.is(confDir(real, ...rows, containerd("containerd -c /opt/other.toml")), null);
});

test("two files in known places that say different things leave it open", () => {
  const k0s = (dir: string): Fact => file("/etc/k0s/containerd.toml", dir);
  assert.is(confDir(file("/etc/containerd/config.toml", "/a"), k0s("/b")), null);
  assert.is(path(file("/etc/containerd/config.toml", "/a"), k0s("/a")), "/a");
});

test("what is missing names the file, and the command that tells", () => {
  const missing = (...facts: readonly Fact[]) => missingConfDir("n1", scene(facts).view);
  assert.match(missing().command, /\ncontainerd config dump /);
  const named = missing(containerd("/usr/bin/containerd --config /opt/x.toml"));
  assert.match(named.what, /\/opt\/x\.toml/);
  assert.match(named.command, /\ncontainerd --config \/opt\/x\.toml config dump /);
  const odd = missing(containerd("/usr/bin/containerd --config /opt/$(reboot).toml"));
  assert.ok(odd.command.includes("'/opt/$(reboot).toml'"), odd.command);
  const crio = missing(fact("kube.node", { name: "n1", runtimeVersion: "cri-o://1.29.1" }));
  assert.match(crio.what, /CRI-O's configuration/);
  assert.match(crio.command, /\ncrio config /);
});

test.run();
