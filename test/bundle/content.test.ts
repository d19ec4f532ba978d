import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Feeder } from "#bundle/feeder.js";
import { DEFAULT_LIMITS } from "#bundle/limits.js";
import { lineFeeder } from "#bundle/lines.js";
import { itemFeeder } from "#bundle/list-items.js";
import { visible } from "#model/visible.js";
import { bundle, CONF, LOG, PODS, read } from "./archive.js";

const test = suite("bundle/content");
const pods = (body: string | Buffer, limits = {}) => read(bundle([{ ...PODS, body }]), limits);
const log = (body: string | Buffer, limits = {}) => read(bundle([{ ...LOG, body }]), limits);

test("the items of a list, wherever they stand", async () => {
  const lists: readonly (readonly [string, readonly unknown[]])[] = [
    ['{"items":[]}', []],
    ['{"items":[ ]}', []],
    [
      '\n{ "kind" : "List" , "items" : [ {"a":[1,{"b":2}]} , "x" , null , 3 ] , "z":{} }\n',
      [{ a: [1, { b: 2 }] }, "x", null, 3],
    ],
    ['{"metadata":{"items":[1]},"x":"\\"items\\":[2]","items":[{"k":"\\\\"}]}', [{ k: "\\" }]],
  ];
  for (const [body, items] of lists) {
    const { of, codes } = await pods(body);
    assert.equal([of("pods")?.items, of("pods")?.ends, codes], [items, [true], []], body);
  }
});

test("a list is whole unless it says that it is a page, or holds null where its items are", async () => {
  const whole = [
    '{"metadata":{"resourceVersion":"12"},"items":[{"a":1}]}',
    '{"items":[{"a":1}],"metadata":{"continue":"","remainingItemCount":0,"resourceVersion":"","selfLink":""}}',
    '{"metadata":{"continue":null,"remainingItemCount":null},"items":[{"a":1}]}',
    '{"metadata":null,"items":[{"a":1}]}',
    // Those of an item, and of something that is not the list's own, say nothing of the list.
    '{"items":[{"metadata":{"continue":"x","remainingItemCount":4}}]}',
    '{"other":{"metadata":{"continue":"x"}},"continue":"x","remainingItemCount":3,"items":[{"a":1}]}',
  ];
  for (const body of whole) {
    const { of, codes, artifact } = await pods(body);
    assert.equal([of("pods")?.ends, codes, artifact("pods")?.coverage], [[true], [], "complete"], body);
  }
  const pages = [
    '{"metadata":{"continue":"eyJ2Ij","remainingItemCount":40},"items":[{"a":1}]}',
    '{"items":[{"a":1}],"metadata":{"continue":"eyJ2Ij"}}',
    '{"items":[{"a":1}],"metadata":{"remainingItemCount":1}}',
    '{"items":[{"a":1}],"metadata":{"remainingItemCount":"40"}}',
    '{"items":[{"a":1}],"metadata":{"cont\\u0069nue":"x"}}',
    '{"metadata":{"continue":"x"},"items":[{"a":1}],"metadata":{}}',
    '{"items":[{"a":1}],"metadata":{bad}}',
  ];
  for (const body of pages) {
    const { of, codes, artifact } = await pods(body);
    assert.equal([of("pods")?.items, of("pods")?.ends], [[{ a: 1 }], [false]], body);
    assert.equal([codes, artifact("pods")?.coverage], [["W_PAGE"], "truncated"], body);
  }
  const none = await pods('{"items":null,"kind":"List"}');
  assert.equal([none.of("pods")?.items, none.codes], [[], ["W_PAGE"]]);
  assert.is(none.artifact("pods")?.coverage, "truncated");
});

test("a document that is no list", async () => {
  for (const body of [
    '{"kind":"Pod","spec":{"items":[1]}}',
    "[1,2]",
    '"items"',
    '{"items":{"a":1}}',
    '{"items":5}',
    "error: you must be logged in",
    "{}",
  ]) {
    const { of, codes, artifact } = await pods(body);
    assert.equal([of("pods")?.items, of("pods")?.ends, codes], [[], [false], ["W_JSON"]], body);
    assert.not.equal(artifact("pods")?.coverage, "complete");
  }
});

test("a bad item costs that item", async () => {
  const { of, codes, artifact } = await pods(
    `{"items":[{"a":1},{bad},{"t":"secret",},{"a":${"[".repeat(70)}${"]".repeat(70)}},{"a":2}]}`,
  );
  assert.equal(of("pods")?.items, [{ a: 1 }, { a: 2 }]);
  assert.equal(codes, ["W_JSON", "W_JSON", "W_LIMIT"]);
  assert.is(artifact("pods")?.coverage, "truncated");
  const long = await pods(`{"items":[{"a":"${"x".repeat(5000)}"},{"a":2}]}`, { itemBytes: 1000 });
  assert.equal([long.of("pods")?.items, long.codes], [[{ a: 2 }], ["W_LIMIT"]]);
});

test("a list that ends early, two lists, brackets that do not fit", async () => {
  for (const body of [
    '{"items":[{"a":1}',
    '{"items":[{"a":1},',
    '{"items":[{"a":1}]',
    '{"items":[{"a":1}],"items":[]}',
    '{"items":[{"a":1}}',
    '{"items":[{"a":1}]]',
  ])
    assert.equal((await pods(body)).artifact("pods")?.coverage, "truncated", body);
  const { of } = await pods('{"items":[{"a":1},,{"a":2}]}');
  assert.equal(of("pods")?.items, [{ a: 1 }, { a: 2 }]);
});

test("55 keys of Object.prototype, numbers out of range, depth", async () => {
  const { of } = await pods('{"items":[{"__proto__":{"polluted":1},"n":1e400,"u":"\\u202e"}]}');
  assert.is(({} as Record<string, unknown>)["polluted"], undefined);
  assert.ok(Object.hasOwn(of("pods")?.items[0] as object, "__proto__"));
  assert.equal((await pods(`{"items":[${"[".repeat(1e6)}`)).codes, ["W_JSON"]);
  const deep = await read(bundle([{ ...CONF, body: "[".repeat(100) + "]".repeat(100) }]));
  assert.equal([deep.codes, deep.artifact(CONF.origin)?.coverage], [["W_JSON"], "lost"]);
});

function run(make: (out: unknown[]) => Feeder, bytes: Buffer, cuts: readonly number[]): unknown[] {
  const out: unknown[] = [];
  const feeder = make(out);
  let from = 0;
  for (const to of [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    feeder.data(bytes.subarray(from, to));
    from = to;
  }
  return [...out, feeder.end(true)];
}
const NOTES = { note: () => undefined, secret: () => undefined };

test("chunk borders do not matter to lists", () => {
  fc.assert(
    fc.property(fc.array(fc.json({ maxDepth: 4 })), fc.jsonValue(), fc.array(fc.nat(2000)), (items, other, cuts) => {
      const text = JSON.stringify({ kind: other, items: items.map((item) => JSON.parse(item)), "é€𝄞": other }, null, 1);
      const make = (out: unknown[]): Feeder => itemFeeder((item) => void out.push(item), DEFAULT_LIMITS, NOTES);
      const got = run(make, Buffer.from(text), cuts);
      assert.equal(got, run(make, Buffer.from(text), []));
      assert.is(got.length, items.length + 1);
      assert.is(got.at(-1), "all");
    }),
  );
});

test("chunk borders do not matter to lines", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary" }).map((s) => s.replace(/[\r\n\ufeff]/g, ""))),
      fc.array(fc.nat(500)),
      (lines, cuts) => {
        const text = lines.map((line) => `${line}\n`).join("");
        const got = run(
          (out) => lineFeeder((line) => void out.push(line), visible, 16_384, NOTES),
          Buffer.from(text),
          cuts,
        );
        assert.equal(got, [...lines.map((line) => visible(line)), "all"]);
      },
    ),
  );
});

test("line ends, the last line, a byte order mark, invalid UTF-8", async () => {
  const { of } = await log(
    Buffer.concat([Buffer.from("\ufeffa\r\n\r\nb\tc\n"), Buffer.from([0xff, 0xc3, 0x0a]), Buffer.from("é€𝄞")]),
  );
  assert.equal(of("kubelet")?.lines, ["a", "", "b\\u{9}c", "\ufffd\ufffd", "é€𝄞"]);
});

test("long lines are cut, and the content is no longer complete", async () => {
  const { of, codes, artifact } = await log(`short\n${"é".repeat(5000)}\nnext\n`, { lineBytes: 100 });
  assert.is(of("kubelet")?.lines[1]?.length, 100);
  assert.equal(
    [of("kubelet")?.lines[2], of("kubelet")?.ends, codes, artifact("kubelet")?.coverage],
    ["next", [false], ["W_LIMIT"], "truncated"],
  );
});

test("60 megabytes on one line", async () => {
  const started = performance.now();
  for (const unit of [
    " ",
    "eyJ",
    "[",
    "`",
    "\u001b",
    "://",
    "-----BEGIN PRIVATE KEY-----",
    "a.",
    "ey.",
    ".ey",
    "bearer ",
    "ZXlK",
    "xoxb-",
    "\\u0041",
  ]) {
    const big = unit.repeat(Math.ceil(2e6 / unit.length));
    await read(
      bundle([
        { ...LOG, body: `${big}y\n` },
        { ...CONF, body: big },
        { ...PODS, body: `{"items":[{"m":"${unit === "\u001b" ? "" : big.slice(0, 1.9e6)}"}]}` },
      ]),
    );
  }
  assert.ok(performance.now() - started < 14 * 2000);
});

test("a whole member is cut at its limit, a streamed one at its own", async () => {
  const whole = await read(bundle([{ ...CONF, body: `${"x".repeat(5000)}` }]), { memberBytes: 3000 });
  assert.equal(
    [whole.of(CONF.origin)?.whole[0]?.length, whole.of(CONF.origin)?.ends, whole.codes],
    [3000, [false], ["W_LIMIT"]],
  );
  const lines = await log("12345\n".repeat(1000), { streamedMemberBytes: 3000 });
  assert.equal(
    [lines.of("kubelet")?.lines.length, lines.artifact("kubelet")?.coverage, lines.codes],
    [500, "truncated", ["W_LIMIT"]],
  );
});

test("65 hidden characters become visible", async () => {
  const hidden = "a\u0000\u001b[31m\u0085\u009b\u00ad\u061c\u200b\u200f\u2028\u202e\u2066\u3164\ufeff\u{e0041}b";
  const shown =
    "a\\u{0}\\u{1b}[31m\\u{85}\\u{9b}\\u{ad}\\u{61c}\\u{200b}\\u{200f}\\u{2028}\\u{202e}\\u{2066}\\u{3164}\\u{feff}\\u{e0041}b";
  const { of } = await read(
    bundle([
      { ...LOG, body: hidden },
      { ...CONF, body: `{\t"a": "${hidden}"\r\n}` },
      { ...PODS, body: JSON.stringify({ items: [{ [hidden]: [hidden, "\ud800", "l1\nl2"] }] }) },
    ]),
  );
  assert.equal(of("kubelet")?.lines, [shown]);
  assert.equal(of(CONF.origin)?.whole, [`{\t"a": "${shown}"\r\n}`]);
  assert.equal(of("pods")?.items, [{ [shown]: [shown, "\\u{d800}", "l1\nl2"] }]);
});

test.run();
