import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadRulebook } from "#engine/load.js";
import { InquestError } from "#model/error.js";

const test = suite("loading rules");
const root = mkdtempSync(join(tmpdir(), "inquest-rules-"));
test.after(() => rmSync(root, { recursive: true }));

let serial = 0;

/** A folder of modules; a text that begins with `{` is the card that the module exports. */
function folder(files: Readonly<Record<string, string>>): string {
  serial += 1;
  const path = join(root, String(serial));
  mkdirSync(path);
  writeFileSync(join(path, "package.json"), '{"type":"module"}');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text.startsWith("{") ? `export default ${text};` : text);
  }
  return path;
}

const rule = (id: string, more = "explains: []"): string => `{ id: "${id}", match() { return []; }, ${more} }`;

/** Message and subject of the error with which loading ends. */
async function refusal(files: Readonly<Record<string, string>>): Promise<string> {
  try {
    await loadRulebook(folder(files));
  } catch (error) {
    if (!(error instanceof InquestError)) throw error;
    assert.is(error.code, "E_RULE");
    assert.ok(error.hint.length > 0);
    return `${error.subject}: ${error.message}`;
  }
  return "none";
}

test("a file whose name is not its card's id is refused", async () => {
  assert.is(await refusal({ "a.js": rule("b") }), "a.js: the rule file carries the id b; file and id must agree");
  assert.is(
    await refusal({ "x/sym-a.js": rule("a") }),
    "x/sym-a.js: the rule file carries the id a; file and id must agree",
  );
});

test("a file without a card by default is refused", async () => {
  for (const text of [
    "export const card = { id: 'a' };",
    "{}",
    "{ id: 7 }",
    "export default 'a';",
    "export default null;",
  ])
    assert.is(await refusal({ "a.js": text }), "a.js: the rule file exports no card by default", text);
});

test("a card of no known kind is refused", async () => {
  assert.is(await refusal({ "a.js": '{ id: "a" }' }), "a.js: the rule file exports a card of no known kind");
});

test("an effect or a use of a rule that does not exist is refused", async () => {
  const effects = 'explains: [{ rule: "sym:x", same: ["node"], relation: "propagates" }]';
  assert.is(
    await refusal({ "a.js": rule("a", effects) }),
    "a: the rule file names the rule sym:x, which does not exist",
  );
  assert.is(
    await refusal({ "a.js": rule("a", 'explains: [], uses: ["b"]') }),
    "a: the rule file names the rule b, which does not exist",
  );
});

test("a use of a card that is no rule is refused", async () => {
  const files = { "a.js": rule("a", 'explains: [], uses: ["t"]'), "t.js": '{ id: "t", observe() { return []; } }' };
  assert.is(await refusal(files), "a: the rule file names the rule t, which does not exist");
});

test("two cards of one id are refused", async () => {
  assert.is(await refusal({ "x/a.js": rule("a"), "y/a.js": rule("a") }), "a: the rule file shares its id with another");
});

test("a circle of uses is refused, of one rule and of three", async () => {
  const uses = (id: string, of: string) => rule(id, `explains: [], uses: ["${of}"]`);
  assert.is(await refusal({ "a.js": uses("a", "a") }), "a: the rule file uses itself, through others");
  assert.is(
    await refusal({ "a.js": uses("a", "b"), "b.js": uses("b", "c"), "c.js": uses("c", "a") }),
    "a: the rule file uses itself, through others",
  );
});

test("a circle of effects is none of uses", async () => {
  const effects = (id: string, of: string) =>
    rule(id, `explains: [{ rule: "${of}", same: ["node"], relation: "propagates" }]`);
  const book = await loadRulebook(folder({ "a.js": effects("a", "b"), "b.js": effects("b", "a") }));
  assert.is(book.rules.length, 2);
});

test("a rule comes after all that it uses, else by id, wherever its file lies", async () => {
  const book = await loadRulebook(
    folder({
      "z/a.js": rule("a", 'explains: [], uses: ["d", "c"]'),
      "b.js": rule("b"),
      "y/d.js": rule("d"),
      "c.js": rule("c", 'explains: [], uses: ["d"]'),
    }),
  );
  assert.equal(
    book.rules.map((r) => r.id),
    ["d", "c", "a", "b"],
  );
});

test("each card goes to its kind; a colon in an id is a hyphen in its file's name", async () => {
  const book = await loadRulebook(
    folder({
      "sym-a.js": rule("sym:a"),
      "t.js": '{ id: "t", observe() { return []; } }',
      "c.js": '{ id: "c", compare() { return []; } }',
      "s.js": '{ id: "s", survey() { return []; } }',
    }),
  );
  const ids = (cards: readonly { readonly id: string }[]) => cards.map((c) => c.id).join();
  assert.equal([book.rules, book.timelines, book.changes, book.surveys].map(ids), ["sym:a", "t", "c", "s"]);
});

test("what begins with an underscore, and what is no module, is passed over", async () => {
  const book = await loadRulebook(
    folder({
      "a.js": rule("a"),
      "_b.js": "throw new Error('loaded');",
      "_x/c.js": "throw new Error('loaded');",
      "a.js.map": "no module",
      "d.ts": "no module",
    }),
  );
  assert.equal(
    book.rules.map((r) => r.id),
    ["a"],
  );
});

test.run();
