import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  atPointer,
  type Evidence,
  EXCERPT_CHARS,
  evidenceIn,
  evidenceKey,
  excerpt,
  formatLocator,
  pointerToken,
} from "#model/evidence.js";
import { cite, type Fact } from "#model/fact.js";
import { artifact, fact } from "#test/rules/_facts.js";

const test = suite("evidence");

const DOCUMENT = JSON.parse('{"a/b":{"~":1,"m~n":[10,20]},"":{"":"empty"},"~1":"tilde one","__proto__":{"x":1}}');

test("a pointer into nothing, into text and past the end gives nothing", () => {
  for (const pointer of ["/c", "/a~1b/m~0n/2", "/a~1b/~0/x", "/~01/0", "/a~1b/m~0n/01", "/a~1b/m~0n/-"])
    assert.is(atPointer(DOCUMENT, pointer), undefined, pointer);
  assert.is(atPointer(undefined, "/a"), undefined);
});

test("keys that every object inherits are not there", () => {
  for (const key of ["toString", "constructor", "hasOwnProperty", "valueOf"])
    assert.is(atPointer({ a: {} }, `/a/${key}`), undefined, key);
  assert.is(atPointer({}, "/__proto__"), undefined);
  assert.is(atPointer({}, "/constructor/prototype"), undefined);
});

test("a key that a document really has is found, whatever its name", () => {
  assert.is(atPointer(DOCUMENT, "/__proto__/x"), 1);
});

test("escapes are undone in the order of RFC 6901", () => {
  assert.is(atPointer(DOCUMENT, ""), DOCUMENT);
  assert.is(atPointer(DOCUMENT, "/a~1b/~0"), 1);
  assert.is(atPointer(DOCUMENT, "/a~1b/m~0n/1"), 20);
  assert.is(atPointer(DOCUMENT, "/~01"), "tilde one");
  assert.is(atPointer(DOCUMENT, "//"), "empty");
});

test("an escaped key leads back to its value", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (outer, inner) => {
      const document = Object.fromEntries([[outer, Object.fromEntries([[inner, 7]])]]);
      assert.is(atPointer(document, `/${pointerToken(outer)}/${pointerToken(inner)}`), 7);
    }),
  );
});

test("each kind of place is told in one line", () => {
  assert.is(formatLocator({ kind: "lines", from: 3, to: 3 }), "line 3");
  assert.is(formatLocator({ kind: "lines", from: 3, to: 7 }), "lines 3-7");
  assert.is(formatLocator({ kind: "json", pointer: "" }), "whole document");
  assert.is(formatLocator({ kind: "json", pointer: "/items/2" }), "/items/2");
  assert.is(formatLocator({ kind: "row", line: 12 }), "row 12");
  assert.is(formatLocator({ kind: "whole" }), "whole member");
  assert.is(formatLocator({ kind: "absence", query: "x", searched: "27 pods" }), "absence of x in 27 pods");
});

test("equal evidence has one key, and each part that differs makes another", () => {
  const base = evidenceIn(artifact(), { kind: "row", line: 1 }, "text");
  const others: readonly Evidence[] = [
    { ...base, bundle: "c" },
    { ...base, member: "other" },
    { ...base, origin: "other" },
    { ...base, locator: { kind: "row", line: 2 } },
    { ...base, locator: { kind: "lines", from: 1, to: 1 } },
    { ...base, excerpt: "other" },
  ];
  assert.is(evidenceKey({ ...base }), evidenceKey(base));
  assert.is(new Set([base, ...others].map(evidenceKey)).size, others.length + 1);
});

test("an excerpt at the limit stays whole, and a longer one says that it was cut", () => {
  const full = "x".repeat(EXCERPT_CHARS);
  assert.is(excerpt(full), full);
  assert.is(excerpt(`${full}y`), `${full}… (401 characters)`);
});

test("an artifact without a member is cited by its row in the index", () => {
  const evidence = evidenceIn(artifact({ member: null, sha256: null }), { kind: "whole" }, "not there");
  assert.is(evidence.member, "index.tsv");
  assert.is(evidence.sha256, "");
});

const object = (pointer: string): Fact<"kube.pod"> => {
  const base = fact("kube.pod", {});
  return {
    ...base,
    evidence: { ...base.evidence, locator: { kind: "json", pointer } },
    json: { metadata: { uid: "u-1", labels: { "app/name": "web" } }, status: { phase: null } },
  };
};

test("a field that is not there falls back to the whole object", () => {
  const pod = object("/items/4");
  assert.is(cite(pod, "/metadata/deletionTimestamp"), pod.evidence);
  assert.is(cite(pod, "/metadata/toString"), pod.evidence);
  const bare = fact("kube.pod", {});
  assert.is(cite(bare, "/metadata/uid"), bare.evidence);
});

test("a field is cited below its object, with its name and value", () => {
  const { locator, excerpt: shown } = cite(object("/items/4"), "/metadata/uid");
  assert.equal(locator, { kind: "json", pointer: "/items/4/metadata/uid" });
  assert.is(shown, 'metadata/uid: "u-1"');
  assert.is(cite(object(""), "/metadata/labels/app~1name").excerpt, 'metadata/labels/app~1name: "web"');
});

test("a field that is null is there", () => {
  assert.is(cite(object("/items/4"), "/status/phase").excerpt, "status/phase: null");
});

test.run();
