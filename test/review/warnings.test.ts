import { suite } from "uvu";
import * as assert from "uvu/assert";
import { judgeAlarms } from "#engine/benign.js";
import type { BenignCard } from "#model/benign.js";
import { benign, contrary } from "#model/benign.js";
import type { Fact } from "#model/fact.js";
import type { Finding } from "#model/finding.js";
import type { Draft } from "#model/review.js";
import { code, known, plainText, say } from "#model/statement.js";
import type { Brief } from "#review/inquest.js";
import { countUnexplained, tellWarnings } from "#review/warnings.js";
import { at, event, world } from "#test/rules/_facts.js";

const test = suite("telling warnings");

const T = (clock: string) => at(`2024-03-05T${clock}Z`);

/** Benign where the message says so, the contrary where it says that. */
const CARD: BenignCard = {
  id: "benign:start",
  title: "A start",
  matches: { form: "event", reason: "Start", message: /./ },
  condition: "all is well",
  judge: ({ message, evidence }) => (message === "well" ? benign("all is well", evidence) : contrary("it is not")),
  known: known("It starts", { source: "a book", version: "1" }),
  examples: { benign: [], unexplained: [] },
};

const warning = (reason: string, message: string, names: readonly string[], more = 0): Fact<"kube.event"> =>
  event({
    reason,
    message,
    first: T("10:00:00"),
    last: T("10:05:00"),
    count: names.length,
    objects: names.map((name) => ({ name, uid: `uid-${name}`, count: 1 })),
    moreObjects: more,
  });

function tell(facts: readonly Fact[], findings: readonly object[] = []): Draft["warnings"] {
  const alarms = judgeAlarms([CARD], [world({ facts })]);
  const whole = findings.map((f) => ({ about: {}, value: {}, statements: [], lessons: [], impact: [], ...f }));
  return tellWarnings({ alarms, findings: whole as unknown as readonly Finding[] } as unknown as Brief);
}
const texts = (rows: Draft["warnings"]["benign"]): readonly string[] =>
  rows.map((row) => row.statements.map((s) => plainText(s)).join(". "));

test("harmless ones say how many, of what, when, why, and how the software comes to it", () => {
  const { benign: told, unexplained } = tell([warning("Start", "well", ["a", "b", "c"])]);
  assert.equal(texts(told), [
    "3 Start warnings about 3 Pods shop/a and 2 more on n1 between 2024-03-05T10:00:00Z and 2024-03-05T10:05:00Z (well): seen, benign because all is well. It starts",
  ]);
  assert.equal(unexplained, []);
  assert.equal([told[0]?.rule, told[0]?.count, told[0]?.objects, told[0]?.nodes], ["benign:start", 3, 3, ["n1"]]);
});

test("those of a rule whose condition failed say what it asks and what fails; the others only what they are", () => {
  const { unexplained, benign: told } = tell([warning("Start", "ill", ["a"]), warning("Odd", "x", ["a", "b"])]);
  assert.equal(told, []);
  assert.equal(texts(unexplained), [
    "2 Odd warnings about 2 Pods shop/a and shop/b on n1 between 2024-03-05T10:00:00Z and 2024-03-05T10:05:00Z (x)",
    "1 Start warning about Pod shop/a on n1 between 2024-03-05T10:00:00Z and 2024-03-05T10:05:00Z (ill): harmless where all is well; but it is not",
  ]);
});

test("what a finding cites, or names with its text or beside one of its series, is told there", () => {
  const facts = [warning("Odd", "x", ["a", "b", "c"])];
  const [fact] = facts;
  if (!fact) throw new Error("no fact");
  const counts = (finding: object): number => countUnexplained(tell(facts, [finding]));
  const cites = { statements: [say`${code("x", fact.evidence)}`] };
  // The series' own evidence is each object's here.
  assert.is(counts(cites), 0);
  assert.is(counts({ about: { pod: ["uid-b"] }, value: { message: "x" } }), 2);
  assert.is(counts({ about: { pod: ["uid-b"] }, value: { message: "y" } }), 3);
  assert.is(counts({ about: { pod: ["uid-z"] }, value: { message: "x" } }), 3);
});

test("never a wall: eight kinds, a few places each, the rest is counted", () => {
  const kinds = Array.from({ length: 11 }, (_, i) => warning(`Odd${i}`, "x", i === 10 ? ["a"] : ["a", "b"]));
  const { unexplained, more } = tell(kinds);
  assert.is(unexplained.length, 8);
  assert.equal(more, { benign: { kinds: 0, count: 0 }, unexplained: { kinds: 3, count: 5 } });
  assert.is(countUnexplained({ benign: [], unexplained, more }), 21);
  const many = Array.from({ length: 300 }, (_, i) => warning("Odd", "x", [`p-${i}`]));
  const [row] = tell(many).unexplained;
  assert.is(row?.count, 300);
  const cited = row?.statements.flatMap((s) => s.evidence) ?? [];
  assert.is(cited.length, 7);
  assert.equal([cited[6]?.locator.kind, cited[6]?.excerpt], ["whole", "294 more places"]);
});

test("a long message is cut, and said to be one of several", () => {
  const [row] = tell([warning("Odd", "y".repeat(900), ["a"]), warning("Odd", "z", ["b"])]).unexplained;
  assert.match(row ? (texts([row])[0] ?? "") : "", `(${"y".repeat(240)}… and the like)`);
});

test("objects beyond those that a series names are counted as objects", () => {
  const [row] = tell([warning("Odd", "x", ["a"], 40)]).unexplained;
  assert.equal([row?.objects, row?.count], [41, 41]);
  assert.match(row ? (texts([row])[0] ?? "") : "", "about 41 Pods shop/a and 40 more on n1");
});

test.run();
