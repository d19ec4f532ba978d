import type { Finding } from "#model/finding.js";
import { type Action, type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { placed } from "./_agent-repair.js";

/** What follows where kube-proxy does not run on a node on which the API server's Service is called in vain. */
export function kubeProxyConsequence(finding: Finding): Consequence {
  const [node, namespace, pod, address] = ["node", "namespace", "pod", "address"].map((key) =>
    String(finding.value[key] ?? ""),
  ) as [string, string, string, string];
  const ns = shellWord(namespace);
  const over = finding.ended !== null;
  const proxy: Proxy = { node, namespace, pod, ns, isStatic: finding.value["isStatic"] === true };
  return {
    ...NO_CONSEQUENCE,
    fix: over
      ? []
      : [
          pod === ""
            ? placed({ namespace, pod, node, name: "kube-proxy", ns })
            : revived(proxy, finding.value["heard"] === true),
        ],
    verify: [
      {
        run: `# on ${shellWord(node)}\ncurl -sk -m 5 https://${address}/version`,
        expect: "an answer of the API server, be it 401 or 403; no timeout",
      },
      {
        run: `kubectl -n ${ns} get pods -o wide --field-selector spec.nodeName=${shellWord(node)}`,
        expect: "a pod of kube-proxy, running and ready, and its number of restarts no longer grows",
      },
      probeNode(node),
    ],
    actions: over ? [] : [repair(node, address), ALERT],
    questions: [`What changed on ${node}, or in what kube-proxy is started with there, before it stopped?`],
    stops:
      pod === ""
        ? `the DaemonSet wants a pod on ${node}, and none is there; what keeps it away is not in the evidence`
        : "kube-proxy is not ready; with what its container ended its log says, where that was collected",
  };
}

interface Proxy {
  readonly node: string;
  readonly namespace: string;
  readonly pod: string;
  /** The namespace as a word of a shell command. */
  readonly ns: string;
  /** The kubelet runs it from a file of the node: there is no object to mend or delete. */
  readonly isStatic: boolean;
}

const repair = (node: string, address: string): Action => ({
  title: `Bring kube-proxy on ${node} back to work`,
  type: "repair",
  priority: "Urgent",
  doneWhen: `its pod there is Ready, and https://${address}/version answers from ${node}`,
});

const ALERT: Action = {
  title: "Alert on a kube-proxy that is not ready on a node for 10 minutes",
  type: "detect",
  priority: "High",
  doneWhen: "a kube-proxy that is given an unknown flag on one test node raises the alert within 15 minutes",
};

function revived({ node, pod, ns, isStatic }: Proxy, heard: boolean): Consequence["fix"][number] {
  const it = shellWord(pod);
  const first = heard
    ? `Mend what kube-proxy on ${node} stopped with (the error in its log is quoted)`
    : `See with what kube-proxy on ${node} stopped, and mend that`;
  const where = isStatic
    ? "its manifest is a file on the node, which the distribution writes"
    : "what it is configured with is the same on all nodes, so look as well for what differs on this one";
  return {
    step: `${first}; ${where}.`,
    commands: [
      {
        run: `kubectl -n ${ns} describe pod ${it}`,
        expect:
          "why it is not ready: a container that ends, a probe that fails, an image or a volume that is not there",
      },
      ...(heard
        ? []
        : [
            {
              run: `kubectl -n ${ns} logs ${it} --all-containers --previous --tail=50`,
              expect:
                "the error with which its container ended; `previous terminated container … not found` where it never ran",
            },
          ]),
      ...(isStatic
        ? []
        : [
            {
              run: `kubectl -n ${ns} get configmap kube-proxy -o yaml`,
              expect: "the setting that its error names; `NotFound` where the distribution keeps it elsewhere",
            },
            {
              run: `# once that is mended\nkubectl -n ${ns} delete pod ${it}`,
              expect: `pod "${pod}" deleted`,
            },
          ]),
      {
        run: `kubectl -n ${ns} get pods -o wide --field-selector spec.nodeName=${shellWord(node)}`,
        expect: isStatic ? "kube-proxy, running and ready" : "its successor, running and ready",
      },
    ],
  };
}
