import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { type Reviewed, reviewBundles } from "#main.js";
import { buildScenarioFile } from "#test/scenario/build.js";

/** One golden review: where its bundles come from and in which zone it is told. */
export interface Case {
  readonly name: string;
  readonly zone: string;
  /** Folders below samples/, or a scenario. */
  readonly samples?: readonly string[];
  readonly scenario?: { readonly file: string; readonly ext: boolean };
}

export const CASES: readonly Case[] = [
  { name: "healthy", zone: "UTC", samples: ["healthy"] },
  { name: "latent", zone: "UTC", samples: ["latent"] },
  { name: "fault-early", zone: "UTC", samples: ["fault-early"] },
  { name: "fault", zone: "UTC", samples: ["fault"] },
  { name: "healed", zone: "UTC", samples: ["healed"] },
  { name: "fault-healed", zone: "UTC", samples: ["fault", "healed"] },
  { name: "reference", zone: "Australia/Brisbane", scenario: { file: "test/scenarios/reference.yaml", ext: true } },
  {
    name: "reference-no-ext",
    zone: "Australia/Brisbane",
    scenario: { file: "test/scenarios/reference.yaml", ext: false },
  },
];

export interface Run {
  readonly reviewed: Reviewed;
  readonly bundles: readonly string[];
}

const folders: string[] = [];
const runs = new Map<string, Promise<Run>>();

/** Reviews a case, once for each order of its bundles; they stay on disk until `removeBundles`. */
export function runCase(golden: Case, reversed = false): Promise<Run> {
  const key = `${golden.name} ${reversed}`;
  const run = runs.get(key) ?? review(golden, reversed);
  runs.set(key, run);
  return run;
}

async function review(golden: Case, reversed: boolean): Promise<Run> {
  const bundles = golden.scenario ? build(golden.scenario) : sampleFiles(golden.samples ?? []);
  const order = reversed ? [...bundles].reverse() : bundles;
  return { reviewed: await reviewBundles(order, { zone: golden.zone, limits: DEFAULT_LIMITS }), bundles };
}

export function removeBundles(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

function build(scenario: { readonly file: string; readonly ext: boolean }): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "inquest-golden-"));
  folders.push(folder);
  return buildScenarioFile(scenario.file, { ext: scenario.ext }).map(({ name, bytes }) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  });
}

const sampleFiles = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) =>
    readdirSync(join("samples", name))
      .filter((file) => file.endsWith(".tar.gz"))
      .sort()
      .map((file) => join("samples", name, file)),
  );
