import { createHash } from "node:crypto";
import { type Member, packArchive } from "./archive.js";
import type { JsonMap } from "./json.js";
import type { PathTree } from "./path-tree.js";
import { dropSignatures } from "./redact.js";
import { digest } from "./seed.js";
import { type EpochUs, writeSeconds, writeStamp } from "./time.js";

/** A row of `index.tsv`, in the words of the layout. */
export interface Attempt {
  readonly kind: "file" | "command" | "journal" | "proc" | "api" | "podlog";
  readonly origin: string;
  readonly coverage: "complete" | "truncated";
  readonly note?: string | undefined;
  /** Values already replaced in the content, beside those which `add` replaces itself. */
  readonly redactions?: number;
}

/** A bundle in the making. */
export interface Draft {
  readonly members: Map<string, Buffer>;
  readonly rows: string[];
  redactions: number;
}

/** Who collected, for `collector.json`. */
export interface CollectorWords {
  readonly node: JsonMap | null;
  readonly part: "node" | "cluster";
  readonly collectedAt: EpochUs;
  readonly zone: string;
}

const indexColumns = [
  "seq",
  "start",
  "seconds",
  "exit",
  "coverage",
  "bytes",
  "redactions",
  "kind",
  "member",
  "origin",
  "note",
];
const pathColumns = [
  "path",
  "type",
  "mode",
  "uid",
  "gid",
  "owner",
  "group",
  "size",
  "mtime",
  "ctime",
  "btime",
  "target",
  "listing",
];
const longestName = 99;
const mostLevels = 16;

/** An empty bundle. */
export function newDraft(): Draft {
  return { members: new Map(), rows: [], redactions: 0 };
}

/**
 * Adds an output with its row in the index; tokens lose their signatures.
 * @param wanted its member name; a name that the layout does not allow becomes `_NNNN` in the same folder
 */
export function addOutput(
  draft: Draft,
  folder: string,
  wanted: string,
  content: string,
  attempt: Attempt,
  collectedAt: EpochUs,
): void {
  const { text, tokens } = dropSignatures(content);
  const redactions = tokens + (attempt.redactions ?? 0);
  const name = memberName(draft, folder, wanted);
  const bytes = Buffer.from(text);
  draft.members.set(name, bytes);
  draft.redactions += redactions;
  const fields = [
    String(draft.rows.length + 1),
    writeSeconds(collectedAt),
    "0",
    attempt.kind === "file" || attempt.kind === "proc" ? undefined : "0",
    attempt.coverage,
    String(bytes.length),
    String(redactions),
    attempt.kind,
    name,
    attempt.origin,
    attempt.note,
  ];
  draft.rows.push(tabLine(fields));
}

function memberName(draft: Draft, folder: string, wanted: string): string {
  const name = `${folder}/${wanted.replace(/^\/+/, "")}`;
  const taken = new Set([...draft.members.keys()].map((key) => key.toLowerCase()));
  if (isLegal(name) && !taken.has(name.toLowerCase())) return name;
  for (let number = 1; ; number++) {
    const numbered = `${folder}/_${String(number).padStart(4, "0")}`;
    if (!taken.has(numbered)) return numbered;
  }
}

function isLegal(name: string): boolean {
  const levels = name.split("/");
  const plain = levels.every((level) => level !== "" && level !== "." && !level.includes(".."));
  return plain && levels.length <= mostLevels && name.length <= longestName && /^[A-Za-z0-9._/-]+$/.test(name);
}

/** The archive's bytes: everything added, then index, paths, collector.json and the manifest. */
export function finishBundle(draft: Draft, tree: PathTree | undefined, words: CollectorWords): Buffer {
  const members = new Map(draft.members);
  const addText = (name: string, text: string) => members.set(`bundle/${name}`, Buffer.from(text));
  addText("collector.json", `${JSON.stringify(collectorWords(words, draft.redactions), null, 2)}\n`);
  addText("index.tsv", `${indexColumns.join("\t")}\n${draft.rows.join("")}`);
  if (tree !== undefined) addText("paths.tsv", pathTable(tree));
  const listed = inOrder(members);
  const manifest = listed.map(({ name, bytes }) => `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`);
  addText("MANIFEST.sha256", manifest.join(""));
  return packArchive(inOrder(members), new Date(words.collectedAt / 1000));
}

/** The archive's name. */
export function bundleName(whose: string, collectedAt: EpochUs): string {
  return `inquest-${whose}-${writeStamp(collectedAt)}.tar.gz`;
}

function inOrder(members: ReadonlyMap<string, Buffer>): readonly Member[] {
  return [...members].map(([name, bytes]) => ({ name, bytes })).sort((one, other) => (one.name < other.name ? -1 : 1));
}

function collectorWords(words: CollectorWords, redactions: number): JsonMap {
  const at = writeSeconds(words.collectedAt);
  return {
    schema: "inquest-bundle/1",
    collector: { name: "collect.sh", version: "1.0.0", sha256: digest("collect.sh") },
    node: words.node,
    parts: [words.part],
    root: "/",
    uid: 0,
    clock: { start: at, end: at, zone: words.zone, synchronised: "yes", ...apiOffset(words.part) },
    state: "complete",
    redacted: redactions === 0 ? {} : { jwt: redactions },
  };
}

/** The collector measures the offset where it asks the API server, which a run for a node's part alone does not. */
const apiOffset = (part: CollectorWords["part"]): JsonMap =>
  part === "cluster" ? { api_offset_s: 0, api_offset_error_s: 1 } : { api_offset_s: null, api_offset_error_s: null };

function pathTable(tree: PathTree): string {
  const rows = [...tree].sort(([one], [other]) => (one < other ? -1 : 1));
  const lines = rows.map(([path, row]) => {
    const id = (name: string | undefined) =>
      name === "root" ? "0" : name !== undefined && /^\d+$/.test(name) ? name : undefined;
    const { owner, group } = row;
    return tabLine([
      path,
      row.type,
      row.mode,
      id(owner),
      id(group),
      owner,
      group,
      row.size,
      row.mtime,
      undefined,
      undefined,
      row.target,
      row.listing,
    ]);
  });
  return `${pathColumns.join("\t")}\n${lines.join("")}`;
}

function tabLine(fields: readonly (string | undefined)[]): string {
  return `${fields.map((field) => (field === undefined ? "-" : escapeField(field))).join("\t")}\n`;
}

const shortEscapes: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\" };

function escapeField(field: string): string {
  // A value that is really "-" must not read as "no value".
  if (field === "-") return "\\x2d";
  return [...field].map(escapeCharacter).join("");
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  const escaped = code < 0x20 ? `\\x${code.toString(16).padStart(2, "0")}` : character;
  return shortEscapes[character] ?? escaped;
}
