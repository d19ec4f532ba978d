import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Bundle, DEFAULT_LIMITS, type Limits, readBundle } from "#bundle/read.js";
import type { Artifact } from "#model/artifact.js";
import { InquestError } from "#model/error.js";

/** A tar writer that writes what it is told to, valid or not. */
export interface Forged {
  readonly name: string;
  readonly body?: string | Buffer;
  readonly type?: string;
  readonly link?: string;
  readonly prefix?: string;
  /** Raw 12 bytes of the size field; the body's size by default. */
  readonly size?: string | Buffer;
  readonly magic?: string;
  readonly mtime?: string | Buffer;
  readonly breakChecksum?: boolean;
}

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, "0")}\0`;

export function header(member: Forged): Buffer {
  const block = Buffer.alloc(512);
  const put = (value: string | Buffer, at: number, width: number): void => {
    (typeof value === "string" ? Buffer.from(value, "utf8") : value).copy(block, at, 0, width);
  };
  put(member.name, 0, 100);
  put(octal(0o644, 8), 100, 8);
  put(octal(0, 8), 108, 8);
  put(octal(0, 8), 116, 8);
  put(member.size ?? octal(Buffer.from(member.body ?? "").length, 12), 124, 12);
  put(member.mtime ?? octal(1_779_504_720, 12), 136, 12);
  put("        ", 148, 8);
  put(member.type ?? "0", 156, 1);
  put(member.link ?? "", 157, 100);
  put(member.magic ?? "ustar\x0000", 257, 8);
  put(member.prefix ?? "", 345, 155);
  const sum = block.reduce((total, byte) => total + byte, 0) + (member.breakChecksum ? 1 : 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8);
  return block;
}

export function entry(member: Forged): Buffer {
  const body = Buffer.from(member.body ?? "");
  return Buffer.concat([header(member), body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

export const EOF = Buffer.alloc(1024);
export const tar = (...members: readonly Forged[]): Buffer => Buffer.concat([...members.map(entry), EOF]);

export const sha256 = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

export const COLLECTOR = {
  schema: "inquest-bundle/1",
  collector: { name: "collect.sh", version: "1.0.0", sha256: "a".repeat(64) },
  node: {
    name: "k8s01",
    hostname: "k8s01",
    machine_id_sha256: "b".repeat(64),
    boot_id: "c",
    kernel: "6.1",
    os: "Debian",
  },
  parts: ["node", "cluster"],
  root: "/",
  uid: 0,
  clock: {
    start: "2026-05-23T02:52:00Z",
    end: "2026-05-23T02:52:09Z",
    zone: "+0000",
    synchronised: "yes",
    api_offset_s: -0.2,
    api_offset_error_s: 1,
  },
  state: "complete",
  redacted: {},
};

export const INDEX_HEADER = "seq\tstart\tseconds\texit\tcoverage\tbytes\tredactions\tkind\tmember\torigin\tnote\n";

export interface Listed {
  readonly kind: string;
  readonly member: string;
  readonly origin: string;
  readonly coverage?: string;
  readonly note?: string;
  /** Content; none where it is undefined. */
  readonly body?: string | Buffer;
}

export const indexRow = (row: Listed, seq: number): string =>
  `${seq}\t2026-05-23T02:52:0${seq % 10}Z\t0.1\t0\t${row.coverage ?? "complete"}\t${Buffer.from(row.body ?? "").length}\t0\t${row.kind}\t${row.member}\t${row.origin}\t${row.note ?? "-"}\n`;

export interface Parts {
  readonly collector?: unknown;
  readonly index?: string;
  readonly manifest?: (text: string) => string | null;
  /** Further members, which no row names. */
  readonly more?: readonly Forged[];
}

/** The members of a bundle after the layout; every part can be replaced. */
export function members(rows: readonly Listed[], parts: Parts = {}): readonly Forged[] {
  const collector = parts.collector === undefined ? COLLECTOR : parts.collector;
  const files: Forged[] = [
    ...(collector === null
      ? []
      : [
          {
            name: "bundle/collector.json",
            body: typeof collector === "string" ? collector : JSON.stringify(collector),
          },
        ]),
    { name: "bundle/index.tsv", body: parts.index ?? INDEX_HEADER + rows.map(indexRow).join("") },
    ...rows.flatMap((row) => (row.body === undefined ? [] : [{ name: `bundle/${row.member}`, body: row.body }])),
  ];
  const listed = [...files, ...(parts.more ?? []).filter((member) => (member.type ?? "0") === "0")];
  const text = listed
    .map((member) => `${sha256(Buffer.from(member.body ?? ""))}  ${member.name.replace(/^bundle\//, "")}\n`)
    .join("");
  const manifest = parts.manifest ? parts.manifest(text) : text;
  return [
    ...files,
    ...(parts.more ?? []),
    ...(manifest === null ? [] : [{ name: "bundle/MANIFEST.sha256", body: manifest }]),
  ];
}

export const bundle = (rows: readonly Listed[], parts: Parts = {}): Buffer => tar(...members(rows, parts));

/** What came out of one artifact's sink. */
export interface Received {
  readonly artifact: Artifact;
  readonly whole: string[];
  readonly lines: string[];
  readonly items: unknown[];
  readonly ends: boolean[];
}

export interface Outcome extends Bundle {
  readonly received: readonly Received[];
  readonly codes: readonly string[];
  readonly of: (origin: string) => Received | undefined;
  readonly artifact: (origin: string) => Artifact | undefined;
}

export function withFile<T>(
  bytes: Buffer,
  work: (file: string) => Promise<T>,
  name = "inquest-k8s01.tar.gz",
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "inquest-test-"));
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return work(file).finally(() => rmSync(folder, { recursive: true }));
}

export const read = (bytes: Buffer, limits: Partial<Limits> = {}): Promise<Outcome> =>
  withFile(bytes, (file) => readFile(file, limits));

export async function readFile(file: string, limits: Partial<Limits> = {}): Promise<Outcome> {
  const received: Received[] = [];
  const result = await readBundle(file, { ...DEFAULT_LIMITS, ...limits }, (artifact) => {
    const got: Received = { artifact, whole: [], lines: [], items: [], ends: [] };
    received.push(got);
    return {
      whole: (text) => got.whole.push(text),
      line: (text) => got.lines.push(text),
      item: (item) => got.items.push(item),
      end: (complete) => got.ends.push(complete),
    };
  });
  return {
    ...result,
    received,
    codes: result.custody.issues.map((issue) => issue.code),
    of: (origin) => received.find((got) => got.artifact.origin === origin),
    artifact: (origin) => result.artifacts.find((artifact) => artifact.origin === origin),
  };
}

/** The code with which a bundle is refused, and a check that the refusal gives nothing of the content away. */
export async function refused(bytes: Buffer, limits: Partial<Limits> = {}): Promise<string> {
  return refusal(() => read(bytes, limits));
}

export async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof InquestError)) throw error;
    if (error.message.length > 300 || error.message.includes("\n")) throw new Error("a refusal is one short line");
    return error.code;
  }
  return "accepted";
}

export const gzip = (bytes: Buffer): Buffer => gzipSync(bytes);

export const LOG: Listed = {
  kind: "journal",
  member: "node/journal/kubelet.log",
  origin: "kubelet",
  body: "one\ntwo\n",
};
export const CONF: Listed = {
  kind: "file",
  member: "node/fs/etc/cni/net.d/10-calico.conflist",
  origin: "/etc/cni/net.d/10-calico.conflist",
  body: '{"name":"k8s-pod-network"}\n',
};
export const PODS: Listed = {
  kind: "api",
  member: "cluster/pods.json",
  origin: "pods",
  body: JSON.stringify(
    { apiVersion: "v1", items: [{ a: 1 }, { b: 'x,]}"' }], kind: "List", metadata: { items: [9] } },
    null,
    2,
  ),
};
export const ROWS: readonly Listed[] = [LOG, CONF, PODS];
