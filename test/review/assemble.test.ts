import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MOMENT_GAP_MS } from "#engine/moments.js";
import { evidenceIn } from "#model/evidence.js";
import type { Outcome, Refuted } from "#model/finding.js";
import {
  type Command,
  type Consequence,
  effect,
  NO_CONSEQUENCE,
  type RuleCard,
  slight,
  type TimelineCard,
} from "#model/rule.js";
import { code, known, say } from "#model/statement.js";
import { card, covered, denies, finds, misses, onNode, sentence } from "#test/engine/_cards.js";
import { artifact, at } from "#test/rules/_facts.js";
import { review, type Said, saying, taken, told } from "./_inquests.js";

const test = suite("assembling a review");

const T = (clock: string) => at(`2024-03-05T${clock}:00Z`);
const symptom = (said: Said, part: Partial<RuleCard> = {}) => saying("sym:s", said, { kind: "symptom", ...part });
const on = (...nodes: readonly string[]) => ({ about: { node: nodes } });
const two = [taken(1), taken(2)];

const named = (nodes: readonly string[], id = "token-gone-from-node") =>
  review({
    rules: [
      symptom([[finds("s", on(...nodes))]], { label: "pods stuck" }),
      saying(id, [[finds("c", on(...nodes))]], { explains: [onNode("sym:s")], label: "a dead token", tags: ["cni"] }),
    ],
  });

test("a review is named after its nodes, the first symptom and what caused it", () => {
  const { title, slug, tags } = named(["n1"]);
  assert.is(title, "n1: pods stuck — a dead token");
  assert.is(slug, "n1-token-gone-from-node");
  assert.equal(tags, ["n1", "cni"]);
});

test("of a fully qualified node the first label makes the slug", () => {
  assert.is(named(["Web-01.rack.example.com"]).slug, "web-01-token-gone-from-node");
});

test("a node's name that is none leaves title, slug and tags as short and as plain as others", () => {
  const hostile = "k8s01](http://evil.example) ![i](http://e.example) <script>x</script>";
  assert.equal(named([hostile]).tags, ["cni"]);
  assert.equal(named(["www.evil.example"]).tags, ["cni"]);
  assert.equal(named(["Web-01.rack.example.com"]).tags, ["web-01.rack.example.com", "cni"]);
  const long = named(["n".repeat(16_000)]);
  assert.equal(long.tags, ["cni"]);
  assert.ok(long.title.length < 120 && long.title.startsWith("nnn"), long.title);
  const secret = named(["n1 password=hunter2"]);
  assert.is(secret.slug, "node-token-gone-from-node");
  assert.not.match(JSON.stringify([secret.title, secret.slug, secret.tags]), "hunter2");
});

test("two nodes are both named, and more than three are counted", () => {
  assert.is(named(["n2", "n1"]).title, "n1, n2: pods stuck — a dead token");
  assert.is(named(["n2", "n1"]).slug, "2-nodes-token-gone-from-node");
  assert.is(named(["n1", "n2", "n3", "n4"]).title, "4 nodes: pods stuck — a dead token");
});

test("nodes with other causes, or other failures, are told with their own", () => {
  const cause = (id: string, label: string, ...nodes: readonly string[]) =>
    saying(id, [[finds(id, on(...nodes))]], { explains: [onNode("sym:s")], label });
  const failed = (...nodes: readonly string[]) => symptom([nodes.map((n) => finds(n, on(n)))], { label: "pods stuck" });
  const { title, slug } = review({
    rules: [failed("n1", "n2"), cause("a", "a dead token", "n1"), cause("b", "an old token", "n2")],
  });
  assert.is(title, "n1: pods stuck — a dead token; n2: pods stuck — an old token");
  assert.is(slug, "n1-a");
  const alone = review({ rules: [failed("n1", "n2"), cause("a", "a dead token", "n1")] });
  assert.is(alone.title, "n1: pods stuck — a dead token; n2: pods stuck");
  const latent = review({ rules: [failed("n1"), cause("a", "a dead token", "n1"), cause("b", "an old token", "n2")] });
  assert.is(latent.title, "n1: pods stuck — a dead token; n2: an old token");
  const many = review({
    rules: [
      failed("n1", "n2", "n3"),
      cause("a", "a dead token", "n1"),
      cause("b", "an old token", "n2"),
      cause("c", "no token", "n3"),
    ],
  });
  assert.is(many.title, "n1: pods stuck — a dead token; n2: pods stuck — an old token; more on n3");
});

test("nodes with one cause in two findings are told together", () => {
  const both = review({
    rules: [
      symptom([[finds("s1", on("n1")), finds("s2", on("n2"))]], { label: "pods stuck" }),
      saying("a", [[finds("c1", on("n1")), finds("c2", on("n2"))]], {
        explains: [onNode("sym:s")],
        label: "a dead token",
      }),
    ],
  });
  assert.is(both.title, "n1, n2: pods stuck — a dead token");
});

test("a slug has three to eight words, of letters, digits and hyphens only", () => {
  const slugs = [
    named(["n1"]).slug,
    named(["N1.x"], "a-very-long-name-of-a-mechanism-that-does-not-end").slug,
    named(["$(id)"], "a-b").slug,
    review({ rules: [] }).slug,
    review({ rules: [], custody: [taken(1, { node: null, parts: ["cluster"] })] }).slug,
  ];
  for (const slug of slugs) {
    assert.match(slug, /^[a-z0-9]+(-[a-z0-9]+){2,7}$/);
    assert.ok(slug.length <= 80);
  }
});

test("a review without a finding names what was looked at", () => {
  const draft = review({ rules: [symptom([[]]), saying("cause", [[denies("x")]])] });
  assert.is(draft.title, "No fault found on n1");
  assert.equal(draft.tags, ["n1"]);
  assert.equal([draft.timeline, draft.questions, draft.actions, draft.chains], [[], [], [], []]);
  assert.equal(told(draft.examined), ["x refuted"]);
});

const survey = {
  id: "examined",
  survey: () => [{ section: "examined" as const, name: "pod", statement: sentence("27 pods") }],
};

const hints = (subject: string, open = false) =>
  slight({ subject, about: { node: ["n1"] }, statements: [sentence(`${subject}: too young to tell`)], open });

test("what was seen too short or too young, at any moment, is not told as absent", () => {
  const rules = (...said: Parameters<typeof symptom>[0]) => [
    symptom(said, { label: "pods stuck" }),
    saying("sym:other", [[], []], { kind: "symptom", label: "a node that is not Ready" }),
  ];
  const of = (...said: Parameters<typeof symptom>[0]) =>
    review({ rules: rules(...said), book: { surveys: [survey] }, custody: said.map((_, i) => taken(i + 1)) });
  const absent = "Looked for in what the cluster lists, and not found: a node that is not Ready";
  for (const draft of [of([hints("x")]), of([hints("x")], [])])
    assert.equal(told(draft.summary[1] ?? []), [absent, "x: too young to tell"]);
  assert.is(of([hints("x")]).status, "No fault found");
  assert.is(of([hints("x", true)], []).status, "No fault found", "it has passed");
  const open = of([hints("x", true)]);
  assert.is(open.status, "Undetermined");
  assert.is(open.title, "n1: pods stuck, too young to tell");
  assert.match(told(open.summary[0] ?? [])[0] ?? "", "but for what is too young to tell");
  const absence = open.summary[1]?.[0]?.evidence[0];
  assert.is(absence?.excerpt, "no node that is not Ready among 0 (kube.pod)");
});

test("of many things too short to tell the first few are told, and the others counted", () => {
  const many = Array.from({ length: 9 }, (_, i) => hints(`x${i}`));
  const draft = review({ rules: [symptom([many])], book: { surveys: [survey] } });
  assert.equal(told(draft.summary[1] ?? []).slice(-2), ["x5: too young to tell", "3 more groups of the kind"]);
});

test("a symptom of which the lists do not say is unknown, neither there nor absent", () => {
  const draft = review({ rules: [symptom([[misses("x")]], { label: "pods stuck" })], book: { surveys: [survey] } });
  assert.is(draft.status, "Undetermined");
  assert.equal(told(draft.summary[1] ?? []), [
    "Not known, since what was collected does not say (see Gaps): pods stuck",
  ]);
});

test("its summary names what was not found, what is excluded and what could not be decided", () => {
  const rules = [
    symptom([[]], { label: "pods stuck" }),
    saying("out", [[denies("x")]], { label: "a dead token" }),
    saying("silent", [[]]),
    saying("open", [[denies("x"), misses("y")]], { label: "a clock that is off" }),
  ];
  assert.equal(review({ rules, book: { surveys: [survey] } }).summary.map(told), [
    ["Nothing was found wrong in what was collected of n1 between 2024-03-05T10:00:00Z and 2024-03-05T10:00:10Z"],
    [
      "Looked for in what the cluster lists, and not found: pods stuck",
      "Excluded by what was collected: a dead token",
      "Not decided for want of evidence (see Gaps): a clock that is off",
    ],
  ]);
});

test("a symptom whose list was not collected in full was not looked for", () => {
  const rules = [symptom([[]], { label: "pods stuck" })];
  for (const coverage of [[], [covered(1, "kube.pod", "truncated")]]) {
    const [, told2 = []] = review({ rules, coverage, book: { surveys: [survey] } }).summary.map(told);
    assert.equal(told2, ["Not looked for, since the lists that would show it were not collected in full: pods stuck"]);
  }
});

test("gaps of nodes that no finding concerns are left out, but not what failed or was cut", () => {
  const gap = (node: string | null, why: string) => ({
    ...misses(`${node} ${why}`),
    missing: [{ kind: "mount", node, what: `${node} ${why}`, why, command: "x" }],
  });
  const gaps = [
    gap("n1", "not attempted"),
    gap("n2", "not attempted"),
    gap("n3", "collection failed"),
    gap(null, "cut at a limit"),
  ];
  const open = saying("open", [gaps as never]);
  const of = (...rules: readonly ReturnType<typeof saying>[]) => review({ rules }).gaps.map((g) => g.what);
  assert.equal(of(open, symptom([[finds("s")]])), ["null cut at a limit", "n1 not attempted", "n3 collection failed"]);
  assert.is(of(open).length, 4);
});

test("a summary tells what was seen, then what caused it, in the order of the chain, each once", () => {
  const rules = [
    symptom([[finds("late", { since: T("09:30") }), finds("early", { since: T("09:00") })]]),
    saying("cause", [[finds("near")]], { explains: [onNode("sym:s")] }),
    saying("root", [[finds("far")]], { explains: [onNode("cause")] }),
    saying("impact", [[finds("felt")]], { kind: "impact" }),
  ];
  assert.equal(review({ rules }).summary.map(told), [
    ["early found", "late found", "felt found"],
    ["near found", "far found"],
  ]);
});

test("repairs are told before what came back, each in order of time", () => {
  const change = (kind: "repair" | "recovery" | "change", subject: string, when: string | null) => ({
    rule: "c",
    subject,
    kind,
    about: {},
    at: when ? T(when) : null,
    statements: [sentence(subject)] as const,
  });
  const all = [
    change("recovery", "back", "11:00"),
    change("repair", "undated", null),
    change("repair", "second", "10:40"),
    change("repair", "first", "10:30"),
    change("change", "other", "10:35"),
  ];
  const draft = review({
    rules: [symptom([[finds("s")], []])],
    custody: two,
    book: { changes: [{ id: "c", needs: {}, compare: () => all }] },
  });
  assert.equal(draft.summary.map(told).at(-1), ["first", "second", "undated", "back"]);
  assert.equal(
    draft.resolution.changes.map((c) => told(c.statements)[0]),
    ["first", "other", "second", "back", "undated"],
  );
});

/** Two symptoms: the first runs, through a deadlock, into the second. */
const running = (open: readonly Outcome[] = []) =>
  review({
    rules: [
      saying("sym:pending", [[finds("pending", { since: T("09:10") })]], { kind: "symptom" }),
      saying("deadlock", [[finds("deadlock")]], { explains: [onNode("sym:pending")] }),
      saying("sym:stuck", [[finds("stuck", { since: T("09:00") })]], {
        kind: "symptom",
        explains: [effect("deadlock", ["node"], "propagates")],
        known: [known("Pods wait", { source: "x", version: "1" })],
      }),
      saying("root", [[finds("root")]], {
        explains: [onNode("sym:stuck")],
        ...(open.length > 0 ? {} : { consequence: () => ({ ...NO_CONSEQUENCE, stops: "nothing comes before" }) }),
      }),
      saying("deeper", [open], { explains: [onNode("root")] }),
    ],
  });

test("a chain that runs into another is told up to there, and says where it goes on", () => {
  const { chains, findings } = running();
  const subject = (id: string) => told(findings.find((f) => f.id === id)?.statements ?? [])[0];
  assert.equal(
    chains.map((c) => c.steps.map(subject)),
    [
      ["stuck found", "root found"],
      ["pending found", "deadlock found", "stuck found", "root found"],
    ],
  );
  assert.equal(
    chains.map((c) => c.answers.map((a) => a.question)),
    [
      ["How did sym:stuck come about?", "How did root come about?"],
      ["How did sym:pending come about?", "How did deadlock come about?"],
    ],
  );
  assert.equal(
    chains.map((c) => c.continuesIn),
    [null, { chain: "chain-1", fromStep: 2 }],
  );
  assert.equal(told(chains[0]?.answers[0]?.statements ?? []), ["stuck found", "Pods wait"]);
});

test("a chain stops where its root says, or with what stayed open, or with what is not known", () => {
  assert.is(running().chains[0]?.stop, "nothing comes before");
  assert.match(running([misses("x")]).chains[0]?.stop ?? "", /1 explanation stayed open$/);
  assert.match(running([denies("x")]).chains[0]?.stop ?? "", /^none of the mechanisms/);
});

/** Not so, for what is an alarm by itself: a kubelet that posts Ready=False is no silent one. */
const alarm = (subject: string): Outcome => ({ ...(denies(subject) as Refuted), alarming: true });

test("a usual alarm that stayed silent is told once, in the first chain, and only of its own nodes", () => {
  const explains = [onNode("sym:s")];
  const sign = saying("sign", [[denies("ok"), denies("far", { node: ["n9"] }), alarm("loud")]], {
    healthSign: true,
    explains,
  });
  const quiet = saying("quiet", [[denies("no sign")]], { explains });
  const foreign = saying("foreign", [[denies("well")]], { healthSign: true, explains: [onNode("sym:t")] });
  const draft = review({ rules: [symptom([[finds("a"), finds("b")]]), sign, quiet, foreign] });
  const asked = draft.chains.flatMap((c) => c.answers.filter((a) => a.question === "How was this not noticed before?"));
  assert.equal(
    asked.map((a) => told(a.statements)),
    [["ok refuted"]],
  );
});

const action = (title: string, priority: "Urgent" | "Low") => ({
  title,
  type: "prevent" as const,
  priority,
  doneWhen: "done",
});
const acting = (
  id: string,
  subjects: readonly string[],
  actions: readonly ReturnType<typeof action>[],
  questions: readonly string[] = [],
) =>
  saying(id, [subjects.map((s) => finds(s))], {
    consequence: () => ({ ...NO_CONSEQUENCE, actions, questions }),
  });

test("an action that several findings ask for stands once, with all that it covers, the most urgent first", () => {
  const { actions, findings } = review({
    rules: [
      acting("a", ["x", "y"], [action("check", "Low"), action("adopt", "Low")]),
      acting("b", ["z"], [action("check", "Low"), action("repair", "Urgent")]),
    ],
  });
  assert.equal(
    actions.map((a) => `${a.title} ${a.covers.length}`),
    ["repair 1", "adopt 2", "check 3"],
  );
  assert.equal(
    actions[2]?.covers,
    findings.map((f) => f.id),
  );
});

test("questions stand once, a rule's own before those that are always open", () => {
  const { questions } = review({ rules: [acting("a", ["x", "y"], [], ["Who made it?"])] });
  assert.is(questions[0], "Who made it?");
  assert.is(questions.filter((q) => q === "Who made it?").length, 1);
  assert.ok(questions.length > 1);
  assert.not.ok(questions.some((q) => q.startsWith("Who made the changes")));
});

const fixing = (id: string, said: Said, part: Partial<RuleCard> = {}) =>
  saying(id, said, {
    ...part,
    consequence: () => ({
      ...NO_CONSEQUENCE,
      fix: [{ step: `mend ${id}`, commands: [] }],
      verify: [{ run: "kubectl get pods", expect: id }],
    }),
  });

test("what is over is not to be mended, the root is mended first, and a check stands once", () => {
  const rules = [
    fixing("a-near", [[finds("a")], [finds("a")]], { explains: [onNode("sym:s")] }),
    fixing("b-root", [[finds("b")], [finds("b")]], { explains: [onNode("a-near")] }),
    fixing("c-over", [[finds("c")], []]),
    fixing("sym:s", [[finds("s")], [finds("s")]], { kind: "symptom" }),
  ];
  const { resolution } = review({ rules, custody: two });
  assert.equal(
    resolution.fix.map((f) => f.step),
    ["mend b-root", "mend a-near", "mend sym:s"],
  );
  assert.is(resolution.verification.length, 1);
});

const timeline = (...entries: readonly (readonly [string, string])[]): TimelineCard => ({
  id: "t",
  observe: () =>
    entries.map(([clock, text]) => ({ at: T(clock), approximate: false, statement: sentence(text), source: "event" })),
});

test("the same row of two moments stands once, and rows of one time stay apart", () => {
  const draft = review({
    rules: [symptom([[finds("s")], [finds("s")]])],
    custody: two,
    book: { timelines: [timeline(["09:30", "late"], ["09:00", "b"], ["09:00", "a"], ["09:00", "a"])] },
  });
  assert.equal(
    draft.timeline.map((r) => `${r.at} ${told([r.statement])}`),
    ["2024-03-05T09:00:00Z a", "2024-03-05T09:00:00Z b", "2024-03-05T09:30:00Z late"],
  );
});

test("custody names the file and not where it lay", () => {
  const draft = review({
    rules: [],
    custody: [taken(1, { file: "/home/x/evidence/n1.tar.gz" }), taken(2, { file: "n2.tgz" })],
  });
  assert.equal(
    draft.custody.map((c) => `${c.id} ${c.file}`),
    ["B1 n1.tar.gz", "B2 n2.tgz"],
  );
});

test("where bundles lay changes nothing", () => {
  const from = (folder: string) =>
    review({ rules: [symptom([[finds("s")]])], custody: [taken(1, { file: `${folder}/a.tgz` })] });
  assert.is(JSON.stringify(from("/a")), JSON.stringify(from("/b/c")));
});

test("references stand once, in order, and are those that a sentence cites", () => {
  const refer = (id: string, said: Said, ...sources: readonly string[]) =>
    saying(id, said, {
      known: sources.map((source) => known("so it works", { source, version: "1" })),
      references: [{ source: "on the card only", version: "1" }],
    });
  const rules = [
    refer("a", [[finds("x"), finds("y")]], "z", "k"),
    refer("b", [[finds("x")]], "k"),
    refer("c", [[denies("x")]], "other"),
  ];
  assert.equal(
    review({ rules }).references.map((r) => r.source),
    ["k", "z"],
  );
});

const run = (command: string): Command => ({ run: command, expect: "ok" });

test("commands that belong together stay together, however much another group shares", () => {
  const verifying = (id: string, ...verify: Consequence["verify"]) =>
    saying(id, [[finds(id)]], { consequence: () => ({ ...NO_CONSEQUENCE, verify }) });
  const rules = [
    verifying("a", run("look"), [run("make a"), run("wait"), run("delete")]),
    verifying("b", [run("make b"), run("wait"), run("delete")], run("look")),
    verifying("c", [run("make a"), run("wait"), run("delete")]),
  ];
  assert.equal(
    review({ rules }).resolution.verification.map((c) => c.run),
    ["look", "make a", "wait", "delete", "make b", "wait", "delete"],
  );
});

test("findings keep their role, their end and whether they end a chain", () => {
  const rules = [
    symptom([[finds("s", { since: T("09:00") })], []]),
    saying("cause", [[finds("c")], [finds("c")]], { explains: [onNode("sym:s")] }),
  ];
  const rows = review({ rules, custody: two }).findings.map(
    (f) => `${f.mechanism} ${f.role} ${f.root} ${f.moments} ${f.endedBy}`,
  );
  assert.equal(rows, ["cause failure true m1,m2 null", "sym:s symptom false m1 2024-03-05T12:00:10Z"]);
});

test("the scope names the nodes concerned, and those that were looked at and are not", () => {
  const rules = [symptom([[finds("s")]]), saying("cause", [[finds("c"), denies("n2", { node: ["n2"] })]])];
  assert.equal(told(review({ rules }).impact.scope), ["Findings concern n1", "n2 refuted"]);
});

test("a message that a finding carries is a signature, once", () => {
  const message = { value: { message: "connection is unauthorized" } };
  const { signatures } = review({
    rules: [symptom([[finds("s", message), finds("t", message), finds("u")]])],
  }).technical;
  assert.equal(
    signatures.map((s) => s.text),
    ["connection is unauthorized"],
  );
});

test("every sentence of a review cites, or says where it is written", () => {
  const cited = say`${code("x", evidenceIn(artifact(), { kind: "whole" }, "x"))}`;
  const draft = review({
    rules: [
      symptom([[finds("s", { statements: [cited] })]]),
      saying("cause", [[finds("c")]], { explains: [onNode("sym:s")] }),
    ],
  });
  const statements = [
    ...draft.summary.flat(),
    ...draft.impact.scope,
    ...draft.impact.intervals.map((i) => i.statement),
  ];
  assert.ok(statements.length >= 3);
  for (const s of statements) assert.ok(s.evidence.length > 0, told([s])[0]);
});

test("collections within a quarter of an hour are one moment of the review", () => {
  assert.is(MOMENT_GAP_MS, 900_000);
  assert.equal(
    review({ rules: [card("x")], custody: two }).moments.map((m) => `${m.id} ${m.from} ${m.nodes}`),
    ["m1 2024-03-05T10:00:00Z n1", "m2 2024-03-05T12:00:00Z n1"],
  );
});

test.run();
