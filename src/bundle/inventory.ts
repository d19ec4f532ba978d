import { createHash } from "node:crypto";
import { visible } from "#model/visible.js";
import type { Ledger } from "./ledger.js";
import type { Limits } from "./limits.js";
import { ambiguousNames, ROOT } from "./names.js";
import type { Source } from "./source.js";
import type { TarHeader } from "./tar-header.js";
import { createTarReader, type MemberReader, type TarEnd } from "./tar-reader.js";

/** One regular file of the archive. */
export interface Member {
  /** Without `bundle/`. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** False where the archive ends inside it. */
  readonly complete: boolean;
}

/** The members that tell of the others. */
export type MetaName = "collector.json" | "index.tsv" | "MANIFEST.sha256";
const META: readonly string[] = ["collector.json", "index.tsv", "MANIFEST.sha256"] satisfies readonly MetaName[];

/** What the first pass found: every member with a usable name, hashed. */
export interface Inventory {
  /** sha256 of the bundle file. */
  readonly sha256: string;
  /** sha256 over the names and hashes of its members: the same for an archive and for a copy that was packed or inflated anew. */
  readonly contents: string;
  readonly members: ReadonlyMap<string, Member>;
  readonly meta: (name: MetaName) => Buffer | null;
}

interface Walk {
  readonly files: string[];
  readonly folders: string[];
  readonly members: Map<string, Member>;
  readonly meta: Map<string, Buffer>;
}

/**
 * Reads the whole archive once and keeps of it only hashes and the three describing members.
 *
 * @throws InquestError where the container cannot be trusted, E_DUP where a describing member is ambiguous
 */
export async function takeInventory(source: Source, limits: Limits, ledger: Ledger): Promise<Inventory> {
  const walk: Walk = { files: [], folders: [], members: new Map(), meta: new Map() };
  const tar = createTarReader(limits, source.refuse, (header) => admit(header, walk, limits, ledger));
  const { sha256, end } = await source.pump(tar.write);
  noteEnd(end === "cut", tar.finish(), walk, ledger);
  for (const name of ambiguousNames(walk.files, walk.folders, ledger)) {
    if (META.includes(name)) throw source.refuse("E_DUP", `${name} is there more than once`);
    walk.members.delete(name);
  }
  return { sha256, contents: hashOf(walk.members), members: walk.members, meta: (name) => walk.meta.get(name) ?? null };
}

function hashOf(members: ReadonlyMap<string, Member>): string {
  const hash = createHash("sha256");
  for (const name of [...members.keys()].sort()) {
    const member = members.get(name);
    hash.update(`${JSON.stringify(name)} ${member?.sha256} ${member?.complete}\n`);
  }
  return hash.digest("hex");
}

function admit(header: TarHeader, walk: Walk, limits: Limits, ledger: Ledger): MemberReader | null {
  if (header.fault !== null) {
    ledger.note(header.fault.code, visible(header.name.slice(0, limits.nameBytes)), header.fault.message);
    return null;
  }
  const name = header.name.slice(ROOT.length);
  if (header.directory) {
    if (name !== "") walk.folders.push(name);
    return null;
  }
  walk.files.push(name);
  return examine(name, walk, limits, ledger);
}

function examine(name: string, walk: Walk, limits: Limits, ledger: Ledger): MemberReader {
  const hash = createHash("sha256");
  const kept: Buffer[] | null = META.includes(name) ? [] : null;
  let bytes = 0;
  return {
    data: (piece) => {
      hash.update(piece);
      if (bytes + piece.length <= limits.memberBytes) kept?.push(Buffer.from(piece));
      bytes += piece.length;
    },
    end: (complete) => {
      walk.members.set(name, { name, bytes, sha256: hash.digest("hex"), complete });
      if (kept === null) return;
      if (bytes > limits.memberBytes) ledger.note("W_LIMIT", name, `longer than ${limits.memberBytes} bytes: not used`);
      else walk.meta.set(name, Buffer.concat(kept));
    },
  };
}

function noteEnd(gzipCut: boolean, tarEnd: TarEnd, walk: Walk, ledger: Ledger): void {
  const cut = [...walk.members.values()].find((member) => !member.complete)?.name ?? null;
  if (gzipCut) ledger.note("W_GZ_TRUNCATED", cut, "the gzip data ends early: what lay behind is lost");
  else if (tarEnd === "cut") ledger.note("W_PARTIAL", cut, "the archive ends inside a member: what lay behind is lost");
  else if (tarEnd === "no-mark") ledger.note("W_NO_EOF", null, "the archive has no end mark: members may be missing");
}
