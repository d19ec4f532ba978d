import type { AntiAffinityTerm, LabelSelector, SelectorExpression } from "#model/fact.js";
import { below, isRecord, someText, textMap, texts, type View, views } from "./fields.js";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

/**
 * Required node affinity of a pod spec: terms are ORed, expressions within one ANDed. `matchFields` (how DaemonSets pin their pods)
 * are expressions with the key `metadata.name`. A term without any matches no node, and is left out.
 */
export function nodeAffinityOf(spec: View): readonly (readonly SelectorExpression[])[] {
  return views(spec, "affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms")
    .map((term) => [...expressions(term, "matchExpressions"), ...expressions(term, "matchFields")])
    .filter((term) => term.length > 0);
}

/** Required pod anti-affinity. A term without a selector matches no pod, and is left out. */
export function antiAffinityOf(spec: View): readonly AntiAffinityTerm[] {
  return views(spec, "affinity", "podAntiAffinity", REQUIRED).flatMap((term) => {
    const topologyKey = someText(term, "topologyKey");
    const selector = selectorAt(term, "labelSelector");
    const namespaceSelector = selectorAt(term, "namespaceSelector");
    if (topologyKey === null || selector === null) return [];
    const namespaces = texts(term, "namespaces");
    return { topologyKey, selector, namespaces, ...(namespaceSelector === null ? {} : { namespaceSelector }) };
  });
}

function selectorAt(of: View, key: string): LabelSelector | null {
  const selector = below(of, key);
  if (!isRecord(selector.value)) return null;
  return { matchLabels: textMap(selector, "matchLabels"), matchExpressions: expressions(selector, "matchExpressions") };
}

function expressions(of: View, key: string): readonly SelectorExpression[] {
  return views(of, key).flatMap((one) => {
    const label = someText(one, "key");
    const operator = someText(one, "operator");
    return label === null || operator === null ? [] : { key: label, operator, values: texts(one, "values") };
  });
}
