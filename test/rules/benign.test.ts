import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS, readBundle } from "#bundle/read.js";
import { loadRulebook } from "#engine/load.js";
import { conclude } from "#engine/run.js";
import type { Artifact, Custody } from "#model/artifact.js";
import type { JudgedAlarm } from "#model/benign.js";
import { startParsing } from "#parsers/all.js";
import { buildScenario } from "#test/scenario/build.js";

const book = await loadRulebook(resolve("dist/src/rules"));
const folder = mkdtempSync(join(tmpdir(), "inquest-benign-"));
const test = suite("benign rules");
test.after(() => rmSync(folder, { recursive: true }));

/** What is said of the alarms of one scenario, whose text may be changed on the way. */
async function judged(file: string, change = (yaml: string): string => yaml): Promise<readonly JudgedAlarm[]> {
  const parsing = startParsing();
  const artifacts: Artifact[] = [];
  const custody: Custody[] = [];
  const yaml = change(readFileSync(join("test/scenarios", file), "utf8"));
  for (const bundle of buildScenario(yaml, { ext: true })) {
    const path = join(folder, bundle.name);
    writeFileSync(path, bundle.bytes);
    const read = await readBundle(path, DEFAULT_LIMITS, parsing.open);
    artifacts.push(...read.artifacts);
    custody.push(read.custody);
  }
  return conclude(book, parsing.finish(artifacts), custody).alarms;
}

const of = (alarms: readonly JudgedAlarm[], id: string): readonly JudgedAlarm[] =>
  alarms.filter((a) => a.rule?.id === id);
const replacing =
  (from: string, to: string) =>
  (yaml: string): string => {
    assert.ok(yaml.includes(from), `${from} is in the scenario`);
    return yaml.replaceAll(from, to);
  };

test("there are twelve of them, each with a condition, a source and examples of both kinds", () => {
  assert.is(book.benign.length, 12);
  for (const card of book.benign) {
    assert.match(card.id, /^benign:[a-z-]+$/);
    assert.match(card.title, /^[A-Z]/);
    assert.ok(card.condition.length > 20, card.id);
    assert.is(card.known.source.kind, "known", card.id);
    assert.ok(card.examples.benign.length > 0 && card.examples.unexplained.length > 0, card.id);
  }
});

for (const card of book.benign) {
  for (const file of card.examples.benign)
    test(`${card.id}: ${file} is benign, and shows why`, async () => {
      const own = of(await judged(file), card.id);
      assert.ok(own.length > 0, "matches nothing");
      for (const a of own) {
        assert.is(a.verdict, "benign", a.reason);
        assert.ok(a.evidence.length > 0, "shows nothing");
      }
    });
  for (const file of card.examples.unexplained)
    test(`${card.id}: ${file} is not, and says why not`, async () => {
      const own = of(await judged(file), card.id);
      assert.ok(own.length > 0, "matches nothing");
      for (const a of own) {
        assert.is.not(a.verdict, "benign");
        assert.ok(a.reason.length > 10);
        assert.not.match(a.reason, /the rule failed/);
      }
    });
}

const START = "benign/kubelet-start.yaml";
const PODS = "benign/pods-at-start.yaml";

test("a start's warnings are not benign on a node that is not Ready now, or short of disk", async () => {
  const sick = (status: string) =>
    replacing(
      "- {name: exa-1, labels: {kubernetes.io/hostname: exa-1}}",
      `- {name: exa-1, status: {conditions: [${status}]}}`,
    );
  const unready = await judged(START, sick('{type: Ready, status: "False"}, {type: DiskPressure, status: "False"}'));
  for (const id of ["image-filesystem-unmeasured", "separate-filesystem-unknown", "pleg-before-first-list"])
    assert.equal(
      of(unready, `benign:${id}`).map((a) => a.verdict),
      ["contrary"],
      id,
    );
  const full = await judged(START, sick('{type: Ready, status: "True"}, {type: DiskPressure, status: "True"}'));
  assert.equal(
    ["image-filesystem-unmeasured", "separate-filesystem-unknown", "pleg-before-first-list"].map((id) =>
      of(full, `benign:${id}`).map((a) => a.verdict),
    ),
    [["contrary"], ["contrary"], ["benign"]],
  );
});

test("waiting for nodes is not benign while a node is not Ready, whatever became of the pod", async () => {
  const alarms = await judged(
    PODS,
    replacing(
      '- {name: exa-2, labels: {kubernetes.io/hostname: exa-2}, metadata: {creationTimestamp: "2024-03-05T10:00:00Z"}}',
      "- {name: exa-2, status: {conditions: [{type: Ready, status: Unknown}]}}",
    ),
  );
  assert.equal(
    of(alarms, "benign:no-node-ready-yet").map((a) => a.verdict),
    ["contrary", "contrary"],
  );
});

const JOINED = 'metadata: {creationTimestamp: "2024-03-05T10:00:00Z"}';
const START_OF = (node: string, at: string, last = at): string =>
  `      - {t: "${at}", last: "${last}", count: 2, obj: node/${node}, node: ${node}, type: Normal, reason: Starting, component: kubelet, msg: "Starting kubelet."}\n`;
const EVENTS = "    kind: events\n    items:\n";
const OLD = replacing(JOINED, 'metadata: {creationTimestamp: "2023-01-01T00:00:00Z"}');
const waiting = async (change: (yaml: string) => string) =>
  of(await judged(PODS, change), "benign:no-node-ready-yet").map((a) => a.verdict);

test("waiting for nodes is benign where as many as it counts had just joined or started, and only there", async () => {
  const started = (...lines: readonly string[]) => replacing(EVENTS, `${EVENTS}${lines.join("")}`);
  assert.equal(await waiting(OLD), ["unknown", "unknown"], "nothing started");
  const both = started(START_OF("exa-1", "2024-03-05T10:00:00Z"), START_OF("exa-2", "2024-03-05T10:00:05Z"));
  assert.equal(await waiting((yaml) => both(OLD(yaml))), ["benign", "benign"], "both started");
  const one = started(START_OF("exa-1", "2024-03-05T10:00:00Z"));
  assert.equal(await waiting((yaml) => one(OLD(yaml))), ["unknown", "unknown"], "one of the two that it counts");
  const late = started(START_OF("exa-1", "2024-03-05T10:00:40Z"), START_OF("exa-2", "2024-03-05T10:00:40Z"));
  assert.equal(await waiting((yaml) => late(OLD(yaml))), ["unknown", "unknown"], "they started afterwards");
});

test("two starts with an outage between them do not make all of it a start", async () => {
  const starts = ["exa-1", "exa-2"].map((node) => START_OF(node, "2024-03-05T10:00:00Z", "2024-03-05T10:25:00Z"));
  const alarms = await judged("benign/pods-after-outage.yaml", replacing(EVENTS, `${EVENTS}${starts.join("")}`));
  assert.equal(
    of(alarms, "benign:no-node-ready-yet").map((a) => a.verdict),
    ["unknown"],
  );
});

test("of a node without a Ready condition nothing is known, neither that it is Ready nor that it is not", async () => {
  const mute = (status: string) =>
    replacing(
      `- {name: exa-2, labels: {kubernetes.io/hostname: exa-2}, ${JOINED}}`,
      `- {name: exa-2, status: {conditions: [${status}]}, ${JOINED}}`,
    );
  assert.equal(await waiting(mute('{type: DiskPressure, status: "False"}')), ["unknown", "unknown"]);
  assert.equal(await waiting(mute('{type: Ready, status: "False"}')), ["contrary", "contrary"]);
  const start = await judged(
    START,
    replacing(
      "- {name: exa-1, labels: {kubernetes.io/hostname: exa-1}}",
      '- {name: exa-1, status: {conditions: [{type: DiskPressure, status: "False"}]}}',
    ),
  );
  assert.equal(
    of(start, "benign:pleg-before-first-list").map((a) => [a.verdict, a.reason]),
    [["unknown", "how the node is now is not in what was collected"]],
  );
});

test("other reasons than a node that starts are no business of the rule", async () => {
  for (const other of ["node.kubernetes.io/disk-pressure", "node-role.kubernetes.io/control-plane", "shop/not-ready"]) {
    const alarms = await judged(PODS, replacing("node.kubernetes.io/not-ready", other));
    assert.is(of(alarms, "benign:no-node-ready-yet").length, 0, other);
  }
});

test("a pod that is gone is missed by nobody only where its controller has all its replicas", async () => {
  const alarms = await judged(PODS, replacing("readyReplicas: 1", "readyReplicas: 0"));
  assert.equal(
    of(alarms, "benign:volume-cache-not-synced").map((a) => [a.alarm.object, a.verdict]),
    [
      ["web-5d8f67-aaaaa", "benign"],
      ["web-5d8f67-ggggg", "unknown"],
    ],
  );
});

test("a probe that failed at the start is benign only where nothing was restarted, it soon became ready, and it stayed so", async () => {
  const FILE = "benign/probes-at-start.yaml";
  const verdicts = async (from: string, to: string): Promise<string> =>
    of(await judged(FILE, replacing(from, to)), "benign:probe-before-ready")
      .map((a) => `${a.alarm.object} ${a.verdict}`)
      .sort()
      .join();
  const [kept, gone] = ["web-5d8f67-aaaaa", "web-5d8f67-bbbbb"];
  assert.is(await verdicts("10:20:30Z", "10:20:31Z"), `${kept} benign,${gone} benign`);
  assert.is(await verdicts("10:20:30Z", "10:20:50Z"), `${kept} contrary,${gone} benign`, "after it was ready");
  assert.is(await verdicts("restartCount: 0", "restartCount: 1"), `${kept} contrary,${gone} benign`);
  assert.is(
    await verdicts('lastTransitionTime: "2024-03-05T10:20:40Z"', 'lastTransitionTime: "2024-03-05T10:26:40Z"'),
    `${kept} contrary,${gone} benign`,
    "it took long",
  );
  assert.is(await verdicts("readyReplicas: 1", "readyReplicas: 0"), `${kept} benign,${gone} unknown`);
  assert.is(await verdicts("10:19:50Z", "10:12:50Z"), `${kept} benign,${gone} contrary`, "it went on for long");
  assert.is(await verdicts("Readiness probe", "Liveness probe"), "");
  // of one that is gone its events alone tell that it was starting, or being stopped
  const started = 't: "2024-03-05T10:19:45Z"';
  assert.is(
    await verdicts(started, 't: "2024-03-05T10:09:45Z"'),
    `${kept} benign,${gone} contrary`,
    "started long before",
  );
  assert.is(
    await verdicts('"2024-03-05T10:19:45Z", count: 1', '"2024-03-05T10:19:45Z", count: 2'),
    `${kept} benign,${gone} contrary`,
  );
  const says = (reason: string, message: string) =>
    verdicts(
      'reason: Started, component: kubelet, msg: "Started container web"',
      `reason: ${reason}, component: kubelet, msg: "${message}"`,
    );
  assert.is(await says("Pulled", "Pulled"), `${kept} benign,${gone} unknown`);
  assert.is(await says("Killing", "Stopping container web"), `${kept} benign,${gone} benign`);
  assert.is(
    await says("Killing", "Container web failed liveness probe, will be restarted"),
    `${kept} benign,${gone} contrary`,
  );
});

test("a sandbox may begin to fail when its pod comes to a node that has been up for minutes, and only by its agent's text", async () => {
  const FILE = "benign/rebooted.yaml";
  const STARTED = 'started: "2024-03-05T08:00:00Z"';
  const verdict = async (...edits: readonly (readonly [string, string])[]): Promise<string | undefined> =>
    of(
      await judged(FILE, (yaml) => edits.reduce((text, [from, to]) => replacing(from, to)(text), yaml)),
      "benign:sandbox-before-agent",
    )[0]?.verdict;
  const late = [
    `"2024-03-05T10:20:20Z", last: "2024-03-05T10:21:25Z"`,
    `"2024-03-05T10:21:45Z", last: "2024-03-05T10:21:58Z"`,
  ] as const;
  assert.is(await verdict(late), "contrary", "the pod had been there all the time");
  assert.is(await verdict(late, [STARTED, 'started: "2024-03-05T10:21:43Z"']), "benign");
  const TEXT = /stat \/var\/lib\/calico\/nodename.*\/var\/lib\/calico\//;
  const saying = (text: string) => judged(FILE, (yaml) => yaml.replace(TEXT, text));
  const AWS =
    "add cmd: Error received from AddNetwork gRPC call: rpc error: code = Unavailable desc = connection error: desc = transport: Error while dialing: dial tcp 127.0.0.1:50051: connect: connection refused";
  assert.is(of(await saying(AWS), "benign:sandbox-before-agent")[0]?.verdict, "benign");
  const OTHER = "failed to look up: dial tcp 10.9.9.9:5432: connect: connection refused";
  assert.is(of(await saying(OTHER), "benign:sandbox-before-agent")[0]?.verdict, "contrary");
});

test("Warnings that no rule knows are kept, Normal events are not", async () => {
  const alarms = await judged("kubelet/failed-kill-pod.yaml");
  assert.equal(
    alarms.map((a) => [a.alarm.name, a.rule, a.verdict]),
    [["FailedKillPod", null, "unknown"]],
  );
  assert.not.ok((await judged(START)).some((a) => a.alarm.name === "Starting"));
});

test.run();
