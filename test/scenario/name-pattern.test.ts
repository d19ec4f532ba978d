import { suite } from "uvu";
import * as assert from "uvu/assert";
import { namesMatching } from "./name-pattern.js";
import { ScenarioError } from "./scenario-error.js";

const pattern = suite("scenario: names from a pattern");

const simple = [
  "^web-[a-z0-9]{5}$",
  "a(b|c)+\\d?",
  "x\\.y-\\w{3}",
  "(?:one|two|three)-[0-9]{1,3}",
  "n-.{4}",
  "p[a-cx-z_-]*q{2,}",
];

for (const source of simple) {
  pattern(`${source} gives names which it matches, the same each time`, () => {
    const names = namesMatching(source, 3, ["seed"], "here");
    assert.is(new Set(names).size, 3);
    for (const name of names) assert.match(name, new RegExp(`^(?:${source})$`));
    assert.equal(namesMatching(source, 3, ["seed"], "here"), names);
    assert.not.equal(namesMatching(source, 3, ["other"], "here"), names);
  });
}

const faults = [
  ["[ab]", 3, /does not give 3 different names/],
  ["(a", 1, /a group without an end/],
  ["a)", 1, /a "\)" too many/],
  ["[^a]", 1, /a class which cannot be drawn from/],
  ["a{9,2}", 1, /repeats \{9,2\}/],
] as const;

for (const [source, count, expected] of faults) {
  pattern(`${source} is refused`, () => {
    const draw = () => namesMatching(source, count, ["seed"], "here");
    assert.throws(draw, (error: unknown) => error instanceof ScenarioError && expected.test(error.message));
  });
}

pattern.run();
