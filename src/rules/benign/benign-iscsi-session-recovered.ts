import { benign, contrary, defineBenign, unknown } from "#model/benign.js";
import { known } from "#model/statement.js";
import { logEnds } from "#rules/kubelet/_sandbox-failures.js";

/** node.session.timeo.replacement_timeout of open-iscsi, as shipped. */
const GIVE_UP_MS = 120_000;

export default defineBenign({
  id: "benign:iscsi-session-recovered",
  title: "An iSCSI connection that broke and came back",
  matches: { form: "log", line: "detected conn error (1020)" },
  condition: "the node's logs go on for two minutes without a session that was given up",
  judge: ({ node, last }, { view, context }) => {
    const logs = view("log");
    const given = logs.on(node ?? "").find((l) => l.value.sample.includes("session recovery timed out"));
    if (given) return contrary("a session of the node was given up", given.evidence);
    if (last === null) return unknown("it carries no time");
    if (logs.coverage(node ?? "").state !== "complete") return unknown("the node's logs were not collected in full");
    const end = context.derive(logEnds).get(node)?.at;
    if (!end || end.epochMs < last.epochMs + GIVE_UP_MS)
      return unknown("the node's logs end before the session would have been given up");
    return benign(
      "the node's logs go on for more than two minutes and tell of no session that was given up",
      ...logs
        .coverage(node ?? "")
        .searched("session recovery timed out")
        .slice(0, 4),
    );
  },
  known: known(
    "An initiator that loses its connection logs in again; it hands errors to the file system only after replacement_timeout, 120 s as shipped",
    { source: "open-iscsi etc/iscsid.conf", version: "2.1" },
  ),
  examples: {
    benign: ["benign/runtime-noise.yaml"],
    unexplained: ["benign/runtime-noise-real.yaml", "benign/runtime-noise-not-collected.yaml"],
  },
});
