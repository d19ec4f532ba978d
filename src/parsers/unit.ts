import type { Artifact } from "#model/artifact.js";
import { evidenceIn } from "#model/evidence.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { textSink } from "./content.js";

const CHARS = 65_536;
/** `● flanneld.service loaded failed failed overlay agent`: the mark in front depends on version and terminal. */
const ROW = /^[^\w]{0,4}([\w@:.\\-]{1,255}\.service)\s+(\S{1,32})\s+(\S{1,32})\s+(\S{1,32})(?:\s|$)/;

/** The services that `systemctl list-units --failed` lists (systemctl(1)): unit, LOAD, ACTIVE, SUB, description. */
export const unit: Parser = {
  id: "unit",
  kinds: ["unit"],
  accepts: isFailedList,
  open: (artifact, emit) =>
    textSink(CHARS, (text, whole) => {
      if (!whole && artifact.coverage === "complete")
        emit.issue("W_LIMIT", `the list goes on behind its first ${text.length} characters`);
      for (const [index, row] of text.split("\n").entries()) {
        const [, name = "", load = "", active = "", sub = ""] = ROW.exec(row) ?? [];
        if (active !== "failed") continue;
        const shown = evidenceIn(
          artifact,
          { kind: "lines", from: index + 1, to: index + 1 },
          visible(row.slice(0, 400)),
        );
        emit.fact({ kind: "unit", node: artifact.node, value: { name, load, active, sub }, artifact, evidence: shown });
      }
    }),
};

function isFailedList({ kind, origin }: Artifact): boolean {
  return kind === "command" && /(?:^|\/)systemctl list-units (?:.*\s)?--failed(?:\s|$)/.test(origin);
}
