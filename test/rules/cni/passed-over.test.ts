import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CniTable, Fact } from "#model/fact.js";
import type { Finding, Found } from "#model/finding.js";
import passedOver from "#rules/cni/cni-config-passed-over.js";
import { fact, judge, texts, verdicts } from "#test/rules/_facts.js";
import {
  agent,
  CONF_DIR,
  CONFLIST,
  config,
  directory,
  file,
  plain,
  ready,
  refusal,
  scene,
  table,
  V2,
} from "./_nodes.js";

const test = suite("a network that is passed over");

const OTHER = `${CONF_DIR}/05-bridge.conflist`;
const onPeer = (...facts: readonly Fact[]): readonly Fact[] =>
  facts.map((f) => ({ ...f, node: "n2", artifact: { ...f.artifact, node: "n2" } }) as Fact);
const calls = (path: string, ...types: readonly string[]): Fact =>
  fact(
    "cni.netconf",
    {
      path,
      name: types[0] ?? null,
      plugins: types.map((type) => ({ type, kubeconfig: null, pointer: null, line: null })),
    },
    "n1",
  );
/** n1 takes a bridge before the conflist of Calico, whose agent runs there; n2 takes Calico's. */
const node = (
  part: { conf?: Partial<CniTable>; taken?: readonly string[]; behind?: Fact; pod?: Fact } = {},
): readonly Fact[] => [
  config({ cni: [table(V2, CONF_DIR, part.conf ?? {})] }),
  directory(CONF_DIR),
  file(OTHER),
  file(CONFLIST),
  calls(OTHER, ...(part.taken ?? ["bridge", "portmap"])),
  part.behind ?? calls(CONFLIST, "calico", "portmap"),
  part.pod ?? agent(),
];
const isOf = (f: Fact, path: string): boolean =>
  f.kind === "cni.netconf" && (f as Fact<"cni.netconf">).value.path === path;
const PEER = onPeer(...plain());
const TWO = { moment: { nodes: ["n1", "n2"] } };
const verdict = (...facts: readonly Fact[]): string | undefined =>
  verdicts(judge(passedOver, scene(facts, TWO))).find((v) => v.endsWith(" n1"));

test("a plain bridge before the configuration of the agent that runs there, where a peer takes that", () => {
  const outcome = judge(passedOver, scene([...node(), ...PEER], TWO)).find((o) => o.outcome === "found") as Found;
  const said = texts(outcome.statements).join("\n");
  assert.match(said, `the runtime takes ${OTHER}, which calls bridge, and not ${CONFLIST}`);
  assert.match(said, "10-calico.conflist comes after it in ASCII order");
  assert.match(said, "On n2 the runtime takes the configuration of calico");
  const { fix } = passedOver.consequence({ ...outcome, ended: null } as unknown as Finding);
  const runs = fix.flatMap((f) => f.commands.map((c) => c.run)).join("\n");
  assert.match(runs, `[ -f ${CONFLIST} ] && [ -f ${OTHER} ] && mv ${OTHER} ${OTHER}.before`);
});

test("it is not found where no peer shows what is meant, or nothing shows that the agent's would do", () => {
  assert.is(verdict(...node()), undefined, "no peer");
  const down = agent(undefined, { conditions: [ready("False", "2024-03-05T05:00:00Z")] });
  assert.is(verdict(...node({ pod: down }), ...PEER), undefined, "its agent is not ready");
  assert.is(verdict(...node({ conf: { maxConfNum: 0 } }), ...PEER), undefined, "all are taken");
  assert.is(verdict(...node({ behind: calls(CONFLIST, "macvlan") }), ...PEER), undefined, "nobody's agent runs");
  assert.is(verdict(...plain(), agent(), ...PEER), undefined, "one file");
});

test("a chain, or a plugin that calls others, that has the agent's in it passes nothing over", () => {
  const chained = node({ taken: ["calico", "istio-cni"] });
  assert.is(verdict(...chained, ...PEER), "refuted n1");
  const multus = fact(
    "cni.netconf",
    {
      path: OTHER,
      plugins: [
        { type: "multus", kubeconfig: null, pointer: null, line: null },
        { type: "calico", kubeconfig: null, pointer: null, line: null, delegatedBy: "multus" },
      ],
    },
    "n1",
  );
  const facts = node().map((f) => (isOf(f, OTHER) ? multus : f));
  assert.is.not(verdict(...facts, ...PEER), "found n1");
});

test("a file beside it that nobody read leaves it open", () => {
  assert.is(verdict(...node().filter((f) => !isOf(f, CONFLIST)), ...PEER), "undetermined n1");
});

test("calls of the plugin that is taken fail because of it, and those of another do not", () => {
  const errors = (type: string): readonly string[] | undefined => {
    const world = scene([...node(), ...PEER], TWO);
    const message = `failed to setup network for sandbox "x": plugin type="${type}" failed (add): no IP addresses available`;
    world.publish("sym:failed-create-sandbox", [{ ...refusal("other:no addresses"), value: { message } }]);
    return (judge(passedOver, world).find((o) => o.outcome === "found") as Found).about.error;
  };
  assert.equal(errors("bridge"), ["other:no addresses"]);
  assert.is(errors("calico"), undefined);
});

test.run();
