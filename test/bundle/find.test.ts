import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { findBundles } from "#bundle/read.js";
import { refusal } from "./archive.js";

const test = suite<{ folder: string }>("bundle/find");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "inquest-test-"));
});
test.after.each((context) => rmSync(context.folder, { recursive: true }));

test("a folder gives the bundles directly inside, sorted; a file is taken as it is", async ({ folder }) => {
  for (const name of ["b.tgz", "a.tar.gz", "C.tar", ".hidden.tar", "notes.txt", "x.gz", "odd name"])
    writeFileSync(join(folder, name), "");
  mkdirSync(join(folder, "folder.tar"));
  execFileSync("mkfifo", [join(folder, "fifo.tar")]);
  const inside = ["C.tar", "a.tar.gz", "b.tgz"].map((name) => join(folder, name));
  assert.equal(await findBundles([folder]), inside);
  const odd = join(folder, "odd name");
  assert.equal(await findBundles([odd, folder, odd]), [odd, ...inside]);
});

test("what cannot be taken has its own code", async ({ folder }) => {
  assert.is(await refusal(() => findBundles([])), "E_NO_BUNDLE");
  assert.is(await refusal(() => findBundles([folder])), "E_NO_BUNDLE");
  assert.is(await refusal(() => findBundles([join(folder, "missing")])), "E_OPEN");
  assert.is(await refusal(() => findBundles(["/dev/null"])), "E_NOT_FILE");
});

test.run();
