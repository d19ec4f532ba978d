import type { Finding } from "#model/finding.js";
import { type Command, type Consequence, shellWord } from "#model/rule.js";

type Fix = Consequence["fix"][number];

/** Where the asking stops, by how a container of the agent ended; one that ended by itself its log tells of. */
export const ENDED: Readonly<Record<string, string>> = {
  oom: "a container of the agent was ended for want of memory; what needed so much is not in the evidence",
  killed:
    "a container of the agent was killed, and not for want of memory; by whom is in the evidence only where an event says it",
  asked: "a container of the agent was asked to end, and did; by whom is in the evidence only where an event says it",
  done: "a container of the agent ended by itself and without an error code; why it did is not in the evidence",
};

/** What to do where the agent did not end by an error of its own: what is in its log is not what it stopped with. Null where it may have. */
export function endedRepair({ value }: Finding): Fix | null {
  const text = (key: string): string => String(value[key] ?? "");
  const [pod, node, container] = ["pod", "node", "container"].map(text) as [string, string, string];
  const ns = shellWord(text("namespace"));
  const seen: Command = {
    run: `kubectl -n ${ns} describe pod ${shellWord(pod)}`,
    expect: "`Last State: Terminated` of that container, with its reason and exit code, and what its events say",
  };
  const up: Command = {
    run: `kubectl -n ${ns} get pods -o wide --field-selector spec.nodeName=${shellWord(node)}`,
    expect: "its pod, or the successor of it, running and ready",
  };
  if (text("end") === "oom") return { step: oomStep(text), commands: [seen, ...memory(text, ns), up] };
  const step = STEPS[text("end")];
  if (!step) return null;
  return {
    step: `${step(`${container} of ${pod} on ${node}`)}${value["probed"] === true ? " Its events tell of a probe that failed: see what that asks, and why it is not answered in time." : ""} Only then replace the pod, where it does not become ready by itself.`,
    commands: [
      seen,
      {
        run: `kubectl -n ${ns} get events --field-selector involvedObject.name=${shellWord(pod)}`,
        expect: "`Killing` and `Unhealthy` with the probe that failed; neither where it was not for a probe",
      },
      {
        run: `kubectl -n ${ns} logs ${shellWord(pod)} -c ${shellWord(container)} --previous --tail=50`,
        expect: "what it did last; `previous terminated container … not found` where that is gone",
      },
      { run: `# once that is mended\nkubectl -n ${ns} delete pod ${shellWord(pod)}`, expect: `pod "${pod}" deleted` },
      up,
    ],
  };
}

const STEPS: Readonly<Record<string, (it: string) => string>> = {
  killed: (it) => `Find who killed ${it} (SIGKILL, and not for want of memory), and mend that.`,
  asked: (it) => `Find who asked ${it} to end (SIGTERM), and mend that.`,
  done: (it) => `Find why ${it} ends by itself without an error code, and mend that.`,
};

const oomStep = (text: (key: string) => string): string => {
  const it = `${text("container")} of ${text("pod")} on ${text("node")}`;
  return text("memoryLimit") === ""
    ? `Find what takes the memory of ${text("node")}: ${it} was ended for want of it, and has no limit of its own in its spec. What its log says before that is not what ended it.`
    : `Give ${it} more memory than its limit of ${text("memoryLimit")}, or find what in it takes so much: it was ended for want of it. What its log says before that is not what ended it.`;
};

function memory(text: (key: string) => string, ns: string): readonly Command[] {
  const [node, set, container] = ["node", "daemonSet", "container"].map((k) => shellWord(text(k))) as [
    string,
    string,
    string,
  ];
  if (text("memoryLimit") === "")
    return [
      {
        run: `kubectl describe node ${node}`,
        expect: "`Allocated resources`, and whether `MemoryPressure` is `True`",
      },
      {
        run: `# on ${node}, as root\ndmesg -T | grep -iE 'out of memory|oom-kill'`,
        expect: "which process was killed, for which cgroup, and what used the memory then",
      },
    ];
  const used: Command = {
    run: `kubectl -n ${ns} top pod ${shellWord(text("pod"))} --containers`,
    expect: "what it uses, beside that limit; an error where the cluster measures none",
  };
  if (text("daemonSet") === "") return [used];
  return [
    used,
    {
      run: `# once it is decided how much; where an operator or a chart manages the DaemonSet, set it there\nkubectl -n ${ns} set resources daemonset ${set} -c ${container} --limits=memory=<how much>`,
      expect: `daemonset.apps/${text("daemonSet")} resource requirements updated`,
    },
  ];
}
