import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, FactKinds } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { formatUtc } from "#model/instant.js";
import { agentOn, agents } from "#rules/cni/_writer.js";
import diverged from "#rules/cni/cni-conf-dir-diverged.js";
import stale from "#rules/cni/cni-hostpath-mount-stale-inode.js";
import moved from "#rules/cni/cni-writer-path-changed.js";
import { at, fact, judge, publish, texts, verdicts } from "#test/rules/_facts.js";
import {
  agent,
  CONF_DIR,
  config,
  directory,
  file,
  KUBECONFIG,
  kubeconfig,
  link,
  netconf,
  onNode,
  plain,
  said,
  scene,
  table,
  token,
  V2,
} from "./_nodes.js";

const test = suite("which workload writes, where and since when");

const READS = "/opt/cni/conf";

/** containerd reads one directory, the agent writes another; the file that nobody reads was renewed an hour ago. */
const apart = (copy: Partial<FactKinds["path"]> = {}, issued = "2024-03-04T00:00:00Z"): readonly Fact[] => [
  config({ cni: [table(V2, READS)] }),
  directory(READS),
  file(`${READS}/10-calico.conflist`),
  file(`${READS}/calico-kubeconfig`),
  netconf(`${READS}/10-calico.conflist`, `${READS}/calico-kubeconfig`),
  kubeconfig(`${READS}/calico-kubeconfig`, token({ iat: at(issued) })),
  directory(CONF_DIR),
  fact("path", { path: KUBECONFIG, type: "f", mtime: onNode("2024-03-05T09:30:00Z"), ...copy }, "n1"),
];

const since = (outcomes: readonly Outcome[]): string | null => {
  const found = outcomes.find((o) => o.outcome === "found") as Found | undefined;
  return found?.since ? formatUtc(found.since) : null;
};

test("a copy that the agent renews does not move the beginning to its last write", () => {
  assert.is(since(said(diverged, ...apart(), agent())), "2024-03-05T05:00:00Z");
});

test("the birth of the copy tells best", () => {
  const born = apart({ btime: onNode("2024-03-05T05:00:40Z") });
  assert.is(since(said(diverged, ...born, agent())), "2024-03-05T05:00:40Z");
});

test("where the file in use was renewed after the agent started, the beginning is not known", () => {
  const outcomes = said(diverged, ...apart({}, "2024-03-05T06:00:00Z"), agent());
  assert.equal(verdicts(outcomes), ["found n1"]);
  assert.is(since(outcomes), null);
});

/** A second workload that mounts a CNI directory, and started later. */
const beside = (name: string, image: string, hostPath: string): Fact<"kube.pod"> =>
  agent(
    hostPath,
    {
      name: `${name}-x`,
      uid: `uid-${name}`,
      owner: { kind: "DaemonSet", name, uid: `ds-${name}` },
      template: {
        containers: [
          {
            name: "install-cni",
            image,
            init: false,
            env: {},
            mounts: [{ volume: "cni-net-dir", path: "/host/etc/cni/net.d" }],
          },
        ],
        hostPaths: [{ name: "cni-net-dir", path: hostPath }],
        serviceAccount: name,
        hostNetwork: true,
      },
    },
    "2024-03-05T08:00:00Z",
  );

const chosen = (...facts: readonly Fact[]): string | undefined => {
  const { context } = scene(facts);
  return agentOn(context.derive(agents), "n1")?.daemonSet;
};

test("a workload that only chains to the plugin is not the writer, though it is newer", () => {
  const istio = beside("istio-cni-node", "istio/install-cni:1.22", "/elsewhere");
  assert.is(chosen(...plain(), agent(), istio), "kube-system/calico-node");
  assert.equal(verdicts(said(diverged, ...plain(), agent(), istio)), ["refuted n1"]);
  assert.equal(
    verdicts(said(diverged, ...apart(), agent(), beside("istio-cni-node", "istio/install-cni:1.22", READS))),
    ["found n1"],
  );
});

test("two workloads that fit alike, or none that fits, leave it open", () => {
  const other = beside("calico-node", "calico/node:v3.29.3", READS);
  const elsewhere = { ...other, value: { ...other.value, namespace: "calico-system" } };
  assert.is(chosen(...apart(), agent(), elsewhere), undefined);
  assert.equal(verdicts(said(diverged, ...apart(), agent(), elsewhere)), ["undetermined n1"]);
  const foreign = beside("istio-cni-node", "istio/install-cni:1.22", CONF_DIR);
  assert.is(chosen(...apart(), foreign), undefined);
  assert.equal(verdicts(said(diverged, ...apart(), foreign)), ["undetermined n1"]);
  assert.equal(verdicts(said(stale, ...apart(), foreign)), ["undetermined n1"]);
});

/** The agent's path is a link that was made at eight, while the agent has been running since five. */
const remade = (issued: string): readonly Fact[] => [
  config({ cni: [table(V2, READS)] }),
  link(CONF_DIR, READS, "2024-03-05T08:00:00Z"),
  directory(READS),
  file(`${READS}/10-calico.conflist`),
  file(`${READS}/calico-kubeconfig`, "2024-03-05T10:00:00Z"),
  netconf(`${READS}/10-calico.conflist`, `${READS}/calico-kubeconfig`),
  kubeconfig(`${READS}/calico-kubeconfig`, token({ iat: at(issued) })),
];
const reached = (issued: string) => said(stale, ...remade(issued), agent());

test("a link that was remade under a running agent is harmless where a token arrived since", () => {
  assert.equal(verdicts(reached("2024-03-05T06:00:00Z")), ["found n1"]);
  assert.equal(verdicts(reached("2024-03-05T08:00:59Z")), ["found n1"]);
  assert.equal(verdicts(reached("2024-03-05T09:59:00Z")), ["refuted n1"]);
});

/** A revision of the agent; `created` at midnight of a day of March. */
const revision = (n: number, day: number, hostPath: string, env: Record<string, string> = {}): Fact =>
  fact("kube.revision", {
    name: `calico-node-${n}`,
    owner: { kind: "DaemonSet", name: "calico-node", uid: "ds-1" },
    revision: n,
    hash: `h${n}`,
    created: at(`2024-03-0${day}T00:00:00Z`),
    template: {
      containers: [
        {
          name: "install-cni",
          image: "calico/cni:v3.29.3",
          init: true,
          env,
          mounts: [{ volume: "cni-net-dir", path: "/host/etc/cni/net.d" }],
        },
      ],
      hostPaths: [{ name: "cni-net-dir", path: hostPath }],
      serviceAccount: "calico-node",
      hostNetwork: true,
    },
  });

/** What the rule on rollouts says of a node whose writer and reader are apart. */
const rollout = (...revisions: readonly Fact[]): readonly Outcome[] => {
  const facts = [
    ...apart({}, "2024-03-02T00:00:00Z"),
    agent(CONF_DIR, { labels: { "controller-revision-hash": "h2" } }),
  ];
  const all = [...facts, ...revisions];
  return judge(moved, publish(scene(all), diverged));
};

test("the rollout that left the reader's directory counts, not a later one that only sets a variable", () => {
  const outcomes = rollout(
    revision(1, 1, READS, { CNI_NET_DIR: READS }),
    revision(2, 3, CONF_DIR),
    revision(3, 4, CONF_DIR, { CNI_NET_DIR: CONF_DIR }),
  );
  assert.equal(verdicts(outcomes), ["found kube-system/calico-node"]);
  assert.is((outcomes[0] as Found).value["revision"], 2);
  assert.is(since(outcomes), "2024-03-03T00:00:00Z");
});

test("no revision that ever wrote where the plugin reads is no trigger", () => {
  const outcomes = rollout(revision(1, 1, "/elsewhere"), revision(2, 3, CONF_DIR));
  assert.equal(verdicts(outcomes), ["refuted kube-system/calico-node"]);
});

test("a revision that a rollback brought back is dated by its first pod, not by its creation", () => {
  const outcomes = rollout(revision(1, 2, READS), revision(2, 1, CONF_DIR));
  assert.is(since(outcomes), "2024-03-05T05:00:00Z");
  assert.match(texts(outcomes.flatMap((o) => ("statements" in o ? o.statements : []))).join(" "), /rollback/);
});

test.run();
