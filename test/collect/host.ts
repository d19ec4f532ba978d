import { spawn, spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { SignJWT } from "jose";
import { Parser } from "tar";
import { thorough } from "#test/thorough.js";

/** A shell and the tools it finds; the collector must do the same with each of them. */
export interface Shell {
  readonly name: string;
  readonly argv: readonly string[];
  readonly path: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Row {
  readonly [column: string]: string;
}

export interface Bundle {
  readonly file: string;
  readonly code: number | null;
  readonly stderr: string;
  readonly members: ReadonlyMap<string, Buffer>;
  readonly types: ReadonlySet<string>;
  readonly index: readonly Row[];
  readonly paths: ReadonlyMap<string, Row>;
  readonly collector: Record<string, unknown>;
  text(member: string): string;
  row(origin: string): Row;
}

/** What must not be found in any form, by name. */
export type Canaries = ReadonlyMap<string, string>;

/** Counted by the test runner, which finds these lines. */
export function skip(what: string): void {
  console.log(`\nskipped: ${what}`);
}

export function which(program: string): string | undefined {
  for (const dir of (process.env["PATH"] ?? "/usr/bin:/bin").split(":")) {
    if (existsSync(join(dir, program))) return join(dir, program);
  }
  return undefined;
}

export function scratch(): string {
  return mkdtempSync(join(tmpdir(), "inquest-collect-"));
}

export function put(root: string, path: string, content: string | Buffer, mode = 0o644): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

export function link(root: string, path: string, target: string, mtime: number): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  symlinkSync(target, file);
  lutimesSync(file, mtime, mtime);
}

const SHELLS = [["dash"], ["bash", "--posix"], ["mksh"], ["yash"], ["ksh93"]] as const;
/** Each shell with an awk that the others do not have; the filter itself runs under every awk in filter.test.ts. */
const AWKS: Readonly<Record<string, string>> = { bash: "gawk", mksh: "original-awk", yash: "mawk" };

/** The shells of this machine, among them busybox with nothing but its own tools; all of them with `--strict`. */
export function shells(work: string): readonly Shell[] {
  const usual = process.env["PATH"] ?? "/usr/bin:/bin";
  const found: Shell[] = [{ name: "sh", argv: ["sh"], path: usual }];
  for (const [program, ...args] of SHELLS) {
    const path = which(program);
    if (path === undefined) skip(`collector under ${program} (not installed)`);
    // Debian's sh is dash: once is enough.
    else if (realpathSync(path) !== realpathSync(which("sh") ?? path))
      found.push({
        name: program,
        argv: [program, ...args],
        path: withAwk(work, AWKS[program], usual),
        // it would hand over to another shell, which is tested anyway
        ...(program === "yash" ? { env: { INQUEST_STAY: "1" } } : {}),
      });
  }
  const busybox = which("busybox");
  if (busybox === undefined) skip("collector under busybox (not installed)");
  else {
    const dir = join(work, "busybox");
    mkdirSync(dir, { recursive: true });
    for (const applet of applets(busybox)) symlinkSync(busybox, join(dir, applet));
    found.push({ name: "busybox", argv: [busybox, "sh"], path: dir });
  }
  // the two that differ most, where time counts
  return thorough ? found : found.filter(({ name }) => name === "sh" || name === "busybox");
}

/** The tools that one busybox is. */
export function applets(busybox: string): readonly string[] {
  const names = spawnSync(busybox, ["--list"], { encoding: "utf8" }).stdout.split("\n");
  return names.filter((name) => /^[a-z0-9]+$/.test(name) && name !== "busybox");
}

function withAwk(work: string, awk: string | undefined, usual: string): string {
  const program = awk === undefined ? undefined : which(awk);
  if (awk === undefined || program === undefined) {
    if (awk !== undefined) skip(`collector with ${awk} (not installed)`);
    return usual;
  }
  const dir = join(work, `with-${awk}`);
  mkdirSync(dir, { recursive: true });
  symlinkSync(program, join(dir, "awk"));
  return `${dir}:${usual}`;
}

const table = (text: string): Row[] => {
  const [head = "", ...lines] = text.split("\n").filter((line) => line !== "");
  const columns = head.split("\t");
  return lines.map((line) => {
    const fields = line.split("\t");
    return Object.fromEntries(columns.map((column, at) => [column, fields[at] ?? ""]));
  });
};

export function open(file: string, code: number | null, stderr: string): Bundle {
  const members = new Map<string, Buffer>();
  const types = new Set<string>();
  const parser = new Parser({ strict: true });
  parser.on("entry", (entry) => {
    types.add(entry.type);
    const parts: Buffer[] = [];
    entry.on("data", (data: Buffer) => parts.push(data));
    entry.on("end", () => {
      if (entry.type === "File") members.set(entry.path, Buffer.concat(parts));
    });
  });
  parser.end(gunzipSync(readFileSync(file)));
  const text = (member: string): string => {
    const content = members.get(member);
    if (content === undefined) throw new Error(`no member ${member}; there are ${[...members.keys()].join(" ")}`);
    return content.toString("utf8");
  };
  const index = table(text("bundle/index.tsv"));
  return {
    file,
    code,
    stderr,
    members,
    types,
    index,
    paths: new Map(
      members.has("bundle/paths.tsv") ? table(text("bundle/paths.tsv")).map((row) => [row["path"] ?? "", row]) : [],
    ),
    collector: JSON.parse(text("bundle/collector.json")),
    text,
    row(origin) {
      const row = index.find((candidate) => candidate["origin"] === origin);
      if (row === undefined) throw new Error(`no row of ${origin}`);
      return row;
    },
  };
}

export interface Run {
  readonly shell?: Shell;
  readonly out: string;
  readonly args: readonly string[];
  readonly path?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly script?: string;
}

function invocation({ shell, out, args, path, env, script = "collect.sh" }: Run) {
  mkdirSync(out, { recursive: true });
  const [program = "sh", ...first] = shell?.argv ?? ["sh"];
  const usual = shell?.path ?? process.env["PATH"] ?? "/usr/bin:/bin";
  return {
    program: which(program) ?? program,
    argv: [...first, script, "-o", out, ...args],
    env: { PATH: path === undefined ? usual : `${path}:${usual}`, HOME: out, TMPDIR: out, ...shell?.env, ...env },
  };
}

export function run(what: Run): { code: number | null; stdout: string; stderr: string } {
  const { program, argv, env } = invocation(what);
  const result = spawnSync(program, argv, { encoding: "utf8", env });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

function opened({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): Bundle {
  const [, sum, file] = /^([0-9a-f]{64}) {2}(.+)$/m.exec(stdout) ?? [];
  if (sum === undefined || file === undefined) throw new Error(`exit ${code}, no archive: ${stderr}`);
  if (createHash("sha256").update(readFileSync(file)).digest("hex") !== sum) throw new Error("printed hash is wrong");
  return open(file, code, stderr);
}

/** Runs the collector and opens what it left. */
export function collect(what: Run): Bundle {
  return opened(run(what));
}

/** The same while this process goes on answering, for a server in a test. */
export function collectMeanwhile(what: Run): Promise<Bundle> {
  const { program, argv, env } = invocation(what);
  return new Promise((done, failed) => {
    const child = spawn(program, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => {
      stdout += data.toString();
    });
    child.stderr.on("data", (data: Buffer) => {
      stderr += data.toString();
    });
    child.on("error", failed);
    child.on("close", (code) => {
      try {
        done(opened({ code, stdout, stderr }));
      } catch (error) {
        failed(error);
      }
    });
  });
}

/** Where a secret is, raw or inside of base64 at any of its three alignments. */
export function leaks(bundle: Bundle, canaries: Canaries): readonly string[] {
  const found: string[] = [];
  for (const [name, secret] of canaries) {
    const forms = [secret];
    for (const shift of [0, 1, 2]) {
      const encoded = Buffer.from("x".repeat(shift) + secret).toString("base64");
      if (secret.length >= 12) forms.push(encoded.slice(4, -6));
    }
    for (const [member, content] of bundle.members) {
      if (forms.some((form) => content.includes(form))) found.push(`${name} in ${member}`);
    }
  }
  return found;
}

export async function token(
  claims: Record<string, unknown>,
): Promise<{ whole: string; stripped: string; signature: string }> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const whole = await new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: "b95JUS6QGauW7m6vkUk2gnswcVw5" })
    .sign(privateKey);
  const [header = "", payload = "", signature = ""] = whole.split(".");
  return { whole, stripped: `${header}.${payload}.`, signature };
}

export function remove(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}
