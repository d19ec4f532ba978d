import type { Fact, PathValue } from "#model/fact.js";
import type { Change } from "#model/finding.js";
import { defineChange } from "#model/rule.js";
import { citing, code, type Statement, say, time } from "#model/statement.js";
import { isCniPath } from "#rules/timeline/_agents.js";
import { cniFiles } from "#rules/timeline/_cni-paths.js";

type PathFact = Fact<"path">;

const TYPES: Readonly<Record<PathValue["type"], string>> = {
  f: "a file",
  d: "a directory",
  l: "a link",
  c: "a character device",
  b: "a block device",
  p: "a named pipe",
  s: "a socket",
  absent: "absent",
  denied: "unreadable",
};

/** CNI directories and files that are of another type, lead elsewhere or were written anew. */
export default defineChange({
  id: "path-changed",
  needs: { paths: "path" },
  *compare(earlier, later) {
    const before = new Map(earlier.view("path").all.map((p) => [keyOf(p), p]));
    const files = new Set([...earlier.context.derive(cniFiles), ...later.context.derive(cniFiles)]);
    for (const now of later.view("path").all) {
      const was = before.get(keyOf(now));
      if (!was || was.value.type === "denied" || now.value.type === "denied") continue;
      if (!isCniPath(now.value.path) && !files.has(keyOf(now))) continue;
      const change = differenceOf(was, now, files.has(keyOf(now)));
      if (change) yield change;
    }
  },
});

const keyOf = (path: PathFact): string => `${path.node ?? ""}\n${path.value.path}`;

function differenceOf(was: PathFact, now: PathFact, isFile: boolean): Change | null {
  const statement = isRetyped(was, now) ? retyped(was, now) : isFile ? rewritten(was, now) : null;
  if (!statement) return null;
  const node = now.node ?? "";
  const subject = `${node}|${now.value.path}`;
  // What a link replaced is gone with its time; only the link's own time says when.
  const at = now.value.type === "absent" ? null : now.value.mtime;
  return {
    rule: "path-changed",
    subject,
    kind: was.value.type === "d" && now.value.type === "l" ? "repair" : "change",
    about: { node: [node], path: [now.value.path] },
    at,
    statements: [statement],
  };
}

const isRetyped = (was: PathFact, now: PathFact): boolean =>
  was.value.type !== now.value.type || (now.value.type === "l" && was.value.target !== now.value.target);

function retyped(was: PathFact, now: PathFact): Statement {
  const path = code(now.value.path, now.evidence);
  const node = code(now.node ?? "", now.evidence);
  const before = what(was);
  const since =
    now.value.mtime && now.value.type !== "absent"
      ? say`, by its own time made at ${time(now.value.mtime, now.evidence)}`
      : citing(now.evidence);
  return say`${path} on ${node} was ${before} and is ${what(now)}${since}.`;
}

function what(path: PathFact): ReturnType<typeof citing> {
  const words = { parts: [{ kind: "text" as const, text: TYPES[path.value.type] }], evidence: [path.evidence] };
  return path.value.type === "l" && path.value.target !== null
    ? say`${words} to ${code(path.value.target, path.evidence)}`
    : words;
}

/** Written anew: its time differs by more than either is uncertain. */
function rewritten(was: PathFact, now: PathFact): Statement | null {
  const [before, after] = [was.value.mtime, now.value.mtime];
  if (was.value.type !== "f" || now.value.type !== "f" || !before || !after) return null;
  if (Math.abs(after.epochMs - before.epochMs) < Math.max(before.precisionMs, after.precisionMs)) return null;
  return say`${code(now.value.path, now.evidence)} on ${code(now.node ?? "", now.evidence)} was last written at ${time(before, was.evidence)} before, and at ${time(after, now.evidence)} after.`;
}
