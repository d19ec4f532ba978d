import type { Fact } from "#model/fact.js";
import { baseName, parentOf, type Resolution } from "#model/file-tree.js";
import { earliest, type Instant, order, whenBoth } from "#model/instant.js";
import type { MatchContext } from "#model/rule.js";
import { code, codes, lapseOf, type Statement, say, time } from "#model/statement.js";
import type { Credential, NodeFiles } from "./_credential.js";
import type { OwnConfig, Peer } from "./_parting.js";
import { type Agent, agentOn } from "./_writer.js";

export interface Surroundings {
  readonly files: ReadonlyMap<string, NodeFiles>;
  readonly all: readonly Agent[];
  readonly context: MatchContext;
}

export interface Linked extends Peer {
  readonly link: Fact<"path">;
}

/**
 * Since when the two differ. The unread file's last write says little, since the agent renews it; the revision that the agent runs
 * writes there since its rollout. Unknown where the file in use was renewed after that: both were one until then. Where the configuration
 * of the runtime makes the difference, not before that was written; unknown where its time is.
 */
export function apartSince(
  credential: Credential,
  agent: Agent,
  copy: Fact<"path">,
  own: OwnConfig | null,
): Instant | null {
  const since = earliest(agent.pod.value.startedAt, agent.rolledOut);
  if (own) return own.written ? whenBoth(own.written.at, since) : null;
  if (copy.value.btime) return copy.value.btime;
  const renewed = credential.token.iat;
  return since && renewed && order(renewed, since) === "after" ? null : since;
}

/** Which of the two files is the newer, where their times tell: one from after the collection was set by somebody, and tells nothing. */
export function ages(credential: Credential, copy: Fact<"path">, collected: Instant): readonly Statement[] {
  const inUse = credential.file;
  const [then, now] = [inUse?.value.mtime ?? null, copy.value.mtime];
  if (!inUse || !then || !now) return [];
  const used = say`The file in use was last written at ${time(then, inUse.evidence)}`;
  const path = code(copy.value.path, copy.evidence);
  const isSet = [then, now].some((t) => order(t, collected) === "after");
  switch (isSet ? "unknown" : order(now, then)) {
    case "before":
      return [say`${used}; another at ${path} is older, of ${time(now, copy.evidence)}`];
    case "after":
      return [
        say`${used}; another lies at ${path}, written ${lapseOf(then, now, inUse.evidence, copy.evidence)} later, at ${time(now, copy.evidence)}`,
      ];
    default:
      return [
        say`${used}; another lies at ${path}, of ${time(now, copy.evidence)}: which of the two is newer these times do not show`,
      ];
  }
}

/** What the unread file would have given. */
export function contents(credential: Credential, copy: Fact<"kubeconfig"> | undefined): readonly Statement[] {
  const { token } = copy?.value ?? {};
  if (!copy || !token || token.kind !== "jwt" || !token.iat) return [];
  const differs = token.iat.epochMs !== credential.token.iat?.epochMs;
  if (!differs) return [];
  return [
    say`The unread file holds another token, issued at ${time(token.iat, copy.evidence)} for ${code(token.sub ?? "an unnamed account", copy.evidence)}`,
  ];
}

/** What is known of the directory itself: its kind and the last change of the directory that holds it. */
export function itself(written: Resolution): readonly Statement[] {
  const last = written.hops.at(-1);
  if (last?.value.type !== "d") return [];
  const born = last.value.btime;
  return [
    born
      ? say`${code(written.real, last.evidence)} was a directory of its own there, made at ${time(born, last.evidence)}`
      : say`${code(written.real, last.evidence)} was a directory of its own there; when it was made is not recorded`,
  ];
}

/** At most so many peers are cited. */
const CITED = 6;

/** The peers on which the writer's path is a link to what the plugin reads. */
export function links(linked: readonly Linked[]): readonly Statement[] {
  const [first, ...rest] = linked.slice(0, CITED).map((l) => l.link);
  if (!first) return [];
  const names = linked.map((l) => l.node);
  return [
    say`On ${codes(names, 8, first.evidence, ...rest.map((l) => l.evidence))} that path was a link into the directory that the plugin reads, so both were one there`,
    ...linked
      .slice(0, CITED)
      .flatMap(({ node, link }) =>
        link.value.mtime
          ? [say`The link on ${code(node, link.evidence)} dates from ${time(link.value.mtime, link.evidence)}`]
          : [],
      ),
  ];
}

/** The directory above: what is known of its last change, for the question how the node came to differ. */
export function unlikePeers(node: string, { files, all }: Surroundings): readonly Statement[] {
  const here = files.get(node);
  const agent = agentOn(all, node);
  const above = agent && here ? here.tree.at(parentOf(agent.target.hostPath)) : undefined;
  const changed = above?.value.mtime;
  if (!above || !changed) return [];
  return [
    say`${code(above.value.path, above.evidence)} on ${code(node, above.evidence)} was last changed at ${time(changed, above.evidence)}: by then at the latest ${code(baseName(agent?.target.hostPath ?? ""), above.evidence)} was an entry of it`,
  ];
}
