#!/usr/bin/env node
// Makes the sample bundles from a recorded cluster: it puts the recorded nodes and the recorded API server back together,
// as far as a collector can see them, and runs collect.sh on them. Only what collect.sh wrote is kept.
//
//   node test/collect/lab/make-samples.mjs LAB_DIR [OUT_DIR] [PHASE …]
//
// LAB_DIR/<phase>/ holds roots/<node>.tar.gz, commands/<node>/*.txt with index.json, and api/api.tar.gz. It needs root (owners of
// files), GNU tar and date, and a kubectl.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const PHASES = ["healthy", "latent", "fault-early", "fault", "healed"];
const here = dirname(fileURLToPath(import.meta.url));
const project = resolve(here, "../../..");
const collector = join(project, "collect.sh");

/** Where a program of this machine is; the node's own programs are only replayed. */
function which(name) {
  for (const dir of (process.env.PATH ?? "/usr/bin:/bin").split(":").concat("/usr/sbin", "/sbin")) {
    if (existsSync(join(dir, name))) return join(dir, name);
  }
  return undefined;
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function script(path, body) {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

/** The tools which the collector itself needs. Anything else on this machine would put its state into the samples. */
function toolbox(dir) {
  mkdirSync(dir);
  const names = "sh awk sed tr cut head tail sort tar mktemp find rm mv ln mkdir rmdir cat sleep gzip sha256sum od wc readlink ls grep id env chmod".split(" ");
  for (const name of names) symlinkSync(which(name), join(dir, name));
  // Change and birth times of an unpacked copy are those of the unpacking.
  script(join(dir, "stat"), `case $1$2 in -c*'|%Z|%z|%W|%w') f=\${2%'|%Z|%z|%W|%w'}; shift 2; exec ${which("stat")} -c "$f|-|-|-|-" "$@" ;; esac\nexec ${which("stat")} "$@"`);
}

/** The clock of the capture, running on from the moment the collector starts. */
function clock(dir, epoch) {
  const real = which("date");
  script(join(dir, "date"), `case " $* " in *" -r "*) exec ${real} "$@" ;; esac\nexec ${real} -d "@$(($(${real} +%s) - ${Math.floor(Date.now() / 1000)} + ${epoch}))" "$@"`);
}

/** One replaying program for each recorded command line. */
function replay(dir, recorded) {
  const index = JSON.parse(readFileSync(join(recorded, "index.json"), "utf8"));
  const cases = new Map();
  for (const [slug, { command, rc }] of Object.entries(index.commands)) {
    const line = command.replace(/\|.*$/, "");
    const [program, ...args] = line.split(" ");
    if (["ls", "date"].includes(program)) continue;
    // the recorded path goes through the link that the running process was not started with
    const pattern = quote(args.join(" ")).replace("/current/", "'/*/'");
    cases.set(program, [...(cases.get(program) ?? []), `${pattern}) cat ${quote(join(recorded, `${slug}.txt`))}; exit ${rc} ;;`]);
  }
  for (const [program, lines] of cases) {
    const own = program === "df" ? `exec ${which("df")} "$@"` : 'echo "not recorded" >&2; exit 127';
    script(join(dir, program), `case "$*" in\n${lines.join("\n")}\nesac\n${own}`);
  }
  // the collector also looks into these folders: what it would find there speaks of this machine
  const steps = readFileSync(collector, "utf8");
  for (const folder of ["/usr/local/sbin", "/usr/sbin", "/sbin"]) {
    for (const program of existsSync(folder) ? readdirSync(folder) : []) {
      if (!cases.has(program) && steps.includes(` ${program} `)) script(join(dir, program), 'echo "not recorded" >&2; exit 127');
    }
  }
  return index;
}

/** A process table with the recorded processes. */
function processes(tree, recorded, index) {
  const table = readFileSync(join(recorded, "ps.txt"), "utf8").split("\n").slice(1);
  const pidOf = (words) => table.find((line) => words.test(line))?.trim().split(/\s+/)[0];
  const pids = { "calico-node": index.calico_node_container[1], kubelet: pidOf(/ \S*\/kubelet\S* /), containerd: pidOf(/ containerd --config /) };
  const snapshot = join(tree, "proc-snapshot");
  for (const [name, pid] of Object.entries(pids)) {
    if (pid === undefined) continue;
    mkdirSync(join(tree, "proc", pid), { recursive: true });
    for (const file of ["cmdline", "mountinfo"]) {
      if (existsSync(join(snapshot, `${name}.${file}`))) copyFileSync(join(snapshot, `${name}.${file}`), join(tree, "proc", pid, file));
    }
  }
  copyFileSync(join(snapshot, "version"), join(tree, "proc", "version"));
  rmSync(snapshot, { recursive: true });
}

function collect(args, env) {
  return new Promise((done, failed) => {
    const child = spawn("sh", [collector, ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (data) => {
      out += data;
    });
    child.on("error", failed);
    child.on("close", (code) => done({ code, out: out.trim() }));
  });
}

async function nodePart(phase, node, work, out) {
  const recorded = join(phase, "commands", node);
  const tree = join(work, node);
  mkdirSync(tree);
  execFileSync("tar", ["-xzpf", join(phase, "roots", `${node}.tar.gz`), "-C", tree, "--numeric-owner"]);
  const stubs = join(work, `${node}.bin`);
  mkdirSync(stubs);
  const index = replay(stubs, recorded);
  processes(tree, recorded, index);
  // present on every node, empty in the archive
  mkdirSync(join(tree, "run"), { recursive: true });
  const newest = new Date(Math.max(...["etc", "opt", "var"].map((name) => lstatSync(join(tree, name)).mtimeMs)));
  for (const dir of ["run", "proc", ""]) utimesSync(join(tree, dir), newest, newest);
  const epoch = Date.parse(readFileSync(join(recorded, "date-u.txt"), "utf8").trim()) / 1000;
  clock(stubs, epoch);
  return collect(["-o", out, "--root", tree, "--no-cluster", "--node", node], { PATH: `${stubs}:${join(work, "tools")}`, TZ: "UTC0" });
}

/** The recorded API server: GET only, found by path; the query counts only where the recording has one (logs). */
function apiServer(files, epoch) {
  const started = Date.now();
  return createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://recorded");
    const answer = (status, type, body) => {
      response.sendDate = false;
      response.writeHead(status, { "Content-Type": type, Date: new Date(epoch * 1000 + Date.now() - started).toUTCString() });
      response.end(body);
    };
    const notFound = (message) =>
      answer(404, "application/json", JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason: "NotFound", code: 404 }));
    if (request.method !== "GET") return notFound("only recorded answers");
    const path = join(files, decodeURIComponent(url.pathname).replace(/\/+$/, ""));
    if (!path.startsWith(files)) return notFound("outside");
    const container = url.searchParams.get("container");
    if (url.pathname.endsWith("/log")) {
      if (url.searchParams.get("previous") === "true") {
        const message = `previous terminated container "${container}" in pod "${basename(dirname(path))}" not found`;
        return answer(400, "application/json", JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason: "BadRequest", code: 400 }));
      }
      const log = `${path}?container=${container}.txt`;
      return existsSync(log) ? answer(200, "text/plain", readFileSync(log)) : notFound("no such log");
    }
    // kubectl asks for the pod before its log
    const single = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)$/.exec(url.pathname);
    if (single !== null) {
      const { items } = JSON.parse(readFileSync(join(files, "api", "v1", "pods.json"), "utf8"));
      const pod = items.find(({ metadata }) => metadata.namespace === single[1] && metadata.name === single[2]);
      return pod === undefined ? notFound("no such pod") : answer(200, "application/json", JSON.stringify({ kind: "Pod", apiVersion: "v1", ...pod }));
    }
    const table = (request.headers.accept ?? "").includes("as=Table") && existsSync(`${path}.table.json`);
    const file = table ? `${path}.table.json` : `${path}.json`;
    if (existsSync(file) && statSync(file).isFile()) return answer(200, "application/json", readFileSync(file));
    return existsSync(`${path}.txt`) ? answer(200, "text/plain", readFileSync(`${path}.txt`)) : notFound("the server could not find the requested resource");
  });
}

async function clusterPart(phase, work, out, kubectl) {
  const files = join(work, "api");
  mkdirSync(files);
  execFileSync("tar", ["-xzf", join(phase, "api", "api.tar.gz"), "-C", files]);
  const epoch = Date.parse(JSON.parse(readFileSync(join(files, "index.json"), "utf8")).recorded_from) / 1000;
  const server = apiServer(files, epoch);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const kubeconfig = join(work, "kubeconfig");
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "lab", cluster: { server: `http://127.0.0.1:${server.address().port}` } }],
      users: [{ name: "lab", user: {} }],
      contexts: [{ name: "lab", context: { cluster: "lab", user: "lab" } }],
      "current-context": "lab",
    }),
  );
  const stubs = join(work, "cluster.bin");
  mkdirSync(stubs);
  clock(stubs, epoch);
  try {
    return await collect(["-o", out, "--no-node", "--kubectl", kubectl], {
      PATH: `${stubs}:${join(work, "tools")}`,
      KUBECONFIG: kubeconfig,
      HOME: work,
      TZ: "UTC0",
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function main() {
  const [lab, out = join(project, "samples"), ...phases] = process.argv.slice(2);
  if (lab === undefined) {
    console.error("usage: make-samples.mjs LAB_DIR [OUT_DIR] [PHASE …]");
    process.exitCode = 64;
    return;
  }
  const kubectl = process.env.KUBECTL ?? which("kubectl");
  if (kubectl === undefined) throw new Error("no kubectl found (set KUBECTL)");
  for (const name of phases.length > 0 ? phases : PHASES) {
    const phase = join(resolve(lab), name);
    const target = join(resolve(out), name);
    mkdirSync(target, { recursive: true });
    for (const old of readdirSync(target)) if (/^inquest-.*\.tar(\.gz)?$/.test(old)) rmSync(join(target, old));
    const work = mkdtempSync(join(tmpdir(), "inquest-lab-"));
    try {
      toolbox(join(work, "tools"));
      for (const node of readdirSync(join(phase, "commands")).sort()) {
        const { code, out: line } = await nodePart(phase, node, work, target);
        console.log(`${name} ${node}: exit ${code} ${basename(line)}`);
      }
      const { code, out: line } = await clusterPart(phase, work, target, kubectl);
      console.log(`${name} cluster: exit ${code} ${basename(line)}`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
}

await main();
