import type { Fact, TokenValue } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import { type ComparedMoment, defineChange } from "#model/rule.js";
import { citing, code, type Quoted, say, time } from "#model/statement.js";
import { cniFiles } from "#rules/timeline/_cni-paths.js";
import { troubledNodes } from "#rules/timeline/_troubled.js";

type Kubeconfig = Fact<"kubeconfig">;

/** Another token in the CNI's kubeconfig at the same path. */
export default defineChange({
  id: "token-replaced",
  needs: { kubeconfigs: "kubeconfig" },
  *compare(earlier, later) {
    const before = new Map(earlier.view("kubeconfig").all.map((k) => [keyOf(k), k]));
    const files = later.context.derive(cniFiles);
    const troubled = troubledNodes(earlier.context);
    for (const now of later.view("kubeconfig").all) {
      const was = before.get(keyOf(now));
      if (!was || !files.has(keyOf(now)) || isSame(was.value.token, now.value.token)) continue;
      const node = now.node ?? "";
      yield {
        rule: "token-replaced",
        subject: `${node}|${now.value.path}`,
        // Tokens are renewed all the time; only where something was wrong is a new one worth the name of a repair.
        kind: troubled.has(node) ? "repair" : "change",
        about: { node: [node], path: [now.value.path] },
        at: writtenAt(now, later),
        statements: [
          say`${code(now.value.path, now.evidence)} on ${code(node, now.evidence)} held a token ${describe(was)}, and holds one ${describe(now)}.`,
        ],
      };
    }
  },
});

/** When the file was last written, where that was looked up. */
const writtenAt = (fact: Kubeconfig, { view }: ComparedMoment): Instant | null =>
  (fact.node === null ? [] : view("path").on(fact.node)).find((p) => p.value.path === fact.value.path)?.value.mtime ??
  null;

const keyOf = (fact: Kubeconfig): string => `${fact.node ?? ""}\n${fact.value.path}`;

const isSame = (a: TokenValue, b: TokenValue): boolean =>
  a.kind === b.kind &&
  a.sub === b.sub &&
  a.kid === b.kid &&
  a.pod?.uid === b.pod?.uid &&
  a.iat?.epochMs === b.iat?.epochMs &&
  a.exp?.epochMs === b.exp?.epochMs;

function describe(fact: Kubeconfig): Quoted {
  const { kind, sub, iat, exp, pod } = fact.value.token;
  const e = fact.evidence;
  if (kind !== "jwt") return say`that is no JWT${citing(e)}`;
  const whose = say`of ${code(sub ?? "no subject", e)}`;
  const bound = pod ? say` bound to the pod ${code(pod.name, e)}` : say` bound to no pod${citing(e)}`;
  const issued = iat ? say`, issued at ${time(iat, e)}` : citing(e);
  const until = exp ? say`, valid until ${time(exp, e)}` : citing(e);
  return say`${whose}${bound}${issued}${until}`;
}
