import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BenignCard } from "#model/benign.js";
import { InquestError } from "#model/error.js";
import type { ChangeCard, Rule, SurveyCard, TimelineCard } from "#model/rule.js";

/** Everything that the rules folder holds, in a stable order. */
export interface Rulebook {
  /** Ordered so that a rule comes after every rule whose findings it uses. */
  readonly rules: readonly Rule[];
  readonly changes: readonly ChangeCard[];
  readonly timelines: readonly TimelineCard[];
  readonly surveys: readonly SurveyCard[];
  readonly benign: readonly BenignCard[];
}

/**
 * Loads every module below a folder whose name does not begin with `_`: its default export is a rule, a change, a time line, a survey or a benign
 * card.
 * @throws InquestError E_RULE for a module that exports no card, a file name that is not its card's id, two cards of one id, a use or
 * effect of an unknown rule, or a cycle of uses.
 */
export async function loadRulebook(folder: string): Promise<Rulebook> {
  const cards: Card[] = [];
  for (const file of await moduleFiles(folder)) cards.push(await loadCard(folder, file));
  const rules = cards.flatMap((c) => (c.kind === "rule" ? [c.card] : []));
  checkNames(cards.map((c) => c.card.id));
  checkTargets(rules);
  return {
    rules: stratify(rules),
    changes: cards.flatMap((c) => (c.kind === "change" ? [c.card] : [])),
    timelines: cards.flatMap((c) => (c.kind === "timeline" ? [c.card] : [])),
    surveys: cards.flatMap((c) => (c.kind === "survey" ? [c.card] : [])),
    benign: cards.flatMap((c) => (c.kind === "benign" ? [c.card] : [])),
  };
}

type Card =
  | { readonly kind: "rule"; readonly card: Rule }
  | { readonly kind: "change"; readonly card: ChangeCard }
  | { readonly kind: "timeline"; readonly card: TimelineCard }
  | { readonly kind: "survey"; readonly card: SurveyCard }
  | { readonly kind: "benign"; readonly card: BenignCard };

async function moduleFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries
    .map((entry) => entry.replaceAll("\\", "/"))
    .filter((entry) => entry.endsWith(".js") && !entry.split("/").some((part) => part.startsWith("_")))
    .sort();
}

async function loadCard(folder: string, file: string): Promise<Card> {
  const card = await importDefault(folder, file);
  const id = typeof card === "object" && card !== null && "id" in card ? card.id : undefined;
  const name = file.slice(file.lastIndexOf("/") + 1, -3);
  if (typeof card !== "object" || card === null || typeof id !== "string")
    throw bad(file, "exports no card by default");
  if (name !== id.replace(":", "-")) throw bad(file, `carries the id ${id}; file and id must agree`);
  if ("match" in card) return { kind: "rule", card: card as Rule };
  if ("compare" in card) return { kind: "change", card: card as ChangeCard };
  if ("observe" in card) return { kind: "timeline", card: card as TimelineCard };
  if ("survey" in card) return { kind: "survey", card: card as SurveyCard };
  if ("judge" in card) return { kind: "benign", card: card as BenignCard };
  throw bad(file, "exports a card of no known kind");
}

async function importDefault(folder: string, file: string): Promise<unknown> {
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(join(folder, file)).href);
    return module.default;
  } catch (error) {
    throw bad(file, `cannot be loaded (${error instanceof Error ? error.name : "error"})`);
  }
}

const bad = (file: string, what: string): InquestError =>
  new InquestError("E_RULE", file, `the rule file ${what}`, "compare it with src/rules/_template.ts");

function checkNames(ids: readonly string[]): void {
  const seen = new Set<string>();
  for (const id of ids) {
    if (seen.has(id)) throw bad(id, "shares its id with another");
    seen.add(id);
  }
}

function checkTargets(rules: readonly Rule[]): void {
  const ids = new Set(rules.map((r) => r.id));
  for (const rule of rules) {
    for (const target of [...(rule.uses ?? []), ...rule.explains.map((e) => e.rule)]) {
      if (!ids.has(target)) throw bad(rule.id, `names the rule ${target}, which does not exist`);
    }
  }
}

/** Orders rules so that what is used comes first; among equals by id. */
function stratify(rules: readonly Rule[]): readonly Rule[] {
  const byId = new Map([...rules].sort((a, b) => (a.id < b.id ? -1 : 1)).map((r) => [r.id, r]));
  const done = new Set<string>();
  const active = new Set<string>();
  const ordered: Rule[] = [];
  const visit = (rule: Rule): void => {
    if (done.has(rule.id)) return;
    if (active.has(rule.id)) throw bad(rule.id, "uses itself, through others");
    active.add(rule.id);
    for (const used of rule.uses ?? []) {
      const target = byId.get(used);
      if (target) visit(target);
    }
    active.delete(rule.id);
    done.add(rule.id);
    ordered.push(rule);
  };
  for (const rule of byId.values()) visit(rule);
  return ordered;
}
