import type { Finding } from "#model/finding.js";
import { API_CLOCK } from "#model/instant.js";
import { type Consequence, NO_CONSEQUENCE, shellWord } from "#model/rule.js";

/** What follows where a running agent has another directory mounted than the one to which its path leads. */
export function staleMountConsequence(finding: Finding): Consequence {
  const text = (key: string): string => String(finding.value[key] ?? "");
  const [node, pod] = [text("node"), text("pod")];
  const [namespace, name, path] = ["namespace", "daemonSet", "path"].map((k) => shellWord(text(k)));
  const expiresMs = finding.value["expiresMs"];
  // What has passed by the collection is no date for an action.
  const isAhead = typeof expiresMs === "number" && (finding.lastSeen === null || expiresMs > finding.lastSeen.epochMs);
  const due = isAhead ? { epochMs: expiresMs, precisionMs: 1000, clock: API_CLOCK } : null;
  if (finding.ended !== null) return NO_CONSEQUENCE;
  return {
    ...NO_CONSEQUENCE,
    fix: [
      {
        step: `Replace ${pod} on ${node}: its successor mounts the directory ${finding.value["shape"] === "switched" ? "to which the path leads" : "that is there"} now and writes a fresh token into it.`,
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
        ...mountCheck(finding, node),
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
        priority: typeof expiresMs === "number" ? "Urgent" : "High",
        due,
        doneWhen: doneWhen(finding, typeof expiresMs === "number" && due === null),
      },
    ],
    stops: stopsAt(finding),
  };
}

/** Root and mount point as mountinfo writes them: the kernel escapes a space (fs/proc_namespace.c, mangle). */
const mangled = (path: string): string => path.replaceAll("\\", "\\134").replaceAll(" ", "\\040");

/** A check whose output differs before the repair and after it. */
function mountCheck({ value }: Finding, node: string): Consequence["verify"][number] {
  const [shape, mounted, mountPoint, directory, pod] = ["shape", "mounted", "mountPoint", "directory", "pod"].map((k) =>
    String(value[k] ?? ""),
  ) as [string, string, string, string, string];
  const here = shellWord(node);
  if (shape === "switched")
    return {
      run: `# on ${here}, as root: is the former directory still mounted?\ngrep -HF ${shellWord(` ${mangled(mounted)} ${mangled(mountPoint)} `)} /proc/[0-9]*/mountinfo`,
      expect: "no output",
    };
  if (shape === "removed") {
    const removed = directory.endsWith(mounted) || mounted.endsWith(directory) || mounted === "" ? directory : mounted;
    return {
      run: `# on ${here}, as root: is a removed directory still mounted?\ngrep -H '${shellWord(removed)}//deleted' /proc/[0-9]*/mountinfo`,
      expect: "no output",
    };
  }
  const inside = mountPoint === "" ? "/host/etc/cni/net.d" : mountPoint;
  return {
    run: `# on ${here}, as root: does the successor of ${shellWord(pod)} have mounted what the path leads to?\nfor f in $(grep -lF ' ${mangled(inside)} ' /proc/[0-9]*/mountinfo); do stat -Lc '%d:%i %n' "\${f%/mountinfo}/root"${shellWord(inside)}; done; stat -Lc '%d:%i %n' ${shellWord(directory)}`,
    expect: "the same two numbers in each line",
  };
}

function doneWhen({ value }: Finding, hasExpired: boolean): string {
  const mount =
    value["shape"] === "switched"
      ? `its successor has mounted what ${value["directory"]} leads to`
      : "the mount table of its successor shows no removed directory";
  if (value["expiresMs"] === null) return `${mount}, and the token in the kubeconfig is the successor's`;
  return hasExpired
    ? `${mount}, and the token in the kubeconfig has not expired`
    : `${mount}, and the kubeconfig is written anew within 12 h`;
}

function stopsAt({ unverified, value }: Finding): string {
  if (unverified.some((premise) => premise.startsWith("the mount table of ")))
    return value["link"] === null
      ? "the times say that the directory was replaced under a running pod; the mount table, which would show it, was not collected"
      : `the times say that the link ${value["link"]} was made under a running pod; the mount table, which would show what that pod has mounted, was not collected`;
  if (value["shape"] !== "switched")
    return "the mount table shows that the directory was removed under a running pod; who replaced it is a question";
  return value["link"] === null
    ? "the mount table shows another directory than the one to which the path leads; what led the path elsewhere is a question"
    : `the mount table and the time of the link show that the link ${value["link"]} was led to another directory under a running pod; who or what did it is a question`;
}
