import type { Verdicts } from "#model/conclusions.js";
import type { About, AboutKey, Foreseen, Found, Missing, Outcome } from "#model/finding.js";
import type { Needs, Rule, Views } from "#model/rule.js";
import type { World } from "./world.js";

/** Runs every rule once, in order, over one moment. A rule that fails costs its own verdicts only. */
export function infer(rules: readonly Rule[], world: World): readonly Verdicts[] {
  return rules.map((rule) => {
    const verdicts = runRule(rule, world);
    world.publish(
      rule.id,
      verdicts.outcomes.filter((o): o is Found => o.outcome === "found"),
    );
    return verdicts;
  });
}

function runRule(rule: Rule, world: World): Verdicts {
  const moment = world.moment.id;
  const views = Object.fromEntries(Object.entries(rule.needs).map(([name, kind]) => [name, world.view(kind)]));
  try {
    return {
      rule,
      moment,
      outcomes: world.doubt(world.settle([...rule.match(views as Views<Needs>, world.context)]), rule.kind),
      failed: null,
    };
  } catch (error) {
    return { rule, moment, outcomes: [], failed: error instanceof Error ? error.name : "error" };
  }
}

/**
 * Could the rule have seen its subject at this moment? Then its silence means that the subject is gone. Node kinds are asked for
 * the subject's nodes, cluster kinds for the cluster.
 */
export function couldSee(rule: Rule, about: About, world: World): boolean {
  const nodes = about.node ?? [];
  return Object.values(rule.needs).every((kind) => {
    const view = world.view(kind);
    if (view.coverage().state === "complete") return true;
    return nodes.length > 0 && nodes.every((node) => view.coverage(node).state === "complete");
  });
}

/** Do two subjects meet in every key? A key that neither names is no join. */
export function joined(a: About, b: About, keys: readonly AboutKey[]): boolean {
  return keys.every((key) => {
    const values = a[key] ?? [];
    const others = new Set(b[key] ?? []);
    return values.some((value) => others.has(value));
  });
}

/**
 * May a subject of which not everything is known be about the other? A key that it does not name says nothing; one that both name must meet,
 * and so must the node: what is missing on one machine decides nothing of another.
 */
export function mayMeet(open: About, about: About, keys: readonly AboutKey[]): boolean {
  const named = [...keys, "node" as const].filter((key) => (open[key] ?? []).length > 0);
  return named.every((key) => (!keys.includes(key) && !about[key]) || joined(open, about, [key]));
}

export const isForeseen = (o: Outcome): o is Foreseen => o.outcome === "foreseen";

/** What a rule that failed leaves open. */
export const failure = (verdict: Verdicts): Missing => ({
  kind: "kube.object",
  node: null,
  what: `the verdict of the rule ${verdict.rule.id}`,
  why: `the rule failed on this input (${verdict.failed})`,
  command: "report this bundle's shape to the maintainers of inquest",
});
