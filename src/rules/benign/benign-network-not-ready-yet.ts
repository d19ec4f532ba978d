import { defineBenign } from "#model/benign.js";
import { known } from "#model/statement.js";
import { UNTIL_READY, untilReady } from "./_started-after.js";

export default defineBenign({
  id: "benign:network-not-ready-yet",
  title: "A pod that had to wait for the network of a node that had just started",
  matches: { form: "event", reason: "NetworkNotReady", message: /^network is not ready: / },
  condition: UNTIL_READY,
  judge: untilReady,
  known: known(
    "A kubelet starts no pod with a network of its own until its runtime says that the network is ready, which it is when the CNI agent has written its configuration",
    { source: "kubernetes pkg/kubelet/kubelet.go", version: "v1.30" },
  ),
  examples: {
    benign: ["benign/rebooted.yaml"],
    unexplained: ["benign/rebooted-again.yaml", "benign/rebooted-not-collected.yaml"],
  },
});
