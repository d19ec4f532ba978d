import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS, readBundle } from "#bundle/read.js";
import { loadRulebook } from "#engine/load.js";
import { conclude } from "#engine/run.js";
import type { Artifact, Custody } from "#model/artifact.js";
import type { Conclusions } from "#model/conclusions.js";
import { plainText } from "#model/statement.js";
import { startParsing } from "#parsers/all.js";
import { buildScenario } from "#test/scenario/build.js";

const book = await loadRulebook(resolve("dist/src/rules"));
const folder = mkdtempSync(join(tmpdir(), "inquest-chained-"));
const SCENARIO = readFileSync("test/scenarios/cni/chained-credentials.yaml", "utf8");

const test = suite("credentials of chained plugins");
test.after(() => rmSync(folder, { recursive: true }));

/** The scenario with other words in it; what is to be replaced must be there. */
async function concluded(...changes: readonly (readonly [string, string])[]): Promise<Conclusions> {
  const text = changes.reduce((all, [from, to]) => {
    assert.ok(all.includes(from), `the scenario has no ${from}`);
    return all.replaceAll(from, to);
  }, SCENARIO);
  const parsing = startParsing();
  const artifacts: Artifact[] = [];
  const custody: Custody[] = [];
  for (const bundle of buildScenario(text, { ext: true })) {
    const path = join(folder, bundle.name);
    writeFileSync(path, bundle.bytes);
    const read = await readBundle(path, DEFAULT_LIMITS, parsing.open);
    artifacts.push(...read.artifacts);
    custody.push(read.custody);
  }
  return conclude(book, parsing.finish(artifacts), custody);
}

const REFUSED = String.raw`plugin type=\"istio-cni\" failed (add): Unauthorized`;
const failsWith = (text: string): readonly [string, string] => [REFUSED, text];
/** No call fails: the pod runs. */
const QUIET = [
  ["FailedCreatePodSandBox", "Pulled"],
  ['phase: "Pending", ready: "0/1", waiting: "ContainerCreating"', 'phase: "Running", ready: "1/1"'],
] as const;
/** Calico's token ended at nine, before the calls. */
const CALICO_ENDED = ["exp: 1741154401", "exp: 1741078800"] as const;
const ISTIO_ALIVE = ["5f1c2a90-2222-4a6b-9c3d-0000000000d", "5f1c2a90-2222-4a6b-9c3d-0000000000e"] as const;

/** Each finding of a rule: its node, and what it explains. */
const found = ({ findings, links }: Conclusions, rule: string): readonly string[] =>
  findings
    .filter((f) => f.rule === rule)
    .map((f) => {
      const effects = links.filter((l) => l.cause === f.id).map((l) => findings.find((e) => e.id === l.effect)?.rule);
      return `${f.about.node?.join()} ${f.about.path?.map((p) => p.split("/").at(-1)).join()} → ${effects.join() || "nothing"}`;
    })
    .sort();
const said = ({ verdicts }: Conclusions, rule: string): readonly string[] =>
  verdicts
    .filter((v) => v.rule.id === rule)
    .flatMap((v) => v.outcomes)
    .map((o) => `${o.outcome} ${o.about.node?.join()}`)
    .sort();
const rival = ({ hypotheses }: Conclusions, rule: string): readonly string[] =>
  hypotheses
    .filter((h) => h.mechanism === rule)
    .map(
      (h) => `${h.status}: ${[...h.statements.map((s) => plainText(s)), ...h.missing.map((m) => m.what)].join("; ")}`,
    );
const headline = ({ findings }: Conclusions): string =>
  findings
    .filter((f) => f.rule === "sym:failed-create-sandbox")
    .map((f) => plainText(f.statements[0] ?? { parts: [] }))[0] ?? "";

const GONE = "cni-kubeconfig-token-pod-gone";
const EXPIRED = "cni-token-expired";
const ACCOUNT = "cni-token-wrong-service-account";
const SANDBOX = "sym:failed-create-sandbox";
const WEST = "west ZZZ-istio-cni-kubeconfig → nothing";
const EAST = "east ZZZ-istio-cni-kubeconfig → nothing";

test("a chained plugin's token explains its own refusal, and is found where nothing was refused yet", async () => {
  const all = await concluded();
  assert.equal(found(all, GONE), [`east ZZZ-istio-cni-kubeconfig → ${SANDBOX}`, WEST]);
  assert.match(headline(all), "the API server answered Unauthorized (HTTP 401)");
  assert.equal(rival(all, EXPIRED), ["refuted: The token of istio-cni on east expires only at 2026-03-01T08:00:00Z"]);
  const texts = all.findings.flatMap((f) => f.lessons ?? []).map((l) => plainText(l.statement));
  assert.ok(texts.some((t) => t.startsWith("A check of the token's expiry")));
  assert.not.ok(
    texts.some((t) => t.startsWith("Comparing the token's pod")),
    texts.join("\n"),
  );
});

test("without any failure it is found on both nodes, and without a fault both credentials are excluded", async () => {
  assert.equal(found(await concluded(...QUIET), GONE), [EAST, WEST]);
  const sound = await concluded(...QUIET, ISTIO_ALIVE);
  assert.equal(found(sound, GONE), []);
  assert.equal(said(sound, GONE), ["refuted east", "refuted east", "refuted west", "refuted west"]);
});

test("a credential of the chain that was not collected leaves open what the others exclude", async () => {
  const all = await concluded(...QUIET, ISTIO_ALIVE, [
    '/kubeconfig/istio.claims.json\n    kind: claims\n    abspath: "/etc/cni/net.d/ZZZ',
    '/kubeconfig/istio.claims.json\n    kind: claims\n    abspath: "/srv/ZZZ',
  ]);
  assert.equal(said(all, GONE), ["refuted east", "refuted west", "undetermined east", "undetermined west"]);
});

test("Calico's refusal is of Calico's token, whatever the chained plugin's is like", async () => {
  const calico = failsWith(
    String.raw`plugin type=\"calico\" failed (add): error getting ClusterInformation: connection is unauthorized: Unauthorized`,
  );
  const ended = await concluded(calico, CALICO_ENDED);
  assert.equal(found(ended, EXPIRED), [`east calico-kubeconfig → ${SANDBOX}`, "west calico-kubeconfig → nothing"]);
  assert.equal(found(ended, GONE), [EAST, WEST]);
  assert.match(headline(ended), "the API server answered Unauthorized (HTTP 401)");
  const good = await concluded(calico);
  assert.equal(
    good.links.filter((l) => good.findings.find((f) => f.id === l.effect)?.rule === SANDBOX),
    [],
  );
  assert.match(
    rival(good, GONE).join(),
    "refuted: The token that the plugin calico on east was given is not bound to a pod",
  );
});

test("a 401 of another server is no answer to any token, and no token explains it", async () => {
  const vendor = failsWith(
    String.raw`plugin type=\"vendor-dns\" failed (add): POST https://10.9.9.9/wapi/v2.12/record:host: 401 Unauthorized`,
  );
  const all = await concluded(vendor, CALICO_ENDED);
  assert.equal(found(all, EXPIRED), ["east calico-kubeconfig → nothing", "west calico-kubeconfig → nothing"]);
  assert.equal(found(all, GONE), [EAST, WEST]);
  assert.match(headline(all), "Unauthorized to a request to 10.9.9.9 that is none of the Kubernetes API");
  assert.not.match(headline(all), "the API server answered");
  assert.match(rival(all, EXPIRED).join(), "refuted: What failed on east ended in");
  assert.equal(rival(all, ACCOUNT), []);
});

test("a 401 of a plugin without a kubeconfig of its own is judged by no token of another", async () => {
  const vendor = failsWith(String.raw`plugin type=\"vendor-dns\" failed (add): Unauthorized`);
  for (const changes of [[vendor], [vendor, CALICO_ENDED]] as const) {
    const all = await concluded(...changes);
    assert.equal(
      all.links.filter((l) => all.findings.find((f) => f.id === l.effect)?.rule === SANDBOX),
      [],
    );
    assert.equal(found(all, GONE), [EAST, WEST]);
    for (const rule of [GONE, EXPIRED])
      assert.match(
        rival(all, rule).join(),
        "open: what the plugin vendor-dns on east presents, and to which server",
        rule,
      );
    assert.equal(rival(all, ACCOUNT), []);
    assert.match(headline(all), "failed: Unauthorized (HTTP 401); which server answered so is not said");
  }
});

test("a request to another host than the kubeconfig's server is no answer to its token", async () => {
  for (const [host, effect] of [
    ["10.96.0.1:443", SANDBOX],
    ["10.9.9.9", "nothing"],
  ] as const) {
    const all = await concluded(
      failsWith(
        String.raw`plugin type=\"istio-cni\" failed (add): Get \"https://${host}/api/v1/pods/x\": Unauthorized`,
      ),
    );
    assert.equal(found(all, GONE), [`east ZZZ-istio-cni-kubeconfig → ${effect}`, WEST], host);
    assert.is(headline(all).includes("the API server answered"), effect === SANDBOX, host);
    if (effect !== SANDBOX)
      assert.match(rival(all, EXPIRED).join(), "open: whether 10.9.9.9, which refused istio-cni on east");
  }
});

test("a failure that is no refusal is not explained by any of them, and what one excludes another does not", async () => {
  const all = await concluded(failsWith(String.raw`plugin type=\"portmap\" failed (add): context deadline exceeded`));
  assert.equal(found(all, GONE), [EAST, WEST]);
  assert.equal(rival(all, GONE), []);
});

test.run();
