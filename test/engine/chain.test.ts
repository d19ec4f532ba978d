import { suite } from "uvu";
import * as assert from "uvu/assert";
import { findChains, MAX_STEPS } from "#engine/chain.js";
import { confidenceOf, linkConfidence, weaker } from "#engine/confidence.js";
import type { Numbered } from "#engine/link.js";
import type { CausalLink } from "#model/finding.js";
import type { Rule } from "#model/rule.js";
import { at } from "#test/rules/_facts.js";
import { card, finds, numbered } from "./_cards.js";

const test = suite("chains and confidence");

/** `s…` is a symptom, `i…` an impact, `t…` a trigger, anything else a mechanism. */
function ruleOf(name: string): Rule {
  if (name.startsWith("s")) return card(name, { kind: "symptom" });
  if (name.startsWith("i")) return card(name, { kind: "impact" });
  return card(name, name.startsWith("t") ? { role: "trigger" } : {});
}

/** Chains of findings that are linked as `cause>effect`; `since` gives an hour to some. */
function chains(arrows: string, alone = "", since: Readonly<Record<string, string>> = {}): readonly string[] {
  const pairs = arrows
    .split(" ")
    .filter((a) => a !== "")
    .map((a) => a.split(">") as [string, string]);
  const names = [...new Set([...pairs.flat(), ...alone.split(" ").filter((a) => a !== "")])];
  const findings = names.map((name): Numbered => {
    const hour = since[name];
    const one = numbered([ruleOf(name), finds(name, { since: hour ? at(`2024-03-05T${hour}:00:00Z`) : null })])[0];
    return { ...(one as Numbered), id: name };
  });
  const links = pairs.map(
    ([cause, effect]): CausalLink => ({
      cause,
      effect,
      relation: "propagates",
      order: "verified",
      confidence: "established",
    }),
  );
  return findChains(findings, links).map((c) => c.join(" "));
}

test("no finding makes no chain, and an impact alone makes none", () => {
  assert.equal(chains(""), []);
  assert.equal(chains("", "i1"), []);
});

test("a finding alone is a chain of itself", () => {
  assert.equal(chains("", "s1"), ["s1"]);
  assert.equal(chains("", "m1"), ["m1"]);
});

test("a chain goes from the effect that nothing explains to its root", () => {
  assert.equal(chains("m1>s1 m2>m1 m3>m2"), ["s1 m1 m2 m3"]);
});

test("a symptom that nothing explains and that is the root of another, through a mechanism, is told there only", () => {
  assert.equal(chains("s2>m1 m1>s1"), ["s1 m1 s2"]);
});

test("not so one with a cause of its own, or one whose mechanism brought nothing about", () => {
  assert.equal(chains("m2>s2 s2>m1 m1>s1"), ["s2 m2", "s1 m1 s2 m2"]);
  assert.equal(chains("s2>m1"), ["s2", "m1 s2"]);
});

test("an impact is told as impact, and starts no chain", () => {
  assert.equal(chains("m1>s1 s1>i1 m1>i1"), ["s1 m1"]);
  assert.equal(chains("m1>i1"), ["m1"]);
});

test("a symptom of a symptom is a step, and starts no chain of its own", () => {
  assert.equal(chains("s2>s1 m1>s2"), ["s1 s2 m1"]);
});

test("of two paths to one root the longest is told", () => {
  assert.equal(chains("m1>s1 m2>m1 m2>s1"), ["s1 m1 m2"]);
});

test("two roots make two branches", () => {
  assert.equal(chains("m1>s1 m2>m1 m3>m1"), ["s1 m1 m2", "s1 m1 m3"]);
  assert.equal(chains("m1>s1 m2>s1"), ["s1 m1", "s1 m2"]);
});

test("two symptoms of one root are two chains", () => {
  assert.equal(chains("m1>s1 m1>s2"), ["s1 m1", "s2 m1"]);
});

test("a trigger stands beside the condition that it met, after their common effect", () => {
  assert.equal(chains("m1>s1 c1>m1 t1>m1"), ["s1 m1 t1 c1"]);
  assert.equal(chains("t1>m1 c1>m1 m1>s1"), ["s1 m1 t1 c1"]);
});

test("two triggers stand beside one condition, and one trigger beside each of two conditions", () => {
  assert.equal(chains("m1>s1 c1>m1 t1>m1 t2>m1"), ["s1 m1 t1 t2 c1"]);
  assert.equal(chains("m1>s1 c1>m1 c2>m1 t1>m1"), ["s1 m1 t1 c1", "s1 m1 t1 c2"]);
});

test("a trigger without a condition ends its chain", () => {
  assert.equal(chains("m1>s1 t1>m1"), ["s1 m1 t1"]);
});

test("a trigger of the root itself has no condition to stand beside: it makes the chain longer", () => {
  assert.equal(chains("m1>s1 c1>m1 t1>c1"), ["s1 m1 c1 t1"]);
});

test("a trigger on another branch than the condition keeps a chain of its own", () => {
  assert.equal(chains("m1>s1 m2>s1 c1>m1 t1>m2"), ["s1 m1 c1", "s1 m2 t1"]);
});

test("a chain of more than seven steps keeps its top and its root", () => {
  const arrows = Array.from({ length: 9 }, (_, i) => `m${i + 1}>${i === 0 ? "s1" : `m${i}`}`).join(" ");
  const [only, ...more] = chains(arrows);
  assert.equal(more, []);
  assert.is(only, "s1 m1 m2 m3 m4 m5 m9");
  assert.is(only?.split(" ").length, MAX_STEPS);
});

test("seven steps are told whole", () => {
  assert.equal(chains("m1>s1 m2>m1 m3>m2 m4>m3 m5>m4 m6>m5"), ["s1 m1 m2 m3 m4 m5 m6"]);
});

test("the earlier onset is told first, and an unknown one last", () => {
  assert.equal(chains("m1>s1 m2>s2 m3>s3", "", { s1: "12", s2: "11" }), ["s2 m2", "s1 m1", "s3 m3"]);
});

test("what failed is told before what has caused nothing, however old that is", () => {
  assert.equal(chains("m1>s1", "m9", { s1: "12", m9: "08" }), ["s1 m1", "m9"]);
  assert.equal(chains("", "s1 m9", { m9: "08" }), ["s1", "m9"]);
  assert.equal(chains("", "m8 m9", { m9: "08", m8: "09" }), ["m9", "m8"]);
});

test("a chain that runs into another comes after it, though its own onset is earlier", () => {
  assert.equal(chains("s1>m5 m5>s2 m1>s1", "", { s2: "10", s1: "12" }), ["s1 m1", "s2 m5 s1 m1"]);
});

test("it does so beside a third chain as well, in whatever order they come", () => {
  const since = { s2: "10", s3: "11", s1: "12" };
  for (const arrows of ["s1>m5 m5>s2 m1>s1 m9>s3", "m9>s3 m1>s1 m5>s2 s1>m5", "m1>s1 m9>s3 m5>s2 s1>m5"]) {
    const told = chains(arrows, "", since);
    assert.ok(told.indexOf("s1 m1") < told.indexOf("s2 m5 s1 m1"), `${arrows}: ${told.join(", ")}`);
    assert.is(told.length, 3);
  }
});

test("one unverified premise makes a finding probable, two make it possible", () => {
  assert.is(confidenceOf("mechanism", []), "established");
  assert.is(confidenceOf("forecast", []), "established");
  assert.is(confidenceOf("symptom", []), "observed");
  assert.is(confidenceOf("impact", []), "observed");
  for (const kind of ["mechanism", "forecast", "symptom", "impact"] as const) {
    assert.is(confidenceOf(kind, ["a"]), "probable");
    assert.is(confidenceOf(kind, ["a", "b"]), "possible");
  }
});

test("of two the weaker counts, and a link is established at best", () => {
  assert.is(weaker("observed", "possible"), "possible");
  assert.is(weaker("probable", "established"), "probable");
  assert.is(linkConfidence("observed", "verified"), "established");
  assert.is(linkConfidence("observed", "unverified"), "probable");
  assert.is(linkConfidence("possible", "unverified"), "possible");
});

test.run();
