import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PathValue } from "#model/fact.js";
import { plainText } from "#model/statement.js";
import pathChanged from "#rules/change/path-changed.js";
import podsRecovered from "#rules/change/pods-recovered.js";
import tokenReplaced from "#rules/change/token-replaced.js";
import workloadRecovered from "#rules/change/workload-recovered.js";
import { at, changes, event, fact, node, pod, world } from "#test/rules/_facts.js";
import { only, pending, set, terminating } from "#test/rules/scheduling/_pods.js";

const test = suite("changes");

const NODES = [node("n1")];
const READY = { type: "Ready", status: "True", reason: null, message: null, since: null, heartbeat: null };
const path = (value: Partial<PathValue>) => fact("path", value, "n1");
const told = (list: ReturnType<typeof changes>): readonly string[] =>
  list.map((c) => `${c.kind}: ${c.statements.map(plainText).join(" ")}`);

test("paths that stay, and paths that are none of the CNI's, have not changed", () => {
  const before = world({ facts: [path({}), path({ path: "/home/x", type: "d" })] });
  const after = world({ facts: [path({}), path({ path: "/home/x", type: "l", target: "/y" })] });
  assert.equal(changes(pathChanged, before, after), []);
});

test("a directory that became a link is the repair, at the link's own time", () => {
  const after = path({ type: "l", target: "/var/x", mtime: at("2024-03-05T10:40Z", "node:n1") });
  const [change] = changes(pathChanged, world({ facts: [path({})] }), world({ facts: [after] }));
  assert.is(change?.kind, "repair");
  assert.is(change?.at?.epochMs, at("2024-03-05T10:40Z").epochMs);
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

const token = (name: string | null, iat: string) => {
  const base = fact("kubeconfig", {}, "n1");
  const of = { ...base.value.token, iat: at(iat), pod: name === null ? null : { name, uid: `uid-${name}` } };
  return { ...base, value: { ...base.value, token: of } };
};

test("the same token is no change; another is told with both its claims", () => {
  const before = world({ facts: [token("agent-1", "2024-03-01T00:00:00Z")] });
  assert.equal(changes(tokenReplaced, before, before), []);
  const [change] = changes(tokenReplaced, before, world({ facts: [token(null, "2024-03-05T10:40:00Z")] }));
  assert.is(change?.kind, "change");
  const text = change ? plainText(change.statements[0]) : "";
  assert.ok(text.includes("bound to the pod agent-1") && text.includes("bound to no pod"), text);
});

test("pods that found no node and run are recovered, at the time of their assignment", () => {
  const before = world({ facts: [...NODES, pending({ ...only("n1") })] });
  const scheduled = event({
    reason: "Scheduled",
    type: "Normal",
    node: null,
    objects: [{ uid: "uid-new", first: at("2024-03-05T10:40:12Z") }],
  });
  const running = (conditions: readonly (typeof READY)[]) =>
    world({ facts: [...NODES, scheduled, pod({ name: "new", created: at("2024-03-05T10:00:01Z"), conditions })] });
  assert.equal(changes(podsRecovered, before, running([])), []);
  assert.equal(told(changes(podsRecovered, before, running([READY]))), [
    "recovery: 1 pod that had found no node was running and ready on n1, assigned at 2024-03-05T10:40:12Z.",
  ]);
});

test("deleted pods are gone only where all pods were listed", () => {
  const before = world({ facts: [terminating({}), terminating({ name: "other" })] });
  const left = [terminating({ name: "other" })];
  assert.equal(changes(podsRecovered, before, world({ facts: left, coverage: { "kube.pod": "truncated" } })), []);
  assert.equal(told(changes(podsRecovered, before, world({ facts: left }))), [
    "recovery: Of 2 deleted pods on n1 that had not gone, 1 no longer existed.",
  ]);
});

test("workloads have recovered where they have what they want, and not where they want less", () => {
  const of = (ready: number, desired = 2) =>
    world({ facts: [fact("kube.workload", { name: "a", desired, ready }), terminating({ owner: set("a") })] });
  assert.equal(changes(workloadRecovered, of(1), of(1, 1)), []);
  assert.equal(changes(workloadRecovered, of(2), of(2)), []);
  assert.is(changes(workloadRecovered, of(1), of(2)).length, 1);
});

test.run();
