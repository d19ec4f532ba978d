import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { VERSION } from "#model/version.js";

/** Which folder of src may import which; `rules` may also import other rules. Each file at the top of src is a folder of its own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  bundle: ["model"],
  parsers: ["model"],
  engine: ["model"],
  review: ["model"],
  report: ["model"],
  rules: ["model", "rules"],
  "main.ts": ["model", "bundle", "parsers", "engine", "review", "report"],
  "worker.ts": ["model", "main.ts", "bundle", "report"],
  "cli.ts": ["model", "main.ts", "worker.ts", "bundle", "report"],
};

/** Folders and files that may touch the file system. */
const READS_FILES = ["bundle/", "report/", "engine/load.ts", "cli.ts", "worker.ts"];

interface Source {
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync("src", { recursive: true })
  .map(String)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => {
    const text = readFileSync(join("src", file), "utf8");
    return { file, text, imports: [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map((m) => m[1] ?? "") };
  });

const placeOf = (path: string): string => (path.includes("/") ? (path.split("/")[0] ?? "") : path);
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

const test = suite("laws");

test("every source file is found", () => {
  assert.ok(sources.length > 50, `${sources.length} files`);
});

test("folders import only what the layer law allows, by #folder/file.js or ./file.js", () => {
  const offences: string[] = [];
  for (const { file, imports } of sources) {
    const own = placeOf(file);
    for (const name of imports) {
      if (name.startsWith("../") || name.includes("/../")) offences.push(`${file}: ${name} climbs`);
      const inside = name.startsWith("#")
        ? placeOf(name.slice(1).replace(/\.js$/, ".ts"))
        : name.startsWith("./") && own.endsWith(".ts")
          ? name.slice(2).replace(/\.js$/, ".ts")
          : null;
      if (inside === null || inside === own) continue;
      if (!(MAY_IMPORT[own] ?? []).includes(inside)) offences.push(`${file}: may not import ${name}`);
    }
  }
  assert.equal(offences, []);
});

test("the law catches a breach", () => {
  assert.not.ok((MAY_IMPORT["model"] ?? []).includes("engine"));
  assert.is(placeOf("rules/cni/x.ts"), "rules");
});

test("console and process belong to the command line", () => {
  const users = sources.filter(
    (s) =>
      !["cli.ts", "worker.ts"].includes(s.file) &&
      /\b(console\.\w|process\.(env|argv|exit|exitCode|stdout|stderr|stdin|cwd|on|once|platform|hrtime|memoryUsage|nextTick|kill))\b/.test(
        withoutComments(s.text),
      ),
  );
  assert.equal(
    users.map((s) => s.file),
    [],
  );
});

test("the file system belongs to bundle, report, the loading of rules and the command line", () => {
  const users = sources.filter(
    (s) => s.imports.some((i) => /^node:fs/.test(i)) && !READS_FILES.some((p) => s.file.startsWith(p)),
  );
  assert.equal(
    users.map((s) => s.file),
    [],
  );
});

test("no clock, no random, no network, no locale in src", () => {
  const banned =
    /\b(Date\.now|performance\.now|Math\.random|randomBytes|randomUUID|toLocale\w*|localeCompare|fetch)\s*\(|new Date\(\s*\)|node:(http|https|net|dgram|dns|tls)\b/;
  assert.equal(
    sources.filter((s) => banned.test(withoutComments(s.text))).map((s) => s.file),
    [],
  );
});

test("no folder or file is a drawer for odds and ends", () => {
  assert.equal(
    sources
      .filter((s) => /(^|\/)(utils?|helpers?|common|misc|types)(\/|\.ts$)/.test(s.file))
      .map((s) => s.file)
      .filter((f) => f !== "report/helpers.ts"),
    [],
  );
});

test("templates hold headings and frames only: every value goes through an escaping helper", () => {
  for (const file of readdirSync("templates")) {
    const text = readFileSync(join("templates", file), "utf8");
    assert.not.match(text, /\{\{\{/, file);
  }
});

test("the version is package.json's", () => {
  const manifest: { readonly version: string } = JSON.parse(readFileSync("package.json", "utf8"));
  assert.is(VERSION, manifest.version);
});

test.run();
