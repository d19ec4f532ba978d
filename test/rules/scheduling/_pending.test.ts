import { suite } from "uvu";
import * as assert from "uvu/assert";
import { reasonsOf } from "#rules/scheduling/_pending.js";

const test = suite("reasons of the scheduler");

const TABLE: readonly (readonly [string, readonly string[]])[] = [
  [
    "0/3 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 2 node(s) didn't match Pod's node affinity/selector",
    ["node(s) didn't match Pod's node affinity/selector", "node(s) didn't match pod anti-affinity rules"],
  ],
  [
    "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
    ["node(s) didn't match pod anti-affinity rules"],
  ],
  [
    "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    ["Insufficient nvidia.com/gpu", "node(s) had untolerated taint {node.kubernetes.io/not-ready: }"],
  ],
  [
    "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are available",
    ["pod has unbound immediate PersistentVolumeClaims"],
  ],
  ["", []],
];

for (const [message, expected] of TABLE) {
  test(message.slice(0, 60) || "nothing", () => assert.equal(reasonsOf(message), expected));
}

test("counts do not tell two messages apart", () => {
  assert.equal(reasonsOf("0/3 nodes are available: 2 a, 1 b."), reasonsOf("0/4 nodes are available: 1 a, 3 b."));
});

test.run();
