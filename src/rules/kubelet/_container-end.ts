import { atPointer, type Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import type { ContainerValue, Ended } from "#model/kube-value.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, type Quoted, type Statement, say, time, word } from "#model/statement.js";
import { type Pod, podName, words } from "./_pods.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;
const views = (view: View): View => view;

/**
 * How a container came to end. `oom`: for want of memory. `killed`: by SIGKILL, and for another reason. `asked`: by SIGTERM. `done`: by itself, with exit
 * code 0. `failed`: by itself, with another.
 */
export type End = "oom" | "killed" | "asked" | "done" | "failed";

/** What stands where nobody saw the end: the exit code beside it is made up. */
const UNSEEN = new Set(["ContainerStatusUnknown", "Unknown"]);
/** A process that a signal ends has 128 and its number as exit code. */
const KILL = 9;
const TERM = 15;

/** Null where it has not ended, or nothing tells how. */
export function endOf({ ended }: ContainerValue): End | null {
  if (!ended || UNSEEN.has(ended.reason)) return null;
  if (ended.reason === "OOMKilled") return "oom";
  const signal = ended.signal ?? (ended.exitCode ?? 0) - 128;
  if (signal === KILL) return "killed";
  if (signal === TERM) return "asked";
  return ended.exitCode === null ? null : ended.exitCode === 0 ? "done" : "failed";
}

/** Where the end stands in the pod's status. */
function shownBy(pod: Pod, { name, init }: ContainerValue): Evidence {
  const list = `/status/${init ? "initContainerStatuses" : "containerStatuses"}`;
  for (let i = 0; atPointer(pod.json, `${list}/${i}`) !== undefined; i += 1) {
    if (atPointer(pod.json, `${list}/${i}/name`) !== name) continue;
    const place = ["state", "lastState"].find(
      (of) => atPointer(pod.json, `${list}/${i}/${of}/terminated`) !== undefined,
    );
    if (place) return cite(pod, `${list}/${i}/${place}/terminated`);
  }
  return pod.evidence;
}

/** How it last ended, and what it may use where that was short. */
export function endStatement(pod: Pod, container: ContainerValue): readonly Statement[] {
  const { ended } = container;
  if (!ended || (ended.reason === "" && ended.exitCode === null)) return [];
  const shown = shownBy(pod, container);
  const when = ended.at ? say` at ${time(ended.at, shown)}` : words("", shown);
  return [
    say`The container ${code(container.name, shown)} of ${code(podName(pod), shown)} last ended${quoted(when)} with ${how(ended, shown)}${endOf(container) === "oom" ? limit(pod, container) : words("", shown)}`,
  ];
}

const quoted = (part: Statement | Quoted): Quoted => ({ parts: part.parts, evidence: part.evidence });

function how({ reason, exitCode, signal }: Ended, shown: Evidence): Quoted {
  const number = exitCode === null ? null : say`the exit code ${word(exitCode, shown)}`;
  const named = reason === "" ? null : say`the reason ${code(reason, shown)}`;
  const by = signal === null ? words("", shown) : say` (signal ${word(signal, shown)})`;
  if (!number) return named ?? words("", shown);
  return named ? say`${named} and ${number}${by}` : say`${number}${by}`;
}

function limit(pod: Pod, { memoryLimit, name, init }: ContainerValue): Quoted {
  const list = init ? "initContainers" : "containers";
  const index = pod.value.containers.filter((c) => c.init === init).findIndex((c) => c.name === name);
  const shown = cite(pod, `/spec/${list}/${index}/resources`);
  return memoryLimit === undefined
    ? words("; its spec sets no memory limit", shown)
    : say`; its memory limit was ${code(memoryLimit, shown)}`;
}

const PROBE = /\b(?:liveness|startup) probe\b/i;

/** What events say of a probe for want of which a container is killed or asked to end. */
export function probeStatements(pod: Pod, context: MatchContext, only?: "Killing"): readonly Statement[] {
  const told = new Map<string, Statement>();
  for (const { value } of context.derive(views)("kube.event").all) {
    if (value.reason !== "Killing" && (only || value.reason !== "Unhealthy")) continue;
    for (const o of value.objects) {
      const message = o.message || value.message;
      if (o.uid !== pod.value.uid || !PROBE.test(message)) continue;
      const last = o.last ?? o.first;
      const when = last ? say`, last at ${time(last, o.evidence)},` : words("", o.evidence);
      told.set(
        value.reason,
        say`An event with the reason ${code(value.reason, o.evidence)}${quoted(when)} says ${code(message, o.evidence)}`,
      );
    }
  }
  return [...told.values()];
}
