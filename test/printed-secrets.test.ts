import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sample, unpack, withManifest } from "#test/bundle/_samples.js";
import { type Forged, tar } from "#test/bundle/archive.js";
import { remove, scratch } from "#test/collect/host.js";

/** Bundles that never passed the collector's filter: whatever field holds a secret, nothing that is printed shows it. */
const test = suite("secrets in every field of a bundle");
const work = scratch();
test.after(() => remove(work));

const CANARIES = [
  "password=CANARYhunter2",
  '"password": "CANARYhunter3"',
  "token: CANARYtoken0123456789abcdef",
  `K10CANARY${"a".repeat(58)}::server:CANARYserver`,
  "CANARYx9Kq2LmZ8vTn4RbWc7YpJh3Gd6Fs1Ae5",
];

/** The member with the canary behind each place where `target` stands, written as its format writes it. */
function plant({ name, body }: Forged, target: string, canary: string): Forged {
  const quoted = name.endsWith(".json") ? JSON.stringify(canary).slice(1, -1) : canary;
  const text = Buffer.from(body ?? "").toString("utf8");
  return { name, body: text.replaceAll(target, `${target} ${quoted}`) };
}

function review(name: string, change: (member: Forged) => Forged): string {
  const folder = join(work, name);
  mkdirSync(folder);
  for (const file of [sample("fault", "cluster"), sample("fault", "k8s01")])
    writeFileSync(join(folder, basename(file)), gzipSync(tar(...withManifest(unpack(file).map(change)))));
  const out = join(work, `${name}-out`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [resolve("dist/src/cli.js"), "review", folder, "-o", out],
    { encoding: "utf8" },
  );
  assert.is(status, 0, stderr);
  const files = readdirSync(out);
  return [stdout, stderr, ...files, ...files.map((file) => readFileSync(join(out, file), "utf8"))].join("\n");
}

for (const [target, canary] of [
  ["connection is unauthorized: Unauthorized", CANARIES.join(" ")],
  ["0/3 nodes are available", CANARIES.join(" ")],
  ["k8s01", CANARIES[0]],
  ["k8s01", CANARIES[4]],
  ["kube-system", CANARIES[4]],
  ["calico-node", CANARIES[0]],
  ["/etc/cni/net.d", CANARIES[4]],
  ["lab.local/calico/cni", CANARIES[0]],
  ["install-cni", CANARIES[2]],
] as const)
  test(`behind ${target}: ${canary?.slice(0, 12)}`, () => {
    const printed = review(`${target.replaceAll(/\W/g, "-")}-${CANARIES.indexOf(canary ?? "")}`, (member) =>
      plant(member, target, canary ?? ""),
    );
    assert.match(printed, "[REDACTED len=");
    const at = printed.search(/canary/i);
    assert.is(at, -1, printed.slice(Math.max(0, at - 80), at + 60));
  });

/** Times, numbers and kinds are read, not shown; all else is text that somebody may have put a secret into. */
const isRead = (text: string): boolean => /^(?:[\d.TZ:+-]+|[A-Z][A-Za-z]{2,30})$/.test(text);
const inEach = (value: unknown, canary: string): unknown =>
  typeof value === "string"
    ? isRead(value)
      ? value
      : `${value} ${canary}`
    : Array.isArray(value)
      ? value.map((entry) => inEach(entry, canary))
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, inEach(entry, canary)]))
        : value;

test("in every text of every list of the API server", () => {
  for (const canary of CANARIES.slice(0, 2)) {
    const printed = review(`every-${CANARIES.indexOf(canary)}`, (member) =>
      /cluster\/.*\.json$/.test(member.name)
        ? { name: member.name, body: JSON.stringify(inEach(JSON.parse(String(member.body)), canary)) }
        : member,
    );
    const at = printed.search(/canary/i);
    assert.is(at, -1, printed.slice(Math.max(0, at - 80), at + 60));
  }
});

test("an excerpt that was masked is told of its member; a sound bundle has nothing masked", () => {
  const target = "connection is unauthorized: Unauthorized";
  const printed = review("told", (member) => plant(member, target, "password=CANARYhunter2"));
  assert.match(printed, /W_SECRET[^\n]*masked on printing; the bundle itself still holds (?:it|them)/);
  assert.not.match(
    review("sound", (member) => member),
    "W_SECRET",
  );
});

test.run();
