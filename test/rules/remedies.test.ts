import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS, readBundle } from "#bundle/read.js";
import { loadRulebook } from "#engine/load.js";
import { conclude } from "#engine/run.js";
import type { Artifact, Custody } from "#model/artifact.js";
import type { Finding, Found } from "#model/finding.js";
import { type Command, type Consequence, NO_CONSEQUENCE, type Rule } from "#model/rule.js";
import { startParsing } from "#parsers/all.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { buildScenario } from "#test/scenario/build.js";

const test = suite("remedies");
const SCENARIOS = "test/scenarios";
const book = await loadRulebook(resolve("dist/src/rules"));

/** What each rule finds in its own examples. */
async function foundIn(rule: Rule): Promise<readonly Found[]> {
  const folder = mkdtempSync(join(tmpdir(), "inquest-remedies-"));
  const all: Found[] = [];
  for (const file of rule.examples.found) {
    const parsing = startParsing();
    const artifacts: Artifact[] = [];
    const custody: Custody[] = [];
    for (const bundle of buildScenario(readFileSync(join(SCENARIOS, file), "utf8"), { ext: true })) {
      const path = join(folder, bundle.name);
      writeFileSync(path, bundle.bytes);
      const read = await readBundle(path, DEFAULT_LIMITS, parsing.open);
      artifacts.push(...read.artifacts);
      custody.push(read.custody);
    }
    const { verdicts } = conclude(book, parsing.finish(artifacts), custody);
    for (const v of verdicts) if (v.rule.id === rule.id) all.push(...v.outcomes.filter((o) => o.outcome === "found"));
  }
  rmSync(folder, { recursive: true });
  return all;
}

const found = new Map<string, readonly Found[]>();
for (const rule of book.rules) found.set(rule.id, await foundIn(rule));

const remedyOf = (rule: Rule, of: Found, over = false): Consequence =>
  rule.consequence({
    ...of,
    ended: over ? { after: null, by: of.lastSeen, moment: "m2" } : null,
  } as unknown as Finding);
const commandsOf = ({ fix, verify }: Consequence): readonly Command[] => [
  ...fix.flatMap((f) => f.commands),
  ...verify.flat(),
];

test("there are examples, and nothing is lost on the way", () => {
  assert.ok(readdirSync(SCENARIOS).length > 3);
  assert.ok([...found.values()].flat().length >= book.rules.length - 3);
});

/** Mechanisms of which the evidence shows what mends them, at least in the order of looking. */
const MENDED = [
  "cni-agent-unhealthy",
  "cni-service-account-recreated",
  "node-clock-off",
  "node-not-ready",
  "token-issuer-changed",
  "token-signing-key-changed",
];

for (const id of MENDED)
  test(`${id}: an open one has a repair with commands`, () => {
    const rule = book.rules.find((r) => r.id === id) as Rule;
    for (const one of found.get(id) ?? []) assert.ok((remedyOf(rule, one).fix[0]?.commands.length ?? 0) > 0);
  });

/** Changes what cannot be had back by the next command. */
const DESTRUCTIVE = /\b(?:delete pod|mv|cp|rm|restart|taint|drain|reboot|set-ntp|uncordon)\b/;
/** The command line itself looks first, and does nothing where it does not fit. */
const GUARDED = /^\[|^# .*\n\[/;

for (const rule of book.rules) {
  const remedies = (found.get(rule.id) ?? []).map((one) => remedyOf(rule, one));
  test(`${rule.id}: every command says what is to be expected`, () => {
    for (const command of remedies.flatMap(commandsOf)) assert.ok((command.expect ?? "") !== "", command.run);
  });

  test(`${rule.id}: what can be mended is a row of the actions with an end state`, () => {
    for (const { fix, actions } of remedies) {
      const repairs = actions.filter((a) => a.type === "repair");
      if (fix.length > 0)
        assert.ok(repairs.length > 0 && repairs.every((a) => a.doneWhen !== ""), JSON.stringify(fix[0]?.step));
    }
  });

  test(`${rule.id}: looks before it changes anything`, () => {
    for (const { commands } of remedies.flatMap((r) => r.fix)) {
      const at = commands.findIndex(({ run }) => DESTRUCTIVE.test(run.replaceAll("inquest-probe", "")));
      if (at === 0) assert.match(commands[0]?.run ?? "", GUARDED);
    }
  });
}

const only = (id: string): Found => (found.get(id) ?? [])[0] as Found;
const cardOf = (id: string): Rule => book.rules.find((r) => r.id === id) as Rule;

test("an account made anew only bounds when the earlier one had gone", () => {
  const { since, sinceAtLatest } = only("cni-service-account-recreated");
  assert.ok(since);
  assert.is(sinceAtLatest, true);
});

test("a clock's offset is called measured only where it was", () => {
  const stopOf = (shownBy: string) =>
    remedyOf(cardOf("node-clock-off"), { ...only("node-clock-off"), value: { node: "n1", shownBy } }).stops ?? "";
  assert.match(stopOf("offset"), /measured/);
  assert.not.match(stopOf("token"), /measured/);
  assert.match(remedyOf(cardOf("node-clock-off"), only("node-clock-off")).stops ?? "", /token's begin/);
});

test("a probe pod is named after its node, by a name that a container may have, and is waited for and deleted", () => {
  const nodes = ["wk-a", "k8s01.example.com", `${"long-".repeat(20)}node-1`, "ip-10-0-0-1.eu-west-1.compute.internal"];
  const names = nodes.map((node) => {
    const [made, ready, gone] = probeNode(node).map((c) => c.run);
    const name = /kubectl run (\S+)/.exec(made ?? "")?.[1] ?? "";
    assert.match(name, /^inquest-probe-[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/);
    assert.ok(name.length <= 63, name);
    assert.ok(ready?.includes(`pod/${name} `) && gone?.includes(`delete pod ${name} `));
    return name;
  });
  assert.is(new Set(names).size, nodes.length);
});

test("where a pod can be created and deleted is the end state, a probe shows it", () => {
  for (const rule of book.rules)
    for (const one of found.get(rule.id) ?? []) {
      const { actions, verify } = remedyOf(rule, one);
      const asks = actions.some((a) => a.type === "repair" && a.doneWhen.includes("a pod with its own network"));
      if (asks)
        assert.ok(
          verify.flat().some((c) => c.run.includes("inquest-probe")),
          rule.id,
        );
    }
});

test("a remedy names no empty name", () => {
  for (const rule of book.rules)
    for (const one of found.get(rule.id) ?? [])
      for (const { run } of commandsOf(remedyOf(rule, one)))
        assert.not.match(run, /''(?!\\)|-n {2}|\bundefined\b|\bnull\b| $/, `${rule.id}: ${run}`);
});

test("nothing is mended of what is over", () => {
  for (const id of MENDED.filter((id) => id !== "node-not-ready")) {
    const rule = book.rules.find((r) => r.id === id) as Rule;
    for (const one of found.get(id) ?? []) {
      const over = remedyOf(rule, one, true);
      assert.equal(over.fix, NO_CONSEQUENCE.fix);
      assert.not.ok(over.actions.some((a) => a.type === "repair"));
    }
  }
});

test("a node is marked as out of service only behind the words that its machine must be off", () => {
  const rule = book.rules.find((r) => r.id === "node-not-ready") as Rule;
  for (const one of found.get(rule.id) ?? []) {
    const steps = remedyOf(rule, one).fix.filter((f) => f.commands.some((c) => c.run.includes("taint")));
    // One of which the log shows that it runs, or says why it does not come up, is never powered off.
    const runs = /^(?:unanswered|refused|distrusted|other|expired|uncertified)$/.test(String(one.value["contact"]));
    assert.is(steps.length, runs ? 0 : 1);
    if (runs) continue;
    const last = steps[0]?.commands.at(-1)?.run ?? "";
    assert.match(
      last,
      /^# only after the machine is off\nkubectl taint nodes \S+ node\.kubernetes\.io\/out-of-service=nodeshutdown:NoExecute$/,
    );
  }
});

test.run();
