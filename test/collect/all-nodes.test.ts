import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type FakeCluster, fakeCluster } from "./fake-cluster.js";
import { open, put, remove, run, scratch } from "./host.js";

const work = scratch();
const host = join(work, "host");
put(host, "etc/hostname", "not-the-name\n");
put(host, "etc/cni/net.d/10-x.conflist", '{"cniVersion": "0.3.1", "name": "x", "plugins": [{"type": "x"}]}\n');
put(host, "proc/1/cmdline", "init\0");

let number = 0;
function cluster(): { fake: FakeCluster; out: string } {
  number++;
  return { fake: fakeCluster(join(work, `c${number}`), host), out: join(work, `out${number}`) };
}
const all = (fake: FakeCluster, out: string, ...args: string[]) =>
  run({ out, args: ["--all-nodes", ...args], shell: { name: "sh", argv: ["sh"], path: fake.bin } });
const archives = (out: string): string[] => readdirSync(out).filter((name) => name.endsWith(".tar.gz"));

const test = suite("collect: every node from one machine");

test("one bundle per node and the cluster's, their sums beside them, no pod behind", () => {
  const { fake, out } = cluster();
  for (const name of ["n1", "n2", "n3"]) fake.node(name);
  const { code, stdout, stderr } = all(fake, out, "--case", "INC 7", "--operator", "Zoë O'Neil", "--parallel", "2");
  assert.is(code, 0, stderr);
  assert.equal(
    archives(out)
      .map((name) => name.split("-")[1])
      .sort(),
    ["cluster", "n1", "n2", "n3"],
  );
  assert.equal(fake.pods(), []);
  const sums = readFileSync(join(out, "SHA256SUMS"), "utf8").trimEnd().split("\n");
  assert.is(sums.length, 4);
  for (const line of sums) {
    const file = line.slice(66);
    assert.is(
      createHash("sha256")
        .update(readFileSync(join(out, file)))
        .digest("hex"),
      line.slice(0, 64),
    );
    assert.ok(stdout.includes(`${line.slice(0, 64)}  ${join(out, file)}`), stdout);
  }
  const node = open(join(out, archives(out).find((name) => name.includes("-n2-")) ?? ""), 0, "");
  assert.equal(node.collector["custody"], { case: "INC 7", operator: "Zoë O'Neil" });
  assert.is((node.collector["node"] as { name: string }).name, "n2");
  assert.is(node.row("/etc/cni/net.d/10-x.conflist")["coverage"], "complete");
  const made = readFileSync(fake.log, "utf8").split("\n");
  const first = made.findIndex((call) => call.includes("create -f"));
  assert.ok(
    made.findIndex((call) => call.includes("get pods -A")) < first,
    "the lists are asked for before a pod of ours is in them",
  );
  assert.not.ok(readdirSync(out).some((name) => name.startsWith(".inquest")));
});

test("a node that cannot be reached is named with its reason and the command to run there; the others are collected", () => {
  const { fake, out } = cluster();
  fake.node("good");
  fake.node("guarded", "refuse");
  fake.node("offline", "pull");
  const { code, stderr } = all(fake, out, "--no-cluster", "--pod-timeout", "2");
  assert.is(code, 2, stderr);
  assert.equal(
    archives(out).map((name) => name.split("-")[1]),
    ["good"],
  );
  assert.match(stderr, /guarded: MISSING: no pod could be made: .*violates PodSecurity/);
  assert.match(stderr, /offline: MISSING: the pod did not start within 2 s: ImagePullBackOff Back-off pulling image/);
  assert.match(stderr, /by hand: sh collect\.sh --no-cluster --node offline --since 24h +# on offline, as root/);
  assert.equal(fake.pods(), []);
});

test("no API server: nothing is collected, and the commands to run by hand are said", () => {
  const { fake, out } = cluster();
  fake.node("n1");
  fake.down();
  const { code, stderr } = all(fake, out, "--nodes", "n1,n7");
  assert.is(code, 3);
  assert.match(stderr, /connection refused/);
  assert.match(stderr, /--node n7 --since 24h +# on n7/);
  assert.equal(archives(out), []);
});

const timed = (of: () => { code: number | null; stderr: string }) => {
  const began = Date.now();
  return { ...of(), seconds: (Date.now() - began) / 1000 };
};

test("an API server that stops answering is named as what did not answer, and the remaining nodes are not waited for", () => {
  const { fake, out } = cluster();
  for (let n = 1; n <= 9; n++) fake.node(`n${n}`);
  fake.hang("get pod ");
  const { code, stderr, seconds } = timed(() =>
    all(fake, out, "--no-cluster", "--timeout", "5", "--parallel", "1", "--pod-timeout", "15"),
  );
  assert.is(code, 3, stderr);
  assert.match(stderr, /n1: MISSING: no answer of the API server within 5 s/);
  for (let n = 2; n <= 9; n++)
    assert.match(
      stderr,
      new RegExp(`n${n}: MISSING: not tried: the API server twice in a row gave no answer within 5 s`),
    );
  assert.match(stderr, /by hand: sh collect\.sh --no-cluster --node n9/);
  assert.not.match(stderr, /Terminated|Killed|exit 124/);
  assert.ok(seconds < 40, `${seconds} s`);
  assert.equal(fake.pods(), []);
});

test("a pod that cannot be entered in time: whether the API server still answers is asked and said", () => {
  for (const [calls, said] of [
    ["exec", /n1: MISSING: the pod cannot be entered: no answer of the node within 5 s, but one of the API server/],
    ["", /the API server does not list its nodes: no answer within 5 s/],
  ] as const) {
    const { fake, out } = cluster();
    fake.node("n1");
    fake.hang(calls);
    const { stderr } = all(fake, out, "--no-cluster", "--timeout", "5");
    assert.match(stderr, said);
    assert.not.match(stderr, /Terminated|exit 124/);
  }
});

test("the deadline is that of the whole run, with a minute for removing the pods", () => {
  const { fake, out } = cluster();
  for (let n = 1; n <= 5; n++) fake.node(`n${n}`);
  fake.hang("exec");
  const { code, stderr, seconds } = timed(() =>
    all(fake, out, "--no-cluster", "--timeout", "30", "--parallel", "1", "--deadline", "6"),
  );
  assert.is(code, 3, stderr);
  assert.match(stderr, /n1: MISSING: the deadline of 6 s has passed \(--deadline\)/);
  assert.match(stderr, /n5: MISSING: the deadline of 6 s has passed \(--deadline\)/);
  assert.ok(seconds < 40, `${seconds} s`);
  assert.equal(fake.pods(), []);
});

test("only the nodes that are named, and none that does not exist", () => {
  const { fake, out } = cluster();
  for (const name of ["n1", "n2"]) fake.node(name);
  const wrong = all(fake, out, "--nodes", "n1,n9", "--no-cluster");
  assert.is(wrong.code, 64);
  assert.match(wrong.stderr, /no node n9/);
  const right = all(fake, out, "--nodes", "n2", "--no-cluster");
  assert.is(right.code, 0, right.stderr);
  assert.equal(
    archives(out).map((name) => name.split("-")[1]),
    ["n2"],
  );
});

test("what contradicts itself is refused before anything is touched", () => {
  const { fake, out } = cluster();
  fake.node("n1");
  for (const args of [
    ["--cluster-only"],
    ["--root", host],
    ["--image", "a b"],
    ["--toleration", 'a"b'],
    ["--parallel", "0"],
  ])
    assert.is(all(fake, out, ...args).code, 64, args.join(" "));
  assert.is(readFileSync(fake.log, "utf8"), "");
});

test("a dry run prints the pod and every command, and asks nothing", () => {
  const { fake, out } = cluster();
  fake.node("n1");
  const { code, stdout } = all(fake, out, "--dry-run", "--toleration", "a=b:NoExecute", "--toleration", "c");
  assert.is(code, 0);
  assert.is(readFileSync(fake.log, "utf8"), "");
  const manifest = JSON.parse(/^\{"apiVersion"[\s\S]*?^ {2}"volumes".*$/m.exec(stdout)?.[0] ?? "");
  assert.equal(manifest.spec.tolerations, [
    { key: "a", operator: "Equal", value: "b", effect: "NoExecute" },
    { key: "c", operator: "Exists" },
  ]);
  assert.is(manifest.spec.automountServiceAccountToken, false);
  assert.ok(manifest.spec.volumes[0].hostPath && manifest.spec.containers[0].volumeMounts[0].readOnly);
  for (const part of [
    "list /host/etc/cni/net.d",
    "run date -u",
    "get events -A -o json",
    "delete pods -l",
    "/host/proc/*/cmdline of every process",
  ])
    assert.ok(stdout.includes(part), part);
});

test.after(() => remove(work));
test.run();
