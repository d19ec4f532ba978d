import { defineBenign } from "#model/benign.js";
import { known } from "#model/statement.js";
import { whileStarting } from "./_at-start.js";

export default defineBenign({
  id: "benign:separate-filesystem-unknown",
  title: "No label for the image filesystem at the start of a kubelet",
  matches: { form: "log", line: "failed to check if we have separate container filesystem" },
  condition:
    "each comes once, within a minute of a start of the node's kubelet, and the node is Ready without disk pressure now",
  judge: (alarm, moment) => whileStarting(alarm, moment, { once: true, disk: true }),
  known: known(
    "The kubelet asks once after its start whether images have a file system of their own, and ignores that it gets no answer yet: that is the usual case of one file system for both",
    { source: "kubernetes pkg/kubelet/eviction/eviction_manager.go", version: "v1.29 and later" },
  ),
  examples: {
    benign: ["benign/kubelet-start.yaml"],
    unexplained: ["benign/kubelet-start-repeats.yaml", "benign/kubelet-start-not-collected.yaml"],
  },
});
