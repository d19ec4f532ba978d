import type { Evidence } from "#model/evidence.js";
import type { Fact, FactKind, TokenValue } from "#model/fact.js";
import type { Found, Missing, Outcome } from "#model/finding.js";
import { type FactView, type MatchContext, refuted, shellWord, undetermined } from "#model/rule.js";
import { code, codes, say } from "#model/statement.js";
import { words } from "#rules/kubelet/_pods.js";
import { collectedAt, type Judging, LISTED } from "./_api-time.js";
import { type Credential, type Link, nodeFiles } from "./_credential.js";
import { ANONYMOUS, deniedUser } from "./_denied.js";
import { strange, unknownKey } from "./_strange.js";
import { agentOf } from "./_writer.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** Symptoms that a refused CNI call shows as. */
export const REFUSED_CALLS = ["sym:failed-kill-pod", "sym:failed-create-sandbox"] as const;

/** A verdict on one node's credential: of several each has its own. */
export interface Subject {
  readonly subject: string;
  /** Without an error where the calls that were answered so were not made with this credential, or may not have been. */
  readonly about: { readonly node: readonly string[]; readonly error: readonly string[] };
  readonly credential: Credential;
  /** The call that was answered so with this credential, if any. */
  readonly refusal: Found | undefined;
}

/**
 * Judges the credential of every collected node. A node whose path could not be followed is undetermined for every such rule, and so is one
 * that was not collected where calls are refused with that error. Where no call on a node asked an API server, nothing about its token is
 * open as their cause; what its token is like is told all the same.
 */
export function* eachCredential(
  context: MatchContext,
  error: string,
  judge: (subject: Subject) => Iterable<Outcome>,
): Iterable<Outcome> {
  const unasked = callNodes(context).flatMap((node) => neverJudged(context, node, error) ?? []);
  yield* unasked;
  for (const outcome of credentials(context, error, judge))
    if (outcome.outcome !== "undetermined" || !unasked.some((u) => u.subject === outcome.about.node?.[0]))
      yield outcome;
}

function* credentials(
  context: MatchContext,
  error: string,
  judge: (subject: Subject) => Iterable<Outcome>,
): Iterable<Outcome> {
  for (const [node, { chain }] of context.derive(nodeFiles)) {
    const refusal = answered(context, node, error);
    const judged = chain.map((link) => {
      const isOwn = isAnswered(link, chain.length === 1, refusal);
      return { isOwn, outcomes: judgeLink(node, link, isOwn, error, refusal, judge) };
    });
    const [missing] = refusal
      ? chain.flatMap(({ accused }) => (accused.state === "unsaid" ? [accused.missing] : []))
      : [];
    if (missing)
      yield undetermined({
        subject: `${node}|refused`,
        about: { node: [node], error: [error] },
        missing: [missing],
      });
    const fails = chain.length > 1 && callNodes(context).includes(node);
    for (const { isOwn, outcomes } of judged) {
      const others = judged.filter((other) => other.outcomes !== outcomes).flatMap((other) => other.outcomes);
      // What is told of one credential rules out nothing of a failure that another may have brought about.
      const excludes = refusal ? isOwn : !fails || !others.some(leavesOpen);
      yield* outcomes.filter((o) => o.outcome !== "refuted" || excludes);
    }
  }
  for (const node of refusedWith(context, error)) {
    if (context.derive(nodeFiles).has(node)) continue;
    yield undetermined({
      subject: node,
      about: { node: [node], error: [error] },
      missing: [context.derive(kubeconfigs).missing(`the kubeconfig that the CNI plugin on ${node} is given`, node)],
    });
  }
}

const leavesOpen = (o: Outcome): boolean => o.outcome === "found" || o.outcome === "undetermined";

/** Are calls on its node that were answered so those of this credential? Where none was, they would be. */
const isAnswered = ({ accused }: Link, isOnly: boolean, refusal: Found | undefined): boolean =>
  accused.state === "named" || (accused.state === "unasked" && (isOnly || refusal === undefined));

function judgeLink(
  node: string,
  { subject, followed }: Link,
  isOwn: boolean,
  error: string,
  refusal: Found | undefined,
  judge: (subject: Subject) => Iterable<Outcome>,
): readonly Outcome[] {
  const base = { subject, about: { node: [node], error: isOwn ? [error] : [] } };
  if (followed.state === "unknown") return [undetermined({ ...base, missing: followed.missing })];
  if (followed.state !== "followed") return [];
  return [...judge({ ...base, credential: followed.credential, refusal: isOwn ? refusal : undefined })];
}

/** The nodes on which calls fail, whatever the error, sorted. */
export const callNodes = (context: MatchContext): readonly string[] =>
  [...new Set(REFUSED_CALLS.flatMap((id) => context.findings(id)).flatMap((f) => f.about.node ?? []))].sort();

/** What shows that no token was judged: for a clock an expired certificate does not, since the clock may be why it counts as expired. */
const ASIDE: Readonly<Record<string, string>> = {
  unasked: "no request reached the API server that could judge a token",
  unverified: "the connection ended before a token is sent",
  "expired-certificate": "the connection ended before a token is sent",
  answered: "what answers so has accepted the token before",
  elsewhere:
    "another server than the API server answered, to which no token of the cluster is known to have been shown",
  local: "an error of the node itself, which no answer of an API server brings about",
};

/**
 * Where each failed call on a node shows by its text that it asked no API server, or that its token was accepted: no fault of a token, or (with
 * `of`) of a clock, can be its cause.
 */
export function neverJudged(
  context: MatchContext,
  node: string,
  error: string,
  of: "token" | "clock" = "token",
): Outcome | null {
  const calls = refusedOn(context, node);
  const [first, ...rest] = calls.map(headlineEvidence);
  if (!first) return null;
  if (error === "401" && calls.every((c) => deniedUser(c) !== null)) return answeredAll(node, calls);
  const kinds = [...new Set(calls.map((c) => String(c.value["aside"] ?? "")))];
  const leavesOpen = (kind: string): boolean =>
    ASIDE[kind] === undefined ||
    (of === "clock" && (kind === "expired-certificate" || kind === "elsewhere")) ||
    // who is answered so may still lack a permission
    (error !== "401" && kind === "answered");
  if (kinds.some(leavesOpen)) return null;
  const why = [...new Set(kinds.map((kind) => ASIDE[kind]))].join(", or ");
  const texts = codes([...new Set(calls.map((c) => String(c.value["tail"] ?? "")))], 4, first, ...rest);
  return refuted({
    subject: node,
    about: { node: [node], error: [error] },
    statements: [say`What failed on ${code(node, first)} ended in ${texts}: ${words(why, first)}`],
    excludes: "cause",
  });
}

/** Every call was answered 403 and its caller named: there was a token and it was good, or there was none. */
function answeredAll(node: string, calls: readonly Found[]): Outcome {
  const [first, ...rest] = calls.map(headlineEvidence) as [Evidence, ...Evidence[]];
  const users = [...new Set(calls.map((c) => deniedUser(c) ?? ""))].sort();
  const named = say`The API server answered the calls on ${code(node, first)} with 403 and took the caller for ${codes(users, 4, first, ...rest)}`;
  return refuted({
    subject: node,
    about: { node: [node], error: ["401"] },
    statements: [
      users.includes(ANONYMOUS)
        ? say`${named}: a token that it does not accept is answered 401`
        : say`${named}: it had accepted the ${words(users.every((user) => user.startsWith("system:serviceaccount:")) ? "token" : "credential", first)}`,
    ],
    excludes: "cause",
  });
}

const kubeconfigs = (view: View): FactView<"kubeconfig"> => view("kubeconfig");

/** The nodes on which calls are refused with an error, sorted. */
export const refusedWith = (context: MatchContext, error: string): readonly string[] =>
  [
    ...new Set(
      REFUSED_CALLS.flatMap((id) => context.findings(id))
        .filter((f) => (f.about.error ?? []).includes(error))
        .flatMap((f) => f.about.node ?? []),
    ),
  ].sort();

/**
 * Why a list that does not know a token's pod, key, issuer or account does not judge it: it may be of another cluster, the token may be
 * younger than the list, or the file may have been replaced between the two collections, by an agent that started since.
 */
export function outOfStep<K extends Judging>(
  credential: Credential,
  view: FactView<K>,
  what: string,
  context: MatchContext,
): Missing | null {
  const isOfKeys = view.kind === "kube.jwks" || view.kind === "kube.issuer";
  const other = strange(credential, context) ?? (isOfKeys ? null : unknownKey(credential, context));
  if (other) return other;
  const { token, kubeconfig, node } = credential;
  const list = context.derive(LISTED[view.kind]);
  if (list && token.iat && token.iat.epochMs >= list.earliest) {
    return {
      ...view.missing(`${what}, collected after the token on ${node} was issued`),
      why: "the list is older than the token",
    };
  }
  const created = agentOf(credential, context)?.pod.value.created ?? null;
  // A token beside it that the agent itself can have fetched shows that it had started, whatever the clocks say.
  const wrote = context
    .derive(kubeconfigs)
    .on(node)
    .some((k) => created !== null && k.value.token.iat !== null && k.value.token.iat.epochMs >= created.epochMs);
  if (created && !wrote && created.epochMs >= collectedAt(kubeconfig.artifact, context).earliest) {
    return {
      ...context.derive(kubeconfigs).missing(`the kubeconfig of ${node} as its present CNI agent left it`, node),
      why: "the node's files are older than its CNI agent",
    };
  }
  return null;
}

/** The gap where a token looks out of place and no call with it is in evidence: it may well be accepted. */
export const untried = <K extends FactKind>({ node, named }: Credential, view: FactView<K>, what: string): Missing => ({
  ...view.missing(what),
  why: "no call with that token is in evidence",
  command: `# on ${node}\nkubectl --kubeconfig ${shellWord(named)} get --raw /api`,
});

/** Do calls on the node fail now, and not by a refusal of this credential? Then the next one may end before it shows its token. */
export const failsOtherwise = (context: MatchContext, { credential: { node }, refusal }: Subject): boolean =>
  REFUSED_CALLS.flatMap((id) => context.findings(id)).some(
    (f) =>
      !f.over &&
      (f.about.node ?? []).includes(node) &&
      !(refusal !== undefined && (f.about.error ?? []).includes("401")),
  );

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

/** The refused call on a node that the API server answered with a code, if any. */
export const answered = (context: MatchContext, node: string, error: string): Found | undefined =>
  refusedOn(context, node).find((c) => (c.about.error ?? []).includes(error));

/** The evidence of a finding's headline; findings always cite. */
export const headlineEvidence = (found: Found): Evidence => found.statements[0].evidence[0] as Evidence;
