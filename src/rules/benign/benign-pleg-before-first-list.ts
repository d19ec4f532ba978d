import { defineBenign } from "#model/benign.js";
import { known } from "#model/statement.js";
import { whileStarting } from "./_at-start.js";

export default defineBenign({
  id: "benign:pleg-before-first-list",
  title: "A kubelet that has not yet listed its containers",
  matches: { form: "log", line: "PLEG is not healthy: pleg has yet to be successful" },
  condition: "it ends within a minute of a start of the node's kubelet, and the node is Ready now",
  judge: (alarm, moment) => whileStarting(alarm, moment, { once: false, disk: false }),
  known: known(
    "The kubelet works no pod until it has listed its containers once; until then it gives this as the reason. Later failures of that list name the time of the last one instead",
    { source: "kubernetes pkg/kubelet/pleg/generic.go", version: "v1.20 and later" },
  ),
  examples: {
    benign: ["benign/kubelet-start.yaml"],
    unexplained: ["benign/kubelet-start-repeats.yaml", "benign/kubelet-start-not-collected.yaml"],
  },
});
