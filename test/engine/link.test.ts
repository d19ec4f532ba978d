import { suite } from "uvu";
import * as assert from "uvu/assert";
import { findHypotheses, linkFindings, type Numbered, roleOf } from "#engine/link.js";
import { conclude } from "#engine/run.js";
import type { Outcome } from "#model/finding.js";
import { nodeClock } from "#model/instant.js";
import { effect, type Rule } from "#model/rule.js";
import { plainText } from "#model/statement.js";
import { at } from "#test/rules/_facts.js";
import { bundle, card, covered, denies, explains, finds, misses, numbered, onNode } from "./_cards.js";

const test = suite("links and hypotheses");

const T = (clock: string) => at(`2024-03-05T${clock}Z`);
const onN1 = (clock: string) => at(`2024-03-05T${clock}Z`, nodeClock("n1"));
const SYMPTOM = card("sym:s", { kind: "symptom" });
const CAUSE = card("cause", explains(onNode("sym:s")));

/** `cause -> effect relation order confidence` */
const linked = (findings: readonly Numbered[]): readonly string[] =>
  linkFindings(findings).map((l) => {
    const name = (id: string) => findings.find((f) => f.id === id)?.subject;
    return `${name(l.cause)} -> ${name(l.effect)} ${l.relation} ${l.order} ${l.confidence}`;
  });
const pair = (cause: Parameters<typeof finds>[1], target: Parameters<typeof finds>[1], rule: Rule = CAUSE) =>
  linked(numbered([rule, finds("c", cause)], [SYMPTOM, finds("s", target)]));

test("findings on different nodes are not joined", () => {
  assert.equal(pair({ since: T("10:00:00") }, { since: T("10:05:00"), about: { node: ["n2"] } }), []);
});

test("a key that one of them does not name is no join", () => {
  assert.equal(pair({}, { about: {} }), []);
  assert.equal(pair({ about: {} }, { about: {} }), []);
});

test("every key must meet", () => {
  const rule = card("cause", explains(effect("sym:s", ["node", "error"], "propagates")));
  assert.equal(
    pair({ about: { node: ["n1"], error: ["401"] } }, { about: { node: ["n1"], error: ["403"] } }, rule),
    [],
  );
  assert.is(
    pair({ about: { node: ["n1", "n2"], error: ["401"] } }, { about: { node: ["n2"], error: ["x", "401"] } }, rule)
      .length,
    1,
  );
});

test("a rule that names no such effect is not linked", () => {
  assert.equal(pair({}, {}, card("cause")), []);
});

test("a cause that begins after its effect is refuted", () => {
  assert.equal(pair({ since: T("10:05:00") }, { since: T("10:00:00") }), []);
});

test("a cause that begins before its effect is verified", () => {
  assert.equal(pair({ since: T("10:00:00") }, { since: T("10:05:00") }), ["c -> s propagates verified established"]);
});

test("an order that two clocks cannot tell, or that has no time, makes the link probable at best", () => {
  const unverified = ["c -> s propagates unverified probable"];
  assert.equal(pair({ since: onN1("10:00:00") }, { since: T("10:00:30") }), unverified);
  assert.equal(pair({ since: onN1("10:00:30") }, { since: T("10:00:00") }), unverified);
  assert.equal(pair({ since: null }, { since: T("10:00:00") }), unverified);
  assert.equal(pair({ since: T("10:00:00") }, { since: null }), unverified);
  assert.equal(pair({ since: T("10:00:00") }, { since: T("10:00:00") }), unverified);
});

test("a link is no more certain than its cause", () => {
  const times = [{ since: T("10:00:00") }, { since: T("10:05:00") }] as const;
  assert.equal(pair({ ...times[0], unverified: ["p"] }, times[1]), ["c -> s propagates verified probable"]);
  assert.equal(pair({ ...times[0], unverified: ["p", "q"] }, times[1]), ["c -> s propagates verified possible"]);
});

test("what only keeps an effect from ending is compared with its last sighting", () => {
  const target = { since: T("10:00:00"), lastSeen: T("10:30:00") };
  const rule = card("cause", explains(effect("sym:s", ["node"], "prevents-recovery")));
  assert.equal(pair({ since: T("10:45:00") }, target, rule), []);
  assert.equal(pair({ since: T("10:20:00") }, target), []);
  assert.equal(pair({ since: T("10:20:00") }, target, rule), ["c -> s prevents-recovery verified established"]);
  assert.equal(pair({ since: T("10:20:00") }, { since: T("10:30:00") }, rule), [
    "c -> s prevents-recovery verified established",
  ]);
});

test("what cannot have begun before an effect had outlived what is ordinary did not bring it so far, also where it would keep it", () => {
  const rule = card("cause", explains(effect("sym:s", ["node"], "prevents-recovery")));
  const target = { since: T("08:00:00"), due: T("08:01:30"), lastSeen: T("10:00:00") };
  const kept = ["c -> s prevents-recovery verified established"];
  const from = (clock: string, due: string | null = "08:01:30") =>
    pair({ since: T(clock), notBefore: T(clock) }, { ...target, due: due === null ? null : T(due) }, rule);
  assert.equal(from("09:49:50"), []);
  assert.equal(from("08:01:31"), []);
  // Near misses: in the same second, before it, where nobody knows when it was due, and where the begin is only when it was first seen.
  assert.equal(from("08:01:30"), kept);
  assert.equal(from("08:01:00"), kept);
  assert.equal(from("09:49:50", null), kept);
  assert.equal(pair({ since: T("09:49:50") }, target, rule), kept);
  // On two clocks, within what they may be apart.
  const other = at("2024-03-05T08:02:00Z", nodeClock("n1"));
  assert.is(pair({ since: other, notBefore: other }, target, rule).length, 1);
});

test("links never close a circle", () => {
  const [a, b] = [card("a", explains(onNode("b"))), card("b", explains(onNode("a")))];
  assert.equal(linked(numbered([a, finds("x")], [b, finds("y")])), ["x -> y propagates unverified probable"]);
  const c = card("c", explains(onNode("a")));
  const ring = linked(numbered([a, finds("x")], [card("b", explains(onNode("c"))), finds("y")], [c, finds("z")]));
  assert.equal(ring, ["x -> y propagates unverified probable", "y -> z propagates unverified probable"]);
});

test("a finding does not cause itself, and may cause another of its own rule", () => {
  const again = card("a", explains(onNode("a")));
  assert.equal(linked(numbered([again, finds("x")])), []);
  assert.equal(linked(numbered([again, finds("x", { since: T("10:00:00") }), finds("y", { since: T("10:05:00") })])), [
    "x -> y propagates verified established",
  ]);
});

/** One finding that is seen at the given moments only. */
const seenAt = (rule: Rule, subject: string, ...moments: readonly string[]): Numbered => ({
  ...(numbered([rule, finds(subject)])[0] as Numbered),
  id: subject,
  moments,
});

test("a cause that was first seen after the effect was last seen is not linked", () => {
  assert.equal(linkFindings([seenAt(CAUSE, "c", "m2"), seenAt(SYMPTOM, "s", "m1")]), []);
  assert.is(linkFindings([seenAt(CAUSE, "c", "m1"), seenAt(SYMPTOM, "s", "m2")]).length, 1);
});

test("the tenth moment comes after the second", () => {
  assert.equal(linkFindings([seenAt(CAUSE, "c", "m10"), seenAt(SYMPTOM, "s", "m2")]), []);
  assert.is(linkFindings([seenAt(CAUSE, "c", "m2"), seenAt(SYMPTOM, "s", "m10")]).length, 1);
});

const lasting = (rule: Rule, subject: string, moment: string, part: Partial<Numbered>): Numbered => ({
  ...seenAt(rule, subject, moment),
  activeAt: [moment],
  ...part,
});
const GONE = { after: T("10:00:00"), by: T("16:00:00"), moment: "m2" };

test("a state that was gone at each moment at which its effect is seen did not bring it about, unless that began before", () => {
  const cause = (part: Partial<Numbered> = {}) =>
    lasting(CAUSE, "c", "m1", { since: T("09:00:00"), ended: GONE, ...part });
  const of = (effectOf: Numbered, own = cause()) => linkFindings([own, effectOf]).length;
  const later = (part: Partial<Numbered>) => lasting(SYMPTOM, "s", "m2", part);
  assert.is(of(later({ since: T("15:00:00") })), 0);
  assert.is(of(later({ since: null })), 0);
  assert.is(of(later({ since: T("15:00:00"), ended: { after: T("16:00:00"), by: T("18:00:00"), moment: "m3" } })), 0);
  assert.is(of(later({ since: T("09:30:00") })), 1, "it began while the cause was seen");
  assert.is(of(later({ since: T("15:00:00"), activeAt: ["m1", "m2"] })), 1, "a moment has both");
  assert.is(of(later({ since: T("15:00:00") }), cause({ ended: null })), 1, "nothing shows that the cause was gone");
  assert.is(
    of(later({ since: T("15:00:00"), ended: { after: T("15:30:00"), by: T("16:00:09"), moment: "m2" } })),
    1,
    "both were over",
  );
});

test("what sets something off need not be there any more", () => {
  const rule = card("cause", explains(effect("sym:s", ["node"], "triggers")));
  const cause = lasting(rule, "c", "m1", { since: T("09:00:00"), ended: GONE });
  assert.is(linkFindings([cause, lasting(SYMPTOM, "s", "m2", { since: T("15:00:00") })]).length, 1);
});

/** Role of the first finding. */
function role(...said: readonly (readonly [Rule, ...Outcome[]])[]): string {
  const findings = numbered(...said);
  const byId = new Map(findings.map((f) => [f.id, f]));
  return roleOf(findings[0] as Numbered, linkFindings(findings), byId);
}

test("a mechanism that explains no symptom is a latent condition, what it propagates to or not", () => {
  assert.is(role([card("a", explains(onNode("sym:s"))), finds("x")]), "latent-condition");
  assert.is(role([card("a", explains(onNode("b"))), finds("x")], [card("b"), finds("y")]), "latent-condition");
});

test("a mechanism that explains a symptom, at any remove, is a failure", () => {
  assert.is(role([card("a", explains(onNode("sym:s"))), finds("x")], [SYMPTOM, finds("y")]), "failure");
  const between = card("b", explains(onNode("sym:s")));
  assert.is(
    role([card("a", explains(onNode("b"))), finds("x")], [between, finds("y")], [SYMPTOM, finds("z")]),
    "failure",
  );
});

test("a symptom and an impact are what their kind says, and a rule may fix its role", () => {
  assert.is(role([card("a", { kind: "symptom" }), finds("x")]), "symptom");
  assert.is(role([card("a", { kind: "impact" }), finds("x")]), "impact");
  assert.is(role([card("a", { role: "trigger" }), finds("x")]), "trigger");
});

const RULE_ON_NODE = card("rival", explains(onNode("sym:s")));
const RIVAL = card("rival", explains(effect("sym:s", ["node", "error"], "propagates")));

/** `mechanism status of | sentences | what is missing` for rules that each say something at one moment. */
function rivals(...said: readonly (readonly [Rule, ...Outcome[]])[]): readonly string[] {
  const findings = numbered(...said);
  const verdicts = said.map(([rule, ...outcomes]) => ({ rule, moment: "m1", outcomes, failed: null }));
  const rules = said.map(([rule]) => rule);
  const subject = (id: string) => findings.find((f) => f.id === id)?.subject;
  return findHypotheses(findings, linkFindings(findings), rules, verdicts).map(
    (h) =>
      `${h.mechanism} ${h.status} ${h.of.map(subject)} | ${h.statements.map((s) => plainText(s))} | ${h.missing.map((m) => m.what)}`,
  );
}
const failing = finds("s", { about: { node: ["n1"], error: ["401"] } });

test("a rule that explains the finding is no rival of it", () => {
  const own = finds("c", { about: { node: ["n1"], error: ["401"] } });
  assert.equal(rivals([RIVAL, own, denies("other", { node: ["n1"] })], [SYMPTOM, failing]), []);
});

test("a rule that said nothing, or spoke of another node, is no rival", () => {
  assert.equal(rivals([RIVAL], [SYMPTOM, failing]), []);
  assert.equal(rivals([RIVAL, denies("c", { node: ["n2"] })], [SYMPTOM, failing]), []);
});

test("a rule that refutes itself is told as ruled out, with what refutes it, whatever error it would give", () => {
  const x509 = { node: ["n1"], error: ["x509"] };
  assert.equal(rivals([RIVAL, denies("c", x509)], [SYMPTOM, failing]), ["rival refuted s | c refuted | "]);
});

test("a rule that could not decide stays open, with what is missing", () => {
  assert.equal(rivals([RIVAL, misses("c")], [SYMPTOM, failing]), ["rival open s |  | the list of pods"]);
});

test("what could not name its subject for want of a list may be about any, but for what it does name", () => {
  const byPod = card("rival", explains(effect("sym:s", ["pod"], "prevents-recovery")));
  const stuck = finds("s", { about: { node: ["n1"], pod: ["u1"] } });
  const open = ["rival open s |  | events"];
  assert.equal(rivals([byPod, misses("cluster", "events", {})], [SYMPTOM, stuck]), open);
  assert.equal(rivals([byPod, misses("cluster", "events", { node: [] })], [SYMPTOM, stuck]), open);
  assert.equal(rivals([byPod, misses("n1", "events", { node: ["n1"] })], [SYMPTOM, stuck]), open);
  // Near misses: another node, other pods, and what is refuted without naming whom.
  assert.equal(rivals([byPod, misses("n2", "events", { node: ["n2"] })], [SYMPTOM, stuck]), []);
  assert.equal(rivals([byPod, misses("c", "events", { pod: ["u2"] })], [SYMPTOM, stuck]), []);
  assert.equal(rivals([byPod, denies("c", {})], [SYMPTOM, stuck]), []);
});

/** What `rival`, of this kind, is as to a failure that it says nothing of, where the list of pods is so complete. */
function silent(kind: "symptom" | "mechanism", state: "complete" | "truncated", match = (): Outcome[] => []) {
  const rival = card("rival", { kind, label: "that it was", ...explains(onNode("sym:s")), match });
  const symptom = card("sym:s", { kind: "symptom", match: () => [failing] });
  const coverage = [covered(1, "kube.pod", state)];
  const book = { rules: [rival, symptom], changes: [], timelines: [], surveys: [], benign: [] };
  const intake = { artifacts: [], facts: [], issues: [], coverage };
  return conclude(book, intake, [bundle("bundle-1", "2024-03-05T10:00:00Z")]).hypotheses.map(
    (h) => `${h.mechanism} ${h.status} | ${h.missing.map((m) => m.what)}`,
  );
}

test("a symptom that is not told of in a list that was cut may be there all the same; a mechanism says so itself", () => {
  assert.equal(silent("symptom", "truncated"), ["rival open | all that would show that it was"]);
  assert.equal(silent("symptom", "complete"), []);
  assert.equal(silent("mechanism", "truncated"), []);
  assert.equal(
    silent("symptom", "truncated", () => [denies("c")]),
    ["rival refuted | "],
  );
});

test("a rule that failed on this input has ruled nothing out", () => {
  const told = silent("mechanism", "complete", () => {
    throw new TypeError("odd");
  });
  assert.equal(told, ["rival open | the verdict of the rule rival"]);
});

test("what refutes outweighs what is missing for the same finding", () => {
  assert.equal(rivals([RIVAL, misses("c"), denies("d")], [SYMPTOM, failing]), ["rival refuted s | d refuted | "]);
});

test("what refutes a rival came to be after the finding was last seen: then it stays open", () => {
  const seen = finds("s", { about: { node: ["n1"] }, lastSeen: T("10:30:00") });
  const since = (clock: string): Outcome => ({ ...denies("c"), standsSince: T(clock) }) as Outcome;
  assert.equal(rivals([RULE_ON_NODE, since("10:30:00")], [SYMPTOM, seen]), ["rival refuted s | c refuted | "]);
  const [told] = rivals([RULE_ON_NODE, since("10:30:01")], [SYMPTOM, seen]);
  assert.match(told ?? "", /^rival open s \| {2}\| what was in force before it was replaced/);
});

test("a rival that is ruled out on one node stays open on another", () => {
  const there = { node: ["n2"], error: ["401"] };
  assert.equal(
    rivals(
      [RIVAL, denies("n1", { node: ["n1"] }), misses("n2", "the clock of n2", { node: ["n2"] })],
      [SYMPTOM, failing, finds("t", { about: there })],
    ),
    ["rival refuted s | n1 refuted | ", "rival open t |  | the clock of n2"],
  );
});

test("one rival of two findings is told once, and one subject's refutation once", () => {
  const there = finds("t", { about: { node: ["n1"], error: ["403"] } });
  assert.equal(rivals([RIVAL, denies("c")], [SYMPTOM, failing, there]), ["rival refuted s,t | c refuted | "]);
});

test("a verdict of a moment at which the finding was not seen tells nothing of it", () => {
  const quiet = card("rival", {
    ...explains(onNode("sym:s")),
    match: (_f, context) => (context.moment.id === "m2" ? [denies("c")] : []),
  });
  const symptom = card("sym:s", {
    kind: "symptom",
    match: (_f, context) => (context.moment.id === "m1" ? [failing] : []),
  });
  const intake = { artifacts: [], facts: [], issues: [], coverage: [] };
  const custody = [bundle("a", "2024-03-05T10:00:00Z"), bundle("b", "2024-03-05T12:00:00Z")];
  const book = { rules: [quiet, symptom], changes: [], timelines: [], surveys: [], benign: [] };
  assert.equal(conclude(book, intake, custody).hypotheses, []);
});

test("what was over before the effect began did not bring it about", () => {
  const [cause, target] = numbered(
    [CAUSE, finds("c", { since: T("09:00:00"), over: true, lastSeen: T("09:10:00") })],
    [SYMPTOM, finds("s", { since: T("10:05:00") })],
  ) as [Numbered, Numbered];
  const ended = (by: string): Numbered => ({ ...cause, ended: { after: null, by: T(by), moment: "m1" } });
  assert.equal(linkFindings([ended("10:00:00"), target]), []);
  assert.is(linkFindings([ended("10:30:00"), target]).length, 1);
});

test.run();
