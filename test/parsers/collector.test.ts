import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Artifact } from "#model/artifact.js";
import type { Fact } from "#model/fact.js";
import { collector } from "#parsers/collector.js";

const artifact: Artifact = {
  bundle: "b".repeat(64),
  node: "n1",
  kind: "collector",
  origin: "collector.json",
  member: "collector.json",
  sha256: "c".repeat(64),
  coverage: "complete",
  exit: null,
  note: null,
  collectedAt: null,
  bytes: 1,
  form: "whole",
};

function read(text: string): { readonly facts: Fact[]; readonly issues: string[] } {
  const facts: Fact[] = [];
  const issues: string[] = [];
  const sink = collector.open(artifact, { fact: (f) => facts.push(f), issue: (code) => issues.push(code) });
  sink.whole?.(text);
  sink.end(true);
  return { facts, issues };
}

const test = suite("collector.json");

test("gives the clock of the collecting machine", () => {
  const { facts } = read(
    '{"parts":["node"],"clock":{"zone":"+0200","synchronised":"yes","api_offset_s":-0.2,"api_offset_error_s":1}}',
  );
  assert.equal(facts[0]?.value, {
    ofNode: true,
    zone: "+0200",
    synchronised: "yes",
    apiOffsetS: -0.2,
    apiOffsetErrorS: 1,
  });
});

test("takes what is not a number for not measured", () => {
  const { facts } = read('{"parts":["cluster"],"clock":{"api_offset_s":"0","synchronised":"surely"}}');
  assert.equal(facts[0]?.value, {
    ofNode: false,
    zone: "unknown",
    synchronised: "unknown",
    apiOffsetS: null,
    apiOffsetErrorS: null,
  });
});

test("a broken file is an issue, not an error", () => {
  assert.equal(read("{").issues, ["W_UNREADABLE"]);
  assert.is(read("null").facts.length, 1);
});

test.run();
