import type { Fact, PathValue } from "#model/fact.js";
import type { Change } from "#model/finding.js";
import type { Instant } from "#model/instant.js";
import { defineChange } from "#model/rule.js";
import { citing, code, codes, type Statement, say, time } from "#model/statement.js";
import { type Cited, groupBy, span } from "#rules/kubelet/_pods.js";
import { isCniPath } from "#rules/timeline/_agents.js";
import { cniFiles, directoryOf, nameOf } from "#rules/timeline/_cni-paths.js";
import { together, troubledNodes } from "#rules/timeline/_troubled.js";

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
    const rewritten: Pair[] = [];
    for (const now of later.view("path").all) {
      const was = before.get(keyOf(now));
      if (!was || was.value.type === "denied" || now.value.type === "denied") continue;
      if (isRetyped(was, now) && (isCniPath(now.value.path) || files.has(keyOf(now)))) yield retyping(was, now);
      else if (files.has(keyOf(now)) && isRewritten(was, now)) rewritten.push({ was, now });
    }
    const troubled = troubledNodes(earlier.context);
    for (const group of groupBy(rewritten, ({ now }) => `${now.node ?? ""}\n${directoryOf(now.value.path)}`).values()) {
      for (const pairs of together(group, ({ now }) => now.value.mtime?.epochMs ?? 0)) yield rewriting(pairs, troubled);
    }
  },
});

interface Pair {
  readonly was: PathFact;
  readonly now: PathFact;
}

const keyOf = (path: PathFact): string => `${path.node ?? ""}\n${path.value.path}`;

function retyping(was: PathFact, now: PathFact): Change {
  const node = now.node ?? "";
  return {
    rule: "path-changed",
    subject: `${node}|${now.value.path}`,
    kind: was.value.type === "d" && now.value.type === "l" ? "repair" : "change",
    about: { node: [node], path: [now.value.path] },
    // What a link replaced is gone with its time; only the link's own time says when.
    at: now.value.type === "absent" ? null : now.value.mtime,
    statements: [retyped(was, now)],
  };
}

/** Files are written anew all the time; only where something was wrong is that worth the name of a repair. */
function rewriting(pairs: readonly [Pair, ...Pair[]], troubled: ReadonlySet<string>): Change {
  const [first, ...rest] = pairs;
  const [node, directory] = [first.now.node ?? "", directoryOf(first.now.value.path)];
  const after: Cited = [first.now.evidence, ...rest.map((p) => p.now.evidence)];
  const before: Cited = [first.was.evidence, ...rest.map((p) => p.was.evidence)];
  const names = pairs.map((p) => nameOf(p.now.value.path)).sort();
  const times = (of: "was" | "now"): readonly Instant[] => pairs.flatMap((p) => p[of].value.mtime ?? []);
  return {
    rule: "path-changed",
    subject: `${node}|${directory}|${names.join()}`,
    kind: troubled.has(node) ? "repair" : "change",
    about: { node: [node], path: pairs.map((p) => p.now.value.path) },
    at: first.now.value.mtime,
    statements: [
      say`${codes(names, 4, ...after)} in ${code(directory, ...after)} on ${code(node, ...after)} had last been written ${span(times("was"), ...before)}, and then ${span(times("now"), ...after)}.`,
    ],
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
  return say`${path} on ${node} was ${before}, and then ${what(now)}${since}.`;
}

function what(path: PathFact): ReturnType<typeof citing> {
  const words = { parts: [{ kind: "text" as const, text: TYPES[path.value.type] }], evidence: [path.evidence] };
  return path.value.type === "l" && path.value.target !== null
    ? say`${words} to ${code(path.value.target, path.evidence)}`
    : words;
}

/** Written anew: its time differs by more than either is uncertain. */
function isRewritten(was: PathFact, now: PathFact): boolean {
  const [before, after] = [was.value.mtime, now.value.mtime];
  if (was.value.type !== "f" || now.value.type !== "f" || !before || !after) return false;
  return Math.abs(after.epochMs - before.epochMs) >= Math.max(before.precisionMs, after.precisionMs);
}
