import type { Evidence } from "#model/evidence.js";
import { cite, type FactKind } from "#model/fact.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { type NodeFact, readyOf } from "#rules/kubelet/_node-ready.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** How a node is now, as far as the list of nodes says. */
export interface NodeNow {
  /** What shows that it is Ready; null where it is not. */
  readonly ready: Evidence | null;
  /** What shows that it has disk enough; null where nothing says so. */
  readonly disk: Evidence | null;
}

/** By name, once per moment: hand it to `context.derive`. A node without a Ready condition is not among them: nothing says how it is. */
export const nodesNow = (view: Look): ReadonlyMap<string, NodeNow> =>
  new Map(
    view("kube.node").all.flatMap((node): [string, NodeNow][] => {
      const now = nowOf(node);
      return now ? [[node.value.name, now]] : [];
    }),
  );

function nowOf(node: NodeFact): NodeNow | null {
  const ready = readyOf(node);
  if (!ready) return null;
  const disk = node.value.conditions.findIndex((c) => c.type === "DiskPressure" && c.status === "False");
  return {
    ready: ready.condition.status === "True" ? ready.evidence : null,
    disk: disk >= 0 ? cite(node, `/status/conditions/${disk}`) : null,
  };
}

/** Is each node that the list has Ready now? Null where no node says that it is not, and one says nothing. */
export function allReady(view: Look, context: MatchContext): boolean | null {
  const now = context.derive(nodesNow);
  if ([...now.values()].some((node) => node.ready === null)) return false;
  return now.size === view("kube.node").all.length ? true : null;
}
