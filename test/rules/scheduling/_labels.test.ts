import { suite } from "uvu";
import * as assert from "uvu/assert";
import { allowsNode, matchesExpression, matchesSelector } from "#rules/scheduling/_labels.js";

const test = suite("labels");

const LABELS = { zone: "a", cores: "8", empty: "" };

const TABLE: readonly (readonly [boolean, string, string, readonly string[]])[] = [
  [true, "zone", "In", ["a", "b"]],
  [false, "zone", "In", ["b"]],
  [false, "none", "In", ["a"]],
  [true, "zone", "NotIn", ["b"]],
  [true, "none", "NotIn", ["a"]],
  [false, "zone", "NotIn", ["a"]],
  [true, "empty", "Exists", []],
  [false, "none", "Exists", []],
  [true, "none", "DoesNotExist", []],
  [false, "empty", "DoesNotExist", []],
  [true, "cores", "Gt", ["4"]],
  [false, "cores", "Gt", ["8"]],
  [true, "cores", "Lt", ["16"]],
  [false, "zone", "Gt", ["4"]],
  [false, "none", "Lt", ["4"]],
  [false, "cores", "Gt", []],
  [false, "zone", "Like", ["a"]],
  [false, "constructor", "Exists", []],
];

for (const [expected, key, operator, values] of TABLE) {
  test(`${key} ${operator} ${values.join()} is ${expected}`, () =>
    assert.is(matchesExpression(LABELS, { key, operator, values }), expected));
}

test("an empty selector matches every pod", () => {
  assert.ok(matchesSelector({}, { matchLabels: {}, matchExpressions: [] }));
});

test("labels and expressions of a selector are ANDed", () => {
  const matchExpressions = [{ key: "cores", operator: "Exists", values: [] }];
  assert.ok(matchesSelector(LABELS, { matchLabels: { zone: "a" }, matchExpressions }));
  assert.not(matchesSelector(LABELS, { matchLabels: { zone: "b" }, matchExpressions }));
});

test("terms of node affinity are ORed, and nodeSelector must hold as well", () => {
  const terms = [[{ key: "zone", operator: "In", values: ["x"] }], [{ key: "cores", operator: "In", values: ["8"] }]];
  assert.ok(allowsNode({ nodeSelector: {}, nodeAffinity: terms }, LABELS));
  assert.not(allowsNode({ nodeSelector: { zone: "b" }, nodeAffinity: terms }, LABELS));
  assert.ok(allowsNode({ nodeSelector: {}, nodeAffinity: [] }, {}));
});

test.run();
