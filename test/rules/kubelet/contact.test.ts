import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Finding } from "#model/finding.js";
import { nodeClock } from "#model/instant.js";
import mechanism from "#rules/kubelet/node-not-ready.js";
import { removeBundles, runCase } from "#test/golden/case.js";
import { at, fact, foundBy, node, texts } from "#test/rules/_facts.js";

const test = suite("what the log of a silent kubelet tells");
test.after(removeBundles);

const OFF = /power|taint|out of service/;

test("cut off, refused, stopped and not looked at are four findings, and only who may be off is powered off", async () => {
  const file = "test/scenarios/kubelet/kubelet-cut-off.yaml";
  const { reviewed } = await runCase({ name: "contact", zone: "UTC", scenario: { file, ext: true } });
  const { findings, chains, gaps, resolution, actions } = reviewed.review;
  const own = findings.filter((f) => f.mechanism === "node-not-ready");
  assert.equal(
    own.map((f) => [f.nodes[0], f.label, f.confidence]),
    [
      ["exa-1", "a kubelet that gets no answer from the API server", "established"],
      ["exa-2", "a kubelet that the API server refuses", "established"],
      ["exa-3", "a kubelet that no longer works its pods", "established"],
      ["exa-4", "a kubelet that fell silent", "established"],
    ],
  );
  const said = own.map((f) => JSON.stringify(f.statements));
  assert.match(said[0] ?? "", /i\/o timeout/);
  assert.match(said[0] ?? "", /Meanwhile it worked on/);
  assert.match(said[1] ?? "", /Unauthorized/);
  assert.match(said[2] ?? "", /The last line of its own in its log is of .*2024-03-05T09:49:58Z/);
  const stops = chains.map((c) => c.stop).join("\n");
  assert.match(stops, /what lies between exa-1 and 10\.0\.0\.9:6443/);
  assert.match(stops, /whether the kubelet stopped, or runs/);
  assert.ok(gaps.some((g) => /what the kubelet of exa-4 logged after it fell silent/.test(JSON.stringify(g))));
  assert.not.ok(gaps.some((g) => /what the kubelet of exa-[123] logged/.test(JSON.stringify(g))));
  const advice = JSON.stringify([resolution, actions]).split(/(?="step"|"title"|"verification")/);
  for (const name of ["exa-1", "exa-2"])
    assert.equal(
      advice.filter((text) => text.includes(name) && OFF.test(text)),
      [],
    );
  for (const name of ["exa-3", "exa-4"]) assert.ok(advice.some((text) => text.includes(name) && OFF.test(text)));
});

const clock = nodeClock("n1");
const silent = node("n1", {
  conditions: [
    {
      type: "Ready",
      status: "Unknown",
      reason: null,
      message: null,
      since: at("2024-03-05T09:50:45Z"),
      heartbeat: at("2024-03-05T09:50:00Z"),
    },
  ],
});
const line = (sample: string, first: string, last: string, more = {}) =>
  fact("log", { sample, first: at(first, clock), last: at(last, clock), count: 9, ...more }, "n1");
const posts = (error: string, last = "2024-03-05T10:29:50Z", first = "2024-03-05T09:50:12Z", more = {}) =>
  line(
    `E0305 09:50:12.000000    1212 kubelet_node_status.go:544] "Error updating node status, will retry" err="${error.replaceAll('"', '\\"')}"`,
    first,
    last,
    more,
  );
const told = (...facts: Parameters<typeof foundBy>[1][]) => {
  const [found] = foundBy(mechanism, silent, ...facts);
  return { ...found, contact: found?.value["contact"], texts: texts(found?.statements ?? []) };
};
const labelOf = (value: Finding["value"] | undefined) => mechanism.labelOf?.({ value } as Finding);

test("how it fails is told by the text: no answer, a refusal, a certificate that it does not accept, or something else", () => {
  const CALL = 'Get "https://10.0.0.9:6443/api/v1/nodes/n1?timeout=10s"';
  for (const [error, contact] of [
    [`error getting node "n1": ${CALL}: dial tcp 10.0.0.9:6443: i/o timeout`, "unanswered"],
    [`error getting node "n1": ${CALL}: dial tcp 10.0.0.9:6443: connect: connection refused`, "unanswered"],
    [`error getting node "n1": ${CALL}: net/http: TLS handshake timeout`, "unanswered"],
    [`error getting node "n1": ${CALL}: context deadline exceeded`, "unanswered"],
    ['error getting node "n1": Unauthorized', "refused"],
    [`error getting node "n1": ${CALL}: remote error: tls: expired certificate`, "refused"],
    ['nodes "n1" is forbidden: User "system:anonymous" cannot get resource "nodes"', "refused"],
    [
      `error getting node "n1": ${CALL}: tls: failed to verify certificate: x509: certificate has expired or is not yet valid`,
      "distrusted",
    ],
    [`error getting node "n1": ${CALL}: x509: certificate signed by unknown authority`, "distrusted"],
    ['error getting node "n1": etcdserver: no leader', "other"],
  ] as const) {
    const { contact: said, unverified, value, texts } = told(posts(error));
    assert.is(said, contact, error);
    assert.ok(texts[0]?.includes(error), texts[0]);
    assert.is(value?.["server"] ?? null, error.includes("https") ? "10.0.0.9:6443" : null);
    assert.equal(unverified, []);
    assert.type(labelOf(value), "string");
  }
});

test("a kubelet that was started after the silence had begun did not run on", () => {
  const ERROR = 'error getting node "n1": dial tcp 10.0.0.9:6443: i/o timeout';
  const start = (first: string, last = first) =>
    line('I0305 09:50:12.000000     900 server.go:484] "Kubelet version" kubeletVersion="v1.30.4"', first, last);
  const late = posts(ERROR, "2024-03-05T10:29:50Z", "2024-03-05T10:10:10Z");
  assert.is(told(late).contact, "unanswered");
  assert.is(told(late, start("2024-03-05T10:10:01Z")).contact, "unknown");
  // a series that begins long before says nothing of the silence
  assert.is(told(late, start("2024-03-05T08:00:00Z", "2024-03-05T10:10:01Z")).contact, "unknown");
  assert.is(told(late, start("2024-03-05T09:00:00Z")).contact, "unanswered", "it had been started before");
  assert.is(told(posts(ERROR), start("2024-03-05T10:10:01Z")).contact, "unknown", "the series may have a gap");
});

test("old versions and the lease say it in other words", () => {
  const old = line(
    'E0305 09:50:12.000000    1212 kubelet_node_status.go:402] Error updating node status, will retry: error getting node "n1": Get https://10.0.0.9:6443/api/v1/nodes/n1: dial tcp 10.0.0.9:6443: i/o timeout',
    "2024-03-05T09:50:12Z",
    "2024-03-05T10:29:50Z",
  );
  const lease = line(
    'E0305 09:50:12.000000    1212 controller.go:145] "Failed to ensure lease exists, will retry" err="Get \\"https://10.0.0.9:6443/apis/coordination.k8s.io/v1/x\\": no route to host" interval="7s"',
    "2024-03-05T09:50:12Z",
    "2024-03-05T10:29:50Z",
  );
  for (const log of [old, lease]) assert.equal([told(log).contact, told(log).unverified], ["unanswered", []]);
  assert.match(told(old).texts[0] ?? "", /its log says error getting node "n1": Get https/);
});

test("near misses: lines of before the condition changed, of a pod, of another program or node, say nothing of it", () => {
  const failing = (more: object, last?: string) => posts("Unauthorized", last, undefined, more);
  for (const log of [
    failing({}, "2024-03-05T09:50:40Z"),
    // Within what two clocks may be apart.
    failing({}, "2024-03-05T09:51:40Z"),
    failing({ kind: "podlog", source: "shop/kubelet-exporter/c" }),
    failing({ source: "containerd" }),
    { ...failing({}), node: "n2" },
  ]) {
    const { contact, missing, texts } = told(log);
    assert.equal(
      [contact, missing?.length, texts[0]],
      ["unknown", 1, "The kubelet of n1 stopped posting the state of its node."],
    );
  }
});

test("one that does not come up did not run on: its log says why; one that gave up long before and came up did", () => {
  const gaveUp = (last: string) =>
    line(
      'E0305 10:00:00.000000    1300 run.go:74] "command failed" err="failed to run Kubelet: misconfiguration: cgroup driver"',
      "2024-03-05T09:51:00Z",
      last,
    );
  const { contact, texts } = told(posts("Unauthorized"), gaveUp("2024-03-05T10:29:55Z"));
  assert.is(contact, "stopped");
  assert.is(
    texts.at(-1),
    "At 2024-03-05T10:29:55Z its log says failed to run Kubelet: misconfiguration: cgroup driver.",
  );
  assert.is(told(posts("Unauthorized"), gaveUp("2024-03-05T10:00:00Z")).contact, "refused");
});

test("a first line that came late, or a last one of long ago, is a premise that was not seen", () => {
  assert.equal(told(posts("Unauthorized", undefined, "2024-03-05T10:10:00Z")).unverified, [
    "that it was so from the beginning of its silence: the first line that says so is of later",
  ]);
  assert.equal(told(posts("Unauthorized", "2024-03-05T10:10:00Z")).unverified, [
    "that it still ran when its log was read: the last line that says so is of long before",
  ]);
});

test("a log that goes on without saying why shows that it runs", () => {
  const { contact, texts } = told(
    line(
      'I0305 10:20:00.000000    1212 kubelet.go:2421] "SyncLoop ADD"',
      "2024-03-05T09:00:00Z",
      "2024-03-05T10:20:00Z",
    ),
  );
  assert.is(contact, "other");
  assert.is(texts.at(-1), "Its log goes on until 2024-03-05T10:20:00Z and does not say why nothing arrives.");
});

test.run();
