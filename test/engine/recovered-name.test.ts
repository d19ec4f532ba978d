import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conclude } from "#engine/run.js";
import { evidenceIn } from "#model/evidence.js";
import type { Found, Outcome } from "#model/finding.js";
import { type Rule, refuted } from "#model/rule.js";
import { code, plainText, say } from "#model/statement.js";
import { artifact } from "#test/rules/_facts.js";
import { bundle, card, finds, foresees } from "./_cards.js";

const test = suite("what rests on a recovered name");

const [LOST, SOUND] = ["a".repeat(64), "c".repeat(64)];
const custody = [
  bundle(LOST, "2024-03-05T10:00:00Z", { node: "n1", nodeBy: "/etc/hostname" }),
  bundle(SOUND, "2024-03-05T10:01:00Z", { node: "n2" }),
];
const from = (sha256: string, node: string | null) =>
  say`${code("seen", evidenceIn(artifact({ bundle: sha256, node }), { kind: "whole" }, "x"))}`;
const conclusions = (outcome: Outcome, kind: Rule["kind"] = "mechanism") =>
  conclude(
    { rules: [card("r", { kind, match: () => [outcome] })], changes: [], timelines: [], surveys: [], benign: [] },
    { artifacts: [], facts: [], issues: [], coverage: [] },
    custody,
  );
const PREMISE = "that the bundle which lost its node's name is of n1 (by /etc/hostname)";

test("a finding from the node's own part of it is probable at most, and says why", () => {
  const of = (sha256: string, node: string | null, unverified: readonly string[] = []) =>
    conclusions(finds("x", { statements: [from(SOUND, "n2"), from(sha256, node)], unverified })).findings.map((f) => [
      f.confidence,
      ...f.unverified,
    ]);
  assert.equal(of(LOST, "n1"), [["probable", PREMISE]]);
  assert.equal(of(LOST, "n1", ["y"]), [["possible", "y", PREMISE]]);
  assert.equal(of(LOST, "n1", [PREMISE]), [["probable", PREMISE]], "once");
  assert.equal(of(LOST, null), [["established"]], "what the API server says of its nodes");
  assert.equal(of(SOUND, "n2"), [["established"]], "a bundle that says its name");
});

test("what a list shows is observed, though lines of that node say the same beside it", () => {
  const of = (...statements: Found["statements"]) =>
    conclusions(finds("x", { statements }), "symptom").findings.map((f) => f.confidence);
  assert.equal(of(from(SOUND, null), from(LOST, "n1")), ["observed"]);
  assert.equal(of(from(LOST, "n1"), from(SOUND, null)), ["probable"]);
});

test("a forecast, too", () => {
  const foreseen = { ...foresees("x", "r"), statements: [from(LOST, "n1")] } as Outcome;
  assert.equal(
    conclusions(foreseen).forecasts.map((f) => [f.confidence, ...f.unverified]),
    [["probable", PREMISE]],
  );
});

test("what rules a rival out from there says so in its sentence", () => {
  const of = (sha256: string, node: string | null) => {
    const [verdict] = conclusions(
      refuted({ subject: "x", about: { node: ["n1"] }, statements: [from(sha256, node)] }),
    ).verdicts;
    const [outcome] = verdict?.outcomes ?? [];
    return outcome?.outcome === "refuted" ? plainText(outcome.statements[0]) : null;
  };
  assert.is(of(LOST, "n1"), "seen (taking the bundle that lost its node's name for that of n1)");
  assert.equal([of(LOST, null), of(SOUND, "n2")], ["seen", "seen"]);
});

test.run();
