import type { Artifact } from "#model/artifact.js";
import { evidenceIn } from "#model/evidence.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { cut, textSink } from "./content.js";
import { isCrioDump } from "./crio-config.js";
import { isLogCommand } from "./log.js";
import { isConfigDump } from "./runtime-config.js";

const COMMAND_CHARS = 262_144;

/** The output of a command that no other parser reads, whole up to 256 KiB. Does not interpret it. */
export const command: Parser = {
  id: "command",
  kinds: ["command"],
  accepts: (artifact: Artifact) =>
    artifact.kind === "command" && !isConfigDump(artifact) && !isCrioDump(artifact) && !isLogCommand(artifact),
  open: (artifact, emit) =>
    textSink(COMMAND_CHARS, (text, whole) => {
      // what the collector itself did not get in full has that coverage already
      if (!whole && artifact.coverage === "complete")
        emit.issue("W_LIMIT", `the output goes on behind its first ${text.length} characters`);
      const value = { command: artifact.origin, text: cut(text, COMMAND_CHARS) };
      const evidence = evidenceIn(artifact, { kind: "whole" }, visible(cut(text, 2_000)));
      emit.fact({ kind: "command", node: artifact.node, value, artifact, evidence });
    }),
};
