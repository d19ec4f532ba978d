import type { Artifact } from "#model/artifact.js";
import { evidenceIn } from "#model/evidence.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { textSink } from "./content.js";

const CHARS = 4_096;
/** RFC 1123, any case. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const FILE = "/var/lib/calico/nodename";

/** What a machine calls itself: `hostname`, the second word of `uname -a`, the file that Calico keeps of it. In lower case, as kubelets have it. */
export const hostname: Parser = {
  id: "hostname",
  kinds: ["hostname"],
  accepts: (artifact) => isFile(artifact) || commandOf(artifact) !== null,
  open: (artifact, emit) =>
    textSink(CHARS, (text) => {
      const [line = ""] = text.split("\n");
      const name = commandOf(artifact) === "uname -a" ? (line.split(" ")[1] ?? "") : line.trim();
      if (!NAME.test(name)) return;
      const evidence = evidenceIn(artifact, { kind: "lines", from: 1, to: 1 }, visible(line));
      emit.fact({ kind: "hostname", node: artifact.node, value: { name: name.toLowerCase() }, artifact, evidence });
    }),
};

const isFile = ({ kind, origin }: Artifact): boolean => kind === "file" && origin === FILE;

const commandOf = ({ kind, origin }: Artifact): "hostname" | "uname -a" | null =>
  kind === "command" && (origin === "hostname" || origin === "uname -a") ? origin : null;
