import { benign, contrary, defineBenign, unknown } from "#model/benign.js";
import { known } from "#model/statement.js";
import { nodesNow } from "./_node.js";

export default defineBenign({
  id: "benign:container-event-discarded",
  title: "Container events that nobody had subscribed to",
  matches: { form: "log", line: "container event discarded" },
  condition: "no process of the node was told to use EventedPLEG, and the node is Ready now",
  judge: ({ node }, moment) => {
    const processes = moment.view("process");
    if (node === null || processes.on(node).length === 0)
      return unknown("the command lines of the node's processes were not collected");
    const evented = processes.on(node).find((p) => /\bEventedPLEG=true\b/.test(p.value.cmdline));
    if (evented) return contrary("a process of the node was told to use EventedPLEG", evented.evidence);
    const now = moment.context.derive(nodesNow).get(node);
    if (!now) return unknown("how the node is now is not in what was collected");
    if (!now.ready) return contrary("the node is not Ready now");
    const kubelets = processes.on(node).filter((p) => /^kube(?:let|lite)/.test(p.value.name));
    const [shown] = kubelets.length > 0 ? kubelets : processes.on(node);
    return benign(
      "no command line collected on the node turns EventedPLEG on, and the node is Ready now, for which its kubelet must have listed its containers",
      ...(shown ? [shown.evidence] : []),
      now.ready,
    );
  },
  known: known(
    "containerd keeps events of containers for a subscriber and discards them after five minutes without one; a kubelet subscribes only with the feature gate EventedPLEG, which is off by default",
    { source: "containerd internal/cri/server/service.go", version: "2.0 and later" },
  ),
  examples: {
    benign: ["benign/runtime-noise.yaml"],
    unexplained: ["benign/runtime-noise-real.yaml", "benign/runtime-noise-not-collected.yaml"],
  },
});
