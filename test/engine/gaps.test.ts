import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conclude } from "#engine/run.js";
import { type Gap, ONLY_THEN, REPLACED } from "#model/finding.js";
import { undetermined } from "#model/rule.js";
import { bundle, card } from "#test/engine/_cards.js";
import { node } from "#test/rules/_facts.js";

const test = suite("gaps of nodes");

/** Gaps where the API lists these nodes and a bundle comes from that machine. */
function gapsOf(nodes: readonly string[], machine: string | null): readonly Gap[] {
  const rules = [card("a")];
  const parts: ("node" | "cluster")[] = machine === null ? ["cluster"] : ["node", "cluster"];
  const custody = [bundle("b".repeat(64), "2024-03-05T10:00:00Z", { node: machine, parts })];
  const facts = nodes.map((name) => node(name));
  const intake = { artifacts: [], facts, issues: [], coverage: [] };
  return conclude({ rules, changes: [], timelines: [], surveys: [], benign: [] }, intake, custody).gaps;
}

test("up to five nodes have a row of their own, the rest share one", () => {
  const names = Array.from({ length: 20 }, (_, i) => `n${String(i).padStart(2, "0")}`);
  const gaps = gapsOf(names, "n00");
  assert.equal(
    gaps.map((g) => g.node),
    ["n01", "n02", "n03", "n04", "n05", null],
  );
  const [first, rest] = [gaps[0], gaps[5]];
  assert.is(first?.command, "sh collect.sh --no-cluster --node n01   # on n01, as root");
  assert.is(rest?.what, "files, processes and logs of n06, n07, n08, n09, n10, n11, n12, n13 and 6 more");
  assert.match(rest?.command ?? "", '--node "$NODE"');
  assert.equal(rest?.concerns, names.slice(6));
  assert.is(gapsOf(names.slice(0, 6), "n00").length, 5);
});

test("a node's name is one word of the command, whatever it is", () => {
  const [gap] = gapsOf(["n1; reboot\nrm x"], null);
  assert.is(gap?.command, "sh collect.sh --no-cluster --node 'n1; reboot\nrm x'   # on that node, as root");
});

test("a machine that is no node is a gap; where its first label is of two nodes, too", () => {
  assert.is(gapsOf(["n1"], "n1.example.org").length, 0);
  assert.match(gapsOf(["n1"], "x")[0]?.what ?? "", /^which node x is/);
  assert.match(gapsOf(["n1.a", "n1.b"], "n1")[0]?.what ?? "", /^which node n1 is/);
});

test("what only a bundle of that time holds is no gap that a command could close; what was replaced and is in a log is one", () => {
  const gap = (command: string) => {
    const missing = { kind: "kube.pod", node: "n1", what: "what it was", why: REPLACED, command } as const;
    const rules = [card("a", { match: () => [undetermined({ subject: "x", about: {}, missing: [missing] })] })];
    const custody = [bundle("b".repeat(64), "2024-03-05T10:00:00Z", { node: "n1", parts: ["node", "cluster"] })];
    const intake = { artifacts: [], facts: [node("n1")], issues: [], coverage: [] };
    return conclude({ rules, changes: [], timelines: [], surveys: [], benign: [] }, intake, custody).gaps;
  };
  assert.equal(gap(ONLY_THEN), []);
  assert.equal(
    gap("journalctl -u x").map((g) => g.what),
    ["what it was"],
  );
});

test.run();
