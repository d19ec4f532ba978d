import type { Evidence } from "#model/evidence.js";
import type { Fact, TokenValue } from "#model/fact.js";
import { cite } from "#model/fact.js";
import { type FileTree, parentOf, type Resolution } from "#model/file-tree.js";
import type { Missing } from "#model/finding.js";
import { type Instant, order } from "#model/instant.js";
import { found, type MatchContext, refuted, shellWord } from "#model/rule.js";
import { code, say, time, word } from "#model/statement.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import type { Followed } from "./_credential.js";
import { type FormerTarget, led, ledSince, stillThere, wayTo } from "./_former-target.js";
import { tokenPlace } from "./_token-place.js";
import type { Agent } from "./_writer.js";

export type Base = { readonly subject: string; readonly about: { readonly node: string[] } };

/** The pod that is to write a node's credential, and the directory that it was given for it. */
export interface Writer {
  readonly pod: Fact<"kube.pod">;
  readonly daemonSet: string;
  readonly hostPath: string;
  /** Where containers mount it; null where no template says. */
  readonly mountPath: string | null;
}

export const writerOf = ({ pod, daemonSet, target }: Agent): Writer => ({
  pod,
  daemonSet,
  hostPath: target.hostPath,
  mountPath: target.mountPath,
});

/** The credential that what is written there is for, as far as it is known. */
export interface Reader {
  /** As the plugin is given it; the writer's directory where that is not known. */
  readonly named: string;
  readonly real: string;
  readonly file: Fact<"path"> | null;
  readonly token: TokenValue | null;
  readonly tokenEvidence: Evidence | null;
  readonly kubeconfig: Fact<"kubeconfig"> | null;
  readonly unverified: readonly string[];
  /** What would tell what the plugin reads; empty where that was followed. */
  readonly missing: readonly Missing[];
}

/**
 * What the plugin is given; where that could not be followed, what lies in the writer's directory now, if it is one file: that the plugin reads
 * it is a premise then. Null where the plugin takes no kubeconfig.
 */
export function readerOf(
  followed: Followed,
  writer: Writer,
  target: Resolution,
  tree: FileTree,
  kubeconfigs: readonly Fact<"kubeconfig">[],
): Reader | null {
  if (followed.state === "followed") {
    return { ...followed.credential, missing: [] };
  }
  if (followed.state !== "unknown") return null;
  const [only, ...others] = kubeconfigs.filter(
    (k) => target.state === "resolved" && parentOf(k.value.path) === target.real && k.value.token.kind === "jwt",
  );
  const kubeconfig = others.length === 0 ? only : undefined;
  return {
    named: kubeconfig?.value.path ?? writer.hostPath,
    real: kubeconfig?.value.path ?? target.real,
    file: (kubeconfig && tree.at(kubeconfig.value.path)) ?? null,
    token: kubeconfig?.value.token ?? null,
    tokenEvidence: kubeconfig ? tokenPlace(kubeconfig) : null,
    kubeconfig: kubeconfig ?? null,
    unverified: [`the plugin is taken to read what lies in ${writer.hostPath}`],
    missing: followed.missing,
  };
}

/** The mount at a place, as one of the pod's processes sees it; at any that ends like the usual one where no template names it. */
export function mountOf({ pod, mountPath }: Writer, mounts: readonly Fact<"mount">[]): Fact<"mount"> | undefined {
  const uid = `/pods/${pod.value.uid}/`;
  // The kubelet mounts files of the pod's own folder into each of its containers: they tell whose process it is.
  const own = new Set(mounts.filter((m) => m.value.root.includes(uid)).map((m) => m.value.pid));
  const fits = mounts.filter(
    (m) =>
      (own.size === 0 || own.has(m.value.pid)) &&
      (mountPath === null ? m.value.mountPoint.endsWith(USUAL_MOUNT) : m.value.mountPoint === mountPath),
  );
  return fits.find((m) => m.value.deleted) ?? fits[0];
}

const USUAL_MOUNT = "/etc/cni/net.d";

export function byMount(
  base: Base,
  mount: Fact<"mount">,
  former: FormerTarget | null,
  writer: Writer,
  target: Resolution,
  reader: Reader,
  context: MatchContext,
) {
  const { root, deleted, mountPoint } = mount.value;
  const pod = code(writer.pod.value.name, cite(writer.pod, "/metadata/name"));
  if (!deleted && !former) {
    return refuted({
      ...base,
      statements: [say`The directory mounted at ${code(mountPoint, mount.evidence)} in ${pod} is in place`],
    });
  }
  const started = lastStart(writer);
  const here = code(base.subject, mount.evidence);
  const reaches = reader.missing.length === 0 ? "reaches the plugin" : "is to be found on the node";
  const lost = word(`nothing that it writes there ${reaches}`, mount.evidence);
  return found({
    ...base,
    about: { ...base.about, pod: [writer.pod.value.uid] },
    since: deleted ? null : (ledSince(target, started)?.at ?? null),
    lastSeen: seenAt(mount, context.moment),
    unverified: reader.unverified,
    missing: reader.missing,
    value: {
      ...factsOf(base.subject, writer, reader),
      shape: deleted ? "removed" : "switched",
      mounted: root,
      mountPoint,
      link: ledSince(target, started)?.link.value.path ?? null,
    },
    statements: [
      deleted
        ? say`On ${here} the running ${pod} still has the removed directory ${code(removedName(writer, target, root), mount.evidence)} mounted: ${lost}`
        : former?.kind === "revision"
          ? say`On ${here} the running ${pod} has ${code(root, mount.evidence)} mounted, the directory of an earlier revision: ${lost}`
          : say`On ${here} the running ${pod} has ${code(root, mount.evidence)} mounted, and ${code(writer.hostPath, ...wayTo(target, mount.evidence))} leads to ${code(target.real, ...wayTo(target, mount.evidence))}: ${lost}`,
      ...(deleted
        ? [
            say`Its mount table marks the directory at ${code(mountPoint, mount.evidence)} as ${word("deleted", mount.evidence)}`,
          ]
        : []),
      ...running(writer),
      ...(deleted ? remade(target, writer) : []),
      // Where the path itself is the link, what was made anew is told already.
      ...(deleted && ledSince(target, started)?.link.value.path === writer.hostPath ? [] : led(target, started)),
      ...stillThere(former, reader),
      ...fileAge(base.subject, reader, context),
    ],
  });
}

/** The agent's path where the mount is of what lay there; the former directory's own name where a link on the way led to it. */
const removedName = (writer: Writer, target: Resolution, root: string): string =>
  ledSince(target, lastStart(writer)) !== null && !writer.hostPath.endsWith(root) && !root.endsWith(writer.hostPath)
    ? root
    : writer.hostPath;

/**
 * The root is a path within the mounted file system: it may lack the way to that, or begin with a subvolume's name.
 */
export const isElsewhere = ({ value: { root, deleted } }: Fact<"mount">, real: string): boolean =>
  !deleted && !real.endsWith(root) && !root.endsWith(real);

/** The process of another agent than Calico's goes by another name, and by any name its pod's uid is in its cgroup: with hyphens, or as systemd writes it. */
export function mountTable({ value: { owner, uid } }: Writer["pod"], missing: Missing): Missing {
  if (/calico|canal/.test(owner?.name ?? "") || uid === "") return missing;
  const [plain, ofSystemd] = [uid, uid.replaceAll("-", "_")].map(shellWord);
  return {
    ...missing,
    command: `for f in $(grep -lF -e ${plain} -e ${ofSystemd} /proc/[0-9]*/cgroup); do cat "\${f%cgroup}mountinfo"; done   # on ${shellWord(missing.node ?? "the node")}, as root`,
  };
}

/** A link's mtime and any birth time say when the thing was made; a directory's mtime does not, since every new entry moves it. */
export function madeAt(
  hops: readonly Fact<"path">[],
  hostPath: string,
): { readonly at: Instant | null; readonly fact: Fact<"path"> } | null {
  const fact = hops.find((h) => h.value.path === hostPath) ?? hops[0];
  if (!fact) return null;
  return { at: fact.value.type === "l" ? fact.value.mtime : fact.value.btime, fact };
}

/** Latest start of one of the pod's running containers; the pod's own start where they do not say. */
export function lastStart(writer: Writer): Instant | null {
  const starts = writer.pod.value.containers.flatMap((c) => (!c.init && c.startedAt ? [c.startedAt] : []));
  const [first, ...rest] = starts;
  return first ? rest.reduce((a, b) => (b.epochMs > a.epochMs ? b : a), first) : writer.pod.value.startedAt;
}

export const factsOf = (node: string, writer: Writer, reader: Reader) => ({
  node,
  pod: writer.pod.value.name,
  namespace: writer.pod.value.namespace,
  daemonSet: writer.daemonSet.slice(writer.daemonSet.indexOf("/") + 1),
  path: reader.named,
  directory: writer.hostPath,
  boundTo: reader.token?.pod?.name ?? null,
  expiresMs: reader.token?.pod ? null : (reader.token?.exp?.epochMs ?? null),
});

/** What stands at the path now came after the pod: so it was the replacement that took the directory from under it. */
function remade(target: Resolution, writer: Writer) {
  const started = lastStart(writer);
  const made = madeAt(target.hops, writer.hostPath);
  if (!started || !made?.at || order(made.at, started) !== "after") return [];
  // A link on the way to it is told as what it is.
  if (made.fact.value.path !== writer.hostPath && made.fact.value.type === "l") return [];
  return [
    say`What now stands at ${code(writer.hostPath, made.fact.evidence)} was made at ${time(made.at, made.fact.evidence)}: the replacement took the directory from under the running pod`,
  ];
}

function running(writer: Writer) {
  const started = lastStart(writer);
  return started ? [say`That pod has been running since ${time(started, cite(writer.pod, "/status/startTime"))}`] : [];
}

export function fileAge(
  node: string,
  { named, file, token, tokenEvidence, kubeconfig, missing }: Reader,
  context: MatchContext,
) {
  const mtime = file?.value.mtime;
  const statements = [];
  if (file && mtime)
    statements.push(
      missing.length === 0
        ? say`The kubeconfig that the plugin on ${code(node, file.evidence)} reads was last written at ${time(mtime, file.evidence)}`
        : say`On ${code(node, file.evidence)} ${code(named, file.evidence)} was last written at ${time(mtime, file.evidence)}`,
    );
  if (!token || !tokenEvidence) return statements;
  if (token.pod) {
    statements.push(
      say`Its token is bound to ${code(token.pod.name, tokenEvidence)} and ends with that pod, so no date can be given`,
    );
  } else if (token.exp) {
    const hasExpired = kubeconfig !== null && token.exp.epochMs <= seenAt(kubeconfig, context.moment).epochMs;
    statements.push(
      hasExpired
        ? say`Its token expired at ${time(token.exp, tokenEvidence)}`
        : say`Its token expires at ${time(token.exp, tokenEvidence)}`,
    );
  }
  return statements;
}
