import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Coverage } from "#model/artifact.js";
import type { Fact, FactKinds } from "#model/fact.js";
import { nodeFiles } from "#rules/cni/_credential.js";
import { confDirOf, missingConfDir } from "#rules/cni/_runtime.js";
import { fact, texts } from "#test/rules/_facts.js";
import {
  CONF_DIR,
  CONFLIST,
  config,
  directory,
  file,
  KUBECONFIG,
  kubeconfig,
  link,
  netconf,
  scene,
  table,
  V2,
} from "./_nodes.js";

const test = suite("the runtime that serves the kubelet");

type Facts = readonly Fact[];
const view = (...facts: Facts) => scene(facts).view;
const confDir = (...facts: Facts) => confDirOf("n1", view(...facts));
const path = (...facts: Facts): string | undefined => confDir(...facts)?.path;
const because = (...facts: Facts): string => texts([confDir(...facts)?.because ?? []].flat())[0] ?? "";

const process = (cmdline: string): Fact<"process"> => fact("process", { pid: 1, name: "x", cmdline }, "n1");
const reported = (runtimeVersion: string, kubeletVersion = "v1.29.4"): Fact =>
  fact("kube.node", { name: "n1", runtimeVersion, kubeletVersion });
const gone = (of: string): Fact => fact("path", { path: of, type: "absent" }, "n1");
const crio = (of: string, part: Partial<FactKinds["crio.config"]> = {}): Fact<"crio.config"> =>
  fact(
    "crio.config",
    {
      path: of,
      source: "file",
      valid: true,
      networkDir: null,
      defaultNetwork: null,
      pluginDirs: null,
      dirLine: null,
      networkLine: null,
      ...part,
    },
    "n1",
  );

const CONTAINERD = process("/usr/bin/containerd");
const CRIO = process("/usr/bin/crio");
const MAIN = "/etc/crio/crio.conf";
const DROP_INS = "/etc/crio/crio.conf.d";
/** CRI-O as it is packaged: one drop-in that says nothing of the network. */
const packaged: Facts = [
  reported("cri-o://1.29.1"),
  CRIO,
  gone(MAIN),
  directory(DROP_INS),
  file(`${DROP_INS}/10-crio.conf`),
  crio(`${DROP_INS}/10-crio.conf`),
];
const NO_FILE: Facts = [reported("containerd://1.7.16"), CONTAINERD, gone("/etc/containerd/config.toml")];

test("the node's object, the kubelet's socket or the only runtime that runs tells, and never a file", () => {
  const files = [
    config({ cni: [table(V2, "/of/containerd")] }),
    crio(MAIN, { networkDir: "/of/crio/" }),
    directory(DROP_INS),
  ];
  const kubelet = (socket: string): Fact => process(`/usr/bin/kubelet --container-runtime-endpoint=${socket}`);
  assert.is(path(...files, reported("containerd://1.7.16")), "/of/containerd");
  assert.is(path(...files, reported("cri-o://1.29.1")), "/of/crio");
  assert.is(path(...files, kubelet("unix:///run/containerd/containerd.sock")), "/of/containerd");
  assert.is(path(...files, kubelet("unix:///var/run/crio/crio.sock")), "/of/crio");
  assert.is(path(...files, CONTAINERD), "/of/containerd");
  assert.is(path(...files, CRIO), "/of/crio");
  assert.is(confDir(...files), null, "nothing but files");
  assert.is(confDir(...files, CONTAINERD, CRIO), null, "both run");
  assert.is(path(...files, CONTAINERD, CRIO, kubelet("/var/run/crio/crio.sock")), "/of/crio", "both run, one is asked");
  assert.match(missingConfDir("n1", view(...files)).what, /which container runtime serves the kubelet of n1/);
});

test("what contradicts itself is open: an object of another time, a runtime that does not run", () => {
  const files = [
    config({ cni: [table(V2, "/of/containerd")] }),
    crio(MAIN, { networkDir: "/of/crio" }),
    directory(DROP_INS),
  ];
  assert.is(confDir(...files, reported("containerd://1.7.16"), CRIO), null);
  const kubelet = process("/usr/bin/kubelet --container-runtime-endpoint unix:///run/crio/crio.sock");
  assert.is(confDir(...files, reported("containerd://1.7.16"), CONTAINERD, CRIO, kubelet), null);
  assert.is(path(...files, reported("containerd://1.7.16"), CONTAINERD, CRIO), "/of/containerd");
  const inPod = process("dockerd --host=unix:///run/docker.sock");
  assert.is(path(...files, reported("containerd://1.7.16"), inPod), "/of/containerd", "a dockerd contradicts nothing");
});

test("a containerd that was started without a file, where there is none, has its default", () => {
  const told = confDir(...NO_FILE);
  assert.is(told?.path, CONF_DIR);
  assert.equal(told?.unverified, []);
  assert.match(
    because(...NO_FILE),
    /\/etc\/containerd\/config\.toml.* does not exist.* default .*\/etc\/cni\/net\.d.* is in force/,
  );
  const listed = [reported("containerd://1.7.16"), CONTAINERD, directory("/etc/containerd")];
  assert.is(path(...listed), CONF_DIR, "a listing shows it as well");
});

test("without a command line no missing file is an absent configuration", () => {
  assert.is(confDir(reported("containerd://1.7.16"), gone("/etc/containerd/config.toml")), null);
});

test("a file that nobody looked for, or that was not read, is not absent", () => {
  assert.is(confDir(reported("containerd://1.7.16"), CONTAINERD), null);
  assert.is(confDir(reported("containerd://1.7.16"), CONTAINERD, file("/etc/containerd/config.toml")), null);
  for (const state of ["failed", "denied", "truncated", "not-attempted"] as const)
    assert.is(looked("/etc/containerd/config.toml", state, reported("containerd://1.7.16"), CONTAINERD), null, state);
  assert.is(looked("/etc/containerd/config.toml", "absent", reported("containerd://1.7.16"), CONTAINERD), CONF_DIR);
});

/** What a node comes to where a configuration was looked for, and this became of it. */
function looked(origin: string, state: Coverage, ...facts: Facts): string | null {
  const whole = scene(facts).view;
  const seen: typeof whole = (kind) => {
    const of = whole(kind);
    return kind !== "runtime.config" && kind !== "crio.config"
      ? of
      : {
          ...of,
          coverage: (node, fits) => {
            const fitting = fits?.test(origin) === true;
            const report = of.coverage(node, fits);
            const [row] = facts;
            return fitting && row ? { ...report, state, searched: () => [row.evidence] } : report;
          },
        };
  };
  return confDirOf("n1", seen)?.path ?? null;
}

test("a file that the command line names and that is gone was there once: what it said is not known", () => {
  const named = process("/usr/bin/containerd --config /etc/containerd/config.toml");
  assert.is(confDir(reported("containerd://1.7.16"), named, gone("/etc/containerd/config.toml")), null);
  const missing = missingConfDir(
    "n1",
    view(reported("containerd://1.7.16"), named, gone("/etc/containerd/config.toml")),
  );
  assert.match(missing.command, /containerd --config \/etc\/containerd\/config\.toml config dump/);
});

test("from 2.2 on drop-ins may be loaded without any file", () => {
  const newer = [reported("containerd://2.2.0"), ...NO_FILE.slice(1)];
  assert.is(confDir(...newer), null, "nobody looked");
  assert.is(path(...newer, gone("/etc/containerd/conf.d")), CONF_DIR);
  assert.is(path(...newer, directory("/etc/containerd/conf.d")), CONF_DIR);
  const dropIn = config({ path: "/etc/containerd/conf.d/9.toml", cni: [table(V2, "/opt/x")] });
  assert.is(confDir(...newer, directory("/etc/containerd/conf.d"), dropIn), null, "one says otherwise");
  assert.is(path(...NO_FILE, directory("/etc/containerd/conf.d"), dropIn), CONF_DIR, "1.7 loads none");
});

test("of a containerd that was started without naming a file another distribution's is not the one in force", () => {
  const k3s = config({ path: "/var/lib/rancher/k3s/agent/etc/containerd/config.toml", cni: [table(V2, "/of/k3s")] });
  assert.is(path(k3s, CONTAINERD, config({ cni: [table(V2, "/own")] })), "/own");
  assert.is(confDir(k3s, CONTAINERD), null);
});

test("a silent file is the last word where all that it imports was read", () => {
  const imports = ["/etc/containerd/conf.d/*.toml"];
  const silent = config({ imports, cni: [] });
  assert.is(confDir(silent), null, "nobody looked for drop-ins");
  assert.is(path(silent, directory("/etc/containerd/conf.d")), CONF_DIR);
  assert.is(path(silent, gone("/etc/containerd/conf.d")), CONF_DIR);
  assert.match(
    because(silent, gone("/etc/containerd/conf.d")),
    /^containerd's configuration .* sets no conf_dir, so its default/,
  );
  const row = file("/etc/containerd/conf.d/9.toml");
  assert.is(confDir(silent, directory("/etc/containerd/conf.d"), row), null, "one was not read");
  assert.is(confDir(config({ imports }), directory("/etc/containerd/conf.d"), row), null, "nor does a loud one stand");
  const other = config({ path: "/etc/containerd/conf.d/9.toml", cni: [table(V2, "/opt/x")] });
  assert.is(path(silent, directory("/etc/containerd/conf.d"), row, other), "/opt/x");
});

test("a loud file whose drop-ins nobody looked for stands, as a premise", () => {
  const told = confDir(config({ imports: ["/etc/containerd/conf.d/*.toml"] }));
  assert.is(told?.path, CONF_DIR);
  assert.is(told?.unverified.length, 1);
});

test("imports of imports, and single files behind a link, are followed", () => {
  const k0s = config({ path: "/etc/k0s/containerd.toml", imports: ["/run/k0s/containerd-cri.toml"], cni: [] });
  const cri = config({ path: "/data/containerd-cri.toml", imports: ["more/*.toml"], cni: [] });
  const rows = [link("/run/k0s/containerd-cri.toml", cri.value.path), file(cri.value.path)];
  const more = config({ path: "/data/more/containerd.toml", cni: [table(V2, "/deep")] });
  assert.is(path(k0s, cri, more, ...rows), "/deep");
  assert.is(path(k0s, cri, gone("/data/more"), ...rows), CONF_DIR);
  assert.is(confDir(k0s, gone("/run/k0s/containerd-cri.toml")), null, "it does not start without");
});

test("drop-ins beside a silent file that imports none leave releases open which may load them", () => {
  const other = config({ path: "/etc/containerd/conf.d/9.toml", cni: [table(V2, "/opt/x")] });
  const silent = config({ cni: [] });
  assert.is(confDir(silent, other, reported("containerd://2.2.1")), null);
  assert.is(path(silent, other, reported("containerd://1.7.16")), CONF_DIR);
});

test("a containerd without its CRI plugin serves nobody", () => {
  assert.is(confDir(config({ cni: [], servesNoKubelet: true }), CONTAINERD), null);
});

test("a dump that was cut tells nothing", () => {
  const dump = config({ path: "containerd config dump", source: "dump", cni: [] });
  assert.is(path(dump), CONF_DIR);
  assert.is(confDir({ ...dump, artifact: { ...dump.artifact, coverage: "truncated" } }), null);
  const printed = crio("crio config", { source: "dump", networkDir: "/d" });
  assert.is(path(CRIO, printed), "/d");
  assert.is(confDir(CRIO, { ...printed, artifact: { ...printed.artifact, coverage: "truncated" } }), null);
});

test("of two containerds the one counts that the kubelet was told to use, and a dump of the other one's file tells nothing", () => {
  const [a, b] = ["/opt/a.toml", "/opt/b.toml"].map((of) => config({ path: of, cni: [table(V2, of)] })) as [Fact, Fact];
  const daemons = [
    process(`containerd -c /opt/a.toml`),
    process(`containerd -c /opt/b.toml -a /run/b/containerd.sock`),
  ];
  const kubelet = process("/usr/bin/kubelet --container-runtime-endpoint unix:///run/containerd/containerd.sock");
  const dumpOf = (flags: string, dir: string): Fact =>
    config({ path: `containerd ${flags}config dump`, source: "dump", cni: [table(V2, dir)] });
  assert.is(confDir(a, b, ...daemons), null);
  assert.is(path(a, b, ...daemons, kubelet), "/opt/a.toml");
  assert.is(path(a, b, ...daemons, kubelet, dumpOf("--config /opt/b.toml ", "/dumped")), "/opt/a.toml");
  assert.is(path(a, b, ...daemons, kubelet, dumpOf("--config /opt/a.toml ", "/dumped")), "/dumped");
});

test("CRI-O as packaged has its default, and says so", () => {
  assert.is(path(...packaged), CONF_DIR);
  assert.match(
    because(...packaged),
    /^CRI-O's configuration .*10-crio\.conf.* sets no network_dir, so its default .*net\.d/,
  );
  assert.equal(confDir(...packaged)?.unverified, []);
});

test("of CRI-O's files the last that says it decides", () => {
  const [main, first, last] = [
    crio(MAIN, { networkDir: "/main" }),
    crio(`${DROP_INS}/10.conf`, { networkDir: "/ten/" }),
    crio(`${DROP_INS}/20`),
  ];
  const base = [reported("cri-o://1.29.1"), directory(DROP_INS)];
  assert.is(path(...base, main), "/main");
  assert.is(path(...base, main, first, last), "/ten");
  assert.is(because(...base, main), "");
  assert.is(confDir(...base, main)?.unverified.length, 1, "its command line was not collected");
  assert.equal(confDir(...base, main, CRIO)?.unverified, []);
});

test("CRI-O's configuration of which a part was not read, or nobody looked for, is open", () => {
  const base = [reported("cri-o://1.29.1"), crio(MAIN, { networkDir: "/main" })];
  assert.is(confDir(...base), null, "drop-ins");
  assert.is(confDir(...base, directory(DROP_INS), file(`${DROP_INS}/10.conf`)), null, "one of them");
  assert.is(confDir(...base, directory(DROP_INS), crio(`${DROP_INS}/10.conf`, { valid: false })), null, "broken");
  assert.is(confDir(reported("cri-o://1.29.1"), directory(DROP_INS)), null, "the file itself");
  for (const state of ["failed", "denied", "truncated"] as const) {
    assert.is(looked(`${DROP_INS}/10.conf`, state, ...base, directory(DROP_INS)), null, state);
    assert.is(looked(MAIN, state, ...packaged), null, `main ${state}`);
  }
  const missing = missingConfDir("n1", view(...base));
  assert.match(missing.what, /CRI-O's configuration/);
  assert.match(missing.command, /\ncrio config /);
});

test("without any file only a CRI-O that was started without naming one has its default", () => {
  const none = [reported("cri-o://1.29.1"), gone(MAIN), gone(DROP_INS)];
  assert.is(confDir(...none), null);
  assert.is(path(...none, CRIO), CONF_DIR);
  assert.is(confDir(...none, process("/usr/bin/crio --config /opt/crio.conf")), null);
  assert.is(confDir(...none, process("/usr/bin/crio -d /opt/d")), null);
  const dropIn = [directory(DROP_INS), crio(`${DROP_INS}/10.conf`, { networkDir: "/ten" })];
  const named = process("/usr/bin/crio --config /opt/crio.conf");
  assert.is(confDir(reported("cri-o://1.29.1"), named, gone("/opt/crio.conf"), ...dropIn), null, "it was there once");
});

test("flags of CRI-O's command line come before its files", () => {
  const flagged = process("/usr/bin/crio --cni-config-dir=/flag/ --cni-default-network k");
  const told = confDir(...packaged.filter((f) => f !== CRIO), flagged);
  assert.equal([told?.path, told?.network, told?.because], ["/flag", "k", null]);
});

test("`crio config` tells what the files come to, unless the daemon was given others", () => {
  const printed = crio("crio config", { source: "dump", networkDir: "/printed" });
  assert.is(path(...packaged, printed), "/printed");
  assert.is(confDir(reported("cri-o://1.29.1"), process("/usr/bin/crio -c /opt/crio.conf"), printed), null);
});

test("cri-dockerd is set up by its command line", () => {
  const docker = reported("docker://24.0.7");
  assert.is(confDir(docker), null);
  assert.is(path(docker, process("/usr/bin/cri-dockerd --container-runtime-endpoint fd://")), CONF_DIR);
  assert.match(because(docker, process("/usr/bin/cri-dockerd")), /cri-dockerd.* was started without .*--cni-conf-dir/);
  const other = "/usr/bin/cri-dockerd --network-plugin=cni --cni-conf-dir=/etc/cni/net.mk";
  assert.is(path(docker, process(other), process("/usr/bin/dockerd"), CONTAINERD), "/etc/cni/net.mk");
  assert.is(confDir(docker, process("/usr/bin/cri-dockerd --network-plugin=kubenet")), null);
  assert.match(missingConfDir("n1", view(docker)).what, /cri-dockerd/);
});

test("up to 1.23 the kubelet itself stands before Docker, and calls CNI plugins only where it is told to", () => {
  const [old, young] = [reported("docker://20.10.7", "v1.22.3"), reported("docker://24.0.7", "v1.24.0")];
  const kubelet = process("/usr/bin/kubelet --network-plugin=cni --kubeconfig=/etc/kubernetes/kubelet.conf");
  assert.is(path(old, kubelet), CONF_DIR);
  assert.is(path(old, process("/usr/bin/kubelet --network-plugin=cni --cni-conf-dir=/opt/net.d")), "/opt/net.d");
  assert.is(confDir(old, process("/usr/bin/kubelet --kubeconfig=/x")), null);
  assert.is(confDir(old, process("/usr/bin/kubelet --network-plugin=cni --container-runtime=remote")), null);
  assert.is(confDir(young, kubelet), null);
});

/** A directory of CNI configurations that CRI-O reads: their names, which of them are not valid, and what is installed. */
function chosen(files: Readonly<Record<string, string | null>>, network: string | null, bins: Facts = []): string {
  const rows = Object.entries(files).flatMap(([name, net]) => {
    const at = `${CONF_DIR}/${name}`;
    const made = netconf(at, `/k/${name}`);
    const value = net === null ? { ...made.value, valid: false, plugins: [] } : { ...made.value, name: net };
    return [file(at), { ...made, value }, file(`/k/${name}`), kubeconfig(`/k/${name}`)];
  });
  const all = [...packaged, crio(`${DROP_INS}/20`, { defaultNetwork: network }), directory(CONF_DIR), ...rows, ...bins];
  const followed = scene(all).context.derive(nodeFiles).get("n1")?.followed;
  if (followed?.state !== "followed") return followed?.state ?? "";
  return `${followed.credential.real.slice(3)} ${followed.credential.unverified.length}`;
}
const INSTALLED = [directory("/opt/cni/bin"), file("/opt/cni/bin/calico")];

test("CRI-O takes the first configuration that is valid and installed, or the network that it was told", () => {
  const two = { "10-a.conflist": "a", "20-b.conflist": "b" };
  assert.is(chosen(two, null, INSTALLED), "10-a.conflist 0");
  assert.is(chosen(two, "b", INSTALLED), "20-b.conflist 0");
  assert.is(chosen(two, "c", INSTALLED), "unknown");
  assert.is(chosen({ ...two, "05-bad.conflist": null }, null, INSTALLED), "10-a.conflist 0");
  assert.is(chosen(two, ""), "10-a.conflist 1", "whether the first one's plugin is installed is not known");
  assert.is(chosen({ "10-a.conflist": "a" }, null), "10-a.conflist 0", "there is no other");
  const none = ["/opt/cni/bin", "/usr/libexec/cni", "/usr/lib/cni"].map((dir) => directory(dir));
  assert.is(chosen(two, null, none), "unknown", "no plugin is installed: CRI-O would load none");
});

test("the default is followed to the credential like any other", () => {
  const files = [
    directory(CONF_DIR),
    file(CONFLIST),
    file(KUBECONFIG),
    netconf(CONFLIST, KUBECONFIG),
    kubeconfig(KUBECONFIG),
  ];
  for (const base of [NO_FILE, packaged])
    assert.is(
      scene([...base, ...files])
        .context.derive(nodeFiles)
        .get("n1")?.followed.state,
      "followed",
    );
});

test.run();
