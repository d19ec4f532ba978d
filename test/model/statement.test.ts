import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evidenceIn } from "#model/evidence.js";
import { shellWord } from "#model/rule.js";
import {
  citing,
  code,
  codes,
  count,
  fragment,
  known,
  lapse,
  plainText,
  type Quoted,
  say,
  time,
  told,
  word,
} from "#model/statement.js";
import { artifact, at } from "#test/rules/_facts.js";

const test = suite("statement");

const [one, two] = ["one", "two"].map((text, i) => evidenceIn(artifact(), { kind: "row", line: i + 1 }, text)) as [
  ReturnType<typeof evidenceIn>,
  ReturnType<typeof evidenceIn>,
];
const shown = (value: Quoted): string =>
  value.parts.map((p) => (p.kind === "time" ? "" : `${p.kind}:${p.text}`)).join("|");

test("evidence that is cited twice is kept once, in the order of citing", () => {
  const statement = say`${code("a", two)} and ${code("b", one)} and ${code("c", { ...two })}`;
  assert.equal(statement.evidence, [two, one]);
  assert.equal(statement.source, { kind: "evidence" });
});

test("citing adds evidence and neither words nor a gap", () => {
  const statement = say`The pod ${code("p", one)} is gone ${citing(two)}.`;
  assert.is(plainText(statement), "The pod p is gone.");
  assert.equal(statement.evidence, [one, two]);
  assert.is(plainText(say`It is gone ${citing(one)} ${citing(two)}, and stays so`), "It is gone, and stays so");
  assert.is(plainText(say`One ${citing(one)} two`), "One two");
});

test("no empty text stands between two values", () => {
  const { parts } = say`${word("3", one)}${code("x", one)}`;
  assert.equal(
    parts.map((p) => p.kind),
    ["word", "code"],
  );
});

test("what comes from a bundle stays apart from what a rule wrote", () => {
  const { parts } = say`Since ${time(at("2024-03-05T10:00:00Z"), one)} on ${code("**n1**", one)}`;
  assert.equal(parts, [
    { kind: "text", text: "Since " },
    { kind: "time", epochMs: Date.UTC(2024, 2, 5, 10), precisionMs: 1_000 },
    { kind: "text", text: " on " },
    { kind: "code", text: "**n1**" },
  ]);
});

test("one is singular; none and many are plural", () => {
  assert.is(shown(count(1, "pod", one)), "word:1 pod");
  assert.is(shown(count(0, "pod", one)), "word:0 pods");
  assert.is(shown(count(2, "replica", one)), "word:2 replicas");
  assert.is(shown(count(2, "entry", one)), "word:2 entries");
  assert.is(shown(count(2, "day", one)), "word:2 days");
  assert.is(shown(count(2, "gateways", one)), "word:2 gateways");
});

test("a word that is not plain becomes code", () => {
  for (const text of ["`x`", "a|b", "<b>", "a\nb", "*", "", " x", "[x](y)", "x_y", "\u202e", "x".repeat(81)])
    assert.is(shown(word(text, one)), `code:${text}`);
  for (const text of ["v1.35.2", "3 h 41 min", "n/a", "50%", "12"]) assert.is(shown(word(text, one)), `word:${text}`);
  assert.is(shown(word(12, one)), "word:12");
  assert.is(shown(lapse(61_000, one)), "word:1 min 1 s");
});

test("names are joined with commas and `and`, and those past the limit are counted", () => {
  assert.is(plainText(codes(["a"], 3, one)), "a");
  assert.is(plainText(codes(["a", "b"], 3, one)), "a and b");
  assert.is(plainText(codes(["a", "b", "c"], 3, one)), "a, b and c");
  assert.is(plainText(codes(["a", "b", "c", "d", "e"], 3, one)), "a, b, c and 2 more");
  assert.ok(codes(["a", "b"], 3, one, two).evidence.length === 2);
});

test("a fragment of a sentence without evidence takes the one it is given", () => {
  const general = known("The API server checks", { source: "x", version: "1" });
  assert.equal(general.evidence, []);
  assert.equal(fragment(general, one).evidence, [one]);
  assert.equal(fragment(say`${code("a", two)}`, one).evidence, [two]);
});

test("a person's words are shown as code, under the person's name", () => {
  const statement = told("we **replaced** it", "P. Person");
  assert.equal(statement.parts, [{ kind: "code", text: "we **replaced** it" }]);
  assert.equal(statement.source, { kind: "told", by: "P. Person" });
});

test("plain words need no quotes in a shell, and everything else gets them", () => {
  assert.is(shellWord("kube-system/calico_node.v1:2@3%+=,"), "kube-system/calico_node.v1:2@3%+=,");
  assert.is(shellWord(""), "''");
  assert.is(shellWord("a b"), "'a b'");
  assert.is(shellWord("it's"), `'it'\\''s'`);
  for (const text of ["$(id)", "`id`", "a;b", "a\nb", "*", "~", "#x", "a&b", "\\", '"', "{a,b}", "!x"])
    assert.ok(shellWord(text).startsWith("'"), text);
});

test("a shell reads any text as one word, and as that text", () => {
  const unit = fc.constantFrom(
    "a",
    "'",
    '"',
    "\\",
    "$",
    "`",
    "\n",
    " ",
    "\t",
    "*",
    ";",
    "(",
    "~",
    "#",
    "é",
    "-",
    "=",
    "!",
  );
  fc.assert(
    fc.property(fc.array(fc.string({ unit, maxLength: 12 }), { minLength: 1, maxLength: 12 }), (texts) => {
      const script = `printf '%s\\0' ${texts.map(shellWord).join(" ")}`;
      assert.equal(execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1), texts);
    }),
    { numRuns: 40 },
  );
});

test.run();
