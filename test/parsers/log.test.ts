import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { stampedLine } from "#parsers/log-time.js";
import { artifact, intakeOf, ofKind, values } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("log");
const journal = artifact({
  kind: "journal",
  origin: "containerd",
  member: "node/journal/containerd.log",
  form: "lines",
});
const COLLECTED = journal.collectedAt;

const line = (second: string, id: string): string =>
  `2026-05-23T02:01:${second}.123456+0000 k8s01 containerd[812]: time="2026-05-23T02:01:${second}.123Z" level=error msg="StopPodSandbox for \\"${id}\\" failed" error="failed to destroy network for sandbox \\"${id}\\": plugin type=\\"calico\\" failed (delete): error getting ClusterInformation: connection is unauthorized: Unauthorized"`;
const ID = "7c8768d40944d2a8c7accaf9fd277d8b1baa20dcd554a7aa5c2a31abd3196878";

test("lines alike are one series, with the first line as its evidence", () => {
  const text = [
    "",
    line("31", ID),
    line("45", ID.replace("7c87", "aaaa")),
    '2026-05-23T02:02:00.000000+0000 k8s01 containerd[812]: time="…" level=info msg="cleaning up dead shim"',
  ].join("\n");
  const [fact, other] = ofKind(intakeOf([journal, text]), "log");
  assert.is(fact?.value.count, 2);
  assert.is(fact?.value.kind, "journal");
  assert.is(fact?.value.source, "containerd");
  assert.is(fact?.value.sample, line("31", ID));
  assert.equal(fact?.value.first, {
    epochMs: Date.UTC(2026, 4, 23, 2, 1, 31, 123),
    precisionMs: 1,
    clock: "node:k8s01",
  });
  assert.is(fact?.value.last?.epochMs, Date.UTC(2026, 4, 23, 2, 1, 45, 123));
  assert.equal(fact?.evidence.locator, { kind: "lines", from: 2, to: 2 });
  assert.equal(fact?.value.lastEvidence?.locator, { kind: "lines", from: 3, to: 3 });
  assert.ok(fact?.value.lastEvidence?.excerpt.includes("02:01:45"));
  assert.is(other?.value.count, 1);
  assert.is(other?.value.lastEvidence, null);
});

test("the last time is shown by the line that has it, and not by the last line", () => {
  const [fact] = ofKind(intakeOf([journal, [line("45", ID), line("31", ID), line("44", ID)].join("\n")]), "log");
  assert.is(fact?.value.last?.epochMs, Date.UTC(2026, 4, 23, 2, 1, 45, 123));
  assert.is(fact?.value.lastEvidence, null);
});

test("it is so in a log of very many lines, too", () => {
  const row = (i: number): string =>
    line(String(i % 60).padStart(2, "0"), ID).replace(
      "02:01:",
      `${String(3 + Math.floor(i / 3600)).padStart(2, "0")}:${String(Math.floor(i / 60) % 60).padStart(2, "0")}:`,
    );
  const rows = Array.from({ length: 12_000 }, (_, i) => row(i));
  const [fact] = ofKind(intakeOf([journal, rows.join("\n")]), "log");
  assert.is(fact?.value.count, 12_000);
  assert.equal(fact?.value.lastEvidence?.locator, { kind: "lines", from: 12_000, to: 12_000 });
  assert.ok(rows[11_999]?.startsWith(fact?.value.lastEvidence?.excerpt.slice(0, 60) ?? "?"));
});

test("the time a line begins with", () => {
  const at = (text: string): string | null => {
    const { when } = stampedLine(text, "node:k8s01", COLLECTED);
    return when && new Date(when.epochMs).toISOString();
  };
  const cases: readonly (readonly [string, string | null])[] = [
    ["2026-05-23T02:01:31.123456+0000 k8s01 kubelet[1]: x", "2026-05-23T02:01:31.123Z"],
    ["2026-05-23T04:01:31+02:00 x", "2026-05-23T02:01:31.000Z"],
    ["2026-05-23T02:01:31.43059899Z stdout F x", "2026-05-23T02:01:31.430Z"],
    ["2026-05-23T02:01:31,123456+00:00 kernel: x", "2026-05-23T02:01:31.123Z"],
    ["E0523 02:01:31.000000    7566 pod_workers.go:191] x", "2026-05-23T02:01:31.000Z"],
    ["I1231 23:59:59.000000       1 x.go:1] x", "2025-12-31T23:59:59.000Z"],
    ["E0523 04:01:31.000000    7566 zone.go:1] two hours ahead of the collection", null],
    ["E0231 02:01:31.000000    7566 x.go:1] no such day", null],
    ['time="2026-05-23T02:01:31.928384665Z" level=info msg="x"', "2026-05-23T02:01:31.928Z"],
    ["2026-05-23 02:01:31.696 [INFO][8667] x", "2026-05-23T02:01:31.696Z"],
    ["2026-05-23 02:01:31 [INFO][1] cni-installer/ x", "2026-05-23T02:01:31.000Z"],
    ["2026-05-23 02:01:31 no level", null],
    ["2026-13-23T02:01:31Z x", null],
    ["no time 2026-05-23T02:01:31Z", null],
    ["", null],
  ];
  for (const [text, expected] of cases) assert.is(at(text), expected, text);
});

test("whose log it is, and which clock", () => {
  const pod = artifact({
    node: null,
    kind: "podlog",
    origin: "kube-system/calico-node-62cn9/calico-node",
    form: "lines",
  });
  const [series] = values(intakeOf([pod, "2026-05-23T02:01:31Z up"]), "log");
  assert.is(series?.kind, "podlog");
  assert.is(series?.first?.clock, "unknown");
  const kindOf = (over: Parameters<typeof artifact>[0]) =>
    values(intakeOf([artifact({ form: "lines", ...over }), "x"]), "log")[0]?.kind;
  assert.is(kindOf({ origin: "/var/log/calico/cni/cni.log" }), "file");
  assert.is(kindOf({ origin: "/var/snap/microk8s/common/var/log/pods/a/0.log" }), "podlog");
  assert.is(kindOf({ kind: "command", origin: "dmesg --time-format iso" }), "command");
  assert.is(kindOf({ origin: "/var/log/dpkg.log" }), undefined);
  assert.is(kindOf({ origin: "/etc/hostname" }), undefined);
  assert.is(kindOf({ kind: "command", origin: "ps -ef" }), undefined);
});

test("two answers of a server are two series", () => {
  const cni = artifact({ origin: "/var/log/calico/cni/cni.log", form: "lines" });
  const of = (code: number, pid: number) =>
    `2026-05-23 02:01:31.696 [INFO][${pid}] calico: DEL GET clusterinformations/default -> HTTP ${code}`;
  assert.equal(
    values(intakeOf([cni, [of(200, 1), of(401, 22), of(401, 333)].join("\n")]), "log").map((s) => s.count),
    [1, 2],
  );
});

test("kinds of lines without end are cut, and then the log is not complete", () => {
  const words = Array.from(
    { length: 2_010 },
    (_, i) => `word ${[...i.toString(2)].map((b) => (b === "1" ? "one" : "nil")).join("")}`,
  );
  const intake = intakeOf([journal, words.join("\n")]);
  assert.is(intake.facts.length, 2_000);
  assert.is(intake.coverage[0]?.coverage, "truncated");
  assert.match(intake.issues[0]?.message ?? "", /^10 lines/);
});

test("a command's output is kept whole up to a limit, and its cut told", () => {
  const ps = artifact({ kind: "command", origin: "ps -eo pid,args", form: "lines" });
  assert.equal(values(intakeOf([ps, "a\nb"]), "command"), [{ command: "ps -eo pid,args", text: "a\nb" }]);
  const long = intakeOf([ps, "x".repeat(300_000)]);
  assert.is(values(long, "command")[0]?.text.length, 262_144);
  assert.is(long.coverage[0]?.coverage, "truncated");
});

test("no input throws, and hostile lines end in time", () => {
  const part = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("2026-05-23T02:01:31Z ", 'time="', "E0523 02:01:31.0 ", '"', "=", "args=", "-", "HTTP 4"),
  );
  const lines = fc.array(fc.array(part).map((parts) => parts.join("")));
  fc.assert(fc.property(lines, (given) => sound(intakeOf([journal, given.join("\n")]))));
  const start = performance.now();
  for (const unit of ["1", "a1", '"1', "-a", "args=", " ", "=", "HTTP "])
    intakeOf([journal, Array(200).fill(unit.repeat(20_000)).join("\n")]);
  assert.ok(performance.now() - start < 4_000);
});

test.run();
