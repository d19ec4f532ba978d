import { cite, type Fact, type FactKind } from "#model/fact.js";
import { type Instant, MADE_UP_MS, parseInstant, UNMEASURED_SKEW_MS } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, lapse, type Statement, say, time, word } from "#model/statement.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** What shows that the clock of a node is off, or that it is not, where nobody measured it against the API server's. */
export interface ClockSign {
  readonly outcome: "off" | "right";
  /** The text of a failed check of a certificate tells it, and by the API server's time the certificate is good: the clock is what failed the check. */
  readonly dated: boolean;
  readonly statement: Statement;
  readonly unverified: readonly string[];
}

const ntps = (view: View): FactView<"clock.ntp"> => view("clock.ntp");
const events = (view: View): FactView<"kube.event"> => view("kube.event");

/** Those of one node, the strongest first. Empty where nothing tells. */
export function clockSigns(node: string, context: MatchContext): readonly ClockSign[] {
  const own = context.derive(events).all.filter((e) => e.value.node === node && e.value.component === "kubelet");
  const dated = own.flatMap((e) => byText(node, e, context) ?? []);
  const all = [
    ...dated,
    ...context
      .derive(ntps)
      .on(node)
      .flatMap((n) => byNtp(node, n) ?? []),
    ...own.flatMap((e) => byFuture(node, e, context) ?? []).slice(0, 1),
  ];
  const off = all.filter((s) => s.outcome === "off");
  return off.length > 0 ? off : all.slice(0, 1);
}

/** Go writes the clock that it judged by into its text (crypto/x509 verify.go): `current time T is before S`. */
const DATED =
  /current time (\d{4}-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d)) is (before|after) (\d{4}-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d))/;

/**
 * The text stands beside the time at which the API server stored the event: its own clock. The kubelet's times of the event are of the same clock
 * as the text and tell nothing.
 */
function byText(node: string, event: Fact<"kube.event">, context: MatchContext): ClockSign | null {
  const { message, created } = event.value;
  const [, text = "", way, bound = ""] = DATED.exec(message) ?? [];
  const [said, end] = [parseInstant(text, "unknown"), parseInstant(bound, "unknown")];
  if (!said || !end || !created || isLater(created, collected(event, context))) return null;
  const stored = cite(event, "/metadata/creationTimestamp");
  // Where one event stands for several, its text is a later one's.
  const until = /^\(combined from similar events\)/.test(message) ? collected(event, context).epochMs : created.epochMs;
  const ahead = said.epochMs > until ? said.epochMs - until : Math.min(0, said.epochMs - created.epochMs);
  if (ahead > MADE_UP_MS) return null;
  if (Math.abs(ahead) <= UNMEASURED_SKEW_MS) {
    if (until !== created.epochMs) return null;
    return {
      outcome: "right",
      dated: true,
      unverified: [],
      statement: say`The failed check on ${code(node, event.evidence)} judged by the time ${time(said, event.evidence)}, and the API server stored its event at ${time(created, stored)}: that clock was right`,
    };
  }
  // By the API server's time the certificate was good, too: else it is refused whatever the clock.
  const isGood = way === "before" ? created.epochMs >= end.epochMs : created.epochMs <= end.epochMs;
  return {
    outcome: "off",
    dated: isGood,
    unverified: [],
    statement: say`The failed check on ${code(node, event.evidence)} judged by the time ${time(said, event.evidence)}, while the API server stored its event at ${time(created, stored)}: the clock there was ${lapse(Math.abs(ahead), event.evidence)} ${word(ahead > 0 ? "ahead" : "behind", event.evidence)}`,
  };
}

function byNtp(node: string, { value, evidence }: Fact<"clock.ntp">): ClockSign | null {
  const ms = value.offsetS * 1000;
  if (Math.abs(ms) <= UNMEASURED_SKEW_MS) return null;
  return {
    outcome: "off",
    dated: false,
    unverified: ["the API server keeps to NTP time"],
    statement: say`The clock of ${code(node, evidence)} is ${lapse(Math.abs(ms), evidence)} ${word(ms > 0 ? "ahead of" : "behind", evidence)} NTP time, as ${code(value.tool, evidence)} measured there`,
  };
}

/** What its kubelet reports as later than its event was stored, or than the list of it was collected, a clock that is ahead wrote. */
function byFuture(node: string, event: Fact<"kube.event">, context: MatchContext): ClockSign | null {
  const { first, last, created } = event.value;
  const base = { outcome: "off", dated: false, unverified: [] } as const;
  const [reference, latest] = [created ?? collected(event, context), last ?? first];
  // Made up, or turned: nothing is measured by what cannot be.
  if (latest && latest.epochMs - reference.epochMs > MADE_UP_MS) return null;
  if (first && last && last.epochMs < first.epochMs) return null;
  if (first && created && isLater(first, created)) {
    return {
      ...base,
      statement: say`The kubelet of ${code(node, event.evidence)} reported an event of ${time(first, event.evidence)}, which the API server had stored at ${time(created, cite(event, "/metadata/creationTimestamp"))}: the clock there is at least ${lapse(first.epochMs - created.epochMs, event.evidence)} ahead`,
    };
  }
  const end = collected(event, context);
  // Where the API server's own stamp is later, too, it is the collecting machine's clock that is behind.
  if (!last || !isLater(last, end) || (created && isLater(created, end))) return null;
  return {
    ...base,
    unverified: ["the machine that collected the events has the API server's time"],
    statement: say`The kubelet of ${code(node, event.evidence)} reported an event of ${time(last, event.evidence)}, ${lapse(last.epochMs - end.epochMs, event.evidence)} after the events had been collected: the clock there is at least that much ahead`,
  };
}

/** By more than two clocks that are right may differ. */
const isLater = (a: Instant, b: Instant): boolean => a.epochMs - b.epochMs > UNMEASURED_SKEW_MS;

/** When the list that holds it was had, at the latest. */
const collected = ({ artifact }: Fact, { moment }: MatchContext): Instant => artifact.collectedAt ?? moment.collectedAt;
