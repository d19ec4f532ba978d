import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Runs every compiled test and counts for itself: uvu exits 0 when no file matches and when a suite forgets `.run()`.
 * `--strict`: a skipped test is a failure, as on a machine that must have everything.
 */
const root = "dist/test";
const files = readdirSync(root, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".test.js"))
  .sort();
const idle = files.filter((name) => !/\.run\(\)/.test(readFileSync(join(root, name), "utf8")));
if (files.length === 0 || idle.length > 0) {
  console.error(files.length === 0 ? "no test was found below dist/test" : `suites that never run: ${idle.join(", ")}`);
  process.exit(1);
}

const result = spawnSync(process.execPath, ["node_modules/uvu/bin.js", root, "\\.test\\.js$", "--no-color"], {
  encoding: "utf8",
  maxBuffer: 256 * 1024 * 1024,
  env: { ...process.env, TZ: "UTC" },
});
process.stdout.write(result.stdout);
process.stderr.write(result.stderr);
const number = (label: string): number =>
  Number(new RegExp(`${label}:\\s+(\\d+)`).exec(result.stdout)?.[1] ?? Number.NaN);
const [total, passed] = [number("Total"), number("Passed")];
const skips = [...result.stdout.matchAll(/^skipped: (.*)$/gm)].map((found) => found[1] ?? "");
const failed = Number.isNaN(total) || Number.isNaN(passed) ? 1 : total - passed;
const strict = process.argv.includes("--strict");
for (const skip of skips) console.log(`  not run here: ${skip}`);
console.log(
  `${Number.isNaN(passed) ? 0 : passed} passed, ${failed} failed${skips.length > 0 ? `, ${skips.length} skipped` : ""}`,
);
process.exitCode = result.status !== 0 || failed > 0 || (strict && skips.length > 0) ? 1 : 0;
