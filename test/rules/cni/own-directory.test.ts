import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, TokenValue } from "#model/fact.js";
import type { Finding } from "#model/finding.js";
import type { Rule } from "#model/rule.js";
import { writeTarget } from "#rules/cni/_writer.js";
import podGone from "#rules/cni/cni-kubeconfig-token-pod-gone.js";
import expired from "#rules/cni/cni-token-expired.js";
import { at, fact, judge } from "#test/rules/_facts.js";
import { agent, CONF_DIR, config, directory, file, kubeconfig, scene, token } from "./_nodes.js";

const test = suite("a kubeconfig in a directory of its plugin's own");

const OVER = token({ exp: at("2024-03-05T08:00:00Z") });

/** Each step of the repair with its commands. */
function told(rule: Rule, facts: readonly Fact[]): { readonly fix: string } {
  const outcome = judge(rule, scene(facts)).find((o) => o.outcome === "found");
  assert.ok(outcome, rule.id);
  const { fix } = rule.consequence({ ...outcome, ended: null } as unknown as Finding);
  return {
    fix: fix.flatMap((f) => [String(f.step), ...f.commands.flatMap((c) => [c.run, c.expect ?? ""])]).join("\n"),
  };
}

const MULTUS_D = `${CONF_DIR}/multus.d`;

/** A node on which a plugin that calls others has its kubeconfig in a directory of its own, below the configurations. */
const below = (of: TokenValue, type = "multus", dir = MULTUS_D): readonly Fact[] => [
  config(),
  directory(CONF_DIR),
  directory(dir),
  file(`${CONF_DIR}/00-multus.conf`),
  file(`${dir}/${type}.kubeconfig`, "2024-03-05T05:00:09Z"),
  fact(
    "cni.netconf",
    {
      path: `${CONF_DIR}/00-multus.conf`,
      plugins: [{ type, kubeconfig: `${dir}/${type}.kubeconfig`, pointer: "/kubeconfig", line: null }],
    },
    "n1",
  ),
  kubeconfig(`${dir}/${type}.kubeconfig`, of),
];

const ofSet = (name: string, hostPath = CONF_DIR): Fact =>
  agent(hostPath, { name: `${name}-n1x`, owner: { kind: "DaemonSet", name, uid: "ds-2" } });

test("Multus and whereabouts keep their kubeconfig in a directory of their own, below the one that is mounted", () => {
  const OLD = token({ pod: { name: "kube-multus-ds-old42", uid: "uid-gone" } });
  const cases: readonly (readonly [Rule, TokenValue, string, string])[] = [
    [podGone, OLD, "multus", "kube-multus-ds"],
    [expired, OVER, "multus", "multus"],
    [expired, OVER, "whereabouts", "whereabouts"],
    // By the pod of its token alone.
    [podGone, token({ pod: { name: "meta-cni-old42", uid: "uid-gone" } }), "multus", "meta-cni"],
  ];
  for (const [rule, of, type, set] of cases) {
    const dir = `${CONF_DIR}/${type}.d`;
    const facts = below(of, type, dir);
    // One that is no other's mounts the same directory, and is not taken for the writer.
    const { fix } = told(rule, [...facts, ofSet(set), ofSet("kube-flannel-ds")]);
    assert.match(fix, new RegExp(`^Replace ${set}-n1x on n1`), `${rule.id} ${type}`);
    assert.match(fix, new RegExp(`when was it last written\\?\nstat -c '%y %n' ${dir}/${type}\\.kubeconfig\n`));
    assert.match(fix, new RegExp(`delete pod ${set}-n1x\n`));
    assert.match(fix, new RegExp(`was it written\\?\nstat -c '%y %n' ${dir}/${type}\\.kubeconfig\n`));
  }
});

test("an installer is known where it sees the node's own directory, too; of two the one of the runtime counts", () => {
  const [ofNode, ofOthers] = ["/etc/kubernetes/cni/net.d", "/run/multus/cni/net.d"];
  const sees = (...mounts: readonly (readonly [volume: string, path: string])[]): string | undefined => {
    const { template } = agent().value;
    const containers = template.containers.map((c) => ({
      ...c,
      mounts: mounts.map(([volume, path]) => ({ volume, path })),
    }));
    const hostPaths = [
      { name: "others", path: ofOthers },
      { name: "system", path: ofNode },
    ];
    return writeTarget({ ...template, containers, hostPaths })?.hostPath;
  };
  assert.is(sees(["system", ofNode]), ofNode);
  assert.is(sees(["system", `/host${ofNode}`]), ofNode);
  assert.is(sees(["others", `/host${ofOthers}`], ["system", "/host/etc/cni/net.d"]), ofNode);
  assert.is(sees(["system", "/opt/cni/bin"]), undefined);
});

test("a DaemonSet that mounts the same directory and is another's is not said to write there", () => {
  const near: readonly (readonly [string, string, string])[] = [
    // Another plugin's, the plugin's in another directory, and a directory that is not the plugin's own.
    ["kube-flannel-ds", CONF_DIR, MULTUS_D],
    ["kube-multus-ds", "/opt/cni/conf", MULTUS_D],
    ["kube-multus-ds", CONF_DIR, `${CONF_DIR}/calico.d`],
  ];
  for (const [set, hostPath, dir] of near) {
    const { fix } = told(expired, [...below(OVER, "multus", dir), directory(hostPath), ofSet(set, hostPath)]);
    assert.not.match(fix, /Replace |delete pod/, `${set} ${hostPath} ${dir}`);
  }
  // One that has the plugin's name in an image only, such as a probe of it.
  const probe = agent(CONF_DIR, { name: "probe-n1x", owner: { kind: "DaemonSet", name: "probe", uid: "ds-3" } });
  const { template } = probe.value;
  const containers = template.containers.map((c) => ({ ...c, image: "x/multus-probe:1" }));
  const named = { ...probe, value: { ...probe.value, template: { ...template, containers } } };
  assert.not.match(told(expired, [...below(OVER), named]).fix, /Replace |delete pod/);
});

test.run();
