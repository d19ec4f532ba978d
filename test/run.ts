import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/**
 * Runs every compiled test and counts for itself: uvu exits 0 when no file matches and when a suite forgets `.run()`. What starts
 * processes or reads large input runs file by file beside the rest, as many at once as there are cores.
 * `--strict`: a skipped test is a failure, as on a machine that must have everything, and tests that try many moments or shells try
 * all of them.
 */
const ROOT = "dist/test";
const STRICT = process.argv.includes("--strict");
/** What tries many moments or surroundings takes minutes: left to `--strict`, and said. */
const LONG = [
  "all-nodes",
  "cluster",
  "distributions",
  "gather",
  "interrupt",
  "killed",
  "node",
  "options",
  "secrets",
  "surroundings",
  "unasked",
  "watchdog",
].map((n) => `collect/${n}`);
/** The longest first: a worker that is free takes the next. */
const SLOW = ["collect/", "cli/", "bundle/", "golden/", "main.", "canary"];

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skips: readonly string[];
}

const files = readdirSync(ROOT, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".test.js"))
  .sort();
const idle = files.filter((name) => !/\.run\(\)/.test(readFileSync(join(ROOT, name), "utf8")));
if (files.length === 0 || idle.length > 0) {
  console.error(files.length === 0 ? `no test was found below ${ROOT}` : `suites that never run: ${idle.join(", ")}`);
  process.exit(1);
}

const left = STRICT ? [] : files.filter((name) => LONG.some((start) => name.startsWith(start)));
const rank = (name: string): number => SLOW.findIndex((start) => name.startsWith(start));
const chosen = files.filter((name) => !left.includes(name));
const slow = chosen.filter((name) => rank(name) >= 0).sort((a, b) => rank(a) - rank(b) || (a < b ? 1 : -1));
const quick = chosen.filter((name) => rank(name) < 0);
// the golden suites share their reviews, so they share a process
const isGolden = (name: string): boolean => name.startsWith("golden/");
const tasks: (readonly string[])[] = [
  ...slow.filter((name) => !isGolden(name)).map((name) => [name]),
  slow.filter(isGolden),
  quick,
].filter((names) => names.length > 0);

/** One uvu process over the given files. A run that gives no counts, or dies, has failed once. */
function run(names: readonly string[]): Promise<Count> {
  const pattern = `^(${names.map((name) => name.replaceAll(/[.+]/g, "\\$&")).join("|")})$`;
  const child = spawn(process.execPath, ["node_modules/uvu/bin.js", ROOT, pattern, "--no-color"], {
    env: { ...process.env, TZ: "UTC", ...(STRICT ? { INQUEST_TEST_STRICT: "1" } : {}) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (data: Buffer): void => {
    output += data.toString("utf8");
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((done) => {
    child.on("close", (code) => {
      process.stdout.write(output);
      const number = (label: string): number =>
        Number(new RegExp(`${label}:\\s+(\\d+)`).exec(output)?.[1] ?? Number.NaN);
      const [total, passed] = [number("Total"), number("Passed")];
      const counted = !Number.isNaN(total) && !Number.isNaN(passed) && total > 0;
      const failed = counted ? total - passed : 1;
      const skips = [...output.matchAll(/^skipped: (.*)$/gm)].map((found) => found[1] ?? "");
      done({ passed: counted ? passed : 0, failed: failed === 0 && code !== 0 ? 1 : failed, skips });
    });
  });
}

const counts: Count[] = [];
const worker = async (): Promise<void> => {
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) counts.push(await run(task));
};
await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker));

const sum = (read: (count: Count) => number): number => counts.reduce((all, count) => all + read(count), 0);
const skips = counts.flatMap((count) => count.skips).sort();
for (const name of left) console.log(`  left to --strict: ${name.replace(/\.test\.js$/, "")}`);
for (const skip of skips) console.log(`  not run here: ${skip}`);
const [passed, failed] = [sum((c) => c.passed), sum((c) => c.failed)];
console.log(`${passed} passed, ${failed} failed${skips.length > 0 ? `, ${skips.length} skipped` : ""}`);
process.exitCode = failed > 0 || (STRICT && skips.length > 0) ? 1 : 0;
