import type { Lesson } from "#model/finding.js";
import type { MatchContext } from "#model/rule.js";
import { code, codes, say, time } from "#model/statement.js";
import { type Credential, nodeFiles } from "./_credential.js";

/** What checks that look sensible would have said. */
export function lessonsOf(credential: Credential, context: MatchContext): readonly Lesson[] {
  const { token, tokenEvidence, node } = credential;
  const theirs = [...context.derive(nodeFiles)].flatMap(([peer, { chain }]) =>
    peer === node ? [] : chain.flatMap(({ followed: of }) => (of.state === "followed" ? [of.credential] : [])),
  );
  // Of a plugin that is chained to this one, the token says nothing of this one's.
  const unbound = theirs.filter((c) => c.token.pod === null && c.plugin.type === credential.plugin.type);
  const [first, ...rest] = unbound;
  return [
    ...(token.exp
      ? [
          {
            kind: "surprise" as const,
            statement: say`A check of the token's expiry would have passed on ${code(node, tokenEvidence)}: it expires at ${time(token.exp, tokenEvidence)}`,
          },
        ]
      : []),
    ...(first
      ? [
          {
            kind: "surprise" as const,
            statement: say`Comparing the token's pod with the pod that runs is no valid check: on ${codes(
              unbound.map((c) => c.node),
              8,
              first.tokenEvidence,
              ...rest.map((c) => c.tokenEvidence),
            )} the tokens in use name no pod`,
          },
        ]
      : []),
  ];
}
