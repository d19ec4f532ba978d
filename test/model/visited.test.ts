import { suite } from "uvu";
import * as assert from "uvu/assert";
import { matchNodes, underNodeNames, unlisted, unvisited } from "#model/visited.js";
import { bundle } from "#test/engine/_cards.js";
import { fact, node, world } from "#test/rules/_facts.js";

const test = suite("nodes without a part of their own");

const listed = (names: readonly string[], nodes: readonly string[]) =>
  world({ facts: names.map((name) => node(name)), moment: { nodes } });

test("every node that the API lists and no bundle comes from, in order", () => {
  assert.equal(unvisited([listed(["n3", "n1", "n2"], ["n1"])]), ["n2", "n3"]);
  assert.equal(unvisited([listed(["n1"], ["n1"])]), []);
});

test("a host name is often the short form of the node's name", () => {
  assert.equal(unvisited([listed(["n1.example.org"], ["n1"]), listed(["n1.example.org"], ["n1.example.org"])]), []);
  assert.equal(unvisited([listed(["n1.example.org"], ["n10"])]), ["n1.example.org"]);
});

test("a visit at any moment counts, and so do the nodes of the last one only", () => {
  assert.equal(unvisited([listed(["gone"], ["n1"]), listed(["n1"], [])]), []);
  assert.equal(unvisited([]), []);
});

test("the full name decides; the first label only where one node and one machine have it", () => {
  const match = (machines: readonly string[], nodes: readonly string[]) =>
    Object.fromEntries(matchNodes(machines, nodes));
  assert.equal(match(["n1"], ["n1", "n1.b"]), { n1: "n1" });
  assert.equal(match(["n1.a"], ["n1"]), { "n1.a": "n1" });
  assert.equal(match(["n1"], ["n1.a", "n1.b"]), {}, "two nodes");
  assert.equal(match(["n1.a", "n1.b"], ["n1"]), {}, "two machines");
  assert.equal(match(["n1", "n1.a"], ["n1"]), { n1: "n1" }, "the node's own name is taken");
  assert.equal(match(["n1.a", "n1.c"], ["n1.a", "n1.b"]), { "n1.a": "n1.a" });
  assert.equal(match(["x"], ["n1"]), {});
});

test("two nodes of one first label are not both visited by one machine of that name", () => {
  assert.equal(unvisited([listed(["n1.a", "n1.b"], ["n1"])]), ["n1.a", "n1.b"]);
  assert.equal(unlisted([listed(["n1.a", "n1.b"], ["n1"])]), ["n1"]);
  assert.equal(unlisted([listed(["n1.a", "n1.b"], ["n1.a"])]), []);
});

test("where the API lists no node, no machine can be said to be none", () => {
  assert.equal(unlisted([listed([], ["n1"])]), []);
  assert.equal(unlisted([listed(["n2"], ["n1"]), listed(["n1"], [])]), []);
});

test("facts, coverage and custody take the API's name; what is matched to no node keeps its own", () => {
  const machine = fact("command", { command: "date", text: "" }, "n1");
  const stray = fact("command", { command: "date", text: "" }, "x1");
  const coverage = [
    { kind: "command" as const, node: "n1", artifact: machine.artifact, coverage: "complete" as const, facts: 1 },
  ];
  const custody = ["n1", "x1"].map((n) => bundle(`b-${n}`, "2024-03-05T10:00:00Z", { node: n, parts: ["node"] }));
  const intake = { artifacts: [], facts: [machine, stray, node("n1.example.org")], issues: [], coverage };
  const named = underNodeNames(intake, custody);
  assert.equal(
    named.intake.facts.map((f) => f.node),
    ["n1.example.org", "x1", "n1.example.org"],
  );
  assert.is(named.intake.coverage[0]?.node, "n1.example.org");
  assert.equal(
    named.custody.map((c) => c.node),
    ["n1.example.org", "x1"],
  );
  const exact = { ...intake, facts: [machine, node("n1")] };
  assert.is(underNodeNames(exact, custody).intake, exact);
});

test.run();
