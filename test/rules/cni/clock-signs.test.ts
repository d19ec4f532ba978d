import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, FactKinds } from "#model/fact.js";
import { readChrony, readNtpq } from "#parsers/ntp.js";
import clockOff from "#rules/cni/node-clock-off.js";
import { at, fact, judge, texts, verdicts } from "#test/rules/_facts.js";
import { plain, refusal, scene } from "./_nodes.js";

const test = suite("what shows a node's clock");

/** A failed check of a certificate on n1, in the words of Go, and when the API server stored the event of it. */
const checked = (text: string, created: string | null, part: Partial<FactKinds["kube.event"]> = {}): Fact =>
  fact(
    "kube.event",
    {
      reason: "FailedCreatePodSandBox",
      message: `x509: certificate has expired or is not yet valid: current time ${text}`,
      first: at("2024-03-05T10:00:05Z"),
      last: at("2024-03-05T10:20:00Z"),
      created: created === null ? null : at(created),
      ...part,
    },
    null,
  );
const ntp = (offsetS: number): Fact => fact("clock.ntp", { tool: "chronyc", offsetS }, "n1");
const X509 = { ...refusal("x509") };
const told = (facts: readonly Fact[], calls: readonly ReturnType<typeof refusal>[] = [X509]) => {
  const world = scene([...plain(), ...facts]);
  world.publish("sym:failed-create-sandbox", calls);
  return judge(clockOff, world).filter((o) => o.outcome !== "undetermined");
};
const STORED = "2024-03-05T10:00:05Z";
const words = (outcomes: ReturnType<typeof told>): string =>
  texts(outcomes.flatMap((o) => ("statements" in o ? o.statements : []))).join("\n");

test("a text that judged by 2020 is the measurement, and explains the check", () => {
  const outcomes = told([checked("2020-01-01T00:12:05Z is before 2023-11-01T00:00:00Z", STORED)]);
  assert.equal(verdicts(outcomes), ["found n1"]);
  assert.equal(outcomes[0]?.about.error, ["x509"]);
  assert.match(
    words(outcomes),
    /judged by the time 2020-01-01T00:12:05Z, while the API server stored its event at 2024-03-05T10:00:05Z: .* behind/,
  );
});

test("a text whose time is that of the API server's own stamp rules the clock out", () => {
  const outcomes = told([checked("2024-03-05T10:00:05Z is after 2024-03-05T09:00:00Z", STORED)]);
  assert.equal(verdicts(outcomes), ["refuted n1"]);
  assert.match(words(outcomes), /that clock was right/);
});

test("without that stamp the event's own times say nothing: they are of the same clock", () => {
  assert.equal(verdicts(told([checked("2024-03-05T10:00:05Z is after 2024-03-05T09:00:00Z", null)])), []);
});

test("a certificate that is out of date by either clock is not explained by one that is off", () => {
  const outcomes = told([checked("2024-03-05T10:05:05Z is after 2024-03-01T00:00:00Z", STORED)]);
  assert.equal(verdicts(outcomes), ["refuted n1", "found n1"]);
  assert.equal(outcomes[1]?.about.error, []);
});

test("an event that stands for several was stored with the first: only a time outside of all of them tells", () => {
  const combined = (text: string) =>
    verdicts(
      told([
        checked("", STORED, {
          message: `(combined from similar events): x509: current time ${text} is after 2024-03-05T09:00:00Z`,
        }),
      ]),
    );
  assert.equal(combined("2024-03-05T10:15:00Z"), []);
  assert.equal(combined("2024-03-05T12:15:00Z").at(-1), "found n1");
});

test("an offset from NTP time is a state, and no cause of a refused token", () => {
  const outcomes = told([ntp(300)], [refusal("401")]);
  assert.equal(verdicts(outcomes), ["refuted n1", "found n1"]);
  assert.match(
    words(outcomes),
    /5 min ahead of NTP time, as chronyc measured there; the API server judges tokens by its own/,
  );
  assert.equal(outcomes[1]?.outcome === "found" && outcomes[1].unverified, ["the API server keeps to NTP time"]);
  assert.equal(verdicts(told([ntp(-61)], [])), ["found n1"]);
  // Near NTP time is not near the API server's.
  assert.equal(verdicts(told([ntp(0.01)], [refusal("401")])), []);
  assert.equal(verdicts(told([ntp(60)], [])), []);
});

test("an event of a kubelet from after the collection shows a clock that is ahead", () => {
  const event = (last: string, part: Partial<FactKinds["kube.event"]> = {}) =>
    verdicts(told([fact("kube.event", { reason: "Killing", last: at(last), ...part }, null)], []));
  assert.equal(event("2024-03-05T10:35:00Z"), ["found n1"]);
  assert.equal(event("2024-03-05T10:30:30Z"), []);
  // Another's clock, not the node's.
  assert.equal(event("2024-03-05T10:35:00Z", { component: "default-scheduler" }), []);
  const early = { first: at("2024-03-05T10:05:00Z"), created: at("2024-03-05T10:00:00Z") };
  assert.equal(event("2024-03-05T10:05:00Z", early), ["found n1"]);
  // Sent late, as after an outage of the API server, it was stored late.
  const late = { first: at("2024-03-05T10:00:00Z"), created: at("2024-03-05T10:05:00Z") };
  assert.equal(event("2024-03-05T10:05:00Z", late), []);
});

test("a date that cannot be measures no clock", () => {
  const event = (part: Partial<FactKinds["kube.event"]>) =>
    verdicts(told([fact("kube.event", { reason: "Killing", last: at("2024-03-05T10:20:00Z"), ...part }, null)], []));
  const created = at("2024-03-05T10:00:00Z");
  const far = at("9999-12-31T23:59:59Z");
  assert.equal(event({ last: far }), []);
  assert.equal(event({ first: far, last: far, created }), []);
  assert.equal(event({ first: at("2035-01-01T00:00:00Z"), last: at("2035-01-01T00:00:00Z"), created }), []);
  // Begun after it was seen last: one of the two is wrong, and nothing says which.
  assert.equal(event({ first: at("2024-03-05T10:25:00Z"), created }), []);
  // Stored after the list was had: the machine that collected is behind, or the stamp is made up.
  assert.equal(event({ last: at("2024-03-05T10:40:00Z"), created: at("2024-03-05T10:39:00Z") }), []);
  // Near misses: years ahead is a clock without a battery, or one set by hand.
  const years = at("2030-03-05T10:00:00Z");
  assert.equal(event({ first: years, last: years, created }), ["found n1"]);
  assert.equal(event({ last: at("2024-03-05T10:40:00Z"), created: at("2024-03-05T10:29:00Z") }), ["found n1"]);
  const text = (now: string, stored: string) =>
    verdicts(told([checked(`${now} is after 2024-03-05T09:00:00Z`, stored)]));
  assert.equal(text("9999-12-31T23:59:59Z", STORED), []);
  assert.equal(text("2024-03-05T10:00:05Z", "9999-12-31T23:59:59Z"), []);
  assert.equal(text("2030-03-05T10:00:05Z", STORED).at(-1), "found n1");
});

test("chronyc and ntpq give the clock's offset with its sign; without a source there is none", () => {
  const chrony = (way: string, leap = "Normal") =>
    readChrony(["Stratum         : 3", `System time     : ${way} of NTP time`, `Leap status     : ${leap}`])?.offsetS;
  assert.is(chrony("300.000000000 seconds fast"), 300);
  assert.is(chrony("0.250000000 seconds slow"), -0.25);
  assert.is(chrony("0.000000000 seconds fast", "Not synchronised"), undefined);
  assert.is(chrony("300.0 seconds fast", "Not synchronised"), 300);
  assert.is(readChrony(["506 Cannot talk to daemon"]), null);
  const peer = (mark: string) => [
    "     remote           refid      st t when poll reach   delay   offset  jitter",
    "==============================================================================",
    `${mark}192.0.2.1       .GPS.            1 u   33   64  377    0.412  -95000.5   0.021`,
  ];
  assert.equal(readNtpq(peer("*"))?.offsetS, 95.0005);
  assert.is(readNtpq(peer("*"))?.line, 3);
  assert.is(readNtpq(peer("+")), null);
  assert.is(readNtpq([]), null);
});

test.run();
