import { type Alarm, type BenignVerdict, benign, contrary, defineBenign, unknown } from "#model/benign.js";
import { atPointer } from "#model/evidence.js";
import { cite } from "#model/fact.js";
import type { ComparedMoment } from "#model/rule.js";
import { known } from "#model/statement.js";
import { nodesNow } from "./_node.js";

/** `Node x has been rebooted, boot id: …`. */
const BOOT = /boot id: ([0-9a-f-]{32,36})/i;

export default defineBenign({
  id: "benign:rebooted",
  title: "A node that was rebooted",
  matches: { form: "event", reason: "Rebooted", message: BOOT },
  condition: "the boot that it names is the one in which the node runs, and the node is Ready now",
  judge,
  known: known(
    "A kubelet that finds another boot id than the last one says so once; whether the reboot was wanted it does not know",
    { source: "kubernetes pkg/kubelet/nodestatus/setters.go", version: "v1.30" },
  ),
  examples: {
    benign: ["benign/rebooted.yaml"],
    unexplained: ["benign/rebooted-again.yaml", "benign/rebooted-not-collected.yaml"],
  },
});

function judge(alarm: Alarm, { view, context }: ComparedMoment): BenignVerdict {
  const name = alarm.object ?? alarm.node ?? "";
  const node = view("kube.node").all.find((n) => n.value.name === name);
  const now = context.derive(nodesNow).get(name);
  const runs = atPointer(node?.json, "/status/nodeInfo/bootID");
  if (!node || !now || typeof runs !== "string") return unknown("how the node is now is not in what was collected");
  if (BOOT.exec(alarm.message)?.[1]?.toLowerCase() !== runs.toLowerCase())
    return contrary("the node runs in another boot than the one that it names");
  if (!now.ready) return contrary("the node is not Ready now");
  return benign(
    "each names the boot in which its node runs, and the node is Ready now; who wanted the reboot it does not say",
    cite(node, "/status/nodeInfo/bootID"),
    now.ready,
  );
}
