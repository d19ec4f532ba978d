import { mask } from "#model/mask.js";
import { type Action, type Command, type CommandGroup, shellWord } from "#model/rule.js";

/** One alert for each way in which a sandbox fails; rules that share it name it alike, so that a review lists it once. */
export const ALERT_ON_STUCK_PODS: Action = {
  title: "Alert on pods still Terminating 10 minutes after their deadline and on FailedKillPod events",
  type: "detect",
  priority: "High",
  doneWhen: "a test pod that a finalizer holds in Terminating for 11 minutes raises the alert",
};

/** Its test fails where a sandbox is made, and before any network is asked for. */
export const ALERT_ON_FAILING_SANDBOXES: Action = {
  title: "Alert on FailedCreatePodSandBox events that go on for 10 minutes",
  type: "detect",
  priority: "High",
  doneWhen: "a test pod whose RuntimeClass names a handler that no runtime has raises the alert within 15 minutes",
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

/** `kubectl run` names the container as the pod: at most 63 of lower-case letters, digits and hyphens. What tells two nodes apart is at either end. */
function probeName(node: string): string {
  // Before the letters that give a secret away are gone.
  const plain = mask(node)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
  const short = plain.length <= 48 ? plain : `${plain.slice(0, 23)}-${plain.slice(-24)}`;
  return `inquest-probe-${short}`.replaceAll(/-+/g, "-").replace(/-$/, "");
}

/** Creates and deletes one pod on the node: ADD and DEL of the CNI plugin, with a limit in time. */
export function probeNode(node: string): CommandGroup {
  const name = probeName(node);
  const overrides = JSON.stringify({ spec: { nodeName: node, terminationGracePeriodSeconds: 1 } });
  return [
    {
      run: `# can a pod be created on ${shellWord(node)}, and go again?\nkubectl run ${name} --image=registry.k8s.io/pause:3.10 --restart=Never --overrides=${shellWord(overrides)}`,
      expect: `pod/${name} created`,
    },
    {
      run: `kubectl wait --for=condition=Ready pod/${name} --timeout=60s`,
      expect: `pod/${name} condition met`,
    },
    { run: `kubectl delete pod ${name} --timeout=60s`, expect: `pod "${name}" deleted` },
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
