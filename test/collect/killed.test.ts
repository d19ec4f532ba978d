import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type FakeCluster, fakeCluster } from "./fake-cluster.js";
import { put, remove, scratch } from "./host.js";

/** One process of a run is killed without a word, as the kernel does for want of memory: the other tidies up and says what is true. */
const work = scratch();
const host = join(work, "host");
put(host, "etc/hostname", "n1\n");
put(host, "etc/cni/net.d/10-x.conflist", '{"name": "x", "plugins": [{"type": "x"}]}\n');
for (let n = 0; n < 30; n++) put(host, `etc/kubernetes/manifests/${n}.yaml`, "x\n");
put(host, "proc/1/cmdline", "init\0");

const pause = (ms: number) => new Promise((go) => setTimeout(go, ms));

interface Going {
  readonly child: ChildProcess;
  readonly group: number;
  stderr(): string;
  /** Its exit code, or null where it was killed. */
  readonly ended: Promise<number | null>;
}

function start(fake: FakeCluster, out: string, ...args: string[]): Going {
  mkdirSync(out, { recursive: true });
  const child = spawn("sh", ["collect.sh", "-o", out, ...args], {
    env: { PATH: fake.bin, HOME: out, TMPDIR: out },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const ended = new Promise<number | null>((done, failed) => {
    child.on("error", failed);
    child.on("exit", done);
  });
  return { child, group: child.pid ?? 0, stderr: () => stderr, ended };
}

/** The processes of a group, without those that have ended and wait for their parent, with their command lines. */
function members(group: number): readonly string[] {
  const found: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      if (Number(stat[2]) === group && stat[0] !== "Z")
        found.push(`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`);
    } catch {
      // it has just ended
    }
  }
  return found;
}

/** The process that works: the first child of the one which was started. */
function worker(group: number): number {
  const children = readFileSync(`/proc/${group}/task/${group}/children`, "utf8").trim().split(" ").map(Number);
  const live = children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("collect.sh"));
  return Math.min(...live);
}

async function until(what: string, holds: () => boolean, seconds: number): Promise<void> {
  for (let wait = 0; wait < seconds * 20; wait++) {
    if (holds()) return;
    await pause(50);
  }
  assert.unreachable(`not within ${seconds} s: ${what}`);
}

async function nothingLeft(fake: FakeCluster, out: string, group: number, what: string): Promise<void> {
  await until(`${what}: processes end`, () => members(group).length === 0, 8).catch(() =>
    assert.unreachable(`${what}: left are\n${members(group).join("\n")}`),
  );
  // a request that the server had begun with is finished by now
  await pause(1200);
  assert.equal(fake.pods(), [], `${what}: pods`);
  assert.equal(
    readdirSync(out).filter((name) => name.startsWith(".inquest")),
    [],
    `${what}: the work folder`,
  );
}

let number = 0;
function fresh(): { fake: FakeCluster; out: string } {
  number++;
  return { fake: fakeCluster(join(work, `c${number}`), host), out: join(work, `o${number}`) };
}

const test = suite("collect: one of its processes is killed");

/** What had been asked for when the worker was killed. */
const MOMENTS = ["get pods -A", "create -f", "get pod inquest", "exec -i", "collect.sh --root"];

for (const moment of MOMENTS) {
  test(`every node, the worker is killed at "${moment}": no pod, no process, no folder is left`, async () => {
    const { fake, out } = fresh();
    fake.node("n1");
    fake.node("n2", "slow");
    fake.node("n3");
    const run = start(fake, out, "--all-nodes", ...(moment === "get pods -A" ? [] : ["--no-cluster"]));
    await until(`"${moment}" is asked`, () => readFileSync(fake.log, "utf8").includes(moment), 60);
    process.kill(worker(run.group), "SIGKILL");
    assert.is(await run.ended, 70, run.stderr());
    await nothingLeft(fake, out, run.group, moment);
    const archives = readdirSync(out).filter((name) => name.endsWith(".tar.gz"));
    const told = /the run was killed: (.*)$/m.exec(run.stderr())?.[1];
    assert.is(told, archives.length === 0 ? "nothing is left of it" : "left of it are the archives named above");
  });
}

test("every node, the worker is killed and the API server no longer answers: the pods are named with the command", async () => {
  const { fake, out } = fresh();
  fake.node("n1");
  const run = start(fake, out, "--all-nodes", "--no-cluster", "--timeout", "5");
  await until("the collector is in its pod", () => readFileSync(fake.log, "utf8").includes("exec -i"), 60);
  fake.hang();
  process.kill(worker(run.group), "SIGKILL");
  assert.is(await run.ended, 70, run.stderr());
  assert.match(run.stderr(), /may be left.*: kubectl -n kube-system delete pods -l inquest\/run=[0-9a-f]{8}$/m);
  assert.match(run.stderr(), /the run was killed: left of it are the pods that could not be removed/);
  assert.not.match(run.stderr(), /nothing is left/);
  await until("processes end", () => members(run.group).length === 0, 8);
});

test("every node, only the process that waits is killed: the other ends the run, with no pod and no folder", async () => {
  const { fake, out } = fresh();
  fake.node("n1");
  fake.node("n2", "slow");
  const run = start(fake, out, "--all-nodes", "--no-cluster");
  await until("a pod is made", () => readFileSync(fake.log, "utf8").includes("create -f"), 60);
  process.kill(run.group, "SIGKILL");
  assert.is(await run.ended, null);
  await until("the worker ends", () => members(run.group).length === 0, 30);
  await nothingLeft(fake, out, run.group, "the supervisor");
});

test("every node, only the process that waits is killed while the nodes are listed: the other leaves no folder", async () => {
  const { fake, out } = fresh();
  fake.hang("get nodes");
  const run = start(fake, out, "--all-nodes", "--no-cluster", "--timeout", "5");
  await until("the nodes are asked for", () => readFileSync(fake.log, "utf8").includes("get nodes"), 60);
  process.kill(run.group, "SIGKILL");
  assert.is(await run.ended, null);
  await until("the worker ends", () => members(run.group).length === 0, 15);
  await nothingLeft(fake, out, run.group, "the supervisor");
});

test("one node, only the process that waits is killed: the other does not wait for a command that hangs, and leaves no folder", async () => {
  const { fake, out } = fresh();
  fake.hang("readyz");
  const run = start(fake, out, "--cluster-only", "--timeout", "60");
  await until("a command hangs", () => readFileSync(fake.log, "utf8").includes("readyz"), 60);
  process.kill(run.group, "SIGKILL");
  assert.is(await run.ended, null);
  await until("the worker ends", () => members(run.group).length === 0, 20);
  await nothingLeft(fake, out, run.group, "the supervisor");
});

test("one node, the worker is killed: neither its command nor a folder is left", async () => {
  const { fake, out } = fresh();
  fake.hang("readyz");
  const run = start(fake, out, "--cluster-only");
  await until("a command hangs", () => readFileSync(fake.log, "utf8").includes("readyz"), 60);
  process.kill(worker(run.group), "SIGKILL");
  assert.is(await run.ended, 70, run.stderr());
  assert.match(run.stderr(), /the run was killed, nothing is left of it/);
  await nothingLeft(fake, out, run.group, "one node");
});

test("one node, all of it is killed: what would have ended it in time ends as well", async () => {
  const { fake, out } = fresh();
  fake.hang("readyz");
  const run = start(fake, out, "--cluster-only", "--timeout", "4");
  await until("a command hangs", () => readFileSync(fake.log, "utf8").includes("readyz"), 60);
  // the command begins before what watches it
  await pause(1000);
  const working = worker(run.group);
  process.kill(run.group, "SIGKILL");
  process.kill(working, "SIGKILL");
  await run.ended;
  await until("processes end", () => members(run.group).length === 0, 15);
});

test.after(() => remove(work));
test.run();
