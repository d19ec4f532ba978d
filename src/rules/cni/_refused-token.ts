import type { Finding } from "#model/finding.js";
import { type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { freshActions, freshFix, freshQuestions, freshStop } from "./_fresh-token.js";

/** What follows where the plugin is given a token that the API server does not accept: how to see it, and how to be told. */
export function refusedTokenConsequence(finding: Finding): Consequence {
  const node = String(finding.value["node"] ?? "");
  const path = String(finding.value["path"] ?? "");
  const { plugin } = finding.value;
  return {
    ...NO_CONSEQUENCE,
    fix: freshFix(finding),
    verify: [
      plugin === undefined
        ? {
            run: `# on ${node}: is the token that the plugin is given accepted?\nkubectl --kubeconfig ${shellWord(path)} get clusterinformations.crd.projectcalico.org default`,
            expect: "one line naming `default`; `Unauthorized` means that the token is refused",
          }
        : // Every account may ask for this, and a token that is not accepted is refused even so.
          {
            run: `# on ${node}: is the token that ${plugin} is given accepted?\nkubectl --kubeconfig ${shellWord(path)} get --raw /version`,
            expect: "a version; `Unauthorized` means that the token is refused",
          },
      probeNode(node),
    ],
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
