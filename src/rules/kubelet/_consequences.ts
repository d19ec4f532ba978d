import { type Action, type Command, shellWord } from "#model/rule.js";

/** One alert for both ways in which a sandbox fails; rules that share it name it alike, so that a review lists it once. */
export const ALERT_ON_STUCK_PODS: Action = {
  title:
    "Alert on pods still Terminating 10 minutes after their deadline and on FailedKillPod and FailedCreatePodSandBox events",
  type: "detect",
  priority: "High",
  doneWhen: "a test pod that a finalizer holds in Terminating for 11 minutes raises the alert",
};

/** The second line of every jsonpath range: one object per line. */
const EACH = '{.metadata.namespace}/{.metadata.name}{"\\n"}{end}';

/** Pods on a node that are being deleted. No pipe: a command that fails must not look like one that finds nothing. */
export const listTerminating = (node: string | null): Command => ({
  run: `kubectl get pods -A ${onNode(node)}-o jsonpath='{range .items[?(@.metadata.deletionTimestamp)]}${EACH}'`,
  expect: "no output and exit code 0",
});

/** Pods that are Pending, anywhere. */
export const LIST_PENDING: Command = {
  run: "kubectl get pods -A --field-selector status.phase=Pending",
  expect: "No resources found",
};

/** Pods that run, each with whether it is ready: a filter on the phase alone hides those that are not. */
export const LIST_READY: Command = {
  run: `kubectl get pods -A --field-selector status.phase=Running -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} ${EACH}'`,
  expect: "lines, and each begins with True",
};

/** Creates and deletes one pod on the node: ADD and DEL of the CNI plugin, with a limit in time. */
export function probeNode(node: string): readonly Command[] {
  const overrides = JSON.stringify({ spec: { nodeName: node, terminationGracePeriodSeconds: 1 } });
  return [
    {
      run: `# can a pod be created there, and go again?\nkubectl run inquest-probe --image=registry.k8s.io/pause:3.10 --restart=Never --overrides=${shellWord(overrides)}`,
      expect: "pod/inquest-probe created",
    },
    {
      run: "kubectl wait --for=condition=Ready pod/inquest-probe --timeout=60s",
      expect: "pod/inquest-probe condition met",
    },
    { run: "kubectl delete pod inquest-probe --timeout=60s", expect: 'pod "inquest-probe" deleted' },
  ];
}

/** Events of one reason, the latest last. */
export const eventsOf = (reason: string): Command => ({
  run: `kubectl get events -A --field-selector reason=${reason} --sort-by=.lastTimestamp`,
  expect:
    "no event later than the repair; an empty list proves nothing where events live for five minutes only (MicroK8s)",
});

const onNode = (node: string | null): string =>
  node === null ? "" : `--field-selector ${shellWord(`spec.nodeName=${node}`)} `;
