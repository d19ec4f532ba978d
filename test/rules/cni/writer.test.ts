import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conclude } from "#engine/run.js";
import type { Coverage } from "#model/artifact.js";
import type { Fact, FactKinds } from "#model/fact.js";
import type { Outcome } from "#model/finding.js";
import unhealthy from "#rules/cni/cni-agent-unhealthy.js";
import diverged from "#rules/cni/cni-conf-dir-diverged.js";
import stale from "#rules/cni/cni-hostpath-mount-stale-inode.js";
import podGone from "#rules/cni/cni-kubeconfig-token-pod-gone.js";
import moved from "#rules/cni/cni-writer-path-changed.js";
import { bundle } from "#test/engine/_cards.js";
import { artifact, at, type Collected, fact, judge, publish, texts, verdicts } from "#test/rules/_facts.js";
import {
  agent,
  CONF_DIR,
  config,
  directory,
  file,
  KUBECONFIG,
  kubeconfig,
  link,
  mount,
  netconf,
  onNode,
  plain,
  ready,
  said,
  scene,
  table,
  token,
  V2,
} from "./_nodes.js";

const test = suite("the CNI agent and where it writes");

const headline = (outcome: Outcome | undefined): string =>
  outcome && "statements" in outcome ? (texts([outcome.statements[0]])[0] ?? "") : "";

const unready = (since: string, more: Partial<FactKinds["kube.pod"]> = {}) =>
  verdicts(said(unhealthy, ...plain(), agent(CONF_DIR, { conditions: [ready("False", since)], ...more })));

test("an agent that is not ready for under two minutes is no finding, and no proof of health", () => {
  assert.equal(unready("2024-03-05T10:28:00Z"), []);
  assert.equal(unready("2024-03-05T10:29:59Z"), []);
});

test("an agent that is not ready for over ten minutes is found, also where no call was refused yet", () => {
  assert.equal(unready("2024-03-05T10:27:59Z"), []);
  assert.equal(unready("2024-03-05T10:19:59Z"), ["found n1"]);
});

test("an agent without the condition is judged by its phase and its age", () => {
  assert.equal(verdicts(said(unhealthy, ...plain(), agent(CONF_DIR, { conditions: [] }))), ["refuted n1"]);
  assert.equal(verdicts(said(unhealthy, ...plain(), agent(CONF_DIR, { conditions: [], phase: "Pending" }))), [
    "found n1",
  ]);
});

test("an agent that is being deleted does not count; the newest of the others does", () => {
  const old = agent(CONF_DIR, {
    name: "old",
    deletion: at("2024-03-05T10:00:00Z"),
    conditions: [ready("False", "2024-03-05T09:00:00Z")],
  });
  assert.equal(verdicts(said(unhealthy, ...plain(), old, agent())), ["refuted n1"]);
  assert.equal(verdicts(said(unhealthy, ...plain(), old)), []);
});

/** What is said of the mount where containerd reads through a link, or from the directory itself. */
const mounted = (rows: readonly Fact[], pod: Fact<"kube.pod"> = agent()): readonly Outcome[] =>
  said(
    stale,
    ...plain().filter((f) => f.kind !== "path"),
    file("/etc/cni/net.d/10-calico.conflist"),
    file(KUBECONFIG),
    ...rows,
    pod,
  );
const born = (btime: string | null): Fact => directory(CONF_DIR, { btime: btime === null ? null : onNode(btime) });

test("an agent that writes elsewhere anyway is not asked about its mount", () => {
  assert.equal(
    said(stale, ...plain(), agent("/opt/cni/conf"), directory("/opt/cni/conf"), mount("/opt/cni/conf", true)),
    [],
  );
});

test("a mount of the directory that is read is in place", () => {
  assert.equal(verdicts(said(stale, ...plain(), agent(), mount(CONF_DIR))), ["refuted n1"]);
});

test("a mount in a file system of its own is in place too: its root is a path within that file system", () => {
  assert.equal(verdicts(said(stale, ...plain(), agent(), mount("/cni/net.d"))), ["refuted n1"]);
  assert.equal(verdicts(said(stale, ...plain(), agent(), mount(`/@rootfs${CONF_DIR}`))), ["refuted n1"]);
});

test("a mount of another directory than the one that is read is not in place", () => {
  assert.equal(verdicts(said(stale, ...plain(), agent(), mount("/opt/cni/former"))), ["undetermined n1"]);
});

test("a mount that is marked as deleted is found, and one elsewhere in the container is not asked", () => {
  const outcomes = said(stale, ...plain(), agent(), mount(CONF_DIR, true));
  assert.equal(verdicts(outcomes), ["found n1"]);
  assert.match(headline(outcomes[0]), /still has the removed directory \/etc\/cni\/net\.d mounted/);
  const elsewhere = mount("/var/lib/calico", true, { mountPoint: "/var/lib/calico" });
  assert.equal(verdicts(said(stale, ...plain(), agent(), mount(CONF_DIR), elsewhere)), ["refuted n1"]);
});

/** The same node where the runtime's configuration was not collected: what the plugin reads is not known. */
const unread = (): readonly Fact[] => plain().filter((f) => f.kind !== "runtime.config");
const stranger = (rows: readonly Fact[], coverage: Coverage = "denied"): readonly Outcome[] =>
  judge(stale, scene(rows, { coverage: { "runtime.config": coverage } }));

test("where it is not known what the plugin reads, the mark of a removed directory is probable, and with it what lies there now", () => {
  const [outcome] = stranger([...unread(), agent(), mount(CONF_DIR, true)]);
  assert.is(outcome?.outcome, "found");
  if (outcome?.outcome !== "found") return;
  assert.equal(outcome.unverified, ["the plugin is taken to read what lies in /etc/cni/net.d"]);
  assert.is(outcome.value["path"], KUBECONFIG);
  assert.ok(texts(outcome.statements).some((s) => s.startsWith("Its token expires at ")));
  assert.is(outcome.missing[0]?.kind, "runtime.config");
});

test("of two kubeconfigs in that directory none is taken for the one that is read", () => {
  const other = kubeconfig(`${CONF_DIR}/multus.kubeconfig`);
  const [outcome] = stranger([...unread(), other, agent(), mount(CONF_DIR, true)]);
  assert.is(outcome?.outcome === "found" && outcome.value["path"], CONF_DIR);
  assert.is(outcome?.outcome === "found" && outcome.value["expiresMs"], null);
});

test("where it is not known what the plugin reads, nothing but that mark is a finding", () => {
  assert.equal(verdicts(stranger([...unread(), agent(), mount(CONF_DIR)])), ["refuted n1"]);
  assert.equal(verdicts(stranger([...unread(), agent()])), ["undetermined n1"]);
  assert.equal(verdicts(stranger([...unread(), agent(), mount("/opt/cni/former")])), ["undetermined n1"]);
  // By times alone it takes the credential that is read.
  const rows = unread().filter((f) => f.kind !== "path");
  assert.equal(verdicts(stranger([...rows, born("2024-03-05T07:00:00Z"), agent()])), ["undetermined n1"]);
  assert.equal(verdicts(stranger([...rows, born("2024-03-01T00:00:00Z"), agent()])), ["refuted n1"]);
  // A mark in a node of which no pod is known to write there shows nothing.
  assert.equal(verdicts(stranger([...unread(), mount(CONF_DIR, true)])), []);
});

/** The agent as a list without volumes has it. */
const bare = (name = "calico-node"): Fact =>
  agent(CONF_DIR, {
    owner: { kind: "DaemonSet", name, uid: "ds-1" },
    template: { containers: [], hostPaths: [], serviceAccount: null, hostNetwork: true },
  });
const untold = (...rows: readonly Fact[]): readonly Outcome[] =>
  judge(stale, scene([...plain(), ...rows], { coverage: { "kube.revision": "not-attempted" } }));

test("an agent that is known by its name only is asked for where it writes; the mark on the directory that is read is probable", () => {
  const [gap] = untold(bare());
  assert.is(gap?.outcome === "undetermined" && gap.missing[0].kind, "kube.revision");
  assert.equal(verdicts(untold(bare(), mount(CONF_DIR))), ["refuted n1"]);
  const [outcome] = untold(bare(), mount(CONF_DIR, true));
  assert.equal(outcome?.outcome === "found" && outcome.unverified, [
    "calico-node-x is taken to write to its mount /host/etc/cni/net.d",
  ]);
  assert.equal(verdicts(untold(bare(), mount("/opt/cni/other", true))), ["undetermined n1"]);
  assert.equal(untold(bare("log-shipper"), mount(CONF_DIR, true)), []);
  assert.equal(verdicts(stranger([...unread(), bare(), mount(CONF_DIR, true)])), ["undetermined n1"]);
});

const SNAP = "/var/snap/microk8s";
/** A node of microk8s at revision 7421, whose agent has a directory mounted. */
const snap = (root: string): readonly string[] => {
  const now = `${SNAP}/7421/args/cni-network`;
  const through = `${SNAP}/current/args/cni-network`;
  return verdicts(
    said(
      stale,
      config({
        path: `${SNAP}/current/args/containerd.toml`,
        cni: [table(V2, through)],
      }),
      link(`${SNAP}/current`, "7421"),
      directory(now),
      file(`${now}/10-calico.conflist`),
      file(`${now}/calico-kubeconfig`),
      netconf(`${now}/10-calico.conflist`, `${through}/calico-kubeconfig`),
      kubeconfig(`${now}/calico-kubeconfig`),
      agent(through),
      mount(root),
    ),
  );
};

test("a mount of the present revision of a snap is in place, with /var on a file system of its own too", () => {
  assert.equal(snap(`${SNAP}/7421/args/cni-network`), ["refuted n1"]);
  assert.equal(snap("/snap/microk8s/7421/args/cni-network"), ["refuted n1"]);
});

test("a mount of another revision of a snap is found", () => {
  assert.equal(snap(`${SNAP}/7300/args/cni-network`), ["found n1"]);
  assert.equal(snap("/snap/microk8s/7300/args/cni-network"), ["found n1"]);
});

test("without the mount table, a directory without a birth time decides nothing", () => {
  assert.equal(verdicts(mounted([born(null)])), ["undetermined n1"]);
});

test("without the mount table, a directory born before the pod is in place, and one born after it is not", () => {
  assert.equal(verdicts(mounted([born("2024-03-01T00:00:00Z")])), ["refuted n1"]);
  assert.equal(verdicts(mounted([born("2024-03-05T07:00:00Z")])), ["found n1"]);
});

const linked = (mtime: string | null): readonly string[] =>
  verdicts(
    said(
      stale,
      config(),
      link(CONF_DIR, "/opt/cni/conf", mtime),
      directory("/opt/cni/conf"),
      file("/opt/cni/conf/10-calico.conflist"),
      file("/opt/cni/conf/calico-kubeconfig"),
      netconf("/opt/cni/conf/10-calico.conflist", KUBECONFIG),
      kubeconfig("/opt/cni/conf/calico-kubeconfig"),
      agent(),
    ),
  );

test("without the mount table, a link made before the pod is in place, and one made after it is not", () => {
  assert.equal(linked("2024-03-01T00:00:00Z"), ["refuted n1"]);
  assert.equal(linked("2024-03-05T07:00:00Z"), ["found n1"]);
});

test("without the mount table, a link of unknown age, or of nearly the pod's, decides nothing", () => {
  assert.equal(linked(null), ["undetermined n1"]);
  assert.equal(linked("2024-03-05T05:00:30Z"), ["undetermined n1"]);
  assert.equal(linked("2024-03-05T04:59:30Z"), ["undetermined n1"]);
});

test("what times alone show rests on a premise that is named", () => {
  const [found] = mounted([born("2024-03-05T07:00:00Z")]);
  assert.equal(found?.outcome === "found" && found.unverified, ["the mount table of calico-node-x was not collected"]);
});

test("the mount table of another agent than Calico's is read from the processes of its pod, whatever they are called", () => {
  const commandOf = (name: string) => {
    const owner = { kind: "DaemonSet", name, uid: "ds-1" };
    const [found] = mounted([born("2024-03-05T07:00:00Z")], agent(undefined, { uid: "aa-bb", owner }));
    return found?.outcome === "found" || found?.outcome === "undetermined" ? found.missing[0]?.command : undefined;
  };
  assert.match(commandOf("calico-node") ?? "", /pgrep -o -f calico-node/);
  assert.match(
    commandOf("istio-cni-node") ?? "",
    /^for f in \$\(grep -lF -e aa-bb -e aa_bb \/proc\/\[0-9\]\*\/cgroup\); do cat "\$\{f%cgroup\}mountinfo"; done {3}# on n1, as root$/,
  );
});

const ELSEWHERE = [directory("/opt/cni/conf"), file("/opt/cni/conf/calico-kubeconfig")];

test("a writer whose directory holds no such file, or was not listed, is not said to write elsewhere", () => {
  assert.equal(said(diverged, ...plain(), agent("/opt/cni/conf"), directory("/opt/cni/conf")), []);
  const unlisted = directory("/opt/cni/conf", { listing: null });
  assert.equal(verdicts(said(diverged, ...plain(), agent("/opt/cni/conf"), unlisted)), ["undetermined n1"]);
  assert.equal(verdicts(said(diverged, ...plain(), agent("/opt/cni/conf"))), ["undetermined n1"]);
});

test("a writer whose path is a link to what is read writes there", () => {
  const facts = [...plain(), agent("/opt/cni/conf"), link("/opt/cni/conf", CONF_DIR)];
  assert.equal(verdicts(said(diverged, ...facts)), ["refuted n1"]);
});

test("a writer whose file of that name lies in another directory writes elsewhere", () => {
  assert.equal(verdicts(said(diverged, ...plain(), agent("/opt/cni/conf"), ...ELSEWHERE)), ["found n1"]);
});

const revision = (n: number, hostPath: string, more: Partial<FactKinds["kube.revision"]> = {}): Fact<"kube.revision"> =>
  fact("kube.revision", {
    name: `calico-node-${n}`,
    owner: { kind: "DaemonSet", name: "calico-node", uid: "ds-1" },
    revision: n,
    created: at(`2024-03-0${n}T00:00:00Z`),
    template: agent(hostPath).value.template,
    ...more,
  });
const ROLLOUT = [revision(1, CONF_DIR), revision(2, "/opt/cni/conf")];

/** What is said of the rollout, after the rule that it uses. */
const rolled = (facts: readonly Fact[], part: Omit<Collected, "facts"> = {}): readonly string[] =>
  verdicts(judge(moved, publish(scene(facts, part), diverged)));

test("revisions that write to one place changed nothing, and without revisions nothing is known", () => {
  const same = [revision(1, CONF_DIR), revision(2, CONF_DIR)];
  assert.equal(rolled([...plain(), agent(), ...same]), ["refuted kube-system/calico-node"]);
  assert.equal(rolled([...plain(), agent()]), ["undetermined kube-system/calico-node"]);
});

test("a change of path is refuted where no node diverged", () => {
  const joined = [...plain(), agent("/opt/cni/conf"), link("/opt/cni/conf", CONF_DIR)];
  assert.equal(rolled([...joined, ...ROLLOUT]), ["refuted kube-system/calico-node"]);
});

const CUT = { coverage: { "kube.revision": "truncated" as const } };
const REFUTED = ["refuted kube-system/calico-node"];
const OPEN = ["undetermined kube-system/calico-node"];

test("only every revision there ever was, each of them read, shows that nothing changed", () => {
  const of = (revisions: readonly Fact[], part = {}) => rolled([...plain(), agent(), ...revisions], part);
  const same = (...numbers: readonly number[]) => numbers.map((n) => revision(n, CONF_DIR));
  for (const whole of [same(1), same(1, 2), same(1, 2, 3)]) {
    assert.equal(of(whole), REFUTED);
    assert.equal(of(whole, CUT), OPEN);
  }
  // Pruned, or deleted: the change may lie in what is not there.
  for (const rest of [same(2), same(2, 3), same(1, 3), same(4, 5)]) assert.equal(of(rest), OPEN);
  const unread = [null, { ...agent().value.template, hostPaths: [] }];
  for (const template of unread) {
    assert.equal(of([revision(1, CONF_DIR, { template }), ...same(2)]), OPEN);
    assert.equal(of([...same(1), revision(2, CONF_DIR, { template })]), OPEN);
  }
});

test("a number that a rollback left is no lost revision", () => {
  const of = (...revisions: readonly Fact[]) => rolled([...plain(), agent(), ...revisions]);
  const first = { created: at("2024-03-01T00:00:00Z") };
  assert.equal(of(revision(2, CONF_DIR), revision(3, CONF_DIR, first)), REFUTED);
  // One rollback leaves one number; made in one second, or at an unknown time, it is none for all that is known.
  assert.equal(of(revision(3, CONF_DIR), revision(4, CONF_DIR, first)), OPEN);
  assert.equal(of(revision(2, CONF_DIR), revision(3, CONF_DIR, { created: at("2024-03-02T00:00:00Z") })), OPEN);
  assert.equal(of(revision(2, CONF_DIR), revision(3, CONF_DIR, { created: null })), OPEN);
});

test("revisions of something else that has the name are not those of the DaemonSet", () => {
  const owner = { kind: "StatefulSet", name: "calico-node", uid: "sts" };
  assert.equal(rolled([...plain(), agent(), revision(1, CONF_DIR, { owner })]), OPEN);
});

test("a change of path that is harmless, or of other nodes, rules out no other one in what is not listed", () => {
  const joined = [...plain(), agent("/opt/cni/conf"), link("/opt/cni/conf", CONF_DIR)];
  const later = [revision(2, CONF_DIR), revision(3, "/opt/cni/conf")];
  assert.equal(rolled([...joined, ...later]), OPEN);
  assert.equal(rolled([...joined, ...ROLLOUT], CUT), OPEN);
  const diverging = [...plain(), agent("/opt/cni/conf"), ...ELSEWHERE];
  const neither = [revision(1, "/srv/a"), revision(2, "/opt/cni/conf")];
  assert.equal(rolled([...diverging, ...neither]), REFUTED);
  assert.equal(rolled([...diverging, ...neither], CUT), OPEN);
});

test("a change is as sure as its revisions follow each other, and as the pods show the newer one in force", () => {
  const doubts = (revisions: readonly Fact[], part = {}, hash = "h") => {
    const labels = { "controller-revision-hash": hash };
    const facts = [...plain(), agent("/opt/cni/conf", { labels }), ...ELSEWHERE, ...revisions];
    const [outcome] = judge(moved, publish(scene(facts, part), diverged));
    return outcome?.outcome === "found" && [outcome.unverified, outcome.missing.length];
  };
  const to = (n: number) => revision(n, "/opt/cni/conf", { hash: "h" });
  assert.equal(doubts([revision(1, CONF_DIR), to(2)]), [[], 0]);
  assert.equal(doubts([revision(3, CONF_DIR), to(4)]), [[], 0]);
  assert.equal(doubts([revision(1, CONF_DIR), to(2)], CUT), [[], 0]);
  const later = "no later revision moved it again: not all of them are known";
  assert.equal(doubts([revision(1, CONF_DIR), to(2)], CUT, "another"), [[later], 1]);
  const one = "revision 2, which is not listed, did not move it before";
  assert.equal(doubts([revision(1, CONF_DIR), to(3)]), [[one], 1]);
  const two = "none of the revisions 2 to 3, which are not listed, moved it before";
  assert.equal(doubts([revision(1, CONF_DIR), to(4)]), [[two], 1]);
});

test("a revision that a later one left as it was is in force with that one", () => {
  const to = (n: number) => revision(n, "/opt/cni/conf", { hash: `h${n}` });
  const on = (hash: string) =>
    rolled([
      ...plain(),
      agent(CONF_DIR, { labels: { "controller-revision-hash": hash } }),
      directory("/opt/cni/conf"),
      ...[revision(1, CONF_DIR, { hash: "h1" }), to(2), to(3)],
    ]).map((verdict) => verdict.split(" ")[0]);
  assert.equal(on("h1"), ["foreseen"]);
  assert.equal(on("h2"), ["undetermined"]);
  assert.equal(on("h3"), ["undetermined"]);
});

test("a change of path is not refuted where no node's files could be followed", () => {
  assert.equal(rolled([agent("/opt/cni/conf"), ...ROLLOUT]), ["undetermined kube-system/calico-node"]);
  assert.equal(rolled([agent("/opt/cni/conf"), ...ROLLOUT], { moment: { nodes: [] } }), [
    "undetermined kube-system/calico-node",
  ]);
});

test("a refutation speaks of the nodes that were looked at", () => {
  const joined = [...plain(), agent("/opt/cni/conf"), link("/opt/cni/conf", CONF_DIR)];
  const far = agent("/opt/cni/conf", { name: "far", node: "n9" });
  const [outcome] = judge(moved, publish(scene([...joined, { ...far, node: "n9" }, ...ROLLOUT]), diverged));
  assert.is(outcome?.outcome, "refuted");
  assert.equal(outcome?.about.node, ["n1"]);
});

test("a change of path is found where a node diverged, since the rollout", () => {
  const facts = [...plain(), agent("/opt/cni/conf"), ...ELSEWHERE, ...ROLLOUT];
  assert.equal(rolled(facts), ["found kube-system/calico-node"]);
  const [found] = judge(moved, publish(scene(facts), diverged));
  assert.is(found?.outcome === "found" && found.since?.epochMs, at("2024-03-02T00:00:00Z").epochMs);
  for (const part of ["/opt/cni/conf", CONF_DIR]) assert.ok(headline(found).includes(part), headline(found));
});

test("a later collection of the cluster alone ends no finding about a node's files", () => {
  const gone = token({ pod: { name: "old", uid: "uid-gone" } });
  const facts = [...plain(gone), agent("/opt/cni/conf"), ...ELSEWHERE, ...ROLLOUT];
  const nodes = { parts: ["node", "cluster"] as const };
  const custody = [
    bundle("b".repeat(64), "2024-03-05T10:29:50Z", nodes),
    bundle("c".repeat(64), "2024-03-05T12:00:00Z", { node: null, parts: ["cluster"] }),
  ];
  const first = facts.map((f) => ({ ...f, artifact: { ...f.artifact, bundle: "b".repeat(64) } }));
  const later = facts
    .filter((f) => f.kind.startsWith("kube."))
    .map((f) => ({ ...f, artifact: { ...f.artifact, bundle: "c".repeat(64) } }));
  const coverage = ["b", "c"].flatMap((b) =>
    (["kube.pod", "kube.revision", "kube.workload", "path", "kubeconfig", "cni.netconf", "runtime.config"] as const)
      .filter((kind) => b === "b" || kind.startsWith("kube."))
      .map((kind) => {
        const node = kind.startsWith("kube.") ? null : "n1";
        const own = artifact({ bundle: b.repeat(64), node });
        return { kind, node, artifact: own, coverage: "complete" as const, facts: 1 };
      }),
  );
  const book = { rules: [diverged, podGone, moved], changes: [], timelines: [], surveys: [], benign: [] };
  const intake = { artifacts: [], facts: [...first, ...later], issues: [], coverage };
  const { findings } = conclude(book, intake, custody);
  assert.equal(
    findings.map((f) => `${f.rule} ${f.ended === null ? "lasts" : "ended"}`),
    ["cni-conf-dir-diverged lasts", "cni-kubeconfig-token-pod-gone lasts", "cni-writer-path-changed lasts"],
  );
});

test.run();
