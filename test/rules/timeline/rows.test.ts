import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Found } from "#model/finding.js";
import failedKill from "#rules/kubelet/sym-failed-kill-pod.js";
import agentRollouts from "#rules/timeline/agent-rollouts.js";
import cniFiles from "#rules/timeline/cni-files.js";
import cniTokens from "#rules/timeline/cni-tokens.js";
import collections from "#rules/timeline/collections.js";
import pendingPods from "#rules/timeline/pending-pods.js";
import podDeletions from "#rules/timeline/pod-deletions.js";
import sandboxFailures from "#rules/timeline/sandbox-failures.js";
import { at, event, fact, node, pod, publish, rows, world } from "#test/rules/_facts.js";
import { terminating } from "#test/rules/scheduling/_pods.js";

const test = suite("time line");

const MESSAGE =
  'error killing pod: failed to "KillPodSandbox" for "u" with KillPodSandboxError: "rpc error: code = Unknown desc = failed to destroy network for sandbox \\"72ee\\": plugin type=\\"calico\\" failed (delete): error getting ClusterInformation: connection is unauthorized: Unauthorized"';
const failure = (count: number, last: string) =>
  event({
    reason: "FailedKillPod",
    message: MESSAGE,
    count,
    first: at("2024-03-05T10:00:31Z"),
    last: at(last),
    objects: [{ name: "old", uid: "uid-old", count }],
  });
const troubled = (...facts: Parameters<typeof world>[0]["facts"]) =>
  publish(world({ facts: [failure(104, "2024-03-05T10:25:00Z"), terminating({}), ...facts] }), failedKill);

test("requests within two seconds are one row, later ones another", () => {
  const pods = ["2024-03-05T10:00:30Z", "2024-03-05T10:00:31Z", "2024-03-05T10:05:30Z"].map((deletion, i) =>
    terminating({ name: `p${i}`, deletion: at(deletion) }),
  );
  assert.equal(rows(podDeletions, world({ facts: pods })), [
    "2024-03-05T10:00:00.000Z Deletion of two pods on n1 requested.",
    "2024-03-05T10:05:00.000Z Deletion of one pod on n1 requested.",
  ]);
});

test("failures that were no symptom have no row", () => {
  const of = publish(world({ facts: [failure(2, "2024-03-05T10:00:40Z")] }), failedKill);
  assert.equal(rows(sandboxFailures, of), []);
});

test("failures that were have a first and a last", () => {
  const told = rows(sandboxFailures, troubled());
  assert.is(told.length, 2);
  assert.ok(told[1]?.includes("at least 104 times"), told[1]);
});

test("pods that waited for seconds at the start have no row; those that waited long have", () => {
  const scheduled = (uid: string, first: string) =>
    event({ reason: "Scheduled", type: "Normal", node: null, objects: [{ uid, first: at(first) }] });
  const created = at("2024-03-05T09:00:00Z");
  const facts = [
    pod({ name: "a", created }),
    scheduled("uid-a", "2024-03-05T09:00:30Z"),
    pod({ name: "b", created }),
    scheduled("uid-b", "2024-03-05T10:00:00Z"),
  ];
  assert.equal(rows(pendingPods, world({ facts })), [
    "2024-03-05T10:00:00.000Z One pod that had waited 1 h assigned to n1.",
  ]);
});

test("the end of a token that the plugin is still given is a row; of one that nobody reads it is none", () => {
  const ends = (path: string) => {
    const base = fact("kubeconfig", { path }, "n1");
    const token = { ...base.value.token, exp: at("2024-03-05T09:00:00Z") };
    return { ...base, value: { ...base.value, token } };
  };
  const of = world({ facts: [ends("/etc/cni/net.d/x-kubeconfig"), ends("/etc/cni/net.d/old-kubeconfig")] });
  of.publish("cni-token-expired", [
    { outcome: "found", about: { node: ["n1"], path: ["/etc/cni/net.d/x-kubeconfig"] } } as unknown as Found,
  ]);
  assert.equal(rows(cniTokens, of), ["2024-03-05T09:00:00.000Z The token that the CNI plugin on n1 is given expired."]);
});

const written = (path: string, mtime: string, on = "n1") =>
  fact("path", { path, type: "f", mtime: at(mtime, `node:${on}`) }, on);
const kubeconfig = (path: string, iat: string, on = "n1") => {
  const base = fact("kubeconfig", { path }, on);
  return {
    ...base,
    value: {
      ...base.value,
      token: { ...base.value.token, iat: at(iat), sub: "system:serviceaccount:kube-system:cni" },
    },
  };
};

test("files and tokens of the CNI are told on nodes with trouble only, and no other kubeconfig", () => {
  const path = "/etc/cni/net.d/x-kubeconfig";
  const facts = ["n1", "n2"].flatMap((on) => [
    kubeconfig(path, "2024-03-04T00:00:00Z", on),
    written(path, "2024-03-04T00:00:02Z", on),
    kubeconfig("/etc/kubernetes/admin.conf", "2024-03-01T00:00:00Z", on),
    written("/etc/kubernetes/admin.conf", "2024-03-01T00:00:00Z", on),
  ]);
  assert.equal(rows(cniFiles, troubled(...facts)), [
    "2024-03-04T00:00:02.000Z File x-kubeconfig in /etc/cni/net.d on n1 written.",
  ]);
  assert.is(rows(cniTokens, troubled(...facts)).length, 1);
  assert.equal(rows(cniFiles, world({ facts })), []);
});

const revision = (number: number, created: string, path: string) =>
  fact("kube.revision", {
    owner: { kind: "DaemonSet", name: "agent", uid: null },
    revision: number,
    created: at(created),
    template: { containers: [], hostPaths: [{ name: "cni-net-dir", path }], serviceAccount: null, hostNetwork: true },
  });

test("a revision of the CNI agent is told with what it changes; the first and old ones are not", () => {
  const told = rows(
    agentRollouts,
    troubled(
      revision(1, "2021-01-01T00:00:00Z", "/a/net.d"),
      revision(2, "2023-01-01T00:00:00Z", "/b/net.d"),
      revision(3, "2024-03-05T09:00:00Z", "/etc/cni/net.d"),
    ),
  );
  assert.equal(told, [
    "2024-03-05T09:00:00.000Z DaemonSet kube-system/agent gets revision 3: cni-net-dir from /b/net.d to /etc/cni/net.d.",
  ]);
});

test("a revision leads with where the agent writes, and tells its images in short", () => {
  const of = (number: number, created: string, dir: string, bin: string, tag: string) => {
    const base = revision(number, created, dir);
    const template = {
      containers: ["cni", "node"].map((name) => ({
        name,
        image: `example.com/calico/${name}:${tag}`,
        init: false,
        env: { CNI_NET_DIR: dir },
        mounts: [],
      })),
      hostPaths: [
        { name: "cni-bin-dir", path: bin },
        { name: "cni-net-dir", path: dir },
      ],
      serviceAccount: null,
      hostNetwork: true,
    };
    return { ...base, value: { ...base.value, template } };
  };
  const told = rows(
    agentRollouts,
    troubled(
      of(1, "2024-03-01T00:00:00Z", "/a/net.d", "/a/bin", "v1"),
      of(2, "2024-03-05T09:00:00Z", "/b/net.d", "/b/bin", "v2"),
    ),
  );
  assert.equal(told, [
    "2024-03-05T09:00:00.000Z DaemonSet kube-system/agent gets revision 2: cni-net-dir from /a/net.d to /b/net.d; CNI_NET_DIR from /a/net.d to /b/net.d; cni-bin-dir from /a/bin to /b/bin; images v1 → v2.",
  ]);
});

test("files of one act stand where the last of them was written, and equal seconds are told once", () => {
  const of = (mtime: string) => [
    fact("cni.netconf", { path: "/etc/cni/net.d/10-x.conflist" }, "n1"),
    kubeconfig("/etc/cni/net.d/x-kubeconfig", "2024-03-04T00:00:01Z"),
    written("/etc/cni/net.d/10-x.conflist", "2024-03-04T00:00:00.100Z"),
    written("/etc/cni/net.d/x-kubeconfig", mtime),
  ];
  assert.equal(rows(cniFiles, troubled(...of("2024-03-04T00:00:00.900Z"))), [
    "2024-03-04T00:00:00.900Z Files 10-x.conflist and x-kubeconfig in /etc/cni/net.d on n1 written.",
  ]);
  assert.equal(rows(cniFiles, troubled(...of("2024-03-04T00:00:01.900Z"))), [
    "2024-03-04T00:00:01.900Z Files 10-x.conflist and x-kubeconfig in /etc/cni/net.d on n1 written, between 2024-03-04T00:00:00Z and 2024-03-04T00:00:01Z.",
  ]);
});

test("a copy of a token is issued once", () => {
  const facts = ["/etc/cni/net.d/x-kubeconfig", "/opt/cni/net.d/x-kubeconfig"].map((path) =>
    kubeconfig(path, "2024-03-04T00:00:01Z"),
  );
  assert.is(rows(cniTokens, troubled(...facts)).length, 1);
});

test("a log has a first row, and a last one where a line of it shows the time", () => {
  const line = fact(
    "log",
    { sample: MESSAGE, first: at("2024-03-05T10:00:31Z"), last: at("2024-03-05T10:29:00Z"), count: 90 },
    "n1",
  );
  const told = rows(sandboxFailures, publish(world({ facts: [line, terminating({})] }), failedKill));
  assert.is(told.length, 1);
  const ended = { ...line, value: { ...line.value, lastEvidence: fact("log", {}, "n1").evidence } };
  const both = rows(sandboxFailures, publish(world({ facts: [ended, terminating({})] }), failedKill));
  assert.equal(both.slice(1), [
    "2024-03-05T10:29:00.000Z Last failed teardown of a sandbox on n1 in what was collected of the log.",
  ]);
});

test("since when an agent is not ready is a row, unless its node is silent", () => {
  const unready = (status: string, nodeStatus: string) => {
    const condition = { reason: null, message: null, heartbeat: at("2024-03-05T10:29:00Z") };
    const since = at("2024-03-05T09:40:00Z");
    const own = pod({
      name: "agent-x",
      namespace: "kube-system",
      owner: { kind: "DaemonSet", name: "agent", uid: null },
      conditions: [{ ...condition, type: "Ready", status, since }],
    });
    return rows(
      agentRollouts,
      troubled(
        revision(1, "2021-01-01T00:00:00Z", "/a/net.d"),
        own,
        node("n1", {
          conditions: [{ ...condition, type: "Ready", status: nodeStatus, since: at("2024-03-05T09:39:00Z") }],
        }),
      ),
    );
  };
  assert.equal(unready("False", "True"), [
    "2024-03-05T09:40:00.000Z The condition of pod kube-system/agent-x on n1 becomes Ready=False.",
  ]);
  assert.equal(unready("True", "True"), []);
  assert.equal(unready("False", "Unknown"), []);
});

test("a rollback tells nothing of when it was", () => {
  const told = rows(
    agentRollouts,
    troubled(revision(2, "2024-03-05T09:00:00Z", "/etc/cni/net.d"), revision(3, "2024-03-01T00:00:00Z", "/a/net.d")),
  );
  assert.equal(told, []);
});

test("the same object seen twice gives the same row", () => {
  const twice = [0, 1].flatMap(() => rows(podDeletions, world({ facts: [terminating({})] })));
  assert.is(twice[0], twice[1]);
});

test("a collection cites the collector's own record where there is one", () => {
  const own = fact("clock", { ofNode: true, zone: "UTC" }, "n1");
  const cited = (...facts: Parameters<typeof world>[0]["facts"]) =>
    [...collections.observe(world({ facts }))].flatMap((o) => o.statement.evidence);
  assert.equal(cited(node("n1"), own), [own.evidence]);
  assert.equal(
    cited(node("n1")).map((e) => e.locator.kind),
    ["whole"],
  );
});

test("a collection names what it looked at", () => {
  assert.is(rows(collections, world({ facts: [node("n1")] })).length, 1);
  assert.equal(rows(collections, world({ facts: [] })), []);
});

test.run();
