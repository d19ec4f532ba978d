import type { Custody } from "#model/artifact.js";
import { visible } from "#model/visible.js";
import type { Inventory } from "./inventory.js";
import type { Ledger } from "./ledger.js";
import { ROOT } from "./names.js";

export const MANIFEST = "MANIFEST.sha256";
export const INDEX = "index.tsv";

/** What the manifest says of the members. Agreement proves that nothing was damaged, not who made it. */
export interface Verdict {
  readonly manifest: Custody["manifest"];
  /** Whether a member may be read: its hash is the manifest's, or there is no manifest, or the archive ends inside it. */
  readonly trusted: (name: string) => boolean;
}

/** Compares every member with the manifest; each kind of deviation is noted by itself. */
export function verify(inventory: Inventory, ledger: Ledger): Verdict {
  const text = inventory.meta(MANIFEST)?.toString("utf8");
  if (text === undefined) {
    ledger.note("W_MANIFEST", null, "the bundle has no manifest: damage to its members would not show");
    return { manifest: "missing", trusted: () => true };
  }
  const cut = inventory.members.get(MANIFEST)?.complete === false;
  const expected = readManifest(text, cut, ledger);
  const untrusted = new Set<string>();
  for (const member of inventory.members.values()) {
    if (member.name === MANIFEST) continue;
    const hash = expected.get(member.name);
    if (hash === member.sha256 || (hash === undefined ? cut : !member.complete)) continue;
    untrusted.add(member.name);
    const so = member.name === INDEX ? "only rows that the rest of the archive bears out are used" : "not read";
    if (hash === undefined) ledger.note("W_MANIFEST_EXTRA", member.name, `not in the manifest: ${so}`);
    else ledger.note("W_MANIFEST_MISMATCH", member.name, `does not hash to what the manifest says: ${so}`);
  }
  const absent = [...expected.keys()].filter((name) => !inventory.members.has(name));
  for (const name of absent) ledger.note("W_MANIFEST_MISSING", visible(name), "in the manifest, but not in the bundle");
  const whole = [...inventory.members.values()].every((member) => member.complete);
  const verified = untrusted.size === 0 && absent.length === 0 && whole;
  return { manifest: verified ? "verified" : "mismatch", trusted: (name) => !untrusted.has(name) };
}

function readManifest(text: string, cut: boolean, ledger: Ledger): ReadonlyMap<string, string> {
  const expected = new Map<string, string>();
  let unreadable = 0;
  const lines = text.split("\n");
  if (cut) lines.pop();
  for (const line of lines) {
    if (line === "") continue;
    const found = /^([0-9a-f]{64}) [ *](?:\.\/)?(.{1,300})$/.exec(line);
    if (found === null) unreadable += 1;
    else expected.set(withoutRoot(found[2] ?? ""), found[1] ?? "");
  }
  if (unreadable > 0) ledger.note("W_MANIFEST", MANIFEST, `${unreadable} lines are not as sha256sum writes them`);
  return expected;
}

/** Names may be written with or without the folder. */
export const withoutRoot = (name: string): string => (name.startsWith(ROOT) ? name.slice(ROOT.length) : name);
