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

/** Reviews a case; `use` sees the bundles while they lie on disk. `reversed` hands them over in the other order. */
export async function runCase<T>(golden: Case, use: (run: Run) => T, reversed = false): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "inquest-golden-"));
  try {
    const bundles = golden.scenario ? build(golden.scenario, folder) : sampleFiles(golden.samples ?? []);
    const order = reversed ? [...bundles].reverse() : bundles;
    const reviewed = await reviewBundles(order, { zone: golden.zone, limits: DEFAULT_LIMITS });
    return use({ reviewed, bundles });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function build(scenario: { readonly file: string; readonly ext: boolean }, folder: string): readonly string[] {
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
