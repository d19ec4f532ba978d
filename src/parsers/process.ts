import type { Artifact } from "#model/artifact.js";
import { evidenceIn } from "#model/evidence.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { textSink } from "./content.js";

const CMDLINE_CHARS = 65_536;

/**
 * `/proc/<pid>/cmdline` with NULs as spaces. The name is the artifact's note (the collector's `comm`), else the last part of
 * the first argument. An empty command line is a kernel thread or a zombie, and a fact as well.
 */
export const process: Parser = {
  id: "process",
  kinds: ["process"],
  accepts: (artifact) => procFile(artifact)?.file === "cmdline",
  open: (artifact, emit) =>
    textSink(CMDLINE_CHARS, (text) => {
      const pid = procFile(artifact)?.pid ?? 0;
      const cmdline = text.replaceAll("\0", " ").trim();
      const value = { pid, name: processName(artifact) ?? programOf(cmdline), cmdline };
      const evidence = evidenceIn(artifact, { kind: "lines", from: 1, to: 1 }, visible(cmdline));
      emit.fact({ kind: "process", node: artifact.node, value, artifact, evidence });
    }),
};

/** Pid and file of a `/proc/<pid>/<file>` artifact; null for any other. */
export function procFile(artifact: Artifact): { readonly pid: number; readonly file: string } | null {
  if (artifact.kind !== "proc") return null;
  const found = /^\/proc\/(\d{1,10})\/([a-z_]{1,32})$/.exec(artifact.origin);
  return found ? { pid: Number(found[1]), file: found[2] ?? "" } : null;
}

/** The name which the collector noted for the process of a proc artifact; null where it noted none. */
export const processName = (artifact: Artifact): string | null => artifact.note || null;

function programOf(cmdline: string): string {
  const end = cmdline.indexOf(" ");
  const program = end < 0 ? cmdline : cmdline.slice(0, end);
  return program.slice(program.lastIndexOf("/") + 1);
}
