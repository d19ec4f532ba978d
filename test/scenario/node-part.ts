import { type Attempt, addOutput, type Draft } from "./bundle.js";
import { journalLine, unitOf } from "./journal.js";
import { unsignedToken, writeKubeconfig } from "./kubeconfig.js";
import { type Entry, parseEntry } from "./listing.js";
import { realPathOf, slugOf, textOriginOf } from "./origin.js";
import { addHops, addRow, type Links, type PathRow, type PathTree, resolveEntry, resolvePath } from "./path-tree.js";
import { inOrderOfTime, type WrittenLine, writtenLines } from "./repeat.js";
import type { Moment, Scenario, ScenarioArtifact } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { writeJournalTime, writeKernelTime, writeMicros } from "./time.js";

/** What the part of one node at one moment is made from. */
export interface NodePart {
  readonly scenario: Scenario;
  readonly moment: Moment;
  readonly node: string;
  readonly artifacts: readonly ScenarioArtifact[];
  /** The key id of tokens without a header of their own. */
  readonly defaultKeyId: string;
}

/** A node's part in the making. */
interface NodeWork {
  readonly draft: Draft;
  readonly part: NodePart;
  readonly links: Links;
  readonly tree: PathTree;
  /** Contents by real path. */
  readonly contents: Map<string, string>;
}

/** What is known of a file beside its path. */
interface FoundFile {
  readonly path: string;
  readonly content: string;
  readonly fields: Omit<PathRow, "type">;
  readonly cut: boolean;
  readonly redactions: number;
}

interface Listing {
  readonly artifact: ScenarioArtifact;
  readonly path: string;
  readonly entries: readonly Entry[];
}

/** Contents that stand only for their size are made up to here; the collector cuts a file there too. */
const longestMadeUpFile = 65_536;

/**
 * Adds everything that the collector would find on a node.
 * @returns a row for every path looked at, and for every hop to it
 * @throws ScenarioError where the artifacts contradict each other
 */
export function addNodePart(draft: Draft, part: NodePart): PathTree {
  const listings = part.artifacts
    .filter((artifact) => artifact.kind === "ls")
    .map((artifact) => ({ artifact, path: realPathOf(artifact), entries: artifact.lines.map(parseEntry) }));
  const work: NodeWork = { draft, part, links: collectLinks(listings), tree: new Map(), contents: new Map() };
  for (const listing of listings) addListing(work, listing);
  for (const artifact of part.artifacts) {
    if (artifact.kind === "file") addFile(work, artifact);
    if (artifact.kind === "claims") addClaims(work, artifact);
    if (artifact.kind === "text") addText(work, artifact);
  }
  addJournals(draft, part);
  return work.tree;
}

/** The links of all listings by their real paths: a listing may itself run through links that another one shows. */
function collectLinks(listings: readonly Listing[]): Links {
  let links: Map<string, string> = new Map();
  for (let round = 0; round <= listings.length + 1; round++) {
    const found = new Map<string, string>();
    for (const { path, entries } of listings) {
      for (const { name, target, place } of entries) {
        if (target !== undefined) found.set(resolveEntry(links, path, name, place).real, target);
      }
    }
    const same = found.size === links.size && [...found].every(([path, target]) => links.get(path) === target);
    links = found;
    if (same) break;
  }
  return links;
}

function addListing({ tree, links }: NodeWork, { artifact, path, entries }: Listing): void {
  const { place } = artifact;
  const { real, hops } = resolvePath(links, path, place);
  const listing = artifact.cut ? "truncated" : "complete";
  const gone = entries.some((entry) => entry.name === "." && entry.type === "absent");
  // Lines with absolute names are those of `ls -d`: the paths themselves, and no directory's contents.
  const listed = entries.length === 0 || entries.some((entry) => !entry.name.startsWith("/"));
  addHops(tree, links, gone || !listed ? hops.slice(0, -1) : hops, place);
  if (!gone && listed) addRow(tree, real, { type: "d", ...fileFields(artifact), listing }, place);
  for (const entry of entries) {
    const found = entry.name === "." ? { real, hops: [] } : resolveEntry(links, path, entry.name, entry.place);
    addHops(tree, links, found.hops, entry.place);
    const { name: _name, place: _place, ...row } = entry;
    addRow(tree, found.real, row, entry.place);
    const parent = found.real.slice(0, found.real.lastIndexOf("/"));
    const nested = !entry.name.startsWith("/") && entry.name.includes("/") && entry.type !== "absent";
    if (nested) addRow(tree, parent, { type: "d", listing }, entry.place);
  }
}

function fileFields(artifact: ScenarioArtifact): Omit<PathRow, "type"> {
  const [owner, group] = artifact.owner?.split(/[: ]/) ?? [];
  const { mode, mtime } = artifact;
  return { mode, owner, group, mtime };
}

function addFile(work: NodeWork, artifact: ScenarioArtifact): void {
  const written = textOf(artifact, work.part);
  const { size, cut } = artifact;
  const content = size !== undefined && written === "" ? madeUpContent(Math.min(size, longestMadeUpFile)) : written;
  const length = Buffer.byteLength(content);
  if (size !== undefined && length > size) {
    fail("conflict", artifact.place, `size is ${size}, but its lines are ${length} bytes`);
  }
  const path = realPathOf(artifact);
  const listed = work.tree.get(resolvePath(work.links, path, artifact.place).real)?.size;
  // The length of the lines is the file's size only where nobody gives one: a listing may be of a longer original.
  const known = size ?? (cut || listed !== undefined ? undefined : length);
  const fields = { size: known === undefined ? undefined : String(known), ...fileFields(artifact) };
  addFound(work, artifact, { path, content, fields, cut: cut || length < (size ?? 0), redactions: 0 });
}

function madeUpContent(size: number): string {
  const line = "made-up content of this size\n";
  return line.repeat(Math.ceil(size / line.length)).slice(0, size);
}

function addClaims(work: NodeWork, artifact: ScenarioArtifact): void {
  const [claims, ...more] = artifact.items;
  if (claims === undefined || more.length > 0) {
    const count = artifact.items.length;
    fail("value", artifact.place, `claims has ${count} items; allowed is one, the payload of the token`);
  }
  const token = unsignedToken(claims.fields, artifact.header, work.part.defaultKeyId);
  const content = writeKubeconfig(token, work.part.scenario.cluster);
  const size = artifact.size === undefined ? undefined : String(artifact.size);
  const fields = { size, ...fileFields(artifact) };
  addFound(work, artifact, { path: realPathOf(artifact), content, fields, cut: false, redactions: 1 });
}

function addFound(work: NodeWork, { place }: ScenarioArtifact, found: FoundFile): void {
  const { real, hops } = resolvePath(work.links, found.path, place);
  const above = hops.filter((hop) => hop !== real);
  addHops(work.tree, work.links, above, place);
  addRow(work.tree, real, { type: "f", ...found.fields }, place);
  const before = work.contents.get(real);
  if (before === found.content) return;
  if (before !== undefined) fail("conflict", place, `${real} has different contents in two artifacts`);
  work.contents.set(real, found.content);
  const { redactions } = found;
  const attempt: Attempt = { kind: "file", origin: real, coverage: found.cut ? "truncated" : "complete", redactions };
  addOutput(work.draft, "bundle/node/fs", real, found.content, attempt, work.part.moment.collectedAt);
}

function addText(work: NodeWork, artifact: ScenarioArtifact): void {
  const { draft, part } = work;
  const origin = textOriginOf(artifact, part.scenario.id);
  const coverage = artifact.cut ? "truncated" : "complete";
  const at = part.moment.collectedAt;
  const content = textOutput(artifact, part.scenario.id);
  if (origin.kind === "file") {
    const fields = fileFields(artifact);
    addFound(work, artifact, { path: origin.path, content, fields, cut: artifact.cut, redactions: 0 });
  } else if (origin.kind === "proc") {
    const file = `${origin.pid}/${origin.file}`;
    const attempt: Attempt = { kind: "proc", origin: `/proc/${file}`, coverage, note: origin.process };
    addOutput(draft, "bundle/node/proc", file, content, attempt, at);
  } else {
    const attempt: Attempt = { kind: "command", origin: origin.command, coverage };
    addOutput(draft, "bundle/node/cmd", `${slugOf(artifact.path)}.txt`, content, attempt, at);
  }
}

/** The content of a `text`: a line with a time has it in front, in the form of the command. */
export function textOutput(artifact: ScenarioArtifact, scenario: string): string {
  const origin = textOriginOf(artifact, scenario);
  const command = origin.kind === "command" ? origin.command : "";
  const commandStamp = /\bjournalctl\b/.test(command) ? writeJournalTime : writeMicros;
  const stamp = /\bdmesg\b/.test(command) ? writeKernelTime : commandStamp;
  const lines = inOrderOfTime(writtenLines(artifact.lines, [scenario, artifact.path]));
  return joined(lines.map(({ at, text }) => (at === undefined ? text : `${stamp(at)} ${text}`)));
}

function textOf(artifact: ScenarioArtifact, part: NodePart): string {
  return joined(writtenLines(artifact.lines, [part.scenario.id, artifact.path]).map((line) => line.text));
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function addJournals(draft: Draft, part: NodePart): void {
  const units = new Map<string, { lines: WrittenLine[]; cut: boolean }>();
  for (const artifact of part.artifacts.filter((one) => one.kind === "journal")) {
    const unit = unitOf(artifact.path);
    const journal = units.get(unit) ?? { lines: [], cut: false };
    journal.lines.push(...writtenLines(artifact.lines, [part.scenario.id, artifact.path]));
    journal.cut ||= artifact.cut;
    units.set(unit, journal);
  }
  for (const [unit, { lines, cut }] of units) {
    const content = joined(inOrderOfTime(lines).map((line) => journalLine(line, part.node, unit, part.scenario.id)));
    const coverage = cut ? "truncated" : "complete";
    addOutput(
      draft,
      "bundle/node/journal",
      `${unit}.log`,
      content,
      { kind: "journal", origin: unit, coverage },
      part.moment.collectedAt,
    );
  }
}
