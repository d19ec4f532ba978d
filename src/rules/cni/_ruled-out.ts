import type { FactKind } from "#model/fact.js";
import type { Missing, Outcome } from "#model/finding.js";
import { type FactView, type MatchContext, refuted, undetermined } from "#model/rule.js";
import type { Statement } from "#model/statement.js";
import { readBefore } from "#rules/kubelet/_list-age.js";
import { refusedOn, type Subject } from "./_refusal.js";

/** What a text of the failure itself excludes: it needs no credential, and no later change of a file takes it back. */
export const ruledOutByText = (node: string, error: string, statement: Statement): Outcome =>
  refuted({ subject: node, about: { node: [node], error: [error] }, statements: [statement] });

/**
 * Ruled out by what a list shows, where it was read after the calls had failed, or while they did; else open: what held then need not have
 * held when they failed.
 */
export function ruledOutByList<K extends FactKind>(
  subject: Subject,
  view: FactView<K>,
  what: string,
  statement: Statement,
  context: MatchContext,
): Outcome {
  const older = olderThanCalls(subject, view, what, context);
  return older
    ? undetermined({ subject: subject.subject, about: subject.about, missing: [older] })
    : ruledOut(subject, statement);
}

/** The gap where a list is from before the last call that was refused with a credential; null where no call was. */
function olderThanCalls<K extends FactKind>(
  { about, credential, refusal }: Subject,
  view: FactView<K>,
  what: string,
  context: MatchContext,
): Missing | null {
  if (!refusal) return null;
  const calls = refusedOn(context, credential.node).filter((c) => about.error.some((e) => c.about.error?.includes(e)));
  return readBefore(view, what, calls, context);
}

export const ruledOut = (subject: Subject, statement: Statement): Outcome =>
  refuted({
    subject: subject.subject,
    about: subject.about,
    statements: [statement],
    standsSince: subject.credential.file?.value.mtime ?? null,
  });
