import { contrary, defineBenign } from "#model/benign.js";
import { known } from "#model/statement.js";
import { agentOf } from "#rules/kubelet/_agent-text.js";
import { sandboxErrorClass } from "#rules/kubelet/_sandbox-error.js";
import { UNTIL_READY, untilReady } from "./_started-after.js";

/** By its innermost error: a socket or port that refuses may be anybody's. */
function isOfAgent(message: string): boolean {
  const error = sandboxErrorClass(message);
  return (
    error === "not-initialised" ||
    agentOf(error) !== null ||
    /failed to load netconf|unable to connect to Cilium/.test(message)
  );
}

export default defineBenign({
  id: "benign:sandbox-before-agent",
  title: "A sandbox that could not be made until the CNI agent of a node that had just started was there",
  matches: {
    form: "event",
    reason: "FailedCreatePodSandBox",
    message:
      /stat \/var\/lib\/calico\/nodename: no such file|cni plugin not initialized|cni config uninitialized|failed to load netconf|unable to connect to Cilium (?:agent|daemon)|open \/run\/flannel\/subnet\.env: no such file|dial unix \S{1,200}\.sock|:\d{1,5}: (?:connect: )?connection refused|readinessindicatorfile/i,
  },
  condition: UNTIL_READY,
  judge: (alarm, moment) =>
    isOfAgent(alarm.message)
      ? untilReady(alarm, moment)
      : contrary("its text is not that of a network or an agent that is not there yet"),
  known: known(
    "Pods and the CNI agent of a node start side by side; until the agent has written its files the plugin refuses, and the kubelet tries again",
    { source: "kubernetes pkg/kubelet/kubelet.go", version: "v1.30" },
  ),
  examples: {
    benign: ["benign/rebooted.yaml"],
    unexplained: ["benign/rebooted-again.yaml", "benign/rebooted-not-collected.yaml"],
  },
});
