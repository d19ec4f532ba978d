import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, FactKinds } from "#model/fact.js";
import type { Finding, Found } from "#model/finding.js";
import { plainText } from "#model/statement.js";
import diverged from "#rules/cni/cni-conf-dir-diverged.js";
import runtimeConfig from "#rules/timeline/runtime-config.js";
import { at, fact, judge, publish, rows, texts } from "#test/rules/_facts.js";
import {
  agent,
  CONF_DIR,
  CONFLIST,
  config,
  directory,
  file,
  KUBECONFIG,
  kubeconfig,
  netconf,
  scene,
  table,
  token,
  V2,
  V3,
} from "./_nodes.js";

const test = suite("the configuration of a runtime is mended where it lasts, by the runtime's own means");

const OTHER = "/opt/cni/conf";
const on = (node: string, member: string, made: Fact): Fact =>
  ({ ...made, node, artifact: { ...made.artifact, node, member, origin: member } }) as Fact;
const setBy = (path: string, dir: string, version: number, node: string): Fact =>
  on(node, `node${path}`, config({ path, version, cni: [table(version >= 3 ? V3 : V2, dir, { line: 3 })] }, node));
const crio = (networkDir: string, node: string, part: Partial<FactKinds["crio.config"]> = {}): readonly Fact[] => [
  on(
    node,
    "node/etc/crio/crio.conf",
    fact(
      "crio.config",
      {
        path: "/etc/crio/crio.conf",
        source: "file",
        valid: true,
        networkDir,
        defaultNetwork: null,
        pluginDirs: null,
        dirLine: 2,
        networkLine: null,
        ...part,
      },
      node,
    ),
  ),
  directory("/etc/crio/crio.conf.d", {}, node),
  // CRI-O takes what is installed only.
  directory("/opt/cni/bin", {}, node),
  file("/opt/cni/bin/calico", undefined, node),
];
const process = (cmdline: string, node: string): Fact => fact("process", { pid: 1, name: "x", cmdline }, node);

/** A node with two directories: n1 reads the other one, whose token is old; n2 reads the one that the agent renews. */
const both = (of: (dir: string, node: string) => readonly Fact[], nodeInfo: object): readonly Fact[] => [
  ...["n1", "n2"].flatMap((node) => [
    fact("kube.node", { name: node, runtimeVersion: "containerd://1.7.22", ...nodeInfo }),
    ...of(node === "n1" ? OTHER : CONF_DIR, node),
    directory(CONF_DIR, {}, node),
    file(CONFLIST, undefined, node),
    file(KUBECONFIG, "2024-03-05T09:30:00Z", node),
    netconf(CONFLIST, KUBECONFIG, node),
    kubeconfig(KUBECONFIG, token(), node),
    agent(CONF_DIR, { name: `calico-node-${node}`, uid: `uid-${node}`, node }),
  ]),
  directory(OTHER),
  file(`${OTHER}/10-calico.conflist`, "2024-03-01T00:00:00Z"),
  file(`${OTHER}/calico-kubeconfig`, "2024-03-01T00:00:00Z"),
  netconf(`${OTHER}/10-calico.conflist`, `${OTHER}/calico-kubeconfig`),
  kubeconfig(
    `${OTHER}/calico-kubeconfig`,
    token({ iat: at("2024-03-01T00:00:00Z"), exp: at("2025-03-01T00:00:00Z"), pod: { name: "gone", uid: "uid-gone" } }),
  ),
];

function remedy(facts: readonly Fact[]) {
  const outcomes = judge(diverged, scene(facts, { moment: { nodes: ["n1", "n2"] } }));
  const found = outcomes.find((o) => o.outcome === "found" && o.subject === "n1") as Found;
  assert.is(found?.value["differs"], "configuration");
  const { fix, verify, actions, questions, stops } = diverged.consequence({
    ...found,
    ended: null,
  } as unknown as Finding);
  const steps = fix.map((f) => (typeof f.step === "string" ? f.step : plainText({ parts: f.step })));
  const commands = [...fix.flatMap((f) => f.commands), ...verify.flat()].map((c) => `${c.run}\n→ ${c.expect}`);
  return { steps, commands: commands.join("\n"), actions, said: [...questions.map(String), stops].join("\n") };
}

/** What is of another runtime, or of a plain containerd. */
const PLAIN = / \/etc\/containerd|containerd config dump|restart containerd/;

for (const [distro, units] of [
  ["k3s", "k3s-agent"],
  ["rke2", "rke2-server"],
] as const)
  test(`${distro} writes its file anew at each start: the template beside it is what lasts`, () => {
    const dir = `/var/lib/rancher/${distro}/agent/etc/containerd`;
    const of = (version: number) =>
      remedy([
        ...both((set, node) => [setBy(`${dir}/config.toml`, set, version, node)], {
          kubeletVersion: `v1.29.4+${distro}r1`,
        }),
        fact("log", { source: units, kind: "journal", sample: "x" }, "n1"),
      ]);
    const { steps, commands, actions, said } = of(2);
    assert.match(steps.join("\n"), new RegExp(`as on n2: ${distro} writes .*config\\.toml anew at each start`));
    assert.match(commands, new RegExp(`EDITOR.*${dir}/config\\.toml\\.tmpl\\n`));
    assert.not.match(commands, /EDITOR[^\n]*config\.toml\n/);
    assert.match(commands, new RegExp(`systemctl restart ${units}\n`));
    assert.match(commands, distro === "k3s" ? /k3s crictl info \| grep/ : /\/rke2\/bin\/crictl info \| grep/);
    assert.match(commands, /→ "confDir": "\/etc\/cni\/net\.d"/);
    assert.not.match(commands, PLAIN);
    // What the new file comes to shows only once it was written.
    assert.ok(commands.indexOf("systemctl restart") < commands.indexOf("crictl info"));
    assert.match(JSON.stringify(actions), /config\.toml\.tmpl/);
    assert.match(said, new RegExp(`${distro} on n1 write`));
    assert.match(of(3).commands, /config-v3\.toml\.tmpl/);
  });

test("what the daemon's dump tells is changed in the file that it was asked of, where that sets it", () => {
  const path = "/var/lib/rancher/k3s/agent/etc/containerd/config.toml";
  const of = (command: string, inFile = OTHER) =>
    remedy(
      both(
        (set, node) => [
          setBy(path, node === "n1" ? inFile : set, 2, node),
          on(
            node,
            "node/cmd/dump",
            config({ path: command, source: "dump", cni: [table(V2, set, { line: 9 })] }, node),
          ),
        ],
        {},
      ),
    ).commands;
  assert.match(of(`containerd --config ${path} config dump`), /EDITOR[^\n]*config\.toml\.tmpl\n[\s\S]*k3s crictl info/);
  for (const other of [of("containerd config dump"), of(`containerd --config ${path} config dump`, "/else")])
    assert.not.match(other, /tmpl|EDITOR/);
});

test("a drop-in that k3s imports is no file that it writes", () => {
  const dir = "/var/lib/rancher/k3s/agent/etc/containerd";
  const dropIn = `${dir}/config-v3.toml.d/x.toml`;
  const { commands } = remedy([
    ...both(
      (_, node) => {
        const main = config(
          {
            path: `${dir}/config.toml`,
            version: 3,
            imports: [`${dir}/config-v3.toml.d/*.toml`],
            cni: [table(V3, CONF_DIR, { line: 3 })],
          },
          node,
        );
        return [on(node, `node${dir}/config.toml`, main), directory(`${dir}/config-v3.toml.d`, {}, node)];
      },
      { runtimeVersion: "containerd://2.0.4-k3s2" },
    ),
    setBy(dropIn, OTHER, 3, "n1"),
    file(dropIn),
  ]);
  assert.match(commands, /EDITOR[^\n]*config-v3\.toml\.d\/x\.toml\n/);
  assert.not.match(commands, /tmpl/);
  assert.match(commands, /k3s crictl info/);
});

test("MicroK8s makes its file of a template", () => {
  const args = "/var/snap/microk8s/current/args";
  const of = (name: string) => remedy(both((set, node) => [setBy(`${args}/${name}`, set, 2, node)], {}));
  for (const { commands } of [of("containerd.toml"), of("containerd-template.toml")]) {
    assert.match(commands, /EDITOR[^\n]*args\/containerd-template\.toml\n/);
    assert.match(
      commands,
      /snap restart microk8s\.daemon-containerd[\s\S]*grep -n conf_dir [^\n]*args\/containerd\.toml\n/,
    );
    assert.not.match(commands, PLAIN);
  }
});

test("CRI-O has a setting, a check and a unit of its own", () => {
  const reported = { runtimeVersion: "cri-o://1.29.2" };
  const { steps, commands, actions, said } = remedy([
    ...both((set, node) => [...crio(set, node), process("/usr/bin/crio", node)], reported),
    file(`/opt/cni/bin/calico`),
  ]);
  assert.match(steps.join("\n"), /change network_dir in \/etc\/crio\/crio\.conf/);
  assert.match(commands, /EDITOR[^\n]*\/etc\/crio\/crio\.conf\n/);
  assert.match(commands, /crio config .*grep network_dir\n→ network_dir = "\/etc\/cni\/net\.d"/);
  assert.match(commands, /systemctl restart crio\n/);
  assert.match(said, /\/etc\/crio\/crio\.conf/);
  for (const text of [...steps, commands, JSON.stringify(actions.slice(0, 2)), said])
    assert.not.match(text, /containerd|\bconf_dir/);
  const flagged = remedy(
    both((set, node) => [...crio("/x", node), process(`/usr/bin/crio --cni-config-dir=${set}`, node)], reported),
  );
  assert.match(flagged.steps.join("\n"), /change --cni-config-dir on the command line of crio/);
  assert.match(flagged.commands, /systemctl cat crio[\s\S]*systemctl restart crio/);
  assert.not.match(flagged.commands, /containerd|conf_dir|EDITOR/);
});

test("what stands before Docker is set up by its command line", () => {
  const of = (line: string, part: object) =>
    remedy(both((set, node) => [process(`${line} --cni-conf-dir=${set}`, node)], part));
  const shim = of("/usr/bin/cri-dockerd --network-plugin=cni", { runtimeVersion: "docker://24.0.7" });
  assert.match(shim.steps.join("\n"), /change --cni-conf-dir on the command line of cri-dockerd/);
  assert.match(shim.commands, /systemctl cat cri-docker\b[\s\S]*systemctl restart cri-docker\n/);
  const old = of("/usr/bin/kubelet --network-plugin=cni", {
    runtimeVersion: "docker://20.10.7",
    kubeletVersion: "v1.22.3",
  });
  assert.match(old.commands, /systemctl cat kubelet\b[\s\S]*systemctl restart kubelet\n/);
  for (const { commands } of [shim, old]) assert.not.match(commands, /containerd|EDITOR/);
});

test("when a file was last made of a template does not tell since when it says so", () => {
  const sinceOf = (path: string) => {
    const facts = [...both((set, node) => [setBy(path, set, 2, node)], {}), file(path, "2024-03-05T08:00:00Z")];
    const world = publish(scene(facts, { moment: { nodes: ["n1", "n2"] } }), diverged);
    const found = judge(diverged, world).find((o) => o.outcome === "found") as Found;
    return [
      found.since !== null,
      rows(runtimeConfig, world).length,
      texts(found.statements).join().includes("was last written at 2024-03-05T08"),
    ];
  };
  assert.equal(sinceOf("/etc/containerd/config.toml"), [true, 1, true]);
  assert.equal(sinceOf("/var/snap/microk8s/current/args/containerd-template.toml"), [true, 1, true]);
  assert.equal(sinceOf("/var/snap/microk8s/current/args/containerd.toml"), [false, 0, false]);
  assert.equal(sinceOf("/var/lib/rancher/k3s/agent/etc/containerd/config.toml"), [false, 0, false]);
});

test("near miss: a plain containerd is mended as ever", () => {
  const { steps, commands } = remedy(both((set, node) => [setBy("/etc/containerd/config.toml", set, 2, node)], {}));
  assert.match(steps.join("\n"), /change conf_dir in \/etc\/containerd\/config\.toml, then restart/);
  assert.match(commands, /containerd config dump \| grep conf_dir[\s\S]*systemctl restart containerd\n/);
  assert.not.match(commands, /tmpl|template|crictl/);
});

test("a runtime that reads an empty directory gets one repair, and not two against each other", () => {
  const facts = both((set, node) => [setBy("/etc/containerd/config.toml", set, 2, node)], {}).filter(
    (f) =>
      !JSON.stringify(f.value).includes(`${OTHER}/`) &&
      !(f.kind === "kube.node" && JSON.stringify(f.value).includes('"name":"n1"')),
  );
  const notReady = {
    type: "Ready",
    status: "False",
    reason: "KubeletNotReady",
    message: "NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
    since: at("2024-03-05T08:00:00Z"),
    heartbeat: at("2024-03-05T10:29:00Z"),
  };
  const { actions, steps } = remedy([
    ...facts,
    fact("kube.node", { name: "n1", runtimeVersion: "containerd://1.7.22", conditions: [notReady] }),
  ]);
  const [repair] = actions.filter((a) => a.type === "repair");
  assert.match(
    String(repair?.title),
    /Have the container runtime on n1 read \/etc\/cni\/net\.d, where kube-system\/calico-node writes/,
  );
  assert.not.match(JSON.stringify([actions, steps]), /where the runtime reads it|hostPath of the volume/);
});

test.run();
