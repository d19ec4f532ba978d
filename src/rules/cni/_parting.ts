import { type Evidence, evidenceIn, memberKey } from "#model/evidence.js";
import type { FactKind } from "#model/fact.js";
import { type FileTree, parentOf } from "#model/file-tree.js";
import { type Instant, order } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, codes, type Statement, say, time } from "#model/statement.js";
import { flagOf } from "./_command-line.js";
import { templateOf } from "./_conf-dir-setting.js";
import { nodeFiles } from "./_credential.js";
import { refusedOn } from "./_refusal.js";
import type { ConfDir } from "./_runtime.js";
import { type Agent, agentOn, agents } from "./_writer.js";

/** A node whose runtime is configured to read elsewhere than where its agent writes, though its peers' runtimes, or the file that its own overrides, are not. */
export interface OwnConfig {
  /** The file that decides; null where only the daemon's own dump or command line tells. */
  readonly file: string | null;
  /** The program whose command line decides. */
  readonly program: string | null;
  /** Of what that file is made anew at each start. */
  readonly template: string | null;
  readonly confDir: ConfDir;
  readonly shown: Evidence;
  /** What shows that the file sets it. */
  readonly by: Evidence;
  /** When that was last written, where it can be since when it leads there. */
  readonly written: { readonly at: Instant; readonly evidence: Evidence } | null;
  /** The directory that would have met the agent's: of the peers, else of the file that is overridden. */
  readonly meeting: string;
  readonly overridden: { readonly file: string; readonly confDir: string; readonly evidence: Evidence } | null;
  readonly peers: readonly Peer[];
  /** The file that decides sets no conf_dir: it takes the place of a section that does (containerd 1.x replaces whole sections). */
  readonly drops: boolean;
}

/** Another node of the same agent, which writes to the same path there, and that path leads to what the plugin reads. */
export interface Peer {
  readonly node: string;
  readonly confDir: ConfDir;
  /** The link by which the path leads there; undefined where the two are one plain directory. */
  readonly link: ReturnType<FactView<"path">["on"]>[number] | undefined;
}

const configs = (view: <K extends FactKind>(kind: K) => FactView<K>): FactView<"runtime.config"> =>
  view("runtime.config");

const crioConfigs = (view: <K extends FactKind>(kind: K) => FactView<K>): FactView<"crio.config"> =>
  view("crio.config");
const processes = (view: <K extends FactKind>(kind: K) => FactView<K>): FactView<"process"> => view("process");

/** The peers on which the agent's path leads to the directory that the plugin reads. */
export function meetingPeers(node: string, agent: Agent, context: MatchContext): readonly Peer[] {
  const all = context.derive(agents);
  return [...context.derive(nodeFiles)].flatMap(([peer, { followed, tree }]) => {
    const theirs = agentOn(all, peer);
    if (peer === node || followed.state !== "followed" || theirs?.daemonSet !== agent.daemonSet) return [];
    if (theirs.target.hostPath !== agent.target.hostPath) return [];
    const target = tree.resolve(theirs.target.hostPath);
    if (target.state !== "resolved" || parentOf(followed.credential.real) !== target.real) return [];
    const link = target.hops.find((h) => h.value.type === "l");
    return [{ node: peer, confDir: followed.credential.confDir, link }];
  });
}

/** Null where nothing shows that it is the runtime's configuration by which the node differs. */
export function ownConfig(node: string, confDir: ConfDir, agent: Agent, context: MatchContext): OwnConfig | null {
  const tree = context.derive(nodeFiles).get(node)?.tree;
  const [shown] = confDir.evidence;
  if (!tree || !shown) return null;
  const own = context
    .derive(configs)
    .on(node)
    .filter((c) => c.value.source === "file" && c.value.valid);
  const deciding = own.find((c) => memberKey(c.artifact) === memberKey(shown));
  const target = tree.resolve(agent.target.hostPath);
  const meets = (path: string): boolean => path === agent.target.hostPath || tree.resolve(path).real === target.real;
  const sections = new Set([
    ...(deciding?.value.cni.map((t) => t.pluginId) ?? []),
    ...(deciding?.value.withoutCni ?? []),
  ]);
  const drops = deciding?.value.cni.every((t) => t.confDir === null) === true;
  // Of the files only the main one imports others: where another decides, it does so by being imported.
  const [overridden = null] = own.flatMap((c) =>
    c === deciding || c.value.imports.length === 0
      ? []
      : c.value.cni.flatMap(({ pluginId, confDir: set, line }) =>
          set !== null && line !== null && sections.has(pluginId) && meets(set)
            ? [
                {
                  file: c.value.path,
                  confDir: set,
                  evidence: evidenceIn(c.artifact, { kind: "lines", from: line, to: line }, `conf_dir = "${set}"`),
                },
              ]
            : [],
        ),
  );
  // Configured like that peer, this node would be whole as well: another spelling of one directory is no difference.
  const peers = meetingPeers(node, agent, context).filter((p) => meets(p.confDir.path));
  const meeting = peers[0]?.confDir.path ?? overridden?.confDir;
  if (meeting === undefined || meets(confDir.path)) return null;
  const crio = context
    .derive(crioConfigs)
    .on(node)
    .find((c) => c.value.source === "file" && memberKey(c.artifact) === memberKey(shown));
  const set = deciding ?? setting(own, confDir, shown, tree, context);
  const file = set?.value.path ?? crio?.value.path ?? null;
  const started = context
    .derive(processes)
    .on(node)
    .find((p) => p.evidence === shown);
  const program = /^(?:\S*\/)?(crio|cri-dockerd|kubelet)(?: |$)/.exec(started?.value.cmdline ?? "")?.[1] ?? null;
  const template = set ? templateOf(set.value.path, set.value.version) : null;
  // What is made anew at each start tells by its time when that was.
  const path = file === null || (template !== null && template !== file) ? undefined : tree.at(file);
  const mtime = path?.value.mtime ?? null;
  const refused = refusedOn(context, node).map((f) => f.since);
  // One that was written while calls failed already does not say since when it leads there.
  const tells = mtime !== null && refused.every((since) => since === null || order(mtime, since) !== "after");
  const written = path && mtime && tells ? { at: mtime, evidence: path.evidence } : null;
  const by = set && set !== deciding ? set.evidence : shown;
  return {
    file,
    by,
    program,
    template,
    confDir,
    shown,
    written,
    meeting,
    overridden,
    peers,
    drops: drops && overridden !== null,
  };
}

type Configs = ReturnType<FactView<"runtime.config">["on"]>;

/** The file that the daemon's dump was asked of, where that sets what the dump tells. */
function setting(own: Configs, confDir: ConfDir, shown: Evidence, tree: FileTree, context: MatchContext) {
  const [node] = own.flatMap((c) => c.node ?? []);
  const dump = context
    .derive(configs)
    .on(node ?? "")
    .find((c) => c.value.source === "dump" && memberKey(c.artifact) === memberKey(shown));
  const asked = dump && flagOf(dump.value.path, "config", "c");
  return asked
    ? own.find(
        ({ value }) =>
          (value.path === asked || tree.resolve(asked).real === value.path) &&
          value.cni.some((t) => t.confDir === confDir.written),
      )
    : undefined;
}

/** At most so many peers are cited. */
const CITED = 6;

/** What the nodes differ by, and since when it stands there. */
export function tellOwnConfig(node: string, own: OwnConfig): readonly Statement[] {
  const { file, confDir, shown, written, overridden, peers } = own;
  const here = code(node, shown);
  const set = code(confDir.path, ...distinct(shown, confDir.evidence));
  const by = file === null ? null : code(file, own.by);
  const evidence = peers.slice(0, CITED).flatMap((p) => p.confDir.evidence.slice(0, 1));
  const [first, ...rest] = evidence;
  return [
    ...(first
      ? [
          by
            ? say`The nodes differ by the configuration of the runtime: on ${here} it reads ${set}, by ${by}; on ${codes(
                peers.map((p) => p.node),
                8,
                first,
                ...rest,
              )} it reads ${code(own.meeting, first, ...rest)}, where the agent writes`
            : say`The nodes differ by the configuration of the runtime: on ${here} it reads ${set}; on ${codes(
                peers.map((p) => p.node),
                8,
                first,
                ...rest,
              )} it reads ${code(own.meeting, first, ...rest)}, where the agent writes`,
        ]
      : []),
    ...(overridden && by
      ? [
          own.drops
            ? say`On ${here} ${code(overridden.file, overridden.evidence)} sets conf_dir to ${code(overridden.confDir, overridden.evidence)}, where the agent writes; ${by}, which it imports, has the same section without conf_dir, and that section counts in its place: what is left is the default, ${set}`
            : say`On ${here} ${code(overridden.file, overridden.evidence)} sets conf_dir to ${code(overridden.confDir, overridden.evidence)}, where the agent writes; ${by}, which it imports, sets ${set} instead`,
        ]
      : []),
    ...(written && by
      ? [
          say`${by} was last written at ${time(written.at, written.evidence)}; it counts since the runtime was started the next time`,
        ]
      : []),
  ];
}

const distinct = (first: Evidence, all: readonly Evidence[]): readonly [Evidence, ...Evidence[]] => [
  first,
  ...all.filter((e) => e !== first),
];
