import { benign, contrary, defineBenign, unknown } from "#model/benign.js";
import { known } from "#model/statement.js";

/** Events live for an hour: of what lies further back they tell nothing. */
const EVENTS_LIVE_MS = 3_600_000;
const SANDBOX = new Set(["FailedCreatePodSandBox", "FailedKillPod"]);

export default defineBenign({
  id: "benign:ipam-conflict-retried",
  title: "An address block that another node changed at the same time",
  matches: { form: "log", line: "the object has been modified", message: /ipam/i },
  condition: "it lies within the hour that events live, and no sandbox of the node failed for it",
  judge: ({ node, last }, { view, context }) => {
    if (last === null) return unknown("it carries no time");
    if (view("kube.event").coverage().state !== "complete") return unknown("events were not collected in full");
    const listed = view("kube.event").all[0]?.artifact.collectedAt ?? context.moment.collectedAt;
    if (last.epochMs < listed.epochMs - EVENTS_LIVE_MS) return unknown("events of its time are gone");
    const failed = view("kube.event").all.find(
      ({ value }) =>
        SANDBOX.has(value.reason) &&
        (value.node === node || value.node === null) &&
        /the object has been modified|ipam/i.test(value.message),
    );
    if (failed) return contrary("a sandbox failed with that text", failed.evidence);
    return benign(
      "the events of that hour tell of no sandbox that failed for it",
      ...view("kube.event").coverage().searched("sandbox that failed for a conflict of address blocks"),
    );
  },
  known: known(
    "Writers of one block compare and swap: who comes second is refused with this text, reads the block again and retries",
    { source: "calico libcalico-go/lib/ipam/ipam.go", version: "87c15906f20c (2026-08-22)" },
  ),
  examples: {
    benign: ["benign/runtime-noise.yaml"],
    unexplained: ["benign/runtime-noise-real.yaml", "benign/runtime-noise-not-collected.yaml"],
  },
});
