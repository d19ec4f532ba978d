import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { gunzipSync, gzipSync } from "node:zlib";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import { packArchive } from "#test/scenario/archive.js";

/**
 * Times a whole review of a large made-up bundle, and beside it what any reader of that file must do at least: inflate it and hash
 * it. Prints seconds, megabytes a second, the ratio of the two and the peak of resident memory.
 */
const EVENTS = Number(process.argv[2] ?? 50_000);
const LINES = Number(process.argv[3] ?? 500_000);

const event = (i: number): object => ({
  metadata: {
    name: `pod-${i % 5000}.${(0x16e0000000000000n + BigInt(i)).toString(16)}`,
    namespace: "shop",
    uid: `uid-${i}`,
  },
  involvedObject: { kind: "Pod", namespace: "shop", name: `pod-${i % 5000}`, uid: `pod-uid-${i % 5000}` },
  reason: "Unhealthy",
  message: `Readiness probe failed: HTTP probe failed with statuscode: 503 (attempt ${i})`,
  source: { component: "kubelet", host: "n1" },
  firstTimestamp: "2026-01-01T00:00:00Z",
  lastTimestamp: "2026-01-01T00:10:00Z",
  count: 3,
  type: "Warning",
});

function members(): ReadonlyMap<string, string> {
  const start = "2026-01-01T01:00:00Z";
  const list = JSON.stringify({ kind: "List", items: Array.from({ length: EVENTS }, (_, i) => event(i)) });
  const journal = Array.from(
    { length: LINES },
    (_, i) =>
      `2026-01-01T00:${String(Math.floor(i / 60) % 60).padStart(2, "0")}:${String(i % 60).padStart(2, "0")}.000000+0000 n1 kubelet[77]: I0101 ${i} kubelet.go:${i % 97}] "SyncLoop UPDATE" source="api" pods="shop/pod-${i % 5000}"`,
  ).join("\n");
  const row = (seq: number, kind: string, member: string, origin: string, bytes: number): string =>
    [seq, start, "1", "0", "complete", bytes, "0", kind, member, origin, "-"].join("\t");
  const index = [
    "seq\tstart\tseconds\texit\tcoverage\tbytes\tredactions\tkind\tmember\torigin\tnote",
    row(1, "api", "bundle/cluster/events.json", "events", list.length),
    row(2, "journal", "bundle/node/journal/kubelet.log", "kubelet", journal.length),
  ].join("\n");
  const collector = JSON.stringify({
    schema: "inquest-bundle/1",
    collector: { name: "collect.sh", version: "1.0.0", sha256: "0".repeat(64) },
    node: { name: "n1", hostname: "n1", machine_id_sha256: null, boot_id: null, kernel: null, os: null },
    parts: ["node", "cluster"],
    root: "/",
    uid: 0,
    clock: { start, end: start, zone: "+0000", synchronised: "yes", api_offset_s: null, api_offset_error_s: null },
    state: "complete",
    redacted: {},
  });
  return new Map([
    ["bundle/collector.json", collector],
    ["bundle/index.tsv", `${index}\n`],
    ["bundle/cluster/events.json", list],
    ["bundle/node/journal/kubelet.log", `${journal}\n`],
  ]);
}

function pack(file: string): number {
  const all = [...members()].map(([name, text]) => ({ name, bytes: Buffer.from(text) }));
  const manifest = all
    .map((m) => `${createHash("sha256").update(m.bytes).digest("hex")}  ${m.name}`)
    .sort()
    .join("\n");
  const sorted = [...all, { name: "bundle/MANIFEST.sha256", bytes: Buffer.from(`${manifest}\n`) }].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const packed = packArchive(sorted, new Date(0));
  const plain = packed[0] === 0x1f ? gunzipSync(packed) : packed;
  writeFileSync(file, gzipSync(plain, { level: 6 }));
  return plain.length;
}

const folder = mkdtempSync(join(tmpdir(), "inquest-bench-"));
const file = join(folder, "inquest-n1-20260101T010000Z.tar.gz");
const inflated = pack(file);
const baseline = performance.now();
createHash("sha256")
  .update(gunzipSync(readFileSync(file)))
  .digest("hex");
const floorS = (performance.now() - baseline) / 1000;
const begun = performance.now();
await reviewBundles([file], { zone: "UTC", limits: DEFAULT_LIMITS });
const reviewS = (performance.now() - begun) / 1000;
const megabytes = inflated / 1e6;
console.log(
  `bundle: ${EVENTS} events, ${LINES} journal lines; ${(statSync(file).size / 1e6).toFixed(1)} MB packed, ${megabytes.toFixed(0)} MB inflated`,
);
console.log(
  `inflate and hash once: ${floorS.toFixed(2)} s; review: ${reviewS.toFixed(2)} s, ${(megabytes / reviewS).toFixed(0)} MB/s, ${(reviewS / floorS).toFixed(1)} times as long`,
);
console.log(
  `peak resident memory of the whole benchmark, the made-up bundle included: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`,
);
rmSync(folder, { recursive: true });
