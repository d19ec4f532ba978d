import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import type { Review } from "#model/review.js";
import { thorough } from "#test/thorough.js";
import { sample, unpack } from "./_samples.js";
import { bundle, type Forged, tar } from "./archive.js";

/** One byte of a describing member is another one: the review is written, says so, and concludes nothing that it did not before. */
const test = suite("bundle/flipped");
const folder = mkdtempSync(join(tmpdir(), "inquest-flipped-"));
test.after(() => rmSync(folder, { recursive: true }));

const MEMBERS = ["index.tsv", "paths.tsv", "MANIFEST.sha256", "collector.json"];

const review = async (...files: readonly string[]): Promise<Review> =>
  (await reviewBundles(files, { zone: "UTC", limits: DEFAULT_LIMITS })).review;

/** The review of a node's bundle with one byte of a member flipped, beside the cluster's. */
function flipped(members: readonly Forged[], member: string, at: number, bit: number, beside: string): Promise<Review> {
  const changed = members.map((m) => {
    if (m.name !== `bundle/${member}`) return m;
    const body = Buffer.from(m.body ?? "");
    const place = at % body.length;
    body[place] = (body[place] ?? 0) ^ bit;
    return { ...m, body };
  });
  const file = join(folder, "flipped.tar");
  writeFileSync(file, tar(...changed));
  return review(beside, file);
}

for (const [name, flips] of [
  ["healthy", thorough ? 12 : 1],
  ["fault", thorough ? 5 : 1],
] as const) {
  for (const member of MEMBERS) {
    test(`${name}: ${member}, at ${flips} places`, async () => {
      const cluster = sample(name, "cluster");
      const members = unpack(sample(name, "k8s01"));
      const known = new Set((await review(cluster, sample(name, "k8s01"))).findings.map((f) => f.mechanism));
      const length = Buffer.from(members.find((m) => m.name === `bundle/${member}`)?.body ?? "").length;
      for (let i = 0; i < flips; i += 1) {
        const at = Math.floor(((i + 0.5) * length) / flips);
        const bit = 1 << (i % 8);
        const told = await flipped(members, member, at, bit, cluster);
        const where = `byte ${at}, bit ${bit}`;
        assert.equal(told.refused, [], where);
        const custody = told.custody.find((c) => c.file === "flipped.tar");
        assert.is(custody?.manifest, "mismatch", where);
        assert.ok((custody?.issues.length ?? 0) > 0, where);
        const fresh = told.findings.filter((f) => !known.has(f.mechanism));
        assert.equal(
          fresh.map((f) => f.mechanism),
          [],
          where,
        );
        assert.is.not(told.status, "No fault found", where);
        assert.ok(
          told.examined.some((s) => /^\d+ pods /.test(s.text)),
          where,
        );
      }
    });
  }
}

test("a byte of index.tsv costs the rows that it lies in, not what the node's files show", async () => {
  const members = unpack(sample("fault", "k8s01"));
  const index = Buffer.from(members.find((m) => m.name === "bundle/index.tsv")?.body ?? "");
  const told = await flipped(members, "index.tsv", index.indexOf("/etc/os-release"), 1, sample("fault", "cluster"));
  assert.ok(
    told.findings.some((f) => f.mechanism === "cni-kubeconfig-token-pod-gone" && f.confidence === "established"),
  );
  const custody = told.custody.find((c) => c.file === "flipped.tar");
  assert.ok(custody?.issues.some((i) => i.member === "index.tsv" && /^line \d+ is not used: /.test(i.message)));
});

test("a byte of collector.json, or of its line in the manifest, does not cost the node its name where the rest agrees on it", async () => {
  const members = unpack(sample("fault", "k8s01"));
  const cluster = sample("fault", "cluster");
  const whole = (await review(cluster, sample("fault", "k8s01"))).findings.map((f) => [f.mechanism, f.nodes]);
  const manifest = Buffer.from(members.find((m) => m.name === "bundle/MANIFEST.sha256")?.body ?? "");
  const line = manifest.lastIndexOf("\n", manifest.indexOf("bundle/collector.json")) + 1;
  for (const [member, at] of [
    ["collector.json", 30],
    ["MANIFEST.sha256", line],
  ] as const) {
    const told = await flipped(members, member, at, 1, cluster);
    assert.equal(
      told.findings.map((f) => [f.mechanism, f.nodes]),
      whole,
      member,
    );
    const custody = told.custody.find((c) => c.file === "flipped.tar");
    assert.is(custody?.node, "k8s01");
    assert.ok(custody?.issues.some((i) => i.code === "W_NODE_NAME" && i.message.includes("leads to k8s01")));
    assert.not.match(JSON.stringify(told), /unknown-[0-9a-f]{8}/);
  }
});

test("a bad row of paths.tsv costs that row, and custody names it", async () => {
  const paths =
    "path\ttype\tmode\tuid\tgid\towner\tgroup\tsize\tmtime\tctime\tbtime\ttarget\tlisting\n/etc\td\t0755\t0\t0\troot\troot\t1\t-\t-\t-\t-\t-\n/x\tq\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\n";
  const file = join(folder, "rows.tar");
  writeFileSync(file, bundle([], { more: [{ name: "bundle/paths.tsv", body: paths }] }));
  const told = await review(file);
  assert.equal(
    told.custody[0]?.issues.map((i) => [i.code, i.member, i.message]),
    [["W_ROW", "paths.tsv", "line 3: a row without path, or of an unknown type of file"]],
  );
  assert.ok(told.examined.some((s) => s.text.startsWith("At least 1 path on k8s01")));
});

test.run();
