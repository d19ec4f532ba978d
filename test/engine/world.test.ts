import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conclude } from "#engine/run.js";
import { createWorld } from "#engine/world.js";
import type { Artifact, Coverage } from "#model/artifact.js";
import { evidenceIn, formatLocator } from "#model/evidence.js";
import { artifact, at, fact } from "#test/rules/_facts.js";
import { bundle, card, covered, denies, finds, misses, moment, run, worldOf } from "./_cards.js";

const test = suite("world and inference");

const state = (node: string | undefined, ...entries: Parameters<typeof covered>[]): Coverage =>
  worldOf(
    moment(1),
    entries.map((e) => covered(...e)),
  )
    .view("kube.pod")
    .coverage(node).state;

test("what nobody looked for was not attempted", () => {
  assert.is(state(undefined), "not-attempted");
  assert.is(state("n1"), "not-attempted");
});

test("what was collected in another bundle says nothing of this moment", () => {
  assert.is(state(undefined, [2, "kube.pod", "complete"]), "not-attempted");
});

test("coverage of another kind says nothing of this one", () => {
  assert.is(state(undefined, [1, "kube.node", "complete"]), "not-attempted");
});

test("a node's coverage is not the cluster's, nor another node's", () => {
  assert.is(state(undefined, [1, "kube.pod", "complete", "n1"]), "not-attempted");
  assert.is(state("n2", [1, "kube.pod", "complete", "n1"]), "not-attempted");
  assert.is(state("n1", [1, "kube.pod", "complete", "n1"]), "complete");
});

test("the worst state counts, since a fact may lie in any artifact", () => {
  const order: readonly Coverage[] = ["failed", "lost", "denied", "truncated", "complete", "absent"];
  order.forEach((worse, i) => {
    for (const better of order.slice(i))
      assert.is(state(undefined, [1, "kube.pod", better], [1, "kube.pod", worse]), worse, `${worse}, ${better}`);
  });
});

test("an origin narrows coverage to its artifacts", () => {
  const { coverage } = worldOf(moment(1), [
    covered(1, "kube.workload", "failed", null, { origin: "deployments" }),
    covered(1, "kube.workload", "complete", null, { origin: "replicasets" }),
  ]).view("kube.workload");
  assert.is(coverage().state, "failed");
  assert.is(coverage(undefined, /^replicasets$/).state, "complete");
  assert.is(coverage(undefined, /^jobs$/).state, "not-attempted");
});

test("an absence cites each artifact that was searched, with how much it held", () => {
  const entry = { ...covered(1, "kube.pod", "complete", null, { member: "cluster/pods.json" }), facts: 27 };
  const report = worldOf(moment(1), [entry]).view("kube.pod").coverage();
  const [evidence, ...more] = report.searched("pod web");
  assert.equal(more, []);
  assert.is(report.facts, 27);
  assert.is(evidence?.member, "cluster/pods.json");
  assert.is(evidence && formatLocator(evidence.locator), "absence of pod web in 27 kube.pod of pods");
  assert.equal(worldOf(moment(1)).view("kube.pod").coverage().searched("x"), []);
});

test("a gap says in words why, and which command closes it", () => {
  const why = (coverage?: Coverage): string =>
    worldOf(moment(1), coverage ? [covered(1, "mount", coverage, "n1")] : [])
      .view("mount")
      .missing("the mount table", "n1").why;
  assert.is(why(), "not attempted");
  assert.is(why("truncated"), "cut at a limit");
  assert.is(why("denied"), "permission denied");
  assert.is(why("complete"), "collected, but it does not say");
  const gap = worldOf(moment(1)).view("mount").missing("the mount table", "n1");
  assert.is(gap.node, "n1");
  assert.ok(gap.command.includes("mountinfo"));
});

test("facts of a moment are those of its bundles, by kind and by node", () => {
  const of = (kind: "path" | "kube.pod", bundleId: string, node: string | null) => {
    const base = fact(kind, {}, node);
    return { ...base, artifact: artifact({ bundle: bundleId, node }) };
  };
  const here = of("path", "bundle-1", "n1");
  const there = of("path", "bundle-1", "n2");
  const world = worldOf(moment(1), [], [here, there, of("path", "bundle-2", "n1"), of("kube.pod", "bundle-1", null)]);
  assert.equal(world.view("path").all, [here, there]);
  assert.equal(world.view("path").on("n1"), [here]);
  assert.equal(world.view("path").on("n3"), []);
  assert.equal(world.view("kube.pod").on("n1"), []);
  assert.is(world.view("kube.pod").all.length, 1);
});

test("a derivation is computed once for a moment", () => {
  let calls = 0;
  const derivation = () => {
    calls += 1;
    return calls;
  };
  const { context } = worldOf(moment(1));
  assert.is(context.derive(derivation), 1);
  assert.is(context.derive(derivation), 1);
  assert.is(worldOf(moment(2)).context.derive(derivation), 2);
});

test("a rule sees what the rules before it found, and neither refutations nor gaps", () => {
  const seen: number[] = [];
  const first = card("a", { match: () => [denies("x"), finds("y"), misses("z")] });
  const second = card("b", {
    match: (_facts, context) => {
      seen.push(context.findings("a").length, context.findings("nobody").length);
      return [];
    },
  });
  run([first, second], worldOf(moment(1)));
  assert.equal(seen, [1, 0]);
});

test("a rule that throws costs its own verdicts, and those of no other", () => {
  const broken = card("b", {
    *match() {
      yield finds("half");
      throw new TypeError("secret text of a bundle");
    },
  });
  const verdicts = run(
    [card("a", { match: () => [finds("x")] }), broken, card("c", { match: () => [denies("y")] })],
    worldOf(moment(1)),
  );
  assert.equal(
    verdicts.map((v) => `${v.rule.id} ${v.outcomes.length} ${v.failed}`),
    ["a 1 null", "b 0 TypeError", "c 1 null"],
  );
});

test("a rule that throws leaves a gap that names it, without the text of the error", () => {
  const broken = card("b", {
    match: () => {
      throw new RangeError("secret text of a bundle");
    },
  });
  const book = { rules: [broken], changes: [], timelines: [], surveys: [], benign: [] };
  const intake = { artifacts: [], facts: [], issues: [], coverage: [] };
  const { gaps } = conclude(book, intake, [bundle("a", "2024-03-05T10:00:00Z")]);
  assert.equal(
    gaps.map((g) => [g.what, g.blocks]),
    [["the verdict of the rule b", ["b"]]],
  );
  assert.not.ok(JSON.stringify(gaps).includes("secret"));
});

test("one thing that is missing is one gap, with every rule that it blocks", () => {
  const rules = ["b", "a"].map((id) => card(id, { match: () => [misses("x"), misses("y"), misses("x", "the clock")] }));
  const book = { rules, changes: [], timelines: [], surveys: [], benign: [] };
  const intake = { artifacts: [], facts: [], issues: [], coverage: [] };
  const custody = [bundle("a", "2024-03-05T10:00:00Z"), bundle("b", "2024-03-05T12:00:00Z")];
  assert.equal(
    conclude(book, intake, custody).gaps.map((g) => [g.what, g.blocks]),
    [
      ["the clock", ["a", "b"]],
      ["the list of pods", ["a", "b"]],
    ],
  );
});

test("what has no time of its own was read by the time at which the last thing of its bundle was begun", () => {
  const of = (member: string, clock: string | null, bundle = "bundle-1") =>
    artifact({ bundle, member, collectedAt: clock === null ? null : at(`2024-03-05T${clock}Z`) });
  const [first, table, last] = [of("a", "10:00:01"), of("paths.tsv", null), of("z", "10:00:09")];
  const other = of("b", null, "bundle-1b");
  const artifacts = [first, table, last, other, of("late", "11:00:00", "bundle-2")];
  const moments = moment(1, { bundles: ["bundle-1", "bundle-1b"] });
  const { readAt } = createWorld({ artifacts, facts: [], issues: [], coverage: [] }, moments);
  const read = (...of: readonly Artifact[]) =>
    readAt(of.map((a) => evidenceIn(a, { kind: "whole" }, "x")))?.epochMs ?? null;
  const [one, nine] = [first, last].map((a) => a.collectedAt?.epochMs ?? null);
  assert.equal([read(first), read(table), read(first, table), read(other), read()], [one, nine, nine, null, null]);
});

test.run();
