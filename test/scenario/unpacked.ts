import { gunzipSync } from "node:zlib";
import { Header } from "tar";
import { type BuildOptions, buildScenario } from "./build.js";
import type { JsonMap } from "./json.js";

/** The members of one built bundle, as text by name. */
export type Unpacked = ReadonlyMap<string, string>;

/** Reads back a bundle that `buildScenario` made; other archives may hold what this does not understand. */
export function unpack(bytes: Buffer): Unpacked {
  const tar = gunzipSync(bytes);
  const members = new Map<string, string>();
  for (let at = 0; ; ) {
    const header = new Header(tar, at);
    if (header.nullBlock) return members;
    if (!header.cksumValid || header.type !== "File") throw new Error(`${header.path} is no plain file`);
    const size = header.size ?? 0;
    members.set(header.path ?? "", tar.subarray(at + 512, at + 512 + size).toString());
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

/** Builds a scenario and unpacks its bundles, by archive name without its stamp, such as `cluster` or `k8s01`, of its first moment. */
export function unpackScenario(yamlText: string, options: BuildOptions = {}): ReadonlyMap<string, Unpacked> {
  const bundles = new Map<string, Unpacked>();
  for (const { name, bytes } of buildScenario(yamlText, options)) {
    const whose = /^inquest-(.+)-\d{8}T\d{6}Z\.tar\.gz$/.exec(name)?.[1] ?? name;
    if (!bundles.has(whose)) bundles.set(whose, unpack(bytes));
  }
  return bundles;
}

/** The rows of a tab-separated member, as maps by column. */
export function tableOf(bundle: Unpacked | undefined, member: string): readonly Readonly<Record<string, string>>[] {
  const [header = "", ...rows] = (bundle?.get(`bundle/${member}`) ?? "").trimEnd().split("\n");
  const columns = header.split("\t");
  return rows.map((row) => Object.fromEntries(row.split("\t").map((field, at) => [columns[at] ?? "", field])));
}

/** The objects of a list member. */
export function objectsOf(bundle: Unpacked | undefined, resource: string): readonly JsonMap[] {
  const list = JSON.parse(bundle?.get(`bundle/cluster/${resource}.json`) ?? '{"items": []}') as { items: JsonMap[] };
  return list.items;
}
