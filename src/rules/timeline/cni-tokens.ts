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
    for (const fact of view("kubeconfig").all) {
      const { path, token } = fact.value;
      if (fact.node === null || !nodes.has(fact.node) || !files.has(`${fact.node}\n${path}`) || !token.iat) continue;
      const [file, node] = [code(path, fact.evidence), code(fact.node, fact.evidence)];
      yield {
        at: token.iat,
        approximate: false,
        statement: token.pod
          ? say`The token in ${file} on ${node} issued, bound to the pod ${code(token.pod.name, fact.evidence)}.`
          : say`The token in ${file} on ${node} issued to ${code(token.sub ?? "nobody", fact.evidence)}.`,
        source: "token iat",
      };
    }
  },
});
