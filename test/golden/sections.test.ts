import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Review } from "#model/review.js";

import { CASES, removeBundles, runCase } from "./case.js";

const test = suite("sections of golden reviews");
test.after(removeBundles);

const caseNamed = (name: string) => CASES.find((c) => c.name === name) as (typeof CASES)[number];

/** The sections of a review in their order, with those below them; our own stand between them. */
const HOUSE: readonly (readonly [string, readonly string[]])[] = [
  ["Executive Summary", []],
  ["Timeline", []],
  ["Root Causes", ["The Infinite How's Chain"]],
  ["Impact", ["Services Affected", "Duration", "Scope"]],
  ["Resolution Steps Taken", ["Diagnosis", "Fix"]],
  ["Verification", []],
  ["Preventive Measures", ["Immediate Actions Required", "Longer-Term Improvements"]],
  ["Lessons Learned", ["What Went Well", "What Didn't Go Well", "Surprise Findings"]],
  ["Action Items", []],
  ["Technical Details", ["Environment", "Key Error Signatures", "Diagnostic and Fix Procedures"]],
  ["References", []],
  ["Reviewers", []],
];
const OWN = new Set([
  "What Will Happen Next",
  "Open Questions",
  "What Was Examined",
  "Gaps",
  "Custody",
  "Evidence",
  "Ruled Out and Still Open",
  "Beside the Chains",
  "Other Differences",
  "Commands That Close Them",
  "What Is Wrong With Them",
  "Left Out",
  "Excerpts of Several Lines",
  "Seen, and Benign",
  "Warnings That No Rule Explains",
]);

/** `Timeline (UTC)` is the timeline. */
const plainName = (heading: string): string => heading.replace(/^#+ /, "").replace(/ \(.*\)$/, "");

const headingsOf = (markdown: string): readonly string[] =>
  markdown
    .replace(/^(`{3,})[^`\n]*\n[\s\S]*?\n\1$/gm, "")
    .split("\n")
    .filter((line) => /^#{2,3} /.test(line));

for (const golden of CASES)
  test(`${golden.name}: the house's sections stand in its order, under its names`, () =>
    runCase(golden).then(({ reviewed }) => {
      const order = HOUSE.flatMap(([name, below]) => [name, ...below]);
      const headings = headingsOf(reviewed.files.find((f) => f.name.endsWith(".md"))?.text ?? "");
      assert.ok(headings.length > 5);
      let at = -1;
      let section: readonly string[] = [];
      for (const heading of headings) {
        const name = plainName(heading);
        if (heading.startsWith("## ")) section = HOUSE.find(([own]) => own === name)?.[1] ?? [];
        const isOurs = OWN.has(name) || (reviewed.review.forecasts.length > 0 && isForecast(heading, reviewed.review));
        if (isOurs) continue;
        if (heading.startsWith("### ")) assert.ok(section.includes(name), `${heading} is not in its section`);
        const place = order.indexOf(name);
        assert.ok(place >= Math.max(at, 0), `${heading} is out of order, or no section`);
        at = place;
      }
    }));

/** Each forecast has a heading of its own: where and when. */
const isForecast = (heading: string, review: Review): boolean =>
  review.forecasts.some((f) => heading.startsWith(`### ${f.node}, `));

test("healed alone: the summary tells the recovery, and that the cause can no longer be shown", () =>
  runCase(caseNamed("healed")).then(({ reviewed: { review } }) => {
    const paragraphs = review.summary.map((p) => p.map((s) => s.text).join(" "));
    assert.ok(paragraphs.length >= 3 && paragraphs.length <= 5, `${paragraphs.length} paragraphs`);
    const summary = paragraphs.join("\n");
    for (const told of [
      /At 2026-11-22T12:25:\d\dZ none of these pods existed any more/,
      /can no longer be shown from what was collected: what was found in force on k8s01 was put there after the last failure/,
      /`?10-calico\.conflist`? and .*calico-kubeconfig.* were last written at 2026-11-22T12:23:27Z/,
      /link \/etc\/cni\/net\.d on k8s01, .* was made at 2026-11-22T12:23:27Z/,
      /Five pods that had waited up to 12 min 40 s were assigned to k8s01 at 2026-11-22T12:24:19Z/,
    ])
      assert.match(summary, told);
  }));

for (const name of ["fault", "fault-early", "latent", "fault-healed", "reference"])
  test(`${name}: no trace of a recovery is told where a failure goes on, or two collections show it`, () =>
    runCase(caseNamed(name)).then(({ reviewed: { review } }) => {
      assert.not.match(
        review.summary
          .flat()
          .map((s) => s.text)
          .join("\n"),
        /last written at .*By its own time|any more|no longer be shown/,
      );
    }));

test("what went well and badly is told where the evidence shows it, and nowhere else", async () => {
  const lessons = async (name: string) => {
    const { lessons: told } = (await runCase(caseNamed(name))).reviewed.review;
    return { well: told.well.map((s) => s.text).join("\n"), badly: told.badly.map((s) => s.text).join("\n") };
  };
  const [healthy, fault, healed, both, reference] = await Promise.all(
    ["healthy", "fault", "healed", "fault-healed", "reference"].map(lessons),
  );
  assert.equal(healthy, { well: "", badly: "" });
  assert.match(fault?.well ?? "", /each volume seen to lack replicas still had at least 2 replicas ready/);
  assert.not.match(fault?.well ?? "", /no condition of chain/);
  assert.is(fault?.badly, "");
  assert.match(
    healed?.badly ?? "",
    /Still there after the failures had ended on k8s01: CNI agent holds a removed directory/,
  );
  assert.match(healed?.badly ?? "", /is in no collection/);
  assert.match(both?.well ?? "", /no condition of chain 1 was found any more/);
  assert.not.match(both?.badly ?? "", /is in no collection|The fault lay/);
  assert.match(reference?.badly ?? "", /The fault lay for at least 3 h 41 min/);
});

for (const golden of CASES)
  test(`${golden.name}: References are what its sentences cite, no more and no less`, () =>
    runCase(golden).then(({ reviewed }) => {
      const markdown = reviewed.files.find((f) => f.name.endsWith(".md"))?.text ?? "";
      const [, section = ""] = /^## References\n\n((?:- .*\n)+)/m.exec(markdown) ?? [];
      const cited = [...markdown.matchAll(/\*\(known: (.*?)\)\*/g)].map(([, source]) => `- ${source}`);
      assert.ok(cited.length > 0);
      assert.equal(section.trimEnd().split("\n").sort(), [...new Set(cited)].sort());
    }));

test.run();
