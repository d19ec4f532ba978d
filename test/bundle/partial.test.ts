import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bundle, COLLECTOR, CONF, INDEX_HEADER, LOG, members, ROWS, read, refused, tar } from "./archive.js";

const test = suite("bundle/partial");
const collector = (change: object): object => ({ ...COLLECTOR, ...change });

test("71 interrupted and partial collections are read and say so", async () => {
  for (const state of ["interrupted", "partial"] as const) {
    const { custody, codes } = await read(bundle(ROWS, { collector: collector({ state }) }));
    assert.is(custody.state, state);
    assert.equal(codes, ["W_STATE"]);
  }
});

test("71 without collector.json the node is unknown, but it is a node", async () => {
  for (const missing of [null, "{", "[]", '"x"', "null", `${"[".repeat(1e5)}`]) {
    const { custody, codes, artifact } = await read(bundle(ROWS, { collector: missing }));
    assert.equal(
      codes.filter((code) => code !== "W_JSON"),
      ["W_COLLECTOR", "W_STATE"],
    );
    assert.match(custody.node ?? "", /^unknown-[0-9a-f]{8}$/);
    assert.is(artifact("kubelet")?.node, custody.node);
    assert.is(artifact("pods")?.node, null);
    assert.is(custody.schema, "unknown");
    assert.is(custody.state, "partial");
    assert.equal(custody.parts, ["node", "cluster"]);
    assert.is(custody.startedAt.epochMs, Date.UTC(2026, 4, 23, 2, 52));
  }
});

test("71 another schema, or none", async () => {
  for (const schema of ["inquest-bundle/2", "inquest-bundle/10", "x", "", 1, null, undefined])
    assert.is(await refused(bundle(ROWS, { collector: collector({ schema }) })), "E_SCHEMA");
  assert.is(await refused(tar({ name: "bundle/x", body: "y" })), "E_SCHEMA");
  assert.is(await refused(tar({ name: "sos_reports/manifest.json", body: "{}" })), "E_SCHEMA");
  const { codes } = await read(bundle(ROWS, { collector: collector({ extra: { a: 1 }, schema: "inquest-bundle/1" }) }));
  assert.equal(codes, []);
});

test("a bad field of collector.json costs that field", async () => {
  const { custody } = await read(
    bundle(ROWS, {
      collector: collector({
        node: { name: "k8s01", hostname: 5, os: "a\u202eb" },
        clock: 7,
        parts: ["moon"],
        uid: {},
      }),
    }),
  );
  assert.is(custody.node, "k8s01");
  assert.is(custody.hostname, null);
  assert.is(custody.os, "a\\u{202e}b");
  assert.is(custody.synchronised, "unknown");
  assert.equal(
    custody.issues.map((i) => [i.code, i.message]),
    [["W_COLLECTOR", "not as the layout says: node.hostname, parts"]],
  );
});

test("nobody knows when: the instant is all of time", async () => {
  const { custody } = await read(bundle([], { collector: null }));
  assert.is(custody.startedAt.epochMs, 0);
  assert.ok(custody.startedAt.precisionMs > 2e14);
});

test("72 each deviation from the manifest has its own text, and the wrong member is not read", async () => {
  const missing = await read(bundle(ROWS, { manifest: () => null }));
  assert.equal([missing.custody.manifest, missing.codes], ["missing", ["W_MANIFEST"]]);
  assert.equal(missing.of("kubelet")?.lines, ["one", "two"]);

  const wrong = await read(
    bundle(ROWS, { manifest: (text) => text.replace(/[0-9a-f]{64}(?= {2}node\/journal)/, "0".repeat(64)) }),
  );
  assert.equal([wrong.custody.manifest, wrong.codes], ["mismatch", ["W_MANIFEST_MISMATCH"]]);
  assert.is(wrong.of("kubelet"), undefined);
  assert.is(wrong.artifact("kubelet")?.coverage, "lost");
  assert.is(wrong.artifact("pods")?.coverage, "complete");

  const extra = await read(bundle(ROWS, { manifest: (text) => text.replace(/^.*node\/journal.*\n/m, "") }));
  assert.equal([extra.custody.manifest, extra.codes], ["mismatch", ["W_MANIFEST_EXTRA"]]);
  assert.is(extra.artifact("kubelet")?.coverage, "lost");

  const gone = await read(bundle(ROWS, { manifest: (text) => `${text}${"1".repeat(64)}  node/gone\u001b\n` }));
  assert.equal([gone.custody.manifest, gone.codes], ["mismatch", ["W_MANIFEST_MISSING"]]);
  assert.is(gone.custody.issues[0]?.member, "node/gone\\u{1b}");
});

test("72 an index or a record that differs from the manifest is not believed", async () => {
  const break_ = (name: string) => (text: string) =>
    text.replace(new RegExp(`[0-9a-f]{64}(?=  ${name})`), "0".repeat(64));
  const index = await read(bundle(ROWS, { manifest: break_("index.tsv") }));
  assert.equal([index.custody.manifest, index.codes], ["mismatch", ["W_MANIFEST_MISMATCH"]]);
  assert.match(index.custody.issues[0]?.message ?? "", "only rows that the rest of the archive bears out are used");
  const record = await read(bundle(ROWS, { manifest: break_("collector.json") }));
  assert.match(record.custody.node ?? "", /^unknown-/);
  assert.is(record.custody.schema, "unknown");
});

test("index.tsv missing, without its columns, damaged, cut", async () => {
  const none = await read(tar(...members(ROWS).filter((member) => member.name !== "bundle/index.tsv")));
  assert.ok(none.codes.includes("W_INDEX"));
  assert.is(none.artifacts.length, 1);
  assert.equal((await read(bundle([], { index: "a\tb\n1\t2\n" }))).codes, ["W_INDEX"]);
  const rows = `${INDEX_HEADER}1\t2\n0\t-\t-\t-\tabsent\t-\t-\tfile\t-\t/x\t-\n0\t-\t-\t-\tabsent\t-\t-\tfile\t-\t/cut`;
  const damaged = await read(bundle([], { index: rows }));
  assert.equal(
    damaged.artifacts.map((a) => a.origin),
    ["collector.json", "/x"],
  );
  assert.equal(
    damaged.custody.issues.map((i) => `${i.member} ${i.message}`),
    [2, 4].map((n) => `index.tsv line ${n} is not used: it has not as many fields as the header, or no line end`),
  );
});

test("a row without its member, a member without its row", async () => {
  const { artifact, codes } = await read(
    bundle([LOG, { ...CONF, body: undefined as never }], { more: [{ name: "bundle/node/fs/extra", body: "x" }] }),
  );
  assert.is(artifact(CONF.origin)?.coverage, "lost");
  assert.is(artifact(CONF.origin)?.member, null);
  assert.equal(codes, ["W_MISSING", "W_UNLISTED"]);
});

test("thousands of issues become a few and a count", async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => `${i}\t-\t-\t-\tcomplete\t-\t-\tfile\tnode/fs/${i}\t/${i}\t-\n`);
  const { custody, artifacts } = await read(bundle([], { index: INDEX_HEADER + rows.join("") }));
  assert.is(artifacts.length, 3001);
  assert.is(custody.issues.length, 51);
  assert.is(custody.issues[50]?.message, "2950 more of this kind");
});

test.run();
