import type { Instant } from "#model/instant.js";
import { type ComparedMoment, defineChange } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { isRepair } from "./_repair.js";
import { rewrittenFiles } from "./_rewritten.js";
import { describeToken, type Replaced, replacedTokens } from "./_tokens.js";

/** Another token in the CNI's kubeconfig at the same path, where the file's own times do not tell the same (path-changed does then). */
export default defineChange({
  id: "token-replaced",
  needs: { kubeconfigs: "kubeconfig" },
  *compare(earlier, later) {
    const told = new Set(rewrittenFiles(earlier, later).map(({ now }) => `${now.node ?? ""}\n${now.value.path}`));
    for (const [key, { was, now }] of replacedTokens(earlier, later)) {
      if (told.has(key)) continue;
      const node = now.node ?? "";
      const at = writtenAt(now, later);
      yield {
        rule: "token-replaced",
        subject: `${node}|${now.value.path}`,
        // A token was not there before it was issued.
        kind: isRepair({ node, at: at ?? now.value.token.iat, isLast: true }, earlier, later) ? "repair" : "change",
        about: { node: [node], path: [now.value.path] },
        at,
        statements: [
          say`${code(now.value.path, now.evidence)} on ${code(node, now.evidence)} held a token ${describeToken(was)}, and then one ${describeToken(now)}.`,
        ],
      };
    }
  },
});

/** When the file was last written, where that was looked up. */
const writtenAt = (fact: Replaced["now"], { view }: ComparedMoment): Instant | null =>
  (fact.node === null ? [] : view("path").on(fact.node)).find((p) => p.value.path === fact.value.path)?.value.mtime ??
  null;
