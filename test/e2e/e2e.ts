import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";

/**
 * Runs collect.sh --all-nodes against a real cluster, the one that kubectl's current context names, and checks what it leaves: a
 * whole bundle of every node and of the API server, no credential in any, a review of it, and no pod, also where it is stopped.
 * It makes and deletes pods: use a cluster that may be disturbed.
 */
const HELP = `usage: npm run e2e -- [options]

Collects from every node of the cluster that kubectl's current context names, and checks what that leaves.

  --image IMAGE      image of the pods (default: collect.sh's own)
  --interrupts N     also stop that many runs at random moments (default: 5)
  --expect IDS       mechanisms that the review must find and call a root, separated by commas; "none": no finding
  --keep DIR         keep the bundles and the review in DIR
`;

const { values: options } = parseArgs({
  options: {
    image: { type: "string" },
    interrupts: { type: "string", default: "5" },
    expect: { type: "string" },
    keep: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

let [passed, failed] = [0, 0];
function check(what: string, holds: boolean, detail = ""): void {
  if (holds) passed++;
  else failed++;
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${holds || detail === "" ? "" : `\n     ${detail.trim()}`}`);
}

const kubectl = (...args: string[]): string => {
  const { status, stdout, stderr, error } = spawnSync("kubectl", args, { encoding: "utf8" });
  if (status === 0) return stdout;
  console.error(`kubectl ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
  process.exit(3);
};
const pods = (): string => kubectl("get", "pods", "-A", "-l", "app.kubernetes.io/name=inquest-collect", "-o", "name");
const given = options.image === undefined ? [] : ["--image", options.image];
const archives = (dir: string): string[] => readdirSync(dir).filter((name) => name.endsWith(".tar.gz"));

/** Runs the collector; `after` ms later a signal to it alone. */
function collect(dir: string, args: readonly string[], after?: number, signal: NodeJS.Signals = "SIGINT") {
  mkdirSync(dir, { recursive: true });
  const began = Date.now();
  const child = spawn("sh", ["collect.sh", "--all-nodes", "-o", dir, ...given, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stdout.resume();
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const timer = after === undefined ? undefined : setTimeout(() => child.kill(signal), after);
  return new Promise<{ code: number | null; stderr: string; ms: number }>((done) => {
    child.on("close", (code) => {
      clearTimeout(timer);
      done({ code, stderr, ms: Date.now() - began });
    });
  });
}

function sumsHold(dir: string): boolean {
  const names = archives(dir);
  if (names.length === 0) return true;
  const lines = readFileSync(join(dir, "SHA256SUMS"), "utf8").trimEnd().split("\n");
  const sum = (name: string): string =>
    createHash("sha256")
      .update(readFileSync(join(dir, name)))
      .digest("hex");
  return lines.length === names.length && lines.every((line) => sum(line.slice(66)) === line.slice(0, 64));
}

const work = options.keep ?? mkdtempSync(join(tmpdir(), "inquest-e2e-"));
const nodes = kubectl("get", "nodes", "-o", 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}')
  .trim()
  .split("\n");
check("no pod of an earlier run", pods() === "", pods());

const first = join(work, "bundles");
const whole = await collect(first, ["--case", "e2e"]);
check("exit code 0 or 2", whole.code === 0 || whole.code === 2, `${whole.code}\n${whole.stderr}`);
const names = archives(first);
for (const name of ["cluster", ...nodes]) {
  const found = names.filter((file) => file.startsWith(`inquest-${name}-`));
  check(`a bundle of ${name}`, found.length === 1, whole.stderr);
}
check("sums beside them", sumsHold(first));
check("no pod left", pods() === "", pods());
const bytes = names.map((name) => statSync(join(first, name)).size);
check("each below 20 MB", Math.max(...bytes) < 20e6, `${Math.max(...bytes)} bytes`);
check("below 60 s for each node", whole.ms < 60_000 * nodes.length, `${whole.ms} ms`);
console.log(
  `     ${nodes.length} nodes in ${(whole.ms / 1000).toFixed(1)} s; the largest bundle has ${Math.ceil(Math.max(...bytes) / 1024)} KiB`,
);
for (const name of names) {
  const text = gunzipSync(readFileSync(join(first, name))).toString("latin1");
  check(
    `no credential in ${name}`,
    !/e[yw][\w-]+\.e[yw][\w-]+\.[\w-]{10}|BEGIN [A-Z ]*PRIVATE KEY-----|LS0tLS1CRUdJTiBSU0Eg/.test(text),
  );
}

const { review, files, refused } = await reviewBundles([first], { zone: "UTC", limits: DEFAULT_LIMITS });
check("every bundle is read", refused.length === 0, refused.map((error) => error.message).join("\n"));
check("a review", files.length === 2);
const roots = review.findings.filter((finding) => finding.root).map((finding) => finding.mechanism);
console.log(`     ${review.title}`);
console.log(`     found: ${review.findings.map((finding) => finding.mechanism).join(", ") || "nothing"}`);
if (options.expect === "none")
  check("no finding", review.findings.length === 0, review.findings.map((f) => f.mechanism).join(", "));
else
  for (const id of (options.expect ?? "").split(",").filter((part) => part !== ""))
    check(`root: ${id}`, roots.includes(id), roots.join(", "));

const away = join(work, "no-image");
const missing = await collect(away, ["--no-cluster", "--image", "inquest.invalid/none:0", "--pod-timeout", "5"]);
check("an image that is nowhere: nothing, and every node named", missing.code === 3, `${missing.code}`);
for (const name of nodes) check(`the command for ${name}`, missing.stderr.includes(`--node ${name} `), missing.stderr);
check("no pod left", pods() === "", pods());

for (let n = 0; n < Number(options.interrupts); n++) {
  const after = Math.round(Math.random() * whole.ms);
  const dir = join(work, `stopped-${n}`);
  const signal = n % 2 === 0 ? "SIGINT" : "SIGTERM";
  const ended = await collect(dir, [], after, signal);
  const left = pods();
  check(
    `${signal} after ${after} ms (exit ${ended.code}, ${archives(dir).length} bundles): whole bundles or none, no pod, no temporary file`,
    left === "" && sumsHold(dir) && !readdirSync(dir).some((name) => name.startsWith(".inquest")),
    `${left}\n${ended.stderr}`,
  );
}

if (options.keep === undefined) rmSync(work, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
