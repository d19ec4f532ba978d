import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import { formatUtc } from "#model/instant.js";
import { plainText } from "#model/statement.js";
import rule from "#rules/kubelet/sym-failed-create-sandbox.js";
import { at, event, fact, foundBy, judge, pod, runRule, slights, verdicts, world } from "#test/rules/_facts.js";

const test = suite("sym:failed-create-sandbox");

const failed = (first: string, last: string, count = 5) =>
  event({
    reason: "FailedCreatePodSandBox",
    message:
      '(combined from similar events): Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "72ee": plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized: Unauthorized',
    first: at(first),
    last: at(last),
    count,
    objects: [{ name: "web", uid: "uid-web", count }],
  });

const container = (state: string) => ({
  name: "web",
  image: null,
  init: false,
  ready: state === "running",
  restarts: 0,
  state,
  startedAt: null,
});
const waiting = (created: string) =>
  pod({ name: "web", phase: "Pending", created: at(created), containers: [container("waiting:ContainerCreating")] });
const READY = { type: "Ready", status: "True", reason: null, message: null, since: null, heartbeat: null };
const running = pod({ name: "web", conditions: [READY], containers: [container("running")] });

test("of several events of one pod the headline cites the one that shows the end, and the one that shows the begin", () => {
  const later = failed("2024-03-05T10:10:00Z", "2024-03-05T10:20:00Z");
  const first = failed("2024-03-05T10:00:00Z", "2024-03-05T10:05:00Z");
  const headline = foundBy(rule, later, first, waiting("2024-03-05T10:00:00Z"))[0]?.statements[0];
  assert.ok(
    headline && plainText(headline).startsWith("From 2024-03-05T10:00:00Z until at least 2024-03-05T10:20:00Z"),
  );
  for (const { evidence } of [first, later])
    assert.ok(headline?.evidence.some((e) => JSON.stringify(e.locator) === JSON.stringify(evidence.locator)));
});

test("a pod that became ready shortly after had a slow start", () => {
  assert.equal(slights(runRule(rule, failed("2024-03-05T10:00:00Z", "2024-03-05T10:02:00Z"), running)), [
    "From 2024-03-05T10:00:00Z until at least 2024-03-05T10:02:00Z the kubelet's attempts to set up the network of one pod on n1 failed: the API server answered Unauthorized (HTTP 401); no pod was seen to fail for longer than 5 min, too short to tell",
  ]);
});

test("a pod in its first minute is no symptom", () => {
  assert.equal(
    verdicts(runRule(rule, failed("2024-03-05T10:29:40Z", "2024-03-05T10:29:40Z", 1), waiting("2024-03-05T10:29:30Z"))),
    ["slight n1|401"],
  );
});

const NOT_THERE =
  "stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running";
const early = (inner: string, first = "10:28:41", last = "10:29:20") => {
  const base = failed(`2024-03-05T${first}Z`, `2024-03-05T${last}Z`, 4);
  const message = base.value.message.replace(/error getting.*$/, inner);
  return { ...base, value: { ...base.value, message, objects: base.value.objects.map((o) => ({ ...o, message })) } };
};
const kubelet = (time: string) =>
  event({
    reason: "Starting",
    component: "kubelet",
    type: "Normal",
    message: "Starting kubelet.",
    objectKind: "Node",
    namespace: null,
    objects: [{ name: "n1", first: at(`2024-03-05T${time}Z`), last: at(`2024-03-05T${time}Z`) }],
  });
const agent = (started: string, restarts = 0) =>
  pod({
    name: "calico-node-x",
    namespace: "kube-system",
    startedAt: at(`2024-03-05T${started}Z`),
    owner: { kind: "DaemonSet", name: "calico-node", uid: null },
    template: {
      ...pod({}).value.template,
      hostNetwork: true,
      hostPaths: [{ name: "cni-net-dir", path: "/etc/cni/net.d" }],
    },
    containers: [{ ...container("running"), restarts }],
  });
const soon = waiting("2024-03-05T10:28:40Z");

test("what fails behind a start of its node or of its agent minutes ago is too young to tell", () => {
  const said = runRule(rule, early(NOT_THERE), soon, kubelet("10:28:10"), agent("10:28:30"));
  assert.equal(verdicts(said), ["slight n1|agent-not-ready:calico"]);
  assert.ok(said.every((o) => o.outcome === "slight" && o.open));
  const told = said.flatMap((o) => ("statements" in o ? o.statements.map((s) => plainText(s)) : []));
  assert.equal(told.slice(1), [
    "The kubelet of n1 had started only at 2024-03-05T10:28:10Z",
    "The CNI agent of n1, kube-system/calico-node-x, had started only at 2024-03-05T10:28:30Z",
  ]);
  for (const start of [kubelet("10:28:10"), agent("10:28:30")])
    assert.equal(verdicts(runRule(rule, early(NOT_THERE), soon, start)), ["slight n1|agent-not-ready:calico"]);
});

test("it is one without a start, before it, long after it, for a crash loop, and for a refusal that no start explains", () => {
  const lasting = early(NOT_THERE, "10:20:30", "10:29:20");
  const old = waiting("2024-03-05T10:20:00Z");
  for (const [why, ...facts] of [
    ["no start", early(NOT_THERE), soon],
    ["it failed before", early(NOT_THERE, "10:28:05"), waiting("2024-03-05T10:28:00Z"), kubelet("10:28:40")],
    ["it lasts", lasting, old, kubelet("10:20:10")],
    ["a start long ago", early(NOT_THERE), soon, kubelet("10:20:10")],
    ["a crash loop", early(NOT_THERE), soon, agent("10:28:30", 3)],
    [
      "another node",
      early(NOT_THERE),
      soon,
      { ...agent("10:28:30"), value: { ...agent("10:28:30").value, node: "n2" } },
    ],
    [
      "a refused token",
      early("connection is unauthorized: Unauthorized"),
      soon,
      kubelet("10:28:10"),
      agent("10:28:30"),
    ],
  ] as const)
    assert.is(foundBy(rule, ...facts).length, 1, why);
});

test("a pod still without a sandbox is", () => {
  const [found] = foundBy(
    rule,
    failed("2024-03-05T10:00:00Z", "2024-03-05T10:29:00Z"),
    waiting("2024-03-05T09:59:58Z"),
  );
  assert.is(found?.subject, "n1|401");
  assert.is(found?.over, false);
});

test("two slow starts of different pods half an hour apart are noise", () => {
  const of = (name: string, time: string) => {
    const one = failed(time, time, 1);
    const objects = one.value.objects.map((o) => ({ ...o, name, uid: `uid-${name}` }));
    return { ...one, value: { ...one.value, objects } };
  };
  assert.equal(verdicts(runRule(rule, of("a", "2024-03-05T09:20:00Z"), of("b", "2024-03-05T09:54:00Z"))), [
    "slight n1|401",
  ]);
});

test("containerd's lines name the pod; those of others that name none are of the pods that wait there, with a premise", () => {
  const line = (sample: string) =>
    fact("log", { sample, first: at("2024-03-05T10:00:01Z"), last: at("2024-03-05T10:29:50Z"), count: 99 }, "n1");
  const wait = pod({ ...waiting("2024-03-05T10:00:00Z").value, uid: "3218854c-9a9f-47e7-8742-a62d40a5b962" });
  const error =
    'failed" error="failed to setup network for sandbox \\"72ee\\": plugin type=\\"calico\\" failed (add): connection is unauthorized: Unauthorized"';
  const named = `msg="RunPodSandbox for &PodSandboxMetadata{Name:web,Uid:3218854c-9a9f-47e7-8742-a62d40a5b962,Namespace:shop,Attempt:0,} ${error}`;
  const unverified = (sample: string) =>
    foundBy(rule, line(sample), wait).map((f) => [f.about.pod, f.over, f.unverified.length]);
  assert.equal(unverified(named), [[["3218854c-9a9f-47e7-8742-a62d40a5b962"], false, 0]]);
  const other = named.replace("3218854c", "99999999");
  assert.equal(unverified(other).at(0)?.slice(1), [false, 1]);
});

test("what lasted long in the past is told as over", () => {
  const [found] = foundBy(rule, failed("2024-03-05T09:00:00Z", "2024-03-05T09:20:00Z", 80), running);
  assert.is(found?.over, true);
});

const ending = (...facts: Parameters<typeof foundBy>[1][]) => foundBy(rule, ...facts)[0]?.ending ?? null;
const say = (...facts: Parameters<typeof foundBy>[1][]) => {
  const told = ending(...facts);
  return told && plainText(told);
};
const of = (...names: readonly string[]) => {
  const one = failed("2024-03-05T09:00:00Z", "2024-03-05T09:20:00Z", 80);
  const [object] = one.value.objects;
  if (!object) throw new Error("no object");
  return { ...one, value: { ...one.value, objects: names.map((name) => ({ ...object, name, uid: `uid-${name}` })) } };
};
const up = (name: string) => pod({ name, conditions: [READY], containers: [container("running")] });

test("what became of the pods is told: gone, ready by now, or some of each", () => {
  assert.is(say(of("web")), "At 2024-03-05T10:30:00Z this pod existed no more");
  assert.is(say(of("a", "b")), "At 2024-03-05T10:30:00Z none of these pods existed any more");
  assert.is(say(of("web"), running), "At 2024-03-05T10:30:00Z this pod was ready");
  assert.is(say(of("a", "b"), up("a"), up("b")), "At 2024-03-05T10:30:00Z each of these pods was ready");
  assert.is(
    say(of("a", "b", "c"), up("a")),
    "At 2024-03-05T10:30:00Z one of these pods was ready, and two existed no more",
  );
});

test("nothing is told of pods that are neither gone nor ready", () => {
  const unready = pod({ name: "web", conditions: [{ ...READY, status: "False" }], containers: [container("running")] });
  assert.is(say(of("web"), unready), null);
  assert.is(say(of("web", "b"), unready), null);
});

test("nor of pods that still wait, where the failure goes on", () => {
  const [found] = foundBy(
    rule,
    failed("2024-03-05T10:00:00Z", "2024-03-05T10:29:00Z"),
    waiting("2024-03-05T09:00:00Z"),
  );
  assert.is(found?.over, false);
  assert.is(found?.ending ?? null, null);
});

test("that a pod is gone is told from a whole list only; that one is ready, from any that lists it", () => {
  for (const coverage of [{}, { "kube.pod": "truncated" }, { "kube.pod": "failed" }] as const) {
    const facts = (...more: Parameters<typeof foundBy>[1][]) => {
      const outcomes = judge(
        rule,
        world({ facts: [of("web"), ...more], coverage: { "kube.event": "complete", ...coverage } }),
      );
      return outcomes.flatMap((o) => (o.outcome === "found" && o.ending ? [plainText(o.ending)] : []));
    };
    assert.equal(facts(), []);
    if ("kube.pod" in coverage) assert.equal(facts(running), ["At 2024-03-05T10:30:00Z this pod was ready"]);
  }
});

test("a series that counts more pods than it names does not tell what became of all, and a line of a log of none", () => {
  const one = of("web");
  assert.is(say({ ...one, value: { ...one.value, moreObjects: 3 } }), null);
  const sample =
    'msg="RunPodSandbox for &PodSandboxMetadata{Name:web,Uid:3218854c-9a9f-47e7-8742-a62d40a5b962,Namespace:shop,Attempt:0,} failed" error="failed to setup network for sandbox: connection is unauthorized: Unauthorized"';
  const line = fact(
    "log",
    { sample, first: at("2024-03-05T09:00:00Z"), last: at("2024-03-05T09:30:00Z"), count: 99 },
    "n1",
  );
  assert.is(say(line), null);
});

test("it tells that no API server was asked only where each text of each pod shows it", () => {
  const of = (...inner: readonly string[]) => {
    const base = failed("2024-03-05T10:00:00Z", "2024-03-05T10:29:00Z");
    const events = inner.map((text) => {
      const message = base.value.message.replace(/error getting.*$/, text);
      return {
        ...base,
        value: { ...base.value, message, objects: base.value.objects.map((o) => ({ ...o, message })) },
      };
    });
    return foundBy(rule, ...events, waiting("2024-03-05T09:59:58Z")).map((f) =>
      f.value["aside"] === "unasked" ? f.value["tail"] : null,
    );
  };
  const dialled = "dial tcp 10.96.0.1:443: connect: connection refused";
  assert.equal(of(dialled), [dialled]);
  assert.equal(of(dialled, `failed calling webhook "w": ${dialled}`), [null]);
  assert.equal(of("connection is unauthorized: Unauthorized", dialled), [null, dialled]);
});

const LINE =
  'msg="RunPodSandbox for &PodSandboxMetadata{Name:web,Uid:3218854c-9a9f-47e7-8742-a62d40a5b962,Namespace:shop,Attempt:0,} failed" error="failed to setup network for sandbox: connection is unauthorized: Unauthorized"';
const lines = (last: string, count = 99, first = "2024-03-05T09:00:00Z") =>
  fact("log", { sample: LINE, first: at(first), last: at(last), count }, "n1");
const alive = (time: string) => fact("log", { sample: "I am alive", first: at(time), last: at(time), count: 1 }, "n1");
/** Only a node's part: no list of pods, no events. */
const nodeOnly = (...facts: readonly Fact[]) => judge(rule, world({ facts, coverage: { log: "complete" } }));
const overOf = (...facts: readonly Fact[]) =>
  nodeOnly(...facts).map((o) => (o.outcome === "found" ? o.over : o.outcome));

test("lines of a log that no list of pods answers are not over while nothing shows an end", () => {
  assert.equal(overOf(lines("2024-03-05T10:29:50Z")), [false]);
  const [found] = nodeOnly(lines("2024-03-05T10:29:50Z"));
  assert.ok(
    found?.outcome === "found" &&
      plainText(found.statements[0]).startsWith("From 2024-03-05T09:00:00Z until at least 2024-03-05T10:29:50Z"),
  );
});

test("nor where the log itself ends soon after them; where it goes on for long without them, they are", () => {
  assert.equal(overOf(lines("2024-03-05T10:00:00Z")), [false]);
  assert.equal(overOf(lines("2024-03-05T10:00:00Z"), alive("2024-03-05T10:05:00Z")), [false]);
  assert.equal(overOf(lines("2024-03-05T10:00:00Z"), alive("2024-03-05T10:15:00Z")), [true]);
});

test("a whole list of pods in which none waits there shows that they are over", () => {
  assert.equal(
    foundBy(rule, lines("2024-03-05T10:29:50Z")).map((f) => f.over),
    [true],
  );
});

test("a start that failed once or twice is no symptom without a list either, and yet not known to be over", () => {
  const [said] = nodeOnly(lines("2024-03-05T10:29:50Z", 2, "2024-03-05T10:29:40Z"));
  assert.is(said?.outcome === "slight" && said.open, true);
  const [past] = nodeOnly(lines("2024-03-05T10:00:00Z", 2), alive("2024-03-05T10:15:00Z"));
  assert.is(past?.outcome === "slight" && past.open, false);
});

test("where the pod says since when it is ready, that is the end; not where a failure came after it", () => {
  const since = (time: string) => pod({ name: "web", conditions: [{ ...READY, since: at(time) }] });
  const endOf = (...facts: Parameters<typeof foundBy>[1][]) => {
    const [one] = foundBy(rule, ...facts);
    return one?.endedAt ? formatUtc(one.endedAt) : null;
  };
  assert.is(endOf(of("web"), since("2024-03-05T09:22:00Z")), "2024-03-05T09:22:00Z");
  assert.is(
    say(of("web"), since("2024-03-05T09:22:00Z")),
    "At 2024-03-05T10:30:00Z this pod was ready, since 2024-03-05T09:22:00Z",
  );
  assert.is(endOf(of("web"), since("2024-03-05T09:10:00Z")), null);
  assert.is(endOf(of("web"), running), null);
  assert.is(endOf(of("web", "gone"), since("2024-03-05T09:22:00Z")), null);
});

test("pods of one name in several namespaces are told apart", () => {
  const inside = (namespace: string) => {
    const one = failed("2024-03-05T09:00:00Z", "2024-03-05T10:29:00Z", 80);
    const objects = one.value.objects.map((o) => ({
      ...o,
      name: "same-0",
      uid: namespace === "c" ? null : `uid-${namespace}`,
    }));
    return { ...one, value: { ...one.value, namespace, objects } };
  };
  const told = foundBy(rule, inside("a"), inside("b"), inside("c"), {
    ...inside("d"),
    value: { ...inside("c").value, namespace: "d" },
  })
    .flatMap((f) => f.statements.map((s) => plainText(s)))
    .filter((s) => s.startsWith("The pod"));
  assert.equal(told, ["The pods are a/same-0 and 3 more."]);
});

test.run();
