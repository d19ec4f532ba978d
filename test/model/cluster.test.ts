import { suite } from "uvu";
import * as assert from "uvu/assert";
import { machineGaps, requireOneCluster, withMachineDoubts } from "#model/cluster.js";
import { InquestError } from "#model/error.js";
import type { Fact } from "#model/fact.js";
import { bundle } from "#test/engine/_cards.js";
import { apiList, intakeOf } from "#test/parsers/feed.js";

const test = suite("one cluster");

const [A, B] = ["a".repeat(64), "b".repeat(64)];
const cluster = (sha256: string, file: string) => ({
  ...bundle(sha256, "2026-11-22T12:00:00Z", { node: null, parts: ["cluster"] }),
  file,
});
const TWO = [cluster(A, "/in/one.tar.gz"), cluster(B, "/in/two.tar.gz")];

const namespaces = (of: string, ...items: readonly (readonly [string, string?])[]): readonly Fact[] =>
  intakeOf([
    apiList("namespaces", of),
    items.map(([name, uid]) => ({ kind: "Namespace", metadata: { name, ...(uid ? { uid } : {}) } })),
  ]).facts;

function refused(facts: readonly Fact[]): string | null {
  try {
    requireOneCluster(facts, TWO);
    return null;
  } catch (error) {
    assert.instance(error, InquestError);
    return `${(error as InquestError).code} ${(error as InquestError).subject}: ${(error as Error).message}`;
  }
}

test("bundles in which kube-system has different uids are not reviewed together", () => {
  assert.is(
    refused([...namespaces(A, ["default", "d"], ["kube-system", "k1"]), ...namespaces(B, ["kube-system", "k2"])]),
    "E_CLUSTERS /in/two.tar.gz: of another cluster than one.tar.gz: the uids of their namespace kube-system differ",
  );
});

test("near misses: one uid, another namespace made anew, uids that are not known, another object of that name", () => {
  const one = namespaces(A, ["default", "d"], ["kube-system", "k1"]);
  assert.is(refused([...one, ...namespaces(B, ["default", "other"], ["kube-system", "k1"])]), null);
  assert.is(refused([...one, ...namespaces(B, ["default", "other"])]), null);
  assert.is(refused([...one, ...namespaces(B, ["kube-system"])]), null);
  const odd = { kind: "Lease", metadata: { name: "kube-system", uid: "k2" } };
  assert.is(refused([...one, ...intakeOf([apiList("leases", B), [odd]]).facts]), null);
  assert.is(refused([]), null);
});

const machine = (sha256: string, id: string | null, node = "n1") => ({
  ...bundle(sha256, "2026-11-22T12:00:00Z", { node, parts: ["node"] }),
  file: `/in/${sha256.slice(0, 1)}.tar.gz`,
  machineIdSha256: id,
});

test("a node that has another machine's id later is doubted, and said to be", () => {
  const custody = [machine(A, "1"), machine(B, "2"), machine("c".repeat(64), "1"), machine("d".repeat(64), "3", "n2")];
  assert.equal(
    withMachineDoubts(custody).map((c) => c.issues.map((i) => `${i.code} ${i.message}`)),
    [
      [],
      [
        "W_MACHINE its machine has another id than that of n1 in a.tar.gz: the node was installed anew or replaced, or this is another cluster",
      ],
      [],
      [],
    ],
  );
  const [gap, ...more] = machineGaps(custody, ["r"]);
  assert.equal([gap?.node, gap?.blocks, gap?.concerns, more.length], ["n1", ["r"], ["n1"], 0]);
  assert.match(gap?.command ?? "", "kubectl get namespace kube-system");
});

test("near misses: one machine, an id that is not known, the cluster's part collected on another machine", () => {
  const admin = { ...cluster(B, "/in/c.tar.gz"), machineIdSha256: "9" };
  const part = { ...machine(B, "9"), parts: ["cluster"] as const };
  for (const other of [machine(B, "1"), machine(B, null), machine(B, "2", "n2"), admin, part]) {
    const custody = [machine(A, "1"), other];
    assert.equal(withMachineDoubts(custody), custody);
    assert.equal(machineGaps(custody, []), []);
  }
});

test.run();
