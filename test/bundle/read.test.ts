import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bundle, COLLECTOR, CONF, gzip, type Listed, LOG, PODS, ROWS, read, sha256 } from "./archive.js";

const test = suite("bundle/read");

test("plain and gzip give the same artifacts in the order of the index", async () => {
  const plain = await read(bundle(ROWS));
  const packed = await read(gzip(bundle(ROWS)));
  assert.equal(plain.custody.issues, []);
  assert.equal(
    plain.artifacts.map((a) => a.origin),
    ["collector.json", "kubelet", CONF.origin, "pods"],
  );
  assert.equal(
    packed.artifacts.map((a) => ({ ...a, bundle: "" })),
    plain.artifacts.map((a) => ({ ...a, bundle: "" })),
  );
});

test("custody has what collector.json says, and the hash of the file", async () => {
  const bytes = gzip(bundle(ROWS));
  const { custody } = await read(bytes);
  assert.is(custody.sha256, sha256(bytes));
  assert.is(custody.bytes, bytes.length);
  assert.is(custody.collector, "collect.sh 1.0.0");
  assert.is(custody.manifest, "verified");
  assert.is(custody.node, "k8s01");
  assert.is(custody.startedAt.clock, "node:k8s01");
  assert.is(custody.startedAt.epochMs, Date.UTC(2026, 4, 23, 2, 52));
  assert.is(custody.apiOffsetS, -0.2);
  assert.is(custody.members, 6);
});

test("an artifact tells where it comes from", async () => {
  const { artifact } = await read(bundle(ROWS));
  const log = artifact("kubelet");
  assert.is(log?.member, "node/journal/kubelet.log");
  assert.is(log?.sha256, sha256(LOG.body ?? ""));
  assert.is(log?.node, "k8s01");
  assert.is(log?.form, "lines");
  assert.is(log?.collectedAt?.clock, "node:k8s01");
  assert.is(artifact("pods")?.node, null);
  assert.is(artifact("pods")?.form, "items");
});

test("content comes by its form", async () => {
  const { of } = await read(bundle(ROWS));
  assert.equal(of("kubelet")?.lines, ["one", "two"]);
  assert.equal(of(CONF.origin)?.whole, [CONF.body]);
  assert.equal(of("pods")?.items, [{ a: 1 }, { b: 'x,]}"' }]);
  assert.equal(of("pods")?.ends, [true]);
});

test("a bundle of the cluster's part only has no node", async () => {
  const { custody, artifacts } = await read(
    bundle([PODS], { collector: { ...COLLECTOR, node: null, parts: ["cluster"] } }),
  );
  assert.is(custody.node, null);
  assert.is(custody.startedAt.clock, "unknown");
  assert.ok(artifacts.every((artifact) => artifact.node === null));
});

test("rows without a member become artifacts without a sink", async () => {
  const rows: readonly Listed[] = [
    { kind: "file", member: "-", origin: "/etc/absent", coverage: "absent" },
    { kind: "api", member: "-", origin: "nodes", coverage: "denied", note: "Error from server (Forbidden)" },
    { kind: "command", member: "node/cmd/crictl.txt", origin: "crictl pods", coverage: "failed", body: "partial\n" },
    { kind: "command", member: "node/cmd/empty.txt", origin: "true", coverage: "failed", body: "" },
    { kind: "journal", member: "node/journal/quiet.log", origin: "quiet", body: "" },
  ];
  const { artifact, received, custody } = await read(bundle(rows));
  assert.equal(custody.issues, []);
  assert.is(artifact("/etc/absent")?.coverage, "absent");
  assert.is(artifact("nodes")?.form, "items");
  assert.is(artifact("nodes")?.note, "Error from server (Forbidden)");
  assert.equal(
    received.map((got) => [got.artifact.origin, got.ends]),
    [
      ["collector.json", [true]],
      ["crictl pods", [false]],
      ["quiet", [true]],
    ],
  );
});

test("paths.tsv is read line by line with its tabs, and raw API answers as a whole", async () => {
  const rows: readonly Listed[] = [
    { kind: "api", member: "cluster/version.json", origin: "/version", body: '{"major":"1"}' },
  ];
  const { of, artifact } = await read(
    bundle(rows, { more: [{ name: "bundle/paths.tsv", body: "path\ttype\n/etc\td\n" }] }),
  );
  assert.equal(of("paths.tsv")?.lines, ["path\ttype", "/etc\td"]);
  assert.is(artifact("paths.tsv")?.kind, "paths");
  assert.equal(of("/version")?.whole, ['{"major":"1"}']);
});

test("names in index and manifest may carry the folder", async () => {
  const body = "x\n";
  const { of, custody } = await read(
    bundle([{ ...LOG, member: "node/journal/kubelet.log", body }], {
      index: `seq\tkind\tmember\torigin\tcoverage\tmore\n1\tjournal\tbundle/node/journal/kubelet.log\tkubelet\tcomplete\t?\n`,
      manifest: (text) => text.replace(/ {2}/g, "  bundle/"),
    }),
  );
  assert.is(custody.manifest, "verified");
  assert.equal(of("kubelet")?.lines, ["x"]);
});

test("two rows cannot share a member", async () => {
  const { artifacts, codes } = await read(bundle([LOG, { kind: "journal", member: LOG.member, origin: "other" }]));
  assert.equal(artifacts.map((a) => [a.origin, a.coverage]).slice(1), [
    ["kubelet", "complete"],
    ["other", "lost"],
  ]);
  assert.equal(codes, ["W_MISSING"]);
});

test("rows of an unknown kind are passed over, unknown columns ignored, escapes decoded and made visible", async () => {
  const index = `kind\tmember\torigin\tcoverage\tnote\tcolour\nhologram\t-\tx\tcomplete\t-\t-\nfile\t-\t/a\\tb\\\\c\\x1b\tabsent\tno\\nsuch\tred\n`;
  const { artifacts, codes } = await read(bundle([], { index }));
  assert.is(artifacts[1]?.origin, "/a\\u{9}b\\c\\u{1b}");
  assert.is(artifacts[1]?.note, "no\\u{a}such");
  assert.equal(codes, ["W_INDEX"]);
});

test("a sink that throws costs its artifact, and its message stays inside", async () => {
  const { withFile } = await import("./archive.js");
  const { readBundle, DEFAULT_LIMITS } = await import("#bundle/read.js");
  for (const where of ["open", "line", "end"] as const) {
    const lines: string[] = [];
    const boom = (at: string): void => {
      if (at === where) throw new TypeError("hunter2");
    };
    const { custody, artifacts } = await withFile(
      bundle([LOG, { ...LOG, member: "node/journal/b.log", origin: "b" }]),
      (file) =>
        readBundle(file, DEFAULT_LIMITS, (artifact) => {
          if (artifact.origin === "b") return { line: (text) => lines.push(text), end: () => undefined };
          if (artifact.origin !== "kubelet") return null;
          boom("open");
          return { line: () => boom("line"), end: () => boom("end") };
        }),
    );
    assert.is(artifacts.find((a) => a.origin === "kubelet")?.coverage, "lost");
    assert.equal(
      custody.issues.map((i) => i.code),
      ["W_SINK"],
    );
    assert.not.match(JSON.stringify(custody), /hunter2/);
    assert.equal(lines, ["one", "two"]);
  }
});

test.run();
