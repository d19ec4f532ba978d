import type { LabelSelector, SelectorExpression } from "#model/fact.js";

type Labels = Readonly<Record<string, string>>;

const own = (labels: Labels, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);

/** One requirement of a node or label selector, as the scheduler evaluates it (component-helpers scheduling/corev1/nodeaffinity). An unknown operator matches nothing. */
export function matchesExpression(labels: Labels, { key, operator, values }: SelectorExpression): boolean {
  const value = own(labels, key);
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return compares(value, values[0], (a, b) => a > b);
    case "Lt":
      return compares(value, values[0], (a, b) => a < b);
    default:
      return false;
  }
}

function compares(
  value: string | undefined,
  bound: string | undefined,
  holds: (a: number, b: number) => boolean,
): boolean {
  const [a, b] = [value, bound].map((text) =>
    text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN,
  );
  return holds(a ?? Number.NaN, b ?? Number.NaN);
}

/** An empty selector matches everything. */
export const matchesSelector = (labels: Labels, selector: LabelSelector): boolean =>
  Object.entries(selector.matchLabels).every(([key, value]) => own(labels, key) === value) &&
  selector.matchExpressions.every((expression) => matchesExpression(labels, expression));

/** All of nodeSelector, and one term of the required node affinity. A term without expressions matches no node. */
export const allowsNode = (
  pod: {
    readonly nodeSelector: Labels;
    readonly nodeAffinity: readonly (readonly SelectorExpression[])[];
  },
  labels: Labels,
): boolean =>
  Object.entries(pod.nodeSelector).every(([key, value]) => own(labels, key) === value) &&
  (pod.nodeAffinity.length === 0 ||
    pod.nodeAffinity.some((term) => term.length > 0 && term.every((e) => matchesExpression(labels, e))));
