import type { Artifact, Custody } from "#model/artifact.js";
import { InquestError } from "#model/error.js";
import { earliest, type Instant, latestOf, parseInstant } from "#model/instant.js";
import { nameless } from "#model/nameless.js";
import { visible } from "#model/visible.js";
import { type CollectorRecord, readCollector } from "./collector.js";
import { deliver, type OpenSink } from "./deliver.js";
import { type Inventory, takeInventory } from "./inventory.js";
import { createLedger } from "./ledger.js";
import type { Limits } from "./limits.js";
import { clockOf, listArtifacts, type Owner, partsOf, readIndex } from "./listing.js";
import { verify } from "./manifest.js";
import { openSource, type Source } from "./source.js";
import { compareSum } from "./sums.js";

export { findBundles } from "./find.js";
export { DEFAULT_LIMITS, type Limits } from "./limits.js";

/** A bundle after reading: where it comes from, and everything that was collected, with the coverage that can be relied on. */
export interface Bundle {
  readonly custody: Custody;
  /** sha256 of what it holds, however it is packed. */
  readonly contents: string;
  readonly artifacts: readonly Artifact[];
}

type IsKnown = (contents: string) => boolean;

/**
 * Reads one bundle in two passes over the file: the first hashes, checks and decides what can be trusted, the second streams
 * each listed member into the sink that `open` gives for its artifact (null: not wanted). Nothing is extracted, and the whole
 * archive is never in memory. What is wrong with one member becomes an issue and shows in its artifact's coverage.
 *
 * The artifact given to `open` has the coverage of the first pass; the returned one may be worse.
 *
 * Null where `isKnown` says of the hash of its contents that another bundle held the same.
 *
 * @throws InquestError where the file is no bundle or its container cannot be trusted
 */
export async function readBundle(file: string, limits: Limits, open: OpenSink): Promise<Bundle>;
export async function readBundle(
  file: string,
  limits: Limits,
  open: OpenSink,
  isKnown: IsKnown,
): Promise<Bundle | null>;
export async function readBundle(
  file: string,
  limits: Limits,
  open: OpenSink,
  isKnown: IsKnown = () => false,
): Promise<Bundle | null> {
  const source = await openSource(file, limits);
  try {
    return await readSource(file, source, limits, open, isKnown);
  } catch (error) {
    if (error instanceof InquestError) throw error;
    throw source.refuse("E_INTERNAL", `reading failed (${error instanceof Error ? visible(error.name) : "no error"})`);
  } finally {
    await source.close();
  }
}

async function readSource(
  file: string,
  source: Source,
  limits: Limits,
  open: OpenSink,
  isKnown: IsKnown,
): Promise<Bundle | null> {
  const ledger = createLedger();
  const inventory = await takeInventory(source, limits, ledger);
  if (isKnown(inventory.contents)) return null;
  const verdict = verify(inventory, ledger);
  const record = readCollector(inventory, verdict, limits, ledger, source.refuse);
  const index = readIndex(inventory, verdict, record, ledger);
  const parts = record.parts ?? partsOf(index, inventory);
  const owner = { bundle: inventory.sha256, node: nodeName(record, parts, inventory) };
  const listed = listArtifacts(index, owner, inventory, verdict, ledger);
  const artifacts = await deliver(source, inventory, verdict, listed, open, limits, ledger);
  const state = record.state ?? "partial";
  const { state: sums, notes } = await compareSum(file, inventory.sha256);
  for (const note of notes) ledger.note("W_SUM", null, note);
  if (state !== "complete")
    ledger.note(
      "W_STATE",
      null,
      `the collection is ${record.state ?? "of unknown state"}: what is not there may exist`,
    );
  const custody = {
    ...provenance(record, owner, listed),
    file: visible(file),
    sha256: inventory.sha256,
    bytes: source.bytes,
    parts,
    state,
    members: inventory.members.size,
    manifest: verdict.manifest,
    sums,
    issues: ledger.list(),
  };
  return { custody, contents: inventory.contents, artifacts };
}

/** A node's part whose record is lost is nobody's, but it must not be taken for the cluster's, nor for another nameless node's. */
function nodeName(record: CollectorRecord, parts: Custody["parts"], inventory: Inventory): string | null {
  return record.node ?? (parts.includes("node") ? nameless(inventory.sha256) : null);
}

/** All of time: what is known of a moment that nobody recorded. */
const SOMETIME: Instant = { epochMs: 0, precisionMs: 253_402_300_800_000, clock: "unknown" };

function provenance(
  record: CollectorRecord,
  owner: Owner,
  listed: readonly Artifact[],
): Omit<Custody, "file" | "sha256" | "bytes" | "parts" | "state" | "members" | "manifest" | "sums" | "issues"> {
  const at = (text: string | null): Instant | null => (text === null ? null : parseInstant(text, clockOf(owner)));
  const collected = listed.map((artifact) => artifact.collectedAt);
  return {
    schema: record.schema ?? "unknown",
    collector: record.collector ?? "unknown",
    collectorSha256: record.collectorSha256,
    node: owner.node,
    hostname: record.hostname,
    machineIdSha256: record.machineIdSha256,
    bootId: record.bootId,
    kernel: record.kernel,
    os: record.os,
    startedAt: at(record.start) ?? collected.reduce(earliest, null) ?? SOMETIME,
    endedAt: at(record.end) ?? collected.reduce(latestOf, null) ?? SOMETIME,
    zone: record.zone ?? "unknown",
    synchronised: record.synchronised ?? "unknown",
    apiOffsetS: record.apiOffsetS,
    apiOffsetErrorS: record.apiOffsetErrorS,
    caseId: record.caseId,
    operator: record.operator,
  };
}
