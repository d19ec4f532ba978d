import { atPointer } from "#model/evidence.js";
import type { Fact, FactKind, SelectorExpression } from "#model/fact.js";
import type { Missing } from "#model/finding.js";
import type { FactView } from "#model/rule.js";
import { type Pod, podName } from "#rules/kubelet/_pods.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** A volume that is bound to a claim, and the nodes from which it can be reached; null: from any. */
export interface BoundVolume {
  readonly name: string;
  readonly fact: Fact<"kube.object">;
  readonly terms: readonly (readonly SelectorExpression[])[] | null;
}

/** The list of volumes; claims alone do not say where a volume can be reached. */
export const VOLUME_LIST = /^persistentvolumes/;

/** Bound volumes by `namespace/claim`; once per moment: hand it to `context.derive`. */
export function volumesByClaim(view: Look): ReadonlyMap<string, BoundVolume> {
  const volumes = new Map<string, BoundVolume>();
  for (const fact of view("kube.object").all) {
    if (!VOLUME_LIST.test(fact.artifact.origin) || textAt(fact.json, "/status/phase") !== "Bound") continue;
    const [namespace, claim] = ["namespace", "name"].map((key) => textAt(fact.json, `/spec/claimRef/${key}`));
    if (namespace && claim)
      volumes.set(`${namespace}/${claim}`, { name: fact.value.name, fact, terms: termsOf(fact.json) });
  }
  return volumes;
}

export const claimKey = (pod: Pod, claim: string): string => `${pod.value.namespace}/${claim}`;

/** What would tell. */
export function volumesMissing(pod: Pod, objects: FactView<"kube.object">): Missing {
  const gap = objects.missing(`the node affinity of the volumes of ${podName(pod)}`, undefined, VOLUME_LIST);
  const whole = objects.coverage(undefined, VOLUME_LIST).state === "complete";
  return {
    ...gap,
    ...(whole ? { why: "no collected volume is bound to each of its claims" } : {}),
    command: "kubectl get persistentvolumes,persistentvolumeclaims -A -o json",
  };
}

const textAt = (json: unknown, pointer: string): string | null => {
  const value = atPointer(json, pointer);
  return typeof value === "string" ? value : null;
};

const listAt = (json: unknown, pointer: string): readonly unknown[] => {
  const value = atPointer(json, pointer);
  return Array.isArray(value) ? value : [];
};

/** Terms are ORed, what is within one is ANDed; a volume without any is reached from every node. */
function termsOf(json: unknown): BoundVolume["terms"] {
  if (atPointer(json, "/spec/nodeAffinity/required") === undefined) return null;
  return listAt(json, "/spec/nodeAffinity/required/nodeSelectorTerms").map((term) =>
    [...listAt(term, "/matchExpressions"), ...listAt(term, "/matchFields")].map((e) => ({
      key: textAt(e, "/key") ?? "",
      operator: textAt(e, "/operator") ?? "",
      values: listAt(e, "/values").filter((v) => typeof v === "string"),
    })),
  );
}
