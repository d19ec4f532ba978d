import { suite } from "uvu";
import * as assert from "uvu/assert";
import { artifact, intakeOf, ofKind } from "./feed.js";

const test = suite("services that have failed");
const ORIGIN = "systemctl list-units --failed --no-legend --no-pager";
const read = (origin: string, text: string) =>
  ofKind(intakeOf([artifact({ kind: "command", origin }), text]), "unit").map(
    ({ value, evidence }) => `${value.name} ${value.sub} ${evidence.locator.kind === "lines" && evidence.locator.from}`,
  );

test("each is a fact with its row, whatever stands in front of it", () => {
  assert.equal(
    read(
      ORIGIN,
      "● flanneld.service loaded failed failed overlay agent\n  a@b\\x2dc.service  loaded failed exited  x\n",
    ),
    ["flanneld.service failed 1", "a@b\\x2dc.service exited 2"],
  );
});

test("what is no service, has not failed, or is another list gives none", () => {
  const rows = "● run-x.mount loaded failed failed x\nnet.service loaded active running x\n\n0 loaded units listed.";
  assert.equal(read(ORIGIN, rows), []);
  assert.equal(read("systemctl list-units", "● flanneld.service loaded failed failed x"), []);
  assert.equal(read(ORIGIN, ""), []);
});

test("an empty list that was had in full is known to be empty", () => {
  const { coverage } = intakeOf([artifact({ kind: "command", origin: ORIGIN }), ""]);
  assert.equal(
    coverage.filter((c) => c.kind === "unit").map((c) => [c.coverage, c.facts]),
    [["complete", 0]],
  );
});

test.run();
