import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Draft } from "#model/review.js";
import { code, say } from "#model/statement.js";
import { renderMarkdown } from "#report/markdown.js";
import { numberEvidence } from "#report/number.js";
import { citation } from "#report/sentence.js";
import { directory, makeDraft, piece } from "#test/report/draft.js";
import { HIDDEN, HOSTILE } from "#test/report/hostile.js";

const test = suite("markdown");

const render = (draft: Draft = makeDraft(), zone = "Australia/Brisbane"): string =>
  renderMarkdown(numberEvidence(draft), { zone });

/** Lines outside fenced blocks. */
function outsideFences(markdown: string): readonly string[] {
  let fence: string | null = null;
  return markdown.split("\n").filter((line) => {
    const mark = /^`{3,}/.exec(line)?.[0];
    if (fence === null && mark !== undefined && !line.slice(mark.length).includes("`")) {
      fence = mark;
      return false;
    }
    if (fence === null) return true;
    if (line === fence) fence = null;
    return false;
  });
}

const headings = (markdown: string): readonly string[] =>
  outsideFences(markdown).filter((line) => /^#{1,6} /.test(line));
const section = (markdown: string, heading: string): string =>
  (markdown.split(`\n${heading}\n`)[1] ?? "").split(/\n#{2,5} /)[0] ?? "";

test("sections stand in the order of the house", () => {
  assert.equal(
    headings(render()).filter((line) => /^#{1,2} /.test(line)),
    [
      "# Post Incident Review: teardown refused — token bound to a deleted pod",
      "## Executive Summary",
      "## What Will Happen Next",
      "## Timeline (AEST — UTC+10)",
      "## Root Causes",
      "## Impact",
      "## Resolution Steps Taken",
      "## Verification",
      "## Preventive Measures",
      "## Lessons Learned",
      "## Action Items",
      "## Open Questions",
      "## Gaps",
      "## Technical Details",
      "## References",
      "## What Was Examined",
      "## Reviewers",
      "## Custody",
      "## Evidence",
    ],
  );
});

test("the head says what, when, how bad and in which zone, once", () => {
  const head = render().split("## Executive Summary")[0] ?? "";
  assert.match(head, '---\ntags:\n  - n1\n  - calico\n  - "true"\n  - "1.30"\n---\n');
  assert.match(head, "**Date**: 23 May 2026\n");
  assert.match(head, "**Duration**: ~59 min active (12:01 AEST → 13:00 AEST), after 3 h 41 min latent\n");
  assert.match(head, "**Severity**: proposed Medium — redundancy was reduced (a person decides)\n");
  assert.match(head, "**Status**: Ongoing\n");
  assert.match(head, "\nAll times AEST (UTC+10), on 23 May 2026 unless dated.\n");
});

test("front matter takes plain names only: quotes hold nothing where it is shown as text", () => {
  const tags = ["n1](http://e.example) <script>", "![i](http://e.example)", "a".repeat(64), "n1.example"];
  const shown = renderMarkdown({ ...numberEvidence(makeDraft()), tags }, { zone: "UTC" });
  assert.ok(shown.startsWith('---\ntags:\n  - "-"\n  - "-"\n  - "-"\n  - "n1.example"\n---\n'), shown.slice(0, 200));
});

test("citations stand before the full stop; knowledge and hearsay are marked", () => {
  const summary = section(render(), "## Executive Summary");
  assert.match(summary, "`connection is unauthorized: Unauthorized|401` [E1]. The token");
  assert.match(summary, "[E2, E3].\n");
  assert.match(summary, "on each request *(known: kubernetes `pkg/serviceaccount/claims.go`, v1.32.0)*.");
  assert.match(summary, "`we replaced it | by hand` *(told by P. Person)*.");
});

test("the timeline keeps each time's precision and names the day where it is not the review's", () => {
  const times = section(render(), "## Timeline (AEST — UTC+10)").match(/(?<=^\| \*\*).*?(?=\*\*)/gm);
  assert.equal(times, ["14 September 2021", "June 2024", "~08:20", "12:01:31", "~13:00:12", "24 May ~08:20"]);
  const west = section(render(makeDraft(), "America/New_York"), "## Timeline (EDT — UTC-4)").match(
    /(?<=^\| \*\*).*?(?=\*\*)/gm,
  );
  assert.equal(west, [
    "14 September 2021",
    "June 2024",
    "22 May ~18:20",
    "22 May 22:01:31",
    "22 May ~23:00:12",
    "~18:20",
  ]);
});

test("chains ask, answer with their certainty, and say where they go on or stop", () => {
  const text = render();
  assert.match(text, "#### Chain 1: teardown refused\n\n##### 1. How did the teardown fail?\n");
  assert.match(text, "*Confidence: established; not verified: the clocks agree*");
  assert.match(text, "**The asking stops here**: the evidence holds nothing before it");
  assert.match(text, "**Continues in chain 1** (teardown refused) at its step 2.");
  assert.match(
    text,
    "### Beside the Chains\n\n- **a path differs from its peers** (contributing-factor; established): ",
  );
});

test("what is known of the software stands apart from what was observed", () => {
  const step = section(render(), "##### 1. How did the teardown fail?");
  assert.match(
    step,
    /^\nSince 12:01:31 [^\n]* \[E1\]\.\n\n\*How the software works:\* The API server looks [^\n]*\)\*\.\n\n\*Confidence/,
  );
  assert.not.match(section(render(), "##### 2. How did the token come to be refused?"), "How the software works");
});

test("what a chain is asked after its end follows the stop, without number or confidence", () => {
  const draft = makeDraft();
  const [first, ...others] = draft.chains;
  const [answer] = first?.answers ?? [];
  if (first === undefined || answer === undefined) throw new Error("no chain");
  const coda = { ...answer, question: "How was this not noticed before?" };
  const text = render({ ...draft, chains: [{ ...first, answers: [...first.answers, coda] }, ...others] });
  const tail = text.slice(text.indexOf("##### 2."), text.indexOf("#### Chain 2"));
  assert.ok(tail.indexOf("**The asking stops here**") < tail.indexOf("\n##### How was this not noticed before?\n"));
  assert.not.match(tail.slice(tail.indexOf("How was this")), "*Confidence");
  assert.match(text, "**Continues in chain 1** (teardown refused) at its step 2.");
});

test("a forecast is headed by where and when; what the summary says is not said again", () => {
  const draft = makeDraft();
  const forecasts = draft.forecasts.map((f) => ({ ...f, unverified: ["the mount table was not collected"] }));
  const text = render({ ...draft, forecasts, summary: [...draft.summary, [directory]] });
  assert.is(
    section(text, "### n1, 24 May 08:20 AEST").trim(),
    [
      "**Expected**: a token is bound to a pod that is gone [E4]",
      "",
      "- **When**: 24 May 08:20 AEST",
      "- **Where**: n1",
      "- **What trips it**: The next renewal after expiry",
      "- **Unless**: pod agent-4t5hk on n1 is replaced",
      "- **Confidence**: probable; not verified: the mount table was not collected",
    ].join("\n"),
  );
  assert.match(section(render(), "### n1, 24 May 08:20 AEST"), "On `n1` `/etc/cni/net.d` is a directory");
});

test("a forecast without a date is headed by what trips it and told by its own sentence", () => {
  const draft = makeDraft();
  const on = "the next CNI call on n1: any pod that is made there";
  const text = render({ ...draft, forecasts: draft.forecasts.map((f) => ({ ...f, at: null, on })) });
  const told = section(text, "### n1, on the next CNI call");
  assert.match(told, "**Expected**: On `n1` `/etc/cni/net.d` is a directory since 14 September 2021 [E4].");
  assert.match(told, "- **When**: no date in evidence");
});

for (const [what, change, lead] of [
  ["again", {}, "**It will happen again.** On `n1`"],
  ["again, no more than probable", { confidence: "probable" }, "**It will happen again (probable).** On `n1`"],
  ["for the first time", { status: "Latent" }, "**It will fail.** On `n1`"],
  ["without a date", { at: null }, "**Expected.** On `n1`"],
] as const)
  test(`the paragraph of the forecasts has its lead: ${what}`, () => {
    const draft = makeDraft();
    const { status = draft.status, ...rest } = { confidence: "established" as const, ...change } as Partial<Draft>;
    const summary = section(
      render({
        ...draft,
        status,
        findings: draft.findings.map((f) => (f.id === "f1" ? { ...f, role: "symptom" as const } : f)),
        forecasts: draft.forecasts.map((f) => ({ ...f, ...(rest as object) })),
        summary: [...draft.summary, [directory]],
      }),
      "## Executive Summary",
    );
    assert.match(summary, `\n\n${lead}`);
    assert.is(summary.match(/^\*\*/gm)?.length, 1);
  });

test("an impact that no chain tells stands under the impact", () => {
  const draft = makeDraft();
  const findings = draft.findings.map((f) => (f.id === "f3" ? { ...f, role: "impact" as const } : f));
  const text = render({ ...draft, findings });
  assert.match(text, "## Impact\n\n- **a path differs from its peers** (established): On `n1`");
  assert.not.match(text, "### Beside the Chains");
});

test("rivals: the open ones first, each with what refutes it or what is missing", () => {
  const rivals = section(render(), "### Ruled Out and Still Open");
  assert.match(
    rivals,
    "| the renewal reaches nobody | open | the mount table of the agent on n1: not attempted (gap 1) |",
  );
  assert.match(rivals, "| the token expired | refuted | The token is good until 22 May 2027 [E2] |");
});

test("a rival that is ruled out of some failures only says of which, and one ruled out of all does not", () => {
  const draft = makeDraft();
  const failure = (id: string, nodes: readonly string[], mechanism = "sym:s") => ({
    ...(draft.findings[0] as (typeof draft.findings)[number]),
    id,
    mechanism,
    nodes: [...nodes],
  });
  const status = (...more: readonly ReturnType<typeof failure>[]) => {
    const findings = [failure("x1", ["n1"]), failure("x2", ["n2"]), ...more];
    const [rival] = draft.hypotheses.filter((h) => h.status === "refuted").map((h) => ({ ...h, of: ["x1", "x2"] }));
    const row = section(
      render({ ...draft, findings, hypotheses: rival ? [rival] : [] }),
      "### Ruled Out and Still Open",
    );
    return /\| the token expired \| (.*?) \|/.exec(row)?.[1];
  };
  assert.is(status(), "refuted");
  assert.is(status(failure("x3", ["n3"], "sym:other")), "refuted");
  assert.is(status(failure("x3", ["n3"])), "refuted on `n1`, `n2`");
  assert.match(status(failure("x3", ["n2"])) ?? "", /^refuted on `n1`, `n2` \(.+; .+\)$/);
});

test("a condition that is there, and is not what brought the failure about, is ruled out as its cause only", () => {
  const draft = makeDraft();
  const rivalsWith = (part: { readonly nodes?: string[]; readonly moments?: string[] }) => {
    const [first] = draft.findings;
    if (first === undefined) throw new Error("no finding");
    const findings = [
      ...draft.findings,
      { ...first, id: "x9", mechanism: "token-expired", title: "it ended", ...part },
    ];
    return section(render({ ...draft, findings }), "### Ruled Out and Still Open");
  };
  assert.match(
    rivalsWith({}),
    "| the token expired, as the cause of what failed there; that it was so: it ended | refuted |",
  );
  // found on another node: then the nodes that it is ruled out for are named
  assert.match(rivalsWith({ nodes: ["n9"] }), "| the token expired | refuted on `n1` |");
  assert.match(rivalsWith({ moments: ["m9"] }), "| the token expired | refuted |");
});

test("a rival's command stands in its row where no gap has it", () => {
  const draft = { ...makeDraft(), gaps: [] };
  assert.match(
    section(render(draft), "### Ruled Out and Still Open"),
    "`sudo sh collect.sh --node n1 \\u{7c} tee out`",
  );
});

test("where no command can close what a rival lacks, the row says so in words", () => {
  const draft = makeDraft();
  const note = "# only a bundle of that time holds it";
  const hypotheses = draft.hypotheses.map((h) => ({ ...h, missing: h.missing.map((m) => ({ ...m, command: note })) }));
  const text = section(render({ ...draft, gaps: [], hypotheses }), "### Ruled Out and Still Open");
  assert.match(text, "(only a bundle of that time holds it) |");
  assert.not.match(text, "#");
});

test("what refutes a rival on several nodes alike, and what two findings of one rule are, is told once", () => {
  const draft = makeDraft();
  const on = (node: string) => {
    const own = { ...piece(`node/${node}`, "x"), node };
    return say`The agent on ${code(node, own)} is ready`;
  };
  const [finding] = draft.findings;
  if (!finding) throw new Error("no finding");
  const findings = [...draft.findings, { ...finding, id: "f9", nodes: ["n2"] }];
  const hypotheses = draft.hypotheses.map((h) =>
    h.status === "refuted" ? { ...h, statements: [on("n1"), on("n2")] } : h,
  );
  const actions = draft.actions.map((a) => ({ ...a, covers: [finding.id, "f9"] }));
  const text = render({ ...draft, findings, hypotheses, actions });
  assert.match(section(text, "### Ruled Out and Still Open"), "The agent on each of `n1` and `n2` is ready");
  assert.match(text, `- Against: ${finding.title}\n`);
});

test("an outstanding fix stands under the resolution, a finished one among the procedures", () => {
  const text = render();
  assert.match(
    section(text, "### Fix (Outstanding)"),
    "```sh\nkubectl -n kube-system delete pod agent-4t5hk\n# → deleted\n```",
  );
  assert.match(section(text, "### Diagnostic and Fix Procedures"), "kubectl scale x");
  assert.match(section(text, "### Fix (as Observed)"), "1. **13:00** (repair): `/etc/cni/net.d` became a link [E");
});

test("what one collection shows of the way out stands as observed, and claims no cause", () => {
  const draft = makeDraft();
  const traces = [{ kind: "written" as const, at: "2026-05-23T03:00Z", statements: [directory] }];
  const own = { ...draft.resolution, changes: [], traces };
  const text = section(render({ ...draft, resolution: own }), "### Fix (as Observed)");
  assert.match(text, "One collection shows what came after what, not what helped.");
  assert.match(text, "1. **13:00** (written): On `n1` ");
  assert.not.match(render({ ...draft, resolution: { ...own, traces: [] } }), "### Fix (as Observed)");
});

test("the diagnosis is numbered: where it was looked up, the cluster first, and what stood there; what people did is asked", () => {
  const draft = makeDraft();
  const failed = draft.findings.map((f) => (f.id === "f1" ? { ...f, role: "symptom" as const } : f));
  const text = section(render({ ...draft, findings: failed }), "### Diagnosis");
  assert.match(
    text,
    "1. `kubectl get events -A -o json`; on `n1` `` /etc/`x` ``, `stat /etc/cni/net.d`: Since 12:01:31 the API server refused",
  );
  assert.match(text, /\n2\. The token is bound to pod .* \[E2, E3\]\.\n/);
  assert.match(text, "**Not decided by it**: 1 explanation, see Ruled Out and Still Open.");
  assert.match(text, "**What people did to find out** is not in evidence: see Open Questions.");
  const decided = render({ ...draft, findings: failed, hypotheses: [], questions: [] });
  assert.not.match(decided, /Not decided by it|What people did/);
  assert.not.match(render(), "What people did");
});

test("a review of before there was a diagnosis is rendered without", () => {
  const draft = makeDraft();
  const { diagnosis: _, ...resolution } = draft.resolution;
  const text = render({ ...draft, resolution });
  assert.not.match(text, "### Diagnosis");
  assert.match(text, "## Resolution Steps Taken\n\n### Fix (as Observed)");
});

test("actions name where what they cover is told; nested lists have four spaces", () => {
  const text = render();
  assert.match(
    section(text, "## Action Items"),
    "| 1 | Replace agent-4t5hk on n1 | repair | Urgent | chain 1 step 2 | its mount table shows no deleted directory | | | |",
  );
  assert.match(section(text, "### Immediate Actions Required"), "\n    - Done when: its mount table");
  assert.match(section(text, "### Longer-Term Improvements"), "- **Set cni-net-dir");
});

test("gaps carry the command that closes them", () => {
  assert.match(
    section(render(), "### Commands That Close Them"),
    "```sh\n# gap 1\nsudo sh collect.sh --node n1 | tee out\n```",
  );
});

test("gaps that an open explanation waits for come first; those of several nodes are one row and one command", () => {
  const draft = makeDraft();
  const clock = {
    kind: "clock",
    why: "collected, but it does not say",
    command: "sh collect.sh",
    blocks: ["node-clock-off"],
    decides: ["clock that is off"],
  };
  const clocks = ["n1", "n10", "n2"].map((node) => ({
    ...clock,
    node,
    what: `the offset between ${node} and the API`,
  }));
  const text = render({ ...draft, gaps: [...clocks, ...draft.gaps] });
  const rows = section(text, "## Gaps").split("\n").slice(3);
  assert.match(rows[0] ?? "", "| 1 | the mount table of the agent | n1 | not attempted | whether renewal was lost |");
  assert.is(
    rows[1],
    "| 2 | the offset between each node and the API | n1, n10, n2 | collected, but it does not say | clock that is off |",
  );
  assert.is(rows[2], "");
  assert.match(section(text, "### Commands That Close Them"), "# gap 2\nsh collect.sh\n```");
});

test("a rival says why something is missing in the words of the gap, its nodes once", () => {
  const draft = makeDraft();
  const missing = (node: string) => ({
    kind: "clock",
    node,
    what: `the offset of ${node}`,
    why: "collected, but it does not say",
    command: "sh collect.sh",
  });
  const hypotheses = draft.hypotheses.map((h) =>
    h.status === "open" ? { ...h, missing: [missing("n1"), missing("n2")] } : h,
  );
  const gaps = [missing("n1"), missing("n2")].map((m) => ({ ...m, blocks: [], decides: [] }));
  assert.match(
    section(render({ ...draft, hypotheses, gaps }), "### Ruled Out and Still Open"),
    "| open | the offset of each node (n1, n2): collected, but it does not say (gap 1) |",
  );
  assert.match(
    section(
      render({ ...draft, hypotheses: hypotheses.map((h) => ({ ...h, missing: h.missing.slice(0, 1) })) }),
      "### Ruled Out and Still Open",
    ),
    "| open | the offset of n1: collected, but it does not say (`sh collect.sh`) |",
  );
});

test("a rival with another status at another moment names the moment; one of the same moment does not", () => {
  const draft = makeDraft();
  const [finding] = draft.findings;
  const [rival] = draft.hypotheses;
  const [first] = draft.moments;
  if (!finding || !rival || !first) throw new Error("an empty draft");
  const rows = (moment: string) => {
    const text = render({
      ...draft,
      moments: [first, { ...first, id: "m2", to: "2026-05-23T08:00:00Z" }],
      findings: [...draft.findings, { ...finding, id: "f9", moments: [moment] }],
      hypotheses: [rival, { ...rival, of: ["f9"], status: "open" as const, statements: [] }],
    });
    return section(text, "### Ruled Out and Still Open");
  };
  assert.match(rows("m2"), "| the token expired, as to what the collection of 18:00:00 shows | open");
  assert.match(rows("m2"), "| the token expired, as to what the collection of 12:57:00 shows | refuted");
  assert.match(rows("m1"), "| the token expired | open");
});

test("a signature stands under the title of what it is the sign of, not under its id", () => {
  const draft = makeDraft();
  const [signature] = draft.technical.signatures;
  if (signature === undefined) throw new Error("no signature");
  const technical = { ...draft.technical, signatures: [{ ...signature, title: "sym:teardown-refused" }] };
  const text = section(render({ ...draft, technical }), "### Key Error Signatures");
  assert.match(text, "**pods cannot be torn down** [E1]\n\n````text");
  assert.not.match(text, "sym:");
});

test("rows of the impact that differ in their subject only are counted, and named below", () => {
  const draft = makeDraft();
  const [row] = draft.impact.rows;
  if (row === undefined) throw new Error("no row");
  const rows = ["volume pvc-1", "volume pvc-2", "Deployment web/shop", "volume pvc|3"].map((subject, i) => ({
    ...row,
    subject,
    available: i === 3 ? 11 : 12,
  }));
  const text = section(render({ ...draft, impact: { ...draft.impact, rows } }), "### Services Affected");
  assert.match(text, "| 2 volumes | 6 replicas not ready [E1] | 18 | 12 | 12:01:31 | — |");
  assert.match(text, "| Deployment `web/shop` | 6 replicas");
  assert.match(text, "| volume `pvc\\u{7c}3` | 6 replicas");
  assert.match(text, "\n\nThe 2 volumes:\n\n- volume `pvc-1` [E1]\n- volume `pvc-2` [E1]\n");
  const two = rows.map((r, i) => ({
    ...r,
    subject: `volume ${i}`,
    available: 12,
    since: i < 2 ? r.since : "2026-05-23T02:05:00Z",
  }));
  const apart = section(render({ ...draft, impact: { ...draft.impact, rows: two } }), "### Services Affected");
  for (const since of ["12:01:31", "12:05:00"])
    assert.match(apart, `\nThe 2 volumes (6 replicas not ready, ${since} → —):\n`);
  assert.match(section(render(), "### Services Affected"), "| `jiva/replica\\u{7c}1` | 6 replicas");
});

test("rows counted in a list that was cut are at least so many; below stand those that were seen", () => {
  const draft = makeDraft();
  const [row] = draft.impact.rows;
  if (row === undefined) throw new Error("no row");
  const evidence = row.effect.evidence.map((e) => ({ ...e, cut: true as const }));
  const of = (effect: typeof row.effect) => {
    const rows = ["volume a", "volume b"].map((subject) => ({ ...row, subject, effect }));
    return section(render({ ...draft, impact: { ...draft.impact, rows } }), "### Services Affected");
  };
  const text = of({ ...row.effect, evidence: evidence.map((e) => ({ ...e, member: "cluster/pods.json" })) });
  assert.match(text, "| at least 2 volumes | ");
  assert.match(text, "The 2 volumes:");
  assert.match(of(row.effect), "| 2 volumes | ");
});

test("an outstanding fix is pointed to from the procedures, each step once", () => {
  const draft = makeDraft();
  const fix = [...draft.resolution.fix, ...draft.resolution.fix];
  const text = render({ ...draft, resolution: { ...draft.resolution, fix } });
  const procedures = section(text, "### Diagnostic and Fix Procedures");
  assert.match(procedures, "**Still to be done**: see Fix (Outstanding), above.");
  assert.not.match(procedures, "delete pod agent");
  assert.is(text.match(/kubectl scale x/g)?.length, 1);
});

test("an action that the evidence dates is due then", () => {
  const draft = makeDraft();
  const dated = draft.actions.map((a) => ({ ...a, due: "2026-05-23T22:20Z" }));
  assert.match(section(render({ ...draft, actions: dated }), "## Action Items"), "| | 24 May 08:20 AEST | |");
});

test("signatures and excerpts are verbatim and cannot leave their fence", () => {
  assert.match(
    section(render(), "### Key Error Signatures"),
    '````text\nerror: ```bad``` --8\\u{3c}-- "/etc/passwd"\n| a | b |\n````',
  );
});

test("every citation resolves into the appendix and every entry is cited", () => {
  const text = render();
  const [body = "", appendix = ""] = text.split("\n## Evidence\n");
  const cited = new Set<string>();
  for (const [, list = ""] of body.matchAll(/\[(E[E\d, –]+)\]/g))
    for (const run of list.split(", ")) {
      const [from = 0, to = from] = run.split("–").map((id) => Number(id.slice(1)));
      for (let n = from; n <= to; n += 1) cited.add(`E${n}`);
    }
  const listed = [...appendix.matchAll(/^\| (E\d+) \|/gm)].map((m) => m[1]);
  assert.equal([...cited].sort(), listed.sort());
});

test("citations are sorted, three in a row are a range, two are not", () => {
  assert.is(citation([]), "");
  assert.is(citation(["E2", "E1"]), " [E1, E2]");
  assert.is(citation(["E10", "E3", "E2", "E4", "E2"]), " [E2–E4, E10]");
});

test("the bundle's state is told in the words that custody allows", () => {
  const custody = render().split("\n## Custody\n")[1] ?? "";
  assert.match(custody, "hashes match the manifest");
  assert.not.match(custody, "authentic");
  assert.match(custody, "| B1 | `W_EXTRA` | `node/fs/_0001` | not in the manifest |");
});

test("what the collector says of its run is told apart from what became of the archive", () => {
  const states = (...codes: readonly string[]): string => {
    const draft = makeDraft();
    const issues = codes.map((code) => ({ code, member: null, message: "x" }));
    const text = render({ ...draft, custody: draft.custody.map((c) => ({ ...c, issues })) });
    const row = text.split("\n").find((line) => line.startsWith("| B1 | `inquest-n1.tar.gz`"));
    return row?.split(" | ").at(-3) ?? "";
  };
  assert.is(states(), "run complete");
  assert.is(states("W_SECRET", "W_EXTRA"), "run complete");
  assert.is(states("W_GZ_TRUNCATED"), "run complete; archive cut short");
  assert.is(states("W_MISSING", "W_PARTIAL", "W_MISSING"), "run complete; archive cut short; members missing");
  assert.is(states("W_MANIFEST_MISMATCH"), "run complete; members differ from the manifest");
});

test("warnings stand below what was examined: the harmless with their source, then those that nobody explains", () => {
  const text = render();
  assert.match(
    section(text, "### Seen, and Benign"),
    "- **A warning of a start**: 2 `FailedMount` warnings about Pod ``shop/`web`|0``: seen, benign because it came no more since [E1].",
  );
  const open = section(text, "### Warnings That No Rule Explains");
  assert.match(open, "- 7 `Odd` warnings about 3 Pods `shop/web-1` and 2 more [E1].\n- and 9 more, of 2 further kinds");
  assert.ok(text.indexOf("## What Was Examined") < text.indexOf("### Seen, and Benign"));
});

test("nothing found: short, and no empty section", () => {
  const empty = makeDraft();
  const healthy: Draft = {
    ...empty,
    status: "No fault found",
    severity: { proposed: "None", reason: "" },
    duration: { from: null, to: null, activeMs: null, latentMs: null },
    forecasts: [],
    timeline: [],
    chains: [],
    hypotheses: [],
    impact: { rows: [], intervals: [], scope: [] },
    resolution: { changes: [], fix: [], verification: [] },
    lessons: { well: [], badly: [], surprise: [] },
    actions: [],
    questions: [],
    gaps: [],
    technical: { environment: [], signatures: [] },
    references: [],
    findings: [],
    links: [],
    warnings: { benign: [], unexplained: [], more: empty.warnings.more },
  };
  const text = render(healthy);
  assert.equal(headings(text).slice(1), [
    "## Executive Summary",
    "## What Was Examined",
    "## Reviewers",
    "## Custody",
    "### What Is Wrong With Them",
    "## Evidence",
    "### Excerpts of Several Lines",
  ]);
  assert.not.match(text, /\*\*(Duration|Severity)\*\*/);
  assert.not.match(text, /\n\n\n/);
});

test("a review that found nothing says what it looked at before what is missing", () => {
  const draft = makeDraft();
  const order = headings(render({ ...draft, findings: [], chains: [] })).filter((h) => /^## (What Was|Gaps)/.test(h));
  assert.equal(order, ["## What Was Examined", "## Gaps"]);
});

/** What Python-Markdown and CommonMark ask alike: a list, table or fence begins after a blank line; a list nests by four spaces. */
test("lists, tables and headings stand apart from the text before them", () => {
  const draft = makeDraft();
  const refused = [{ file: "x.tar.gz", code: "E_GZIP", message: "is cut", hint: "copy it again" }];
  for (const text of [render(), render({ ...draft, refused, findings: [], chains: [] })]) {
    const lines = text.replace(/^(`{3,})[^`\n]*\n[\s\S]*?\n\1$/gm, "fence").split("\n");
    const body = lines.slice(lines.lastIndexOf("---") + 1);
    body.forEach((line, i) => {
      const before = body[i - 1] ?? "";
      if (/^\s*- /.test(line)) assert.match(`${before}\n${line}`, /^(?:|(?: {4})?- .*)\n(?: {4})?- \S/);
      if (line.startsWith("|")) assert.match(before, /^$|^\|/, line);
      if (/^#|^fence$/.test(line)) assert.is(before, "", line);
    });
    assert.not.match(body.join("\n"), /\n\n\n/);
  }
});

test("twice the same, one line feed at the end, no line ends in a space", () => {
  assert.is(render(), render());
  assert.match(render(), /[^\n]\n$/);
  assert.not.ok(outsideFences(render()).some((line) => /\s$/.test(line)));
});

/** Puts a text wherever the draft takes free text. */
function poison(value: unknown, text: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => (typeof entry === "string" ? text : poison(entry, text)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      FREE.has(key) && typeof entry === "string" ? text : poison(entry, text),
    ]),
  );
}
const FREE = new Set(
  "title reason text what why stop on unless doneWhen subject name member origin excerpt step run expect message code file node question by source version collector command mechanism".split(
    " ",
  ),
);

const poisoned = (text: string): string => {
  const draft = makeDraft();
  const { tool, chains, findings, moments, ...rest } = draft;
  const bad = poison(rest, text) as object;
  return render({ ...draft, ...bad, schema: draft.schema, tool, moments, chains, findings } as Draft, "UTC");
};

const shape = (markdown: string): readonly string[] =>
  outsideFences(markdown).map((line) => {
    if (line.startsWith("|")) return `row ${line.replace(/(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)/g, "").split("|").length}`;
    return /^#{1,6} |^(?: {4})?- |^\*\*|^$/.exec(line)?.[0] ?? "text";
  });

const plain = shape(poisoned("plain"));
for (const text of HOSTILE)
  test(`inert everywhere: ${JSON.stringify(text.slice(0, 40))}`, () => {
    const markdown = poisoned(text);
    const bare = outsideFences(markdown.replace(/^---\n[\s\S]*?\n---\n/, ""))
      .join("\n")
      .replace(/(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)/g, "");
    assert.not.match(bare, /:\/\/|www\.|<[a-z!/]|@|\{\{|\]\(|\]:/i);
    assert.not.match(markdown, HIDDEN);
    const found = shape(markdown).filter((line) => line.startsWith("row") || line.startsWith("#"));
    assert.equal(
      found,
      plain.filter((line) => line.startsWith("row") || line.startsWith("#")),
    );
  });

test("templates: every value through a helper, no sentence, no raw mark", () => {
  const BLOCK =
    /^(?:[#/](?:if|each|unless)|else$|> [a-z-]+(?: [a-z]+=[\w.]+)?$|(?:text|cell|code|cellCode|verbatim|commands|time|dated|clock|cite|yaml) [\w.]+$)/;
  for (const file of readdirSync("templates")) {
    const text = readFileSync(`templates/${file}`, "utf8");
    for (const found of text.matchAll(/\{\{([^}]*)\}\}/g)) assert.match(found[1] ?? "", BLOCK, file);
    assert.not.match(text, "{{{", file);
    assert.not.match(text, "{{&", file);
  }
});

test.run();
