import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildScenario, buildScenarioFile } from "./build.js";
import { mapAt } from "./json.js";
import { itemsOf, linesOf, scenarioOf } from "./sample.js";
import { objectsOf, tableOf, type Unpacked, unpack, unpackScenario } from "./unpacked.js";

const build = suite("scenario: bundles");

const scenarios = fileURLToPath(new URL("../../../test/scenarios/", import.meta.url));
const command = fileURLToPath(new URL("./cli.js", import.meta.url));

const rich = scenarioOf(
  itemsOf("pods", "ns: x, name: p, node: b, phase: Running, ready: 1/1"),
  linesOf("ls", "fs/x.ls", "/x", "-rw-r--r-- root root 2024-06 A", "-rw-r--r-- root root 2024-06 a"),
  linesOf("file", "one", "/x/A", "1"),
  linesOf("file", "two", "/x/a", "2"),
  linesOf("file", "three", "/x/with space", "3"),
  linesOf("file", "four", `/x/${"long".repeat(30)}`, "4"),
  linesOf("text", "sys/ps.txt", "", "1 init"),
);

function assertLayout(bundle: Unpacked, name: string): void {
  const names = [...bundle.keys()];
  assert.equal(names, [...names].sort(), name);
  assert.is(new Set(names.map((one) => one.toLowerCase())).size, names.length);
  for (const member of names) {
    assert.match(member, /^bundle\/[A-Za-z0-9._/-]{1,92}$/);
    assert.ok(member.split("/").length <= 16 && !member.includes(".."), member);
  }
  const hashed = names.filter((one) => one !== "bundle/MANIFEST.sha256");
  const manifest = hashed.map(
    (one) =>
      `${createHash("sha256")
        .update(bundle.get(one) ?? "")
        .digest("hex")}  ${one}\n`,
  );
  assert.is(bundle.get("bundle/MANIFEST.sha256"), manifest.join(""));
  const rows = tableOf(bundle, "index.tsv");
  assert.equal(
    rows.map((row) => row["seq"]),
    rows.map((_, at) => String(at + 1)),
  );
  for (const row of rows)
    assert.is(String(Buffer.byteLength(bundle.get(row["member"] ?? "") ?? "")), row["bytes"], row["member"]);
  const words = JSON.parse(bundle.get("bundle/collector.json") ?? "");
  assert.is(words.schema, "inquest-bundle/1");
  assert.is(words.node === null, words.parts[0] === "cluster");
}

build("every bundle keeps to the layout, awkward names too", () => {
  for (const { name, bytes } of buildScenario(rich)) assertLayout(unpack(bytes), name);
  const files = tableOf(unpackScenario(rich).get("b"), "index.tsv").filter((row) => row["kind"] === "file");
  assert.equal(
    files.map((row) => row["member"]),
    ["bundle/node/fs/x/A", "bundle/node/fs/_0001", "bundle/node/fs/_0002", "bundle/node/fs/_0003"],
  );
});

build("the tables have the layout's columns", () => {
  const bundle = unpackScenario(rich).get("b");
  assert.match(
    bundle?.get("bundle/index.tsv") ?? "",
    /^seq\tstart\tseconds\texit\tcoverage\tbytes\tredactions\tkind\tmember\torigin\tnote\n/,
  );
  assert.match(
    bundle?.get("bundle/paths.tsv") ?? "",
    /^path\ttype\tmode\tuid\tgid\towner\tgroup\tsize\tmtime\tctime\tbtime\ttarget\tlisting\n/,
  );
});

build("one bundle per node with artifacts, and one of the cluster, per moment", () => {
  const yamlText = rich.replace("}}\nartifacts", '}, S2: {collected_at: "2024-01-02T01:00:00Z"}}\nartifacts');
  assert.equal(
    buildScenario(yamlText).map(({ name }) => name),
    [
      "inquest-cluster-20240102T000000Z.tar.gz",
      "inquest-b-20240102T000000Z.tar.gz",
      "inquest-cluster-20240102T010000Z.tar.gz",
    ],
  );
});

build("version, clock, zone, node names and jwks are always there; what is not listed was not attempted", () => {
  const cluster = unpackScenario(`${scenarioOf()}tz: {bundle: Australia/Brisbane}\n`).get("cluster");
  assert.equal(
    tableOf(cluster, "index.tsv").map((row) => row["origin"]),
    ["/version", "/openid/v1/jwks", "nodes"],
  );
  assert.equal(
    objectsOf(cluster, "nodes").map((object) => object["metadata"]),
    [{ name: "a" }, { name: "b" }],
  );
  assert.is(JSON.parse(cluster?.get("bundle/cluster/version.json") ?? "").gitVersion, "v1.30.1");
  const { clock } = JSON.parse(cluster?.get("bundle/collector.json") ?? "");
  assert.equal([clock.start, clock.zone], ["2024-01-02T00:00:00Z", "+1000"]);
});

build("the same object has the same uid at every moment, an explicit one from its moment on", () => {
  const pod = (moment: string, more: string) => `  - {bundle: ${moment}, ${itemsOf("pods", `ns: x, name: p${more}`)}}`;
  const moments = ["S1", "S2", "S3"].map((key, at) => `${key}: {collected_at: "2024-01-02T0${at}:00:00Z"}`).join(", ");
  const head = scenarioOf()
    .replace(/bundles: .*/, `bundles: {${moments}}`)
    .replace("artifacts: []", "artifacts:");
  const yamlText = [head.trimEnd(), pod("S1", ""), pod("S2", ", uid: mine"), pod("S3", ""), ""].join("\n");
  const uids = buildScenario(yamlText).map(
    ({ bytes }) => mapAt(objectsOf(unpack(bytes), "pods")[0] ?? {}, "metadata")["uid"],
  );
  assert.equal(uids.slice(1), ["mine", "mine"]);
  assert.is.not(uids[0], "mine");
});

build("an event keeps its name from moment to moment, while its count grows", () => {
  const event = (moment: string, count: number) =>
    `  - {bundle: ${moment}, ${itemsOf("events", `t: "2024-01-01T00:00:00Z", count: ${count}, ns: x, obj: pod/p, reason: A, msg: m`)}}`;
  const moments = 'bundles: {S1: {collected_at: "2024-01-02T00:00:00Z"}, S2: {collected_at: "2024-01-02T01:00:00Z"}}';
  const head = scenarioOf()
    .replace(/bundles: .*/, moments)
    .replace("artifacts: []", "artifacts:");
  const bundles = buildScenario([head.trimEnd(), event("S1", 3), event("S2", 9), ""].join("\n"));
  const [one, other] = bundles.map(({ bytes }) => objectsOf(unpack(bytes), "events")[0] ?? {});
  assert.equal(one?.["metadata"], other?.["metadata"]);
  assert.equal([one?.["count"], other?.["count"]], [3, 9]);
});

build("without ext, what is marked is not attempted, and what lost a part of itself is truncated", () => {
  const yamlText = scenarioOf(
    `ext: true, ${itemsOf("leases", "ns: x, name: l")}`,
    itemsOf("jobs", "ns: x, name: j, ext: true"),
    itemsOf("pods", "ns: x, name: p", "ns: x, name: q, ext: true"),
  );
  const origins = (ext: boolean) =>
    tableOf(unpackScenario(yamlText, { ext }).get("cluster"), "index.tsv").map(
      (row) => `${row["origin"]} ${row["coverage"]}`,
    );
  assert.equal(origins(true).slice(3), ["leases complete", "jobs complete", "pods complete"]);
  assert.equal(origins(false).slice(3), ["pods truncated"]);
});

build("the same input gives the same bytes", () => {
  const [one, other] = [buildScenario(rich), buildScenario(rich)];
  assert.equal(
    one.map(({ bytes }) => bytes.toString("base64")),
    other.map(({ bytes }) => bytes.toString("base64")),
  );
});

const own = readdirSync(scenarios).filter((file) => file.endsWith(".yaml"));

build("there are scenarios to build", () => {
  assert.ok(own.includes("reference.yaml"));
});

for (const file of own) {
  build(`${file} builds, with and without what is outside the default collection`, () => {
    for (const ext of [true, false]) {
      const bundles = buildScenarioFile(join(scenarios, file), { ext });
      assert.ok(bundles.length > 0);
      for (const { name, bytes } of bundles) assertLayout(unpack(bytes), name);
    }
  });
}

build("the command writes the files and prints them, and ends with 2 and one line on a bad scenario", () => {
  const folder = mkdtempSync(join(tmpdir(), "scenario-"));
  try {
    const good = join(folder, "good.yaml");
    writeFileSync(good, rich);
    const done = spawnSync(process.execPath, [command, good, join(folder, "out"), "--no-ext"], { encoding: "utf8" });
    const printed = done.stdout.trimEnd().split("\n");
    assert.is(done.status, 0, done.stderr);
    assert.is(printed.length, 2);
    for (const path of printed) assert.ok(readFileSync(path).length > 0);
    writeFileSync(good, "schema: x\n");
    const bad = spawnSync(process.execPath, [command, good, join(folder, "out")], { encoding: "utf8" });
    assert.is(bad.status, 2);
    assert.match(bad.stderr, /^scenario good\.yaml: schema is "x"; allowed is forensic-scenario\/1\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

build.run();
