import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import type { Review } from "#model/review.js";
import { renderMarkdown } from "#report/markdown.js";
import { sample } from "./_samples.js";
import { bundle } from "./archive.js";

const work = mkdtempSync(join(tmpdir(), "inquest-sums-"));
const HEALTHY = ["cluster", "k8s01", "k8s02", "k8s03"].map((of) => sample("healthy", of));
const review = async (path: string): Promise<Review> =>
  (await reviewBundles([path], { zone: "UTC", limits: DEFAULT_LIMITS })).review;
const shaOf = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

/** A folder with the healthy sample; `line` gives the line of SHA256SUMS for each archive. */
function folder(name: string, line: (sum: string, file: string) => string): string {
  const dir = join(work, name);
  mkdirSync(dir);
  const lines: string[] = [];
  for (const from of HEALTHY) {
    const file = from.slice(from.lastIndexOf("/") + 1);
    copyFileSync(from, join(dir, file));
    lines.push(line(shaOf(from), file));
  }
  writeFileSync(join(dir, "SHA256SUMS"), lines.join(""));
  return dir;
}

const test = suite("bundle/sums");

test("sums that hold are said, and change nothing else", async () => {
  const told = await review(folder("holds", (sum, file) => `${sum}  ${file}\n`));
  assert.equal([...new Set(told.custody.map((c) => c.sums))], ["verified"]);
  assert.equal(
    told.custody.flatMap((c) => c.issues),
    [],
  );
  assert.is(told.status, "No fault found");
  assert.match(renderMarkdown(told, { zone: "UTC" }), "hashes match the manifest; sum as in SHA256SUMS");
});

test("a file that is not the one that was written is named, and vouches for nothing", async () => {
  const dir = folder("differs", (sum, file) => `${file.includes("k8s02") ? "0".repeat(64) : sum}  ${file}\n`);
  const told = await review(dir);
  const custody = told.custody.find((c) => c.node === "k8s02");
  assert.is(custody?.sums, "mismatch");
  assert.equal(
    custody?.issues.map((i) => i.code),
    ["W_SUM"],
  );
  assert.is(told.status, "Undetermined");
});

test("sums that say nothing of an archive, or that cannot be read, are said; they are no mismatch", async () => {
  const notes = async (name: string, line: (sum: string, file: string) => string, more = "") => {
    const dir = folder(name, line);
    writeFileSync(join(dir, "SHA256SUMS"), readFileSync(join(dir, "SHA256SUMS"), "utf8") + more);
    const told = await review(dir);
    const custody = told.custody.find((c) => c.node === "k8s02");
    return [told.status, custody?.sums ?? null, ...(custody?.issues ?? []).map((i) => `${i.code} ${i.message}`)];
  };
  const whole = (sum: string, file: string): string => `${sum}  ${file}\n`;
  assert.equal(await notes("silent", (sum, file) => (file.includes("k8s02") ? "" : whole(sum, file))), [
    "No fault found",
    null,
    "W_SUM SHA256SUMS beside the file has no line of it",
  ]);
  assert.equal(await notes("garbage", whole, "garbage\n\n"), [
    "No fault found",
    "verified",
    "W_SUM 1 line of SHA256SUMS beside the file cannot be read",
  ]);
  const [, sums, issue] = await notes("renamed", (sum, file) => `${sum}  ${file.replace("k8s02", "other")}\n`);
  assert.is(sums, "verified");
  assert.match(`${issue}`, /^W_SUM SHA256SUMS beside the file has its sum under the name inquest-other-/);
});

test("an archive that is named and not there is left out by name", async () => {
  const dir = folder("lost", (sum, file) => `${sum}  ${file}\n`);
  rmSync(
    join(
      dir,
      HEALTHY.find((f) => f.includes("k8s03"))
        ?.split("/")
        .at(-1) ?? "",
    ),
  );
  const told = await review(dir);
  assert.equal(
    told.refused.map((r) => [r.code, r.file.includes("k8s03"), r.message]),
    [["E_OPEN", true, "SHA256SUMS in this folder names it, but it is not there"]],
  );
});

test("near misses: a line for another file, a broken file, none at all", async () => {
  for (const [name, text] of [
    ["other", `${"0".repeat(64)}  other.txt\n${"1".repeat(64)}  ../inquest-x.tar.gz\n`],
    ["broken", "\0\xff no sums here \n".repeat(99)],
    ["empty", ""],
  ] as const) {
    const told = await review(folder(name, () => text));
    assert.equal([...new Set(told.custody.map((c) => c.sums))], [undefined], name);
    assert.equal(told.refused, [], name);
  }
});

test("who collected and for which case stands in custody, as text", async () => {
  const file = join(work, "said.tar");
  const collector = { schema: "inquest-bundle/1", custody: { case: "INC-7 <b>", operator: "Zoë | [E1]" } };
  writeFileSync(file, bundle([], { collector }));
  const told = await review(file);
  assert.is(told.custody[0]?.case, "INC-7 <b>");
  const text = renderMarkdown(told, { zone: "UTC" });
  assert.match(text, /^\| B1 \| `INC-7` .* \| Zoë .* \|$/m);
  assert.not.match(text, /[^`]<b>/);
});

test.after(() => rmSync(work, { recursive: true, force: true }));
test.run();
