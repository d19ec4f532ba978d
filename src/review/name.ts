import type { Finding } from "#model/finding.js";
import { type Brief, hedge } from "./inquest.js";
import { statusOf } from "./status.js";

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
  if (!lead) {
    const all = [...new Set(b.moments.flatMap((m) => m.nodes))];
    const open = statusOf(b) === "Undetermined";
    return {
      title: `${open ? "Undetermined, no fault seen" : "No fault found"}${all.length > 0 ? ` on ${all.join(", ")}` : ""}`,
      slug: slugOf([...slugNodes(all), "no", "fault", open ? "seen" : "found"]),
      tags: all,
    };
  }
  const top = b.chains[0]?.map(b.finding)[0] ?? lead;
  const where = listNodes(nodes);
  const title =
    top === lead
      ? `${where}: ${label(b, lead)}${hedge(lead)}`
      : `${where}: ${label(b, top)} — ${label(b, lead)}${hedge(lead)}`;
  const namespaces = b.findings.flatMap((f) => (f.about.workload ?? []).flatMap((w) => w.split("/")[1] ?? []));
  const tags = [...new Set([...b.findings.flatMap((f) => b.rule(f.rule).tags), ...namespaces])].sort();
  return {
    title,
    slug: slugOf([...slugNodes(nodes), ...lead.rule.replace("sym:", "").split("-")]),
    tags: [...nodes, ...tags],
  };
}

/** Nothing has shown itself yet, but something will. */
function nameForecast(b: Brief): Naming {
  const nodes = [...new Set(b.forecasts.map((f) => f.node))].sort();
  const rule = b.rule(b.forecasts[0]?.mechanism ?? "");
  return {
    title: `${listNodes(nodes)}: ${rule.label ?? rule.title} foreseen`,
    slug: slugOf([...slugNodes(nodes), ...rule.id.replace("sym:", "").split("-"), "foreseen"]),
    tags: [...nodes, ...rule.tags].sort(),
  };
}

export const label = (b: Brief, finding: Finding): string => b.rule(finding.rule).label ?? b.rule(finding.rule).title;

/** Nodes of findings that are not over everywhere, symptoms first; every one of them is a node that a finding names. */
export function affectedNodes(b: Brief): readonly string[] {
  const symptomatic = b.findings.filter((f) => b.rule(f.rule).kind !== "impact");
  return [...new Set(symptomatic.flatMap((f) => f.about.node ?? []))].sort();
}

const listNodes = (nodes: readonly string[]): string =>
  nodes.length === 0 ? "Cluster" : nodes.length <= 3 ? nodes.join(", ") : `${nodes.length} nodes`;

const slugNodes = (nodes: readonly string[]): readonly string[] =>
  nodes.length === 1
    ? (nodes[0] ?? "").split(".").slice(0, 1)
    : nodes.length === 0
      ? ["cluster"]
      : [`${nodes.length}-nodes`];

/** 3 to 8 lower-case words with hyphens. */
function slugOf(words: readonly string[]): string {
  const clean = words.flatMap((w) => w.toLowerCase().split(/[^a-z0-9]+/)).filter((w) => w !== "");
  return clean.slice(0, 8).join("-").slice(0, 80);
}
