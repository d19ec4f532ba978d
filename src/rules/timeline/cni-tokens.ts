import type { Fact } from "#model/fact.js";
import type { Observation } from "#model/finding.js";
import { defineTimeline, type MatchContext } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { cniFiles } from "./_cni-paths.js";
import { troubledNodes } from "./_troubled.js";

/** When the tokens in the CNI's kubeconfigs were issued, on nodes with trouble, and when one ended that the plugin is still given. */
export default defineTimeline({
  id: "cni-tokens",
  *observe({ context, view }) {
    const nodes = troubledNodes(context);
    const files = context.derive(cniFiles);
    const told = new Set<string>();
    for (const fact of view("kubeconfig").all) {
      yield* ended(fact, context);
      const { path, token } = fact.value;
      if (fact.node === null || !nodes.has(fact.node) || !files.has(`${fact.node}\n${path}`) || !token.iat) continue;
      // A copy is the same token: it was issued once, wherever it lies.
      const key = `${fact.node}\n${token.iat.epochMs}\n${token.sub}\n${token.pod?.uid}`;
      if (told.has(key)) continue;
      told.add(key);
      const node = code(fact.node, fact.evidence);
      yield {
        at: token.iat,
        approximate: false,
        statement: token.pod
          ? say`A token of the CNI on ${node} issued, bound to the pod ${code(token.pod.name, fact.evidence)}.`
          : say`A token of the CNI on ${node} issued to ${code(token.sub ?? "nobody", fact.evidence)}.`,
        source: "token iat",
      };
    }
  },
});

/** The end of a token in use is where the fault began. Of one that nobody reads it means nothing, and a replaced one did no harm. */
function* ended({ node, value, evidence }: Fact<"kubeconfig">, context: MatchContext): Iterable<Observation> {
  const { exp } = value.token;
  const inUse = context
    .findings("cni-token-expired")
    .some((f) => node !== null && f.about.node?.includes(node) && f.about.path?.includes(value.path));
  if (node === null || exp === null || !inUse) return;
  yield {
    at: exp,
    approximate: false,
    statement: say`The token that the CNI plugin on ${code(node, evidence)} is given expired.`,
    source: "token exp",
  };
}
