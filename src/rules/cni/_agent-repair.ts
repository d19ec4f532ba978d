import type { Finding } from "#model/finding.js";
import { type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { ENDED, endedRepair } from "./_agent-ended.js";

/** What follows where the CNI agent of a node does not work, or is not there: what to see first, the repair, what shows that it worked. */
export function agentConsequence(finding: Finding): Consequence {
  const [namespace, pod, node, name] = ["namespace", "pod", "node", "daemonSet"].map((k) =>
    String(finding.value[k] ?? ""),
  ) as [string, string, string, string];
  const target: Target = { namespace, pod, node, name, ns: shellWord(namespace) };
  const over = finding.ended !== null;
  const wants = String(finding.value["wants"] ?? "yes");
  const end = ENDED[String(finding.value["end"])];
  return {
    ...NO_CONSEQUENCE,
    fix: over
      ? []
      : [
          pod === ""
            ? placed(target)
            : finding.value["waitsForProxy"] === true
              ? waited(target)
              : (endedRepair(finding) ?? revived(target, finding.value["heard"] === true)),
        ],
    verify: [
      {
        run: `kubectl -n ${target.ns} get pods -o wide --field-selector spec.nodeName=${shellWord(node)}`,
        expect: `a pod of ${name === "" ? "the CNI agent" : name}, running and ready`,
      },
      pod === ""
        ? {
            run: `kubectl -n ${target.ns} describe daemonset ${shellWord(name)}`,
            expect: "no event of a pod that could not be created",
          }
        : logsOf(target),
      probeNode(node),
    ],
    actions: over
      ? []
      : [
          {
            title:
              pod === ""
                ? wants === "no"
                  ? `Decide whether ${namespace}/${name} is to run on ${node}, and have the network of the node run there`
                  : `Have ${namespace}/${name} run a pod on ${node}`
                : `Bring the CNI agent of ${node} back to work`,
            type: "repair",
            priority: finding.role === "latent-condition" ? "High" : "Urgent",
            doneWhen: `its pod on ${node} is Ready, and a pod with its own network can be created and deleted there`,
          },
        ],
    stops:
      pod === ""
        ? `${WANTS[wants]?.(node) ?? ""}; what keeps it away is not in the evidence`
        : end !== undefined
          ? end
          : finding.value["warned"] === true
            ? "why the agent is not ready its own events say; what lies behind that is not in the evidence, and its logs say more, where they were collected"
            : "the agent is not ready; its logs say more, where they were collected",
  };
}

/** By what its status says of the nodes that it wants. */
const WANTS: Readonly<Record<string, (node: string) => string>> = {
  yes: (node) => `the DaemonSet wants a pod on ${node}, and none is there`,
  no: (node) => `the DaemonSet has all pods that it wants, and none of them is on ${node}`,
  open: (node) =>
    `none of the DaemonSet's pods is on ${node}, and whether it wants one there is not told by its status`,
};

export interface Target {
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  /** Of the DaemonSet; empty where the pod names none. */
  readonly name: string;
  /** The namespace as a word of a shell command. */
  readonly ns: string;
}

const logsOf = ({ name, ns, pod }: Target) =>
  name === ""
    ? {
        run: `kubectl -n ${ns} logs ${shellWord(pod)} --all-containers --tail=100`,
        expect: "no error of the agent itself",
      }
    : {
        run: `kubectl -n ${ns} rollout status daemonset ${shellWord(name)} --timeout=120s`,
        expect: "successfully rolled out",
      };

function revived(target: Target, heard: boolean): Consequence["fix"][number] {
  const { ns, pod, node } = target;
  const it = shellWord(pod);
  return {
    step: `${heard ? `Mend what ${pod} on ${node} stopped with (the error in its log is quoted)` : `See with what ${pod} on ${node} stopped, and mend that`}; only then replace it, where it does not become ready by itself. A successor of the same manifest stops in the same way.`,
    commands: [
      {
        run: `kubectl -n ${ns} describe pod ${it}`,
        expect:
          "why it is not ready: a container that ends, a probe that fails, an image or a volume that is not there",
      },
      ...(heard ? [] : logsToRead(target)),
      {
        run: `# once that is mended\nkubectl -n ${ns} delete pod ${it}`,
        expect: `pod "${pod}" deleted`,
      },
      {
        run: `kubectl -n ${ns} get pods -o wide --field-selector spec.nodeName=${shellWord(node)}`,
        expect: "its successor, running and ready",
      },
    ],
  };
}

/** It is the effect of what keeps it from the API server: a successor would be so as well. */
const waited = ({ ns, pod, node }: Target): Consequence["fix"][number] => ({
  step: `Mend kube-proxy on ${node} first, and leave ${pod} until then: it says itself that it calls the API server in vain, and a successor could do no better.`,
  commands: [
    {
      run: `# once kube-proxy runs there\nkubectl -n ${ns} get pods -o wide --field-selector spec.nodeName=${shellWord(node)}`,
      expect: `${pod}, running and ready within some minutes, without having been replaced`,
    },
    {
      run: `kubectl -n ${ns} logs ${shellWord(pod)} --all-containers --tail=50`,
      expect: "what it waits for, where it does not become ready",
    },
  ],
});

/** Not asked for where the error is in evidence. */
const logsToRead = ({ ns, pod }: Target): Consequence["fix"][number]["commands"] => [
  {
    run: `kubectl -n ${ns} logs ${shellWord(pod)} --all-containers --previous --tail=50`,
    expect: "the error with which a container ended; `previous terminated container … not found` for one that did not",
  },
  {
    run: `kubectl -n ${ns} logs ${shellWord(pod)} --all-containers --tail=50`,
    expect: "what it waits for, where it runs and is not ready",
  },
];

/** What keeps a DaemonSet from having a pod on a node. */
export function placed({ ns, name, node, namespace }: Target): Consequence["fix"][number] {
  const set = shellWord(name);
  return {
    step: `Find what keeps ${namespace}/${name} from having a pod on ${node}, and remove that: the DaemonSet then makes one by itself.`,
    commands: [
      {
        run: `kubectl -n ${ns} get events --field-selector involvedObject.kind=DaemonSet,involvedObject.name=${set}`,
        expect:
          "`FailedCreate` with the reason: a quota, an admission webhook, a missing account; nothing where it was not tried",
      },
      {
        run: `kubectl get node ${shellWord(node)} -o jsonpath='{.spec.taints}{"\\n"}{.metadata.labels}{"\\n"}'`,
        expect: "taints that the DaemonSet tolerates, and the labels that its nodeSelector and affinity ask for",
      },
      {
        run: "kubectl -n kube-system get pods",
        expect: "kube-controller-manager running and ready, where it runs as a pod: without it no DaemonSet gets pods",
      },
      {
        // A rollout is complete as well where the node is none that it wants.
        run: `kubectl -n ${ns} get pods -o wide --field-selector spec.nodeName=${shellWord(node)}`,
        expect: `a pod of ${name}, running and ready`,
      },
    ],
  };
}
