import type { Finding } from "#model/finding.js";
import { type Consequence, NO_CONSEQUENCE } from "#model/rule.js";

/** What follows where a rollout moved the directory that the agent writes to. */
export function rolloutConsequence(finding: Finding): Consequence {
  const daemonSet = String(finding.value["daemonSet"] ?? "");
  const binariesMoved = finding.value["binaries"];
  return {
    ...NO_CONSEQUENCE,
    actions: [
      ...(binariesMoved
        ? [
            {
              title: `Set the directory for plugin binaries of ${daemonSet} to the runtime's bin_dir, and check on every node which release the runtime runs`,
              type: "repair" as const,
              priority: "Medium" as const,
              doneWhen:
                "the agent's cni-bin-dir and the runtime's bin_dir are one directory on every node, and the plugin there reports the installed release",
            },
          ]
        : []),
      {
        title:
          "Review each change of the CNI manifest for hostPath volumes, CNI_NET_DIR and CNI_CONF_NAME before it is rolled out",
        type: "process",
        priority: "Medium",
        doneWhen: `a change of ${daemonSet} that moves one of them cannot be merged without the nodes' conf_dir beside it`,
      },
    ],
    questions: [
      ...(binariesMoved
        ? [`The directory for plugin binaries moved too (${binariesMoved}): does the runtime still run the old ones?`]
        : []),
      `Why was revision ${finding.value["revision"]} of ${daemonSet} rolled out, and which checks followed it?`,
    ],
    stops: "the change of the manifest is recorded; the decision behind it is not",
  };
}
