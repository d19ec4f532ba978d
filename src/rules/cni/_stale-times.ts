import type { Evidence } from "#model/evidence.js";
import type { Fact } from "#model/fact.js";
import { cite } from "#model/fact.js";
import type { Resolution } from "#model/file-tree.js";
import { type Instant, latest, order, UNMEASURED_SKEW_MS } from "#model/instant.js";
import { type FactView, found, type MatchContext, refuted, undetermined } from "#model/rule.js";
import { code, say, time } from "#model/statement.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import {
  type Base,
  factsOf,
  fileAge,
  lastStart,
  madeAt,
  mountTable,
  type Reader,
  type Writer,
} from "./_stale-mount.js";

/** Without the mount table: was the path made anew after the agent's container started? */
export function byTimes(
  base: Base,
  writer: Writer,
  target: Resolution,
  reader: Reader,
  mounts: FactView<"mount">,
  paths: FactView<"path">,
  context: MatchContext,
) {
  if (target.state !== "resolved") {
    return undetermined({ ...base, missing: [paths.missing(`the listing of ${writer.hostPath}`, base.subject)] });
  }
  const pod = code(writer.pod.value.name, cite(writer.pod, "/metadata/name"));
  const started = lastStart(writer);
  const made = madeAt(target.hops, writer.hostPath);
  const arrived = arrivedSince(reader, made?.at ?? null);
  if (arrived && made?.at && started && order(made.at, started) === "after") {
    return refuted({
      ...base,
      statements: [
        say`On ${code(base.subject, arrived.evidence)} ${code(reader.real, arrived.evidence)} was renewed at ${time(arrived.at, arrived.evidence)}, after ${code(made.fact.value.path, made.fact.evidence)} had been made at ${time(made.at, made.fact.evidence)} and without a restart of ${pod} since: what it writes arrives`,
      ],
    });
  }
  const settled = started ? settledBefore(target.hops, started) : null;
  if (settled && started) {
    return refuted({
      ...base,
      statements: [
        say`On ${code(base.subject, settled.evidence)} ${code(settled.value.path, settled.evidence)} was made before ${pod} started at ${time(started, cite(writer.pod, "/status/startTime"))}`,
      ],
    });
  }
  const table = mountTable(writer.pod, mounts.missing(`the mount table of ${writer.pod.value.name}`, base.subject));
  // Times alone are one premise; what the plugin reads must be known beside them.
  if (!started || !made?.at || order(made.at, started) !== "after" || reader.missing.length > 0) {
    return undetermined({ ...base, missing: [table, ...reader.missing] });
  }
  const onTheWay = made.fact.value.type === "l" && made.fact.value.path !== writer.hostPath;
  return found({
    ...base,
    about: { ...base.about, pod: [writer.pod.value.uid] },
    since: made.at,
    lastSeen: seenAt(reader.kubeconfig ?? made.fact, context.moment),
    unverified: [...reader.unverified, `the mount table of ${writer.pod.value.name} was not collected`],
    missing: [table],
    value: {
      ...factsOf(base.subject, writer, reader),
      shape: "by-times",
      mountPoint: writer.mountPath,
      link: made.fact.value.path === writer.hostPath ? null : made.fact.value.path,
    },
    statements: [
      onTheWay
        ? say`On ${code(base.subject, made.fact.evidence)} the link ${code(made.fact.value.path, made.fact.evidence)} on the way to ${code(writer.hostPath, made.fact.evidence)} was made at ${time(made.at, made.fact.evidence)}, after ${pod} had started at ${time(started, cite(writer.pod, "/status/startTime"))}: by these times that pod still has the directory mounted to which it led before, and nothing that it writes there reaches the plugin`
        : say`On ${code(base.subject, made.fact.evidence)} ${code(writer.hostPath, made.fact.evidence)} was made anew at ${time(made.at, made.fact.evidence)}, after ${pod} had started at ${time(started, cite(writer.pod, "/status/startTime"))}: by these times that pod still has the earlier directory mounted, and nothing that it writes there reaches the plugin`,
      ...fileAge(base.subject, reader, context),
    ],
  });
}

/** The token in use was issued clearly after the path was made. A file's own time may be that of a copy by hand: it counts without the other only. */
function arrivedSince(
  { token, tokenEvidence, file, missing }: Reader,
  made: Instant | null,
): { readonly at: Instant; readonly evidence: Evidence } | null {
  const later = (at: Instant | null | undefined): at is Instant =>
    !!at && made !== null && at.epochMs - latest(made) > UNMEASURED_SKEW_MS;
  // What nobody is known to read may have been put there by another hand.
  if (missing.length > 0) return null;
  if (token?.iat && tokenEvidence) return later(token.iat) ? { at: token.iat, evidence: tokenEvidence } : null;
  return file && later(file.value.mtime) ? { at: file.value.mtime, evidence: file.evidence } : null;
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
