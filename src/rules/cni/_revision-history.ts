import type { Fact } from "#model/fact.js";
import type { Missing } from "#model/finding.js";
import type { Instant } from "#model/instant.js";
import type { FactView } from "#model/rule.js";
import { isBroughtBack, rolloutOf, type WriteTarget, writeTarget } from "./_writer.js";

type Revision = Fact<"kube.revision">;

/** Two neighbouring revisions that write to different places, or other text into the configuration. */
export interface Step {
  readonly before: Revision;
  readonly after: Revision;
  /** When each was rolled out, where that is known; a rollback leaves the creation time of what it brings back. */
  readonly beforeAt: Instant | null;
  readonly afterAt: Instant | null;
  readonly broughtBack: boolean;
  readonly from: WriteTarget;
  readonly to: WriteTarget;
  /** The premise that none of the revisions between the two moved it; null where they follow each other. */
  readonly between: string | null;
}

/** What is listed of one DaemonSet's revisions, oldest number first. */
export interface History {
  readonly revisions: readonly Revision[];
  readonly newest: Revision;
  readonly steps: readonly Step[];
  /** What is not known of it, so that no change of the target can be ruled out; null where every revision was had and could be read. */
  readonly unknown: Missing | null;
  /** False where a revision as new as the newest may not be known. */
  readonly endKnown: boolean;
}

/** Null where none is listed. */
export function historyOf(
  daemonSet: string,
  listed: FactView<"kube.revision">,
  pods: readonly Fact<"kube.pod">[],
): History | null {
  const revisions = listed.all
    .filter((r) => r.value.owner?.kind === "DaemonSet" && `${r.value.namespace}/${r.value.owner.name}` === daemonSet)
    .sort((a, b) => a.value.revision - b.value.revision);
  const newest = revisions.at(-1);
  if (!newest) return null;
  const complete = listed.coverage().state === "complete";
  const unread = revisions.find((r) => writeTarget(r.value.template) === null);
  return {
    revisions,
    newest,
    steps: stepsOf(revisions, pods),
    unknown: !complete
      ? listed.missing(`all ControllerRevisions of ${daemonSet}`)
      : unread
        ? listed.missing(`where revision ${unread.value.revision} of ${daemonSet} wrote its CNI configuration`)
        : noLongerKept(daemonSet, revisions, newest),
    endKnown: complete && !unread,
  };
}

/**
 * A DaemonSet numbers its revisions from 1 and keeps the last `revisionHistoryLimit` of them (10). A rollback gives what it brings back
 * the next number, and the former one is no longer there: such a gap is no loss.
 */
function noLongerKept(daemonSet: string, revisions: readonly Revision[], newest: Revision): Missing | null {
  const gone = newest.value.revision - revisions.length;
  if (gone <= revisions.filter((r) => wasRenumbered(r, revisions)).length) return null;
  return {
    kind: "kube.revision",
    node: null,
    what: `where those revisions of ${daemonSet} before ${newest.value.revision} wrote which the cluster keeps no longer`,
    why: "looked for, and not there",
    command: `# the history of the manifest of ${daemonSet}, where that is kept: Git, Helm, the API server's audit log`,
  };
}

/** Made before one with a lower number. In one second the order is not known. */
const wasRenumbered = (one: Revision, revisions: readonly Revision[]): boolean =>
  revisions.some(
    (r) =>
      r.value.revision < one.value.revision &&
      one.value.created !== null &&
      r.value.created !== null &&
      r.value.created.epochMs > one.value.created.epochMs,
  );

/** The pairs of neighbouring revisions that write to different places, or other text into the configuration. */
function stepsOf(history: readonly Revision[], pods: readonly Fact<"kube.pod">[]): readonly Step[] {
  return history.slice(1).flatMap((after, i) => {
    const before = history[i];
    const [from, to] = [writeTarget(before?.value.template ?? null), writeTarget(after.value.template)];
    if (!before || !from || !to || !moved(from, to)) return [];
    const [beforeAt, afterAt] = [rolloutOf(before, history, pods), rolloutOf(after, history, pods)];
    const between = betweenOf(before, after);
    return [{ before, after, beforeAt, afterAt, broughtBack: isBroughtBack(after, history), from, to, between }];
  });
}

function betweenOf(before: Revision, after: Revision): string | null {
  const [first, last] = [before.value.revision + 1, after.value.revision - 1];
  if (first > last) return null;
  return first === last
    ? `revision ${first}, which is not listed, did not move it before`
    : `none of the revisions ${first} to ${last}, which are not listed, moved it before`;
}

const moved = (a: WriteTarget, b: WriteTarget): boolean =>
  a.hostPath !== b.hostPath || a.netDirEnv !== b.netDirEnv || a.confNameEnv !== b.confNameEnv;
