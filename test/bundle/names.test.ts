import { suite } from "uvu";
import * as assert from "uvu/assert";
import { visible } from "#model/visible.js";
import { type Forged, members, ROWS, read, refused, tar } from "./archive.js";

const test = suite("bundle/names");
const plus = (...more: readonly Forged[]) => read(tar(...members(ROWS, { more })));

test("36, 37, 41, 42, 44 bad names cost their member and are shown harmlessly", async () => {
  const names = [
    "/etc/passwd",
    "//x",
    "../x",
    "bundle/../x",
    "bundle/a/../../x",
    "a\\..\\b",
    "C:\\x",
    "bundle/C:x",
    "\\\\host\\x",
    "bundle/x ",
    "bundle/./x",
    "./bundle/x",
    "bundle//x",
    "x",
    "bundle/\u001b[31m",
    "bundle/a\rb",
    "bundle/a\nb",
    "bundle/a\tb",
    "bundle/\u202egnp",
    "bundle/a\u200bb",
    "bundle/\ufffd",
    ".",
    "..",
    "/",
    "",
    "bundle/x/",
  ];
  for (const name of names) {
    const { codes, custody, artifacts } = await plus({ name, type: "7" }, { name, type: "0", body: "" });
    assert.is(codes.filter((code) => code === "W_NAME").length, 1, JSON.stringify(name));
    assert.is(artifacts.length, 4);
    for (const issue of custody.issues) {
      const shown = `${issue.member}${issue.message}`;
      assert.is(visible(shown), shown);
    }
  }
});

test("36 via the ustar prefix", async () => {
  const { codes } = await plus({ name: "x", prefix: "bundle/../../etc" });
  assert.ok(codes.includes("W_NAME"));
});

test("a long legal name uses the prefix", async () => {
  const { codes } = await plus({ name: "x", prefix: `bundle/${"a".repeat(90)}` });
  assert.equal(
    codes.filter((code) => code === "W_NAME"),
    [],
  );
});

test("41 bytes that are no UTF-8", async () => {
  const archive = tar(...members(ROWS), { name: "bundle/badQQname" });
  const at = archive.indexOf("badQQname");
  archive[at + 3] = 0xc0;
  archive[at + 4] = 0x80;
  const sum = archive.subarray(at - 7, at - 7 + 512);
  const total = sum.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0);
  sum.write(`${total.toString(8).padStart(6, "0")}\0 `, 148);
  assert.equal((await read(archive)).codes, ["W_NAME"]);
});

test("38 and 39 names that some reader would confuse are not read at all", async () => {
  const twice = await plus({ name: "bundle/node/a", body: "1" }, { name: "bundle/node/a", body: "2" });
  assert.ok(twice.codes.includes("W_DUP"));
  const cases = await plus({ name: "bundle/node/A", body: "1" }, { name: "bundle/node/a", body: "2" });
  assert.is(cases.codes.filter((code) => code === "W_DUP").length, 2);
  const conf = ROWS[1];
  const listed = await read(tar(...members(ROWS), { name: `bundle/${conf?.member}`, body: "forged" }));
  assert.is(listed.artifact(conf?.origin ?? "")?.coverage, "lost");
  assert.is(listed.of(conf?.origin ?? ""), undefined);
});

test("38 a second index cannot be trusted", async () => {
  assert.is(await refused(tar(...members(ROWS), { name: "bundle/index.tsv", body: "" })), "E_DUP");
});

test("40 a file that is a folder too", async () => {
  const { codes } = await plus({ name: "bundle/node/x", body: "1" }, { name: "bundle/node/x/y", body: "2" });
  assert.is(codes.filter((code) => code === "W_DUP").length, 2);
  const folder = await plus({ name: "bundle/node/x", body: "1" }, { name: "bundle/node/x/", type: "5" });
  assert.is(folder.codes.filter((code) => code === "W_DUP").length, 1);
});

test("43 names of Object.prototype are names", async () => {
  const { codes } = await plus(
    { name: "bundle/__proto__/x" },
    { name: "bundle/constructor" },
    { name: "bundle/toString" },
  );
  assert.equal([...new Set(codes)], ["W_UNLISTED"]);
  assert.is(({} as Record<string, unknown>)["x"], undefined);
});

test("45 too deep, too long", async () => {
  const { codes } = await plus({ name: `bundle/${"a/".repeat(40)}x` });
  assert.ok(codes.includes("W_NAME"));
  assert.ok((await read(tar(...members(ROWS), { name: "bundle/long" }), { nameBytes: 60 })).codes.length === 2);
  assert.ok(
    (await read(tar(...members(ROWS), { name: `bundle/${"l".repeat(80)}` }), { nameBytes: 60 })).codes.includes(
      "W_NAME",
    ),
  );
});

test("folders are members without content", async () => {
  assert.equal((await plus({ name: "bundle/", type: "5" }, { name: "bundle/node/", type: "5" })).codes, []);
});

test.run();
