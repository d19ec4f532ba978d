import { defineBenign } from "#model/benign.js";
import { known } from "#model/statement.js";
import { UNTIL_READY, untilReady } from "./_started-after.js";

export default defineBenign({
  id: "benign:sandbox-before-agent",
  title: "A sandbox that could not be made until the CNI agent of a node that had just started was there",
  matches: {
    form: "event",
    reason: "FailedCreatePodSandBox",
    message:
      /stat \/var\/lib\/calico\/nodename: no such file|cni plugin not initialized|cni config uninitialized|failed to load netconf|unable to connect to Cilium (?:agent|daemon)|open \/run\/flannel\/subnet\.env: no such file/,
  },
  condition: UNTIL_READY,
  judge: untilReady,
  known: known(
    "Pods and the CNI agent of a node start side by side; until the agent has written its files the plugin refuses, and the kubelet tries again",
    { source: "kubernetes pkg/kubelet/kubelet.go", version: "v1.30" },
  ),
  examples: {
    benign: ["benign/rebooted.yaml"],
    unexplained: ["benign/rebooted-again.yaml", "benign/rebooted-not-collected.yaml"],
  },
});
