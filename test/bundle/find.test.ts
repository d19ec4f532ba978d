import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { findBundles } from "#bundle/read.js";
import { bundle, PODS, refusal } from "./archive.js";

const test = suite<{ folder: string }>("bundle/find");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "inquest-test-"));
});
test.after.each((context) => rmSync(context.folder, { recursive: true }));

test("a folder gives the bundles directly inside, sorted; a file is taken as it is", async ({ folder }) => {
  for (const name of ["b.tgz", "a.tar.gz", "C.tar", ".hidden.tar", "notes.txt", "x.gz", "odd name"])
    writeFileSync(join(folder, name), "");
  mkdirSync(join(folder, "folder.tar"));
  const inside = ["C.tar", "a.tar.gz", "b.tgz"].map((name) => join(folder, name));
  assert.equal(await findBundles([folder]), { files: inside, passedOver: [] });
  const odd = join(folder, "odd name");
  assert.equal((await findBundles([odd, folder, odd])).files, [odd, ...inside]);
});

const told = async (folder: string): Promise<readonly string[]> =>
  (await findBundles([folder])).passedOver.map((e) => `${e.code} ${e.subject.slice(folder.length)}: ${e.message}`);

test("what can be no bundle is passed over, never opened, and told, whatever its name", async ({ folder }) => {
  writeFileSync(join(folder, "a.tar"), "");
  execFileSync("mkfifo", [join(folder, "fifo.tar"), join(folder, "pipe")]);
  symlinkSync("/dev/zero", join(folder, "zero.tgz"));
  symlinkSync("nowhere", join(folder, "gone.tar.gz"));
  symlinkSync("nowhere", join(folder, "gone.txt"));
  const server = createServer().listen(join(folder, "sock"));
  await once(server, "listening");
  try {
    assert.equal(await told(folder), [
      "E_NOT_FILE /fifo.tar: this is a FIFO: not opened",
      "E_OPEN /gone.tar.gz: the path leads nowhere or cannot be read",
      "E_NOT_FILE /pipe: this is a FIFO: not opened",
      "E_NOT_FILE /sock: this is a socket: not opened",
      "E_NOT_FILE /zero.tgz: this is a device: not opened",
    ]);
    assert.equal((await findBundles([folder])).files, [join(folder, "a.tar")]);
  } finally {
    server.close();
  }
});

test("of many, ten are named and the rest counted; where there is no bundle beside them, that is the error", async ({
  folder,
}) => {
  execFileSync(
    "mkfifo",
    Array.from({ length: 13 }, (_, i) => join(folder, `fifo-${i}`)),
  );
  assert.is(await refusal(() => findBundles([folder])), "E_NOT_FILE");
  writeFileSync(join(folder, "a.tar"), "");
  const list = await told(folder);
  assert.is(list.length, 11);
  assert.is(list[10], "E_NOT_FILE : 3 more things in this folder were passed over: not read");
});

test("a bundle under another name is told, whatever it is called; what only looks a little like one is not", async ({
  folder,
}) => {
  writeFileSync(join(folder, "a.tar"), "");
  const packed = gzipSync(bundle([PODS]));
  const names = ["k8s02.evidence", "plain", ".part.tar.gz", "k8s01.tar.gz.1"];
  const inside = [packed, gunzipSync(packed), packed.subarray(0, packed.length >> 1), packed];
  names.forEach((name, i) => void writeFileSync(join(folder, name), inside[i] ?? ""));
  const near: readonly (readonly [string, Buffer | string])[] = [
    ["log.gz", gzipSync("bundle/ is a word in a log\n".repeat(100))],
    ["other.zip", gzipSync(gunzipSync(packed).subarray(512))],
    ["bundle.txt", "bundle/"],
    ["empty", ""],
    ["damaged", Buffer.concat([packed.subarray(0, 12), Buffer.alloc(600, 7)])],
    ["review.md", "# bundle/"],
  ];
  for (const [name, body] of near) writeFileSync(join(folder, name), body);
  const why = "begins as a bundle does, but is not called *.tar.gz, *.tgz or *.tar: not read, name the file itself";
  assert.equal(
    await told(folder),
    [...names].sort().map((name) => `E_NOT_FILE /${name}: ${why}`),
  );
  assert.equal((await findBundles([folder])).files, [join(folder, "a.tar")]);
});

test("bundles in folders below are told by their folder; links are not followed", async ({ folder }) => {
  writeFileSync(join(folder, "a.tar"), "");
  mkdirSync(join(folder, "x/y"), { recursive: true });
  mkdirSync(join(folder, "folder.tar"));
  for (const name of ["x/one.tgz", "x/y/two.tar", "x/y/three.tar.gz", "x/y/notes.txt", "x/y/.hidden.tar"])
    writeFileSync(join(folder, name), "");
  symlinkSync(".", join(folder, "loop"));
  symlinkSync("..", join(folder, "x/up"));
  const rest = "are called as bundles are: not read, name this folder too";
  assert.equal(await told(folder), [
    "E_NOT_FILE /x: a file below the folder that was named is called as bundles are: not read, name this folder too",
    `E_NOT_FILE /x/y: 2 files below the folder that was named ${rest}`,
  ]);
  // Named themselves, they are read, and not told of again.
  const all = await findBundles([folder, join(folder, "x"), join(folder, "x/y")]);
  assert.equal([all.files.length, all.passedOver], [4, []]);
  rmSync(join(folder, "a.tar"));
  assert.is(await refusal(() => findBundles([folder])), "E_NOT_FILE");
});

test("what cannot be taken has its own code", async ({ folder }) => {
  assert.is(await refusal(() => findBundles([])), "E_NO_BUNDLE");
  assert.is(await refusal(() => findBundles([folder])), "E_NO_BUNDLE");
  assert.is(await refusal(() => findBundles([join(folder, "missing")])), "E_OPEN");
  assert.is(await refusal(() => findBundles(["/dev/null"])), "E_NOT_FILE");
});

test.run();
