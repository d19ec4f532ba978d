import type { Finding } from "#model/finding.js";
import { type Consequence, NO_CONSEQUENCE } from "#model/rule.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { askWith } from "./_ask-with.js";
import { freshActions, freshFix, freshQuestions, freshStop } from "./_fresh-repair.js";

/** What follows where the plugin is given a token that the API server does not accept: how to see it, and how to be told. */
export function refusedTokenConsequence(finding: Finding): Consequence {
  const node = String(finding.value["node"] ?? "");
  const path = String(finding.value["path"] ?? "");
  return {
    ...NO_CONSEQUENCE,
    fix: freshFix(finding),
    verify: [askWith(node, path, finding.value), probeNode(node)],
    actions: [
      ...freshActions(finding),
      {
        title: `Check on every node, hourly and after each rollout of the CNI agent, that the token in the kubeconfig which the plugin reads is accepted by the API server`,
        type: "detect",
        priority: "High",
        doneWhen:
          "the check asks the API server with that very file, and fails on a node whose token is refused or whose file is older than its writer's refresh interval",
      },
    ],
    questions: freshQuestions(finding),
    stops: freshStop(finding) ?? "the pod's end is recorded; what should have brought a fresh token was not found",
  };
}
