import { evidenceIn } from "#model/evidence.js";
import type { MountValue } from "#model/fact.js";
import type { Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { processName, procFile } from "./process.js";

/** Hosts with ten thousand mounts exist; more is a runaway, and rules only look for single mount points. */
const MAX_MOUNTS = 20_000;
/** What the kernel appends to the root of a mount whose directory is gone (fs/proc_namespace.c, show_mountinfo). */
const DELETED = "//deleted";

/**
 * `/proc/<pid>/mountinfo` (proc(5)): the mounts of one process.
 *
 * ```
 * 1296 1190 254:0 /etc/cni/net.d//deleted /host/etc/cni/net.d rw,relatime - ext4 /dev/vda rw
 * ```
 *
 * The root is a path in the mounted file system, not on the node: where that file system is not the node's root, both differ.
 */
export const mount: Parser = {
  id: "mount",
  kinds: ["mount"],
  accepts: (artifact) => procFile(artifact)?.file === "mountinfo",
  open: (artifact, emit) => {
    const pid = procFile(artifact)?.pid ?? 0;
    const name = processName(artifact) ?? "";
    let mounts = 0;
    const line = (text: string, number: number): void => {
      if (text === "") return;
      mounts += 1;
      if (mounts > MAX_MOUNTS) return;
      const value = readMount(text, pid, name);
      if (value === null) {
        emit.issue("W_ROW", "a line that is no mountinfo", number);
        return;
      }
      const evidence = evidenceIn(artifact, { kind: "lines", from: number, to: number }, visible(text));
      emit.fact({ kind: "mount", node: artifact.node, value, artifact, evidence });
    };
    return {
      line,
      whole: (text) => text.split("\n").forEach((row, i) => void line(row, i + 1)),
      end: () => {
        if (mounts > MAX_MOUNTS)
          emit.issue("W_LIMIT", `${mounts - MAX_MOUNTS} mounts beyond the first ${MAX_MOUNTS} left out`);
      },
    };
  },
};

/** One row; null where it has not the fields which proc(5) names. Optional fields end at ` - `. */
export function readMount(row: string, pid: number, process: string): MountValue | null {
  const fields = row.split(" ");
  const separator = fields.indexOf("-", 6);
  const [, , , root, mountPoint] = fields;
  const fsType = fields[separator + 1];
  const source = fields[separator + 2];
  if (separator < 0 || !root || !mountPoint?.startsWith("/") || !fsType || source === undefined) return null;
  const deleted = root.endsWith(DELETED);
  return {
    pid,
    process,
    mountPoint: unescapeOctal(mountPoint),
    root: unescapeOctal(deleted ? root.slice(0, -DELETED.length) : root),
    deleted,
    fsType,
    source: unescapeOctal(source),
  };
}

/** The kernel writes space, tab, newline, backslash and `#` as `\ooo`. Control characters come out visible, as `\u{a}`. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([01][0-7]{2})/g, (_, octal: string) => {
    const code = Number.parseInt(octal, 8);
    return code === 9 ? "\\u{9}" : visible(String.fromCharCode(code));
  });
}
