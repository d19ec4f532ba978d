import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildScenario } from "./build.js";
import { itemsOf, linesOf, scenarioOf } from "./sample.js";
import { ScenarioError } from "./scenario-error.js";

const parse = suite("scenario: what the format does not allow");

const good = scenarioOf(itemsOf("pods", "ns: x, name: p"));

function messageOf(yamlText: string): string {
  try {
    buildScenario(yamlText);
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  return "";
}

const faults: readonly (readonly [string, string, RegExp])[] = [
  ["YAML that is none", "a: [", /^scenario without a name: not readable as YAML: /],
  [
    "another schema",
    good.replace("scenario/1", "scenario/2"),
    /schema is "forensic-scenario\/2"; allowed is forensic-scenario\/1$/,
  ],
  [
    "an unknown key of a scenario",
    `${good}titel: x\n`,
    /^scenario sample: unknown key "titel"; allowed: schema, id, title, /,
  ],
  ["expect which is no map", `${good}expect: [x]\n`, /^scenario sample: expect must be a map$/],
  [
    "an unknown key of a bundle",
    good.replace("{collected_at", "{x: 1, collected_at"),
    /bundle S1: unknown key "x"; allowed: collected_at, note/,
  ],
  [
    "a time which is none",
    good.replace("2024-01-02T00", "2024-02-30T00"),
    /bundle S1: collected_at is "2024-02-30T00:00:00Z"; allowed is UTC/,
  ],
  ["an unknown zone", `${good}tz: {bundle: Mars/Olympus}\n`, /tz.bundle is "Mars\/Olympus"; allowed is an IANA zone/],
  ["two nodes of one name", good.replace("{name: b}", "{name: a}"), /node a is named twice/],
  [
    "an unknown key of an artifact",
    good.replace("kind: pods", "kind: pods, mine: 1"),
    /artifact 1 \(cluster\/pods.json\): unknown key "mine"; allowed: bundle, path, kind/,
  ],
  ["an unknown kind", good.replace("kind: pods", "kind: podz"), /kind is "podz"; allowed: events, pods, nodes, /],
  ["an unknown bundle", good.replace("bundle: S1, path", "bundle: S2, path"), /bundle is "S2"; allowed: S1$/],
  ["lines where items belong", good.replace("items: [", "lines: ["), /kind pods takes items, not lines$/],
  [
    "a node which nobody named",
    scenarioOf(linesOf("text", "sys/ps.txt", "", "x")).replace("nodes/b", "nodes/c"),
    /node "c" is not among the scenario's nodes: a, b/,
  ],
  [
    "a file of no node",
    scenarioOf(linesOf("file", "x", "/x", "x")).replace("nodes/b", "cluster"),
    /kind file needs a path nodes\/<node>\/…/,
  ],
  [
    "a header on what is no token",
    good.replace("kind: pods", "kind: pods, header: {}"),
    /header must be a map \{alg, kid\}, and only kind claims has one/,
  ],
  [
    "an unknown key of a line",
    scenarioOf(linesOf("text", "sys/ps.txt", "", "x")).replace("{m:", "{colour: red, m:"),
    /line 1: unknown key "colour"; allowed: t, m, repeat, every, until/,
  ],
  [
    "a journal without times",
    scenarioOf(linesOf("journal", "journal/k3s.log", "", "x")),
    /line 1: a line of a journal needs t$/,
  ],
  [
    "until without every",
    scenarioOf(linesOf("text", "sys/x.txt", "", "x")).replace("{m:", '{until: "2024-01-01T00:00:00Z", m:'),
    /until needs every/,
  ],
  [
    "a range which runs backwards",
    scenarioOf(linesOf("text", "sys/x.txt", "", "x")).replace("{m:", "{every: 90-40s, m:"),
    /every is "90-40s"; allowed are seconds, a duration such as 15s, or a range/,
  ],
  [
    "a line which is no listing",
    scenarioOf(linesOf("ls", "fs/x.ls", "/x", "rwx what")),
    /line 1: "rwx what" is no line of a listing; allowed is MODE OWNER GROUP/,
  ],
  [
    "a listing's time which is none",
    scenarioOf(linesOf("ls", "fs/x.ls", "/x", "-rw-r--r-- root root 2024-13 y")),
    /TIME is "2024-13"; allowed is UTC precise to the month/,
  ],
  [
    "a link without a target",
    scenarioOf(linesOf("ls", "fs/x.ls", "/x", "lrwxrwxrwx root root 2024-01 y")),
    /a link needs its target/,
  ],
  [
    "a path that nobody knows",
    scenarioOf(linesOf("file", "some/thing", "", "x")),
    /abspath is missing and the path does not tell it/,
  ],
  [
    "an item without a name",
    scenarioOf(itemsOf("pods", "ns: x")),
    /item 1: it has no name; allowed is name, or name_re with count/,
  ],
  [
    "a ready which is no column",
    scenarioOf(itemsOf("pods", "name: p, ready: 2/1")),
    /ready is "2\/1"; allowed is a\/b/,
  ],
  [
    "an owner without a kind",
    scenarioOf(itemsOf("pods", "name: p, owner: web")),
    /owner is "web"; allowed is Kind\/name/,
  ],
  [
    "a condition which is none",
    scenarioOf(itemsOf("pods", "name: p, conds: [Ready]")),
    /conds has "Ready"; allowed is Type=True/,
  ],
  [
    "an event of nothing",
    scenarioOf(itemsOf("events", 't: "2024-01-01T00:00:00Z", msg: x')),
    /obj is missing; allowed is kind\/name/,
  ],
  ["an object of no kind", scenarioOf(itemsOf("object", "name: x")), /an object needs apiVersion and kind/],
  [
    "two payloads in one token",
    scenarioOf("path: nodes/b/k, kind: claims, abspath: /k, items: [{sub: x}, {sub: y}]"),
    /claims has 2 items; allowed is one/,
  ],
  [
    "more bytes than the size",
    scenarioOf(linesOf("file", "x", "/x", "0123456789")).replace("kind: file", "kind: file, size: 4"),
    /size is 4, but its lines are 11 bytes/,
  ],
];

for (const [what, yamlText, expected] of faults) {
  parse(what, () => {
    const message = messageOf(yamlText);
    assert.match(message, expected);
    assert.not.match(message, "\n");
  });
}

parse("what stands beside these faults is a good scenario", () => {
  assert.is(messageOf(good), "");
});

parse("syn, approx, form, note and ext are legal on artifacts, items and lines", () => {
  const marks = "syn: true, syn_name: true, approx: true, form: true, note: x";
  const yamlText = scenarioOf(
    `${marks}, ${itemsOf("pods", `ns: x, name: p, ${marks}`)}`,
    `${marks}, path: nodes/b/sys/ps.txt, kind: text, lines: [{m: x, ${marks}}]`,
    "path: for humans, kind: note, lines: [anything]",
  );
  assert.is(messageOf(yamlText), "");
});

parse.run();
