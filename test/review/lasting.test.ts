import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evidenceIn } from "#model/evidence.js";
import type { Found } from "#model/finding.js";
import { type ChangeCard, foreseen } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { covered, finds, onNode, sentence } from "#test/engine/_cards.js";
import { artifact, at } from "#test/rules/_facts.js";
import { review, type Said, saying, taken, told, whole } from "./_inquests.js";

const test = suite("what was read before, and what after, the end of a failure");

const on = (time: string) => at(`2024-03-05T${time}Z`);
/** A thing that was read at a time; null: its bundle's rows do not say. */
const thing = (name: string, time: string | null, node: string | null = null) =>
  artifact({ bundle: "bundle-1", node, origin: name, member: name, collectedAt: time === null ? null : on(time) });
const citing = (name: string, ...of: readonly ReturnType<typeof thing>[]) => {
  const [first, ...rest] = of.map((a) => evidenceIn(a, { kind: "whole" }, name));
  return first ? say`${code(name, first, ...rest)}` : sentence(name);
};

const symptom = (said: Said) => saying("sym:s", said, { kind: "symptom" });
const cause = (said: Said) => saying("cause", said, { explains: [onNode("sym:s")] });
const PODS = thing("pods", "10:00:05");

/** Seen to fail until a time, and over by what a list shows that was read at 10:00:05. */
const over = (lastSeen: string, part: Partial<Found> = {}) => {
  const ending = citing("none of these pods exists any more", PODS);
  const statements = [sentence("pods failed"), ending] as const;
  return finds("x", { since: on("09:00:00"), lastSeen: on(lastSeen), over: true, ending, statements, ...part });
};

const ended = (lastSeen: string, part: Partial<Found> = {}) =>
  review({ rules: [symptom([[over(lastSeen, part)]])], artifacts: [PODS] });

test("what was seen to fail after the list that does not show it did not end by then", () => {
  const draft = ended("10:00:06");
  assert.is(draft.status, "Ongoing");
  assert.is(draft.statusReason, undefined);
  assert.equal(draft.duration, { from: "2024-03-05T09:00:00Z", to: null, activeMs: null, latentMs: null });
  const still =
    "Still seen at 2024-03-05T10:00:06Z: what does not show it was read before that, at 2024-03-05T10:00:05Z.";
  assert.equal(draft.summary.map(told), [["pods failed", still]]);
  assert.equal(told(draft.findings[0]?.statements ?? []), ["pods failed", still]);
  assert.ok(draft.summary[0]?.[1]?.evidence.some((e) => e.origin === "pods"));
  assert.is(draft.findings[0]?.endedBy, null);
});

test("near miss: a list of the same second, or of later, shows the end", () => {
  for (const last of ["10:00:05", "09:59:00"]) {
    const draft = ended(last);
    assert.is(draft.duration.to, "2024-03-05T10:00:05Z");
    assert.is(draft.duration.activeMs, 3_605_000);
    assert.equal(draft.summary.map(told), [["pods failed", "none of these pods exists any more"]]);
  }
});

test("what began after the reading that does not show it is not over, and no time is negative", () => {
  const draft = ended("10:00:05", { since: on("10:00:30"), lastSeen: null });
  assert.is(draft.duration.to, null);
  assert.is(draft.duration.activeMs, null);
  const within = ended("10:00:05", { since: at("2024-03-05T10:00:05.700Z"), lastSeen: null });
  assert.is(within.duration.to, "2024-03-05T10:00:05Z");
  assert.is(within.duration.activeMs, 0);
});

const recovery = (time: string): ChangeCard => ({
  id: "recovery",
  needs: {},
  compare: () => [
    {
      rule: "recovery",
      subject: "x",
      kind: "recovery",
      about: { node: ["n1"] },
      at: on(time),
      statements: [sentence("back")],
    },
  ],
});

test("a recovery from before the last failure is not the end of it", () => {
  const seen = finds("x", { since: on("09:00:00"), lastSeen: on("10:00:00") });
  const end = (time: string) =>
    review({ rules: [symptom([[seen], []])], custody: [taken(1), taken(2)], book: { changes: [recovery(time)] } })
      .duration.to;
  assert.is(end("09:30:00"), "2024-03-05T12:00:10Z");
  assert.is(end("08:30:00"), "2024-03-05T12:00:10Z");
  assert.is(end("10:00:00"), "2024-03-05T10:00:00Z");
  assert.is(end("11:00:00"), "2024-03-05T11:00:00Z");
});

const causeRead = (time: string | null, part: Partial<Found> = {}, more: readonly ReturnType<typeof thing>[] = []) => {
  const file = thing("kubeconfig", time, "n1");
  const first = thing("first", "10:00:01", "n1");
  const last = thing("last", "10:00:09", "n1");
  const found = finds("c", { statements: [citing("cause", file, ...more)], ...part });
  return review({
    rules: [symptom([[over("09:30:00")]]), cause([[found]])],
    artifacts: [PODS, first, file, last, ...more],
    coverage: [...whole(1).filter((c) => c.kind !== "kube.event"), covered(1, "kube.event", "complete", null, EVENTS)],
  });
};
const EVENTS = { origin: "events", member: "events" };

test("a cause that was read before the list that shows the end was not looked at again", () => {
  for (const time of ["09:00:00", "09:45:00", "10:00:04"]) {
    const draft = causeRead(time);
    assert.is(draft.status, "Undetermined", time);
    assert.is(draft.statusReason, "what failed is over; whether its cause still holds was not collected");
    assert.ok(!told(draft.lessons.badly).some((s) => s.startsWith("Still there after")));
    assert.ok(told(draft.lessons.badly).some((s) => s.startsWith("Whether this still holds on n1 was not collected")));
    assert.is(draft.findings.find((f) => f.mechanism === "cause")?.unlooked, true);
    const gap = draft.gaps.find((g) => g.what.startsWith("files, processes and logs of n1 after"));
    assert.is(gap?.why, "read before it was known to be over, and not again");
  }
});

test("near miss: read when the end was known, it was left", () => {
  for (const time of ["10:00:05", "10:00:08"]) {
    const draft = causeRead(time);
    assert.is(draft.status, "Partially Resolved", time);
    assert.ok(told(draft.lessons.badly).some((s) => s.startsWith("Still there after the failures had ended on n1: ")));
    assert.ok(!draft.gaps.some((g) => g.what.startsWith("files, processes")));
  }
});

test("all that shows a cause must have been read since, whatever the time that it is said to have been seen", () => {
  const early = thing("link", "10:00:02", "n1");
  assert.is(causeRead("10:00:08", { lastSeen: on("10:00:10") }, [early]).status, "Undetermined");
  assert.is(causeRead("10:00:08", { lastSeen: on("09:30:00") }).status, "Undetermined", "a sign of long ago");
  assert.is(
    causeRead("10:00:08", {}, [thing("events", "10:00:02")]).status,
    "Partially Resolved",
    "events tell of the past",
  );
});

test("what has no time of its own may have been read at the begin of its bundle", () => {
  assert.is(causeRead(null).status, "Undetermined");
});

test("what is foreseen from what was read before the end may have been prevented since", () => {
  const of = (time: string) => {
    const file = thing("token", time, "n1");
    const outcome = foreseen({
      subject: "f",
      about: { node: ["n1"] },
      mechanism: "sym:s",
      node: "n1",
      at: null,
      on: "the next call",
      unless: "it is repaired",
      statements: [citing("it will fail", file)],
    });
    return review({ rules: [symptom([[over("09:30:00")]]), cause([[outcome]])], artifacts: [PODS, file] }).status;
  };
  assert.is(of("10:00:01"), "Undetermined");
  assert.is(of("10:00:06"), "Partially Resolved");
});

test("a cause whose own failures are over is no outstanding one because another node fails", () => {
  const node = (name: string) => ({ about: { node: [name] } });
  const goesOn = finds("y", { ...node("n2"), since: on("09:10:00"), lastSeen: on("09:59:00") });
  const both = [
    finds("c", { ...node("n1"), lastSeen: on("09:30:00") }),
    finds("d", { ...node("n2"), lastSeen: on("09:59:00") }),
  ];
  const repair = { title: "mend it", type: "repair", priority: "Urgent", doneWhen: "done" } as const;
  const rules = [
    symptom([[over("09:30:00", node("n1")), goesOn]]),
    saying("cause", [both], {
      explains: [onNode("sym:s")],
      consequence: () => ({
        fix: [{ step: "mend", commands: [] }],
        verify: [],
        actions: [repair],
        questions: [],
        stops: null,
      }),
    }),
  ];
  const draft = review({ rules, artifacts: [PODS] });
  assert.is(draft.status, "Ongoing");
  assert.equal(
    draft.findings.filter((f) => f.mechanism === "cause").map((f) => [f.nodes, f.unlooked ?? false]),
    [
      [["n1"], true],
      [["n2"], false],
    ],
  );
  assert.equal(
    draft.actions.map((a) => [a.title, a.priority]),
    [
      ["mend it", "Urgent"],
      ["Where it still holds: mend it", "High"],
    ],
  );
});

test.run();
