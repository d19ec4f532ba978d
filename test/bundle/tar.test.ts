import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bundle, EOF, entry, type Forged, LOG, members, PODS, ROWS, read, refused, sha256, tar } from "./archive.js";

const test = suite("bundle/tar");
const inner = entry({ name: "bundle/INNER", body: "smuggled" });
const around = (...evil: readonly Forged[]): Buffer => tar(...members(ROWS), ...evil);
const pax = (...records: readonly string[]): Forged => ({
  name: "bundle/PaxHeaders/x",
  type: "x",
  body: records.join(""),
});
const record = (key: string, value: string): string => {
  const text = ` ${key}=${value}\n`;
  let length = text.length + 2;
  while (`${length}${text}`.length !== length) length++;
  return `${length}${text}`;
};

test("17 random bytes, and text named .tar", async () => {
  assert.is(await refused(Buffer.from(Array.from({ length: 10_240 }, (_, i) => (i * 7919 + 13) % 251))), "E_FORMAT");
  assert.is(await refused(Buffer.from("hello, I am no archive\n".repeat(100))), "E_FORMAT");
});

test("18 only an end mark; 511 zeros", async () => {
  assert.is(await refused(EOF), "E_TAR");
  assert.is(await refused(Buffer.alloc(10_240)), "E_TAR");
  assert.is(await refused(Buffer.alloc(511)), "E_FORMAT");
});

test("19 no end mark, half an end mark", async () => {
  const whole = bundle(ROWS);
  for (const cut of [1024, 512, 300]) {
    const { codes, of } = await read(whole.subarray(0, -cut));
    assert.equal(codes, ["W_NO_EOF"]);
    assert.is(of("pods")?.items.length, 2);
  }
});

test("20 cut inside a header, a body, its padding", async () => {
  const rows = [LOG, { ...LOG, member: "node/journal/last.log", origin: "last", body: "first\nsecond\nthird" }];
  const all = members(rows, { manifest: () => null });
  const whole = Buffer.concat(all.map(entry));
  const last = whole.length - 1024;
  const inHeader = await read(whole.subarray(0, last + 100));
  assert.equal(
    inHeader.codes.filter((c) => c !== "W_MANIFEST"),
    ["W_PARTIAL", "W_MISSING"],
  );
  assert.is(inHeader.artifact("last")?.coverage, "lost");
  const inBody = await read(whole.subarray(0, last + 512 + 9));
  assert.equal(inBody.of("last")?.lines, ["first", "sec"]);
  assert.equal(inBody.of("last")?.ends, [false]);
  assert.is(inBody.artifact("last")?.coverage, "truncated");
  const inPadding = await read(whole.subarray(0, last + 512 + 30));
  assert.equal(inPadding.of("last")?.lines, ["first", "second", "third"]);
  assert.is(inPadding.artifact("last")?.coverage, "complete");
  assert.ok(inPadding.codes.includes("W_PARTIAL"));
});

test("21 and 22 what lies inside a body never becomes a member", async () => {
  assert.is(await refused(around({ name: "bundle/x", body: inner, breakChecksum: true })), "E_TAR");
  assert.is(await refused(around({ name: "bundle/x", body: inner, link: "bundle/y" })), "E_TAR");
  const { artifacts, codes } = await read(around({ name: "bundle/x", body: inner }));
  assert.not.match(JSON.stringify(artifacts), /INNER/);
  assert.equal(codes, ["W_MANIFEST_EXTRA", "W_UNLISTED"]);
});

test("23 a lone zero block between members", async () => {
  const [first, ...rest] = members(ROWS);
  assert.is(
    await refused(Buffer.concat([entry(first as Forged), Buffer.alloc(512), ...rest.map(entry), EOF])),
    "E_TAR",
  );
});

test("24 bytes behind the end mark", async () => {
  assert.is(await refused(Buffer.concat([bundle(ROWS), bundle(ROWS)])), "E_TRAILING");
  assert.is(await refused(Buffer.concat([bundle(ROWS), Buffer.from("x")])), "E_TRAILING");
  assert.equal((await read(Buffer.concat([bundle(ROWS), Buffer.alloc(9000)]))).codes, []);
});

test("25 sizes that lie", async () => {
  const base256 = (last: readonly number[]): Buffer =>
    Buffer.from([...Array<number>(12 - last.length).fill(0), ...last].map((b, i) => (i === 0 ? 0x80 : b)));
  const sizes = [
    Buffer.alloc(12, 0xff),
    "zzz",
    base256([0x40, 0, 0, 0, 0, 0, 0, 0, 0]),
    base256([2, 0x80, 0, 0, 0]),
    "77777777777\0",
    "777777777777",
    "-0000000001\0",
    "        \0",
    Buffer.alloc(12),
    "0x200\0",
    "1.5\0",
  ];
  for (const size of sizes) assert.match(await refused(around({ name: "bundle/x", size })), /^E_(TAR|BOMB)$/);
});

test("26 folders, links and devices with a size", async () => {
  for (const type of ["5", "1", "2", "3", "4", "6"])
    assert.is(await refused(around({ name: "bundle/x", type, body: inner })), "E_TAR");
});

test("27 to 31 extended headers of every kind", async () => {
  for (const value of ["0", "99999", "Infinity", "1.5", "0x3", "1e400"])
    assert.is(await refused(around(pax(record("size", value)), { name: "bundle/x", body: inner })), "E_META");
  for (const body of [
    "9999 path=x\n",
    "5 path=x\n",
    "-1 path=x\n",
    record("path", "a\nb"),
    record("path", "a\0b"),
    record("path", "x").slice(0, -1),
  ])
    assert.is(await refused(around(pax(body), { name: "bundle/x" })), "E_META");
  for (const type of ["g", "L", "K", "X", "N"])
    assert.is(
      await refused(around({ name: "././@LongLink", type, body: "../../x\0" }, { name: "bundle/x" })),
      "E_META",
    );
  const started = performance.now();
  assert.is(await refused(around({ name: "bundle/x", type: "x", body: "13 a=bbbbbbb\n".repeat(60_000) })), "E_META");
  assert.is(await refused(around({ name: "bundle/x", type: "L", body: Buffer.alloc(2 ** 21, 0x61) })), "E_META");
  assert.ok(performance.now() - started < 400);
});

test("32 sparse files", async () => {
  assert.is(await refused(around({ name: "bundle/x", type: "S", body: "data" })), "E_TYPE");
  assert.is(await refused(around(pax(record("GNU.sparse.major", "1")), { name: "bundle/x" })), "E_META");
});

test("33 and 46 other types cost their member", async () => {
  for (const type of ["1", "2", "3", "4", "6", "7", "A", "D", "I", "M", "V", "Z"]) {
    const { codes, artifacts } = await read(
      around({ name: "bundle/x", type, link: "/tmp" }, { name: "bundle/d", type: "2", link: "/tmp" }),
    );
    assert.ok(codes.every((code) => code === "W_TYPE" || code === "W_LINK"));
    assert.is(codes.length, 2);
    assert.is(artifacts.length, 4);
  }
  const { codes } = await read(
    around({ name: "bundle/d", type: "2", link: "/tmp" }, { name: "bundle/d/f", body: "x" }),
  );
  assert.equal(codes, ["W_LINK", "W_MANIFEST_EXTRA", "W_UNLISTED"]);
});

test("34 v7 without magic", async () => {
  assert.is(await refused(tar({ name: "bundle/x", magic: "" })), "E_FORMAT");
  assert.is(await refused(around({ name: "bundle/x", magic: "" })), "E_FORMAT");
});

test("GNU and busybox magic", async () => {
  const { codes } = await read(tar(...members(ROWS).map((member) => ({ ...member, magic: "ustar  \0" }))));
  assert.equal(codes, []);
});

test("35 impossible times of a member do not matter", async () => {
  for (const mtime of [
    "abc",
    "1e30",
    Buffer.from("800000000004000000000000", "hex"),
    Buffer.alloc(12, 0xff),
    Buffer.alloc(12),
  ])
    assert.equal((await read(tar(...members(ROWS).map((member) => ({ ...member, mtime }))))).codes, []);
});

test("a member list ends where the limit does", async () => {
  assert.is(await refused(bundle(ROWS), { members: 5 }), "E_ENTRIES");
  assert.equal((await read(bundle(ROWS), { members: 6 })).codes, []);
});

test("any piece size gives the same", async () => {
  const { createTarReader } = await import("#bundle/tar-reader.js");
  const { DEFAULT_LIMITS } = await import("#bundle/limits.js");
  const { refuser } = await import("#bundle/refuse.js");
  const bytes = bundle([LOG, PODS]);
  const walk = (size: number): string => {
    const seen: string[] = [];
    const reader = createTarReader(DEFAULT_LIMITS, refuser("x"), (head) => {
      const pieces: Buffer[] = [];
      return {
        data: (p) => void pieces.push(p),
        end: (ok) => void seen.push(`${head.name} ${ok} ${sha256(Buffer.concat(pieces))}`),
      };
    });
    for (let at = 0; at < bytes.length; at += size) reader.write(bytes.subarray(at, at + size));
    return `${seen.join("\n")}\n${reader.finish()}`;
  };
  for (const size of [1, 2, 3, 64, 511, 512, 513, 1000, 65_536]) assert.is(walk(size), walk(4096));
});

test.run();
