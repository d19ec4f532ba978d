import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { unescapeField } from "#parsers/paths.js";
import { artifact, intakeOf, ofKind, values } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("paths");
const HEADER = "path\ttype\tmode\tuid\tgid\towner\tgroup\tsize\tmtime\tctime\tbtime\ttarget\tlisting";
const table = artifact({ kind: "paths", origin: "paths", member: "paths.tsv", form: "lines" });
const read = (...rows: readonly string[]) => intakeOf([table, [HEADER, ...rows].join("\n")]);

test("a link with its target, and the row to cite", () => {
  const row =
    "/etc/cni/net.d\tl\t0777\t0\t0\troot\troot\t40\t@1631607331.5\t-\t2024-06\t/var/snap/microk8s/current/args/cni-network\t-";
  const [fact] = ofKind(read(row), "path");
  assert.equal(fact?.value, {
    path: "/etc/cni/net.d",
    type: "l",
    mode: "0777",
    owner: "root",
    group: "root",
    size: 40,
    mtime: { epochMs: 1631607331500, precisionMs: 1, clock: "node:k8s01" },
    ctime: null,
    btime: { epochMs: Date.UTC(2024, 5), precisionMs: 30 * 86_400_000, clock: "node:k8s01" },
    target: "/var/snap/microk8s/current/args/cni-network",
    listing: null,
  });
  assert.equal(fact?.evidence.locator, { kind: "row", line: 2 });
  assert.is(fact?.evidence.excerpt, row);
});

test("columns are found by name, unknown ones and missing ones do no harm", () => {
  const [value] = values(intakeOf([table, "future\ttype\tpath\tlisting\nx\td\t/etc\tcomplete"]), "path");
  assert.is(value?.path, "/etc");
  assert.is(value?.listing, "complete");
  assert.is(value?.mtime, null);
});

test("escapes: fields decoded, control characters visible, foreign bytes kept apart", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a\\\\b", "a\\b"],
    ["a\\\\tb", "a\\tb"],
    ["a\\tb", "a\\u{9}b"],
    ["a\\nb", "a\\u{a}b"],
    ["\\x1b[31m", "\\u{1b}[31m"],
    ["\\xff\\xfe", "\\xff\\xfe"],
    ["plain", "plain"],
  ];
  for (const [given, expected] of cases) assert.is(unescapeField(given), expected, given);
});

test("absence and denial are facts; a row of another type is none, and then the table is not complete", () => {
  const intake = read("/etc/a\tabsent", "/etc/b\tdenied", "/etc/c\tdoor", "relative\tf", "");
  assert.equal(
    values(intake, "path").map((v) => v.type),
    ["absent", "denied"],
  );
  assert.is(intake.issues.length, 2);
  assert.is(intake.coverage[0]?.coverage, "truncated");
});

test("a table without the columns it is for is unreadable", () => {
  const intake = intakeOf([table, "nothing\tof\tthis\n/etc\td\t-"]);
  assert.is(intake.facts.length, 0);
  assert.is(intake.coverage[0]?.coverage, "lost");
});

test("no input throws", () => {
  const cell = fc.oneof(fc.string(), fc.constantFrom("-", "f", "d", "/etc", "@1e9", "2024-13", "\\x", "__proto__"));
  fc.assert(
    fc.property(fc.array(fc.array(cell, { maxLength: 14 })), (rows) => sound(read(...rows.map((r) => r.join("\t"))))),
  );
});

test.run();
