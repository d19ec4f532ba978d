import { defineBenign } from "#model/benign.js";
import { known } from "#model/statement.js";
import { whileStarting } from "./_at-start.js";

export default defineBenign({
  id: "benign:image-filesystem-unmeasured",
  title: "An image filesystem without a capacity at the start of a kubelet",
  matches: { form: "event", reason: "InvalidDiskCapacity", message: /^invalid capacity 0 on image filesystem$/ },
  condition:
    "each comes once, within a minute of a start of the node's kubelet, and the node is Ready without disk pressure now",
  judge: (alarm, moment) => whileStarting(alarm, moment, { once: true, disk: true }),
  known: known(
    "The first round of image garbage collection runs before the kubelet has any figures of its file systems, and reads their capacity as 0; a runtime that never gives any repeats it every five minutes",
    { source: "kubernetes pkg/kubelet/images/image_gc_manager.go", version: "v1.20" },
  ),
  examples: {
    benign: ["benign/kubelet-start.yaml"],
    unexplained: ["benign/kubelet-start-repeats.yaml", "benign/kubelet-start-not-collected.yaml"],
  },
});
