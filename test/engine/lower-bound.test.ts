import { suite } from "uvu";
import * as assert from "uvu/assert";
import { lowerBounds } from "#engine/lower-bound.js";
import type { Coverage } from "#model/artifact.js";
import { evidenceIn } from "#model/evidence.js";
import { code, codes, count, plainText, type Quoted, type Statement, say, stated } from "#model/statement.js";
import { firstNumber, number, oneOf } from "#rules/kubelet/_pods.js";
import { artifact } from "#test/rules/_facts.js";
import { covered } from "./_cards.js";

const test = suite("lower bounds");

const pods = artifact({ bundle: "bundle-1" });
const log = artifact({ bundle: "bundle-1", node: "n1", member: "node/fs/kubelet.log", origin: "/kubelet.log" });
const inPods = evidenceIn(pods, { kind: "whole" }, "pods");
const inLog = evidenceIn(log, { kind: "whole" }, "log");

const settled = (coverage: Coverage, statement: Statement): string =>
  plainText(lowerBounds([covered(1, "kube.pod", coverage)])(statement));

const six = say`${firstNumber(6, "pod", inPods)} of ${number(14, "pod", inPods)} and ${count(2, "replica", inPods)} failed`;

test("what a list counts that was not had in full is told as a lower bound", () => {
  for (const coverage of ["truncated", "failed", "denied"] as const)
    assert.is(settled(coverage, six), "At least six pods of at least 14 pods and at least 2 replicas failed", coverage);
});

test("a complete list, and one that is not there, is counted as it is", () => {
  for (const coverage of ["complete", "absent"] as const)
    assert.is(settled(coverage, six), "Six pods of 14 pods and 2 replicas failed", coverage);
});

test("names beyond those shown are counted, too", () => {
  assert.is(settled("truncated", say`On ${codes(["a", "b", "c"], 1, inPods)}`), "On a and at least 2 more");
  assert.is(settled("truncated", say`It is ${oneOf(["a", "b"], inPods)}`), "It is a and at least 1 more");
  assert.is(settled("truncated", say`On ${codes(["a", "b"], 2, inPods)}`), "On a and b");
});

test("only what was counted in the list that was cut is: another member, and the same name in another bundle, are not", () => {
  const other = { ...inPods, bundle: "bundle-2" };
  const of = (...evidence: [typeof inPods]) =>
    settled("truncated", say`On ${code("n1", inPods)} ${number(3, "line", ...evidence)}`);
  assert.is(of(inLog), "On n1 three lines");
  assert.is(of(other), "On n1 three lines");
  assert.is(of(inPods), "On n1 at least three lines");
});

test("what one object states is no count of a list", () => {
  assert.is(settled("truncated", say`It wants ${stated(count(3, "replica", inPods))}`), "It wants 3 replicas");
});

test("a sentence that begins with a figure begins with a capital all the same", () => {
  assert.is(settled("truncated", say`${count(27, "pod", inPods)} at noon`), "At least 27 pods at noon");
});

test("events are listed twice: where one list is cut the other counts less than all, but of its own bundle only", () => {
  const list = (n: number, member: string, coverage: Coverage) => covered(n, "kube.event", coverage, null, { member });
  const core = evidenceIn(artifact({ bundle: "bundle-1", member: "events.json" }), { kind: "whole" }, "x");
  const settle = lowerBounds([
    list(1, "events.json", "complete"),
    list(1, "events.events.k8s.io.json", "truncated"),
    list(2, "events.json", "complete"),
  ]);
  const of = (quoted: Quoted) => plainText(settle(say`${quoted}`));
  assert.is(of(number(6, "pod", core)), "at least six pods");
  assert.is(of(number(6, "pod", { ...core, bundle: "bundle-2" })), "six pods");
});

test("evidence from a member that was cut is marked; no mark of counting is left on any sentence", () => {
  const settle = lowerBounds([covered(1, "kube.pod", "truncated")]);
  const [first, second] = settle([six, say`${number(1, "line", inLog)}`]);
  assert.is(first?.evidence[0]?.cut, true);
  assert.is(second?.evidence[0]?.cut, undefined);
  assert.not.match(JSON.stringify([first, second]), "counted");
});

test.run();
