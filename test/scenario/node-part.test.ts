import { suite } from "uvu";
import * as assert from "uvu/assert";
import { linesOf, scenarioOf } from "./sample.js";
import { ScenarioError } from "./scenario-error.js";
import { tableOf, type Unpacked, unpackScenario } from "./unpacked.js";

const node = suite("scenario: what a node holds");

function bundleOf(...artifacts: readonly string[]): Unpacked | undefined {
  return unpackScenario(scenarioOf(...artifacts)).get("b");
}

function pathsOf(...artifacts: readonly string[]): ReadonlyMap<string, Readonly<Record<string, string>>> {
  return new Map(tableOf(bundleOf(...artifacts), "paths.tsv").map((row) => [row["path"] ?? "", row]));
}

/** A journal of node b from lines written as YAML maps. */
function journalOf(unit: string, ...lines: readonly string[]): readonly string[] {
  const artifact = `path: nodes/b/journal/${unit}.log, kind: journal, lines: [${lines.map((line) => `{${line}}`).join(", ")}]`;
  return (bundleOf(artifact)?.get(`bundle/node/journal/${unit}.log`) ?? "").trimEnd().split("\n");
}

node("a listing is complete, with type, mode, owner, size, time and its precision", () => {
  const rows = pathsOf(
    linesOf(
      "ls",
      "fs/x.ls",
      "/etc/x",
      "-rwsr-x--T root 1000 12 2024-06 a b",
      "drwx------ root root 2024-06-12T08:42Z sub",
      "gone: absent",
    ),
  );
  const file = rows.get("/etc/x/a b");
  assert.equal(
    [file?.["type"], file?.["mode"], file?.["uid"], file?.["gid"], file?.["size"], file?.["mtime"]],
    ["f", "5750", "0", "1000", "12", "2024-06"],
  );
  assert.is(rows.get("/etc/x/sub")?.["mtime"], "2024-06-12T08:42Z");
  assert.is(rows.get("/etc/x/gone")?.["type"], "absent");
  assert.is(rows.get("/etc/x")?.["listing"], "complete");
  assert.is(rows.get("/etc/x/sub")?.["listing"], "-");
  assert.is(rows.get("/etc")?.["listing"], "-");
});

node("NAME: absent may be a map, too, and an empty listing is an empty directory", () => {
  const rows = pathsOf(
    "path: nodes/b/fs/x.ls, kind: ls, abspath: /etc/x, lines: [net.d: absent]",
    linesOf("ls", "fs/y.ls", "/etc/y"),
  );
  assert.is(rows.get("/etc/x/net.d")?.["type"], "absent");
  assert.is(rows.get("/etc/y")?.["listing"], "complete");
});

node("a path through links is written as its real path, with every hop", () => {
  const artifacts = [
    linesOf("file", "f", "/etc/cni/net.d/x.conf", "{}"),
    linesOf("ls", "fs/cni.ls", "/etc/cni", "lrwxrwxrwx root root 2024-06 net.d -> /snap/current/net"),
    linesOf("ls", "fs/snap.ls", "/snap", "lrwxrwxrwx root root 2024-06 current -> 8612"),
  ];
  const bundle = bundleOf(...artifacts);
  assert.is(bundle?.get("bundle/node/fs/snap/8612/net/x.conf"), "{}\n");
  const rows = tableOf(bundle, "paths.tsv").map(
    (row) => `${row["type"]} ${row["path"]}${row["target"] === "-" ? "" : ` -> ${row["target"]}`}`,
  );
  assert.equal(rows, [
    "d /etc",
    "d /etc/cni",
    "l /etc/cni/net.d -> /snap/current/net",
    "d /snap",
    "d /snap/8612",
    "d /snap/8612/net",
    "f /snap/8612/net/x.conf",
    "l /snap/current -> 8612",
  ]);
});

node("links that lead in circles are a fault of the scenario", () => {
  const build = () =>
    bundleOf(
      linesOf("ls", "fs/x.ls", "/x", "lrwxrwxrwx root root 2024-06 a -> b", "lrwxrwxrwx root root 2024-06 b -> a"),
      linesOf("file", "f", "/x/a/f", "x"),
    );
  assert.throws(build, (error: unknown) => error instanceof ScenarioError && /circles/.test(error.message));
});

node("the more precise of two times wins, and they must agree within the coarser", () => {
  const listing = linesOf("ls", "fs/x.ls", "/x", "-rw-r--r-- root root 2024-06-12T08:42Z f");
  const file = (mtime: string) => `mtime: "${mtime}", ${linesOf("file", "f", "/x/f", "x")}`;
  assert.is(pathsOf(listing, file("2024-06-12T08:42:07Z")).get("/x/f")?.["mtime"], "2024-06-12T08:42:07Z");
  assert.is(pathsOf(listing, file("2024-06")).get("/x/f")?.["mtime"], "2024-06-12T08:42Z");
  const differ = (error: Error) =>
    error instanceof ScenarioError && /must agree within the coarser/.test(error.message);
  assert.throws(() => pathsOf(listing, file("2024-06-12T08:43:07Z")), differ);
});

node("what one artifact calls a file, another cannot call absent", () => {
  const build = () => pathsOf(linesOf("ls", "fs/x.ls", "/x", "f: absent"), linesOf("file", "f", "/x/f", "x"));
  assert.throws(
    build,
    (error: unknown) =>
      error instanceof ScenarioError && /\/x\/f is a file here and absent elsewhere/.test(error.message),
  );
});

node("a size without lines has content of that size, up to a limit that the index tells", () => {
  const bundle = bundleOf(
    "path: nodes/b/s, kind: file, abspath: /s, size: 100",
    "path: nodes/b/l, kind: file, abspath: /l, size: 90000000",
  );
  assert.is(bundle?.get("bundle/node/fs/s")?.length, 100);
  assert.equal(
    tableOf(bundle, "index.tsv").map((row) => [row["origin"], row["coverage"]]),
    [
      ["/s", "complete"],
      ["/l", "truncated"],
    ],
  );
  assert.is(tableOf(bundle, "paths.tsv").find((row) => row["path"] === "/l")?.["size"], "90000000");
});

node("a size in a listing stands, whatever the length of the lines", () => {
  const rows = pathsOf(
    linesOf("ls", "fs/x.ls", "/x", "-rw-r--r-- root root 999 2024-06 f"),
    linesOf("file", "f", "/x/f", "x"),
  );
  assert.is(rows.get("/x/f")?.["size"], "999");
});

node("one path has one content", () => {
  const build = () => bundleOf(linesOf("file", "f", "/x/f", "x"), linesOf("file", "g", "/x/f", "y"));
  assert.throws(build, (error: unknown) => error instanceof ScenarioError && /different contents/.test(error.message));
});

node("claims become a kubeconfig whose token has lost its signature", () => {
  const claims =
    "path: nodes/b/k, kind: claims, abspath: /k, items: [{sub: x, syn: true, kubernetes.io: {namespace: n}}]";
  const bundles = unpackScenario(scenarioOf(claims));
  const token = /token: (\S+)\.(\S+)\.\n/.exec(bundles.get("b")?.get("bundle/node/fs/k") ?? "");
  const [header, payload] = (token?.slice(1) ?? []).map((part) =>
    JSON.parse(Buffer.from(part, "base64url").toString()),
  );
  const jwks = JSON.parse(bundles.get("cluster")?.get("bundle/cluster/jwks.json") ?? "");
  assert.equal(header, { alg: "RS256", kid: jwks.keys[0].kid });
  assert.equal(payload, { sub: "x", "kubernetes.io": { namespace: "n" } });
  assert.is(tableOf(bundles.get("b"), "index.tsv")[0]?.["redactions"], "1");
});

node("a scenario's own jwks is recorded, a header may name another key", () => {
  const keys = "path: cluster/jwks.json, kind: object, items: [{keys: [{kid: new}]}]";
  const claims = (path: string, header: string) =>
    `path: nodes/b/k, kind: claims, abspath: ${path}, ${header}items: [{sub: x}]`;
  const bundles = unpackScenario(scenarioOf(keys, claims("/k", ""), claims("/old", "header: {kid: old}, ")));
  const kidOf = (path: string) => {
    const [, header = ""] = /token: ([^.]+)/.exec(bundles.get("b")?.get(`bundle/node/fs${path}`) ?? "") ?? [];
    return JSON.parse(Buffer.from(header, "base64url").toString()).kid;
  };
  assert.equal([kidOf("/k"), kidOf("/old")], ["new", "old"]);
  assert.match(bundles.get("cluster")?.get("bundle/cluster/jwks.json") ?? "", '"kid": "new"');
});

node("a token that a scenario writes out loses its signature, too", () => {
  const token = ["eyJhbGciOiJSUzI1NiJ9", "eyJzdWIiOiJ4eXoifQ", "c2lnbmF0dXJlc2lnbmF0dXJl"].join(".");
  assert.is(bundleOf(linesOf("file", "f", "/f", token))?.get("bundle/node/fs/f"), `${token.slice(0, -24)}\n`);
});

node("a journal is short-iso-precise in the order of time, its pid that of the klog stamp", () => {
  const lines = journalOf(
    "snap.microk8s.daemon-kubelite",
    't: "2024-01-01T10:00:00Z", m: "E0101 10:00:00.000000    2411 a.go:1] x"',
    't: "2024-01-01T09:00:00Z", m: "systemd[1]: Started it."',
  );
  assert.equal(lines, [
    "2024-01-01T09:00:00.000000+00:00 b systemd[1]: Started it.",
    "2024-01-01T10:00:00.000000+00:00 b microk8s.daemon-kubelite[2411]: E0101 10:00:00.000000    2411 a.go:1] x",
  ]);
});

node("a repeated line's own stamp follows its time, nothing else changes", () => {
  const klog = journalOf(
    "kubelet",
    't: "2023-12-31T23:59:50Z", m: "I1231 23:59:50.123456  77 a.go:1] at 23:59:50", every: 15s, repeat: 2',
  );
  assert.match(
    klog[1] ?? "",
    /^2024-01-01T00:00:05\.000000\+00:00 b kubelet\[77\]: I0101 00:00:05\.123456 {2}77 a\.go:1\] at 23:59:50$/,
  );
  const logrus = journalOf(
    "k3s",
    `t: "2024-01-01T10:00:00Z", m: 'time="2024-01-01T20:00:00.5+10:00" level=info', every: 300, until: "2024-01-01T10:05:00Z"`,
  );
  assert.match(logrus[1] ?? "", /: time="2024-01-01T20:05:00\.5\+10:00" level=info$/);
  assert.is(logrus.length, 2);
});

node("a range of gaps is drawn, the same each time", () => {
  const line = 't: "2024-01-01T10:00:00Z", m: x, every: 40-90s, until: "2024-01-01T11:00:00Z"';
  const times = journalOf("k3s", line).map((text) => Date.parse(text.slice(0, 32)));
  const gaps = times.slice(1).map((time, at) => (time - (times[at] ?? 0)) / 1000);
  assert.ok(gaps.length >= 40 && gaps.every((gap) => gap >= 40 && gap <= 90));
  assert.ok(new Set(gaps).size > 10);
  assert.equal(journalOf("k3s", line), journalOf("k3s", line));
});

node("a text is a command's output, a process's file, or a file below /proc", () => {
  const timed =
    'path: nodes/b/sys/dmesg.txt, kind: text, lines: [{t: "2024-01-01T10:00:00Z", m: "sd 1: gone"}, {m: "as it is"}]';
  const bundle = bundleOf(
    timed,
    linesOf("text", "sys/ip-route.txt", "", "default"),
    linesOf("text", "proc/x", "/proc/<calico-node>/mountinfo", "1 2"),
    linesOf("text", "sys/mounts.txt", "/proc/mounts", "tmpfs"),
  );
  const rows = tableOf(bundle, "index.tsv").map((row) => [row["kind"], row["origin"], row["note"]]);
  const pid = /^\/proc\/(\d+)\/mountinfo$/.exec(rows[2]?.[1] ?? "")?.[1];
  assert.equal(rows, [
    ["command", "dmesg --time-format iso", "-"],
    ["command", "ip route", "-"],
    ["proc", `/proc/${pid}/mountinfo`, "calico-node"],
    ["file", "/proc/mounts", "-"],
  ]);
  assert.is(bundle?.get("bundle/node/cmd/dmesg.txt"), "2024-01-01T10:00:00,000000+00:00 sd 1: gone\nas it is\n");
  assert.is(bundle?.get(`bundle/node/proc/${pid}/mountinfo`), "1 2\n");
});

node("a pod's log lies with the cluster, namespace and container from the pod list", () => {
  const pods =
    "path: cluster/pods.json, kind: pods, items: [{ns: x, name: web-0, node: b, phase: Running, owner: StatefulSet/web}]";
  const log =
    'path: cluster/previous.log, kind: podlog, lines: [{pod: web-0, t: "2024-01-01T10:00:00Z", m: "panic: x"}]';
  const cluster = unpackScenario(scenarioOf(pods, log)).get("cluster");
  assert.is(cluster?.get("bundle/cluster/logs/x_web-0_web.previous.log"), "2024-01-01T10:00:00.000000000Z panic: x\n");
  assert.is(tableOf(cluster, "index.tsv").at(-1)?.["origin"], "x/web-0/web#previous");
});

node.run();
