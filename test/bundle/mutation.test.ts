import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { InquestError } from "#model/error.js";
import { thorough } from "#test/thorough.js";
import { bundle, gzip, ROWS, read } from "./archive.js";

const test = suite("bundle/mutation");
const PLAIN = bundle(ROWS);
const PACKED = gzip(PLAIN);
const SMALL = { inflatedBytes: 1 << 20, members: 50, itemBytes: 200, lineBytes: 50 };

const mutation = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), at: fc.nat(), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), length: fc.nat(1500) }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ kind: fc.constant("copy" as const), at: fc.nat(), from: fc.nat(), length: fc.nat(1500) }),
  fc.record({ kind: fc.constant("end" as const), at: fc.nat() }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(bytes: Buffer, m: Mutation): Buffer {
  const at = m.at % (bytes.length + 1);
  switch (m.kind) {
    case "set": {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = m.byte;
      return copy;
    }
    case "cut":
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + m.length)]);
    case "insert":
      return Buffer.concat([bytes.subarray(0, at), m.bytes, bytes.subarray(at)]);
    case "copy":
      return Buffer.concat([
        bytes.subarray(0, at),
        bytes.subarray(m.from % (bytes.length + 1)).subarray(0, m.length),
        bytes.subarray(at),
      ]);
    case "end":
      return bytes.subarray(0, at);
  }
}

/** Makes every header's checksum right again, so that mutations reach what lies behind that check. */
function mend(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 0; at + 512 <= copy.length; at += 512) {
    const block = copy.subarray(at, at + 512);
    if (block.toString("latin1", 257, 262) !== "ustar") continue;
    const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  }
  return copy;
}

async function survives(bytes: Buffer): Promise<void> {
  try {
    const { received } = await read(bytes, SMALL);
    for (const got of received) assert.is(got.ends.length, 1);
  } catch (error) {
    if (!(error instanceof InquestError)) throw error;
    assert.not.equal(error.code, "E_INTERNAL", error.message);
  }
}

const mutations = fc.array(mutation, { minLength: 1, maxLength: 6 });
/** The generator begins anew each time: a short run each day is worth as much as a long one. */
const runs = (most: number): number => (thorough ? most : most / 5);
const check = (most: number, make: (list: readonly Mutation[]) => Buffer): Promise<void> =>
  fc.assert(
    fc.asyncProperty(mutations, (list) => survives(make(list))),
    { numRuns: runs(most) },
  );

test("mutated tar: read or refused", () => check(1500, (list) => list.reduce(mutate, PLAIN)));
test("mutated tar with right checksums", () => check(1500, (list) => mend(list.reduce(mutate, PLAIN))));
test("mutated gzip", () => check(1000, (list) => list.reduce(mutate, PACKED)));
test("gzip of mutated tar", () => check(500, (list) => gzip(mend(list.reduce(mutate, PLAIN)))));
test("any bytes", () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), (bytes) => survives(Buffer.from(bytes))),
    { numRuns: runs(300) },
  ));

test.run();
