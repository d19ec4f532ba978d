import { resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadRulebook } from "#engine/load.js";
import type { Finding } from "#model/finding.js";
import type { Reference } from "#model/statement.js";

const test = suite("cards of the kubelet and of scheduling");

const OWN = new Set([
  "anti-affinity-terminating-deadlock",
  "finalizer-stuck",
  "node-not-ready",
  "rollout-anti-affinity-surge",
  "sym:container-creating",
  "sym:failed-create-sandbox",
  "sym:failed-kill-pod",
  "sym:node-notready",
  "sym:node-pressure",
  "sym:pod-pending-unschedulable",
  "sym:pod-stuck-terminating",
  "sym:replica-redundancy",
]);
const cards = (await loadRulebook(resolve("dist/src/rules"))).rules.filter((rule) => OWN.has(rule.id));
const keyOf = ({ source, version }: Reference): string => `${source} ${version}`;
const FINDING = {
  about: { node: ["n1"], workload: ["Deployment/shop/web"] },
  value: { node: "n1" },
} as unknown as Finding;

test("all are there", () => assert.is(cards.length, OWN.size));

for (const card of cards) {
  test(`${card.id}: every reference is used by a known sentence, and the other way round`, () => {
    const used = card.known.flatMap((k) => (k.source.kind === "known" ? [keyOf(k.source.reference)] : []));
    assert.equal([...new Set(used)].sort(), card.references.map(keyOf).sort());
    assert.not.ok(used.some((key) => key.includes("recent")));
  });

  test(`${card.id}: no command looks the same where the API server is out of reach`, () => {
    for (const { run } of card.consequence(FINDING).verify.flat()) assert.not.match(run, /\/dev\/null|\| *(wc|grep)/);
  });

  test(`${card.id}: asks nothing that every review asks`, () => {
    for (const question of card.consequence(FINDING).questions) assert.not.match(question, /^Who noticed|services/);
  });
}

test("what an alert is tried with is the symptom that it is for", () => {
  const alertOf = (id: string, about: object = {}) => {
    const finding = { ...FINDING, about: { ...FINDING.about, ...about } } as Finding;
    const [action] = cards.find((card) => card.id === id)?.consequence(finding).actions ?? [];
    return `${action?.title} ${action?.doneWhen}`;
  };
  for (const id of ["sym:failed-kill-pod", "sym:pod-stuck-terminating"]) {
    assert.match(alertOf(id), /FailedKillPod/);
    assert.not.match(alertOf(id), /FailedCreatePodSandBox/);
  }
  const error = { error: ["401"] };
  for (const text of [alertOf("sym:failed-create-sandbox"), alertOf("sym:container-creating", error)]) {
    assert.match(text, /FailedCreatePodSandBox.*RuntimeClass/);
    assert.not.match(text, /finalizer|Terminating/);
  }
  assert.match(alertOf("sym:container-creating"), /ConfigMap/);
});

test.run();
