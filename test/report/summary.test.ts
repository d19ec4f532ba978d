import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Review } from "#model/review.js";
import { fileName } from "#report/file-name.js";
import { numberEvidence } from "#report/number.js";
import { renderSummary } from "#report/summary.js";
import { makeDraft } from "#test/report/draft.js";
import { HIDDEN, HOSTILE } from "#test/report/hostile.js";

const test = suite("summary");

const options = { zone: "Australia/Brisbane", colour: false, width: 100, files: ["out/a.md", "out/a.json"] };

test("says what failed, the root and how sure, what comes next, what is unknown, where the files are", () => {
  const text = renderSummary(numberEvidence(makeDraft()), options);
  for (const line of [
    "Status:  Ongoing, severity Medium proposed",
    "When:    ~59 min active (12:01 AEST → 13:00 AEST)",
    "Failed:  Since 12:01:31 the API server refused 6 teardowns on n1",
    "Root:    (established) The token is bound to pod",
    "Next:    24 May 08:20 AEST, n1 (probable): a token is bound to a pod that is gone",
    "Unless:  pod agent-4t5hk on n1 is replaced",
    "Unknown: still open: the renewal reaches nobody",
    "Files:   out/a.md",
  ])
    assert.match(text, line);
});

test("what failed and is less than observed says so first", () => {
  const review = numberEvidence(makeDraft());
  const findings = review.findings.map((f) => (f.id === "f1" ? { ...f, confidence: "probable" as const } : f));
  assert.match(renderSummary({ ...review, findings }, options), "Failed:  (probable) Since 12:01:31 the API server");
});

test("a root that two chains share is named once", () => {
  assert.is(renderSummary(numberEvidence(makeDraft()), options).match(/^Root:/gm)?.length, 1);
});

test("chains after the first are counted, but for those that end in another root", () => {
  const review = numberEvidence(makeDraft());
  const shared = renderSummary(review, options);
  assert.is(shared.match(/^Failed:/gm)?.length, 1);
  assert.match(shared, "and 1 more chain, see the review");
  const [, second, ...others] = review.chains;
  if (second === undefined) throw new Error("no second chain");
  const chains = [...review.chains.slice(0, 1), { ...second, steps: ["f4", "f3"] }, ...others];
  const apart = renderSummary({ ...review, chains }, options);
  assert.is(apart.match(/^Root:/gm)?.length, 2);
  assert.not.match(apart, "more chain");
});

test("one failure with two roots is told once, with both below it", () => {
  const review = numberEvidence(makeDraft());
  const [first, second, ...others] = review.chains;
  if (first === undefined || second === undefined) throw new Error("no second chain");
  const chains = [first, { ...second, steps: [first.steps[0] ?? "", "f3"] }, ...others];
  const text = renderSummary({ ...review, chains }, options);
  assert.is(text.match(/^Failed:/gm)?.length, 1);
  assert.is(text.match(/^Root:/gm)?.length, 2);
});

test("a condition which has caused nothing is a root, and nothing failed by it", () => {
  const review = numberEvidence(makeDraft());
  const chains = review.chains.slice(0, 1).map((chain) => ({ ...chain, steps: ["f3"] }));
  const text = renderSummary({ ...review, chains }, options);
  assert.match(text, "Root:    (established) On n1");
  assert.not.match(text, "Failed:");
});

test("a chain that ends in what failed has no root: its cause is undecided, with the explanations still open", () => {
  const review = numberEvidence(makeDraft());
  const symptom = (f: (typeof review.findings)[number]) =>
    f.id === "f1" || f.id === "f4" ? { ...f, role: "symptom" as const } : f;
  const of = (steps: readonly string[], ...open: readonly string[][]) =>
    renderSummary(
      {
        ...review,
        findings: review.findings.map(symptom),
        chains: review.chains.slice(0, 1).map((chain) => ({ ...chain, steps: [...steps] })),
        hypotheses: open.map((ids, i) => ({
          ...(review.hypotheses[1] as (typeof review.hypotheses)[number]),
          mechanism: `m${i}`,
          of: ids,
        })),
      },
      options,
    );
  const two = of(["f4", "f1"], ["f1"], ["f1"], ["f4"]);
  assert.match(two, "Ends at: (cause undecided, 2 explanations open) Since 12:01:31 the API server refused");
  assert.not.match(two, "Root:");
  assert.match(of(["f1"], ["f1"]), "Failed:  Since 12:01:31 the API server refused 6 teardowns");
  assert.match(of(["f1"], ["f1"]), "Cause:   undecided, 1 explanation open\n");
  assert.match(of(["f1"]), "Cause:   undecided\n");
  assert.not.match(of(["f1", "f2"]), "undecided");
});

test("what comes next stands before what is unknown; gaps of several nodes are one line with their reason", () => {
  const review = numberEvidence(makeDraft());
  const gaps = ["n1", "n2"].map((node) => ({
    kind: "clock",
    node,
    what: `the clock of ${node}`,
    why: "collected, but it does not say",
    command: "sh collect.sh",
    blocks: [],
    decides: [],
  }));
  const text = renderSummary({ ...review, gaps }, options);
  assert.match(text, "Unknown: missing: the clock of each node (n1, n2) — collected, but it does not say");
  assert.ok(text.indexOf("Next:") < text.indexOf("Unknown:"));
  assert.not.match(text, "sym:");
});

test("a forecast without a date begins with what trips it", () => {
  const review = numberEvidence(makeDraft());
  const forecasts = review.forecasts.map((f) => ({ ...f, at: null, on: "the next CNI call on n1: any pod" }));
  assert.match(
    renderSummary({ ...review, forecasts }, options),
    "Next:    on the next CNI call, n1 (probable): On n1 /etc/cni/net.d is a directory since",
  );
});

const lengthy = () => {
  const review = numberEvidence(makeDraft());
  const many = <T>(list: readonly T[]): T[] => Array.from({ length: 40 }, () => list).flat();
  return {
    ...review,
    title: "t".repeat(500),
    chains: many(review.chains),
    forecasts: many(review.forecasts),
    gaps: many(review.gaps),
    hypotheses: many(review.hypotheses),
    findings: review.findings.map((f) => ({
      ...f,
      statements: f.statements.map((s) => ({
        ...s,
        parts: many([...s.parts, { kind: "code" as const, text: `/var/lib/${"x".repeat(60)}/y` }]),
      })),
    })),
  };
};

for (const [width, columns] of [
  [null, 80],
  [0, 80],
  [10, 48],
  [60, 60],
  [100, 100],
  [250, 100],
] as const)
  test(`a terminal of ${width} columns: at most three lines of ${columns} for an entry, however much there is`, () => {
    const files = Array.from({ length: 40 }, (_, i) => `out/${"f".repeat(200)}${i}.md`);
    const lines = renderSummary(lengthy(), { ...options, width, files })
      .trimEnd()
      .split("\n");
    const own = lines.filter((line) => !line.startsWith("Files:"));
    assert.ok(own.every((line) => line.length <= columns));
    assert.ok(own.some((line) => line.length > columns * 0.75));
    let run = 0;
    for (const line of own) {
      run = /^\s|^t/.test(line) && !/and \d+ more/.test(line) ? run + 1 : 1;
      assert.ok(run <= 3, line);
    }
    assert.ok(lines.includes(`Files:   ${files[0]}`), "a path is never broken");
    assert.ok(lines.length <= 64, `${lines.length}`);
  });

test("continued lines stand under the text, broken between words, and what does not fit is marked", () => {
  const draft = { ...makeDraft(), warnings: { benign: [], unexplained: [], more: NO_MORE } };
  const review = { ...numberEvidence(draft), chains: [], forecasts: [], gaps: [], hypotheses: [] };
  const text = renderSummary(
    { ...review, hypotheses: [{ ...hypothesis(), status: "open" as const, title: `${"word ".repeat(60)}end` }] },
    { ...options, width: 50, files: [] },
  );
  const lines = text.trimEnd().split("\n").slice(-3);
  assert.match(lines[0] ?? "", /^Unknown: still open: word word/);
  for (const line of lines.slice(1)) assert.match(line, /^ {9}word/);
  assert.match(lines[2] ?? "", /…$/);
  for (const line of lines.slice(0, 2)) assert.match(line, /word$/);
});

const NO_MORE = { benign: { kinds: 0, count: 0 }, unexplained: { kinds: 0, count: 0 } };

test("warnings that no rule explains are told: first where nothing else was found, else behind what is open", () => {
  const review = numberEvidence(makeDraft());
  const told = (of: Review) =>
    renderSummary(of, options)
      .split("\n")
      .flatMap((line) => (line.startsWith("Unknown:") ? [line.slice(9)] : []));
  const n = review.warnings.unexplained.reduce((sum, w) => sum + w.count, review.warnings.more.unexplained.count);
  const line = `${n} warning${n === 1 ? "" : "s"} that no rule explains`;
  assert.ok(n > 0);
  assert.is(told({ ...review, findings: [], chains: [] })[0], line);
  assert.is(told(review).at(-1), line);
  const none = { ...review, warnings: { benign: [], unexplained: [], more: NO_MORE } };
  assert.not.ok(told({ ...none, findings: [], chains: [] }).includes(line));
});

const hypothesis = () => numberEvidence(makeDraft()).hypotheses[0] as Review["hypotheses"][number];

test("the mechanism stands before the sentence, so that the end of a root is never what is cut", () => {
  const review = numberEvidence(makeDraft());
  const findings = review.findings.map((f) => ({ ...f, label: "two directories" }));
  const text = renderSummary({ ...review, findings }, options);
  assert.match(text, "Root:    (established) two directories: The token is bound");
});

test("colour only where asked, and the same words", () => {
  const review = numberEvidence(makeDraft());
  const plain = renderSummary(review, options);
  const coloured = renderSummary(review, { ...options, colour: true });
  assert.not.match(plain, "\u001b");
  assert.match(coloured, "\u001b[1m");
  const bare = [0, 1, 2, 31, 32, 33].reduce((text, code) => text.replaceAll(`\u001b[${code}m`, ""), coloured);
  assert.is(bare, plain);
});

test("no name reaches the terminal with a control character", () => {
  for (const text of HOSTILE) {
    const review = { ...numberEvidence(makeDraft()), title: text };
    const shown = renderSummary(review, { ...options, files: [text] });
    assert.not.match(shown, HIDDEN);
  }
});

for (const [date, slug, name] of [
  ["2026-05-23", "teardown-refused", "2026-05-23-teardown-refused"],
  ["2026-05-23", "../../etc/Passwd \u202e", "2026-05-23-etc-passwd"],
  ["2026-05-23", "", "2026-05-23-review"],
] as const)
  test(`file name of ${JSON.stringify(slug)}`, () => assert.is(fileName({ date, slug }), name));

test("a long slug is cut between words or in one, never at a hyphen", () => {
  assert.match(fileName({ date: "2026-05-23", slug: "ab-".repeat(100) }), /^2026-05-23-(ab-)*ab?$/);
});

test.run();
