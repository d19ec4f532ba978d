import type { Finding } from "#model/finding.js";
import { mask } from "#model/mask.js";
import { type Brief, hedge } from "./inquest.js";
import { statusOf } from "./status.js";
import { isApart, youngNow } from "./verdicts.js";

export interface Naming {
  readonly title: string;
  readonly slug: string;
  readonly tags: readonly string[];
}

/** The finding that names the incident: the nearest mechanism to the first chain's symptom, else the first finding. */
export function leading(b: Brief): Finding | undefined {
  const first = b.chains[0]?.map(b.finding) ?? [];
  return first.find((f) => b.rule(f.rule).kind === "mechanism") ?? first[0] ?? b.findings[0];
}

export function nameOf(b: Brief): Naming {
  const nodes = affectedNodes(b);
  const lead = leading(b);
  if (!lead && b.forecasts.length > 0) return nameForecast(b);
  if (!lead) return nameNothing(b);
  const fates = fatesOf(b, lead, nodes);
  const told = fates.slice(0, FATES).map((fate) => `${listNodes(fate.nodes)}: ${fate.what}`);
  const untold = fates.slice(FATES).flatMap((fate) => fate.nodes);
  const title = [...told, ...(untold.length > 0 ? [`more on ${listNodes(untold)}`] : [])].join("; ");
  const namespaces = b.findings.flatMap((f) => (f.about.workload ?? []).flatMap((w) => w.split("/")[1] ?? []));
  const storage = b.findings.some((f) => (f.about.volume ?? []).length > 0) ? ["storage"] : [];
  const tags = [...new Set([...b.findings.flatMap((f) => b.rule(f.rule).tags), ...storage, ...namespaces])].sort();
  return {
    title,
    slug: slugOf([...slugNodes(fates[0]?.nodes ?? nodes), ...lead.rule.replace("sym:", "").split("-")]),
    tags: lawful([...nodes, ...tags]),
  };
}

/** No finding: what is too young to be one is named all the same. */
function nameNothing(b: Brief): Naming {
  const all = [...new Set(b.moments.flatMap((m) => m.nodes))];
  const apart = isApart(b) ? "; some workloads do not run" : "";
  const young = youngNow(b);
  if (young.length > 0) {
    const nodes = [...new Set(young.flatMap((y) => y.outcome.about.node ?? []))].sort();
    const where = nodes.length > 0 ? nodes : all;
    const what = [...new Set(young.map((y) => y.rule.label ?? y.rule.title))];
    const more = what.length > FATES ? " and more" : "";
    return {
      title: `${listNodes(where)}: ${what.slice(0, FATES).join("; ")}${more}, too young to tell${apart}`,
      slug: slugOf([...slugNodes(where), "too", "young", "to", "tell"]),
      tags: lawful([...new Set([...all, ...nodes])].sort()),
    };
  }
  const open = statusOf(b) === "Undetermined";
  return {
    title: `${open ? "Undetermined, no fault seen" : "No fault found"}${all.length > 0 ? ` on ${listNodes(all, EXAMINED)}` : ""}${apart}`,
    slug: slugOf([...slugNodes(all), "no", "fault", open ? "seen" : "found"]),
    tags: lawful(all),
  };
}

/** So many causes are told in a title. */
const FATES = 2;

interface Fate {
  readonly nodes: readonly string[];
  /** What failed there, and what brought it about. */
  readonly what: string;
}

/** What befell the nodes, those alike together: a cause that was found on one node is not told of another. The first chain's come first. */
function fatesOf(b: Brief, lead: Finding, nodes: readonly string[]): readonly Fate[] {
  const top = b.chains[0]?.map(b.finding)[0] ?? lead;
  const first = whatOf(b, top, lead);
  const own = [lead.about.node ?? [], top.about.node ?? [], nodes].find((list) => list.length > 0) ?? [];
  const byWhat = new Map<string, string[]>([[first, []]]);
  for (const node of nodes) {
    const what = own.includes(node) ? first : fateOf(b, node);
    byWhat.set(what, [...(byWhat.get(what) ?? []), node]);
  }
  return [...byWhat].flatMap(([what, on]) => (on.length > 0 || byWhat.size === 1 ? [{ nodes: on, what }] : []));
}

/** Of the first chain that concerns a node with its top or with its cause. */
function fateOf(b: Brief, node: string): string {
  const isHere = (f: Finding): boolean => (f.about.node ?? []).includes(node);
  const chains = b.chains.map((chain) => chain.map(b.finding));
  const chain = chains.find((c) => c[0] && isHere(c[0])) ?? chains.find((c) => c.some(isHere)) ?? [];
  const cause = chain.find(
    (f) => b.rule(f.rule).kind === "mechanism" && (isHere(f) || (f.about.node ?? []).length === 0),
  );
  const top = chain[0] ?? b.findings.find(isHere);
  return top ? whatOf(b, top, cause ?? top) : "";
}

const whatOf = (b: Brief, top: Finding, cause: Finding): string =>
  `${top === cause ? "" : `${label(b, top)} — `}${label(b, cause)}${hedge(cause)}`;

/** Nothing has shown itself yet, but something will. */
function nameForecast(b: Brief): Naming {
  const nodes = [...new Set(b.forecasts.map((f) => f.node))].sort();
  const rule = b.rule(b.forecasts[0]?.mechanism ?? "");
  return {
    title: `${listNodes(nodes)}: ${rule.label ?? rule.title} foreseen`,
    slug: slugOf([...slugNodes(nodes), ...rule.id.replace("sym:", "").split("-"), "foreseen"]),
    tags: lawful([...nodes, ...rule.tags].sort()),
  };
}

export const label = (b: Brief, finding: Finding): string => {
  const rule = b.rule(finding.rule);
  return rule.labelOf?.(finding) ?? rule.label ?? rule.title;
};

/** Nodes of findings that are not over everywhere, symptoms first; every one of them is a node that a finding names. */
export function affectedNodes(b: Brief): readonly string[] {
  const symptomatic = b.findings.filter((f) => b.rule(f.rule).kind !== "impact");
  return [...new Set(symptomatic.flatMap((f) => f.about.node ?? []))].sort();
}

/** So many nodes are named in a title; of what was only looked at, more. */
const NAMED = 3;
const EXAMINED = 12;
/** So much of a node's name stands in a title. */
const NAME_CHARS = 80;

const listNodes = (nodes: readonly string[], named = NAMED): string =>
  nodes.length === 0 ? "Cluster" : nodes.length <= named ? nodes.map(titled).join(", ") : `${nodes.length} nodes`;

/** Masked before it is cut: half a secret is known by nothing. */
function titled(node: string): string {
  const shown = mask(node);
  return shown.length <= NAME_CHARS ? shown : `${shown.slice(0, NAME_CHARS - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

const TAG_CHARS = 63;

/**
 * Front matter has no escape that every renderer heeds, and some show it as Markdown: a tag is a name as Kubernetes has them, or none. The
 * title and the text name what is left out here.
 */
const lawful = (tags: readonly string[]): readonly string[] => [
  ...new Set(tags.map((tag) => tag.toLowerCase()).filter((tag) => isLawfulTag(tag))),
];

const isLawfulTag = (tag: string): boolean =>
  tag.length <= TAG_CHARS && /^(?!www\.)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(tag) && mask(tag) === tag;

const slugNodes = (nodes: readonly string[]): readonly string[] =>
  nodes.length === 1 ? [slugNode(nodes[0] ?? "")] : nodes.length === 0 ? ["cluster"] : [`${nodes.length}-nodes`];

/** A slug leaves nothing by which a secret in a name could be known afterwards. */
const slugNode = (node: string): string => (mask(node) === node ? (node.split(".")[0] ?? "") : "node");

/** 3 to 8 lower-case words with hyphens. */
function slugOf(words: readonly string[]): string {
  const clean = words.flatMap((w) => w.toLowerCase().split(/[^a-z0-9]+/)).filter((w) => w !== "");
  return clean.slice(0, 8).join("-").slice(0, 80);
}
