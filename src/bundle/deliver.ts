import type { Artifact } from "#model/artifact.js";
import type { Sink } from "#model/intake.js";
import { visible } from "#model/visible.js";
import type { Feeder, FeederNotes, Yield } from "./feeder.js";
import type { Inventory } from "./inventory.js";
import type { Ledger } from "./ledger.js";
import type { Limits } from "./limits.js";
import { lineFeeder } from "./lines.js";
import { itemFeeder } from "./list-items.js";
import type { Verdict } from "./manifest.js";
import { ROOT } from "./names.js";
import type { Source } from "./source.js";
import { createTarReader, type MemberReader } from "./tar-reader.js";
import { wholeFeeder } from "./whole.js";

export type OpenSink = (artifact: Artifact) => Sink | null;

/**
 * Reads the archive a second time and streams the members into their sinks, in the archive's order. Returns the artifacts in
 * the order given, with the coverage that remained: a sink that throws, or content that is not what it should be, costs that artifact.
 *
 * @throws InquestError E_OPEN where the file is no longer the one of the inventory
 */
export async function deliver(
  source: Source,
  inventory: Inventory,
  verdict: Verdict,
  artifacts: readonly Artifact[],
  open: OpenSink,
  limits: Limits,
  ledger: Ledger,
): Promise<readonly Artifact[]> {
  const waiting = new Map(artifacts.filter((artifact) => hasContent(artifact, verdict)).map((a) => [a.member, a]));
  const changed = new Map<Artifact, Artifact>();
  const tar = createTarReader(limits, source.refuse, (header) => {
    const artifact =
      header.fault === null && !header.directory ? waiting.get(header.name.slice(ROOT.length)) : undefined;
    if (artifact === undefined) return null;
    return stream(artifact, open, limits, ledger, (coverage) => changed.set(artifact, { ...artifact, coverage }));
  });
  const { sha256 } = await source.pump(tar.write);
  tar.finish();
  if (sha256 !== inventory.sha256) throw source.refuse("E_OPEN", "the file changed while it was read");
  return artifacts.map((artifact) => changed.get(artifact) ?? artifact);
}

/** An empty member says something where the collection succeeded: there was nothing. After a failure it says nothing. */
const hasContent = (artifact: Artifact, verdict: Verdict): boolean =>
  artifact.member !== null &&
  verdict.trusted(artifact.member) &&
  ((artifact.bytes ?? 0) > 0 || artifact.coverage === "complete" || artifact.coverage === "truncated");

function stream(
  artifact: Artifact,
  open: OpenSink,
  limits: Limits,
  ledger: Ledger,
  settle: (coverage: Artifact["coverage"]) => void,
): MemberReader | null {
  const guarded = createGuard((name) => {
    ledger.note("W_SINK", artifact.member, `its parser failed (${name})`);
    settle("lost");
  });
  const sink = guarded(() => open(artifact));
  if (sink === null) return null;
  const feeder = capped(feederOf(artifact, sink, limits, notesOf(artifact, ledger)), artifact, limits, ledger);
  return {
    data: (piece) => {
      guarded(() => feeder.data(piece));
    },
    end: (complete) => {
      guarded(() => {
        const got = feeder.end(complete);
        const coverage = remaining(artifact.coverage, complete || got === "none" ? got : "part");
        sink.end(coverage === "complete");
        settle(coverage);
      });
    },
  };
}

/** Runs work until it throws for the first time, and nothing after that. Tells the error's name; its message may quote the content. */
function createGuard(failed: (name: string) => void): <T>(work: () => T) => T | null {
  let dead = false;
  return (work) => {
    if (dead) return null;
    try {
      return work();
    } catch (error) {
      dead = true;
      failed(error instanceof Error ? visible(error.name) : "no error");
      return null;
    }
  };
}

function remaining(coverage: Artifact["coverage"], got: Yield): Artifact["coverage"] {
  if (got === "none") return "lost";
  return got === "part" && coverage === "complete" ? "truncated" : coverage;
}

function notesOf(artifact: Artifact, ledger: Ledger): FeederNotes {
  return {
    note: (code, message) => ledger.note(code, artifact.member, message),
    // collector.json was counted when its fields were read.
    secret: (rule) => {
      if (artifact.kind !== "collector") ledger.secret(artifact.member ?? "", rule);
    },
  };
}

function feederOf(artifact: Artifact, sink: Sink, limits: Limits, notes: FeederNotes): Feeder {
  switch (artifact.form) {
    case "items":
      return itemFeeder((item, index) => sink.item?.(item, index), limits, notes);
    case "lines":
      return lineFeeder(
        (text, line) => sink.line?.(text, line),
        artifact.kind === "paths" ? keepingTabs : visible,
        limits.lineBytes,
        notes,
      );
    case "whole":
      return wholeFeeder(
        (text) => sink.whole?.(text),
        /\.(?:json|conflist)$/.test(artifact.member ?? ""),
        limits,
        notes,
      );
  }
}

function capped(feeder: Feeder, artifact: Artifact, limits: Limits, ledger: Ledger): Feeder {
  let room = limits.streamedMemberBytes;
  return {
    data: (chunk) => {
      if (room > 0) feeder.data(chunk.subarray(0, room));
      room -= chunk.length;
    },
    end: (complete) => {
      if (room >= 0) return feeder.end(complete);
      ledger.note("W_LIMIT", artifact.member, `longer than ${limits.streamedMemberBytes} bytes: cut there`);
      return feeder.end(false) === "none" ? "none" : "part";
    },
  };
}

/** Tab separates the fields of a row. */
const keepingTabs = (text: string): string => visible(text, "\t");
