import type { Evidence } from "#model/evidence.js";
import { cite, type Fact } from "#model/fact.js";
import { type FileTree, parentOf } from "#model/file-tree.js";
import type { Outcome } from "#model/finding.js";
import { type FactView, foreseen, refuted, undetermined } from "#model/rule.js";
import { code, codes, type Statement, say, word } from "#model/statement.js";
import type { Credential } from "./_credential.js";
import type { History, Step } from "./_revision-history.js";
import type { Agent } from "./_writer.js";

type Revision = Fact<"kube.revision">;

/** At most so many pieces of evidence are cited of one kind. */
const CITED = 6;

const template = (revision: Revision): Evidence => cite(revision, "/data/spec/template/spec/volumes");

/** What the newest directory comes to on a node: the one that the plugin there reads, another, or one that was not looked at. */
export interface Examined {
  readonly node: string;
  readonly state: "one" | "two" | "unknown";
  readonly reads: string;
  /** What shows both halves: where the plugin reads, and where the path leads. */
  readonly evidence: readonly [Evidence, ...Evidence[]];
}

export function leadsTo(credential: Credential, tree: FileTree, { to }: Step): Omit<Examined, "node"> {
  const reads = parentOf(credential.real);
  const target = tree.resolve(to.hostPath);
  const [first, ...rest] = credential.path;
  const evidence: Examined["evidence"] = [first, ...rest, ...target.hops.map((h) => h.evidence)];
  const state = target.state === "resolved" ? (target.real === reads ? "one" : "two") : "unknown";
  // Where it does not exist it will be made, as a directory of its own.
  return { state: target.state === "absent" ? "two" : state, reads, evidence };
}

/** No node is struck: because the newest step leads nowhere else, or because no pod runs it yet, or for all that is known. */
export function* weighed(
  daemonSet: string,
  step: Step,
  history: History,
  examined: readonly Examined[],
  chosen: readonly Agent[],
  paths: FactView<"path">,
): Iterable<Outcome> {
  const { after, to } = step;
  const about = { node: examined.map((e) => e.node), workload: [`DaemonSet/${daemonSet}`] };
  const apart = examined.filter((e) => e.state === "two");
  // What a later revision left as it was is in force with that one, too.
  const hashes = history.revisions.flatMap((r) => (r.value.revision >= after.value.revision ? r.value.hash : []));
  const running = chosen.filter(
    (a) => a.daemonSet === daemonSet && hashes.includes(a.pod.value.labels["controller-revision-hash"] ?? null),
  );
  const unseen = examined.find((e) => e.state === "unknown");
  if (apart.length === 0 && !unseen) {
    if (history.unknown) yield undetermined({ subject: daemonSet, about, missing: [history.unknown] });
    else yield refuted({ subject: daemonSet, about, statements: [harmless(daemonSet, step, examined)] });
    return;
  }
  if (unseen || running.length > 0) {
    const { node } = unseen ?? apart[0] ?? { node: null };
    const where = `${to.hostPath} on ${node}, where revision ${after.value.revision} of ${daemonSet} writes`;
    const what = unseen
      ? `the listing of ${where}: whether it is the directory that the plugin reads`
      : `the kubeconfig in ${where}: whether the plugin's is still renewed`;
    const yet = running.length > 0 || after.value.hash === null ? "" : "; none of its pods runs that revision yet";
    yield undetermined({
      subject: daemonSet,
      about: { ...about, node: (unseen ? examined.filter((e) => e.state === "unknown") : apart).map((e) => e.node) },
      missing: [paths.missing(`${what}${yet}`, node ?? undefined)],
    });
  }
  if (running.length === 0 && after.value.hash !== null)
    for (const trap of apart) yield pending(daemonSet, step, trap, chosen, history);
}

/** A revision that no pod runs yet, and that will write where the plugin of a node does not read. */
function pending(
  daemonSet: string,
  { after, to }: Step,
  { node, reads, evidence }: Examined,
  chosen: readonly Agent[],
  { endKnown }: History,
) {
  const pod = chosen.find((a) => a.node === node)?.pod;
  const shown = pod ? cite(pod, "/metadata/labels/controller-revision-hash") : after.evidence;
  return foreseen({
    subject: `${daemonSet}|${node}`,
    about: { node: [node], workload: [`DaemonSet/${daemonSet}`] },
    mechanism: "cni-conf-dir-diverged",
    node,
    at: null,
    on: `the replacement of ${pod?.value.name ?? "the agent's pod"} on ${node} by one of revision ${after.value.revision}`,
    unless: `the hostPath of that revision is set to ${reads}, or ${to.hostPath} on ${node} is made a link to it, before`,
    unverified: endKnown ? [] : ["no later revision changed it: not all of them are known"],
    statements: [
      say`Revision ${word(after.value.revision, cite(after, "/revision"))} of ${code(daemonSet, template(after))} writes to ${code(to.hostPath, template(after))}, and the plugin on ${code(node, ...evidence)} reads ${code(reads, ...evidence)}: two directories; no pod runs that revision yet, nor does ${code(pod?.value.name ?? "", shown)}`,
    ],
  });
}

function harmless(daemonSet: string, { after, to }: Step, examined: readonly Examined[]): Statement {
  const [first, ...rest] = examined.slice(0, CITED).flatMap((e) => e.evidence);
  const by = cite(after, "/revision");
  return say`Revision ${word(after.value.revision, by)} of ${code(daemonSet, by)} writes to ${code(to.hostPath, template(after))}, which on ${codes(
    examined.map((e) => e.node),
    8,
    first ?? by,
    ...rest,
  )} is the directory that the plugin reads`;
}
