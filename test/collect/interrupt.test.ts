import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { thorough } from "#test/thorough.js";
import { type FakeCluster, fakeCluster } from "./fake-cluster.js";
import { open, put, remove, scratch } from "./host.js";

/** A run that is stopped at a random moment leaves a whole bundle or none, no process, no pod, no temporary file. */
const TIMES = thorough ? 50 : 8;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

const work = scratch();
const host = join(work, "host");
put(host, "etc/hostname", "n1\n");
put(host, "etc/cni/net.d/10-x.conflist", '{"name": "x", "plugins": [{"type": "x"}]}\n');
for (let n = 0; n < 30; n++) put(host, `etc/kubernetes/manifests/${n}.yaml`, "x\n");
put(host, "proc/1/cmdline", "init\0");

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly ms: number;
  readonly group: number;
}

/** Runs the collector as the leader of its own process group; `after` ms later the signal, as ctrl-C sends it or to it alone. */
function stopped(
  fake: FakeCluster,
  out: string,
  args: readonly string[],
  after: number | null,
  signal: NodeJS.Signals,
  whole: boolean,
): Promise<Ended> {
  mkdirSync(out, { recursive: true });
  const began = Date.now();
  const child = spawn("sh", ["collect.sh", "-o", out, ...args], {
    env: { PATH: fake.bin, HOME: out, TMPDIR: out },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const group = child.pid ?? 0;
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const timer =
    after === null
      ? undefined
      : setTimeout(() => {
          try {
            process.kill(whole ? -group : group, signal);
          } catch {
            // it had ended
          }
        }, after);
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (code) => {
      clearTimeout(timer);
      done({ code, stderr, ms: Date.now() - began, group });
    });
  });
}

/** What must hold of a folder and a cluster once a run has ended, however it did. */
function clean(fake: FakeCluster, out: string, what: string): number {
  const names = readdirSync(out);
  assert.equal(
    names.filter((name) => name.startsWith(".inquest")),
    [],
    `${what}: temporary files`,
  );
  const archives = names.filter((name) => name.startsWith("inquest-"));
  for (const name of archives) {
    const bundle = open(join(out, name), null, "");
    const listed = bundle.text("bundle/MANIFEST.sha256").trimEnd().split("\n");
    for (const line of listed) {
      const content = bundle.members.get(line.slice(66)) ?? "";
      assert.is(createHash("sha256").update(content).digest("hex"), line.slice(0, 64), `${what}: ${line.slice(66)}`);
    }
    assert.is(listed.length + 1, bundle.members.size, `${what}: members`);
  }
  if (existsSync(join(out, "SHA256SUMS"))) {
    for (const line of readFileSync(join(out, "SHA256SUMS"), "utf8").trimEnd().split("\n")) {
      const file = readFileSync(join(out, line.slice(66)));
      assert.is(createHash("sha256").update(file).digest("hex"), line.slice(0, 64), what);
    }
  } else assert.is(archives.length, 0, `${what}: an archive without its sum`);
  assert.equal(fake.pods(), [], `${what}: pods`);
  return archives.length;
}

const running = (group: number): boolean => {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
};

/** The command lines of a process group, for the message of a failure. */
function listed(group: number): string {
  const lines: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      if (Number(stat[2]) === group)
        lines.push(`${pid} ${stat[0]} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`);
    } catch {
      // it has just ended
    }
  }
  return lines.join("\n");
}

let number = 0;
async function atRandomMoments(
  args: readonly string[],
  times: number,
  within = Number.POSITIVE_INFINITY,
): Promise<void> {
  const fresh = (): { fake: FakeCluster; out: string } => {
    number++;
    const fake = fakeCluster(join(work, `c${number}`), host);
    fake.node("n1");
    fake.node("n2", "slow");
    return { fake, out: join(work, `o${number}`) };
  };
  const first = fresh();
  const whole = await stopped(first.fake, first.out, args, null, "SIGINT", true);
  assert.is(whole.code, 0, whole.stderr);
  assert.ok(clean(first.fake, first.out, "not stopped") > 0);
  const moments = Array.from({ length: times }, (_, n) => n);
  let early = 0;
  const one = async (): Promise<void> => {
    for (let n = moments.pop(); n !== undefined; n = moments.pop()) {
      const { fake, out } = fresh();
      // the first run is the slowest; one moment is early for certain
      const after = Math.round((n === 0 ? 0.2 : Math.random()) * Math.min(whole.ms, within));
      const signal = SIGNALS[n % SIGNALS.length] ?? "SIGINT";
      const what = `${args[0]} ${signal}${n % 8 < 4 ? " to all" : ""} after ${after} of ${whole.ms} ms`;
      const ended = await stopped(fake, out, args, after, signal, n % 8 < 4);
      const number = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGQUIT: 3 }[signal as "SIGINT"];
      // before its traps are set the signal itself ends it
      const codes = [0, 128 + number, null];
      assert.ok(codes.includes(ended.code), `${what}: exit ${ended.code}\n${ended.stderr}`);
      if (ended.code !== 0) early++;
      clean(fake, out, what);
      for (let wait = 0; wait < 30 && running(ended.group); wait++) await new Promise((go) => setTimeout(go, 100));
      assert.not.ok(running(ended.group), `${what}: processes left\n${listed(ended.group)}\n${ended.stderr}`);
    }
  };
  await Promise.all([one(), one()]);
  assert.ok(early > 0, "no run was stopped early: the test shows nothing");
}

const test = suite("collect: stopped at random moments");

test("one node: a whole bundle or none, and nothing left behind", () =>
  atRandomMoments(["--root", host, "--no-cluster"], Math.ceil(TIMES / 2)));

test("every node: whole bundles or none, and no pod behind", () =>
  atRandomMoments(["--all-nodes"], Math.floor(TIMES / 2)));

test("while it starts: what fails because the stop hit it as well is told as the stop", () =>
  atRandomMoments(["--root", host, "--no-cluster"], Math.ceil(TIMES / 3), 400));

test.after(() => remove(work));
test.run();
