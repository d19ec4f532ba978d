import { suite } from "uvu";
import * as assert from "uvu/assert";
import { unvisited } from "#model/visited.js";
import { node, world } from "#test/rules/_facts.js";

const test = suite("nodes without a part of their own");

const listed = (names: readonly string[], nodes: readonly string[]) =>
  world({ facts: names.map((name) => node(name)), moment: { nodes } });

test("every node that the API lists and no bundle comes from, in order", () => {
  assert.equal(unvisited([listed(["n3", "n1", "n2"], ["n1"])]), ["n2", "n3"]);
  assert.equal(unvisited([listed(["n1"], ["n1"])]), []);
});

test("a host name is often the short form of the node's name", () => {
  assert.equal(unvisited([listed(["n1.example.org"], ["n1"]), listed(["n1"], ["n1.example.org"])]), []);
  assert.equal(unvisited([listed(["n1.example.org"], ["n10"])]), ["n1.example.org"]);
});

test("a visit at any moment counts, and so do the nodes of the last one only", () => {
  assert.equal(unvisited([listed(["gone"], ["n1"]), listed(["n1"], [])]), []);
  assert.equal(unvisited([]), []);
});

test.run();
