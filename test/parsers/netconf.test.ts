import { readFileSync } from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scanJson } from "#parsers/json-scan.js";
import { readNetconf } from "#parsers/netconf.js";
import { artifact, intakeOf, ofKind } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("netconf");

const CALICO = `{
  "name": "k8s-pod-network",
  "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "calico",
      "kubernetes": {
        "kubeconfig": "/etc/cni/net.d/calico-kubeconfig"
      }
    },
    {"type": "portmap", "snat": true}
  ]
}
`;
const LIST = "/etc/cni/net.d/10-calico.conflist";

test("a list: every plugin, and where the kubeconfig is named", () => {
  const [fact] = ofKind(intakeOf([artifact({ origin: LIST }), CALICO]), "cni.netconf");
  assert.equal(fact?.value, {
    path: LIST,
    valid: true,
    problem: null,
    problemLine: null,
    name: "k8s-pod-network",
    plugins: [
      {
        type: "calico",
        kubeconfig: "/etc/cni/net.d/calico-kubeconfig",
        pointer: "/plugins/0/kubernetes/kubeconfig",
        line: 8,
      },
      { type: "portmap", kubeconfig: null, pointer: null, line: null },
    ],
  });
  assert.is(fact?.evidence.excerpt, '"kubeconfig": "/etc/cni/net.d/calico-kubeconfig"');
});

test("a single configuration, with multus' own field", () => {
  const value = readNetconf(
    "/etc/cni/net.d/00-multus.conf",
    '{"type":"multus",\n"kubeconfig":"/etc/cni/net.d/multus.d/multus.kubeconfig"}',
  );
  assert.is(value.valid, true);
  assert.equal(value.plugins[0]?.pointer, "/kubeconfig");
  assert.is(value.plugins[0]?.line, 2);
});

test("what the runtime would refuse, in own words and with its line", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [LIST, '{\n"name": "a",\n"plugins": [\n{"type": "x"},\n]\n}', /comma before a closing bracket at line 5/],
    [LIST, '{\n"name": "a",\n"token": "SECRET",\n}', /comma before a closing brace at line 4/],
    [LIST, "", /empty/],
    [LIST, '{"name":"a"', /ends before/],
    [LIST, '{"name":"a"} {}', /behind the end/],
    [LIST, "\ufeff{}", /no JSON value/],
    [LIST, '{"name":"a","plugins":[{"type":"x"}],"n":01}', /comma or a closing brace is missing/],
    [LIST, "[]", /no JSON object/],
    [LIST, '{"plugins":[{"type":"x"}]}', /no `name`/],
    [LIST, '{"name":"a"}', /no `plugins`/],
    [LIST, '{"name":"a","plugins":{}}', /no `plugins`/],
    [LIST, '{"name":"a","plugins":[]}', /no plugin/],
    [LIST, '{"name":"a","plugins":[{"kind":"x"}]}', /no `type`/],
    ["/etc/cni/net.d/a.conf", '{"name":"a"}', /no `type`/],
    ["/etc/cni/net.d/a.conf", '{"name":"a","plugins":[{"type":"x"}]}', /only a .conflist/],
  ];
  for (const [path, content, problem] of cases) {
    const value = readNetconf(path, content);
    assert.is(value.valid, false, content);
    assert.match(value.problem ?? "", problem);
    assert.not.match(value.problem ?? "", "SECRET");
  }
});

test("files that are no network configuration", () => {
  const others = [
    "/etc/cni/net.d/10-calico.conflist.bak",
    "/var/log/x.json",
    "/etc/containerd/x.json",
    "/etc/resolv.conf",
    "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf",
    "/etc/cni/net.d/calico-kubeconfig",
    "/etc/kubernetes/kubelet.conf",
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/controller-manager.conf",
    "/etc/kubernetes/manifests/kube-apiserver.json",
    "/etc/kubernetes/cloud.conf",
    "/etc/kubernetes/pki/config.json",
    "/etc/crio/crio.conf.d/00-cni.conf",
    "/etc/containers/storage.conf",
    "/etc/docker/daemon.json",
    "/etc/systemd/system/cni.service.d/10-x.conf",
    "/usr/lib/modules-load.d/cni.conf",
    "/var/lib/kubelet/config.json",
    "/var/lib/kubelet/pods/0a1b/volumes/kubernetes.io~configmap/cni/cni-conf.json",
    "/var/log/calico/cni/x.json",
    "/proc/1/root/etc/cni/net.d/10-x.conflist",
  ];
  for (const origin of others)
    assert.is(ofKind(intakeOf([artifact({ origin }), "x"]), "cni.netconf").length, 0, origin);
});

test("every directory that the collector gathers as one of configurations is read as one, and any that a runtime may name", () => {
  const steps = readFileSync(new URL("../../../collect.sh", import.meta.url), "utf8");
  const gathered = [...steps.matchAll(/^cni {2,}(\/\S+)$/gm)].flatMap((m) => m[1] ?? []);
  assert.ok(gathered.includes("/etc/kubernetes/cni/net.d") && gathered.length > 4, gathered.join(" "));
  const named = [
    "/opt/cni/conf",
    "/etc/kubernetes/cni",
    "/etc/kubernetes/net.d",
    "/etc/containerd/cni/net.d",
    "/etc/crio/cni.d",
    "/var/lib/kubelet/cni/net.d",
    "/usr/lib/cni/net.d",
    "/home/kubernetes/cni",
    "/var/lib/docker/cni",
  ];
  for (const directory of [...gathered, ...named])
    for (const name of ["00-multus.conf", "10-flannel.conflist", "20-x.json"])
      assert.is(
        ofKind(intakeOf([artifact({ origin: `${directory}/${name}` }), '{"type":"x"}']), "cni.netconf").length,
        1,
        `${directory}/${name}`,
      );
  // A list has an extension that nothing else has.
  const list = ofKind(intakeOf([artifact({ origin: "/etc/kubernetes/10-x.conflist" }), "{}"]), "cni.netconf");
  assert.is(list.length, 1);
});

test("the kubeconfig of a plugin is read below any of these directories", () => {
  const config = `apiVersion: v1\nkind: Config\nclusters: []\n`;
  for (const origin of [
    "/etc/kubernetes/cni/net.d/multus.d/multus.kubeconfig",
    "/etc/kubernetes/cni/net.d/whereabouts.d/whereabouts.kubeconfig",
    "/etc/cni/net.d/multus.d/multus.kubeconfig",
    "/run/multus/cni/net.d/10-ovn.kubeconfig",
  ]) {
    const intake = intakeOf([artifact({ origin }), config]);
    assert.is(ofKind(intake, "kubeconfig").length, 1, origin);
    assert.is(ofKind(intake, "cni.netconf").length, 0, origin);
  }
});

test("values that a collector replaced are no faults, in quotes or not", () => {
  const mark = "[REDACTED len=9 fp=0123456789abcdef]";
  const content = `{"name":"a","plugins":[{"type":"x","etcd":${mark},"b":"${mark}","c":"u=${mark}"}]}`;
  const [fact] = ofKind(intakeOf([artifact({ origin: LIST }), content]), "cni.netconf");
  assert.is(fact?.value.valid, true);
});

test("the scanner agrees with JSON.parse, and its lines with the text", () => {
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 5 }),
      fc.nat(),
      fc.constantFrom("", ",", "}", '"', "1", "\\", "\n"),
      (json, at, put) => {
        const text = `${json.slice(0, at % (json.length + 1))}${put}${json.slice(at % (json.length + 1))}`;
        const { fault } = scanJson(text);
        assert.is(fault === null, parses(text), text);
      },
    ),
  );
  assert.equal(
    [...scanJson('{"a/b":\n[1,\n{"c":2}]}').lines],
    [
      ["", 1],
      ["/a~1b", 2],
      ["/a~1b/0", 2],
      ["/a~1b/1", 3],
      ["/a~1b/1/c", 3],
    ],
  );
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("depth ends, it does not overflow", () => {
  assert.match(scanJson("[".repeat(1_000_000)).fault?.problem ?? "", /deeper/);
  assert.match(scanJson('{"a":'.repeat(1_000_000)).fault?.problem ?? "", /deeper/);
});

test("no input throws", () => {
  const mutated = fc
    .tuple(fc.nat(CALICO.length), fc.nat(20), fc.string())
    .map(([at, cut, put]) => CALICO.slice(0, at) + put + CALICO.slice(at + cut));
  const origin = fc.constantFrom(LIST, "/etc/cni/net.d/a.conf", "/etc/cni/net.d/a.json");
  fc.assert(
    fc.property(origin, fc.oneof(mutated, fc.json(), fc.string({ unit: "binary" })), (path, content) =>
      sound(intakeOf([artifact({ origin: path }), content])),
    ),
  );
});

test.run();
