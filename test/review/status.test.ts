import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Coverage } from "#model/artifact.js";
import { type ChangeCard, effect } from "#model/rule.js";
import { card, covered, denies, finds, foresees, misses, onNode, sentence } from "#test/engine/_cards.js";
import { artifact, at, fact } from "#test/rules/_facts.js";
import { review, type Said, saying, taken, told, whole } from "./_inquests.js";

const test = suite("status, severity and course");

const symptom = (said: Said) => saying("sym:s", said, { kind: "symptom" });
const cause = (said: Said, part = {}) => saying("cause", said, { explains: [onNode("sym:s")], ...part });
const impact = (said: Said) => saying("impact", said, { kind: "impact" });
const two = [taken(1), taken(2)];
const during = finds("x", { since: at("2024-03-05T09:00:00Z") });

test("nothing found in pods, nodes and events that were collected in full is no fault", () => {
  const { status, severity, duration } = review({ rules: [symptom([[]])] });
  assert.is(status, "No fault found");
  assert.is(severity.proposed, "None");
  assert.equal(duration, { from: null, to: null, activeMs: null, latentMs: null });
});

test("nothing found where pods, nodes or events were not collected in full is undetermined", () => {
  const states: readonly (Coverage | null)[] = ["failed", "denied", "truncated", "absent", null];
  for (const kind of ["kube.pod", "kube.node", "kube.event"] as const) {
    for (const state of states) {
      const coverage = [...whole(1).filter((c) => c.kind !== kind), ...(state ? [covered(1, kind, state)] : [])];
      assert.is(review({ rules: [symptom([[]])], coverage }).status, "Undetermined", `${kind} ${state}`);
    }
  }
});

test("a bundle that is not what its manifest says vouches for nothing", () => {
  const of = (manifest: "verified" | "mismatch") => review({ rules: [], custody: [taken(1, { manifest })] }).status;
  assert.equal([of("verified"), of("mismatch")], ["No fault found", "Undetermined"]);
});

test("more left open than excluded is undetermined", () => {
  const open = saying("open", [[misses("x")]]);
  const out = saying("out", [[denies("x")]]);
  assert.is(review({ rules: [open] }).status, "Undetermined");
  assert.is(review({ rules: [open, out] }).status, "No fault found");
});

test("what an earlier moment collected does not vouch for the last one", () => {
  assert.is(review({ rules: [], custody: two, coverage: whole(1) }).status, "Undetermined");
  assert.is(review({ rules: [], custody: two, coverage: whole(2) }).status, "No fault found");
});

test("a mechanism without a symptom is latent, and low", () => {
  const { status, severity } = review({ rules: [symptom([[]]), cause([[during]])] });
  assert.is(status, "Latent");
  assert.is(severity.proposed, "Low");
});

test("a mechanism is not latent where nothing was collected in which a failure would show", () => {
  const of = (state: Coverage | null) => {
    const coverage = [
      ...whole(1).filter((c) => c.kind !== "kube.event"),
      ...(state ? [covered(1, "kube.event", state)] : []),
    ];
    return review({ rules: [symptom([[]]), cause([[during]])], coverage });
  };
  assert.is(of("truncated").status, "Latent");
  for (const state of ["failed", "lost", "denied", null] as const) {
    const { status, statusReason, severity } = of(state);
    assert.is(status, "Undetermined", `${state}`);
    assert.is(statusReason, "there is a fault; whether it has done harm was not collected");
    assert.match(severity.reason, /whether it has shown itself was not collected/);
  }
});

test("what is foreseen without any finding is latent, and not a review of no fault", () => {
  const draft = review({ rules: [symptom([[]]), cause([[foresees("x", "sym:s")]])] });
  assert.is(draft.status, "Latent");
  assert.is(draft.severity.proposed, "Low");
  assert.is(draft.title, "n1: title of sym:s foreseen");
  assert.equal(draft.summary.map(told), [["x foreseen"]]);
});

test("a symptom at the last collection is ongoing", () => {
  const draft = review({ rules: [symptom([[during]]), cause([[during]])] });
  assert.is(draft.status, "Ongoing");
  assert.is(draft.duration.from, "2024-03-05T09:00:00Z");
  assert.is(draft.duration.to, null);
  assert.is(draft.duration.activeMs, null);
});

test("a sign that is hours old, and nothing after it, shows neither that it goes on nor that it is over", () => {
  const seen = (time: string) =>
    review({
      rules: [symptom([[finds("x", { since: at("2024-03-05T06:00:00Z"), lastSeen: at(`2024-03-05T${time}:00Z`) })]])],
    });
  assert.is(seen("09:30").status, "Ongoing");
  const old = seen("08:00");
  assert.is(old.status, "Undetermined");
  assert.is(old.duration.to, null);
  assert.equal(
    old.impact.intervals.map((i) => i.name),
    ["First symptom to its last sign; whether it went on is not in evidence"],
  );
});

test("a symptom that a later collection did not look at is neither ongoing nor over", () => {
  const draft = review({ rules: [symptom([[during], []])], custody: two, coverage: whole(1) });
  assert.is(draft.status, "Undetermined");
  assert.is(draft.duration.to, null);
  assert.ok(!draft.impact.intervals.some((i) => i.name.includes("ongoing")));
});

test("a symptom that ended while its cause lasts is partially resolved", () => {
  assert.is(
    review({ rules: [symptom([[during], []]), cause([[during], [during]])], custody: two }).status,
    "Partially Resolved",
  );
});

test("it is not resolved while a mechanism that works through another is undecided where it failed", () => {
  const ground = (said: Said, of = "cause") => saying("ground", said, { explains: [onNode(of)] });
  const of = (...rules: Parameters<typeof review>[0]["rules"]) =>
    review({ rules: [symptom([[during], []]), cause([[during], [denies("x")]]), ...rules], custody: two });
  const open = of(ground([[], [misses("g")]]));
  assert.is(open.status, "Undetermined");
  assert.is(open.statusReason, "what failed is over; what was collected does not decide whether it can come back");
  assert.is(of(ground([[], [denies("g")]])).status, "Resolved");
  assert.is(of(ground([[misses("g")], []])).status, "Resolved", "it was decided later");
  assert.is(of(ground([[], [misses("g", "x", { node: ["n2"] })]])).status, "Resolved", "another node");
  assert.is(of(ground([[], [misses("g")]], "sym:s")).status, "Resolved", "what acts at once would show");
  assert.is(of(ground([[], [misses("g")]], "sym:t")).statusReason, undefined);
});

test("a symptom and its cause that ended are partially resolved while more is foreseen", () => {
  const rules = [symptom([[during], []]), cause([[during], [foresees("x", "sym:s")]])];
  assert.is(review({ rules, custody: two }).status, "Partially Resolved");
});

test("all that ended is resolved, by the collection that no longer showed it", () => {
  const draft = review({ rules: [symptom([[during], []]), cause([[during], [denies("x")]])], custody: two });
  assert.is(draft.status, "Resolved");
  assert.is(draft.duration.to, "2024-03-05T12:00:10Z");
  assert.is(draft.duration.activeMs, 3 * 3_600_000 + 10_000);
});

const three = [taken(1), taken(2), taken(3)];
const again = finds("x", { since: at("2024-03-05T13:00:00Z") });

test("two outages with a proven recovery between them are not one", () => {
  const { duration, impact } = review({ rules: [symptom([[during], [], [again]])], custody: three });
  assert.equal(duration.outages, [
    { from: "2024-03-05T09:00:00Z", to: "2024-03-05T12:00:10Z", activeMs: 3 * 3_600_000 + 10_000, exact: false },
    { from: "2024-03-05T13:00:00Z", to: null, activeMs: null, exact: false },
  ]);
  assert.is(duration.activeMs, null);
  assert.equal(
    impact.intervals.map((i) => i.name.split(":")[0]).filter((name) => name?.startsWith("Outage")),
    ["Outage 1"],
  );
});

test("what goes on through it all makes one outage of it, and so does what has no known begin", () => {
  const other = (since: string | null) =>
    saying("sym:t", [[finds("y", { since: since ? at(since) : null })], [finds("y")], [finds("y")]], {
      kind: "symptom",
    });
  for (const since of ["2024-03-05T09:30:00Z", null])
    assert.is(
      review({ rules: [symptom([[during], [], [again]]), other(since)], custody: three }).duration.outages,
      undefined,
    );
});

test("what came back without a recovery between is one outage", () => {
  const early = finds("x", { since: at("2024-03-05T11:00:00Z") });
  const draft = review({ rules: [symptom([[during], [], [early]])], custody: three });
  assert.is(draft.duration.outages, undefined);
});

test("where nobody looked between two failures, it is not said that it went on", () => {
  const seen = (since: string, lastSeen: string) =>
    finds("x", { since: at(`2024-03-05T${since}:00Z`), lastSeen: at(`2024-03-05T${lastSeen}:00Z`) });
  const names = (second: ReturnType<typeof finds>) =>
    review({ rules: [symptom([[seen("09:00", "10:00")], [second]])], custody: two }).impact.intervals.map(
      (i) => i.name,
    );
  assert.equal(names(seen("11:00", "12:00")), [
    "First symptom to the last sign of one; whether it went on between is not in evidence",
  ]);
  assert.equal(names(seen("09:00", "12:00")), ["First symptom to the last collection that shows it, still ongoing"]);
});

const recovery = (time: string): ChangeCard => ({
  id: "recovery",
  needs: {},
  compare: () => [
    {
      rule: "recovery",
      subject: "x",
      kind: "recovery",
      about: { node: ["n1"], pod: ["p1"] },
      at: at(time),
      statements: [sentence("it came back")],
    },
  ],
});

test("a recovery's own time is the end, rather than the collection's", () => {
  const draft = review({
    rules: [symptom([[during], []])],
    custody: two,
    book: { changes: [recovery("2024-03-05T11:15:00Z")] },
  });
  assert.is(draft.duration.to, "2024-03-05T11:15:00Z");
});

test("an impact lasts until the recovery of its own object, else until it was no longer seen", () => {
  const row = (pod: string) =>
    finds(pod, {
      about: { node: ["n1"], pod: [pod] },
      impact: [{ subject: pod, effect: sentence("down"), wanted: 2, available: 1, since: null }],
    });
  const draft = review({
    rules: [impact([[row("p1"), row("p2")], []]), symptom([[during], []])],
    custody: two,
    book: { changes: [recovery("2024-03-05T11:15:00Z")] },
  });
  assert.equal(
    draft.impact.rows.map((r) => `${r.subject} ${r.until}`),
    ["p1 2024-03-05T11:15:00Z", "p2 2024-03-05T12:00:10Z"],
  );
});

test("an impact that lasts has no end", () => {
  const row = finds("w", {
    impact: [{ subject: "w", effect: sentence("down"), wanted: 2, available: 1, since: null }],
  });
  const { impact: told, status } = review({ rules: [impact([[row]])] });
  assert.is(told.rows[0]?.until, null);
  assert.is(status, "Ongoing");
});

for (const [what, replicas, proposed] of [
  [
    "a workload without any replica",
    [
      [2, 0],
      [3, 2],
    ],
    "High",
  ],
  ["workloads with fewer replicas", [[3, 2]], "Medium"],
  ["a workload scaled to none", [[0, 0]], "Medium"],
  ["a workload of unknown size", [[null, null]], "Medium"],
] as const) {
  test(`${what} is ${proposed}, for the reason that it names`, () => {
    const rows = replicas.map(([wanted, available], i) =>
      finds(`w${i}`, { impact: [{ subject: `w${i}`, effect: sentence("x"), wanted, available, since: null }] }),
    );
    const { severity } = review({ rules: [symptom([[during]]), impact([rows])] });
    assert.is(severity.proposed, proposed);
    if (proposed === "High") assert.is(severity.reason, "1 of 2 affected workloads had no replica ready");
  });
}

const LISTS = ["deployments", "statefulsets", "daemonsets", "replicasets"] as const;
type Lists = Partial<Record<(typeof LISTS)[number], Coverage | null>>;

/** Lists of workloads, in full where nothing else is said; null: not asked for. */
const listed = (n: number, states: Lists = {}) =>
  LISTS.flatMap((origin) => {
    const state = states[origin] === undefined ? "complete" : states[origin];
    const member = `cluster/${origin}.json`;
    return state ? [covered(n, "kube.workload", state, null, { origin, member })] : [];
  });

test("that no workload was without a replica is said of lists that were whole while the symptom went on", () => {
  const lists = (n: number, state: Coverage = "complete") => listed(n, { deployments: state });
  const of = (said: Said, ...more: ReturnType<typeof lists>) =>
    review({ rules: [symptom(said)], custody: two, coverage: [...whole(1, 2), ...more] }).severity;
  const none = "symptoms were seen, and no workload without a ready replica";
  const unknown = { proposed: "Medium", reason: "symptoms were seen; what workloads lost was not collected" };
  const going = of([[during], [during]], ...lists(2));
  assert.is(going.reason, none);
  assert.equal([...new Set(going.evidence?.map((e) => e.origin))], [...LISTS, "pods"]);
  assert.is(of([[during], []], ...lists(1)).reason, none);
  assert.equal(of([[during], [during]]), unknown, "no list");
  assert.equal(of([[during], [during]], ...lists(2, "truncated")), unknown, "a cut list");
  assert.equal(of([[during], []], ...lists(2)), unknown, "a list of after the end");
  const unsure = { rules: [symptom([[during]]), impact([[misses("w")]])], coverage: [...whole(1), ...lists(1)] };
  assert.equal(review(unsure).severity, unknown, "a list that lacks some of them");
  const over = finds("x", { since: at("2024-03-05T09:00:00Z"), over: true });
  assert.equal(of([[], [over]], ...lists(2)), unknown, "a list of after an end that it knows of");
});

test("a list that was not even asked for may hold a workload without a replica", () => {
  const reason = (states: Lists) =>
    review({ rules: [symptom([[during]])], coverage: [...whole(1), ...listed(1, states)] }).severity.reason;
  const none = "symptoms were seen, and no workload without a ready replica";
  for (const list of ["deployments", "statefulsets", "daemonsets"])
    for (const state of ["denied", "failed", "truncated", null] as const)
      assert.is(
        reason({ [list]: state }),
        "symptoms were seen; what workloads lost was not collected",
        `${list} ${state}`,
      );
  assert.is(reason({}), none);
  assert.is(reason({ replicasets: null }), none, "a Deployment's own status counts its replicas");
});

test("a workload that says itself that no replica of it is ready is told, and never that there is none", () => {
  const own = (kind: string, ready: number | null, more = {}) => ({
    ...fact("kube.workload", { kind, name: "pay", desired: 1, ready, ...more } as object),
    artifact: artifact({ bundle: "bundle-1", origin: "deployments" }),
  });
  const reason = (facts: ReturnType<typeof own>[], states: Lists = {}) =>
    review({ rules: [symptom([[during]])], facts, coverage: [...whole(1), ...listed(1, states)] }).severity;
  const one = "1 workload had no replica ready, and whether by what failed is not shown";
  for (const kind of ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"])
    assert.is(reason([own(kind, 0)]).reason, `symptoms were seen; ${one}`, kind);
  const owner = { kind: "Deployment", name: "pay", uid: null };
  const both = reason([own("Deployment", 0), own("ReplicaSet", 0, { name: "pay-1", owner })]);
  assert.is(both.reason, `symptoms were seen; ${one}`, "a ReplicaSet is its Deployment's");
  assert.is(both.proposed, "Medium");
  assert.is(both.evidence?.length, 1);
  assert.is(reason([own("Deployment", 0)], { replicasets: null }).reason, `symptoms were seen; at least ${one}`);
  const none = "symptoms were seen, and no workload without a ready replica";
  assert.is(reason([own("Deployment", 1)]).reason, none);
  assert.is(reason([own("Deployment", 0, { desired: 0 })]).reason, none, "scaled to none");
  assert.is(reason([own("Job", 0)]).reason, none, "a job wants no replicas");
  const unknown = "symptoms were seen; what workloads lost was not collected";
  assert.is(reason([own("Deployment", null)]).reason, unknown, "a workload without a status");
});

test("a list of before the symptom does not show what was lost by it", () => {
  const reason = (time: string) => {
    const read = (c: ReturnType<typeof covered>) => ({ ...c.artifact, collectedAt: at(`2024-03-05T${time}:00Z`) });
    const coverage = [...whole(1), ...listed(1)];
    return review({ rules: [symptom([[during]])], coverage, artifacts: coverage.map(read) }).severity.reason;
  };
  assert.is(reason("08:59"), "symptoms were seen; what workloads lost was not collected");
  assert.is(reason("09:00"), "symptoms were seen, and no workload without a ready replica");
});

test("one of what is counted is told as one", () => {
  const reason = (available: number) => {
    const row = finds("w", { impact: [{ subject: "w", effect: sentence("x"), wanted: 2, available, since: null }] });
    return review({ rules: [symptom([[during]]), impact([[row]])] }).severity.reason;
  };
  assert.is(reason(1), "1 workload ran with fewer replicas than wanted, none without any");
  assert.is(reason(0), "the one affected workload had no replica ready");
});

test("the fault lay from its trigger to the first symptom", () => {
  const trigger = (time: string) => cause([[finds("t", { since: at(time) })]], { role: "trigger" });
  const draft = (time: string) => review({ rules: [symptom([[during]]), trigger(time)] });
  const lay = draft("2024-03-05T05:19:00Z");
  assert.is(lay.duration.latentMs, (3 * 60 + 41) * 60_000);
  assert.ok(
    lay.summary.flatMap(told).some((s) => s.startsWith("The fault lay for 3 h 41 min before the first symptom")),
  );
  assert.equal(
    lay.impact.intervals.map((i) => i.name),
    ["Fault laid to first symptom (latent)", "First symptom to the last collection that shows it, still ongoing"],
  );
  assert.is(draft("2024-03-05T09:30:00Z").duration.latentMs, null);
  assert.is(review({ rules: [symptom([[during]]), cause([[during]])] }).duration.latentMs, null);
});

test("where only the latest is known that the fault was laid, it lay for at least so long", () => {
  const laid = (part: Parameters<typeof finds>[1]) =>
    review({ rules: [symptom([[during]]), cause([[finds("t", part)]], { role: "trigger" })] });
  const draft = laid({ since: at("2024-03-05T05:19:00Z"), sinceAtLatest: true });
  assert.is(draft.duration.latentMs, (3 * 60 + 41) * 60_000);
  assert.is(draft.duration.latentIsLeast, true);
  assert.ok(draft.summary.flatMap(told).some((s) => s.startsWith("The fault lay for at least 3 h 41 min before")));
  assert.ok(draft.impact.intervals.some((i) => told([i.statement]).includes("at least 3 h 41 min")));
  const exact = laid({ since: at("2024-03-05T05:19:00Z") });
  assert.is(exact.duration.latentIsLeast, undefined);
});

test("a symptom that another explains began with that one", () => {
  const stuck = saying("sym:stuck", [[finds("x", { since: at("2024-03-05T08:00:00Z") })]], { kind: "symptom" });
  const failing = saying("sym:s", [[during]], {
    kind: "symptom",
    explains: [effect("sym:stuck", ["node"], "prevents-recovery")],
  });
  assert.is(review({ rules: [stuck] }).duration.from, "2024-03-05T08:00:00Z");
  const lasting = saying(
    "sym:stuck",
    [[finds("x", { since: at("2024-03-05T08:00:00Z"), lastSeen: at("2024-03-05T10:00:00Z") })]],
    {
      kind: "symptom",
    },
  );
  assert.is(review({ rules: [lasting, failing] }).duration.from, "2024-03-05T09:00:00Z");
});

test("the date is the first symptom's, in the report's zone", () => {
  const late = symptom([[finds("x", { since: at("2024-03-05T23:30:00Z") })]]);
  assert.is(review({ rules: [late] }).date, "2024-03-05");
  assert.is(review({ rules: [late], zone: "Australia/Brisbane" }).date, "2024-03-06");
  assert.is(review({ rules: [card("x")] }).date, "2024-03-05");
});

test("a begin that lies within a span is told by its earliest, and not by the day that holds the span", () => {
  const begin = { ...at("2024-03-05T06:00:11Z"), precisionMs: 3 * 3_600_000 };
  const draft = review({ rules: [symptom([[during]]), cause([[finds("c", { since: begin })]])] });
  assert.ok(
    draft.summary
      .flatMap(told)
      .includes(
        "The fault lay for at most 3 h before the first symptom, from 2024-03-05T06:00:11Z at the earliest to 2024-03-05T09:00:00Z",
      ),
  );
});

test("how long a fault lay is told no more exactly than its begin is known", () => {
  const laid = (since: string, precisionMs?: number) => {
    const begin = at(since);
    const exact = precisionMs === undefined ? begin : { ...begin, precisionMs };
    const draft = review({ rules: [symptom([[during]]), cause([[finds("c", { since: exact })]])] });
    const [latent] = draft.impact.intervals;
    const said = draft.summary.flatMap(told).find((s) => s.startsWith("The fault lay"));
    const learnt = told(draft.lessons.badly)[0]?.split(",")[0] ?? null;
    return [said?.split(" before ")[0], learnt, latent && told([latent.statement])[0], draft.duration];
  };
  const of = (text: string, most: number, least: number) => [
    `The fault lay for ${text}`,
    least > 60_000 ? `The fault lay for ${text}` : null,
    text,
    {
      from: "2024-03-05T09:00:00Z",
      to: null,
      activeMs: null,
      latentMs: null,
      latentBetweenMs: { least, most },
    },
  ];
  const [MINUTE, HOUR] = [60_000, 3_600_000];
  assert.equal(laid("2024-03-02"), of("between 2 d 9 h and 3 d 9 h", 81 * HOUR, 57 * HOUR));
  assert.equal(laid("2024-03-05"), of("at most 9 h", 9 * HOUR, 0));
  assert.equal(laid("2024-03-05T05:19Z"), of("between 3 h 40 min and 3 h 41 min", 221 * MINUTE, 220 * MINUTE));
  assert.equal(laid("2024-03-05T05:00:00Z", 4 * HOUR), of("at most 4 h", 4 * HOUR, 0));
});

test.run();
