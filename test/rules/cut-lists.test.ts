import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS, readBundle } from "#bundle/read.js";
import { loadRulebook } from "#engine/load.js";
import { conclude } from "#engine/run.js";
import type { Artifact, Custody } from "#model/artifact.js";
import type { Intake } from "#model/intake.js";
import { plainText, type Statement } from "#model/statement.js";
import { startParsing } from "#parsers/all.js";
import { numberEvidence } from "#report/number.js";
import { assemble } from "#review/assemble.js";

const book = await loadRulebook(resolve("dist/src/rules"));

const parsing = startParsing();
const artifacts: Artifact[] = [];
const custody: Custody[] = [];
for (const sample of ["fault", "healed"])
  for (const file of readdirSync(join("samples", sample)).filter((name) => name.endsWith(".tar.gz"))) {
    const read = await readBundle(join("samples", sample, file), DEFAULT_LIMITS, parsing.open);
    artifacts.push(...read.artifacts);
    custody.push(read.custody);
  }
const whole = parsing.finish(artifacts);

/** The same bundles, had their lists been cut behind what they hold. */
function cut(members: RegExp): Intake {
  const isCut = (artifact: Artifact) => members.test(artifact.member ?? "");
  return {
    ...whole,
    coverage: whole.coverage.map((entry) => (isCut(entry.artifact) ? { ...entry, coverage: "truncated" } : entry)),
  };
}

const draftOf = (intake: Intake) =>
  assemble({ ...conclude(book, intake, custody), custody, refused: [] }, { zone: "UTC", version: "0.0.0" });

function statementsOf(value: unknown): readonly Statement[] {
  if (Array.isArray(value)) return value.flatMap(statementsOf);
  if (typeof value !== "object" || value === null) return [];
  if ("parts" in value && "source" in value) return [value as Statement];
  return Object.values(value).flatMap(statementsOf);
}

const NUMBER = "(?:[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|\\d+)";
/** What a sentence counts: objects of a list, or names beyond those it shows. Replicas wanted and ready are figures of one object. */
const COUNT = new RegExp(
  `(?<least>[Aa]t least )?\\b${NUMBER} (?:(?:deleted|pending) )?(?:pods?|volumes?|workloads?|series of events|node objects?|more|of (?:its|their))\\b`,
  "g",
);

const test = suite("counts of lists that were cut");

for (const [what, members] of [
  ["every list", /^cluster\/.*\.json$/],
  ["the pods", /^cluster\/pods\.json$/],
  ["the events", /^cluster\/events\.json$/],
] as const) {
  test(`${what} cut: no sentence that counts in it leaves out "at least"`, () => {
    const statements = statementsOf(draftOf(cut(members)));
    let counts = 0;
    for (const statement of statements) {
      const cited = statement.evidence.filter((e) => members.test(e.member) || /^cluster\/events/.test(e.member));
      if (cited.length < statement.evidence.length || !cited.every((e) => e.cut)) continue;
      for (const found of plainText(statement).matchAll(COUNT)) {
        counts += 1;
        assert.ok(found.groups?.["least"], plainText(statement));
      }
    }
    assert.ok(counts > 2, `${counts} counts`);
  });
}

test("a list that could not be read was not counted: nothing says at least 0", () => {
  const denied: Intake = {
    ...whole,
    facts: whole.facts.filter((fact) => fact.kind !== "kube.pod"),
    coverage: whole.coverage.map((entry) =>
      entry.kind === "kube.pod" ? { ...entry, coverage: "denied", facts: 0 } : entry,
    ),
  };
  const examined = draftOf(denied).examined.map(plainText);
  assert.ok(
    examined.some((text) => /^Not one pod was read at .*: collection denied/.test(text)),
    examined.join("\n"),
  );
  assert.not.match(examined.join("\n"), /\b0 pods/);
});

test("nothing was cut: no sentence is weakened, but for what events count themselves", () => {
  for (const statement of statementsOf(draftOf(whole)))
    for (const found of plainText(statement).matchAll(COUNT))
      assert.not.ok(found.groups?.["least"], plainText(statement));
});

test("the severity and the table of impact say it, too, and none without a replica is only what was seen", () => {
  const draft = draftOf(cut(/^cluster\/pods\.json$/));
  assert.is(draft.severity.reason, "at least 6 volumes ran with fewer replicas than wanted, none seen without any");
  assert.ok(Object.values(numberEvidence(draft).evidence).some((e) => e.cut));
  assert.is(draftOf(whole).severity.reason, "6 volumes ran with fewer replicas than wanted, none without any");
});

test.run();
