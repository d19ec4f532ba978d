import type { Evidence } from "#model/evidence.js";
import type { Change, Finding } from "#model/finding.js";
import { type Instant, latestOf, order } from "#model/instant.js";
import { type Quoted, type Statement, say, time } from "#model/statement.js";

/** The last sign that it was there, as far as one has a time. */
export const lastSign = (f: Finding): Instant | null => latestOf(f.lastSeen, f.since);

/** Does a time lie before that of a sign? Then nothing that was so at it is the end of what the sign is of. By the times as they were written down. */
export const isBefore = (at: Instant, sign: Instant | null): boolean =>
  sign !== null && order(at, sign, 0) === "before";

/**
 * What was seen after the reading that would show its end did not end there: such a reading was made before it failed, or while it paused. How it
 * is told then: that it was seen still, in place of the sentence on its end. `lists`: what was read at that time, where no sentence tells of it.
 */
export function stillSeen(finding: Finding, lists: readonly Evidence[]): Statement | null {
  const { ended, ending } = finding;
  const sign = lastSign(finding);
  const [first, ...rest] = finding.statements[0]?.evidence ?? [];
  if (!ended || !sign || !first || !isBefore(ended.by, sign)) return null;
  const [list = first, ...more]: readonly Evidence[] = ending?.evidence ?? lists;
  const before: Quoted = time(ended.by, list, ...more);
  return say`Still seen at ${time(sign, first, ...rest)}: what does not show it was read before that, at ${before}.`;
}

/** A finding without an end that lies before its last sign. */
export function withoutEarlyEnd(finding: Finding, still: Statement | null): Finding {
  if (!still) return finding;
  const ending = JSON.stringify(finding.ending?.parts);
  const statements = [...finding.statements.filter((s) => JSON.stringify(s.parts) !== ending), still];
  return { ...finding, ended: null, ending: null, statements };
}

/** When the last of what had failed came back, where nothing of it was seen to fail after that. */
export function recoveryOf(changes: readonly Change[], failed: readonly Finding[]): Instant | null {
  const sign = failed.map(lastSign).reduce(latestOf, null);
  const at = changes
    .flatMap((c) => (c.kind === "recovery" && c.at ? [c.at] : []))
    .reduce<Instant | null>(latestOf, null);
  return at && !isBefore(at, sign) ? at : null;
}
