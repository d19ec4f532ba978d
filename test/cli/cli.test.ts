import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { reviewSchema } from "#model/review.js";

const test = suite("command line");

const NAME = "2026-05-23-teardown-refused-stale-token";
const FULL = "/dev/full";

/** A package like ours whose pipeline is fake-main: what the command line does with it is all that is tested here. */
const root = mkdtempSync(join(tmpdir(), "inquest-cli-"));
const home = join(root, "package");

test.before(() => {
  mkdirSync(home);
  copyFileSync("package.json", join(home, "package.json"));
  for (const linked of ["node_modules", "templates"]) symlinkSync(resolve(linked), join(home, linked));
  for (const part of ["src", "test/report", "test/cli"])
    cpSync(join("dist", part), join(home, "dist", part), { recursive: true });
  writeFileSync(join(home, "dist/src/main.js"), 'export { reviewBundles } from "#test/cli/fake-main.js";\n');
});
test.after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function folder(): string {
  folders += 1;
  return join(root, `out${folders}`);
}

const inquest = (...args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [join(home, "dist/src/cli.js"), ...args], {
    encoding: "utf8",
    cwd: root,
    timeout: 30_000,
  });

test("help names every exit code and asks for nothing", () => {
  const { status, stdout, stderr } = inquest("--help");
  assert.is(status, 0);
  for (const code of [0, 2, 3, 4, 5, 70, 74, 75]) assert.match(stdout, new RegExp(`^ {2}${code} {2,3}\\w`, "m"));
  assert.is(stderr, "");
  const { stdout: help } = inquest("review", "--help");
  assert.match(help, "--max-member-bytes <n>");
  assert.match(help.replace(/\s+/g, " "), "an explanation left open for want of evidence");
});

test("help of a command is the command's", () => {
  const { status, stdout, stderr } = inquest("help", "review");
  assert.equal([status, stderr], [0, ""]);
  assert.is(stdout, inquest("review", "--help").stdout);
  assert.is(inquest("help").stdout, inquest("--help").stdout);
});

test("version is the package's", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.is(inquest("--version").stdout, `${version}\n`);
});

for (const [args, said] of [
  [[], "no command given"],
  [["bogus"], "unknown command 'bogus'"],
  [["review"], "missing required argument 'bundle'"],
  [["review", "x", "--bogus"], "unknown option '--bogus'"],
  [["review", "x", "--tz", "Nowhere/At\u001b[31mAll"], "'Nowhere/At\\u{1b}[31mAll' is invalid"],
  [["review", "x", "--format", "pdf"], "md or json"],
  [["review", "x", "--deadline", "0"], "whole number"],
  [["review", "x", "--deadline", "9999999999"], "at most"],
  [["review", "x", "--max-members", "-1"], "whole number"],
  [["review", "x", "--moment", "soon"], "whole number"],
  [["review", "x", "-o", ""], "It is empty"],
  [["help", "bogus"], "unknown command 'bogus'"],
] as const)
  test(`usage: ${JSON.stringify(args)}`, () => {
    const { status, stdout, stderr } = inquest(...args);
    assert.is(status, 2);
    assert.is(stdout, "");
    assert.match(stderr, /^inquest: E_USAGE arguments: [^\n]*\n {2}next: inquest (?:review )?--help\n$/);
    assert.match(stderr, said);
    assert.not.match(stderr, "\u001b");
  });

test("writes both forms, tells what it found, and does it twice alike", () => {
  const out = folder();
  const first = inquest("review", "ok", "-o", out, "--tz", "Australia/Brisbane");
  assert.is(first.status, 0);
  assert.is(first.stderr, "inquest: W_EXTRA inquest-n1.tar.gz node/fs/_0001: not in the manifest\n");
  assert.match(first.stdout, "Root:    (established)");
  assert.match(first.stdout, join(out, `${NAME}.md`));
  assert.not.match(first.stdout, "\u001b");
  assert.equal(readdirSync(out).sort(), [`${NAME}.json`, `${NAME}.md`]);
  const read = () => readdirSync(out).map((file) => readFileSync(join(out, file), "utf8"));
  const before = read();
  assert.is(inquest("review", "ok", "-o", out, "--tz", "Australia/Brisbane").stdout, first.stdout);
  assert.equal(read(), before);
  reviewSchema.parse(JSON.parse(before[0] ?? ""));
});

test("--format chooses, --quiet is silent", () => {
  const out = folder();
  const { status, stdout, stderr } = inquest("review", "ok", "-o", out, "--format", "json", "--quiet");
  assert.equal([status, stdout, stderr], [0, "", ""]);
  assert.equal(readdirSync(out), [`${NAME}.json`]);
});

test("no bundle: 3, one line and what to do next, without a stack or control characters", () => {
  const out = folder();
  const { status, stdout, stderr } = inquest("review", "missing", "-o", out);
  assert.is(status, 3);
  assert.is(stdout, "");
  assert.is(stderr, "inquest: E_OPEN missing: cannot be read\\u{1b}[31m\n  next: check the path\n");
  assert.not.ok(existsSync(out));
});

test("a bundle that was left out is named and the review is written", () => {
  const { status, stderr } = inquest("review", "refused", "-o", folder(), "-q");
  assert.is(status, 0);
  assert.is(stderr, "inquest: E_GZIP two.tar.gz: is cut\n  next: copy it again\n");
});

test("--strict: 4 where evidence is incomplete, 0 where what is missing decides nothing; written in both cases", () => {
  for (const [bundle, code] of [
    ["ok", 4],
    ["refused", 4],
    ["open", 4],
    ["cut", 4],
    ["whole", 0],
  ] as const) {
    const out = folder();
    assert.is(inquest("review", bundle, "-o", out, "--strict").status, code, bundle);
    assert.is(readdirSync(out).length, 2);
  }
});

test("a secret in the output: 5, nothing written, nothing repeated", () => {
  const out = folder();
  const { status, stdout, stderr } = inquest("review", "secret", "-o", out);
  assert.is(status, 5);
  assert.match(stderr, /^inquest: E_SECRET /);
  assert.not.match(stdout + stderr, "hunter2");
  assert.not.ok(existsSync(out));
});

test("a fault of ours: 70, its name and place, not its message", () => {
  const { status, stdout, stderr } = inquest("review", "bug", "-o", folder());
  assert.is(status, 70);
  assert.match(stderr, /^inquest: E_INTERNAL [^\n]*TypeError[^\n]*\n {2}next: [^\n]*\n$/);
  assert.not.match(stdout + stderr, "super-secret-token");
});

test("a worker that never answers is a fault, not success", () => {
  assert.is(inquest("review", "never", "-o", folder()).status, 70);
});

test("the deadline ends even an endless loop: 75", () => {
  const out = folder();
  const { status, stderr } = inquest("review", "spin", "-o", out, "--deadline", "1");
  assert.is(status, 75);
  assert.match(stderr, /^inquest: E_DEADLINE review: not done within 1 s/);
  assert.not.ok(existsSync(out));
});

test("an output folder that is a file, or where none can be made: 74, and no waiting", () => {
  writeFileSync(join(root, "file"), "");
  for (const out of [join(root, "file"), join(root, "file", "below"), "/proc/nope/below"]) {
    const { status, stderr } = inquest("review", "ok", "-o", out);
    assert.is(status, 74, out);
    assert.match(stderr, /^inquest: E_OUTPUT /m);
  }
});

test("missing folders on the way to the output are made", () => {
  const out = join(folder(), "a", "b");
  assert.is(inquest("review", "ok", "-o", out).status, 0);
  assert.is(readdirSync(out).length, 2);
});

test("a bundle that is not what its collector wrote is named on the terminal, in one line", () => {
  const { stderr } = inquest("review", "ok", "-o", folder());
  assert.match(stderr, /^inquest: W_EXTRA inquest-n1\.tar\.gz [^\n]*\n$/);
});

test("an input is never replaced", () => {
  const input = join(root, `${NAME}.md`);
  writeFileSync(input, "a bundle");
  const { status } = inquest("review", input, "-o", root);
  assert.is(status, 74);
  assert.is(readFileSync(input, "utf8"), "a bundle");
  assert.not.ok(readdirSync(root).some((file) => file.startsWith(".inquest-")));
});

test("schema prints JSON", () => {
  const { status, stdout } = inquest("schema");
  assert.is(status, 0);
  assert.is((JSON.parse(stdout) as { type: string }).type, "object");
});

test("a full disk or a closed pipe under standard output: 74, no stack", () => {
  if (!existsSync(FULL)) return;
  for (const redirect of [`> ${FULL}`, "| (exec <&-; sleep 1)"]) {
    const line = `"${process.execPath}" "${join(home, "dist/src/cli.js")}" schema`;
    const script = redirect.startsWith(">") ? `${line} ${redirect}` : `{ ${line}; echo "rc=$?" >&2; } ${redirect}`;
    const { status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
    assert.ok(status === 74 || stderr.includes("rc=74"), `${redirect}: ${status} ${stderr}`);
    assert.match(stderr, /^inquest: E_OUTPUT standard output: /);
    assert.not.match(stderr, / at /);
  }
});

test.run();
