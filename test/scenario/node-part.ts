import { addOutput, type Draft } from "./bundle.js";
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
  const links = collectLinks(listings);
  const tree: PathTree = new Map();
  for (const listing of listings) addListing(tree, links, listing);
  for (const artifact of part.artifacts) addContent(draft, tree, links, artifact, part);
  addJournals(draft, part);
  return tree;
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

function addListing(tree: PathTree, links: Links, { artifact, path, entries }: Listing): void {
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

function addContent(draft: Draft, tree: PathTree, links: Links, artifact: ScenarioArtifact, part: NodePart): void {
  if (artifact.kind === "file") addFile(draft, tree, links, artifact, part);
  if (artifact.kind === "claims") addClaims(draft, tree, links, artifact, part);
  if (artifact.kind === "text") addText(draft, tree, links, artifact, part);
}

function addFile(draft: Draft, tree: PathTree, links: Links, artifact: ScenarioArtifact, part: NodePart): void {
  const written = textOf(artifact, part);
  const { size } = artifact;
  const madeUp = size !== undefined && written === "" ? madeUpContent(Math.min(size, longestMadeUpFile)) : written;
  const length = Buffer.byteLength(madeUp);
  if (size !== undefined && length > size)
    fail("conflict", artifact.place, `size is ${size}, but its lines are ${length} bytes`);
  const cut = artifact.cut || length < (size ?? length);
  const row = { size: String(size ?? length), ...fileFields(artifact) };
  addFileAt(
    draft,
    tree,
    links,
    realPathOf(artifact),
    madeUp,
    artifact.cut ? fileFields(artifact) : row,
    cut,
    artifact,
    part,
  );
}

function madeUpContent(size: number): string {
  return "made-up content of this size\n".repeat(Math.ceil(size / 29)).slice(0, size);
}

function addClaims(draft: Draft, tree: PathTree, links: Links, artifact: ScenarioArtifact, part: NodePart): void {
  const [claims, ...more] = artifact.items;
  if (claims === undefined || more.length > 0)
    fail(
      "value",
      artifact.place,
      `claims has ${artifact.items.length} items; allowed is one, the payload of the token`,
    );
  const token = unsignedToken(claims?.fields ?? {}, artifact.header, part.defaultKeyId);
  const content = writeKubeconfig(token, part.scenario.cluster);
  const size = artifact.size === undefined ? undefined : String(artifact.size);
  addFileAt(
    draft,
    tree,
    links,
    realPathOf(artifact),
    content,
    { size, ...fileFields(artifact) },
    false,
    artifact,
    part,
    1,
  );
}

function addFileAt(
  draft: Draft,
  tree: PathTree,
  links: Links,
  path: string,
  content: string,
  fields: Omit<PathRow, "type">,
  cut: boolean,
  artifact: ScenarioArtifact,
  part: NodePart,
  redactions = 0,
): void {
  const { real, hops } = resolvePath(links, path, artifact.place);
  addHops(
    tree,
    links,
    hops.filter((hop) => hop !== real),
    artifact.place,
  );
  addRow(tree, real, { type: "f", ...fields }, artifact.place);
  const origins = draft.rows.map((row) => row.split("\t"));
  if (origins.some((row) => row[7] === "file" && row[9] === real))
    fail("conflict", artifact.place, `${real} has its content from two artifacts`);
  const coverage = cut ? "truncated" : "complete";
  addOutput(
    draft,
    "bundle/node/fs",
    real,
    content,
    { kind: "file", origin: real, coverage, redactions },
    part.moment.collectedAt,
  );
}

function addText(draft: Draft, tree: PathTree, links: Links, artifact: ScenarioArtifact, part: NodePart): void {
  const origin = textOriginOf(artifact, part.scenario.id);
  const coverage = artifact.cut ? "truncated" : "complete";
  const at = part.moment.collectedAt;
  switch (origin.kind) {
    case "file": {
      addFileAt(
        draft,
        tree,
        links,
        origin.path,
        textOf(artifact, part),
        fileFields(artifact),
        artifact.cut,
        artifact,
        part,
      );
      return;
    }
    case "proc": {
      const file = `${origin.pid}/${origin.file}`;
      addOutput(
        draft,
        "bundle/node/proc",
        file,
        textOf(artifact, part),
        { kind: "proc", origin: `/proc/${file}`, coverage, note: origin.process },
        at,
      );
      return;
    }
    case "command": {
      const content = commandOutput(artifact, origin.command, part.scenario.id);
      addOutput(
        draft,
        "bundle/node/cmd",
        `${slugOf(artifact.path)}.txt`,
        content,
        { kind: "command", origin: origin.command, coverage },
        at,
      );
    }
  }
}

/** The output of a command: a line with a time has it in front, in the command's own form. */
export function commandOutput(artifact: ScenarioArtifact, command: string, scenario: string): string {
  const stamp = /\bdmesg\b/.test(command)
    ? writeKernelTime
    : /\bjournalctl\b/.test(command)
      ? writeJournalTime
      : writeMicros;
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
