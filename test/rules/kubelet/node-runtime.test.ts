import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Finding } from "#model/finding.js";
import podGone from "#rules/cni/cni-kubeconfig-token-pod-gone.js";
import { nodeRuntimes } from "#rules/kubelet/_node-runtime.js";
import createSandbox from "#rules/kubelet/sym-failed-create-sandbox.js";
import killPod from "#rules/kubelet/sym-failed-kill-pod.js";
import { node, world } from "#test/rules/_facts.js";

const test = suite("sources are of the runtime that the node uses");

const about = (rule: typeof podGone, runtime: string | null): readonly string[] => {
  const finding = { value: { runtime } } as unknown as Finding;
  const known = rule.known.flatMap(({ source }) => (source.kind === "known" ? [source.reference] : []));
  return [...rule.references, ...known].filter((r) => rule.holds?.(r, finding) !== false).map((r) => r.source);
};

test("containerd's source is cited for its own nodes, and where nothing tells", () => {
  for (const rule of [podGone, createSandbox, killPod]) {
    for (const runtime of ["containerd", null])
      assert.ok(
        about(rule, runtime).some((s) => s.startsWith("containerd ")),
        rule.id,
      );
    for (const runtime of ["cri-o", "docker"]) {
      assert.not.ok(
        about(rule, runtime).some((s) => s.startsWith("containerd ")),
        rule.id,
      );
      assert.ok(about(rule, runtime).length > 0, "the others stay");
    }
  }
});

test("the Node object tells the runtime; one that reports none tells nothing", () => {
  const facts = [node("a", { runtimeVersion: "cri-o://1.30.2" }), node("b", { runtimeVersion: null })];
  const found = world({ facts }).context.derive(nodeRuntimes);
  assert.equal([...found], [["a", "cri-o"]]);
});

test.run();
