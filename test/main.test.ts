import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import type { Review } from "#model/review.js";
import { renderSummary } from "#report/summary.js";
import { sample, unpack, withManifest } from "#test/bundle/_samples.js";
import { type Forged, tar } from "#test/bundle/archive.js";

const test = suite("whole reviews");
const folder = mkdtempSync(join(tmpdir(), "inquest-main-"));
test.after(() => rmSync(folder, { recursive: true }));

async function review(...files: readonly string[]): Promise<{ readonly review: Review; readonly markdown: string }> {
  const { review, files: written } = await reviewBundles(files, { zone: "UTC", limits: DEFAULT_LIMITS });
  return { review, markdown: written[0]?.text ?? "" };
}

/** The node's bundle of a sample, collected under another name. */
function collectedAs(name: string, of = "k8s01"): string {
  const members = unpack(sample("fault", of)).map(
    (m): Forged =>
      m.name === "bundle/collector.json"
        ? { ...m, body: `${m.body}`.replace(`{"name": "${of}"`, `{"name": "${name}"`) }
        : m,
  );
  const file = join(folder, `${name}.tar`);
  writeFileSync(file, tar(...withManifest(members)));
  return file;
}

const rootsOf = (told: Review): readonly string[] =>
  told.findings.map((f) => `${f.mechanism} ${f.nodes.join()} ${f.confidence}`);

test("what a machine shows is joined with the node that has its first label", async () => {
  const cluster = sample("fault", "cluster");
  const { review: plain } = await review(cluster, sample("fault", "k8s01"));
  const { review: longer } = await review(cluster, collectedAs("k8s01.example.org"));
  assert.ok(plain.findings.length > 3);
  assert.equal(rootsOf(longer), rootsOf(plain));
  assert.equal(longer.moments[0]?.nodes, ["k8s01"]);
});

test("the same contents twice count once, however they are packed and in whichever order; the packed one is told", async () => {
  const packed = sample("healthy", "k8s02");
  const inflated = join(folder, "again.tar");
  writeFileSync(inflated, gunzipSync(readFileSync(packed)));
  const copy = join(folder, "copy.tar.gz");
  copyFileSync(packed, copy);
  const cluster = sample("healthy", "cluster");
  const once = (await review(cluster, packed)).review;
  for (const order of [
    [packed, inflated],
    [inflated, packed],
    [packed, copy],
  ])
    assert.equal((await review(cluster, ...order)).review, once);
});

test("a copy with another member is another bundle", async () => {
  const other = join(folder, "other.tar");
  const [packed, cluster] = [sample("healthy", "k8s02"), sample("healthy", "cluster")];
  const members = unpack(packed);
  writeFileSync(other, tar(...withManifest([...members, { name: "bundle/node/more", body: "1" }])));
  assert.is((await review(cluster, packed, other)).review.custody.length, 3);
});

test("a machine that is none of the nodes is a gap that says how to name it, and no node is taken for visited", async () => {
  const { review: told, markdown } = await review(sample("fault", "cluster"), collectedAs("box-7"));
  const gap = told.gaps.find((g) => g.what.startsWith("which node box-7 is"));
  assert.is(gap?.node, "box-7");
  assert.match(gap?.command ?? "", "sh collect.sh --no-cluster --node NAME ");
  assert.match(markdown, "which node box-7 is");
});

test("each node that was not visited has its row and its command", async () => {
  const { review: told, markdown } = await review(sample("healthy", "cluster"), sample("healthy", "k8s02"));
  const gaps = told.gaps.filter((g) => g.what.startsWith("files, processes and logs of "));
  assert.equal(
    gaps.map((g) => [g.node, g.what, g.command]),
    ["k8s01", "k8s03"].map((n) => [
      n,
      `files, processes and logs of ${n}`,
      `sh collect.sh --no-cluster --node ${n}   # on ${n}, as root`,
    ]),
  );
  for (const n of ["k8s01", "k8s03"]) {
    assert.match(markdown, `| files, processes and logs of ${n} | ${n} | not attempted |`);
    assert.match(markdown, `sh collect.sh --no-cluster --node ${n}   # on ${n}, as root`);
  }
});

test("a warning that no rule explains is no finding, and a review without a finding says that there is one", async () => {
  const members = unpack(sample("healthy", "cluster")).map((m): Forged => {
    if (m.name !== "bundle/cluster/events.json") return m;
    const list = JSON.parse(`${m.body}`);
    const [one] = list.items.filter((e: { readonly reason: string }) => e.reason === "FailedMount");
    list.items.push({ ...one, metadata: { ...one.metadata, uid: "new" }, reason: "Strange", message: "never seen" });
    return { ...m, body: JSON.stringify(list) };
  });
  const file = join(folder, "strange.tar");
  writeFileSync(file, tar(...withManifest(members)));
  const nodes = ["k8s01", "k8s02", "k8s03"].map((n) => sample("healthy", n));
  const { review: told, markdown } = await review(file, ...nodes);
  const { review: plain } = await review(sample("healthy", "cluster"), ...nodes);
  assert.equal([told.status, told.findings], ["No fault found", []]);
  assert.equal([plain.status, plain.warnings.unexplained], ["No fault found", []]);
  assert.is(
    plain.warnings.benign.reduce((sum, w) => sum + (w.form === "event" ? w.count : 0), 0),
    41,
  );
  assert.equal(
    told.warnings.unexplained.map((w) => [w.rule, w.name, w.count, w.nodes]),
    [[null, "Strange", 1, ["k8s01"]]],
  );
  const clause = /^There is no finding in .+; 1 warning that no rule explains: see What Was Examined/m;
  assert.match(
    told.summary
      .flat()
      .map((s) => s.text)
      .join("\n"),
    clause,
  );
  assert.not.match(
    plain.summary
      .flat()
      .map((s) => s.text)
      .join("\n"),
    clause,
  );
  assert.ok(plain.summary[0]?.[0]?.text.startsWith("Nothing was found wrong in "));
  assert.match(
    renderSummary(told, { zone: "UTC", colour: false, width: 100, files: [] }),
    "Unknown: 1 warning that no rule explains",
  );
  assert.match(
    markdown,
    "### Warnings That No Rule Explains\n\n- 1 `Strange` warning about Pod `kube-system/calico-node-62cn9`",
  );
});

test("a FIFO in a folder is never opened, is told on stderr and in the review, and costs nothing else", () => {
  const inside = join(folder, "bundles");
  mkdirSync(inside);
  for (const of of ["cluster", "k8s01", "k8s02", "k8s03"])
    copyFileSync(sample("healthy", of), join(inside, `${of}.tar.gz`));
  execFileSync("mkfifo", [join(inside, "pipe")]);
  const out = join(folder, "out");
  const run = (): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, ["dist/src/cli.js", "review", inside, "-o", out], {
      encoding: "utf8",
      timeout: 60_000,
    });
  const first = run();
  assert.is(first.status, 0);
  assert.match(String(first.stderr), /^inquest: E_NOT_FILE \S+\/pipe: this is a FIFO: not opened\n {2}next: /);
  assert.match(String(first.stdout), /^No fault found on k8s01, k8s02, k8s03\nStatus: {2}No fault found\n/);
  execFileSync("mkfifo", [join(inside, "k8s04.tar.gz")]);
  const second = run();
  assert.is(second.status, 0);
  assert.match(String(second.stdout), "Status:  Undetermined");
});

test.run();
