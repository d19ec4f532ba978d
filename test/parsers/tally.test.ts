import { suite } from "uvu";
import * as assert from "uvu/assert";
import { apiList, intakeOf } from "./feed.js";

const test = suite("lists against counts");

const daemonSet = (status: object, uid = "ds") => ({
  metadata: { namespace: "kube-system", name: "agent", uid },
  status,
});
const pod = (n: number, owner: object | null = { kind: "DaemonSet", name: "agent", uid: "ds" }) => ({
  metadata: { namespace: "kube-system", name: `p${n}`, uid: `p${n}`, ...(owner ? { ownerReferences: [owner] } : {}) },
});
const node = (n: number) => ({ metadata: { name: `n${n}`, uid: `n${n}` } });
const PODS = [pod(1), pod(2), pod(3)];

function judged(pods: readonly object[], status: object, other: { bundle?: string; list?: string } = {}) {
  const { bundle = "b1", list = "daemonsets.apps" } = other;
  const intake = intakeOf([apiList("pods"), pods], [apiList(list, bundle), [daemonSet(status)]]);
  return {
    pods: intake.coverage.find((c) => c.kind === "kube.pod")?.coverage,
    issues: intake.issues.map((i) => `${i.code} ${i.artifact.member}: ${i.message}`),
  };
}

test("fewer pods than their owner counts as ready: the list is not whole", () => {
  assert.equal(judged(PODS.slice(1), { desiredNumberScheduled: 0, numberReady: 3 }), {
    pods: "truncated",
    issues: [
      "W_SHORT cluster/pods.json: the list is not whole: cluster/daemonsets.apps.json, at /items/0, counts 3 pods of its own as ready, and 2 of them are listed",
    ],
  });
  assert.is(judged([], { numberReady: 1 }).pods, "truncated");
  const foreign = [pod(1), pod(2), pod(3, { kind: "DaemonSet", name: "agent", uid: "the one before" })];
  assert.is(judged(foreign, { numberReady: 3 }).pods, "truncated");
  assert.is(judged([pod(1), pod(2), pod(3, null)], { numberReady: 3 }).pods, "truncated");
  const set = { kind: "ReplicaSet", name: "agent" };
  assert.is(judged([pod(1, set)], { readyReplicas: 2 }, { list: "replicasets.apps" }).pods, "truncated");
});

test("near misses: as many as are counted, pods that were never made, other bundles, workloads that own no pods", () => {
  assert.equal(judged(PODS, { numberReady: 3 }), { pods: "complete", issues: [] });
  assert.is(judged([...PODS, pod(4)], { numberReady: 3 }).pods, "complete");
  assert.is(judged([pod(1), pod(2, { kind: "DaemonSet", name: "agent" })], { numberReady: 2 }).pods, "complete");
  // Three wanted and two made: a third is missing, not unlisted.
  const wanted = { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberReady: 2 };
  assert.is(judged(PODS.slice(1), wanted).pods, "complete");
  assert.is(judged(PODS.slice(1), { numberReady: 3 }, { bundle: "b2" }).pods, "complete");
  assert.is(judged([], { readyReplicas: 3 }, { list: "deployments.apps" }).pods, "complete");
  assert.is(judged([], { numberReady: "3" }).pods, "complete");
});

test("fewer nodes than a DaemonSet is to run on", () => {
  const coverage = (nodes: readonly object[]) =>
    intakeOf(
      [apiList("nodes"), nodes],
      [apiList("daemonsets.apps"), [daemonSet({ desiredNumberScheduled: 2 })]],
    ).coverage.find((c) => c.kind === "kube.node")?.coverage;
  assert.equal([[], [node(1)], [node(1), node(2)], [node(1), node(2), node(3)]].map(coverage), [
    "truncated",
    "truncated",
    "complete",
    "complete",
  ]);
});

test.run();
