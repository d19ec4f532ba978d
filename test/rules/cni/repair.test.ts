import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, FactKinds } from "#model/fact.js";
import type { Finding, Found, Outcome } from "#model/finding.js";
import { formatUtc } from "#model/instant.js";
import type { Rule } from "#model/rule.js";
import { plainText } from "#model/statement.js";
import agentUnhealthy from "#rules/cni/cni-agent-unhealthy.js";
import diverged from "#rules/cni/cni-conf-dir-diverged.js";
import podGone from "#rules/cni/cni-kubeconfig-token-pod-gone.js";
import expired from "#rules/cni/cni-token-expired.js";
import moved from "#rules/cni/cni-writer-path-changed.js";
import crashLoop from "#rules/kubelet/sym-crash-loop.js";
import runtimeConfig from "#rules/timeline/runtime-config.js";
import { at, fact, judge, publish, rows, texts, verdicts } from "#test/rules/_facts.js";
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
  plain,
  ready,
  refusal,
  said,
  scene,
  table,
  token,
  V3,
} from "./_nodes.js";

const test = suite("what differs, since when, and what mends it");

const OTHER = "/opt/cni/conf";
const DROP_IN = "/etc/containerd/conf.d/99.toml";
const sayings = (outcomes: readonly Outcome[]): string =>
  texts(outcomes.flatMap((o) => ("statements" in o ? o.statements : []))).join("\n");
const foundIn = (outcomes: readonly Outcome[]): Found => outcomes.find((o) => o.outcome === "found") as Found;
const onPeer = (...facts: readonly Fact[]): readonly Fact[] =>
  facts.map((f) => ({ ...f, node: "n2", artifact: { ...f.artifact, node: "n2" } }) as Fact);
const peerAgent = (part: Partial<FactKinds["kube.pod"]> = {}) =>
  agent(CONF_DIR, { name: "calico-node-y", uid: "uid-y", node: "n2", ...part });
const TWO = { moment: { nodes: ["n1", "n2"] } };
const consequence = (rule: Rule, outcomes: readonly Outcome[], ended: Finding["ended"] = null) =>
  rule.consequence({ ...foundIn(outcomes), ended } as unknown as Finding);
const commands = (rule: Rule, outcomes: readonly Outcome[]): string =>
  consequence(rule, outcomes)
    .fix.flatMap((f) => [
      typeof f.step === "string" ? f.step : plainText({ parts: f.step }),
      ...f.commands.map((c) => c.run),
    ])
    .join("\n");
const own = (path: string, set: string, imports: readonly string[] = []): Fact => {
  const made = config({ path, version: 3, imports, cni: [table(V3, set, { line: 3 })] });
  return { ...made, artifact: { ...made.artifact, member: `node${path}`, origin: path } } as Fact;
};

/** A node whose runtime reads another directory, with an old token; the agent renews the usual one, which nobody reads. */
const astray = (...configs: readonly Fact[]): readonly Fact[] => [
  ...configs,
  fact("kube.node", { name: "n1", runtimeVersion: "containerd://2.0.1" }),
  directory(OTHER),
  file(`${OTHER}/10-calico.conflist`, "2024-03-01T00:00:00Z"),
  file(`${OTHER}/calico-kubeconfig`, "2024-03-01T00:00:00Z"),
  netconf(`${OTHER}/10-calico.conflist`, `${OTHER}/calico-kubeconfig`),
  kubeconfig(
    `${OTHER}/calico-kubeconfig`,
    token({ iat: at("2024-03-01T00:00:00Z"), exp: at("2025-03-01T00:00:00Z"), pod: { name: "gone", uid: "uid-gone" } }),
  ),
  directory(CONF_DIR),
  file(CONFLIST),
  file(KUBECONFIG, "2024-03-05T09:30:00Z"),
  kubeconfig(KUBECONFIG),
  agent(),
];
const main = own("/etc/containerd/config.toml", CONF_DIR, ["/etc/containerd/conf.d/*.toml"]);
const dropIn = (mtime = "2024-03-05T08:00:00Z") => [main, own(DROP_IN, OTHER), file(DROP_IN, mtime)];
const whole = onPeer(...plain().map((f) => f));

test("a drop-in that has one runtime read elsewhere is what the nodes differ by, and dates it", () => {
  const outcomes = judge(diverged, scene([...astray(...dropIn()), ...whole, peerAgent()], TWO));
  const { value, since } = foundIn(outcomes);
  assert.is(value["differs"], "configuration");
  assert.is(since && formatUtc(since), "2024-03-05T08:00:00Z");
  assert.match(
    sayings(outcomes),
    /on n1 it reads \/opt\/cni\/conf, by \/etc\/containerd\/conf\.d\/99\.toml; on n2 it reads/,
  );
  assert.match(
    sayings(outcomes),
    /config\.toml sets conf_dir to \/etc\/cni\/net\.d, where the agent writes; .*99\.toml, which it imports/,
  );
  const { questions, stops } = consequence(diverged, outcomes);
  assert.match(`${questions.join()} ${stops}`, /99\.toml/);
  assert.not.match(`${questions.join()} ${stops} ${commands(diverged, outcomes)}`, /link/);
  assert.match(commands(diverged, outcomes), /as on n2: change conf_dir in \/etc\/containerd\/conf\.d\/99\.toml/);
  assert.not.match(commands(diverged, outcomes), /edit daemonset/);
});

test("a file that was written after calls had begun to fail says nothing of since when, and rules nothing out", () => {
  const world = scene([...astray(...dropIn("2024-03-05T10:10:00Z")), ...whole, peerAgent()], TWO);
  world.publish("sym:failed-create-sandbox", [refusal("401")]);
  assert.is(foundIn(judge(diverged, world)).since, null);
  assert.is(foundIn(judge(podGone, world)).since?.epochMs, at("2024-03-05T05:00:00Z").epochMs);
});

test("another spelling of the directory that the peer reads is no difference", () => {
  const here = astray(own("/etc/containerd/config.toml", OTHER));
  const peer = onPeer(
    own("/etc/containerd/config.toml", "/opt/./cni/conf/"),
    link(CONF_DIR, OTHER),
    directory(OTHER),
    file(`${OTHER}/10-calico.conflist`),
    file(`${OTHER}/calico-kubeconfig`),
    netconf(`${OTHER}/10-calico.conflist`, `${OTHER}/calico-kubeconfig`),
    kubeconfig(`${OTHER}/calico-kubeconfig`),
  );
  assert.is(foundIn(judge(diverged, scene([...here, ...peer, peerAgent()], TWO))).value["differs"], "link");
});

test("that file stands in the time line of its node", () => {
  const world = publish(scene([...astray(...dropIn()), ...whole, peerAgent()], TWO), diverged);
  const told = rows(runtimeConfig, world);
  assert.is(told.length, 1);
  assert.match(told[0] ?? "", /99\.toml on n1, which has the runtime there read another directory/);
  assert.equal(rows(runtimeConfig, publish(scene([...plain(), agent()]), diverged)), []);
});

test("without a time of that file, nothing says since when", () => {
  const outcomes = judge(diverged, scene([...astray(main, own(DROP_IN, OTHER)), ...whole, peerAgent()], TWO));
  assert.is(foundIn(outcomes).since, null);
});

test("until when a copied token holds is a time, told in the zone of the review", () => {
  const outcomes = said(diverged, ...astray(...dropIn()));
  const [copied] = consequence(diverged, outcomes).fix;
  const parts = typeof copied?.step === "string" ? [] : (copied?.step ?? []);
  assert.ok(parts.some((p) => p.kind === "time"));
  assert.not.ok(parts.some((p) => p.kind === "text" && /\dT\d/.test(p.text)));
});

/** A node whose plugin reads a file with an old token, beside the one that the agent keeps: as `file`, with this token, or unread. */
const beside = (written: Fact, of?: FactKinds["kubeconfig"]["token"] | "invalid"): readonly Fact[] => [
  ...astray(...dropIn()).filter((f) => (f.value as { path?: string }).path !== KUBECONFIG),
  written,
  ...(of === undefined
    ? []
    : of === "invalid"
      ? [fact("kubeconfig", { path: KUBECONFIG, valid: false }, "n1")]
      : [kubeconfig(KUBECONFIG, of)]),
];
const firstFix = (of?: Parameters<typeof beside>[1]): string => {
  const outcomes = said(diverged, ...beside(file(KUBECONFIG, "2024-03-05T09:30:00Z"), of));
  const [first] = consequence(diverged, outcomes).fix;
  const step = first?.step ?? "";
  return `${typeof step === "string" ? step : plainText({ parts: step })}\n${first?.commands.map((c) => `${c.run} -> ${c.expect}`).join("\n")}`;
};

test("a file that nobody read is not called fresh, nor is its token's end told: it is looked at first", () => {
  for (const text of [firstFix(), firstFix("invalid"), firstFix(token({ kind: "malformed" }))]) {
    assert.match(text, /^Look first whether \/etc\/cni\/net\.d\/calico-kubeconfig on n1 .* nobody read that file/);
    assert.not.match(text, /fresh|expires|replaced/);
    assert.ok(text.indexOf("kubectl --kubeconfig /etc/cni/net.d/calico-kubeconfig get") < text.indexOf("cp -p"));
    assert.match(text, /-> one line naming `default`; where it says anything else, leave out the next command/);
  }
});

test("a token that was read and is older than the one in use, over, or bound to a pod that is not there is not called fresh", () => {
  const bound = (uid: string) => token({ pod: { name: "calico-node-x", uid } });
  const past = at("2024-03-05T10:00:00Z");
  for (const of of [
    token({ iat: at("2024-02-01T00:00:00Z") }),
    token({ exp: past }),
    token({ exp: null }),
    bound("other"),
  ]) {
    const text = firstFix(of);
    assert.match(text, /^Look first whether .* what was read of it does not show that/);
    assert.not.match(text, /fresh|nobody read/);
  }
  assert.match(firstFix(token()), /^Put the fresh kubeconfig .* until the token expires, at /);
  assert.match(
    firstFix(bound("uid-calico-node-x")),
    /^Put the fresh kubeconfig .* until calico-node-x, to which the token is bound, is replaced/,
  );
});

test("of two files the one is said to be newer only where their times are apart", () => {
  const used = "2024-03-01T00:00:00Z";
  const of = (mtime: string): string => sayings(said(diverged, ...beside(file(KUBECONFIG, mtime), token())));
  for (const mtime of ["2024", "2024-03", "2024-03-01", "2024-03-01T00:00Z", used])
    assert.match(of(mtime), /which of the two is newer these times do not show/, mtime);
  for (const mtime of ["2023", "2024-02", "2024-02-29", "2024-02-29T23:59Z", "2024-02-29T23:59:59Z"])
    assert.match(of(mtime), / is older, of /, mtime);
  for (const mtime of ["2024-03-02", "2024-03-01T00:01Z", "2024-03-01T00:00:01Z"])
    assert.match(of(mtime), /, written .* later, at /, mtime);
  assert.match(of("2024-03-02"), /written between 1 d and 2 d later/);
  // Nothing is written after it was listed.
  assert.match(of("9999-01-01T00:00:00Z"), /which of the two is newer these times do not show/);
});

test("since when both hold is no more exact than the times of either", () => {
  const since = (mtime: string) => {
    const { since } = foundIn(said(diverged, ...astray(...dropIn(mtime))));
    return since && formatUtc(since);
  };
  assert.is(since("2024-03-05T08:00:00Z"), "2024-03-05T08:00:00Z");
  assert.is(since("2024-03-04"), "2024-03-05T05:00:00Z");
  assert.is(since("2024-03-05"), "2024-03-05");
});

test("the file that is overridden tells it without a peer", () => {
  const outcomes = said(diverged, ...astray(...dropIn()));
  assert.is(foundIn(outcomes).value["differs"], "configuration");
  assert.not.match(commands(diverged, outcomes), /as on/);
});

test("a node alone, with one configuration, is not said to be unlike its peers", () => {
  const outcomes = said(diverged, ...astray(own("/etc/containerd/config.toml", OTHER)));
  assert.is(foundIn(outcomes).value["differs"], "");
  const { questions, stops } = consequence(diverged, outcomes);
  assert.not.match(`${questions.join()} ${stops} ${commands(diverged, outcomes)}`, /peers|other nodes|as on/);
});

test("a peer that has the link is named as one that has it", () => {
  const linked = onPeer(
    own("/etc/containerd/config.toml", OTHER),
    link(CONF_DIR, OTHER, "2024-01-01T00:00:00Z"),
    directory(OTHER),
    file(`${OTHER}/10-calico.conflist`),
    file(`${OTHER}/calico-kubeconfig`),
    netconf(`${OTHER}/10-calico.conflist`, `${OTHER}/calico-kubeconfig`),
    kubeconfig(`${OTHER}/calico-kubeconfig`),
  );
  const here = astray(own("/etc/containerd/config.toml", OTHER));
  const outcomes = judge(diverged, scene([...here, ...linked, peerAgent()], TWO));
  assert.is(foundIn(outcomes).value["differs"], "link");
  assert.match(commands(diverged, outcomes), /a link, as on n2,/);
});

test("a token is not in use before the runtime was led to it", () => {
  const world = scene([...astray(...dropIn()), ...whole, peerAgent()], TWO);
  const { since, sinceAtLatest } = foundIn(judge(podGone, world));
  assert.is(since && formatUtc(since), "2024-03-05T08:00:00Z");
  assert.is(sinceAtLatest, undefined);
});

const bound = token({
  pod: { name: "calico-node-old", uid: "uid-gone" },
  iat: at("2024-03-01T00:00:00Z"),
  exp: at("2025-03-01T00:00:00Z"),
});
const killing = (message: string, uid = "uid-gone", first = "2024-03-02T06:00:00Z"): Fact => {
  const { evidence } = fact("kube.event", {});
  return fact("kube.event", {
    reason: "Killing",
    type: "Normal",
    objects: [{ name: "calico-node-old", uid, message, first: at(first), last: at(first), count: 1, evidence }],
  });
};

test("a successor only says by when a pod had gone; an event of its end says when", () => {
  const alone = foundIn(said(podGone, ...plain(bound), agent()));
  assert.is(alone.sinceAtLatest, true);
  assert.is(alone.since && formatUtc(alone.since), "2024-03-05T05:00:00Z");
  const seen = foundIn(said(podGone, ...plain(bound), agent(), killing("Stopping container calico-node")));
  assert.is(seen.sinceAtLatest, undefined);
  assert.is(seen.since && formatUtc(seen.since), "2024-03-02T06:00:00Z");
  const soon = killing("Stopping container calico-node", "uid-gone", "2024-03-05T04:59:40Z");
  const both = foundIn(said(podGone, ...plain(bound), agent(), soon));
  assert.is(both.sinceAtLatest, undefined);
  assert.is(both.since && formatUtc(both.since), "2024-03-05T05:00:00Z");
});

test("a container that is only restarted, another pod, and an end before the token was issued tell nothing", () => {
  for (const event of [
    killing("Container calico-node failed liveness probe, will be restarted"),
    killing("Stopping container calico-node", "uid-other"),
    killing("Stopping container calico-node", "uid-gone", "2024-02-01T00:00:00Z"),
  ])
    assert.is(foundIn(said(podGone, ...plain(bound), agent(), event)).sinceAtLatest, true);
});

test("a revision between the token and the successor may have ended the pod earlier", () => {
  const between = fact("kube.revision", {
    owner: { kind: "DaemonSet", name: "calico-node", uid: "ds-1" },
    revision: 2,
    hash: "h2",
    created: at("2024-03-03T00:00:00Z"),
  });
  assert.match(
    sayings(said(podGone, ...plain(bound), agent(), between)),
    /Revision 2 .* lies between the token and that successor/,
  );
});

const STALE = `${CONF_DIR}/05-old.conflist`;
const OLD = `${CONF_DIR}/old-kubeconfig`;
/** An old configuration that sorts before the one which the agent renews. */
const hiding = (behind = token(), type = "calico"): readonly Fact[] => {
  const first = netconf(STALE, OLD);
  const plugins = [{ type, kubeconfig: OLD, pointer: "/plugins/0", line: null }];
  return [
    ...plain(behind),
    file(STALE, "2023-01-01T00:00:00Z"),
    file(OLD, "2023-01-01T00:00:00Z"),
    { ...first, value: { ...first.value, plugins } } as Fact,
    kubeconfig(OLD, bound),
    agent(),
  ];
};

test("a whole configuration behind a stale one is a fact, and the repair names both", () => {
  const outcomes = said(podGone, ...hiding());
  assert.match(
    sayings(outcomes),
    /05-old\.conflist sorts first in \/etc\/cni\/net\.d and hides \/etc\/cni\/net\.d\/10-calico\.conflist/,
  );
  assert.match(
    commands(podGone, outcomes),
    /mv \/etc\/cni\/net\.d\/05-old\.conflist \/etc\/cni\/net\.d\/05-old\.conflist\.before/,
  );
  assert.match(consequence(podGone, outcomes).stops ?? "", /lies behind/);
  assert.equal(consequence(podGone, outcomes, { after: null, by: at("2024-03-05T11:00:00Z"), moment: "m2" }).fix, []);
});

test("one behind it whose token is over, or whose pod is gone, or of another plugin, helps nobody", () => {
  for (const facts of [
    hiding(token({ exp: at("2024-03-05T10:00:00Z") })),
    hiding(token({ pod: { name: "x", uid: "uid-gone-too" } })),
    hiding(token(), "multus"),
  ])
    assert.not.match(sayings(said(podGone, ...facts)) + commands(podGone, said(podGone, ...facts)), /hides|mv /);
});

test("the agent is replaced only where it writes the file that the plugin reads", () => {
  const here = said(podGone, ...plain(bound), agent());
  assert.match(commands(podGone, here), /delete pod calico-node-x/);
  const elsewhere = said(podGone, ...plain(bound), directory(OTHER), agent(OTHER));
  assert.equal(consequence(podGone, elsewhere).fix, []);
  const over = said(expired, ...plain(token({ exp: at("2024-03-05T08:00:00Z") })), agent());
  assert.match(commands(expired, over), /delete pod calico-node-x/);
});

const revision = (n: number, hostPath: string): Fact =>
  fact("kube.revision", {
    name: `calico-node-${n}`,
    owner: { kind: "DaemonSet", name: "calico-node", uid: "ds-1" },
    revision: n,
    hash: `h${n}`,
    created: at(`2024-03-0${n}T00:00:00Z`),
    template: agent(hostPath).value.template,
  });
const of = (n: number, hostPath = CONF_DIR) => agent(hostPath, { labels: { "controller-revision-hash": `h${n}` } });
const rollout = (...facts: readonly Fact[]) =>
  judge(moved, publish(scene([...plain(), ...facts], { coverage: { path: "not-attempted" } }), diverged));

test("a revision that no pod runs yet, and that leads elsewhere, is a trap and not excluded", () => {
  const outcomes = rollout(revision(1, CONF_DIR), revision(2, OTHER), of(1), directory(OTHER));
  assert.equal(verdicts(outcomes), ["foreseen kube-system/calico-node|n1"]);
  assert.match(sayings(outcomes), /no pod runs that revision yet/);
});

test("a directory that was not looked at is not said to be the one that is read", () => {
  assert.equal(verdicts(rollout(revision(1, CONF_DIR), revision(2, OTHER), of(1))), [
    "undetermined kube-system/calico-node",
  ]);
});

test("a path that leads to what the plugin reads is harmless, and both halves are cited", () => {
  const outcomes = rollout(revision(1, CONF_DIR), revision(2, OTHER), of(2, OTHER), link(OTHER, CONF_DIR));
  assert.equal(verdicts(outcomes), ["refuted kube-system/calico-node"]);
  const kinds = outcomes.flatMap((o) =>
    "statements" in o ? o.statements.flatMap((s) => s.evidence.map((e) => e.member)) : [],
  );
  assert.ok(new Set(kinds).size > 1, kinds.join());
});

const set = (part: Partial<FactKinds["kube.workload"]> = {}): Fact =>
  fact("kube.workload", {
    kind: "DaemonSet",
    namespace: "kube-system",
    name: "calico-node",
    desired: 2,
    ready: 1,
    updated: 2,
    template: agent().value.template,
    ...part,
  });
const hosts = ["n1", "n2"].map((name) =>
  fact("kube.node", { name, conditions: [ready("True", "2024-03-01T00:00:00Z")] }, name),
);
const absent = (error: string | null, ...facts: readonly Fact[]) => {
  const world = scene([...plain(), ...hosts, peerAgent(), ...facts], { coverage: { "kube.node": "complete" } });
  world.publish("sym:failed-create-sandbox", error === null ? [] : [refusal(error)]);
  return judge(agentUnhealthy, world).filter((o) => o.subject === "n1");
};

test("a node that the DaemonSet wants a pod on and that has none is told so", () => {
  const outcomes = absent("401", set());
  assert.equal(verdicts(outcomes), ["found n1"]);
  assert.match(sayings(outcomes), /No pod of the CNI agent kube-system\/calico-node was on n1/);
  assert.equal(foundIn(outcomes).about.path, [KUBECONFIG]);
});

test("not where the DaemonSet wants none there, a pod is on its way, or a rollout replaces it", () => {
  assert.equal(verdicts(absent("401", set({ desired: 1 }))), ["undetermined n1"]);
  const leaving = peerAgent({ uid: "uid-z", name: "calico-node-z", node: "n1", deletion: at("2024-03-05T10:29:50Z") });
  assert.equal(verdicts(absent("401", set(), leaving)), ["undetermined n1"]);
  assert.equal(verdicts(absent(null, set({ updated: 1 }))), []);
});

test("an agent that is started again and again is told with its restarts, and feeds the file that it writes", () => {
  const containers = [
    {
      name: "calico-node",
      image: null,
      init: false,
      ready: false,
      restarts: 350,
      state: "waiting:CrashLoopBackOff",
      startedAt: null,
    },
  ];
  const down = agent(CONF_DIR, { containers, conditions: [ready("False", "2024-03-05T06:00:00Z")] });
  const world = scene([...plain(), down]);
  world.publish("sym:failed-create-sandbox", [refusal("401")]);
  const outcomes = judge(agentUnhealthy, world);
  assert.equal(verdicts(outcomes), ["found n1", "undetermined n1"]);
  assert.match(sayings(outcomes), /waiting in CrashLoopBackOff, after 350 restarts/);
  // By that pod its containers that do not stay up are told as the cause.
  assert.equal(foundIn(outcomes).about.pod, [down.value.uid]);
  assert.ok(crashLoop.explains.some((e) => e.rule === "cni-agent-unhealthy" && e.same.join() === "pod"));
  assert.equal(foundIn(outcomes).about.path, [KUBECONFIG]);
});

test.run();
