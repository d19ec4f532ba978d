import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Change, Observation, Trace } from "#model/finding.js";
import { effect, NO_CONSEQUENCE, type RuleCard } from "#model/rule.js";
import { renderMarkdown } from "#report/markdown.js";
import { numberEvidence } from "#report/number.js";
import { denies, finds, misses, onNode, sentence } from "#test/engine/_cards.js";
import { at } from "#test/rules/_facts.js";
import { review, type Said, saying, taken, told } from "./_inquests.js";

const test = suite("diagnosis, lessons and traces of a recovery");

const T = (clock: string) => at(`2024-03-05T${clock}:00Z`);
const symptom = (said: Said, part: Partial<RuleCard> = {}) =>
  saying("sym:s", said, { kind: "symptom", label: "pods stuck", ...part });
const two = [taken(1), taken(2)];
const repair = (node: string): Change => ({
  rule: "c",
  subject: "x",
  kind: "repair",
  about: { node: [node] },
  at: T("10:30"),
  statements: [sentence("mended")],
});
const changing = (...all: readonly Change[]) => ({ changes: [{ id: "c", needs: {}, compare: () => all }] });

test("the diagnosis goes from what failed to its cause, then says what was ruled out", () => {
  const { resolution, findings } = review({
    rules: [
      symptom([[finds("s")]]),
      saying("near", [[finds("n")]], { explains: [onNode("sym:s")] }),
      saying("root", [[finds("r")]], { explains: [onNode("near")] }),
      saying("rival", [[denies("x")]], { explains: [onNode("sym:s")], label: "a dead clock" }),
      saying("open", [[misses("x")]], { explains: [onNode("sym:s")], label: "left open" }),
    ],
  });
  const steps = resolution.diagnosis ?? [];
  assert.equal(
    steps.map((s) => told(s.statements)[0]),
    ["s found", "n found", "r found", "Looked at as well, and ruled out: a dead clock"],
  );
  assert.equal(
    steps.map((s) => findings.find((f) => f.id === s.finding)?.mechanism ?? null),
    ["sym:s", "near", "root", null],
  );
  assert.equal(steps[0]?.looked, [{ node: null, kind: "command", text: "kubectl get pods -A -o json" }]);
});

test("a rival that is ruled out of one finding and open of another, or a cause elsewhere, is not ruled out", () => {
  const on = (node: string) => ({ about: { node: [node] } });
  const rival = (elsewhere: ReturnType<typeof finds>) =>
    review({
      rules: [
        symptom([[finds("a", on("n1")), finds("b", on("n2"))]]),
        saying("rival", [[denies("x", { node: ["n1"] }), elsewhere]], {
          explains: [onNode("sym:s")],
          label: "a clock",
        }),
      ],
    }).resolution.diagnosis?.filter((s) => s.finding === null);
  assert.equal(rival(misses("y", "z", { node: ["n2"] })), []);
  assert.equal(rival(finds("y", on("n2"))), []);
  assert.is(rival(denies("y", { node: ["n2"] }))?.length, 1);
});

test("nothing found: no diagnosis and no lesson", () => {
  const { resolution, lessons } = review({ rules: [symptom([[]]), saying("x", [[denies("x")]])] });
  assert.equal(resolution.diagnosis, []);
  assert.equal(lessons, { well: [], badly: [], surprise: [] });
});

const row = (subject: string, available: number | null) => ({
  subject,
  effect: sentence(subject),
  wanted: 3,
  available,
  since: null,
});
const impact = (...rows: readonly ReturnType<typeof row>[]) =>
  saying("impact", [[finds("felt", { impact: rows, lastSeen: T("10:00") })]], { kind: "impact" });
const well = (staged: Parameters<typeof review>[0]) => told(review(staged).lessons.well);
const badly = (staged: Parameters<typeof review>[0]) => told(review(staged).lessons.badly);

test("what kept a replica is said as of its collection; one without any, or of unknown state, and nothing is", () => {
  assert.equal(well({ rules: [impact(row("volume a", 2), row("volume b", 1))] }), [
    "At 2024-03-05T10:00:00Z each volume seen to lack replicas still had at least 1 replica ready",
  ]);
  assert.equal(well({ rules: [impact(row("Deployment a", 2))] }), [
    "At 2024-03-05T10:00:00Z the workload seen to lack replicas still had 2 replicas ready",
  ]);
  assert.equal(well({ rules: [impact(row("volume a", 2), row("volume b", 0))] }), []);
  assert.equal(well({ rules: [impact(row("volume a", 2), row("volume b", null))] }), []);
});

test("peers are spared where a mechanism found elsewhere was excluded there, and not where nobody looked", () => {
  const rules = (...peers: readonly ReturnType<typeof denies>[]) => [
    symptom([[finds("s")]]),
    saying("cause", [[finds("c"), ...peers]], { explains: [onNode("sym:s")] }),
  ];
  assert.equal(well({ rules: rules(denies("n2", { node: ["n2"] })) }), ["No finding concerns n2, looked at as well"]);
  assert.equal(well({ rules: rules(misses("n2", "x", { node: ["n2"] })) }), []);
  assert.equal(well({ rules: rules(denies("n1", { node: ["n1"] })) }), []);
  // It shares what was found, and nothing has failed there yet.
  const sharing = (shared: string) => [
    symptom([[finds("s")]]),
    saying("cause", [[finds("c", { value: { shared } }), denies("n2", { node: ["n2"] })]], {
      explains: [onNode("sym:s")],
    }),
  ];
  assert.equal(well({ rules: sharing("n3 n2") }), []);
  assert.equal(well({ rules: sharing("n22") }), ["No finding concerns n2, looked at as well"]);
});

const chain = (symptoms: Said, causes: Said) => [
  symptom(symptoms),
  saying("cause", causes, { explains: [onNode("sym:s")], label: "a dead token" }),
];
const overNow: Said = [[finds("x")], []];

test("a chain of which a later collection finds nothing, after a repair of its node, went well", () => {
  const of = (symptoms: Said, causes: Said, ...all: readonly Change[]) =>
    well({ rules: chain(symptoms, causes), custody: two, book: changing(...all) }).filter((s) => /chain/.test(s));
  assert.equal(of(overNow, overNow, repair("n1")), [
    "By 2024-03-05T12:00:10Z, after the changes told under Resolution, no condition of chain 1 was found any more, its last (a dead token) included",
  ]);
  assert.equal(of(overNow, overNow), [], "no repair was seen");
  assert.equal(of(overNow, overNow, repair("n2")), [], "another node was mended");
  assert.equal(of(overNow, [[finds("x")], [finds("x")]], repair("n1")), [], "the root is still there");
  assert.equal(of([[finds("x")], [finds("x")]], overNow, repair("n1")), [], "the symptom is still there");
  assert.equal(of(overNow, [[finds("x")], [misses("x")]], repair("n1")), [], "nobody could see the root");
});

test("what is left when all that failed is over did not go well; while it fails that is no lesson", () => {
  const left: Said = [[finds("x")], [finds("x")]];
  const of = (symptoms: Said) => badly({ rules: chain(symptoms, left), custody: two });
  assert.equal(of(overNow), [
    "Still there after the failures had ended on n1: a dead token, seen at 2024-03-05T12:00:10Z",
  ]);
  assert.equal(of(left), []);
  const seen: Said = [[finds("x")], [finds("x", { lastSeen: T("11:55") })]];
  assert.match(badly({ rules: chain(overNow, seen), custody: two })[0] ?? "", /seen at 2024-03-05T11:55:00Z$/);
});

test("what no collection looked at again after the failures is not told as left, nor its fix as outstanding", () => {
  const causes: Said = [[finds("x", { lastSeen: T("10:00") })], [misses("x")]];
  const fix = [{ step: "mend it", commands: [] }];
  const rules = [
    symptom(overNow),
    saying("cause", causes, {
      explains: [onNode("sym:s")],
      label: "a dead token",
      consequence: () => ({ ...NO_CONSEQUENCE, fix }),
    }),
  ];
  const custody = [taken(1), taken(2, { node: null, parts: ["cluster"] })];
  const draft = review({ rules, custody });
  assert.equal(told(draft.lessons.badly), [
    "Whether this still holds on n1 was not collected after the failures had ended: a dead token, last seen at 2024-03-05T10:00:00Z",
  ]);
  assert.is(draft.status, "Undetermined");
  assert.is(draft.statusReason, "what failed is over; whether its cause still holds was not collected");
  assert.ok(draft.gaps.some((g) => g.node === "n1" && g.what.endsWith("after what failed there was over")));
  const page = renderMarkdown(numberEvidence(draft), { zone: "UTC" });
  assert.match(page, /### Fix \(Where It Still Holds\)[^#]*mend it/);
  assert.not.match(page, /Outstanding/);
});

test("a fault that lay for longer than two clocks may differ is a lesson", () => {
  const of = (laid: string) =>
    badly({
      rules: [
        symptom([[finds("s", { since: T("09:00") })]]),
        saying("cause", [[finds("c", { since: at(laid) })]], { explains: [onNode("sym:s")] }),
      ],
    });
  assert.equal(of("2024-03-05T08:00:00Z"), [
    "The fault lay for 1 h, and its first sign in what was collected is what failed at 2024-03-05T09:00:00Z",
  ]);
  assert.equal(of("2024-03-05T08:59:30Z"), []);
});

test("what a rule says is to be learnt comes first", () => {
  const lessons = (["well", "badly", "surprise"] as const).map((kind) => ({ kind, statement: sentence(kind) }));
  const draft = review({ rules: [saying("x", [[finds("x", { lessons })]], { consequence: () => NO_CONSEQUENCE })] });
  assert.equal([draft.lessons.well, draft.lessons.badly, draft.lessons.surprise].map(told), [
    ["well"],
    ["badly"],
    ["surprise"],
  ]);
});

const seen = (kind: Trace["kind"], clock: string, node = "n1"): Observation => ({
  at: T(clock),
  approximate: false,
  statement: sentence("row"),
  source: "mtime",
  trace: { kind, node, statement: sentence(`${kind} ${node} ${clock}`) },
});

const wayOut = (over: boolean, observations: readonly Observation[], changes: readonly Change[] = []) =>
  review({
    rules: [
      symptom([[finds("s", { since: T("09:00"), lastSeen: T("09:10"), over, ending: sentence("gone by now") })]]),
      saying("open", [[{ ...denies("x"), standsSince: T("09:20") } as never]], { explains: [onNode("sym:s")] }),
    ],
    ...(changes.length > 0 ? { custody: two } : {}),
    book: { timelines: [{ id: "t", observe: () => observations }], ...changing(...changes) },
  });
const summary = (...of: Parameters<typeof wayOut>) => wayOut(...of).summary.flatMap(told);

test("the same stands as the fix that was observed, each once, in order of time; after two moments their changes do", () => {
  const [late, early] = [seen("recovered", "09:30"), seen("written", "09:20")];
  const of = (...args: Parameters<typeof wayOut>) => {
    const { resolution, questions } = wayOut(...args);
    const asked = questions.some((q) => q.startsWith("Who made the changes listed under Resolution"));
    return [(resolution.traces ?? []).map((t) => `${t.at} ${t.kind}: ${told(t.statements)[0]}`), asked];
  };
  assert.equal(of(true, [late, early, early]), [
    ["2024-03-05T09:20:00Z written: written n1 09:20", "2024-03-05T09:30:00Z recovered: recovered n1 09:30"],
    true,
  ]);
  assert.equal(of(false, [late, early]), [[], false]);
  assert.equal(of(true, [late, early], [repair("n1")]), [[], true]);
});

test("one collection after the end tells what became of it, what was written since, and what got on", () => {
  const told = summary(true, [seen("recovered", "09:30"), seen("written", "09:20")]);
  assert.equal(told, [
    "s found",
    "gone by now",
    "The cause of pods stuck can no longer be shown from what was collected: what was found in force on n1 was put there after the last failure that was seen; 1 explanation stays open",
    "written n1 09:20",
    "recovered n1 09:30",
  ]);
});

test("what was written before the last failure, or elsewhere, is no trace of a way out", () => {
  const told = summary(true, [seen("written", "09:05"), seen("written", "09:20", "n2"), seen("recovered", "08:00")]);
  assert.equal(told, ["s found", "gone by now", "The cause of pods stuck is not decided: 1 explanation stays open"]);
});

test("a failure that goes on has no way out to tell of", () => {
  const told = summary(false, [seen("recovered", "09:30"), seen("written", "09:20")]);
  assert.equal(told, ["s found", "The cause of pods stuck is not decided: 1 explanation stays open"]);
});

test("no other explanation is said to be shown only where none could not be tested for want of evidence", () => {
  const untold = (...said: readonly ReturnType<typeof misses>[]) => {
    const byPod = { explains: [effect("sym:s", ["pod"], "prevents-recovery")] };
    const draft = review({
      rules: [
        symptom([[finds("s", { about: { node: ["n1"], pod: ["u1"] } })]]),
        saying("out", [[denies("x")]], { explains: [onNode("sym:s")] }),
        saying("unsure", [said], byPod),
      ],
    });
    return [draft.summary.flatMap(told).filter((s) => /not decided/.test(s)), draft.chains[0]?.stop];
  };
  assert.equal(untold(misses("cluster", "the events", {})), [
    ["The cause of pods stuck is not decided: 1 explanation stays open"],
    "what caused it could not be decided with what was collected; 1 explanation stayed open",
  ]);
  const none = [
    [
      "The cause of pods stuck is not decided: 1 explanation that this version knows is ruled out, and no other is shown",
    ],
    "none of the mechanisms that this version knows explains it with the evidence collected",
  ];
  assert.equal(untold(), none);
  // What is missing of other pods is no explanation of these.
  assert.equal(untold(misses("cluster", "the events", { pod: ["u2"] })), none);
});

test.run();
