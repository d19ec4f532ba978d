import type { Artifact } from "#model/artifact.js";
import { evidenceIn } from "#model/evidence.js";
import type { NtpValue } from "#model/fact.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { textSink } from "./content.js";

const CHARS = 16_384;

/**
 * What a node's own time service says of its clock. `chronyc tracking` (chronyc(1)) gives the clock against NTP time; the selected peer of
 * `ntpq -pn` (marked `*`) its own time less the clock's, in milliseconds.
 *
 * ```
 * System time     : 300.000000000 seconds fast of NTP time
 * *192.0.2.1   .GPS.   1 u   33   64  377    0.412   -1.300   0.021
 * ```
 */
export const ntp: Parser = {
  id: "ntp",
  kinds: ["clock.ntp"],
  accepts: (artifact) => toolOf(artifact) !== null,
  open: (artifact, emit) =>
    textSink(CHARS, (text) => {
      const tool = toolOf(artifact);
      if (tool === null) return;
      const read = tool === "chronyc" ? readChrony(text.split("\n")) : readNtpq(text.split("\n"));
      if (read === null) return;
      const { line, row, offsetS } = read;
      const value: NtpValue = { tool, offsetS };
      const evidence = evidenceIn(artifact, { kind: "lines", from: line, to: line }, visible(row.slice(0, 400)));
      emit.fact({ kind: "clock.ntp", node: artifact.node, value, artifact, evidence });
    }),
};

const toolOf = ({ kind, origin }: Artifact): NtpValue["tool"] | null =>
  kind !== "command" ? null : origin === "chronyc tracking" ? "chronyc" : origin === "ntpq -pn" ? "ntpq" : null;

interface Read {
  readonly line: number;
  readonly row: string;
  readonly offsetS: number;
}

/** Null where it gives none: without a source chronyd corrects nothing, and writes 0. */
export function readChrony(rows: readonly string[]): Read | null {
  const at = rows.findIndex((row) => /^System time\s*:/.test(row));
  const row = rows[at] ?? "";
  const [, amount, way] = /:\s*(\d{1,12}(?:\.\d{1,12})?) seconds (fast|slow) of NTP time/.exec(row) ?? [];
  if (amount === undefined) return null;
  const offsetS = Number(amount) * (way === "fast" ? 1 : -1);
  const unsynchronised = rows.some((r) => /^Leap status\s*:\s*Not synchronised/.test(r));
  return unsynchronised && offsetS === 0 ? null : { line: at + 1, row, offsetS };
}

export function readNtpq(rows: readonly string[]): Read | null {
  const at = rows.findIndex((row) => row.startsWith("*"));
  const row = rows[at] ?? "";
  const offset = row.trim().split(/\s+/)[8] ?? "";
  return /^[-+]?\d{1,12}(?:\.\d{1,9})?$/.test(offset)
    ? { line: at + 1, row, offsetS: 0 - Number(offset) / 1000 }
    : null;
}
