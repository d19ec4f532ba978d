import type { Evidence } from "#model/evidence.js";
import type { Fact } from "#model/fact.js";
import { cite } from "#model/fact.js";
import { parentOf, type Resolution } from "#model/file-tree.js";
import { type Instant, latest, order, UNMEASURED_SKEW_MS } from "#model/instant.js";
import { defineRule, effect, type FactView, found, type MatchContext, refuted, undetermined } from "#model/rule.js";
import { code, known, say, time, word } from "#model/statement.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { type Credential, nodeFiles } from "./_credential.js";
import { type FormerTarget, formerTarget, led, ledSince, stillThere, wayTo } from "./_former-target.js";
import { CALICO_TOKEN_WATCH, MOUNT_NAMESPACES } from "./_references.js";
import { staleMountConsequence } from "./_stale-mount-repair.js";
import { type Agent, agentOn, agents, unclearOn } from "./_writer.js";

export default defineRule({
  id: "cni-hostpath-mount-stale-inode",
  title:
    "the running CNI agent still has a directory mounted to which its path no longer leads, so nothing it writes there reaches the plugin",
  label: "CNI agent holds a removed directory",
  labelOf: (finding) =>
    finding.value["shape"] === "switched" ? "CNI agent holds the directory of a former link" : null,
  asks: "How can a fresh token not reach the file that the plugin reads?",
  kind: "mechanism",
  needs: { mounts: "mount", paths: "path", pods: "kube.pod" },
  explains: [effect("cni-token-expired", ["node"], "enables")],
  *match({ mounts, paths, pods }, context) {
    const all = context.derive(agents);
    for (const [node, { followed, tree }] of context.derive(nodeFiles)) {
      const base = { subject: node, about: { node: [node] } };
      const agent = agentOn(all, node);
      if (followed.state !== "followed") continue;
      const unclear = unclearOn(all, node);
      if (unclear.length > 0) {
        const what = `which workload installs ${followed.credential.named}: ${unclear.join(" and ")} install CNI configuration`;
        yield undetermined({ ...base, missing: [pods.missing(what)] });
      }
      if (!agent) {
        if (unclear.length === 0 && pods.coverage().state !== "complete")
          yield undetermined({ ...base, missing: [pods.missing("the list of pods, with the CNI agent's volumes")] });
        continue;
      }
      const target = tree.resolve(agent.target.hostPath);
      // Only where the agent is meant to feed the file in use: elsewhere the two directories differ anyway.
      if (target.state === "resolved" && parentOf(followed.credential.real) !== target.real) continue;
      const seen = mountOf(agent, mounts.on(node));
      const former = seen && formerTarget(seen, target, tree, followed.credential, lastStart(agent));
      if (seen && !former && target.state === "resolved" && isElsewhere(seen, target.real)) {
        const what = `what ${seen.value.root}, which is mounted in ${agent.pod.value.name}, is on the node`;
        yield undetermined({ ...base, missing: [mounts.missing(what, node)] });
      } else if (seen) yield byMount(base, seen, former ?? null, agent, target, followed.credential, context);
      else yield byTimes(base, agent, target, followed.credential, mounts, paths, context);
    }
  },
  known: [
    known(
      "A bind mount follows the directory that was there when the container started, not the path: what is removed or replaced later, or where a link on the path leads later, goes unnoticed inside",
      MOUNT_NAMESPACES,
    ),
  ],
  consequence: staleMountConsequence,
  references: [MOUNT_NAMESPACES, CALICO_TOKEN_WATCH],
  falsePositives: ["an agent that is being replaced at this moment"],
  examples: {
    found: ["cni/mount-deleted.yaml"],
    refuted: ["cni/mount-in-place.yaml"],
    undetermined: ["cni/mount-not-collected.yaml"],
  },
  tags: ["calico", "cni", "mount"],
});

type Base = { readonly subject: string; readonly about: { readonly node: string[] } };

/** The mount of the agent's CNI directory, as one of its processes sees it. */
function mountOf(agent: Agent, mounts: readonly Fact<"mount">[]): Fact<"mount"> | undefined {
  const { mountPath } = agent.target;
  const uid = `/pods/${agent.pod.value.uid}/`;
  // The kubelet mounts files of the pod's own folder into each of its containers: they tell whose process it is.
  const own = new Set(mounts.filter((m) => m.value.root.includes(uid)).map((m) => m.value.pid));
  const fits = mounts.filter(
    (m) =>
      (own.size === 0 || own.has(m.value.pid)) &&
      (mountPath === null ? m.value.mountPoint.endsWith("/etc/cni/net.d") : m.value.mountPoint === mountPath),
  );
  return fits.find((m) => m.value.deleted) ?? fits[0];
}

function byMount(
  base: Base,
  mount: Fact<"mount">,
  former: FormerTarget | null,
  agent: Agent,
  target: Resolution,
  credential: Credential,
  context: MatchContext,
) {
  const { root, deleted, mountPoint } = mount.value;
  const name = code(agent.pod.value.name, cite(agent.pod, "/metadata/name"));
  if (!deleted && !former) {
    return refuted({
      ...base,
      statements: [say`The directory mounted at ${code(mountPoint, mount.evidence)} in ${name} is in place`],
    });
  }
  const started = lastStart(agent);
  const here = code(base.subject, mount.evidence);
  return found({
    ...base,
    about: { ...base.about, pod: [agent.pod.value.uid] },
    since: deleted ? null : (ledSince(target, started)?.at ?? null),
    lastSeen: seenAt(mount, context.moment),
    unverified: credential.unverified,
    value: {
      ...factsOf(base.subject, agent, credential),
      shape: deleted ? "removed" : "switched",
      mounted: root,
      mountPoint,
      link: ledSince(target, started)?.link.value.path ?? null,
    },
    statements: [
      deleted
        ? say`On ${here} the running ${name} still has the removed directory ${code(removedName(agent, target, root), mount.evidence)} mounted: nothing that it writes there reaches the plugin`
        : former?.kind === "revision"
          ? say`On ${here} the running ${name} has ${code(root, mount.evidence)} mounted, the directory of an earlier revision: nothing that it writes there reaches the plugin`
          : say`On ${here} the running ${name} has ${code(root, mount.evidence)} mounted, and ${code(agent.target.hostPath, ...wayTo(target, mount.evidence))} leads to ${code(target.real, ...wayTo(target, mount.evidence))}: nothing that it writes there reaches the plugin`,
      ...(deleted
        ? [
            say`Its mount table marks the directory at ${code(mountPoint, mount.evidence)} as ${word("deleted", mount.evidence)}`,
          ]
        : []),
      ...running(agent),
      ...(deleted ? remade(target, agent) : []),
      // Where the path itself is the link, what was made anew is told already.
      ...(deleted && ledSince(target, started)?.link.value.path === agent.target.hostPath ? [] : led(target, started)),
      ...stillThere(former, credential),
      ...fileAge(credential, context),
    ],
  });
}

/** The agent's path where the mount is of what lay there; the former directory's own name where a link on the way led to it. */
const removedName = (agent: Agent, target: Resolution, root: string): string =>
  ledSince(target, lastStart(agent)) !== null &&
  !agent.target.hostPath.endsWith(root) &&
  !root.endsWith(agent.target.hostPath)
    ? root
    : agent.target.hostPath;

/**
 * Neither the directory that is there nor one known to have been there before. The root is a path within the mounted file system: it
 * may lack the way to that, or begin with a subvolume's name.
 */
const isElsewhere = ({ value: { root, deleted } }: Fact<"mount">, real: string): boolean =>
  !deleted && !real.endsWith(root) && !root.endsWith(real);

/** Without the mount table: was the path made anew after the agent's container started? */
function byTimes(
  base: Base,
  agent: Agent,
  target: Resolution,
  credential: Credential,
  mounts: FactView<"mount">,
  paths: FactView<"path">,
  context: MatchContext,
) {
  if (target.state !== "resolved") {
    return undetermined({ ...base, missing: [paths.missing(`the listing of ${agent.target.hostPath}`, base.subject)] });
  }
  const started = lastStart(agent);
  const made = madeAt(target.hops, agent.target.hostPath);
  const arrived = arrivedSince(credential, made?.at ?? null);
  if (arrived && made?.at && started && order(made.at, started) === "after") {
    return refuted({
      ...base,
      statements: [
        say`On ${code(base.subject, arrived.evidence)} ${code(credential.real, arrived.evidence)} was renewed at ${time(arrived.at, arrived.evidence)}, after ${code(made.fact.value.path, made.fact.evidence)} had been made at ${time(made.at, made.fact.evidence)} and without a restart of ${code(agent.pod.value.name, cite(agent.pod, "/metadata/name"))} since: what it writes arrives`,
      ],
    });
  }
  const settled = started ? settledBefore(target.hops, started) : null;
  if (settled && started) {
    return refuted({
      ...base,
      statements: [
        say`On ${code(base.subject, settled.evidence)} ${code(settled.value.path, settled.evidence)} was made before ${code(agent.pod.value.name, cite(agent.pod, "/metadata/name"))} started at ${time(started, cite(agent.pod, "/status/startTime"))}`,
      ],
    });
  }
  if (!started || !made?.at || order(made.at, started) !== "after") {
    return undetermined({
      ...base,
      missing: [mounts.missing(`the mount table of ${agent.pod.value.name}`, base.subject)],
    });
  }
  const onTheWay = made.fact.value.type === "l" && made.fact.value.path !== agent.target.hostPath;
  return found({
    ...base,
    about: { ...base.about, pod: [agent.pod.value.uid] },
    since: made.at,
    lastSeen: seenAt(credential.kubeconfig, context.moment),
    unverified: [...credential.unverified, `the mount table of ${agent.pod.value.name} was not collected`],
    missing: [mounts.missing(`the mount table of ${agent.pod.value.name}`, base.subject)],
    value: {
      ...factsOf(base.subject, agent, credential),
      shape: "by-times",
      mountPoint: agent.target.mountPath,
      link: made.fact.value.path === agent.target.hostPath ? null : made.fact.value.path,
    },
    statements: [
      onTheWay
        ? say`On ${code(base.subject, made.fact.evidence)} the link ${code(made.fact.value.path, made.fact.evidence)} on the way to ${code(agent.target.hostPath, made.fact.evidence)} was made at ${time(made.at, made.fact.evidence)}, after ${code(agent.pod.value.name, cite(agent.pod, "/metadata/name"))} had started at ${time(started, cite(agent.pod, "/status/startTime"))}: by these times that pod still has the directory mounted to which it led before, and nothing that it writes there reaches the plugin`
        : say`On ${code(base.subject, made.fact.evidence)} ${code(agent.target.hostPath, made.fact.evidence)} was made anew at ${time(made.at, made.fact.evidence)}, after ${code(agent.pod.value.name, cite(agent.pod, "/metadata/name"))} had started at ${time(started, cite(agent.pod, "/status/startTime"))}: by these times that pod still has the earlier directory mounted, and nothing that it writes there reaches the plugin`,
      ...fileAge(credential, context),
    ],
  });
}

/** The token in use was issued clearly after the path was made. A file's own time may be that of a copy by hand: it counts without the other only. */
function arrivedSince(
  { token, tokenEvidence, file }: Credential,
  made: Instant | null,
): { readonly at: Instant; readonly evidence: Evidence } | null {
  const later = (at: Instant | null | undefined): at is Instant =>
    !!at && made !== null && at.epochMs - latest(made) > UNMEASURED_SKEW_MS;
  if (token.iat) return later(token.iat) ? { at: token.iat, evidence: tokenEvidence } : null;
  return file && later(file.value.mtime) ? { at: file.value.mtime, evidence: file.evidence } : null;
}

/** A link's mtime and any birth time say when the thing was made; a directory's mtime does not, since every new entry moves it. */
function madeAt(
  hops: readonly Fact<"path">[],
  hostPath: string,
): { readonly at: Instant | null; readonly fact: Fact<"path"> } | null {
  const fact = hops.find((h) => h.value.path === hostPath) ?? hops[0];
  if (!fact) return null;
  return { at: fact.value.type === "l" ? fact.value.mtime : fact.value.btime, fact };
}

/** The last link on the way, where every link on it and the directory's own birth are older than the container: then the mount is of what is there. */
function settledBefore(hops: readonly Fact<"path">[], started: Instant): Fact<"path"> | null {
  const links = hops.filter((h) => h.value.type === "l");
  const directory = hops.at(-1);
  const older = (at: Instant | null): boolean => at !== null && order(at, started) === "before";
  const born = directory?.value.btime ?? null;
  if (links.length === 0) return directory && older(born) ? directory : null;
  return links.every((l) => older(l.value.mtime)) && (born === null || older(born)) ? (links.at(-1) ?? null) : null;
}

/** Latest start of one of the pod's running containers; the pod's own start where they do not say. */
function lastStart(agent: Agent): Instant | null {
  const starts = agent.pod.value.containers.flatMap((c) => (!c.init && c.startedAt ? [c.startedAt] : []));
  const [first, ...rest] = starts;
  return first ? rest.reduce((a, b) => (b.epochMs > a.epochMs ? b : a), first) : agent.pod.value.startedAt;
}

const factsOf = (node: string, agent: Agent, credential: Credential) => ({
  node,
  pod: agent.pod.value.name,
  namespace: agent.pod.value.namespace,
  daemonSet: agent.daemonSet.slice(agent.daemonSet.indexOf("/") + 1),
  path: credential.named,
  directory: agent.target.hostPath,
  boundTo: credential.token.pod?.name ?? null,
  expiresMs: credential.token.pod ? null : (credential.token.exp?.epochMs ?? null),
});

/** What stands at the path now came after the pod: so it was the replacement that took the directory from under it. */
function remade(target: Resolution, agent: Agent) {
  const started = lastStart(agent);
  const made = madeAt(target.hops, agent.target.hostPath);
  if (!started || !made?.at || order(made.at, started) !== "after") return [];
  // A link on the way to it is told as what it is.
  if (made.fact.value.path !== agent.target.hostPath && made.fact.value.type === "l") return [];
  return [
    say`What now stands at ${code(agent.target.hostPath, made.fact.evidence)} was made at ${time(made.at, made.fact.evidence)}: the replacement took the directory from under the running pod`,
  ];
}

function running(agent: Agent) {
  const started = lastStart(agent);
  return started ? [say`That pod has been running since ${time(started, cite(agent.pod, "/status/startTime"))}`] : [];
}

function fileAge(credential: Credential, context: MatchContext) {
  const { file, token, tokenEvidence, node } = credential;
  const mtime = file?.value.mtime;
  const statements = [];
  if (file && mtime)
    statements.push(
      say`The kubeconfig that the plugin on ${code(node, file.evidence)} reads was last written at ${time(mtime, file.evidence)}`,
    );
  if (token.pod) {
    statements.push(
      say`Its token is bound to ${code(token.pod.name, tokenEvidence)} and ends with that pod, so no date can be given`,
    );
  } else if (token.exp) {
    statements.push(
      token.exp.epochMs <= seenAt(credential.kubeconfig, context.moment).epochMs
        ? say`Its token expired at ${time(token.exp, tokenEvidence)}`
        : say`Its token expires at ${time(token.exp, tokenEvidence)}`,
    );
  }
  return statements;
}
