import type { Evidence } from "#model/evidence.js";
import type { Fact, TokenValue } from "#model/fact.js";
import type { Found, Outcome } from "#model/finding.js";
import { type MatchContext, refuted, undetermined } from "#model/rule.js";
import type { Statement } from "#model/statement.js";
import { type Credential, nodeFiles } from "./_credential.js";

/** Symptoms that a refused CNI call shows as. */
export const REFUSED_CALLS = ["sym:failed-kill-pod", "sym:failed-create-sandbox"] as const;

/** A verdict on one node's credential. */
export interface Subject {
  readonly subject: string;
  readonly about: { readonly node: readonly string[]; readonly error: readonly string[] };
  readonly credential: Credential;
}

/** Judges the credential of every collected node; a node whose path could not be followed is undetermined for every such rule. */
export function* eachCredential(
  context: MatchContext,
  error: string,
  judge: (subject: Subject) => Iterable<Outcome>,
): Iterable<Outcome> {
  for (const [node, { followed }] of context.derive(nodeFiles)) {
    const base = { subject: node, about: { node: [node], error: [error] } };
    if (followed.state === "unknown") yield undetermined({ ...base, missing: followed.missing });
    if (followed.state === "followed") yield* judge({ ...base, credential: followed.credential });
  }
}

/** The refused calls on a node, of any error class. */
export const refusedOn = (context: MatchContext, node: string): readonly Found[] =>
  REFUSED_CALLS.flatMap((id) => context.findings(id)).filter((f) => (f.about.node ?? []).includes(node));

/**
 * A younger token that agrees with the one in use in what `same` says: on the same node, or on one where no call was refused. What it
 * shares with the older token was still good when it was issued.
 */
export function youngerToken(
  { credential: { token, node } }: Subject,
  all: readonly Fact<"kubeconfig">[],
  context: MatchContext,
  same: (other: TokenValue) => boolean,
): Fact<"kubeconfig"> | undefined {
  const issued = token.iat?.epochMs ?? Number.POSITIVE_INFINITY;
  return all.find(
    ({ value, node: holder }) =>
      holder !== null &&
      (value.token.iat?.epochMs ?? 0) > issued &&
      same(value.token) &&
      (holder === node || refusedOn(context, holder).length === 0),
  );
}

/** The evidence of a finding's headline; findings always cite. */
export const headlineEvidence = (found: Found): Evidence => found.statements[0].evidence[0] as Evidence;

export const ruledOut = (subject: Subject, statement: Statement): Outcome =>
  refuted({
    subject: subject.subject,
    about: subject.about,
    statements: [statement],
    standsSince: subject.credential.file?.value.mtime ?? null,
  });
