import type { Artifact } from "#model/artifact.js";
import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { LogSeriesValue } from "#model/fact.js";
import { earliest, type Instant, latestOf, nodeClock } from "#model/instant.js";
import type { Emit, Parser, Sink } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { cut } from "./content.js";
import { stampedLine } from "./log-time.js";
import { templateOf } from "./template.js";

const MAX_SERIES = 2_000;
const SAMPLE_CHARS = 4_096;
/** So many lines may hold on to the chunks that they were read from: to detach each of them costs more than the rest of its parsing. */
const HELD_LINES = 5_000;

/**
 * Logs: the journal of a unit, a container's log, a file below `/var/log` or named `*.log`, and what `dmesg` and `journalctl` print.
 * Lines alike in all but numbers, ids and names become one series; its evidence is the first of them, and the one that shows the last time. At most 2,000 series per
 * artifact: lines of further ones are counted in a parse issue, and the artifact then counts as truncated.
 */
export const log: Parser = {
  id: "log",
  kinds: ["log"],
  accepts: (artifact) => kindOf(artifact) !== null,
  open: (artifact, emit) => openLog(artifact, emit),
};

/** True for commands whose output is a log. */
export function isLogCommand(artifact: Artifact): boolean {
  return artifact.kind === "command" && /^(?:\S{0,64}\/)?(?:dmesg|journalctl)(?: |$)/.test(artifact.origin);
}

function kindOf(artifact: Artifact): LogSeriesValue["kind"] | null {
  if (artifact.kind === "journal" || artifact.kind === "podlog") return artifact.kind;
  if (artifact.kind === "file") return fileKind(artifact.origin);
  return isLogCommand(artifact) ? "command" : null;
}

/** What package managers write tells of the node's past, and not whether its kubelet still speaks. */
const PACKAGES = /^\/var\/log\/(?:dpkg|dnf\.rpm|yum)\.log$/;

/** A container's output is its own word also where it was read from the node: an exporter of events repeats what other nodes say. */
function fileKind(path: string): LogSeriesValue["kind"] | null {
  if (path.includes("/var/log/pods/")) return "podlog";
  if (PACKAGES.test(path)) return null;
  return path.includes("/var/log/") || /\.log(?:\.\d{1,4})?$/.test(path) ? "file" : null;
}

interface Series {
  readonly sample: string;
  readonly evidence: Evidence;
  first: Instant | null;
  last: Instant | null;
  /** The line that shows the last time. */
  latest: { readonly text: string; readonly line: number; readonly detached: boolean } | null;
  count: number;
}

function openLog(artifact: Artifact, emit: Emit): Sink {
  const series = new Map<string, Series>();
  // A pod's log comes through the API, but its times are of whichever node ran it.
  const clock = artifact.node === null ? "unknown" : nodeClock(artifact.node);
  let dropped = 0;
  const line = (text: string, number: number): void => {
    if (number % HELD_LINES === 0) for (const one of series.values()) detach(one);
    const { when, body } = stampedLine(text, clock, artifact.collectedAt);
    if (body.trim() === "") return;
    const template = templateOf(body);
    const known = series.get(template);
    if (known !== undefined) add(known, when, text, number);
    else if (series.size >= MAX_SERIES) dropped += 1;
    else series.set(cut(template, template.length), startSeries(artifact, text, number, when));
  };
  return {
    line,
    whole: (text) => text.split("\n").forEach((row, i) => void line(row, i + 1)),
    end: () => {
      for (const one of series.values()) emitSeries(artifact, one, emit);
      if (dropped > 0) emit.issue("W_LIMIT", `${dropped} lines beyond the first ${MAX_SERIES} kinds of lines left out`);
    },
  };
}

function startSeries(artifact: Artifact, text: string, line: number, when: Instant | null): Series {
  const sample = cut(text, SAMPLE_CHARS);
  const evidence = evidenceIn(artifact, { kind: "lines", from: line, to: line }, visible(sample));
  return { sample, evidence, first: when, last: when, latest: null, count: 1 };
}

function add(series: Series, when: Instant | null, text: string, line: number): void {
  series.count += 1;
  series.first = earliest(series.first, when);
  const last = latestOf(series.last, when);
  if (last !== series.last) series.latest = { text, line, detached: false };
  series.last = last;
}

function detach(series: Series): void {
  const { latest } = series;
  if (latest && !latest.detached) series.latest = { ...latest, text: cut(latest.text, SAMPLE_CHARS), detached: true };
}

function emitSeries(artifact: Artifact, series: Series, emit: Emit): void {
  detach(series);
  const { sample, first, last, count, evidence, latest } = series;
  const lastEvidence =
    latest && evidenceIn(artifact, { kind: "lines", from: latest.line, to: latest.line }, visible(latest.text));
  const value = { source: artifact.origin, kind: kindOf(artifact) ?? "file", sample, first, last, lastEvidence, count };
  emit.fact({ kind: "log", node: artifact.node, value, artifact, evidence });
}
