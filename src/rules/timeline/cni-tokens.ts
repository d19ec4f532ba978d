import { defineTimeline } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { cniFiles } from "./_cni-paths.js";
import { troubledNodes } from "./_troubled.js";

/** When the tokens in the CNI's kubeconfigs were issued, on nodes with trouble. */
export default defineTimeline({
  id: "cni-tokens",
  *observe({ context, view }) {
    const nodes = troubledNodes(context);
    const files = context.derive(cniFiles);
    const told = new Set<string>();
    for (const fact of view("kubeconfig").all) {
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
