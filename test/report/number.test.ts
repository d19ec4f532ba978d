import { suite } from "uvu";
import * as assert from "uvu/assert";
import { InquestError } from "#model/error.js";
import { reviewSchema } from "#model/review.js";
import { renderJson, reviewJsonSchema } from "#report/json.js";
import { numberEvidence } from "#report/number.js";
import { makeDraft } from "#test/report/draft.js";
import { HIDDEN } from "#test/report/hostile.js";

const test = suite("numbering");

/** Ids in the order in which the JSON cites them, each once. */
const cited = (json: string): readonly string[] => [...new Set(json.match(/"E\d+"/g) ?? [])];

test("numbers follow the first citation and have no holes", () => {
  const { evidence, ...rest } = numberEvidence(makeDraft());
  const ids = cited(JSON.stringify(rest));
  assert.equal(
    ids,
    ids.map((_, i) => `"E${i + 1}"`),
  );
  assert.equal(
    Object.keys(evidence),
    ids.map((id) => id.slice(1, -1)),
  );
});

test("the order of a draft's keys changes nothing", () => {
  const draft = makeDraft();
  const turned = Object.fromEntries(Object.entries(draft).reverse()) as unknown as typeof draft;
  assert.is(renderJson(numberEvidence(turned)), renderJson(numberEvidence(draft)));
});

test("equal evidence has one number; a statement keeps its parts and says its text in UTC", () => {
  const review = numberEvidence(makeDraft());
  const first = review.summary[0]?.[0];
  assert.equal(first?.evidence, ["E1"]);
  assert.match(first?.text ?? "", /^Since 2026-05-23T02:01:31Z the API server refused 6 teardowns on n1/);
  assert.equal(review.timeline[3]?.statement, first);
  assert.is(review.evidence["E1"]?.locator, "/items/3");
});

test("evidence stands as ids where it is no statement's", () => {
  const review = numberEvidence(makeDraft());
  assert.equal(review.technical.signatures[0]?.evidence, ["E1"]);
  assert.equal(review.hypotheses[0]?.evidence.length, 1);
});

test("a draft that does not fit is a fault of ours, named by its place and without its text", () => {
  const draft = { ...makeDraft(), status: "secret text" } as unknown as ReturnType<typeof makeDraft>;
  try {
    numberEvidence(draft);
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof InquestError);
    assert.is(error.code, "E_INTERNAL");
    assert.match(error.message, /status/);
    assert.not.match(error.message, /secret text/);
  }
});

test("JSON reads back as the same review and hides nothing", () => {
  const review = numberEvidence(makeDraft());
  const marked = { ...review, title: "a\u202eb\u009b\u{e0041}" };
  const json = renderJson(marked);
  assert.equal(reviewSchema.parse(JSON.parse(json)), marked);
  assert.not.match(json, HIDDEN);
  assert.ok(json.endsWith("}\n"));
});

test("the schema is a JSON Schema of the contract", () => {
  const schema = reviewJsonSchema() as { type: string; required: string[]; additionalProperties: boolean };
  assert.is(schema.type, "object");
  assert.is(schema.additionalProperties, false);
  const optional = ["statusReason"];
  assert.equal(
    schema.required,
    Object.keys(reviewSchema.shape).filter((key) => !optional.includes(key)),
  );
});

test("what a version adds is optional: a review written before is still one, and a mark of counting is none of the contract", () => {
  const review = numberEvidence(makeDraft());
  const { diagnosis, ...resolution } = review.resolution;
  assert.ok(diagnosis && diagnosis.length > 0);
  assert.ok(reviewSchema.safeParse({ ...review, resolution }).success);
  assert.not.match(JSON.stringify(review), '"counted"');
  const schema = JSON.stringify(reviewJsonSchema());
  for (const key of ["diagnosis", "looked", "cut"]) assert.match(schema, `"${key}":`);
});

test.run();
