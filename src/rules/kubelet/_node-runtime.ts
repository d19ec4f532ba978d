import type { FactKind } from "#model/fact.js";
import type { Finding } from "#model/finding.js";
import type { FactView } from "#model/rule.js";
import type { Reference } from "#model/statement.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** The container runtimes that Node objects report, as `containerd` or `cri-o`, by node; once per moment: hand it to `context.derive`. */
export function nodeRuntimes(view: View): ReadonlyMap<string, string> {
  return new Map(
    view("kube.node").all.flatMap(({ value }) => {
      const name = /^([a-z-]+):\/\//.exec(value.runtimeVersion ?? "")?.[1];
      return name === undefined ? [] : [[value.name, name] as const];
    }),
  );
}

/** What is read in containerd's source says nothing of a node that is known, by the finding's `runtime`, to use another. */
export const ofItsRuntime = ({ source }: Reference, { value }: Finding): boolean =>
  !source.startsWith("containerd ") || typeof value["runtime"] !== "string" || value["runtime"] === "containerd";
