import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { templateOf } from "#parsers/template.js";
import { apiList, intakeOf, ofKind, values } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("kube-event");

const MESSAGE = (uid: string, sandbox: string): string =>
  `error killing pod: failed to "KillPodSandbox" for "${uid}" with KillPodSandboxError: "rpc error: code = Unknown desc = failed to destroy network for sandbox \\"${sandbox}\\": plugin type=\\"calico\\" failed (delete): error getting ClusterInformation: connection is unauthorized: Unauthorized"`;
const UID = "3e1200a3-62f6-4f9c-bd4c-7dfb735a2726";
const SANDBOX = "397a1e220ab666d07d4047621524897f14ede377184e2077d8417f61e40501f4";

const killed = (n: number, over: object = {}) => ({
  metadata: {
    name: `rep-${n}.18ea5cdbc2d4200f`,
    namespace: "openebs",
    uid: `event-${n}`,
    creationTimestamp: "2026-05-23T02:01:40Z",
  },
  involvedObject: { kind: "Pod", namespace: "openebs", name: `rep-${n}`, uid: `pod-${n}` },
  reason: "FailedKillPod",
  message: MESSAGE(UID.replace("3e12", `3e1${n % 10}`), SANDBOX.replace("397a", `397${n % 10}`)),
  source: { component: "kubelet", host: "k8s01" },
  firstTimestamp: `2026-05-23T02:01:${30 + n}Z`,
  lastTimestamp: `2026-05-23T02:45:${10 + n}Z`,
  count: 180 + n,
  type: "Warning",
  eventTime: null,
  reportingComponent: "",
  reportingInstance: "",
  ...over,
});

const api = (time: string) => ({ epochMs: Date.parse(time), precisionMs: 1000, clock: "api" });

test("events of six pods are one series, each pod with its own count, times and evidence", () => {
  const [fact, ...others] = ofKind(
    intakeOf([apiList("events"), [1, 2, 3, 4, 5, 6].map((n) => killed(n))]),
    "kube.event",
  );
  assert.is(others.length, 0);
  const series = fact?.value;
  assert.is(series?.reason, "FailedKillPod");
  assert.is(series?.component, "kubelet");
  assert.is(series?.node, "k8s01");
  assert.is(fact?.node, "k8s01");
  assert.is(series?.count, 181 + 182 + 183 + 184 + 185 + 186);
  assert.equal(series?.first, api("2026-05-23T02:01:31Z"));
  assert.equal(series?.last, api("2026-05-23T02:45:16Z"));
  assert.is(series?.objects.length, 6);
  assert.is(series?.objects[4]?.count, 185);
  assert.equal(series?.objects[4]?.evidence.locator, { kind: "json", pointer: "/items/4" });
  assert.match(series?.message ?? "", /plugin type=\\"calico\\" failed \(delete\)/);
});

test("what makes another series", () => {
  const others = [
    { reason: "FailedCreatePodSandBox" },
    { type: "Normal" },
    { source: { component: "kubelet", host: "k8s02" } },
    { involvedObject: { kind: "Pod", namespace: "apps", name: "x" } },
    { message: MESSAGE(UID, SANDBOX).replace("calico", "cilium-cni") },
    { message: MESSAGE(UID, SANDBOX).replace("Unauthorized", "Forbidden") },
  ];
  for (const over of others)
    assert.is(
      ofKind(intakeOf([apiList("events"), [killed(1), killed(2, over)]]), "kube.event").length,
      2,
      JSON.stringify(over),
    );
});

test("the same event in both lists of a bundle counts once, in two bundles twice", () => {
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, ...rest } = killed(1);
  const other = {
    ...rest,
    regarding: involvedObject,
    note: message,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  };
  const both = values(
    intakeOf([apiList("events"), [killed(1)]], [apiList("events.events.k8s.io"), [other]]),
    "kube.event",
  );
  assert.equal(
    both.map((s) => s.count),
    [181],
  );
  const alone = values(intakeOf([apiList("events.events.k8s.io"), [other]]), "kube.event");
  assert.is(alone[0]?.node, "k8s01");
  assert.is(alone[0]?.count, 181);
  assert.equal(alone[0]?.first, api("2026-05-23T02:01:31Z"));
  assert.is(
    values(intakeOf([apiList("events"), [killed(1)]], [apiList("events", "b2"), [killed(1)]]), "kube.event").length,
    2,
  );
});

test("a scheduler's event without count stands for one at least; with a series for its count", () => {
  const scheduling = {
    ...killed(1),
    source: {},
    count: undefined,
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: "2026-05-23T02:01:40.767142Z",
    reportingComponent: "default-scheduler",
    reportingInstance: "default-scheduler-vm",
  };
  const [first] = values(intakeOf([apiList("events"), [scheduling]]), "kube.event");
  assert.is(first?.component, "default-scheduler");
  assert.is(first?.node, null);
  assert.is(first?.count, 1);
  assert.is(first?.objects[0]?.count, null);
  assert.is(first?.first?.epochMs, Date.parse("2026-05-23T02:01:40.767Z"));
  const repeated = {
    ...scheduling,
    metadata: { ...scheduling.metadata, uid: "e2" },
    series: { count: 4, lastObservedTime: "2026-05-23T02:31:40.000001Z" },
  };
  const [both] = values(intakeOf([apiList("events"), [scheduling, repeated]]), "kube.event");
  assert.is(both?.count, 5);
  assert.is(both?.objects[0]?.count, 5);
  assert.is(both?.last?.epochMs, Date.parse("2026-05-23T02:31:40Z"));
});

test("whose node it is", () => {
  const node = (over: object) => values(intakeOf([apiList("events"), [killed(1, over)]]), "kube.event")[0]?.node;
  assert.is(node({ source: {}, reportingComponent: "kubelet", reportingInstance: "k8s03" }), "k8s03");
  assert.is(
    node({ source: { component: "node-controller" }, involvedObject: { kind: "Node", name: "k8s02" } }),
    "k8s02",
  );
  assert.is(node({ source: { component: "replicaset-controller" } }), null);
});

test("damaged events cost what is damaged", () => {
  const bad = [{ count: "185" }, { count: -1 }, { count: 1.5 }, { count: 1e300 }, { firstTimestamp: 5 }];
  for (const over of bad) {
    const intake = intakeOf([apiList("events"), [killed(1, over)]]);
    assert.is(intake.issues[0]?.code, "W_FIELD", JSON.stringify(over));
    assert.is(values(intake, "kube.event").length, 1);
  }
  for (const lastTimestamp of ["2026-05-23 02:45", "", "yesterday", 5]) {
    const intake = intakeOf([apiList("events"), [killed(1, { lastTimestamp })]]);
    assert.is(values(intake, "kube.event")[0]?.last, null, `${lastTimestamp} is not the first time either`);
    assert.is(intake.coverage[0]?.coverage, "truncated");
  }
  const intake = intakeOf([apiList("events"), [killed(1, { involvedObject: {} }), killed(2)]]);
  assert.is(values(intake, "kube.event").length, 1);
  assert.is(intake.coverage[0]?.coverage, "truncated");
});

test("a begin that lies after the end, or in another age, is none: the API server's stamp stands for it", () => {
  const of = (over: object) => values(intakeOf([apiList("events"), [killed(1, over)]]), "kube.event")[0];
  const stored = api("2026-05-23T02:01:40Z");
  assert.equal(of({ firstTimestamp: "9999-12-31T23:59:59Z" })?.first, stored);
  assert.equal(of({ firstTimestamp: "2026-05-23T02:46:00Z" })?.first, stored);
  assert.equal(of({ firstTimestamp: "9999-12-31T23:59:59Z" })?.last, api("2026-05-23T02:45:11Z"));
  // Near misses: an event of one sighting, and a reporter that is minutes or years ahead.
  assert.equal(of({ firstTimestamp: "2026-05-23T02:45:11Z" })?.first, api("2026-05-23T02:45:11Z"));
  const ahead = { firstTimestamp: "2031-05-23T02:01:31Z", lastTimestamp: "2031-05-23T02:45:11Z" };
  assert.equal(of(ahead)?.first, api("2031-05-23T02:01:31Z"));
  const issues = (over: object) => {
    const { issues, coverage } = intakeOf([apiList("events"), [killed(1, over)]]);
    return [issues.map((i) => `${i.code} ${/\/items\S*$/.exec(i.message)}`), coverage[0]?.coverage];
  };
  const told = [["W_FIELD /items/0/firstTimestamp"], "complete"];
  assert.equal(issues({ firstTimestamp: "2026-05-23T02:46:00Z" }), told);
  assert.equal(issues({ firstTimestamp: "9999-12-31T23:59:59Z" }), told);
  assert.equal(issues(ahead), [[], "complete"]);
  // An end that was made up is not known.
  const intake = intakeOf([apiList("events"), [killed(1, { lastTimestamp: "9999-12-31T23:59:59Z" })]]);
  assert.is(values(intake, "kube.event")[0]?.last, null);
  assert.is(intake.coverage[0]?.coverage, "truncated");
});

test("objects are kept up to 500, and the rest counted once each", () => {
  const many = [...Array(700).keys(), ...Array(700).keys()].map((n, i) =>
    killed(1, {
      metadata: { uid: `e${i}` },
      involvedObject: { kind: "Pod", namespace: "openebs", name: `p${n}`, uid: `u${n}` },
      count: 2,
    }),
  );
  const [series] = values(intakeOf([apiList("events"), many]), "kube.event");
  assert.is(series?.objects.length, 500);
  assert.is(series?.moreObjects, 200);
  assert.is(series?.count, 2800);
});

test("kinds without end are cut, and then the list is not complete", () => {
  const many = Array.from({ length: 5_100 }, (_, n) => killed(1, { metadata: { uid: `e${n}` }, reason: `Reason${n}` }));
  const intake = intakeOf([apiList("events"), many]);
  assert.is(intake.facts.length, 5_000);
  assert.is(intake.coverage[0]?.coverage, "truncated");
  assert.match(intake.issues[0]?.message ?? "", /^100 events/);
});

test("hostile messages end in time", () => {
  const messages = [
    `${" ".repeat(1_000_000)}y`,
    "eyJ".repeat(300_000),
    "[".repeat(1_000_000),
    '"1'.repeat(500_000),
    "\u001b[31m".repeat(100_000),
    "-".repeat(1_000_000),
  ];
  const start = performance.now();
  const intake = intakeOf([apiList("events"), messages.map((message, n) => killed(n, { message }))]);
  assert.ok(performance.now() - start < 2_000);
  assert.ok(sound(intake));
  assert.ok(values(intake, "kube.event").every((series) => series.message.length <= 4_096));
});

test("messages alike, and unlike", () => {
  const alike: readonly (readonly [string, string])[] = [
    [MESSAGE(UID, SANDBOX), MESSAGE(UID.replace("3e12", "aaaa"), SANDBOX.replace("397a", "beef"))],
    ["Created pod: calico-node-g8kmz", "Created pod: calico-node-4kkvd"],
    [
      'MountVolume.SetUp failed for volume "kube-api-access-8kdw8" : x',
      'MountVolume.SetUp failed for volume "kube-api-access-ng88n" : x',
    ],
    ["Back-off 10s restarting", "Back-off 5m20s restarting".replace("5m20s", "20s")],
    ["0/3 nodes are available: 3 Insufficient cpu.", "0/12 nodes are available: 10 Insufficient cpu."],
  ];
  for (const [a, b] of alike) assert.is(templateOf(a), templateOf(b), a);
  const unlike: readonly (readonly [string, string])[] = [
    ["GET x -> HTTP 401", "GET x -> HTTP 200"],
    ['plugin type="calico" failed', 'plugin type="portmap" failed'],
    ["connection is unauthorized: Unauthorized", "connection is unauthorized: Forbidden"],
    ["rpc error: code = Unknown desc", "rpc error: code = DeadlineExceeded desc"],
    ['failed to "KillPodSandbox"', 'failed to "KillContainer"'],
  ];
  for (const [a, b] of unlike) assert.is.not(templateOf(a), templateOf(b), a);
});

test("no input throws", () => {
  const field = fc.constantFrom(...Object.keys(killed(1)), "series", "regarding", "deprecatedSource", "__proto__");
  const event = fc.dictionary(field, fc.jsonValue({ maxDepth: 3 })).map((over) => killed(1, over));
  fc.assert(
    fc.property(fc.array(fc.oneof(event, fc.jsonValue())), (items) => sound(intakeOf([apiList("events"), items]))),
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => templateOf(text).length <= 4_096));
});

test.run();
