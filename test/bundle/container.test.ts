import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS, readBundle } from "#bundle/read.js";
import { InquestError } from "#model/error.js";
import { bundle, EOF, entry, gzip, LOG, PODS, ROWS, read, refusal, refused, withFile } from "./archive.js";

const test = suite("bundle/container");
const MIB = 1024 * 1024;

/** One gzip member of `count` MiB zeros behind `head`, made without inflated zeros in memory. */
function zeroBomb(head: Buffer, count: number): Buffer {
  const zeros = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_FULL_FLUSH, level: 9 });
  const start = deflateRawSync(head, { finishFlush: constants.Z_FULL_FLUSH });
  const gzipHead = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  return Buffer.concat([gzipHead, start, ...Array<Buffer>(count).fill(zeros), Buffer.from([3, 0]), Buffer.alloc(8)]);
}

test("1 an empty file", async () => {
  assert.is(await refused(Buffer.alloc(0)), "E_EMPTY");
});

test("2 what is no regular file is refused without waiting for it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "inquest-test-"));
  const at = (name: string): string => join(folder, name);
  const code = (file: string): Promise<string> => refusal(() => readBundle(file, DEFAULT_LIMITS, () => null));
  execFileSync("mkfifo", [at("fifo")]);
  mkdirSync(at("folder"));
  const server = createServer().listen(at("socket"));
  await new Promise((resolve) => server.once("listening", resolve));
  assert.is(await code(at("fifo")), "E_NOT_FILE");
  assert.is(await code(at("folder")), "E_NOT_FILE");
  assert.is(await code(at("socket")), "E_NOT_FILE");
  assert.is(await code("/dev/zero"), "E_NOT_FILE");
  assert.is(await code(at("missing")), "E_OPEN");
  assert.is(await code(`${at("nul")}\0x`), "E_OPEN");
  server.close();
  rmSync(folder, { recursive: true });
});

test("3 other formats are named", async () => {
  const samples: readonly (readonly [string, Buffer])[] = [
    ["zip", Buffer.from("504b030414000000", "hex")],
    ["xz", Buffer.from("fd377a585a000004", "hex")],
    ["bzip2", Buffer.from("425a683931415926", "hex")],
    ["zstd", Buffer.from("28b52ffd04000000", "hex")],
    ["7z", Buffer.from("377abcaf271c0004", "hex")],
    ["PDF", Buffer.from("%PDF-1.7\n")],
    ["HTML", Buffer.from("\n<!DOCTYPE html><title>Log in</title>")],
  ];
  for (const [name, bytes] of samples) {
    try {
      await read(Buffer.concat([bytes, Buffer.alloc(2000, 1)]));
      assert.unreachable();
    } catch (error) {
      assert.ok(error instanceof InquestError);
      assert.is(error.code, "E_FORMAT");
      assert.match(error.message, name);
    }
  }
});

test("4 gzip in gzip", async () => assert.is(await refused(gzip(gzip(bundle(ROWS)))), "E_TAR"));

test("5 one byte, two bytes, gzip of nothing", async () => {
  assert.is(await refused(Buffer.from([0x1f])), "E_FORMAT");
  assert.is(await refused(Buffer.from([0x1f, 0x8b])), "E_EMPTY");
  assert.is(await refused(gzip(Buffer.alloc(0))), "E_EMPTY");
});

test("6 ten GiB of zeros in ten MB", async () => {
  const started = performance.now();
  const bomb = zeroBomb(bundle(ROWS).subarray(0, -1024), 10 * 1024);
  assert.ok(bomb.length > 9 * MIB);
  assert.is(await refused(bomb), "E_BOMB");
  assert.is(await refused(zeroBomb(Buffer.alloc(0), 1024)), "E_BOMB");
  assert.ok(performance.now() - started < 3000);
  assert.ok(process.memoryUsage.rss() < 512 * MIB);
});

test("7 an absolute limit holds where the ratio does not", async () => {
  assert.is(await refused(zeroBomb(bundle(ROWS), 20), { ratio: 1e9, inflatedBytes: 10 * MIB }), "E_BOMB");
  assert.is(await refused(zeroBomb(bundle(ROWS), 20), { ratio: 420, ratioAfterBytes: MIB }), "E_BOMB");
  assert.is(await refused(bundle(ROWS), { fileBytes: 2000 }), "E_BOMB");
});

test("8 a gzip that is cut: what is whole is read, the cut member is marked", async () => {
  const rows = [LOG, { ...LOG, member: "node/journal/big.log", origin: "big", body: randomLines(4000) }, PODS];
  const packed = gzip(bundle(rows));
  const { codes, artifact, of, custody } = await read(packed.subarray(0, Math.floor(packed.length * 0.6)));
  assert.ok(codes.includes("W_GZ_TRUNCATED"));
  assert.is(custody.issues[0]?.member, "node/journal/big.log");
  assert.is(artifact("kubelet")?.coverage, "complete");
  assert.is(artifact("big")?.coverage, "truncated");
  assert.equal(of("big")?.ends, [false]);
  assert.ok((of("big")?.lines.length ?? 0) > 1000);
  assert.is(artifact("pods")?.coverage, "lost");
});

test("9 a gzip without its trailer", async () => {
  for (const cut of [1, 7, 8]) {
    const { codes, custody } = await read(gzip(bundle(ROWS)).subarray(0, -cut));
    assert.equal(codes, ["W_GZ_TRUNCATED"]);
    assert.is(custody.manifest, "verified");
  }
});

test("10 wrong checksum, wrong length, a flipped bit", async () => {
  const packed = gzip(bundle(ROWS));
  for (const at of [packed.length - 8, packed.length - 1]) {
    const broken = Buffer.from(packed);
    broken[at] = (broken[at] ?? 0) ^ 1;
    assert.is(await refused(broken), "E_GZIP");
  }
  const flipped = Buffer.from(packed);
  flipped[200] = (flipped[200] ?? 0) ^ 4;
  assert.not.equal(await refused(flipped), "accepted");
});

test("11 text behind gzip is refused, zeros are padding", async () => {
  assert.match(await refused(Buffer.concat([gzip(bundle(ROWS)), Buffer.from("hello")])), /^E_(GZIP|TRAILING)$/);
  const { codes } = await read(Buffer.concat([gzip(bundle(ROWS)), Buffer.alloc(1000)]));
  assert.equal(codes, []);
  const far = await read(Buffer.concat([gzip(bundle(ROWS)), Buffer.alloc(200_000)]));
  assert.equal(far.codes, []);
});

test("12 two complete archives", async () => {
  assert.is(await refused(Buffer.concat([gzip(bundle(ROWS)), gzip(bundle(ROWS))])), "E_TRAILING");
});

test("13 gzip members that form one tar, wherever it is split", async () => {
  const whole = bundle(ROWS);
  for (const at of [1, 511, 512, 700, 3000]) {
    const { codes, of } = await read(Buffer.concat([gzip(whole.subarray(0, at)), gzip(whole.subarray(at))]));
    assert.equal(codes, []);
    assert.is(of("pods")?.items.length, 2);
  }
});

test("14 a zero byte between two gzip members loses nothing silently", async () => {
  const whole = bundle(ROWS);
  const [a, b] = [gzip(whole.subarray(0, 1536)), gzip(whole.subarray(1536))];
  assert.is(await refused(Buffer.concat([a, Buffer.alloc(1), b])), "E_TRAILING");
  // The border on, before and behind the edge of an input chunk.
  for (const shift of [-1, 0, 1]) {
    const padded = gzipSync(Buffer.concat([entry({ name: "bundle/x", body: randomBytes(80_000) })]), { level: 0 });
    const name = Buffer.alloc(Math.max(0, 2 * 65_536 + shift - padded.length - 1), 0x61);
    const named = Buffer.concat([
      padded.subarray(0, 3),
      Buffer.from([8]),
      padded.subarray(4, 10),
      name,
      Buffer.alloc(1),
      padded.subarray(10),
    ]);
    assert.is(await refused(Buffer.concat([named, Buffer.alloc(1), b])), "E_TRAILING");
  }
});

test("15 reserved gzip flags; a file name in the gzip header is ignored", async () => {
  const packed = gzip(bundle(ROWS));
  const reserved = Buffer.from(packed);
  reserved[3] = 0xe0;
  assert.is(await refused(reserved), "E_GZIP");
  const named = Buffer.concat([
    packed.subarray(0, 3),
    Buffer.from([8]),
    packed.subarray(4, 10),
    Buffer.from("../../evil\0"),
    packed.subarray(10),
  ]);
  assert.equal((await read(named)).codes, []);
});

test("16 a million empty members", async () => {
  const started = performance.now();
  const one = entry({ name: "bundle/x" });
  const many = gzipSync(Buffer.concat([...Array<Buffer>(200_000).fill(one), EOF]), { level: 1 });
  assert.match(await refused(many), /^E_(ENTRIES|BOMB)$/);
  assert.ok(performance.now() - started < 2000);
});

test("a file that changes between the passes", async () => {
  const bytes = bundle(ROWS);
  const code = await withFile(bytes, (file) =>
    refusal(() =>
      readBundle(file, DEFAULT_LIMITS, () => {
        writeFileSync(file, Buffer.concat([bytes, EOF]));
        return null;
      }),
    ),
  );
  assert.is(code, "E_OPEN");
});

test("large members do not stay in memory", async () => {
  const before = process.memoryUsage.rss();
  const item = JSON.stringify({ metadata: { name: "x".repeat(100) }, text: "y".repeat(2000) });
  const body = `{"items":[${Array<string>(60_000).fill(item).join(",")}]}`;
  let items = 0;
  await withFile(gzipSync(bundle([{ ...PODS, body }]), { level: 1 }), (file) =>
    readBundle(file, { ...DEFAULT_LIMITS, ratio: 1e6 }, () => ({ item: () => void items++, end: () => undefined })),
  );
  assert.is(items, 60_000);
  assert.ok(process.memoryUsage.rss() - before < 900 * MIB);
});

/** The same every time, and nothing that gzip could shorten. */
function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  let seed = 7;
  for (let at = 0; at < count; at++) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    bytes[at] = (seed >> 16) & 0xff;
  }
  return bytes;
}
const randomLines = (count: number): string =>
  randomBytes(count * 20)
    .toString("hex")
    .replace(/(.{40})/g, "$1\n");

test.run();
