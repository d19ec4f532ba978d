import { evidenceIn } from "#model/evidence.js";
import type { ClockValue } from "#model/fact.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { textSink } from "./content.js";
import { scanJson } from "./json-scan.js";

const COLLECTOR_CHARS = 65_536;

/** `collector.json`: the clock of the machine that ran the collector. Offsets in seconds; a field of another type counts as not measured. */
export const collector: Parser = {
  id: "collector",
  kinds: ["clock"],
  accepts: (artifact) => artifact.kind === "collector",
  open: (artifact, emit) =>
    textSink(COLLECTOR_CHARS, (text) => {
      const { fault } = scanJson(text);
      if (fault !== null) return emit.issue("W_UNREADABLE", `no JSON: ${fault.problem}`, fault.line);
      const root: unknown = JSON.parse(text);
      const clock = field(root, "clock");
      const parts = field(root, "parts");
      const number = (name: string): number | null => {
        const value = field(clock, name);
        return typeof value === "number" && Number.isFinite(value) ? value : null;
      };
      const synchronised = field(clock, "synchronised");
      const zone = field(clock, "zone");
      const value: ClockValue = {
        ofNode: Array.isArray(parts) && parts.includes("node"),
        zone: typeof zone === "string" ? visible(zone.slice(0, 64)) : "unknown",
        synchronised: synchronised === "yes" || synchronised === "no" ? synchronised : "unknown",
        apiOffsetS: number("api_offset_s"),
        apiOffsetErrorS: number("api_offset_error_s"),
      };
      const evidence = evidenceIn(
        artifact,
        { kind: "json", pointer: "/clock" },
        visible(JSON.stringify(clock ?? null)),
      );
      emit.fact({ kind: "clock", node: artifact.node, value, artifact, evidence });
    }),
};

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}
