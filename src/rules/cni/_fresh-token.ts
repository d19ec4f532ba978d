import type { Fact, FactKind, TokenValue } from "#model/fact.js";
import { baseName, joinPath, parentOf } from "#model/file-tree.js";
import { order } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, type Statement, say, time } from "#model/statement.js";
import { goesBy } from "./_agent-name.js";
import { type Credential, nodeFiles } from "./_credential.js";
import { heldBack } from "./_held-back.js";
import type { Agent } from "./_writer.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** What would bring the plugin a token that is accepted, as far as the evidence shows it: for the finding's values and its sentences. */
export interface FreshToken {
  readonly value: Readonly<Record<string, string | boolean>>;
  readonly statements: readonly Statement[];
}

const NOTHING: FreshToken = { value: { fresh: "" }, statements: [] };

/**
 * Either a whole configuration lies behind the one that sorts first, or the agent writes to the very file that the plugin reads: its
 * successor will. Nothing where neither is shown, such as where writer and reader are parted: other findings tell of that.
 */
export function freshToken(
  credential: Credential,
  agent: Agent | undefined,
  context: MatchContext,
  better: (token: TokenValue) => boolean = () => true,
): FreshToken {
  const hidden = hiddenBehind(credential, context, better);
  if (hidden) return hidden;
  const { node } = credential;
  const stale = context.findings("cni-hostpath-mount-stale-inode").some((f) => (f.about.node ?? []).includes(node));
  // A mount of a removed directory has a repair of its own, the same one.
  if (!agent || stale || !writesIt(credential, agent, context)) return NOTHING;
  const [started, written] = [agent.pod.value.startedAt, credential.file?.value.mtime ?? null];
  const read = credential.kubeconfig.artifact.collectedAt;
  // What a pod did to a file cannot be seen in what was read before there was that pod.
  if (started && read && order(read, started) === "before")
    return { value: { fresh: "later", agentPod: agent.pod.value.name, daemonSet: agent.daemonSet }, statements: [] };
  return {
    value: {
      fresh: "agent",
      agentLeftIt: started !== null && written !== null && order(written, started) === "before",
      daemonSet: agent.daemonSet,
      agentPod: agent.pod.value.name,
      writes: into(agent.target.hostPath, credential, agent),
      reads: parentOf(credential.named),
      agentReady: agent.pod.value.conditions.some((c) => c.type === "Ready" && c.status === "True"),
      renewsNot: agent.renewsNot !== null,
      heldBack: heldBack(agent.pod, node, context) !== undefined,
      account: `${credential.token.namespace ?? ""}/${credential.token.serviceAccount?.name ?? ""}`,
    },
    statements: agent.renewsNot
      ? [
          say`${code(agent.pod.value.name, ...agent.evidence)} of ${code(agent.daemonSet, ...agent.evidence)}, which writes there, renews nothing after its start: ${code("CALICO_MANAGE_CNI=false", agent.renewsNot)}`,
        ]
      : [],
  };
}

/**
 * The agent's directory is the one that holds the file, and the file goes by the name that the agent gives it; or the agent keeps a directory
 * of its plugin's own in it.
 */
export function writesIt(credential: Credential, agent: Agent, context: MatchContext): boolean {
  const files = context.derive(nodeFiles);
  const target = files.get(credential.node)?.tree.resolve(agent.target.hostPath);
  if (target?.state !== "resolved" || into(target.real, credential, agent) !== parentOf(credential.real)) return false;
  const name = baseName(credential.real);
  const stem = stemOf(credential);
  const alike = [...files].some(
    ([peer, { chain }]) =>
      peer !== credential.node &&
      chain.some(({ followed }) => followed.state === "followed" && baseName(followed.credential.real) === name),
  );
  return alike || (stem !== "" && name.includes(stem));
}

const stemOf = ({ plugin }: Credential): string => plugin.type.replace(/-cni$/, "");

/**
 * Where in its directory an agent puts the file: Multus and whereabouts below it, as in `multus.d/multus.kubeconfig` (multus-cni
 * cmd/thin_entrypoint, whereabouts script/install-cni.sh). Only where the DaemonSet goes by the plugin's name, or the token there is of
 * a pod of its own: others mount the same directory.
 */
function into(directory: string, credential: Credential, { daemonSet }: Agent): string {
  const stem = stemOf(credential);
  const [holds, name] = [baseName(parentOf(credential.real)), baseName(daemonSet)];
  const its = credential.token.pod?.name.startsWith(`${name}-`) === true || goesBy(name, stem) === true;
  return stem !== "" && holds === `${stem}.d` && its ? joinPath(directory, holds) : directory;
}

const netconfs = (view: View): FactView<"cni.netconf"> => view("cni.netconf");
const kubeconfigs = (view: View): FactView<"kubeconfig"> => view("kubeconfig");
const pods = (view: View): FactView<"kube.pod"> => view("kube.pod");

/** A configuration that the runtime passes over because another sorts before it, and that leads to a token with nothing against it. */
function hiddenBehind(
  credential: Credential,
  context: MatchContext,
  better: (token: TokenValue) => boolean,
): FreshToken | null {
  const { node, confDir, plugin } = credential;
  const tree = context.derive(nodeFiles).get(node)?.tree;
  // A plugin that calls others, such as Multus, comes before theirs on purpose.
  if (!tree || confDir.maxConfNum !== 1 || plugin.delegatedBy !== undefined) return null;
  const directory = tree.resolve(confDir.path).real;
  const named = tree.entries(directory).filter((e) => /\.(conf|conflist|json)$/.test(e.value.path));
  const [first, ...behind] = named;
  if (!first || tree.resolve(first.value.path).real !== tree.resolve(credential.netconf.value.path).real) return null;
  for (const entry of behind) {
    const { real } = tree.resolve(entry.value.path);
    const netconf = context
      .derive(netconfs)
      .on(node)
      .find((n) => n.value.valid && (n.value.path === real || n.value.path === entry.value.path));
    const leads = netconf?.value.plugins.find((p) => p.kubeconfig !== null && p.type === plugin.type)?.kubeconfig;
    const kubeconfig = leads
      ? context
          .derive(kubeconfigs)
          .on(node)
          .find((k) => k.value.path === tree.resolve(leads).real)
      : undefined;
    if (!netconf || !leads || !kubeconfig) continue;
    if (kubeconfig.value.path === credential.real || !better(kubeconfig.value.token)) continue;
    const holds = tokenOf(kubeconfig, context);
    if (!holds) continue;
    return {
      value: { fresh: "hidden", first: first.value.path, behind: entry.value.path, kubeconfig: leads },
      statements: [
        say`${code(first.value.path, first.evidence)} sorts first in ${code(confDir.path, first.evidence, ...confDir.evidence)} and hides ${code(entry.value.path, entry.evidence, netconf.evidence)}, which leads to ${code(leads, netconf.evidence)}`,
        ...holds,
      ],
    };
  }
  return null;
}

/** What is seen of a token that has nothing against it; null where something has, or where its pod cannot be looked up. */
function tokenOf({ value, evidence }: Fact<"kubeconfig">, context: MatchContext): readonly Statement[] | null {
  const { token } = value;
  const { pod, exp, iat } = token;
  if (!value.valid || token.kind !== "jwt" || !iat || !exp) return null;
  if (exp.epochMs <= context.moment.collectedAt.epochMs) return null;
  const holder = pod && context.derive(pods).all.find((p) => p.value.uid === pod.uid && p.value.deletion === null);
  if (pod && !holder) return null;
  return [
    say`The token in that one was issued at ${time(iat, evidence)} and expires at ${time(exp, evidence)}`,
    holder
      ? say`The pod to which it is bound, ${code(pod.name, evidence)}, existed`
      : say`It is bound to no pod, and belongs to ${code(token.sub ?? "an unnamed account", evidence)}`,
  ];
}

/** The same where nothing shows who writes the file, and no other finding tells why it is not renewed: then that has to be found first. */
export function freshTokenOrWriter(
  credential: Credential,
  agent: Agent | undefined,
  context: MatchContext,
  better?: (token: TokenValue) => boolean,
): FreshToken {
  const fresh = freshToken(credential, agent, context, better);
  const told = ["cni-hostpath-mount-stale-inode", "cni-conf-dir-diverged"].some((rule) =>
    context.findings(rule).some((f) => (f.about.node ?? []).includes(credential.node)),
  );
  return fresh.value["fresh"] === "" && !told ? { value: { fresh: "unknown" }, statements: [] } : fresh;
}
