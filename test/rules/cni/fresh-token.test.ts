import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import type { Finding, Found } from "#model/finding.js";
import type { Rule } from "#model/rule.js";
import diverged from "#rules/cni/cni-conf-dir-diverged.js";
import podGone from "#rules/cni/cni-kubeconfig-token-pod-gone.js";
import expired from "#rules/cni/cni-token-expired.js";
import signingKey from "#rules/cni/token-signing-key-changed.js";
import { at, fact, judge } from "#test/rules/_facts.js";
import { agent, CONFLIST, directory, file, KUBECONFIG, kubeconfig, plain, refusal, scene, token } from "./_nodes.js";

const test = suite("what would bring the plugin a token that is accepted");

const OVER = token({ exp: at("2024-03-05T08:00:00Z") });
const readAt = (of: Fact, time: string): Fact =>
  of.kind === "kubeconfig" ? ({ ...of, artifact: { ...of.artifact, collectedAt: at(time) } } as Fact) : of;

/** The same node, whose conflist is another plugin's. */
const ofPlugin = (type: string, facts: readonly Fact[]): readonly Fact[] =>
  facts.map((f) =>
    f.kind === "cni.netconf"
      ? fact(
          "cni.netconf",
          { path: CONFLIST, plugins: [{ type, kubeconfig: KUBECONFIG, pointer: "/plugins/0", line: null }] },
          "n1",
        )
      : f,
  );

/** Each step of the repair with its commands, then the checks of it. */
function told(rule: Rule, facts: readonly Fact[], error?: string): { readonly fix: string; readonly verify: string } {
  const world = scene(facts);
  if (error) world.publish("sym:failed-create-sandbox", [refusal(error)]);
  const outcome = judge(rule, world).find((o) => o.outcome === "found") as Found | undefined;
  assert.ok(outcome, rule.id);
  const { fix, verify } = rule.consequence({ ...outcome, ended: null } as unknown as Finding);
  const lines = fix.flatMap((f) => [String(f.step), ...f.commands.flatMap((c) => [c.run, c.expect ?? ""])]);
  return {
    fix: lines.join("\n"),
    verify: verify.flatMap((v) => ("run" in v ? [v.run, v.expect ?? ""] : v.map((c) => c.run))).join("\n"),
  };
}

test("a pod that started after the file was read may have written it since: that is looked at before it is replaced", () => {
  const before = plain(OVER).map((f) => readAt(f, "2024-03-05T10:20:00Z"));
  const { fix } = told(expired, [...before, agent(undefined, {}, "2024-03-05T10:25:00Z")]);
  assert.match(fix, /^Look first whether calico-node-x on n1, which started after the file had been read, has written/);
  const [asks, replaces] = [fix.indexOf("is the token that the plugin is given accepted?"), fix.indexOf("delete pod")];
  assert.ok(asks > 0 && replaces > asks);
  assert.match(fix.slice(0, replaces), /# only where the token is still refused\nkubectl -n kube-system $/);
});

test("one that ran before the file was read has left it as it was: it is replaced", () => {
  const after = plain(OVER).map((f) => readAt(f, "2024-03-05T10:25:00Z"));
  const { fix } = told(expired, [...after, agent(undefined, {}, "2024-03-05T10:20:00Z")]);
  assert.match(fix, /^Replace calico-node-x on n1/);
  assert.not.match(fix, /Look first/);
});

test("Calico's plugin is asked for by what it asks itself; of another it is not known what its account may read", () => {
  const GONE = token({ pod: { name: "gone", uid: "uid-gone" } });
  const cases: readonly (readonly [Rule, readonly Fact[], string | undefined])[] = [
    [podGone, [...plain(GONE), agent()], undefined],
    [signingKey, [...plain(token({ kid: "k0" })), fact("kube.jwks", { kids: ["k1"] })], "401"],
  ];
  for (const [rule, facts, error] of cases) {
    assert.match(
      told(rule, facts, error).verify,
      /get clusterinformations\.crd\.projectcalico\.org default\n/,
      rule.id,
    );
    const { fix, verify } = told(rule, ofPlugin("multus", facts), error);
    assert.match(
      verify,
      /is the token that multus is given accepted\?\nkubectl --kubeconfig \S+ get --raw \/version\n/,
    );
    assert.not.match(fix + verify, /projectcalico/, rule.id);
  }
});

test("the file of another plugin, of which nobody knows who writes it, is asked with in the repair, too", () => {
  const facts = [...plain(token({ kid: "k0" })), fact("kube.jwks", { kids: ["k1"] })];
  assert.match(
    told(signingKey, ofPlugin("multus", facts), "401").fix,
    /multus is given accepted\?\n.* --raw \/version\n/,
  );
  assert.match(told(signingKey, facts, "401").fix, /the plugin is given accepted\?\n.* default\n/);
});

test("an installer that takes no CNI_NET_DIR is not told to set it", () => {
  const apart = [
    ...plain(token({ iat: at("2024-03-04T06:00:00Z") })),
    directory("/opt/cni"),
    file("/opt/cni/10-calico.conflist"),
    file("/opt/cni/calico-kubeconfig", "2024-03-05T09:30:00Z"),
    kubeconfig("/opt/cni/calico-kubeconfig", token({ iat: at("2024-03-05T09:30:00Z") })),
  ];
  const writer = (image: string, env: Readonly<Record<string, string>> = {}): Fact => {
    const pod = agent("/opt/cni");
    const { template } = pod.value;
    const [first] = template.containers;
    assert.ok(first);
    return { ...pod, value: { ...pod.value, template: { ...template, containers: [{ ...first, image, env }] } } };
  };
  const step = (pod: Fact): string => told(diverged, [...apart, pod]).fix;
  assert.match(
    step(writer("docker.io/calico/cni:v3.29.3")),
    /the volume cni-net-dir and CNI_NET_DIR of the installer to/,
  );
  assert.match(step(writer("x/y:1", { CNI_NET_DIR: "/opt/cni" })), /and CNI_NET_DIR of the installer to/);
  assert.match(step(writer("x/y:1")), /the volume cni-net-dir to \/etc\/cni\/net\.d and let/);
});

test.run();
