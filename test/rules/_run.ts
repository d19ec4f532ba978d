import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DEFAULT_LIMITS, readBundle } from "#bundle/read.js";
import { loadRulebook } from "#engine/load.js";
import { conclude } from "#engine/run.js";
import type { Artifact, Custody } from "#model/artifact.js";
import type { Conclusions } from "#model/conclusions.js";
import { startParsing } from "#parsers/all.js";
import { buildScenario } from "#test/scenario/build.js";

export const SCENARIOS = "test/scenarios";
export const book = await loadRulebook(resolve("dist/src/rules"));
const concluded = new Map<string, Conclusions>();

/** Scenario to conclusions, through bundles on disk as a user has them; each file once. */
export async function run(file: string): Promise<Conclusions> {
  const known = concluded.get(file);
  if (known) return known;
  const parsing = startParsing();
  const artifacts: Artifact[] = [];
  const custody: Custody[] = [];
  // Of each its own: files that share this one run beside each other in one process.
  const folder = mkdtempSync(join(tmpdir(), "inquest-examples-"));
  try {
    for (const bundle of buildScenario(readFileSync(join(SCENARIOS, file), "utf8"), { ext: true })) {
      const path = join(folder, bundle.name);
      writeFileSync(path, bundle.bytes);
      const read = await readBundle(path, DEFAULT_LIMITS, parsing.open);
      artifacts.push(...read.artifacts);
      custody.push(read.custody);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const result = conclude(book, parsing.finish(artifacts), custody);
  concluded.set(file, result);
  return result;
}

/** `cause -> effect` of each link, by the ids of their rules, sorted. */
export const linksOf = async (file: string): Promise<readonly string[]> => {
  const { findings, links } = await run(file);
  const rule = new Map(findings.map((f) => [f.id, f.rule]));
  return links.map((link) => `${rule.get(link.cause)} -> ${rule.get(link.effect)}`).sort();
};
