import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bundle, INDEX_HEADER, indexRow, type Listed, ROWS, read } from "./archive.js";

/** An index that is not as its manifest says: which of its rows are used, and what is said of the others. */
const test = suite("bundle/salvage");

const CMD: Listed = {
  kind: "command",
  member: "node/cmd/containerd-config-dump.txt",
  origin: "containerd config dump",
  body: "x\n",
};
const TOML: Listed = {
  kind: "file",
  member: "node/fs/etc/containerd/config.toml",
  origin: "/etc/containerd/config.toml",
  body: "a\n",
};
const PROC: Listed = {
  kind: "proc",
  member: "node/proc/7/cmdline",
  origin: "/proc/7/cmdline",
  note: "kubelet",
  body: "k\n",
};
const RAW: Listed = { kind: "api", member: "cluster/jwks.json", origin: "/openid/v1/jwks", body: "{}" };
const LOGGED: Listed = {
  kind: "podlog",
  member: "cluster/logs/a_b_c.previous.log",
  origin: "a/b/c#previous",
  body: "l\n",
};
const ABSENT: Listed = { kind: "file", member: "-", origin: "/etc/x", coverage: "absent" };
const ALL: readonly Listed[] = [...ROWS, CMD, TOML, PROC, RAW, LOGGED, ABSENT];

const WHOLE = INDEX_HEADER + ALL.map(indexRow).join("");

/** The index is written as given, the manifest hashes the one that was meant. */
function damaged(index: string, rows: readonly Listed[] = ALL) {
  const wrong = (text: string): string => text.replace(/[0-9a-f]{64}(?= {2}index)/, "0".repeat(64));
  return read(bundle(rows, { index, manifest: wrong }));
}

const coverage = async (index: string, origin: string): Promise<string | undefined> =>
  (await damaged(index)).artifact(origin)?.coverage;

test("rows that the rest of the archive bears out are used as they are", async () => {
  const { artifact, codes } = await damaged(WHOLE);
  assert.equal(codes, ["W_MANIFEST_MISMATCH"]);
  for (const row of ALL) assert.is(artifact(row.origin)?.coverage, row.coverage ?? "complete", row.origin);
});

test("a row costs itself, is named by its line, and what it told of counts as failed", async () => {
  for (const [from, to, why] of [
    ["\t/etc/containerd/config.toml", "\t/etc/containerd/config.tomm", "its member is not called"],
    ["fs/etc/containerd", "fs/etc/bontainerd", "there is no member of that name"],
    [
      "complete\t2\t0\tfile\tnode/fs/etc/containerd",
      "complete\t3\t0\tfile\tnode/fs/etc/containerd",
      "its member is not as long",
    ],
    [
      "complete\t2\t0\tfile\tnode/fs/etc/containerd",
      "bomplete\t2\t0\tfile\tnode/fs/etc/containerd",
      "its kind or coverage",
    ],
    [
      "complete\t2\t0\tfile\tnode/fs/etc/containerd",
      "complete\t2\t0\tbile\tnode/fs/etc/containerd",
      "its kind or coverage",
    ],
    ["\t/etc/containerd", "\u0009\u0009/etc/containerd", "it has not as many fields"],
    ["2026-05-23T02:52:04Z", "2027-05-23T02:52:04Z", "its time is not within"],
  ] as const) {
    const { artifact, custody, artifacts } = await damaged(swap(WHOLE, from, to));
    const [, issue] = custody.issues;
    assert.match(issue?.message ?? "", /^line 6 is not used: /);
    assert.match(issue?.message ?? "", why);
    assert.is(artifact(TOML.origin)?.coverage, "lost", why);
    for (const other of [...ROWS, PROC, RAW, LOGGED]) assert.is(artifact(other.origin)?.coverage, "complete", why);
    assert.ok(artifacts.every((a) => a.coverage !== "complete" || !/bontainerd|tomm/.test(a.origin)));
  }
});

test("two rows that name one member are both lost: nobody knows which is right", async () => {
  const other: Listed = { ...TOML, member: "node/fs/etc/x", origin: "/etc/x2", body: "b\n" };
  const rows = [...ALL, other];
  const index = swap(INDEX_HEADER + rows.map(indexRow).join(""), "\tnode/fs/etc/x\t", `\t${TOML.member}\t`);
  const { artifact, codes } = await damaged(index, rows);
  assert.is(artifact(TOML.origin)?.coverage, "lost");
  assert.is(artifact("/etc/x2")?.coverage, "lost");
  assert.is(codes.filter((code) => code === "W_INDEX").length, 2);
});

test("a command line stands where its words are those of its member's name, and its paths are of files in the bundle", async () => {
  const withPath = `containerd --config ${TOML.origin} config dump`;
  for (const [line, state] of [
    ["containerd config dump", "complete"],
    [withPath, "complete"],
    [withPath.replace(".toml", ".tomm"), "lost"],
    ["containerd config bump", "lost"],
    ["containerd confih dump", "lost"],
    ["containerd config", "lost"],
    ["containerd --confog config dump", "lost"],
  ] as const)
    assert.is(await coverage(swap(WHOLE, "\tcontainerd config dump\t", `\t${line}\t`), line), state, line);
});

test("a header that lacks a column of the layout is taken for the layout's", async () => {
  for (const [from, to] of [
    ["\tmember\t", "\tmembes\t"],
    ["\tmember\t", " member\t"],
    ["seq\t", "seq"],
    ["\tbytes", "\tcytes"],
  ] as const) {
    const { artifact, codes } = await damaged(swap(WHOLE, from, to));
    assert.equal(codes, ["W_MANIFEST_MISMATCH"]);
    assert.is(artifact("kubelet")?.coverage, "complete");
  }
  const joined = await damaged(swap(WHOLE, "note\n", "note"));
  assert.is(joined.artifact("kubelet")?.coverage, "lost");
  assert.is(joined.artifact("pods")?.coverage, "complete");
});

test("a member whose row is gone was collected: it counts as failed, not as never attempted", async () => {
  const index =
    INDEX_HEADER +
    ALL.filter((row) => row !== ROWS[0])
      .map(indexRow)
      .join("");
  const { artifact, of } = await damaged(index);
  assert.is(artifact("kubelet")?.coverage, "lost");
  assert.is(of("kubelet"), undefined);
});

test("a member that is not as the manifest says is lost, too", async () => {
  const wrong = (text: string): string => text.replace(/[0-9a-f]{64}(?= {2}(?:index|cluster\/jwks))/g, "0".repeat(64));
  const { artifact, of } = await read(bundle(ALL, { index: WHOLE, manifest: wrong }));
  assert.is(artifact(RAW.origin)?.coverage, "lost");
  assert.is(of(RAW.origin), undefined);
  assert.is(artifact("kubelet")?.coverage, "complete");
});

test("where the manifest agrees, a bad row costs that row only", async () => {
  const index = swap(WHOLE, "\tfile\tnode/fs/etc/containerd", "\tbile\tnode/fs/etc/containerd");
  const { artifact, codes, custody } = await read(bundle(ALL, { index }));
  assert.equal(codes, ["W_INDEX", "W_UNLISTED"]);
  assert.match(custody.issues[0]?.message ?? "", /^line 6 is not used: its kind/);
  assert.is(artifact("kubelet")?.coverage, "complete");
});

function swap(text: string, from: string, to: string): string {
  assert.ok(text.includes(from), from);
  return text.replace(from, to);
}

test.run();
