import { type Instant, latest, parseInstant } from "#model/instant.js";

const RFC3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2}))(?: |$)/;
const KLOG = /^[IWEF](\d{2})(\d{2}) (\d{2}:\d{2}:\d{2}\.\d{1,6}) /;
const LOGRUS = /^time="([^"]{20,40})"/;
const CALICO = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?) \[/;
const CRI_STREAM = /^(?:stdout|stderr) [FP] /;

/** The longest a clock without a zone may run ahead of the collection before its zone is certainly another. */
const AHEAD_MS = 5 * 60_000;

/** When a line was written, and the line without that (and without the CRI's stream mark). */
export interface StampedLine {
  readonly when: Instant | null;
  readonly body: string;
}

/**
 * The time which a log line begins with: RFC 3339 (journalctl's short-iso-precise, kubectl's --timestamps, the CRI's log files, dmesg's iso),
 * klog's `E0523 02:01:31.000000`, logrus' `time="…"`, or Calico's `2026-11-22 12:08:29.696 [INFO]`. The outermost one counts.
 *
 * klog and Calico write no zone: they are read as UTC, klog's year is that of `collectedAt` or the one before. Where that gives a time
 * after the collection, the zone was another, and the time is unknown. Does not look for times inside a line.
 */
export function stampedLine(line: string, clock: string, collectedAt: Instant | null): StampedLine {
  const head = line.slice(0, 80);
  const rfc = RFC3339.exec(head);
  if (rfc?.[1] !== undefined) {
    const body = line.slice(rfc[0].length).replace(CRI_STREAM, "");
    return { when: parseInstant(rfc[1], clock), body };
  }
  const logrus = LOGRUS.exec(head);
  if (logrus?.[1] !== undefined) return { when: parseInstant(logrus[1], clock), body: line.slice(logrus[0].length) };
  const calico = CALICO.exec(head);
  if (calico)
    return { when: past(parseInstant(`${calico[1]}T${calico[2]}Z`, clock), collectedAt), body: line.slice(20) };
  const klog = KLOG.exec(head);
  return { when: klog ? klogTime(klog, clock, collectedAt) : null, body: line };
}

function klogTime(found: RegExpExecArray, clock: string, collectedAt: Instant | null): Instant | null {
  if (collectedAt === null) return null;
  const [, month, day, time] = found;
  const year = new Date(collectedAt.epochMs).getUTCFullYear();
  const at = (y: number): Instant | null => parseInstant(`${y}-${month}-${day}T${time}Z`, clock);
  const now = at(year);
  // Half a year ahead is last year's line; less than that is a zone east of Greenwich.
  const lastYear = now === null || now.epochMs - collectedAt.epochMs > 182 * 86_400_000;
  return past(lastYear ? at(year - 1) : now, collectedAt);
}

function past(when: Instant | null, collectedAt: Instant | null): Instant | null {
  return when !== null && collectedAt !== null && when.epochMs > latest(collectedAt) + AHEAD_MS ? null : when;
}
