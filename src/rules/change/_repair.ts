import type { Found } from "#model/finding.js";
import { earliest, type Instant, latestOf, order } from "#model/instant.js";
import type { ComparedMoment, MatchContext } from "#model/rule.js";
import { CREATE_FAILURES, KILL_FAILURES } from "#rules/kubelet/_failure-kinds.js";
import { podsByUid, readyAt } from "#rules/kubelet/_pods.js";
import { lastSeen, type SandboxFailures, sandboxFailures } from "#rules/kubelet/_sandbox-failures.js";
import { waitsForSandbox } from "#rules/kubelet/_waiting.js";

/** Faults that another file, or a directory that leads elsewhere, can end. What a clock, an agent or a role does wrong no file mends. */
const FAULTS = [
  "cni-kubeconfig-token-pod-gone",
  "cni-token-wrong-service-account",
  "cni-token-expired",
  "cni-conf-dir-diverged",
  "cni-conflist-invalid",
  "cni-hostpath-mount-stale-inode",
  "cni-service-account-recreated",
  "token-signing-key-changed",
  "token-issuer-changed",
];

/** A difference that may be worth the name of a repair. */
interface Written {
  readonly node: string;
  /** When it came about; null where nothing says so. */
  readonly at: Instant | null;
  /** What acts at once: nothing that it ends fails after it. A link leads to the right place, but what lies there may still be old. */
  readonly isLast: boolean;
}

/**
 * Files are written anew all the time. It can be the end of a fault only where one of that node was found before and is not found
 * after, and it lies between the last failure and the first pod that shows that all was well again.
 */
export function isRepair({ node, at, isLast }: Written, earlier: ComparedMoment, later: ComparedMoment): boolean {
  const ended = FAULTS.some((rule) => isFound(earlier, rule, node) && !isFound(later, rule, node));
  if (!ended || at === null) return ended;
  const failed = lastFailure(earlier, later, node);
  if (isLast && failed && order(at, failed) === "before") return false;
  const recovered = firstRecovery(earlier, later, node);
  return recovered === null || order(at, recovered) !== "after";
}

const isOn = (found: Found, node: string): boolean => (found.about.node ?? []).includes(node);

const isFound = ({ context }: ComparedMoment, rule: string, node: string): boolean =>
  context.findings(rule).some((f) => isOn(f, node));

type Look = Parameters<typeof podsByUid>[0];

/** Both kinds; once per moment: hand it to `context.derive`. */
const failures = (view: Look, context: MatchContext): readonly SandboxFailures[] => {
  const pods = context.derive(podsByUid);
  return [CREATE_FAILURES, KILL_FAILURES].flatMap((kind) => sandboxFailures(kind, view, pods));
};

/** Of the errors that failed there before: what fails otherwise since is another matter. */
function lastFailure(earlier: ComparedMoment, later: ComparedMoment, node: string): Instant | null {
  const before = earlier.context.derive(failures).filter((f) => f.node === node);
  const classes = new Set(before.map((f) => f.errorClass));
  const since = later.context.derive(failures).filter((f) => f.node === node && classes.has(f.errorClass));
  return [...before, ...since].map((f) => lastSeen(f.occurrences)).reduce(latestOf, null);
}

/** The first pod with a network of its own on that node that became ready after the earlier look: its sandbox was made. */
function firstRecovery(earlier: ComparedMoment, later: ComparedMoment, node: string): Instant | null {
  const before = earlier.context.derive(podsByUid);
  return [...later.context.derive(podsByUid).values()]
    .filter((pod) => pod.value.node === node && !pod.value.template.hostNetwork)
    .filter((pod) => {
      const was = before.get(pod.value.uid);
      return was === undefined || was.value.node === null || waitsForSandbox(was);
    })
    .flatMap((pod) => readyAt(pod)?.at ?? [])
    .filter((ready) => order(ready, earlier.context.moment.startedAt) === "after")
    .reduce<Instant | null>(earliest, null);
}
