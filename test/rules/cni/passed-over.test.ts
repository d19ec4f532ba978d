import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CniTable, Fact, FactKinds } from "#model/fact.js";
import type { Finding, Found } from "#model/finding.js";
import passedOver from "#rules/cni/cni-config-passed-over.js";
import { at, fact, judge, texts, verdicts } from "#test/rules/_facts.js";
import {
  agent,
  CONF_DIR,
  CONFLIST,
  config,
  directory,
  file,
  plain,
  ready,
  refusal,
  scene,
  table,
  V2,
} from "./_nodes.js";

const test = suite("a network that is passed over");

const OTHER = `${CONF_DIR}/05-bridge.conflist`;
const onPeer = (...facts: readonly Fact[]): readonly Fact[] =>
  facts.map((f) => ({ ...f, node: "n2", artifact: { ...f.artifact, node: "n2" } }) as Fact);
const calls = (path: string, ...types: readonly string[]): Fact =>
  fact(
    "cni.netconf",
    {
      path,
      name: types[0] ?? null,
      plugins: types.map((type) => ({ type, kubeconfig: null, pointer: null, line: null })),
    },
    "n1",
  );
/** n1 takes a bridge before the conflist of Calico, whose agent runs there; n2 takes Calico's. */
const node = (
  part: { conf?: Partial<CniTable>; taken?: readonly string[]; behind?: Fact; pod?: Fact } = {},
): readonly Fact[] => [
  config({ cni: [table(V2, CONF_DIR, part.conf ?? {})] }),
  directory(CONF_DIR),
  file(OTHER),
  file(CONFLIST),
  calls(OTHER, ...(part.taken ?? ["bridge", "portmap"])),
  part.behind ?? calls(CONFLIST, "calico", "portmap"),
  part.pod ?? agent(),
];
const isOf = (f: Fact, path: string): boolean =>
  f.kind === "cni.netconf" && (f as Fact<"cni.netconf">).value.path === path;
const PEER = onPeer(...plain());
const TWO = { moment: { nodes: ["n1", "n2"] } };
const verdict = (...facts: readonly Fact[]): string | undefined =>
  verdicts(judge(passedOver, scene(facts, TWO))).find((v) => v.endsWith(" n1"));

test("a plain bridge before the configuration of the agent that runs there, where a peer takes that", () => {
  const outcome = judge(passedOver, scene([...node(), ...PEER], TWO)).find((o) => o.outcome === "found") as Found;
  const said = texts(outcome.statements).join("\n");
  assert.match(said, `the runtime takes ${OTHER}, which calls bridge, and not ${CONFLIST}`);
  assert.match(said, "10-calico.conflist comes after it in ASCII order");
  assert.match(said, "On n2 the runtime takes the configuration of calico");
  const { fix } = passedOver.consequence({ ...outcome, ended: null } as unknown as Finding);
  const runs = fix.flatMap((f) => f.commands.map((c) => c.run)).join("\n");
  assert.match(runs, `[ -f ${CONFLIST} ] && [ -f ${OTHER} ] && mv ${OTHER} ${OTHER}.before`);
});

test("it is not found where no peer shows what is meant, or nothing shows that the agent's would do", () => {
  assert.is(verdict(...node()), undefined, "no peer");
  const down = agent(undefined, { conditions: [ready("False", "2024-03-05T05:00:00Z")] });
  assert.is(verdict(...node({ pod: down }), ...PEER), undefined, "its agent is not ready");
  assert.is(verdict(...node({ conf: { maxConfNum: 0 } }), ...PEER), undefined, "all are taken");
  assert.is(verdict(...node({ behind: calls(CONFLIST, "macvlan") }), ...PEER), undefined, "nobody's agent runs");
  assert.is(verdict(...plain(), agent(), ...PEER), undefined, "one file");
});

test("a chain, or a plugin that calls others, that has the agent's in it passes nothing over", () => {
  const chained = node({ taken: ["calico", "istio-cni"] });
  assert.is(verdict(...chained, ...PEER), "refuted n1");
  const multus = fact(
    "cni.netconf",
    {
      path: OTHER,
      plugins: [
        { type: "multus", kubeconfig: null, pointer: null, line: null },
        { type: "calico", kubeconfig: null, pointer: null, line: null, delegatedBy: "multus" },
      ],
    },
    "n1",
  );
  const facts = node().map((f) => (isOf(f, OTHER) ? multus : f));
  assert.is.not(verdict(...facts, ...PEER), "found n1");
});

test("a file beside it that nobody read leaves it open", () => {
  assert.is(verdict(...node().filter((f) => !isOf(f, CONFLIST)), ...PEER), "undetermined n1");
});

test("calls of the plugin that is taken fail because of it, and those of another do not", () => {
  const errors = (type: string): readonly string[] | undefined => {
    const world = scene([...node(), ...PEER], TWO);
    const message = `failed to setup network for sandbox "x": plugin type="${type}" failed (add): no IP addresses available`;
    world.publish("sym:failed-create-sandbox", [{ ...refusal("other:no addresses"), value: { message } }]);
    return (judge(passedOver, world).find((o) => o.outcome === "found") as Found).about.error;
  };
  assert.equal(errors("bridge"), ["other:no addresses"]);
  assert.is(errors("calico"), undefined);
});

test("what is not known to need no agent is not called another network", () => {
  for (const type of ["multus-shim", "hybridnet", "cilium-cni", "azure-vnet"])
    assert.is(verdict(...node({ taken: [type] }), ...PEER), undefined, type);
});

test("a plain plugin may be the work of another pod that installs networks there, or goes by the name of an agent", () => {
  const beside = (name: string, part: Partial<FactKinds["kube.pod"]> = {}): Fact =>
    agent(CONF_DIR, { name: `${name}-x`, uid: "uid-beside", owner: { kind: "DaemonSet", name, uid: "ds-2" }, ...part });
  assert.is(verdict(...node(), beside("own-net"), ...PEER), undefined, "it writes there");
  const bare = { template: { containers: [], hostPaths: [], serviceAccount: null, hostNetwork: true } };
  assert.is(verdict(...node(), beside("kube-router", bare), ...PEER), undefined, "its name is an agent's");
  assert.is(verdict(...node(), beside("node-exporter", bare), ...PEER), "found n1");
  assert.is(
    verdict(...node(), beside("kube-router", { ...bare, deletion: at("2024-03-05T10:00:00Z") }), ...PEER),
    "found n1",
    "it goes",
  );
});

test("what runs beside it on the peers as well does not explain the difference", () => {
  const bare = { template: { containers: [], hostPaths: [], serviceAccount: null, hostNetwork: true } };
  const companion = (name: string, n: string, part: Partial<FactKinds["kube.pod"]> = {}): Fact =>
    agent(CONF_DIR, {
      name: `${name}-${n}`,
      uid: `uid-${n}`,
      node: n,
      owner: { kind: "DaemonSet", name, uid: "ds-2" },
      ...part,
    });
  const on = (n: string, part = {}) => companion("istio-cni-node", n, part);
  assert.is(verdict(...node(), on("n1"), ...PEER, on("n2")), "found n1");
  assert.is(verdict(...node(), on("n1"), ...PEER), undefined);
  assert.is(verdict(...node(), on("n1", { phase: "Failed" }), ...PEER), "found n1", "it is over");
  const kindnet = (n: string): Fact => companion("kindnet", n, bare);
  assert.is(verdict(...node(), kindnet("n1"), ...PEER, kindnet("n2")), undefined, "its network is a plain plugin");
  const fixed = { ...bare, owner: { kind: "Node", name: "n1", uid: "n" } };
  assert.is(verdict(...node(), companion("kube-router", "n1", fixed), ...PEER), undefined, "a static pod");
  const service = fact("process", { pid: 9, name: "kube-router", cmdline: "kube-router" }, "n1");
  assert.is(verdict(...node(), service, ...PEER), undefined, "a service");
});

test("one node does not accuse as many others", () => {
  const bridge = (n: string): readonly Fact[] =>
    node()
      .filter((f) => f.kind !== "kube.pod")
      .map((f) => ({ ...f, node: n, artifact: { ...f.artifact, node: n } }) as Fact);
  const world = (...more: readonly Fact[]) =>
    verdicts(
      judge(passedOver, scene([...node(), ...PEER, ...more], { moment: { nodes: ["n1", "n2", "n3", "n4"] } })),
    ).find((v) => v.endsWith(" n1"));
  assert.is(world(...bridge("n3")), undefined);
  const fourth = plain().map((f) => ({ ...f, node: "n4", artifact: { ...f.artifact, node: "n4" } }) as Fact);
  assert.is(world(...bridge("n3"), ...fourth), undefined, "two against two");
  assert.is(world(...fourth), "found n1");
  // one that nobody read may take either
  const cluster = ["n1", "n2", "n3"].map((name) => fact("kube.node", { name }, name));
  assert.is(world(...cluster), "undetermined n1");
  assert.is(world(...cluster.slice(0, 2)), "found n1");
});

test("that the node is meant to be as its peers is no more than likely, and asked", () => {
  const outcome = judge(passedOver, scene([...node(), ...PEER], TWO)).find((o) => o.outcome === "found") as Found;
  assert.equal(outcome.unverified, ["that n1 is meant to have the network of n2"]);
  const { fix, questions } = passedOver.consequence({ ...outcome, ended: null } as unknown as Finding);
  assert.match(String(fix[0]?.step), /^Where n1 is meant to have the network of n2, take/);
  assert.match(questions.join(), /^Is n1 meant to have another network than n2/);
});

test("what CRI-O takes of several is not told where nobody listed its plugins", () => {
  const own = "/etc/crio/crio.conf.d/10-crio.conf";
  const crio = [
    fact("kube.node", { name: "n1", runtimeVersion: "cri-o://1.29.1" }),
    fact("process", { pid: 1, name: "x", cmdline: "/usr/bin/crio" }, "n1"),
    fact("path", { path: "/etc/crio/crio.conf", type: "absent" }, "n1"),
    directory("/etc/crio/crio.conf.d"),
    file(own),
    fact(
      "crio.config",
      {
        path: own,
        source: "file",
        valid: true,
        networkDir: CONF_DIR,
        defaultNetwork: null,
        pluginDirs: ["/opt/x"],
        dirLine: null,
        networkLine: null,
      },
      "n1",
    ),
    directory(CONF_DIR),
    file(CONFLIST),
    file(`${CONF_DIR}/100-crio-bridge.conf`),
    calls(CONFLIST, "calico"),
    calls(`${CONF_DIR}/100-crio-bridge.conf`, "bridge"),
    agent(),
  ];
  const [outcome] = judge(passedOver, scene(crio));
  assert.is(outcome?.outcome, "undetermined");
  const [missing] = outcome?.outcome === "undetermined" ? outcome.missing : [];
  assert.match(missing?.what ?? "", "the listing of /opt/x, where the runtime of n1 looks for plugins");
  assert.match(missing?.command ?? "", "ls -l /opt/x");
  assert.is(missing?.why, "not listed");
});

test.run();
