import type { FactKind } from "#model/fact.js";
import { baseName } from "#model/file-tree.js";
import { type Instant, order } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { code, type Statement, say, time } from "#model/statement.js";
import { isMade } from "./_conf-dir-setting.js";
import type { Credential } from "./_credential.js";
import { nodeFiles } from "./_credential.js";
import { refusedOn } from "./_refusal.js";

/** Since when, at the earliest, the plugin is led to its file. */
export interface LedThere {
  readonly at: Instant;
  readonly statement: Statement;
}

/**
 * Where the plugin was led to its file only after a time, as the end of the token in it: by a file of the runtime's configuration that parts
 * its node from the others, or by a link on the way. Null where the way is as old as that time, or nothing tells; what was made when calls
 * failed already tells of nothing.
 */
export function ledThere(credential: Credential, from: Instant, context: MatchContext): LedThere | null {
  const { node } = credential;
  const refused = refusedOn(context, node).map((f) => f.since);
  const former = context
    .derive(kubeconfigs)
    .on(node)
    .filter((k) => k.value.path !== credential.real && baseName(k.value.path) === baseName(credential.real));
  const counts = (at: Instant): boolean =>
    order(at, from) === "after" &&
    // What it may have read before had ended as well: then the switch did no harm.
    former.every(({ value: { token } }) => token.exp === null || token.exp.epochMs > at.epochMs) &&
    refused.every((since) => since === null || order(at, since) !== "after");
  const found = [...byConfiguration(credential, context), ...byLinks(credential)].filter((l) => counts(l.at));
  return found.reduce<LedThere | null>((a, b) => (a && a.at.epochMs >= b.at.epochMs ? a : b), null);
}

const kubeconfigs = (view: <K extends FactKind>(kind: K) => FactView<K>): FactView<"kubeconfig"> => view("kubeconfig");

function byConfiguration({ node }: Credential, context: MatchContext): readonly LedThere[] {
  const apart = context.findings("cni-conf-dir-diverged").find((f) => (f.about.node ?? []).includes(node));
  const file = context
    .derive(nodeFiles)
    .get(node)
    ?.tree.at(String(apart?.value["confFile"] ?? ""));
  const at = file?.value.mtime;
  if (!apart || !file || !at || isMade(apart.value)) return [];
  return [
    {
      at,
      statement: say`The plugin has read it since ${time(at, file.evidence)} at the earliest: that is when ${code(file.value.path, file.evidence)} was last written, by which the runtime leads there`,
    },
  ];
}

const byLinks = ({ hops }: Credential): readonly LedThere[] =>
  hops.flatMap((link) => {
    const at = link.value.type === "l" ? link.value.mtime : null;
    return at === null
      ? []
      : [
          {
            at,
            statement: say`The plugin has read it since ${time(at, link.evidence)} at the earliest: that is when the link ${code(link.value.path, link.evidence)} was made`,
          },
        ];
  });
