import { baseName } from "#model/file-tree.js";
import type { Finding } from "#model/finding.js";
import { type Command, type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { takeAway, whichFirst } from "./_take-away.js";

type Text = (key: string) => string;
type Fix = Consequence["fix"][number];

/** What follows where the runtime of a node takes another network than that of the agent which runs there. */
export function passedOverConsequence(finding: Finding): Consequence {
  const text: Text = (key) => String(finding.value[key] ?? "");
  const [node, taken, passed, plugin] = [text("node"), text("taken"), text("passed"), text("plugin")];
  return {
    ...NO_CONSEQUENCE,
    fix: finding.ended !== null ? [] : [text("why") === "later" ? unhide(text) : admit(text), renew(text)],
    verify: [addresses(text), probeNode(node)],
    actions:
      finding.ended !== null
        ? []
        : [
            {
              title: `Decide whether ${node} is meant to have a network of its own; else have its runtime take ${passed}, as on ${text("peers")}, and make its pods anew`,
              type: "repair",
              priority: finding.role === "latent-condition" ? "High" : "Urgent",
              doneWhen: `each pod with its own network on ${node} has an address of ${plugin}'s network`,
            },
          ],
    questions: [
      `Is ${node} meant to have another network than ${text("peers")}? Who or what left ${taken} on ${node}, and since when have its pods had that network?`,
    ],
    stops: `the files show which network the runtime of ${node} takes; who or what left ${taken} there is not in the evidence`,
  };
}

const addresses = (text: Text): Command => ({
  run: `kubectl get pods -A -o wide --field-selector spec.nodeName=${shellWord(text("node"))}`,
  expect: `each pod with its own network has an address of ${text("plugin")}'s network, as those on ${text("peers")}`,
});

function unhide(text: Text): Fix {
  return {
    step: `Where ${text("node")} is meant to have the network of ${text("peers")}, take ${text("taken")} out of the runtime's way there, so that ${text("passed")} comes first. It keeps its content under a name that the runtime does not load.`,
    commands: [
      takeAway(text("node"), text("taken"), text("passed")),
      whichFirst(text("node"), text("directory"), baseName(text("passed"))),
    ],
  };
}

/** Why it is passed over is what has to go: to take the other away would leave the node without a network. */
function admit(text: Text): Fix {
  const node = shellWord(text("node"));
  const dirs = text("binDirs")
    .split(" ")
    .filter((dir) => dir !== "")
    .map(shellWord);
  const step =
    text("why") === "not-installed"
      ? `Where that node is meant to have the network of ${text("peers")}, have the runtime of ${text("node")} look for plugins where the agent installs ${text("plugin")}, and leave ${text("taken")} until it does.`
      : text("why") === "named"
        ? `Have the runtime of ${text("node")} take the network of ${text("plugin")}: it is told to take ${text("network")}.`
        : `See why the runtime of ${text("node")} passes ${text("passed")} over, and mend that; leave ${text("taken")} until then.`;
  return {
    step,
    commands: [
      ...(dirs.length === 0
        ? []
        : [
            {
              run: `# on ${node}, as root: where is the plugin?\nls -l ${dirs.join(" ")} /opt/cni/bin 2>&1 | grep -E ':$|${text("plugin").replace(/[^A-Za-z0-9_-]/g, ".")}'`,
              expect: "the directory in which it lies; that one has to be among those that the runtime is told",
            },
          ]),
      ...(text("runtime") === "cri-o"
        ? [
            {
              run: `# on ${node}, as root: what is in force?\ncrio config 2>/dev/null | grep -A 8 -E '^(plugin_dirs|# *cni_default_network|cni_default_network|network_dir)'`,
              expect: "the directories, and the network that it is told to take",
            },
          ]
        : []),
    ],
  };
}

const renew = (text: Text): Fix => ({
  step: `Make the pods on ${text("node")} anew that have an address of the other network: a pod keeps the network with which it was made.`,
  commands: [addresses(text)],
});
