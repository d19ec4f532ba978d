import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, FactKinds } from "#model/fact.js";
import { readNetconf } from "#parsers/netconf.js";
import { type Followed, nodeFiles } from "#rules/cni/_credential.js";
import { confDirOf } from "#rules/cni/_runtime.js";
import { at, fact } from "#test/rules/_facts.js";
import {
  CONF_DIR,
  CONFLIST,
  config,
  directory,
  file,
  KUBECONFIG,
  kubeconfig,
  netconf,
  plain,
  scene,
  table,
  token,
  V2,
} from "./_nodes.js";

const test = suite("what the runtime reads");

const OLD = "/opt/old/net.d";
const runtime = (runtimeVersion: string): Fact => fact("kube.node", { name: "n1", runtimeVersion });
/** A main file with a conf_dir, and a drop-in that only says something else of the same plugin. */
const dropIn = (part: Partial<FactKinds["runtime.config"]>): readonly Fact[] => [
  config({ imports: ["/etc/containerd/conf.d/*.toml"], cni: [table(V2, OLD)] }),
  config({ path: "/etc/containerd/conf.d/99-nvidia.toml", cni: [], ...part }),
];
const confDir = (...facts: readonly Fact[]): string | undefined => {
  const { view } = scene(facts);
  return confDirOf("n1", view)?.path;
};
const followed = (...facts: readonly Fact[]): Followed | undefined =>
  scene(facts).context.derive(nodeFiles).get("n1")?.followed;

test("a drop-in that says nothing of the plugin changes nothing, on any version", () => {
  for (const version of ["containerd://1.7.16", "containerd://2.1.3", ""])
    assert.is(confDir(...dropIn({ withoutCni: ["io.containerd.grpc.v1.other"] }), runtime(version)), OLD, version);
});

test("containerd 1.x replaces the section that a drop-in names, 2.x merges it", () => {
  const facts = dropIn({ withoutCni: [V2] });
  assert.is(confDir(...facts, runtime("containerd://1.7.16")), CONF_DIR);
  assert.is(confDir(...facts, runtime("containerd://2.1.3")), OLD);
  assert.is(confDir(...dropIn({ cni: [table(V2, null)] }), runtime("containerd://1.6.1")), CONF_DIR);
  const dump = config({ path: "containerd config dump", source: "dump", cni: [table(V2, "/of/the/dump")] });
  assert.is(confDir(...facts, dump, runtime("containerd://1.7.16")), "/of/the/dump");
});

test("of an unknown version it is open, and the version is what is missing", () => {
  const facts = dropIn({ withoutCni: [V2] });
  assert.is(confDir(...facts), undefined);
  const state = followed(...facts);
  assert.is(state?.state, "unknown");
  assert.match(state?.state === "unknown" ? state.missing[0].what : "", /version of containerd/);
});

const junk = (): Fact =>
  fact("cni.netconf", { path: `${CONF_DIR}/00-old.conflist`, valid: false, problem: "cut", plugins: [] }, "n1");

test("a first file that is not valid leaves containerd without a network; what CRI-O reads is not known", () => {
  const files = [...plain(), junk()];
  assert.is(followed(...files, runtime("containerd://1.7.16"))?.state, "broken");
  assert.is(followed(...files, runtime("cri-o://1.29.1"))?.state, "unknown");
});

test("max_conf_num says how many files are loaded", () => {
  const bridge = netconf(`${CONF_DIR}/05-bridge.conflist`, null);
  const of = (maxConfNum: number | null): string | undefined =>
    followed(
      ...plain().filter((f) => f.kind !== "runtime.config"),
      bridge,
      config({ cni: [table(V2, CONF_DIR, { maxConfNum })] }),
    )?.state;
  assert.is(of(null), "none");
  assert.is(of(1), "none");
  assert.is(of(2), "followed");
  assert.is(of(0), "followed");
});

test("a directory that was listed in full and holds nothing is empty; one that was not may hold something", () => {
  const state = followed(config(), directory(CONF_DIR));
  assert.is(state?.state === "none" ? state.empty?.directory.real : undefined, CONF_DIR);
  assert.is(followed(config(), directory(CONF_DIR, { listing: "truncated" }))?.state, "unknown");
});

const ISTIO = `${CONF_DIR}/ZZZ-istio-cni-kubeconfig`;
/** Calico with istio-cni chained to it: a credential each. */
const chained = (): readonly Fact[] => [
  config(),
  directory(CONF_DIR),
  file(CONFLIST),
  file(KUBECONFIG),
  file(ISTIO),
  fact(
    "cni.netconf",
    {
      path: CONFLIST,
      plugins: [
        { type: "calico", kubeconfig: KUBECONFIG, pointer: null, line: null },
        { type: "istio-cni", kubeconfig: ISTIO, pointer: null, line: null },
      ],
    },
    "n1",
  ),
  kubeconfig(KUBECONFIG),
  kubeconfig(ISTIO, token({ iat: at("2024-03-01T00:00:00Z") })),
];
const failure = (text: string): Fact =>
  fact("kube.event", {
    reason: "FailedCreatePodSandBox",
    message: `Failed to create pod sandbox: rpc error: failed to setup network for sandbox "1": ${text}`,
  });
const inUse = (...facts: readonly Fact[]): string => {
  const state = followed(...facts);
  return state?.state === "followed" ? state.credential.named : (state?.state ?? "");
};

test("of several credentials the one of the plugin that failed counts; where errors do not tell, none", () => {
  assert.is(inUse(...chained()), KUBECONFIG);
  assert.is(inUse(...chained(), failure('plugin type="calico" failed (add): Unauthorized')), KUBECONFIG);
  assert.is(inUse(...chained(), failure('plugin type="istio-cni" name="istio-cni" failed (add): Unauthorized')), ISTIO);
  assert.is(inUse(...chained(), failure("Unauthorized")), "unknown");
});

const MULTUS = JSON.stringify({
  name: "m",
  type: "multus",
  kubeconfig: "/m",
  delegates: [{ name: "k", plugins: [{ type: "calico", kubernetes: { kubeconfig: "/c" } }, { type: "portmap" }] }],
});

test("what multus delegates to has a credential of its own", () => {
  const value = readNetconf("/etc/cni/net.d/00-multus.conf", MULTUS);
  assert.ok(value.valid);
  assert.equal(
    value.plugins.map((p) => [p.type, p.kubeconfig, p.pointer, p.delegatedBy ?? null]),
    [
      ["multus", "/m", "/kubeconfig", null],
      ["calico", "/c", "/delegates/0/plugins/0/kubernetes/kubeconfig", "multus"],
      ["portmap", null, null, "multus"],
    ],
  );
});

test("of what multus calls the credential counts whose plugin the answer names", () => {
  const { plugins } = readNetconf("/etc/cni/net.d/00-multus.conf", MULTUS);
  const files = [
    fact("cni.netconf", { path: "/etc/cni/net.d/00-multus.conf", plugins }, "n1"),
    file("/etc/cni/net.d/00-multus.conf"),
  ];
  const kubeconfigs = ["/m", "/c"].flatMap((path) => [file(path), kubeconfig(path)]);
  const used = (text: string): string =>
    inUse(
      config(),
      directory(CONF_DIR),
      directory("/"),
      ...files,
      ...kubeconfigs,
      failure(`plugin type="multus" failed (add): ${text}`),
    );
  assert.is(used("Multus: [ns/pod/uid]: error getting pod: Unauthorized"), "/m");
  assert.is(used('error invoking conflistAdd - "k": plugin type="calico" failed (add): Unauthorized'), "/c");
  assert.is(
    used(
      "error adding container to network k: error getting ClusterInformation: connection is unauthorized: Unauthorized",
    ),
    "/c",
  );
  assert.is(used('error invoking conflistAdd - "k": plugin type="portmap" failed (add): Unauthorized'), "unknown");
  // No answer of an API server judges a token: then the first counts.
  assert.is(used('error invoking conflistAdd - "k": plugin type="portmap" failed (add): exit status 4'), "/m");
});

test("a plugin that asks another for addresses is refused by that one's credential, where it has none itself", () => {
  const ipam = JSON.stringify({
    cniVersion: "0.3.1",
    name: "mac",
    type: "macvlan",
    ipam: { type: "whereabouts", kubernetes: { kubeconfig: "/w" } },
  });
  const { plugins } = readNetconf("/etc/cni/net.d/10-mac.conf", ipam);
  const netconfs = [
    fact("cni.netconf", { path: "/etc/cni/net.d/10-mac.conf", plugins }, "n1"),
    file("/etc/cni/net.d/10-mac.conf"),
  ];
  const { view, context } = scene([
    config(),
    directory(CONF_DIR),
    directory("/"),
    ...netconfs,
    file("/w"),
    kubeconfig("/w"),
    failure('plugin type="macvlan" failed (add): Unauthorized'),
  ]);
  assert.equal(
    nodeFiles(view, context)
      .get("n1")
      ?.chain.map((link) => [link.followed.state, link.accused.state]),
    [["followed", "named"]],
  );
});

test.run();
