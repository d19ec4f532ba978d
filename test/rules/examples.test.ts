import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { book, linksOf, run, SCENARIOS } from "./_run.js";

const test = suite("rule examples");

test("there are rules", () => {
  assert.ok(book.rules.length >= 18, `${book.rules.length} rules`);
});

for (const rule of book.rules) {
  for (const kind of ["found", "refuted", "undetermined"] as const) {
    for (const file of rule.examples[kind]) {
      test(`${rule.id}: ${file} is ${kind}`, async () => {
        const outcomes = (await run(file)).verdicts.filter((v) => v.rule.id === rule.id).flatMap((v) => v.outcomes);
        assert.ok(
          outcomes.some((o) => o.outcome === kind),
          `said ${outcomes.map((o) => `${o.outcome} ${o.subject}`).join(", ") || "nothing"}`,
        );
        if (kind !== "found")
          assert.not.ok(
            outcomes.some((o) => o.outcome === "found"),
            "found it all the same",
          );
      });
    }
  }
  if (rule.kind === "mechanism") {
    test(`${rule.id}: has an example that matches, a near miss and a gap`, () => {
      assert.ok(rule.examples.found.length > 0, "no match");
      assert.ok(rule.examples.refuted.length > 0, "no near miss");
      assert.ok(rule.examples.undetermined.length > 0, "no gap");
    });
  }
}

test("no rule fails on any example", async () => {
  for (const file of readdirSync(SCENARIOS, { recursive: true })
    .map(String)
    .filter((f) => f.endsWith(".yaml"))) {
    const failed = (await run(file)).verdicts.filter((v) => v.failed !== null);
    assert.equal(
      failed.map((v) => `${file}: ${v.rule.id}`),
      [],
    );
  }
});

test("every link goes from a cause to an effect that its rule names, and links are acyclic", async () => {
  for (const file of readdirSync(SCENARIOS, { recursive: true })
    .map(String)
    .filter((f) => f.endsWith(".yaml"))) {
    const { findings, links, chains } = await run(file);
    const ids = new Set(findings.map((f) => f.id));
    for (const link of links) assert.ok(ids.has(link.cause) && ids.has(link.effect), file);
    for (const chain of chains) assert.is(new Set(chain).size, chain.length, `${file}: ${chain}`);
  }
});

test("an agent whose image cannot be pulled explains a node that has no network since it joined", async () => {
  assert.equal(await linksOf("cni/agent-image.yaml"), [
    "cni-agent-unhealthy -> sym:node-notready",
    "sym:image-pull -> cni-agent-unhealthy",
  ]);
});

test("a replica that hangs explains why its replacement waits, though its sibling runs in another zone", async () => {
  assert.ok(
    [
      "sym:pod-stuck-terminating -> anti-affinity-terminating-deadlock",
      "anti-affinity-terminating-deadlock -> sym:pod-pending-unschedulable",
    ].every((link) => sibling.includes(link)),
    sibling.join("\n"),
  );
});
const sibling = await linksOf("scheduling/deadlock-sibling.yaml");

test("of workloads without a pod only the one that is refused for long lacks replicas", async () => {
  const { findings } = await run("scheduling/statefulset-refused.yaml");
  assert.equal(
    findings.map((f) => [f.rule, f.impact.map((r) => r.subject).join()]),
    [["sym:replica-redundancy", "StatefulSet shop/db"]],
  );
});

test("a few failures beside an agent that has just started are no finding, and not absent either", async () => {
  const { findings, verdicts } = await run("kubelet/sandbox-agent-just-started.yaml");
  assert.equal(
    findings.map((f) => f.rule),
    [],
  );
  const open = verdicts.flatMap((v) =>
    v.outcomes.flatMap((o) => (o.outcome === "slight" && o.open ? [v.rule.id] : [])),
  );
  assert.equal(open, ["sym:failed-create-sandbox"]);
});

test.run();
