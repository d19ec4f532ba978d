import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { World } from "#engine/world.js";
import type { Condition, Fact, PathValue } from "#model/fact.js";
import type { Found } from "#model/finding.js";
import { plainText } from "#model/statement.js";
import pathChanged from "#rules/change/path-changed.js";
import podsRecovered from "#rules/change/pods-recovered.js";
import tokenReplaced from "#rules/change/token-replaced.js";
import workloadRecovered from "#rules/change/workload-recovered.js";
import { artifact, at, changes, event, fact, node, pod, world } from "#test/rules/_facts.js";
import { apart, only, pending, set, terminating } from "#test/rules/scheduling/_pods.js";

const test = suite("changes");

const NODES = [node("n1")];
const READY: Condition = { type: "Ready", status: "True", reason: null, message: null, since: null, heartbeat: null };
const path = (value: Partial<PathValue>) => fact("path", value, "n1");
const told = (list: ReturnType<typeof changes>): readonly string[] =>
  list.map((c) => `${c.kind}: ${c.statements.map(plainText).join(" ")}`);

test("paths that stay, and paths that are none of the CNI's, have not changed", () => {
  const before = world({ facts: [path({}), path({ path: "/home/x", type: "d" })] });
  const after = world({ facts: [path({}), path({ path: "/home/x", type: "l", target: "/y" })] });
  assert.equal(changes(pathChanged, before, after), []);
});

const token = (name: string | null, iat: string) => {
  const base = fact("kubeconfig", {}, "n1");
  const of = { ...base.value.token, iat: at(iat), pod: name === null ? null : { name, uid: `uid-${name}` } };
  return { ...base, value: { ...base.value, token: of } };
};

/** A world in which a rule found a fault of a node. */
const faulty = (of: World, rule = "cni-token-expired", node = "n1"): World => {
  of.publish(rule, [{ outcome: "found", subject: node, about: { node: [node] } } as unknown as Found]);
  return of;
};

test("a directory that became a link ends a divergence, at the link's own time", () => {
  const before = () => world({ facts: [path({})] });
  const after = path({ type: "l", target: "/var/x", mtime: at("2024-03-05T10:40Z", "node:n1") });
  const of = (earlier: World) => changes(pathChanged, earlier, world({ facts: [after] }))[0];
  const change = of(faulty(before(), "cni-conf-dir-diverged"));
  assert.is(change?.kind, "repair");
  assert.is(change?.at?.epochMs, at("2024-03-05T10:40Z").epochMs);
  assert.is(of(before())?.kind, "change", "nothing was wrong");
});

const FILE = "/etc/cni/net.d/x-kubeconfig";
const written = (mtime: string | null, iat: string, ...facts: readonly Fact[]) => {
  const base = token(null, iat);
  const own = { ...base, value: { ...base.value, path: FILE } };
  const of = mtime === null ? [] : [path({ path: FILE, type: "f", mtime: at(mtime, "node:n1") })];
  return world({ facts: [own, ...of, ...facts] });
};
const failure = (last: string) =>
  event({
    reason: "FailedKillPod",
    message: 'error killing pod: failed to "KillPodSandbox": plugin type="calico" failed (delete): Unauthorized',
    objects: [{ uid: "uid-old", first: at("2024-03-05T10:00:00Z"), last: at(last) }],
  });
const up = (since: string, part = {}) =>
  pod({ name: "web", created: at("2024-03-05T10:31:00Z"), conditions: [{ ...READY, since: at(since) }], ...part });
const before = (...facts: readonly Fact[]) => written("2024-03-01T00:00:02Z", "2024-03-01T00:00:00Z", ...facts);
const after = (...facts: readonly Fact[]) => written("2024-03-05T10:40:00Z", "2024-03-05T10:40:00Z", ...facts);
const kind = (earlier: World, later: World) => changes(pathChanged, earlier, later)[0]?.kind;

test("a file written anew is a repair only of a fault of its node that it can end", () => {
  assert.is(kind(faulty(before()), after()), "repair");
  assert.is(kind(before(failure("2024-03-05T10:29:00Z")), after()), "change", "what failed was no fault of a token");
  assert.is(kind(faulty(before(), "cni-token-expired", "n2"), after()), "change", "another node's");
  assert.is(kind(faulty(before(), "node-clock-off"), after()), "change", "no file sets a clock");
  assert.is(kind(faulty(before()), faulty(after())), "change", "it is still there");
  const both = faulty(faulty(before()), "cni-conf-dir-diverged");
  assert.is(kind(both, faulty(after())), "repair", "one of two ended");
});

test("it is none after the first pod that got its sandbox, nor before the last failure", () => {
  assert.is(kind(faulty(before()), after(up("2024-03-05T10:41:00Z"))), "repair");
  assert.is(kind(faulty(before()), after(up("2024-03-05T10:35:00Z"))), "change", "all was well five minutes before");
  const host = up("2024-03-05T10:35:00Z", { template: { ...pod({}).value.template, hostNetwork: true } });
  assert.is(kind(faulty(before()), after(host)), "repair", "without a network of its own it shows nothing");
  const old = up("2024-03-05T10:35:00Z", { phase: "Running" });
  assert.is(kind(faulty(before(old)), after(old)), "repair", "a pod that ran before shows nothing");
  assert.is(kind(faulty(before()), after(up("2024-03-05T10:35:00Z", { node: "n2" }))), "repair", "nor another node's");
  assert.is(kind(faulty(before(failure("2024-03-05T10:29:00Z"))), after(failure("2024-03-05T10:40:01Z"))), "repair");
  assert.is(
    kind(faulty(before(failure("2024-03-05T10:29:00Z"))), after(failure("2024-03-05T10:45:00Z"))),
    "change",
    "the same went on failing",
  );
});

test("a token whose file's time was not looked up is no repair where it was issued after the recovery", () => {
  const of = (...facts: readonly Fact[]) =>
    changes(
      tokenReplaced,
      faulty(written(null, "2024-03-01T00:00:00Z")),
      written(null, "2024-03-05T10:40:00Z", ...facts),
    )[0];
  assert.equal([of()?.kind, of()?.at], ["repair", null]);
  assert.is(of(up("2024-03-05T10:35:00Z"))?.kind, "change");
});

test("a file is written anew only where its time differs by more than it is known to", () => {
  const file = "/etc/cni/net.d/x-kubeconfig";
  const of = (mtime: string) =>
    world({
      facts: [fact("kubeconfig", { path: file }, "n1"), path({ path: file, type: "f", mtime: at(mtime, "node:n1") })],
    });
  assert.equal(changes(pathChanged, of("2024-03-05T10:00Z"), of("2024-03-05T10:00:40Z")), []);
  assert.is(changes(pathChanged, of("2024-03-05T10:00:00Z"), of("2024-03-05T10:40:00Z")).length, 1);
});

test("the same token is no change; another is told with both its claims", () => {
  const before = world({ facts: [token("agent-1", "2024-03-01T00:00:00Z")] });
  assert.equal(changes(tokenReplaced, before, before), []);
  const [change] = changes(tokenReplaced, before, world({ facts: [token(null, "2024-03-05T10:40:00Z")] }));
  assert.is(change?.kind, "change");
  const text = change ? plainText(change.statements[0]) : "";
  assert.ok(text.includes("bound to the pod agent-1") && text.includes("bound to no pod"), text);
});

test("pods that found no node and run are recovered, at the time when they were ready", () => {
  const before = world({ facts: [...NODES, pending({ ...only("n1") })] });
  const scheduled = event({
    reason: "Scheduled",
    type: "Normal",
    node: null,
    objects: [{ uid: "uid-new", first: at("2024-03-05T10:40:12Z") }],
  });
  const running = (...conditions: readonly Condition[]) =>
    world({ facts: [...NODES, scheduled, pod({ name: "new", created: at("2024-03-05T10:00:01Z"), conditions })] });
  assert.equal(changes(podsRecovered, before, running()), []);
  // A time before the assignment is none of its readiness.
  const [odd] = changes(podsRecovered, before, running({ ...READY, since: at("2024-03-05T10:00:01Z") }));
  assert.is(odd?.at, null);
  const [change] = changes(podsRecovered, before, running({ ...READY, since: at("2024-03-05T10:40:20Z") }));
  assert.is(change?.at?.epochMs, at("2024-03-05T10:40:20Z").epochMs);
  assert.equal(told(change ? [change] : []), [
    "recovery: One pod that had found no node ran on n1, assigned at 2024-03-05T10:40:12Z, ready at 2024-03-05T10:40:20Z.",
  ]);
});

test("deleted pods are gone only where all pods were listed", () => {
  const before = world({ facts: [terminating({}), terminating({ name: "other" })] });
  const left = [{ ...terminating({ name: "other" }), artifact: artifact({ collectedAt: at("2024-03-05T10:50:00Z") }) }];
  assert.equal(changes(podsRecovered, before, world({ facts: left, coverage: { "kube.pod": "truncated" } })), []);
  assert.equal(told(changes(podsRecovered, before, world({ facts: left }))), [
    "recovery: One deleted pod of two on n1 that had not gone went between 2024-03-05T10:30:00Z (last listed) and 2024-03-05T10:50:00Z (no longer listed).",
  ]);
});

const released = (assigned: string) => [
  event({ reason: "Scheduled", type: "Normal", node: null, objects: [{ uid: "uid-new", first: at(assigned) }] }),
  event({ reason: "FailedKillPod", objects: [{ uid: "uid-old", last: at("2024-03-05T10:35:00Z") }] }),
  { ...pod({ name: "new", ...apart("db") }), artifact: artifact({ collectedAt: at("2024-03-05T10:50:00Z") }) },
];
const deadlock = [...NODES, terminating(apart("db")), pending({ ...only("n1"), ...apart("db") })];
const createdAt = (fact: ReturnType<typeof released>[number]) =>
  fact.kind === "kube.pod" ? { ...fact, value: { ...fact.value, created: at("2024-03-05T10:00:01Z") } } : fact;

test("a pod was gone before the one that it kept away was assigned, and after its last event", () => {
  const after = world({ facts: [...NODES, ...released("2024-03-05T10:40:12Z").map(createdAt)] });
  const change = changes(podsRecovered, world({ facts: deadlock }), after).find((c) => c.subject === "gone|n1");
  assert.is(change?.at?.epochMs, at("2024-03-05T10:40:12Z").epochMs);
  assert.equal(told(change ? [change] : []), [
    "recovery: One deleted pod on n1 that had not gone went between 2024-03-05T10:35:00Z (latest event) and 2024-03-05T10:40:12Z (assignment of a pod that had waited).",
  ]);
});

test("an assignment of before the earlier collection bounds nothing", () => {
  const after = world({ facts: [...NODES, ...released("2024-03-05T10:20:00Z").map(createdAt)] });
  const change = changes(podsRecovered, world({ facts: deadlock }), after).find((c) => c.subject === "gone|n1");
  assert.is(change?.at, null);
  assert.ok(told(change ? [change] : [])[0]?.includes("10:50:00Z (no longer listed)"));
});

test("each volume has recovered when the last of its own pods was ready", () => {
  const volume = (name: string, ready: number) =>
    fact("kube.workload", {
      name,
      desired: 1,
      ready,
      labels: { "openebs.io/persistent-volume": `pvc-${name}`, "openebs.io/component": "jiva-replica" },
    });
  const up = (name: string, since: string) =>
    pod({ name: `new-${name}`, owner: set(name), conditions: [{ ...READY, since: at(since) }] });
  const before = world({
    facts: ["a", "b"].flatMap((name) => [volume(name, 0), terminating({ name: `old-${name}`, owner: set(name) })]),
  });
  const after = world({
    facts: [
      volume("a", 1),
      volume("b", 1),
      up("a", "2024-03-05T10:40:20Z"),
      up("b", "2024-03-05T10:40:25Z"),
      pod({ name: "else", conditions: [{ ...READY, since: at("2024-03-05T10:45:00Z") }] }),
    ],
  });
  assert.equal(
    changes(workloadRecovered, before, after).map((c) => [c.about.object, c.about.volume, c.at?.epochMs]),
    [
      [["volume pvc-a"], ["pvc-a"], at("2024-03-05T10:40:20Z").epochMs],
      [["volume pvc-b"], ["pvc-b"], at("2024-03-05T10:40:25Z").epochMs],
    ],
  );
});

test("a copy of a kubeconfig is one change: the files with the token that one of them holds", () => {
  const file = "/etc/cni/net.d/x-kubeconfig";
  const of = (name: string, mtime: string, iat: string) =>
    world({
      facts: [
        { ...token(name, iat), value: { ...token(name, iat).value, path: file } },
        path({ path: file, type: "f", mtime: at(mtime, "node:n1") }),
      ],
    });
  const before = of("agent-1", "2024-03-01T00:00:02Z", "2024-03-01T00:00:00Z");
  const after = of("agent-2", "2024-03-05T10:40:00Z", "2024-03-05T09:00:00Z");
  assert.equal(changes(tokenReplaced, before, after), []);
  const [change, ...more] = changes(pathChanged, before, after);
  assert.equal(more, []);
  const text = change ? plainText(change.statements[0]) : "";
  assert.ok(text.includes("bound to the pod agent-1, gave way to one bound to the pod agent-2"), text);
  // The same token written anew is no other token.
  const same = of("agent-1", "2024-03-05T10:40:00Z", "2024-03-01T00:00:00Z");
  assert.not.ok(told(changes(pathChanged, before, same))[0]?.includes("token"));
});

test("workloads have recovered where they have what they want, and not where they want less", () => {
  const of = (ready: number, desired = 2) =>
    world({ facts: [fact("kube.workload", { name: "a", desired, ready }), terminating({ owner: set("a") })] });
  assert.equal(changes(workloadRecovered, of(1), of(1, 1)), []);
  assert.equal(changes(workloadRecovered, of(2), of(2)), []);
  assert.is(changes(workloadRecovered, of(1), of(2)).length, 1);
});

test.run();
