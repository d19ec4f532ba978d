import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Evidence } from "#model/evidence.js";
import { cadence } from "#rules/kubelet/_pods.js";

const test = suite("how often");

const EVIDENCE: Evidence = {
  bundle: "b",
  node: null,
  member: "cluster/events.json",
  sha256: "",
  origin: "events",
  locator: { kind: "whole" },
  excerpt: "",
};

for (const [values, shown] of [
  [[13_000], "every 13 s"],
  [[11_000, 16_000], "every 11 s to 16 s"],
  [[1, 499], "every second or more often"],
  [[1, 5_000], "every 5 s or more often"],
  [[500, 600], "every 1 s"],
] as const)
  test(`${values.join()} ms: ${shown}`, () =>
    assert.equal(cadence(values, EVIDENCE).parts, [{ kind: "text", text: shown }]));

test.run();
