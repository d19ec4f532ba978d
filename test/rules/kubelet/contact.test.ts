import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import type { Finding } from "#model/finding.js";
import { nodeClock } from "#model/instant.js";
import { plainText } from "#model/statement.js";
import mechanism from "#rules/kubelet/node-not-ready.js";
import stuckTerminating from "#rules/kubelet/sym-pod-stuck-terminating.js";
import { removeBundles, runCase } from "#test/golden/case.js";
import { at, fact, foundBy, node, pod, runRule, texts } from "#test/rules/_facts.js";

const test = suite("what the log of a silent kubelet tells");
test.after(removeBundles);

const OFF = /power|taint|out of service/;

test("cut off, refused, stopped and not looked at are four findings, and only who may be off is powered off", async () => {
  const file = "test/scenarios/kubelet/kubelet-cut-off.yaml";
  const { reviewed } = await runCase({ name: "contact", zone: "UTC", scenario: { file, ext: true } });
  const { findings, chains, gaps, resolution, actions, timeline } = reviewed.review;
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
  const rows = timeline.map((row) => plainText(row.statement));
  assert.ok(rows.includes('The kubelet of exa-2 first logs a failed post: error getting node "exa-2": Unauthorized.'));
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
const EXPIRED =
  "The currently active client certificate has expired, but the server is responsive. A restart may be necessary to retrieve new initial credentials.";
const own = (text: string, first = "2024-03-05T09:50:12Z", last = "2024-03-05T10:29:30Z", more = {}) =>
  line(`E0305 09:50:12.000000    1212 transport.go:113] ${text}`, first, last, more);
const repairOf = (value: Finding["value"] | undefined) => mechanism.consequence({ value, ended: null } as Finding);
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

const start = (first: string, last = first, count = first === last ? 1 : 9) =>
  line('I0305 09:50:12.000000     900 server.go:484] "Kubelet version" kubeletVersion="v1.30.4"', first, last, {
    count,
  });
const NO_ANSWER = 'error getting node "n1": dial tcp 10.0.0.9:6443: i/o timeout';

test("a kubelet that was started anew in the silence, and fails ever since, runs: the start is told, and what was before it is open", () => {
  const late = posts(NO_ANSWER, "2024-03-05T10:29:50Z", "2024-03-05T10:10:10Z");
  assert.is(told(late).contact, "unanswered");
  const { contact, texts, unverified, missing, value } = told(late, start("2024-03-05T10:10:01Z"));
  assert.is(contact, "unanswered");
  assert.is(
    texts[0],
    `The kubelet of n1 was started at 2024-03-05T10:10:01Z and got no answer from the API server: from 2024-03-05T10:10:10Z until at least 2024-03-05T10:29:50Z its log says ${NO_ANSWER}.`,
  );
  assert.equal(missing, []);
  assert.match(unverified?.join() ?? "", /from the beginning of its silence/);
  assert.not.match(JSON.stringify(repairOf(value)), OFF);
  // One start has several lines, and one of the day before is another matter.
  const unit = line(
    "systemd[1]: Started kubelet: The Kubernetes Node Agent.",
    "2024-03-04T11:00:00Z",
    "2024-03-05T10:10:00Z",
    { count: 2 },
  );
  assert.is(told(late, unit, start("2024-03-05T10:10:01Z")).contact, "unanswered");
  // It said so before that start as well: no series shows that it did all the while.
  const both = told(posts(NO_ANSWER), start("2024-03-05T10:10:01Z"));
  assert.equal([both.contact, both.missing], ["unanswered", []]);
  assert.is(
    both.texts[0],
    `The kubelet of n1 was started at 2024-03-05T10:10:01Z and got no answer from the API server, as before that: first at 2024-03-05T09:50:12Z, and until at least 2024-03-05T10:29:50Z its log says ${NO_ANSWER}.`,
  );
});

test("what it failed with before it was started anew is not what it fails with now", () => {
  const expired = own(EXPIRED, "2024-03-05T09:50:12Z", "2024-03-05T10:00:00Z");
  const refused = posts("Unauthorized", "2024-03-05T10:00:00Z");
  const now = posts(NO_ANSWER, "2024-03-05T10:29:50Z", "2024-03-05T10:10:10Z");
  const { contact, texts } = told(expired, refused, start("2024-03-05T10:10:01Z"), now);
  assert.is(contact, "unanswered");
  assert.match(texts[0] ?? "", /was started at .*10:10:01Z and got no answer/);
  assert.not.match(texts.join(), /has expired/);
  assert.is(texts[1], "Before that start its log said Unauthorized, the last time at 2024-03-05T10:00:00Z.");
});

test("near misses: started several times, only just, after its last word, or again and again, it need not have run on", () => {
  const late = posts(NO_ANSWER, "2024-03-05T10:29:50Z", "2024-03-05T10:10:10Z");
  assert.is(told(late, start("2024-03-05T10:10:01Z", "2024-03-05T10:29:40Z")).contact, "unknown", "again and again");
  assert.is(told(late, start("2024-03-05T09:55:00Z"), start("2024-03-05T10:10:01Z")).contact, "unknown", "twice");
  // a series that begins long before says nothing of the silence
  assert.is(told(late, start("2024-03-05T08:00:00Z", "2024-03-05T10:10:01Z")).contact, "unknown");
  assert.is(told(late, start("2024-03-05T10:29:55Z")).contact, "unknown", "after its last word");
  assert.is(told(late, start("2024-03-05T10:26:00Z")).contact, "unknown", "only just");
  assert.is(told(late, start("2024-03-05T09:00:00Z")).contact, "unanswered", "it had been started before");
});

test("the kubelet of a distribution is read where that logs, and the gap names the unit that is there", () => {
  for (const source of ["snap.microk8s.daemon-kubelite", "k3s-agent", "rke2-server", "k0sworker"])
    assert.is(told(posts("Unauthorized", undefined, undefined, { source })).contact, "refused", source);
  const idle = (source: string) =>
    line('I0305 09:40:12.000000 1 x.go:1] "x"', "2024-03-05T09:40:00Z", "2024-03-05T09:40:00Z", { source });
  const commandOf = (...facts: Parameters<typeof told>) => told(...facts).missing?.[0]?.command ?? "";
  assert.match(
    commandOf(idle("snap.microk8s.daemon-kubelite")),
    /^journalctl -u snap\.microk8s\.daemon-kubelite --since/,
  );
  assert.match(commandOf(idle("k3s-agent")), /^journalctl -u k3s-agent --since/);
  assert.match(
    commandOf(idle("rke2-agent")),
    /^journalctl -u rke2-agent --since .*\n.*\/rke2\/agent\/logs\/kubelet\.log/,
  );
  assert.match(commandOf(idle("kubelet")), /^journalctl -u kubelet --since/);
  assert.match(commandOf(idle("kubelet"), idle("k3s")), /^journalctl -u kubelet --since/, "what else lies about");
  const of = (more: object) => {
    const [found] = foundBy(mechanism, { ...silent, value: { ...silent.value, ...more } });
    return [found?.missing[0]?.command ?? "", JSON.stringify(repairOf(found?.value))] as const;
  };
  const [k3s, repair] = of({ kubeletVersion: "v1.30.4+k3s1" });
  assert.match(k3s, /^journalctl -u k3s -u k3s-agent --since/);
  assert.match(repair, /journalctl -u k3s -u k3s-agent -n 100/);
  assert.not.match(repair, /another name|-u kubelet/);
  assert.match(of({ labels: { "microk8s.io/cluster": "true" } })[0], /daemon-kubelite/);
  assert.match(of({ kubeletVersion: "v1.30.4" })[1], /the unit has another name on/);
});

test("other gaps that the kubelet's log would close name its unit as well", () => {
  const ready = {
    type: "Ready",
    status: "True",
    reason: null,
    message: null,
    since: at("2024-03-05T10:00:00Z"),
    heartbeat: null,
  };
  const notReady = fact("kube.event", {
    reason: "NodeNotReady",
    objectKind: "Node",
    objects: [
      {
        name: "n1",
        uid: "n1",
        count: 1,
        first: at("2024-03-05T09:00:00Z"),
        last: at("2024-03-05T09:00:00Z"),
        evidence: silent.evidence,
      },
    ],
  } as object);
  const stuck = pod({ node: "n1", uid: "uid-old", deletion: at("2024-03-05T08:00:00Z"), graceSeconds: 30 });
  const gaps = (kubeletVersion: string | null) => {
    const of = (rule: typeof mechanism, ...facts: readonly Fact[]) =>
      JSON.stringify(runRule(rule, node("n1", { conditions: [ready], kubeletVersion }), ...facts));
    return `${of(mechanism, notReady)}\n${of(stuckTerminating, stuck)}`;
  };
  assert.match(gaps(null), /journalctl -u kubelet --since @[\s\S]*journalctl --utc -u kubelet --since/);
  assert.match(
    gaps("v1.30.4+k3s1"),
    /journalctl -u k3s -u k3s-agent --since @[\s\S]*journalctl --utc -u k3s -u k3s-agent --since/,
  );
  assert.match(gaps("v1.30.4+rke2r1"), /grep uid-old \/var\/lib\/rancher\/rke2\/agent\/logs\/kubelet\.log/);
});

test("a lease that an elected leader in the same process cannot renew is none of its kubelet", () => {
  const lost = line(
    "E0305 09:50:12.000000    1212 leaderelection.go:367] Failed to renew lease kube-system/kube-scheduler: timed out waiting for the condition",
    "2024-03-05T09:51:00Z",
    "2024-03-05T10:29:50Z",
    { source: "snap.microk8s.daemon-kubelite" },
  );
  assert.is(told(lost).contact, "other");
});

test("an expired certificate is mended by the means of the distribution", () => {
  const by = (source: string) => {
    const { value } = told(
      posts("Unauthorized", undefined, undefined, { source }),
      own(EXPIRED, undefined, undefined, { source }),
    );
    assert.is(value?.["contact"], "expired");
    return repairOf(value)
      .fix.flatMap((f) => f.commands)
      .map((c) => `${c.run}\n${c.expect}`)
      .join("\n");
  };
  assert.match(by("k3s-agent"), /\/var\/lib\/rancher\/k3s\/agent\/client-kubelet\.crt/);
  assert.match(by("k3s-agent"), /systemctl restart k3s-agent/);
  assert.match(by("rke2-server"), /\/rke2\/agent\/client-kubelet\.crt[\s\S]*systemctl restart rke2-server/);
  assert.match(
    by("snap.microk8s.daemon-kubelite"),
    /microk8s refresh-certs[\s\S]*snap restart microk8s\.daemon-kubelite/,
  );
  assert.match(by("k0sworker"), /\/var\/lib\/k0s\/kubelet\/pki/);
  for (const source of ["k3s-agent", "rke2-server", "snap.microk8s.daemon-kubelite", "k0sworker"])
    assert.not.match(by(source), /kubeadm|restart kubelet\b|lies elsewhere/, source);
  assert.match(by("kubelet"), /kubeadm kubeconfig user[\s\S]*systemctl restart kubelet/);
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
  const { contact, texts, value } = told(posts("Unauthorized"), gaveUp("2024-03-05T10:29:55Z"));
  assert.is(contact, "stopped");
  assert.is(
    texts[0],
    "The kubelet of n1 gave up: at 2024-03-05T10:29:55Z its log says failed to run Kubelet: misconfiguration: cgroup driver.",
  );
  const { stops, questions } = repairOf(value);
  assert.match(stops ?? "", /its log says with what the kubelet gave up/);
  assert.not.match(questions.join(), /power/);
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

const BOOTSTRAP =
  "part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2024-03-05 09:49:58 +0000 UTC";
const NO_BOOTSTRAP =
  "failed to run Kubelet: unable to load bootstrap kubeconfig: stat /etc/kubernetes/bootstrap-kubelet.conf: no such file or directory";

test("where its own log says that its client certificate has expired, that is quoted, mended, and where the asking stops", () => {
  for (const [why, ...others] of [
    [own(EXPIRED), posts("Unauthorized")],
    // structured, of later versions
    [own(`"${EXPIRED}" lastCertificateAvailabilityTime="2024-03-05 09:49:58"`), posts("Unauthorized")],
    [own(`"Unhandled Error" err="${BOOTSTRAP}" logger="UnhandledError"`), own(NO_BOOTSTRAP)],
    [own(BOOTSTRAP), own(NO_BOOTSTRAP)],
    // started anew after that: what it is now does not stand there, why does
    [own(EXPIRED), posts("Unauthorized"), own('"Kubelet version" kubeletVersion="v1.30.4"', "2024-03-05T10:10:01Z")],
  ] as const) {
    const { contact, texts, value, missing } = told(why, ...others);
    assert.is(contact, "expired");
    const text = why.value.sample.includes("bootstrap") ? BOOTSTRAP : EXPIRED;
    assert.is(
      texts[0],
      `The client certificate of the kubelet of n1 has expired: from 2024-03-05T09:50:12Z until at least 2024-03-05T10:29:30Z its log says ${text}.`,
    );
    assert.equal(missing, []);
    assert.is(labelOf(value), "a kubelet whose client certificate has expired");
    const { fix, actions, stops } = repairOf(value);
    assert.match(stops ?? "", /client certificate has expired; why it was not renewed in time/);
    assert.not.match(JSON.stringify([fix, actions]), /power it off|taint|out of service|journalctl/);
    assert.match(JSON.stringify(fix), /openssl x509 -noout .*-enddate/);
  }
});

test("two that say so in a bundle: title, time line, stop and advice name the certificate, and no machine is powered off", async () => {
  const file = "test/scenarios/kubelet/kubelet-certificate-expired.yaml";
  const { reviewed } = await runCase({ name: "certificate", zone: "UTC", scenario: { file, ext: true } });
  const { findings, chains, gaps, resolution, actions, timeline } = reviewed.review;
  const labels = findings.filter((f) => f.mechanism === "node-not-ready").map((f) => f.label);
  assert.equal(labels, Array(2).fill("a kubelet whose client certificate has expired"));
  const rows = timeline.map((row) => `${row.at} ${plainText(row.statement)}`).join("\n");
  assert.match(rows, /09:50:14.*exa-1 first logs what is wrong with its client certificate: The currently active/);
  assert.match(rows, /09:50:21.*exa-2 first logs what is wrong with its client certificate: part of the existing/);
  assert.match(chains.map((c) => c.stop).join("\n"), /client certificate has expired/);
  assert.not.match(JSON.stringify([resolution, actions]), OFF);
  assert.not.match(JSON.stringify(gaps), /logged after it fell silent/);
});

test("without a word of an expiry, a kubelet that finds no certificate to come up with is told so", () => {
  const { contact, texts, value } = told(own(NO_BOOTSTRAP));
  assert.is(contact, "uncertified");
  assert.match(texts[0] ?? "", /^The kubelet of n1 finds no client certificate that is valid: from/);
  assert.is(texts.filter((text) => text.includes(NO_BOOTSTRAP)).length, 1);
  const { fix, actions, stops } = repairOf(value);
  assert.not.match(JSON.stringify([fix, actions]), /power it off|taint|out of service/);
  assert.match(stops ?? "", /how it came to be without one/);
});

test("near misses: an expiry of before the silence, one that was mended, a server certificate, another log", () => {
  const rotated = own(
    "certificate rotation detected, shutting down client connections to start using new credentials",
    "2024-03-05T10:29:40Z",
    "2024-03-05T10:29:40Z",
  );
  for (const [name, ...facts] of [
    ["before", own(EXPIRED, "2024-03-05T08:00:00Z", "2024-03-05T08:30:00Z")],
    ["long ago in the silence", own(EXPIRED, "2024-03-05T09:50:12Z", "2024-03-05T10:00:00Z")],
    ["rotated since", own(EXPIRED), rotated],
    ["of its server", own('"Rotating certificates" "kubernetes.io/kubelet-serving: Current certificate is expired"')],
    ["of its server", own("The currently active server certificate has expired")],
    ["another unit", own(EXPIRED, undefined, undefined, { source: "containerd" })],
    ["a pod", own(EXPIRED, undefined, undefined, { kind: "podlog", source: "kube-system/kubelet-watch/c" })],
    ["another node", { ...own(EXPIRED), node: "n2" }],
  ] as const) {
    const { contact, texts, value } = told(posts("Unauthorized"), ...facts);
    assert.is(contact, "refused", name);
    assert.not.match(texts.join("\n"), /certificate/);
    // What was looked for, and not that it stands nowhere.
    assert.match(repairOf(value).stops ?? "", /was searched for .* and none was found/);
  }
  assert.is(told(posts("dial tcp 10.0.0.9:6443: i/o timeout"), own(EXPIRED)).contact, "unanswered");
});

test("an outage of before does not lend it the first time", () => {
  const { texts, unverified } = told(
    own(EXPIRED, "2024-02-01T00:00:00Z"),
    posts("Unauthorized", undefined, "2024-02-01T00:00:00Z"),
  );
  assert.equal(unverified, []);
  assert.is(
    texts[1],
    "The kubelet of n1 ran on, and the API server refused it: at 2024-03-05T10:29:50Z its log says Unauthorized.",
  );
  assert.is(
    texts[0],
    `The client certificate of the kubelet of n1 has expired: at 2024-03-05T10:29:30Z its log says ${EXPIRED}.`,
  );
});

test.run();
