import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evidenceIn } from "#model/evidence.js";
import type { Fact } from "#model/fact.js";
import type { Finding, Found, Outcome } from "#model/finding.js";
import { formatUtc } from "#model/instant.js";
import type { Rule } from "#model/rule.js";
import diverged from "#rules/cni/cni-conf-dir-diverged.js";
import expired from "#rules/cni/cni-token-expired.js";
import { at, fact, judge, publish, texts } from "#test/rules/_facts.js";
import {
  agent,
  CONF_DIR,
  CONFLIST,
  config,
  directory,
  file,
  KUBECONFIG,
  kubeconfig,
  link,
  netconf,
  refusal,
  scene,
  table,
  token,
  V2,
} from "./_nodes.js";

const test = suite("a path that was switched to an old token");

const GOOD = "/opt/cni/conf";
const MAIN = "/etc/containerd/config.toml";
const DROP_IN = "/etc/containerd/conf.d/50-pause.toml";
const SWITCH = "2024-03-05T08:00:00Z";

const own = (path: string, part: Parameters<typeof config>[0]): Fact => {
  const made = config({ path, ...part });
  const artifact = { ...made.artifact, member: `node${path}`, origin: path };
  return { ...made, artifact, evidence: evidenceIn(artifact, { kind: "whole" }, path) } as Fact;
};

/** containerd 1.7: the main file sets conf_dir, a drop-in with the same section replaces it whole; the default directory holds an old token. */
const dropped = (written = SWITCH, drop: Parameters<typeof config>[0] = { cni: [], withoutCni: [V2] }) => [
  fact("kube.node", { name: "n1", runtimeVersion: "containerd://1.7.22" }),
  own(MAIN, { imports: ["/etc/containerd/conf.d/*.toml"], cni: [table(V2, GOOD, { line: 7 })] }),
  own(DROP_IN, drop),
  file(DROP_IN, written),
  directory(GOOD),
  file(`${GOOD}/10-calico.conflist`),
  file(`${GOOD}/calico-kubeconfig`, "2024-03-05T10:00:00Z"),
  directory(CONF_DIR),
  file(CONFLIST, "2024-02-28T06:00:00Z"),
  file(KUBECONFIG, "2024-02-28T06:00:00Z"),
  netconf(CONFLIST, KUBECONFIG),
  kubeconfig(KUBECONFIG, token({ iat: at("2024-02-28T06:00:00Z"), exp: at("2024-02-29T06:00:00Z") })),
  kubeconfig(`${GOOD}/calico-kubeconfig`),
  agent(GOOD),
];

const foundBy = (rule: Rule, facts: readonly Fact[], refused: readonly Found[] = []): Found => {
  const world = publish(scene(facts), diverged);
  world.publish("sym:failed-create-sandbox", refused);
  return judge(rule, world).find((o: Outcome) => o.outcome === "found") as Found;
};
const onset = (...of: Parameters<typeof foundBy>): string =>
  formatUtc(foundBy(...of).since ?? at("2000-01-01T00:00:00Z"));
const story = ({ statements }: Found): string => texts(statements).join("\n");

test("an expired token does no harm before the plugin is led to it", () => {
  const outcome = foundBy(expired, dropped());
  assert.is(formatUtc(outcome.since ?? at(SWITCH)), SWITCH);
  assert.match(
    story(outcome),
    /The plugin has read it since 2024-03-05T08:00:00Z at the earliest: that is when \S+50-pause\.toml was last written/,
  );
  // Where it was switched while the token was good, the end of the token is the onset.
  assert.is(onset(expired, dropped("2024-02-28T12:00:00Z")), "2024-02-29T06:00:00Z");
  assert.not.match(story(foundBy(expired, dropped("2024-02-28T12:00:00Z"))), /at the earliest/);
  // Nor does it count where what was read before had ended as well.
  const dead = dropped().filter(
    (f) => !(f.kind === "kubeconfig" && JSON.stringify(f.value).includes(`"path":"${GOOD}`)),
  );
  const copy = kubeconfig(`${GOOD}/calico-kubeconfig`, token({ exp: at("2024-03-01T06:00:00Z") }));
  assert.is(onset(expired, [...dead, copy]), "2024-02-29T06:00:00Z");
  // One that was written when calls failed already tells of nothing.
  assert.is(onset(expired, dropped("2024-03-05T10:10:00Z"), [refusal("401")]), "2024-02-29T06:00:00Z");
});

test("nor before a link on its way was made", () => {
  const linked = (made: string) => [
    config(),
    link(CONF_DIR, GOOD, made),
    directory(GOOD),
    file(`${GOOD}/10-calico.conflist`),
    file(`${GOOD}/calico-kubeconfig`, "2024-02-28T06:00:00Z"),
    netconf(`${GOOD}/10-calico.conflist`, KUBECONFIG),
    kubeconfig(
      `${GOOD}/calico-kubeconfig`,
      token({ iat: at("2024-02-28T06:00:00Z"), exp: at("2024-02-29T06:00:00Z") }),
    ),
    agent(),
  ];
  assert.is(onset(expired, linked(SWITCH)), SWITCH);
  assert.match(story(foundBy(expired, linked(SWITCH))), /that is when the link \/etc\/cni\/net\.d was made/);
  assert.is(onset(expired, linked("2024-02-01T00:00:00Z")), "2024-02-29T06:00:00Z");
  assert.is(onset(expired, linked("2024-03-05T10:10:00Z"), [refusal("401")]), "2024-02-29T06:00:00Z");
});

test("a file that drops conf_dir is not asked to show one", () => {
  const outcome = foundBy(diverged, dropped());
  assert.match(
    story(outcome),
    /config\.toml sets conf_dir to \/opt\/cni\/conf, where the agent writes; \S+50-pause\.toml, which it imports, has the same section without conf_dir, and that section counts in its place/,
  );
  const { fix, questions, actions, stops } = diverged.consequence({ ...outcome, ended: null } as unknown as Finding);
  const steps = fix.flatMap((f) => [f.step, ...f.commands.map((c) => `${c.run} → ${c.expect}`)]).join("\n");
  assert.match(steps, /grep -c conf_dir \/etc\/containerd\/conf\.d\/50-pause\.toml \|\| true → 0/);
  assert.match(steps, /Have the runtime on n1 read \/opt\/cni\/conf: .*50-pause\.toml replaces the whole section/);
  assert.not.match(steps, /change conf_dir/);
  const rest = [...questions, ...actions.map((a) => String(a.title)), String(stops)].join("\n");
  assert.not.match(rest, /50-pause\.toml,? (which )?sets/);
  assert.match(rest, /50-pause\.toml drops/);
});

test("one that sets it is told as before", () => {
  const outcome = foundBy(diverged, dropped(SWITCH, { cni: [table(V2, CONF_DIR, { line: 2 })] }));
  const { fix } = diverged.consequence({ ...outcome, ended: null } as unknown as Finding);
  assert.match(fix.map((f) => f.step).join(), /change conf_dir in \/etc\/containerd\/conf\.d\/50-pause\.toml/);
});

test.run();
