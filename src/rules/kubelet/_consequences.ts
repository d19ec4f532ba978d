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

/** How many pods on a node are being deleted. */
export const countTerminating = (node: string | null): Command => ({
  run: `kubectl get pods -A ${onNode(node)}-o jsonpath='{range .items[?(@.metadata.deletionTimestamp)]}${EACH}' | wc -l`,
  expect: "0",
});

/** How many pods are Pending, anywhere. */
export const COUNT_PENDING: Command = {
  run: "kubectl get pods -A --field-selector status.phase=Pending --no-headers 2>/dev/null | wc -l",
  expect: "0",
};

/** Pods that run and are not ready: a filter on the phase hides them. */
export const notReady = (): Command => ({
  run: `kubectl get pods -A -o jsonpath='{range .items[*]}{.status.phase} {.status.conditions[?(@.type=="Ready")].status} ${EACH}' | grep '^Running False'`,
  expect: "no output",
});

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
  expect: "no event later than the repair",
});

const onNode = (node: string | null): string =>
  node === null ? "" : `--field-selector ${shellWord(`spec.nodeName=${node}`)} `;
