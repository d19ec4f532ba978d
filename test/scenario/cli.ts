import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildScenarioFile } from "./build.js";

const usage = "usage: npm run scenario -- FILE.yaml OUT_DIR [--no-ext]";

/** Writes the bundles of a scenario file and prints their names; exit code 2 where there is nothing to build. */
function main(words: readonly string[]): number {
  let read: ReturnType<typeof readArguments>;
  try {
    read = readArguments(words);
  } catch (error) {
    return complain(`${reason(error)}; ${usage}`);
  }
  const [file, folder, ...more] = read.positionals;
  if (file === undefined || folder === undefined || more.length > 0) return complain(usage);
  try {
    const bundles = buildScenarioFile(file, { ext: read.values["no-ext"] !== true });
    mkdirSync(folder, { recursive: true });
    for (const { name, bytes } of bundles) {
      writeFileSync(join(folder, name), bytes);
      console.log(join(folder, name));
    }
    return 0;
  } catch (error) {
    return complain(reason(error));
  }
}

function readArguments(words: readonly string[]) {
  return parseArgs({ args: [...words], options: { "no-ext": { type: "boolean" } }, allowPositionals: true });
}

function complain(text: string): number {
  console.error(text);
  return 2;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = main(process.argv.slice(2));
