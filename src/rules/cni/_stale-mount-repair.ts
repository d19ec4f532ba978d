import type { Finding } from "#model/finding.js";
import { API_CLOCK } from "#model/instant.js";
import { type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";

/** What follows where a running agent has a removed directory mounted. */
export function staleMountConsequence(finding: Finding): Consequence {
  const text = (key: string): string => String(finding.value[key] ?? "");
  const [node, pod] = [text("node"), text("pod")];
  const [namespace, name, path, directory] = ["namespace", "daemonSet", "path", "directory"].map((k) =>
    shellWord(text(k)),
  );
  const expiresMs = finding.value["expiresMs"];
  const due = typeof expiresMs === "number" ? { epochMs: expiresMs, precisionMs: 1000, clock: API_CLOCK } : null;
  if (finding.ended !== null) return NO_CONSEQUENCE;
  return {
    ...NO_CONSEQUENCE,
    fix: [
      {
        step: `Replace ${pod} on ${node}: its successor mounts the directory that is there now and writes a fresh token into it.`,
        commands: [
          {
            run: `kubectl -n ${namespace} get pod ${shellWord(pod)} -o wide`,
            expect: `one line, on ${node}; where it is not found, it was replaced already and nothing is to be done`,
          },
          {
            run: `kubectl -n ${namespace} delete pod ${shellWord(pod)}\nkubectl -n ${namespace} rollout status daemonset ${name}`,
            expect: "successfully rolled out",
          },
        ],
      },
    ],
    verify: [
      {
        run: `# on ${shellWord(node)}, as root: is a removed directory still mounted?\ngrep -H '${directory}//deleted' /proc/[0-9]*/mountinfo`,
        expect: "no output",
      },
      {
        run: `# on ${shellWord(node)}: when was the credential last written?\nstat -c '%y %n' ${path}`,
        expect: "a time after the new pod's start",
      },
    ],
    actions: [
      {
        title: `Replace ${pod} on ${node}`,
        type: "repair",
        priority: due === null ? "High" : "Urgent",
        due,
        doneWhen:
          due === null
            ? "the mount table of its successor shows no removed directory, and the token in the kubeconfig is the successor's"
            : "the mount table of its successor shows no removed directory, and the kubeconfig is written anew within 12 h",
      },
    ],
    stops: finding.unverified.some((premise) => premise.startsWith("the mount table of "))
      ? "the times say that the directory was replaced under a running pod; the mount table, which would show it, was not collected"
      : "the mount table shows that the directory was removed under a running pod; who replaced it is a question",
  };
}
