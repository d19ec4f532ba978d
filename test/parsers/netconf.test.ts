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
  ];
  for (const origin of others)
    assert.is(ofKind(intakeOf([artifact({ origin }), "x"]), "cni.netconf").length, 0, origin);
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
