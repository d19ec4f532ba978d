import { baseName, joinPath, parentOf } from "#model/file-tree.js";
import type { Finding } from "#model/finding.js";
import { type Action, type Command, type Consequence, shellWord } from "#model/rule.js";
import { askWith, questionWith } from "./_ask-with.js";
import { takeAway, whichFirst } from "./_take-away.js";

/** The repair, with the check before it and what shows that it worked. Empty where the finding is over, or nothing shows what would help. */
export function freshFix(finding: Finding, before: readonly Command[] = []): Consequence["fix"] {
  const text = (key: string): string => String(finding.value[key] ?? "");
  if (finding.ended !== null) return [];
  const fix = repairOf(text, finding.value);
  return fix === null ? [] : [{ ...fix, commands: [...before, ...fix.commands] }];
}

function repairOf(text: (key: string) => string, value: Finding["value"]): Consequence["fix"][number] | null {
  switch (text("fresh")) {
    case "hidden":
      return unhide(text, value);
    case "agent":
      return value["heldBack"] === true ? byHand(text, value) : rewrite(text, value);
    case "unknown":
      return findWriter(text, value);
    case "later":
      return lookAgain(text, value);
    default:
      return null;
  }
}

/** The repair as a row of the actions, with its end state. Empty where there is none. */
export function freshActions(finding: Finding): readonly Action[] {
  const node = String(finding.value["node"] ?? "");
  return freshFix(finding).length === 0
    ? []
    : [
        {
          title: `Give the CNI plugin on ${node} a token that the API server accepts`,
          type: "repair",
          priority: "Urgent",
          doneWhen: `a pod with its own network can be created and deleted on ${node}`,
        },
      ];
}

function findWriter(text: (key: string) => string, value: Finding["value"]): Consequence["fix"][number] {
  const [node, path] = [shellWord(text("node")), text("path")];
  return {
    step: `Have ${path} on ${text("node")} written anew by what installs it: which that is the evidence does not show.`,
    commands: [
      {
        run: `# on ${node}: when was it last written, and by whom?\nstat -c '%y %U %n' ${shellWord(path)}`,
        expect: "a time, to compare with later",
      },
      {
        run: `kubectl get pods -A -o wide --field-selector spec.nodeName=${node}`,
        expect:
          "the pod of the CNI's installer among them; where there is none, the plugin was installed by other means",
      },
      askWith(text("node"), text("path"), value),
    ],
  };
}

function lookAgain(text: (key: string) => string, value: Finding["value"]): Consequence["fix"][number] {
  const [namespace, name] = text("daemonSet").split("/").map(shellWord);
  return {
    step: `Look first whether ${text("agentPod")} on ${text("node")}, which started after the file had been read, has written a token that is accepted. Only where it has not, replace it.`,
    commands: [
      askWith(text("node"), text("path"), value),
      {
        run: `# only where the token is still refused: what did its installer say?\nkubectl -n ${namespace} logs ${shellWord(text("agentPod"))} --all-containers | grep -iE 'cni|kubeconfig'`,
        expect: "that a kubeconfig was written, and where; or why not",
      },
      {
        run: `# only where the token is still refused\nkubectl -n ${namespace} delete pod ${shellWord(text("agentPod"))}\nkubectl -n ${namespace} rollout status daemonset ${name}`,
        expect: "successfully rolled out",
      },
    ],
  };
}

function unhide(text: (key: string) => string, value: Finding["value"]): Consequence["fix"][number] {
  const node = shellWord(text("node"));
  const question = questionWith(text("kubeconfig"), value["plugin"]);
  return {
    step: `Take ${text("first")} out of the runtime's way on ${text("node")}, so that ${text("behind")} comes first. It keeps its content under a name that the runtime does not load.`,
    commands: [
      {
        run: `# on ${node}, as root: is the token behind it accepted?\n${question.run}`,
        expect: `${question.expect}; where it says anything else, stop here`,
      },
      takeAway(text("node"), text("first"), text("behind")),
      whichFirst(text("node"), parentOf(text("first")), baseName(text("behind"))),
    ],
  };
}

/** Its successor would wait in the same way: the file has to be mended first, by somebody else. */
function byHand(text: (key: string) => string, value: Finding["value"]): Consequence["fix"][number] {
  const [account = "", ...rest] = text("account").split("/").reverse();
  const [namespace = "", name] = text("daemonSet").split("/");
  const of = rest[0] ? rest[0] : namespace;
  return {
    step: `Put a token by hand in the place of the one in ${text("path")} on ${text("node")}: ${text("agentPod")}, which would write it, waits for a network of its own, and that is refused with this very token. To delete it brings a successor that waits alike.`,
    commands: [
      {
        run: `# prints a credential, good for an hour: keep it out of tickets\nkubectl -n ${shellWord(of)} create token ${account === "" ? "<the account of the plugin>" : shellWord(account)} --duration=1h`,
        expect: "the token; write it behind `token:` in that file, as root, and leave the rest as it is",
      },
      askWith(text("node"), text("path"), value),
      {
        run: `kubectl -n ${shellWord(namespace)} wait --for=condition=Ready pod/${shellWord(text("agentPod"))} --timeout=180s`,
        expect: "condition met: it has started by itself, and writes a kubeconfig of its own",
      },
      {
        run: `kubectl -n ${shellWord(namespace)} get daemonset ${shellWord(name ?? "")} -o jsonpath='{.spec.template.spec.hostNetwork}{"\\n"}'`,
        expect: "true, once its manifest has it run in its node's network: then it can mend this by itself",
      },
    ],
  };
}

function rewrite(text: (key: string) => string, value: Finding["value"]): Consequence["fix"][number] {
  const [node, writes, reads, pod] = ["node", "writes", "reads", "agentPod"].map((k) => shellWord(text(k)));
  const [namespace, name] = text("daemonSet").split("/").map(shellWord);
  const [ready, leftIt] = [value["agentReady"] === true, value["agentLeftIt"] === true];
  const file = shellWord(joinPath(text("writes"), baseName(text("path"))));
  return {
    step: `Replace ${text("agentPod")} on ${text("node")}: its successor writes a fresh kubeconfig when it starts, into the directory that the plugin reads.${ready ? "" : " It is not ready: what keeps it from running has to go first, or the successor writes nothing either."}${ready && leftIt ? " That it started once and left the file as it was speaks against it: see first what its installer says." : ""}${value["renewsNot"] === true ? " That token will not be renewed either, as long as CALICO_MANAGE_CNI is false: have that set to true, where the DaemonSet's manifest stands." : ""}`,
    commands: [
      ...(ready && leftIt
        ? [
            {
              run: `kubectl -n ${namespace} logs ${pod} --all-containers | grep -iE 'cni|kubeconfig'`,
              expect: "that a kubeconfig was written, and where; or why not",
            },
          ]
        : []),
      ...(ready
        ? []
        : [
            {
              run: `kubectl -n ${namespace} logs ${pod} --all-containers --previous --tail=50`,
              expect: "the error with which it stopped",
            },
          ]),
      writes === reads
        ? {
            run: `# on ${node}: when was it last written?\nstat -c '%y %n' ${file}`,
            expect: "a time, to compare with later",
          }
        : {
            run: `# on ${node}: do writer and reader still meet?\nreadlink -f ${writes} ${reads}`,
            expect: "the same path twice; where they differ, stop here",
          },
      {
        run: `kubectl -n ${namespace} delete pod ${pod}\nkubectl -n ${namespace} rollout status daemonset ${name}`,
        expect: "successfully rolled out",
      },
      {
        run: `# on ${node}: was it written?\nstat -c '%y %n' ${file}`,
        expect: "a time after the new pod's start",
      },
    ],
  };
}

/** What only a person knows of it; nothing where the evidence shows no more than the refused token. */
export function freshQuestions(finding: Finding): readonly string[] {
  const [fresh, node] = [String(finding.value["fresh"] ?? ""), String(finding.value["node"] ?? "")];
  if (fresh === "hidden")
    return [`Who or what left ${finding.value["first"]} on ${node}, in front of ${finding.value["behind"]}?`];
  if (finding.value["renewsNot"] === true)
    return [`Who or what set CALICO_MANAGE_CNI=false in ${finding.value["daemonSet"]}, and for what?`];
  return [];
}

/** Why the asking stops; null where nothing more is known than that the token is refused. */
export function freshStop(finding: Finding): string | null {
  const { fresh, first, behind, node, agentPod, agentReady, daemonSet } = finding.value;
  if (fresh === "hidden")
    return `a whole configuration, ${behind}, lies behind ${first} on ${node}; who or what left that one in front of it is not in the evidence`;
  if (fresh === "later")
    return `${agentPod} of ${daemonSet} started after the file on ${node} had been read; whether it put a fresh token there was not collected`;
  if (fresh === "agent" && finding.value["renewsNot"] === true)
    return `CALICO_MANAGE_CNI=false in ${daemonSet} keeps its agent from renewing the token; who set it, and why, is not in the evidence`;
  if (fresh === "agent" && finding.value["heldBack"] === true)
    return `${agentPod} of ${daemonSet}, which would write a fresh token, waits for a network of its own, and that is refused with the token which it would replace`;
  if (fresh === "agent")
    return `${agentPod} of ${daemonSet}, which writes to the directory that the plugin reads, was ${agentReady === true ? "" : "not "}ready; why it put no fresh token there is not in the evidence`;
  return null;
}
