import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Parser } from "tar";
import { type Forged, sha256 } from "./archive.js";

/** The files of a bundle, in its order. */
export function unpack(file: string): readonly Forged[] {
  const members: Forged[] = [];
  const parser = new Parser({
    onReadEntry: (entry) => {
      const chunks: Buffer[] = [];
      entry.on("data", (chunk: Buffer) => chunks.push(chunk));
      entry.on("end", () => {
        if (entry.type === "File") members.push({ name: entry.path, body: Buffer.concat(chunks) });
      });
    },
  });
  parser.end(gunzipSync(readFileSync(file)));
  return members;
}

/** The bundle of one node (or `cluster`) of a sample. */
export const sample = (name: string, of: string): string => {
  const file = readdirSync(join("samples", name)).find((f) => f.includes(`-${of}-`));
  if (file === undefined) throw new Error(`no bundle of ${of}`);
  return join("samples", name, file);
};

/** The same bundle with another manifest, which fits its members. */
export function withManifest(members: readonly Forged[]): readonly Forged[] {
  const name = "bundle/MANIFEST.sha256";
  const others = members.filter((m) => m.name !== name);
  const body = others.map((m) => `${sha256(Buffer.from(m.body ?? ""))}  ${m.name}\n`).join("");
  return [...others, { name, body }];
}
